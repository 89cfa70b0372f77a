/* Comments that allow a finding: `# valvec: allow ID, ID reason` on the line of the finding or
 * right above it, `# valvec: allow-file ID` for the whole file, and `valvec: allow ID` in a comment
 * of an expression for that rule. The text of a rule that spans lines belongs to the line of its
 * key. */

#include "lint.h"

#include "comments.h"
#include "document/suggest.h"

enum allow_scope {
    ALLOW_LINE,
    ALLOW_RANGE,
    ALLOW_FILE,
};

struct allow {
    enum allow_scope scope;
    uint32_t line;     /* LINE */
    uint32_t from, to; /* RANGE: bytes of the file */
    slice id;
    uint32_t start, end; /* where the id stands in the file */
    bool used;
};

struct silencer {
    struct compilation *compilation;
    struct comments comments;
    VEC(struct allow) allows;
};

/* ---- reading comments ---- */

static bool is_id_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

static size_t skip_spaces(slice text, size_t i)
{
    while (i < text.length && (text.at[i] == ' ' || text.at[i] == '\t'))
        i++;
    return i;
}

static size_t skip_id(slice text, size_t i)
{
    while (i < text.length && is_id_character(text.at[i]))
        i++;
    return i;
}

static bool find_text(slice text, slice wanted, size_t *position)
{
    for (size_t i = *position; i + wanted.length <= text.length; i++) {
        if (memcmp(text.at + i, wanted.at, wanted.length) == 0) {
            *position = i;
            return true;
        }
    }
    return false;
}

/* Reads one id of the list at *position, and moves past it and its comma. False at the list's end.
 */
static bool next_id(slice text, size_t *position, size_t *start, size_t *end)
{
    *start = skip_spaces(text, *position);
    *end = skip_id(text, *start);
    if (*end == *start)
        return false;
    size_t after = skip_spaces(text, *end);
    bool more = after < text.length && text.at[after] == ',';
    *position = more ? after + 1 : text.length;
    return true;
}

/* What stands after `valvec:`: the list of ids, and whether it is for the file. */
static bool read_directive(slice text, size_t *position, bool *for_file)
{
    if (!find_text(text, SLICE("valvec:"), position))
        return false;
    size_t start = skip_spaces(text, *position + strlen("valvec:"));
    size_t end = skip_id(text, start);
    slice word = slice_part(text, start, end);
    *position = end;
    *for_file = slice_equal(word, SLICE("allow-file"));
    return *for_file || slice_equal(word, SLICE("allow"));
}

static uint32_t line_of(const struct silencer *silencer, uint32_t offset)
{
    return source_position(silencer->compilation->source, offset).line;
}

static bool is_blank_or_comment(slice line)
{
    size_t i = skip_spaces(line, 0);
    return i == line.length || line.at[i] == '#';
}

/* The first line after a comment that is not one itself. */
static uint32_t line_below(const struct silencer *silencer, uint32_t line)
{
    const struct source *source = silencer->compilation->source;
    do
        line++;
    while (line <= source->line_count && is_blank_or_comment(source_line(source, line)));
    return line;
}

static void add_yaml_comment(struct silencer *silencer, const struct comment *comment)
{
    slice text = slice_part(silencer->compilation->source->text, comment->start, comment->end);
    size_t position = 0, start, end;
    bool for_file;
    if (!read_directive(text, &position, &for_file))
        return;
    uint32_t line = line_of(silencer, comment->start);
    struct allow allow = {.scope = for_file ? ALLOW_FILE : ALLOW_LINE,
                          .line = comment->alone ? line_below(silencer, line) : line};
    while (next_id(text, &position, &start, &end)) {
        allow.id = slice_part(text, start, end);
        allow.start = comment->start + (uint32_t)start;
        allow.end = comment->start + (uint32_t)end;
        VEC_PUSH(&silencer->allows, allow);
    }
}

static void add_rule_comment(struct silencer *silencer, const struct rule *rule, slice comment,
                             size_t comment_start)
{
    size_t position = 0, start, end;
    bool for_file;
    if (!read_directive(comment, &position, &for_file) || for_file)
        return;
    struct allow allow = {.scope = ALLOW_RANGE, .from = rule->file_offset, .to = rule->file_end};
    while (next_id(comment, &position, &start, &end)) {
        allow.id = slice_part(comment, start, end);
        allow.start = mapped_text_file_offset(rule->text, (uint32_t)(comment_start + start));
        allow.end = mapped_text_file_offset(rule->text, (uint32_t)(comment_start + end));
        VEC_PUSH(&silencer->allows, allow);
    }
}

/* A text that looks like such a comment inside a text literal counts too; nobody writes one. */
static void add_rule_comments(struct silencer *silencer, const struct rule *rule)
{
    if (rule->text == NULL)
        return;
    slice text = rule->text->text;
    for (size_t start = 0; find_text(text, SLICE("/*"), &start); start += 2) {
        size_t end = start + 2;
        if (!find_text(text, SLICE("*/"), &end))
            return;
        add_rule_comment(silencer, rule, slice_part(text, start, end), start);
    }
}

/* ---- applying them ---- */

static bool covers_line(const struct silencer *silencer, const struct allow *allow, uint32_t offset)
{
    if (line_of(silencer, offset) == allow->line)
        return true;
    const struct keyed_scalar *scalar = comments_scalar_at(&silencer->comments, offset);
    return scalar != NULL && (line_of(silencer, scalar->key_start) == allow->line ||
                              line_of(silencer, scalar->start) == allow->line);
}

static bool covers(const struct silencer *silencer, const struct allow *allow,
                   const struct diagnostic *diagnostic)
{
    if (!slice_equal(allow->id, slice_of(diagnostic_info(diagnostic->id)->id)))
        return false;
    switch (allow->scope) {
    case ALLOW_FILE:
        return true;
    case ALLOW_RANGE:
        return diagnostic->start >= allow->from && diagnostic->start <= allow->to;
    case ALLOW_LINE:
        return covers_line(silencer, allow, diagnostic->start);
    }
    return false;
}

static bool is_allowed(struct silencer *silencer, const struct diagnostic *diagnostic)
{
    bool allowed = false;
    if (diagnostic_info(diagnostic->id)->severity == SEVERITY_ERROR)
        return false;
    for (size_t i = 0; i < silencer->allows.count; i++) {
        struct allow *allow = &silencer->allows.items[i];
        if (covers(silencer, allow, diagnostic)) {
            allow->used = true;
            allowed = true;
        }
    }
    return allowed;
}

static void filter(struct silencer *silencer)
{
    struct diagnostics *diagnostics = silencer->compilation->diagnostics;
    size_t kept = 0;
    for (size_t i = 0; i < diagnostics->list.count; i++) {
        struct diagnostic diagnostic = diagnostics->list.items[i];
        enum severity severity = diagnostic_info(diagnostic.id)->severity;
        if (!is_allowed(silencer, &diagnostic))
            diagnostics->list.items[kept++] = diagnostic;
        else if (severity == SEVERITY_WARNING)
            diagnostics->warning_count--;
    }
    diagnostics->list.count = kept;
}

/* ---- comments that allow nothing ---- */

static bool is_known(slice id, slice *nearest)
{
    struct suggestion suggestion = suggestion_for(id);
    for (uint32_t i = 0; i < DIAGNOSTIC_COUNT; i++) {
        const struct diagnostic_info *info = diagnostic_info((enum diagnostic_id)i);
        if (info->severity == SEVERITY_ERROR)
            continue;
        if (slice_equal(id, slice_of(info->id)))
            return true;
        suggestion_consider(&suggestion, slice_of(info->id));
    }
    *nearest = suggestion.best;
    return false;
}

static void report_unused(struct silencer *silencer, const struct allow *allow)
{
    struct compilation *compilation = silencer->compilation;
    slice nearest;
    if (is_known(allow->id, &nearest)) {
        diagnose(compilation->diagnostics, DIAG_UNUSED_ALLOW, compilation->source, allow->start,
                 allow->end, SLICE_ARGUMENTS(allow->id));
        return;
    }
    slice hint = nearest.length == 0
                     ? SLICE("valvec lint --list names them all")
                     : arena_printf(compilation->arena, "did you mean `" SLICE_FORMAT "`?",
                                    SLICE_ARGUMENTS(nearest));
    diagnose(compilation->diagnostics, DIAG_UNKNOWN_ALLOW, compilation->source, allow->start,
             allow->end, SLICE_ARGUMENTS(allow->id), hint.at);
}

/* Aliases repeat rules and with them their comments: one that was used anywhere is used. */
static bool is_used_elsewhere(const struct silencer *silencer, const struct allow *allow)
{
    for (size_t i = 0; i < silencer->allows.count; i++) {
        const struct allow *other = &silencer->allows.items[i];
        if (other->start == allow->start && (other->used || other < allow))
            return true;
    }
    return false;
}

/* An allowed finding may itself be that a comment allows nothing; so these come before the filter's
 * second round. */
static void report_all_unused(struct silencer *silencer)
{
    size_t count = silencer->allows.count;
    for (size_t i = 0; i < count; i++) {
        const struct allow *allow = &silencer->allows.items[i];
        if (!allow->used && !is_used_elsewhere(silencer, allow))
            report_unused(silencer, allow);
    }
}

void lint_silence(struct compilation *compilation, bool with_unused)
{
    struct silencer silencer = {.compilation = compilation};
    comments_find(&silencer.comments, compilation->source->text);
    for (size_t i = 0; i < silencer.comments.list.count; i++)
        add_yaml_comment(&silencer, &silencer.comments.list.items[i]);
    for (size_t i = 0; i < compilation->rules.count; i++)
        add_rule_comments(&silencer, compilation->rules.items[i]);
    filter(&silencer);
    if (with_unused) {
        report_all_unused(&silencer);
        diagnostics_sort(compilation->diagnostics);
        filter(&silencer);
    }
    VEC_FREE(&silencer.allows);
    comments_fini(&silencer.comments);
}
