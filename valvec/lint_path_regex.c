/* Regular-expression characters of a path that may have been meant literally (valve.md 2.1). */

#include "lint.h"
#include "path_variables.h"

struct reading {
    char character;
    const char *meaning;
    const char *literal; /* what to do when the character itself is meant */
};

static const struct reading READINGS[] = {
    {'.', "stands for any one character", "for a dot, write `[.]`"},
    {'+', "repeats what stands before it, once or more", "for a plus sign, write `[+]`"},
    {'?', "makes what stands before it optional", "for a question mark, write `[?]`"},
    {'(', "opens a group", "for a parenthesis, write `[(]`"},
    {')', "closes a group", "for a parenthesis, write `[)]`"},
    {'|', "separates two whole alternatives", "for a bar, write `[|]`"},
    {'^', "stands for the start of the name", "for a caret, write `\\^`"},
    {'$', "stands for the end of the name", "for a dollar sign, write `[$]`"},
    {'[', "stands for one character of a set", "for a bracket, write `\\[`"},
    {'{', "repeats what stands before it", "for a brace, write `[{]`"},
    {'\\', "is an escape of regular expressions", "for a backslash, write `\\\\`"},
};

static const struct reading DOT_STAR = {
    '.', "stands for at least one character",
    "`*` alone stands for any run of characters; for a dot, write `[.]`"};

/* `[.]` and `\.` are how an author says that the character itself is meant. */
static bool is_meant_literally(slice text)
{
    return (text.length == 3 && text.at[0] == '[') ||
           (text.length == 2 && text.at[0] == '\\' && !path_is_name_character(text.at[1]));
}

static const struct reading *find_reading(slice path, struct pattern_remark remark)
{
    size_t end = remark.offset + remark.length;
    if (path.at[remark.offset] == '.' && end < path.length && path.at[end] == '*')
        return &DOT_STAR;
    for (size_t i = 0; i < sizeof READINGS / sizeof *READINGS; i++) {
        if (READINGS[i].character == path.at[remark.offset])
            return &READINGS[i];
    }
    return NULL;
}

static void check_remark(struct lint_run *run, const struct rule_path *path,
                         struct pattern_remark remark)
{
    slice text = slice_part(path->text, remark.offset, remark.offset + remark.length);
    const struct reading *reading = find_reading(path->text, remark);
    if (reading == NULL || is_meant_literally(text))
        return;
    if (reading == &DOT_STAR)
        text = slice_part(path->text, remark.offset, remark.offset + 2);
    slice shown = lint_path_text(run, text);
    diagnose_text(run->compilation->diagnostics, DIAG_PATTERN_REGEX, &path->mapped,
                  (uint32_t)remark.offset, (uint32_t)(remark.offset + text.length),
                  SLICE_ARGUMENTS(shown), reading->meaning, reading->literal);
}

void lint_path_regex(struct lint_run *run)
{
    for (size_t i = 0; i < run->compilation->paths.count; i++) {
        const struct rule_path *path = run->compilation->paths.items[i];
        struct pattern_remark remark;
        for (uint32_t j = 0; path->pattern != NULL && pattern_remark(path->pattern, j, &remark);
             j++)
            check_remark(run, path, remark);
    }
}
