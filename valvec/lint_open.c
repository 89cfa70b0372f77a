/* Changes that everyone may make: by the root path, or of records that not everyone may read. */

#include "lint.h"

/* What changes something, or answers for the server. */
static bool is_change(enum valve_rule_kind kind)
{
    return kind == VALVE_RECORD_CREATE || kind == VALVE_RECORD_WRITE ||
           kind == VALVE_RECORD_DELETE || kind == VALVE_EVENT_PUBLISH || kind == VALVE_RPC_PROVIDE;
}

static void check_root(struct lint_run *run, const struct rule_path *root)
{
    const char *types[VALVE_RULE_KIND_COUNT];
    uint32_t count = 0;
    for (uint32_t i = run->path_starts[root->number]; i < run->path_starts[root->number + 1]; i++) {
        if (is_change(run->rules[i]->kind) && lint_always_allows(run->rules[i]))
            types[count++] = valve_rule_kind_info(run->rules[i]->kind)->type;
    }
    if (count == 0)
        return;
    slice list = SLICE("");
    for (uint32_t i = 0; i < count; i++)
        list = lint_list(run->arena, list, types[i], i + 1 == count);
    const char *section =
        valve_rule_kind_info(run->rules[run->path_starts[root->number]]->kind)->section_name;
    diagnose_text(run->compilation->diagnostics, DIAG_OPEN_ROOT, &root->mapped, 0,
                  (uint32_t)root->text.length, list.at, section);
}

/* The rule that decides about reading most names of a path: its own, or that of the longest path
 * that matches them all. */
static const struct rule *effective_read(const struct lint_run *run, const struct rule_path *path)
{
    const struct rule *best = lint_rule_of(run, path, VALVE_RECORD_READ);
    if (best != NULL)
        return best;
    for (size_t i = 0; i < run->compilation->paths.count; i++) {
        const struct rule_path *other = run->compilation->paths.items[i];
        if (other->pattern == NULL || other->section != path->section)
            continue;
        const struct rule *read = lint_rule_of(run, other, VALVE_RECORD_READ);
        if (read != NULL && pattern_covers(other->pattern, path->pattern) &&
            (best == NULL ||
             pattern_utf16_length(other->pattern) >= pattern_utf16_length(best->path->pattern)))
            best = read;
    }
    return best;
}

static void check_change(struct lint_run *run, const struct rule_path *path,
                         enum valve_rule_kind kind)
{
    const struct rule *change = lint_rule_of(run, path, kind);
    if (change == NULL || !lint_always_allows(change))
        return;
    const struct rule *read = effective_read(run, path);
    if (read != NULL && lint_always_allows(read))
        return;
    const char *type = valve_rule_kind_info(kind)->type;
    if (change->tree != NULL)
        lint_report(run, change, DIAG_OPEN_WRITE, change->tree, type, type);
    else
        diagnose(run->compilation->diagnostics, DIAG_OPEN_WRITE, run->compilation->source,
                 change->file_offset, change->file_end, type, type);
}

void lint_open(struct lint_run *run)
{
    for (size_t i = 0; i < run->compilation->paths.count; i++) {
        const struct rule_path *path = run->compilation->paths.items[i];
        if (slice_equal(path->text, SLICE("*")))
            check_root(run, path);
        if (path->pattern != NULL && path->section == VALVE_SECTION_record) {
            check_change(run, path, VALVE_RECORD_WRITE);
            check_change(run, path, VALVE_RECORD_DELETE);
        }
    }
}
