/* Paths whose rules are never asked, because a longer path matches all their names and has a rule
 * of the same type (valve.md 2.2). */

#include "lint_path_groups.h"

/* Whether names that both match go to `a`. */
static bool has_priority(const struct rule_path *a, const struct rule_path *b)
{
    uint32_t a_length = pattern_utf16_length(a->pattern);
    uint32_t b_length = pattern_utf16_length(b->pattern);
    return a_length != b_length ? a_length > b_length : a->number > b->number;
}

/* The types of rules that both paths have, less those in *told, which grows. */
static slice shadowed_types(const struct lint_run *run, const struct rule_path *wide,
                            const struct rule_path *narrow, uint32_t *told, uint32_t *count)
{
    const char *types[VALVE_RULE_KIND_COUNT];
    uint32_t start = run->path_starts[narrow->number], end = run->path_starts[narrow->number + 1];
    *count = 0;
    for (uint32_t i = start; i < end; i++) {
        enum valve_rule_kind kind = run->rules[i]->kind;
        if ((*told & 1u << kind) != 0 || lint_rule_of(run, wide, kind) == NULL)
            continue;
        *told |= 1u << kind;
        types[(*count)++] = valve_rule_kind_info(kind)->type;
    }
    slice list = SLICE("");
    for (uint32_t i = 0; i < *count; i++)
        list = lint_list(run->arena, list, types[i], i + 1 == *count);
    return list;
}

static void check_pair(struct lint_run *run, const struct rule_path *wide,
                       const struct rule_path *narrow, uint32_t *told)
{
    uint32_t count;
    if (!pattern_covers(wide->pattern, narrow->pattern))
        return;
    slice types = shadowed_types(run, wide, narrow, told, &count);
    if (count == 0)
        return;
    bool longer = pattern_utf16_length(wide->pattern) > pattern_utf16_length(narrow->pattern);
    slice shown = lint_path_text(run, wide->text);
    diagnose_text(run->compilation->diagnostics, DIAG_SHADOWED_PATH, &narrow->mapped, 0,
                  (uint32_t)narrow->text.length, types.at, count == 1 ? "is" : "are",
                  SLICE_ARGUMENTS(shown), longer ? "is longer" : "is as long and comes later");
}

/* False when the bound of work is reached. */
static bool check_path(struct path_groups *groups, struct lint_run *run,
                       const struct rule_path *narrow)
{
    uint32_t told = 0, all = 0;
    for (uint32_t i = run->path_starts[narrow->number]; i < run->path_starts[narrow->number + 1];
         i++)
        all |= 1u << run->rules[i]->kind;
    if (!path_groups_find_rivals(groups, narrow))
        return false;
    for (size_t i = 0; i < groups->rivals.count && told != all; i++) {
        const struct rule_path *wide = groups->rivals.items[i];
        if (!has_priority(wide, narrow))
            continue;
        if (!path_groups_may_spend(groups, PATH_COMPARISON_WORK))
            return false;
        check_pair(run, wide, narrow, &told);
    }
    return true;
}

void lint_shadowed_paths(struct lint_run *run)
{
    struct path_groups groups;
    path_groups_open(&groups, run);
    for (size_t i = 0; i < run->compilation->paths.count; i++) {
        const struct rule_path *path = run->compilation->paths.items[i];
        if (path->pattern != NULL && !check_path(&groups, run, path)) {
            path_groups_report_rest(&groups, path, "are shadowed");
            break;
        }
    }
    path_groups_close(&groups);
}
