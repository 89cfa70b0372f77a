/* Groups paths by what all their names begin with, and tells most of those apart that remain by
 * their literal segments. */

#include "lint_path_groups.h"

#define SPECIAL_CHARACTERS "*$.+?[](){}|^\\"

#define MAX_WORK ((uint64_t)1 << 28)

/* What the text of a path shows of the names that it matches. */
struct path_form {
    slice prefix;                 /* all names begin with it; empty when that is not easily seen */
    void *const *segments;        /* of a literal segment an address, one per text; else NULL */
    size_t segment_count;         /* 0 when a segment of the path may match several of a name */
    const struct rule_path *next; /* in its group, in file order */
};

struct path_group {
    const struct rule_path *first, *last;
};

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

/* How many segments the names have; 0 when they may differ in that. */
static size_t count_segments(slice text)
{
    size_t count = 1;
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] != '$' && strchr(SPECIAL_CHARACTERS, text.at[i]) != NULL)
            return 0;
        count += text.at[i] == '/';
    }
    return count;
}

/* The address that stands for a text among all segments of the file. */
static void *segment_address(struct hashmap *known, slice segment, void **place)
{
    if (memchr(segment.at, '$', segment.length) != NULL)
        return NULL;
    void *first = hashmap_find(known, segment);
    if (first == NULL)
        hashmap_put(known, segment, place);
    return first != NULL ? first : place;
}

static void find_segments(struct path_form *form, slice text, struct hashmap *known,
                          struct arena *arena)
{
    form->segment_count = count_segments(text);
    void **segments = arena_alloc(arena, (form->segment_count + 1) * sizeof *segments);
    for (size_t i = 0, start = 0; i < form->segment_count; i++) {
        const char *slash = memchr(text.at + start, '/', text.length - start);
        size_t end = slash == NULL ? text.length : (size_t)(slash - text.at);
        segments[i] = segment_address(known, slice_part(text, start, end), &segments[i]);
        start = end + 1;
    }
    form->segments = segments;
}

static void join_group(struct path_groups *groups, const struct rule_path *path)
{
    struct hashmap *map = &groups->by_prefix[path->section];
    slice prefix = groups->forms[path->number].prefix;
    struct path_group *group = hashmap_find(map, prefix);
    if (group == NULL) {
        group = arena_alloc_zeroed(groups->run->arena, sizeof *group);
        group->first = path;
        hashmap_put(map, prefix, group);
    } else {
        groups->forms[group->last->number].next = path;
    }
    group->last = path;
}

void path_groups_open(struct path_groups *groups, const struct lint_run *run)
{
    const struct compilation *compilation = run->compilation;
    struct hashmap known;
    *groups = (struct path_groups){.run = run};
    groups->forms =
        arena_alloc_zeroed(run->arena, (compilation->paths.count + 1) * sizeof *groups->forms);
    for (size_t i = 0; i < VALVE_SECTION_COUNT; i++)
        hashmap_init(&groups->by_prefix[i]);
    hashmap_init(&known);
    for (size_t i = 0; i < compilation->paths.count; i++) {
        const struct rule_path *path = compilation->paths.items[i];
        struct path_form *form = &groups->forms[path->number];
        if (path->pattern == NULL)
            continue;
        form->prefix = literal_prefix(path->text);
        find_segments(form, path->text, &known, run->arena);
        join_group(groups, path);
    }
    hashmap_fini(&known);
}

void path_groups_close(struct path_groups *groups)
{
    for (size_t i = 0; i < VALVE_SECTION_COUNT; i++)
        hashmap_fini(&groups->by_prefix[i]);
    VEC_FREE(&groups->rivals);
}

/* Whether their literal segments already show that no name matches both. */
static bool are_apart(const struct path_form *a, const struct path_form *b)
{
    if (a->segment_count == 0 || b->segment_count == 0)
        return false;
    if (a->segment_count != b->segment_count)
        return true;
    for (size_t i = 0; i < a->segment_count; i++) {
        if (a->segments[i] != NULL && b->segments[i] != NULL && a->segments[i] != b->segments[i])
            return true;
    }
    return false;
}

static void add_rivals(struct path_groups *groups, const struct rule_path *path,
                       const struct path_group *group)
{
    const struct path_form *form = &groups->forms[path->number];
    for (const struct rule_path *other = group->first; other != NULL;
         other = groups->forms[other->number].next) {
        groups->work++;
        if (other != path && !are_apart(form, &groups->forms[other->number]))
            VEC_PUSH(&groups->rivals, other);
    }
}

static int compare_numbers(const void *left, const void *right)
{
    const struct rule_path *const *a = left, *const *b = right;
    return ((*a)->number > (*b)->number) - ((*a)->number < (*b)->number);
}

bool path_groups_find_rivals(struct path_groups *groups, const struct rule_path *path)
{
    slice prefix = groups->forms[path->number].prefix;
    size_t groups_with_rivals = 0;
    groups->rivals.count = 0;
    for (size_t length = 0; length <= prefix.length && groups->work < MAX_WORK; length++) {
        size_t before = groups->rivals.count;
        const struct path_group *group =
            hashmap_find(&groups->by_prefix[path->section], slice_part(prefix, 0, length));
        if (group != NULL)
            add_rivals(groups, path, group);
        groups_with_rivals += groups->rivals.count > before;
        groups->work += 1 + length / 8;
    }
    if (groups_with_rivals > 1)
        qsort(groups->rivals.items, groups->rivals.count, sizeof *groups->rivals.items,
              compare_numbers);
    return groups->work < MAX_WORK;
}

bool path_groups_are_mutual(const struct path_groups *groups, const struct rule_path *a,
                            const struct rule_path *b)
{
    return groups->forms[a->number].prefix.length == groups->forms[b->number].prefix.length;
}

bool path_groups_may_spend(struct path_groups *groups, uint64_t work)
{
    groups->work += work;
    return groups->work < MAX_WORK;
}

void path_groups_report_rest(const struct path_groups *groups, const struct rule_path *path,
                             const char *what)
{
    diagnose_text(groups->run->compilation->diagnostics, DIAG_PATHS_NOT_COMPARED, &path->mapped, 0,
                  (uint32_t)path->text.length, what);
}
