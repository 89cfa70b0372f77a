/* Variables of a path that are not what they look like: `$user_id` is `$user` and the text `_id`;
 * `$a/$a` are two variables of which the last counts (valve.md 2.1). */

#include "lint.h"
#include "path_variables.h"

static bool is_word(char c)
{
    return path_is_name_character(c) || c == '_' || (unsigned char)c >= 0x80;
}

/* The end of what reads like one name; at the variable's end when nothing runs on. A single `_`
 * before the next variable or the end is a separator. */
static size_t run_on_end(slice path, size_t end)
{
    size_t stop = end;
    while (stop < path.length && is_word(path.at[stop]))
        stop++;
    bool only_underscores = true;
    for (size_t i = end; i < stop; i++)
        only_underscores = only_underscores && path.at[i] == '_';
    return only_underscores ? end : stop;
}

/* The name in the spelling of rules: `user_id` is `userId`. */
static slice join_words(struct arena *arena, slice words)
{
    char *name = arena_alloc(arena, words.length + 1);
    size_t length = 0;
    bool capital = false;
    for (size_t i = 0; i < words.length; i++) {
        char c = words.at[i];
        if (c == '_' || (unsigned char)c >= 0x80) {
            capital = length > 0;
            continue;
        }
        bool lower = c >= 'a' && c <= 'z';
        name[length++] = capital && lower ? (char)(c - 'a' + 'A') : c;
        capital = false;
    }
    return (slice){name, length};
}

static void check_run_on(struct lint_run *run, const struct rule_path *path,
                         const struct path_variable *variable)
{
    size_t end = run_on_end(path->text, variable->end);
    if (end == variable->end)
        return;
    slice after = slice_part(path->text, variable->end, end);
    slice joined = join_words(run->arena, slice_part(path->text, variable->start + 1, end));
    diagnose_text(run->compilation->diagnostics, DIAG_VARIABLE_RUN_ON, &path->mapped,
                  (uint32_t)variable->start, (uint32_t)end, SLICE_ARGUMENTS(variable->name),
                  SLICE_ARGUMENTS(after), SLICE_ARGUMENTS(joined));
}

static bool stands_before(slice path, const struct path_variable *variable)
{
    struct path_variable other;
    size_t position = 0;
    while (path_variable_next(path, &position, &other) && other.start < variable->start) {
        if (slice_equal(other.name, variable->name))
            return true;
    }
    return false;
}

void lint_path_variables(struct lint_run *run)
{
    for (size_t i = 0; i < run->compilation->paths.count; i++) {
        const struct rule_path *path = run->compilation->paths.items[i];
        struct path_variable variable;
        size_t position = 0;
        while (path_variable_next(path->text, &position, &variable)) {
            check_run_on(run, path, &variable);
            if (stands_before(path->text, &variable))
                diagnose_text(run->compilation->diagnostics, DIAG_REPEATED_VARIABLE, &path->mapped,
                              (uint32_t)variable.start, (uint32_t)variable.end,
                              SLICE_ARGUMENTS(variable.name));
        }
    }
}
