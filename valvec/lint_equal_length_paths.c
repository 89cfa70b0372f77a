/* Paths of equal length that overlap: which one decides depends on their order in the file
 * (valve.md 2.2). An overlap is only reported when a name that both match was found. */

#include "lint_path_groups.h"
#include "path_variables.h"

#define SAMPLE_BYTES 512

/* A path as far as segments are concerned. */
struct segments {
    slice rest;
};

static bool next_segment(struct segments *segments, slice *segment)
{
    if (segments->rest.at == NULL)
        return false;
    const char *slash = memchr(segments->rest.at, '/', segments->rest.length);
    if (slash == NULL) {
        *segment = segments->rest;
        segments->rest = (slice){NULL, 0};
        return true;
    }
    size_t length = (size_t)(slash - segments->rest.at);
    *segment = slice_part(segments->rest, 0, length);
    segments->rest = slice_part(segments->rest, length + 1, segments->rest.length);
    return true;
}

/* Whether a segment holds nothing but one variable or `*`. */
static bool is_wild(slice segment)
{
    if (slice_equal(segment, SLICE("*")))
        return true;
    if (segment.length < 2 || segment.at[0] != '$')
        return false;
    for (size_t i = 1; i < segment.length; i++) {
        if (!path_is_name_character(segment.at[i]))
            return false;
    }
    return true;
}

struct sample {
    char text[SAMPLE_BYTES];
    size_t length;
};

static bool append(struct sample *sample, char c)
{
    if (sample->length == SAMPLE_BYTES)
        return false;
    sample->text[sample->length++] = c;
    return true;
}

/* A text that the segment matches: variables and `*` become one letter. */
static bool append_segment(struct sample *sample, slice segment)
{
    for (size_t i = 0; i < segment.length; i++) {
        bool variable = segment.at[i] == '$';
        if (!append(sample, variable || segment.at[i] == '*' ? 'x' : segment.at[i]))
            return false;
        while (variable && i + 1 < segment.length && path_is_name_character(segment.at[i + 1]))
            i++;
    }
    return true;
}

/* A name made segment by segment from the path that says more about it. */
static bool make_sample(slice a, slice b, struct sample *sample)
{
    struct segments of_a = {a}, of_b = {b};
    slice segment_a, segment_b;
    sample->length = 0;
    while (next_segment(&of_a, &segment_a)) {
        if (!next_segment(&of_b, &segment_b))
            return false;
        if (sample->length > 0 && !append(sample, '/'))
            return false;
        if (!append_segment(sample, is_wild(segment_a) ? segment_b : segment_a))
            return false;
    }
    return of_b.rest.at == NULL;
}

static bool matches(const struct lint_run *run, const struct pattern *pattern, slice name)
{
    slice captures[PATTERN_MAX_VARIABLES];
    struct arena_mark mark = arena_mark(run->arena);
    bool found = pattern_capture(pattern, name, run->arena, captures);
    arena_reset(run->arena, mark);
    return found;
}

static bool overlap(const struct lint_run *run, const struct rule_path *a,
                    const struct rule_path *b)
{
    struct sample sample;
    if (!make_sample(a->text, b->text, &sample))
        return false;
    slice name = {sample.text, sample.length};
    return matches(run, a->pattern, name) && matches(run, b->pattern, name);
}

static bool share_a_type(const struct lint_run *run, const struct rule_path *a,
                         const struct rule_path *b)
{
    for (uint32_t i = run->path_starts[a->number]; i < run->path_starts[a->number + 1]; i++) {
        if (lint_rule_of(run, b, run->rules[i]->kind) != NULL)
            return true;
    }
    return false;
}

/* Whether the two match the same names: then the earlier one is shadowed, which is said elsewhere.
 */
static bool differ_in_variable_names_only(slice a, slice b)
{
    size_t i = 0, j = 0;
    while (i < a.length && j < b.length && a.at[i] == b.at[j]) {
        bool variable = a.at[i] == '$';
        i++, j++;
        while (variable && i < a.length && path_is_name_character(a.at[i]))
            i++;
        while (variable && j < b.length && path_is_name_character(b.at[j]))
            j++;
    }
    return i == a.length && j == b.length;
}

/* As far as their texts show. */
static bool may_tie(const struct lint_run *run, const struct rule_path *a,
                    const struct rule_path *b)
{
    return pattern_utf16_length(a->pattern) == pattern_utf16_length(b->pattern) &&
           share_a_type(run, a, b) && !differ_in_variable_names_only(a->text, b->text);
}

/* False when the bound of work is reached. */
static bool check_pair(struct path_groups *groups, const struct rule_path *a,
                       const struct rule_path *b)
{
    const struct lint_run *run = groups->run;
    const struct rule_path *earlier = a->number < b->number ? a : b;
    const struct rule_path *later = earlier == a ? b : a;
    if (!may_tie(run, earlier, later))
        return true;
    if (!path_groups_may_spend(groups, PATH_SAMPLE_WORK))
        return false;
    if (!overlap(run, earlier, later))
        return true;
    if (!path_groups_may_spend(groups, PATH_COMPARISON_WORK))
        return false;
    if (pattern_covers(a->pattern, b->pattern) || pattern_covers(b->pattern, a->pattern))
        return true;
    slice shown = lint_path_text(run, earlier->text);
    diagnose_text(run->compilation->diagnostics, DIAG_EQUAL_LENGTH_PATHS, &later->mapped, 0,
                  (uint32_t)later->text.length, SLICE_ARGUMENTS(shown));
    return true;
}

/* False when the bound of work is reached. */
static bool check_path(struct path_groups *groups, const struct rule_path *path)
{
    if (!path_groups_find_rivals(groups, path))
        return false;
    for (size_t i = 0; i < groups->rivals.count; i++) {
        const struct rule_path *rival = groups->rivals.items[i];
        bool comes_again =
            path_groups_are_mutual(groups, path, rival) && rival->number > path->number;
        if (!comes_again && !check_pair(groups, path, rival))
            return false;
    }
    return true;
}

void lint_equal_length_paths(struct lint_run *run)
{
    struct path_groups groups;
    path_groups_open(&groups, run);
    for (size_t i = 0; i < run->compilation->paths.count; i++) {
        const struct rule_path *path = run->compilation->paths.items[i];
        if (path->pattern != NULL && !check_path(&groups, path)) {
            path_groups_report_rest(&groups, path, "overlap at equal length");
            break;
        }
    }
    path_groups_close(&groups);
}
