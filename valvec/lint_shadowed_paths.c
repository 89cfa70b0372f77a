/* Paths whose rules are never asked, because a longer path matches all their names and has a rule
 * of the same type (valve.md 2.2). */

#include "lint.h"

#define SPECIAL_CHARACTERS "*$.+?[](){}|^\\"

/* The text that every matching name starts with; empty when that is not easily seen. */
static slice literal_prefix(slice text)
{
    size_t length = 0;
    while (length < text.length && strchr(SPECIAL_CHARACTERS, text.at[length]) == NULL)
        length++;
    if (memchr(text.at, '|', text.length) != NULL)
        return SLICE("");
    if (length < text.length && strchr("?+{", text.at[length]) != NULL && length > 0)
        length--;
    return slice_part(text, 0, length);
}

static bool may_cover(slice wide_prefix, slice narrow_prefix)
{
    return slice_starts_with(narrow_prefix, wide_prefix);
}

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

static void check_path(struct lint_run *run, const struct rule_path *narrow, const slice *prefixes)
{
    uint32_t told = 0;
    for (size_t i = 0; i < run->compilation->paths.count; i++) {
        const struct rule_path *wide = run->compilation->paths.items[i];
        if (wide != narrow && wide->pattern != NULL && wide->section == narrow->section &&
            has_priority(wide, narrow) &&
            may_cover(prefixes[wide->number], prefixes[narrow->number]))
            check_pair(run, wide, narrow, &told);
    }
}

void lint_shadowed_paths(struct lint_run *run)
{
    size_t count = run->compilation->paths.count;
    slice *prefixes = arena_alloc_zeroed(run->arena, (count + 1) * sizeof *prefixes);
    for (size_t i = 0; i < count; i++) {
        const struct rule_path *path = run->compilation->paths.items[i];
        prefixes[path->number] = literal_prefix(path->text);
    }
    for (size_t i = 0; i < count; i++) {
        const struct rule_path *path = run->compilation->paths.items[i];
        if (path->pattern != NULL)
            check_path(run, path, prefixes);
    }
}
