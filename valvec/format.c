/* Formats and proves that nothing changed: both texts are compiled, and patterns, rules, code,
 * constants and regular expressions must be the same. */

#include "format.h"

#include "json.h"
#include "valvec.h"

#define LIMIT_BYTES (1024u << 20) /* of the compilation of the new text */

static bool same_patterns(const struct program *a, const struct program *b)
{
    if (a->pattern_count != b->pattern_count)
        return false;
    for (uint32_t i = 0; i < a->pattern_count; i++) {
        if (a->patterns[i].section != b->patterns[i].section ||
            !slice_equal(a->patterns[i].text, b->patterns[i].text))
            return false;
    }
    return true;
}

static bool same_constants(const struct program *a, const struct program *b)
{
    if (a->constant_count != b->constant_count)
        return false;
    for (uint32_t i = 0; i < a->constant_count; i++) {
        valve_value x = a->constants[i], y = b->constants[i];
        if (x.type != y.type)
            return false;
        if (x.type == VALUE_TEXT ? !slice_equal(value_slice(x), value_slice(y))
                                 : memcmp(&x.as.number, &y.as.number, sizeof x.as.number) != 0)
            return false;
    }
    return true;
}

static bool same_regexes(const struct program *a, const struct program *b)
{
    if (a->regex_count != b->regex_count)
        return false;
    for (uint32_t i = 0; i < a->regex_count; i++) {
        if (!slice_equal(a->regexes[i].pattern, b->regexes[i].pattern) ||
            !slice_equal(a->regexes[i].flags, b->regexes[i].flags))
            return false;
    }
    return true;
}

static bool same_rule(const struct program_rule *a, const struct program_rule *b)
{
    return a->kind == b->kind && a->pattern == b->pattern && a->code_length == b->code_length &&
           memcmp(a->code, b->code, a->code_length * sizeof *a->code) == 0;
}

static bool same_program(const struct program *a, const struct program *b)
{
    if (a->rule_count != b->rule_count || !same_patterns(a, b) || !same_constants(a, b) ||
        !same_regexes(a, b))
        return false;
    for (uint32_t i = 0; i < a->rule_count; i++) {
        if (!same_rule(&a->rules[i], &b->rules[i]))
            return false;
    }
    return true;
}

static bool means_the_same(slice file_name, slice text, const struct program *original)
{
    struct arena arena;
    struct diagnostics diagnostics;
    struct valvec_options options = valvec_options_default();
    arena_init(&arena, LIMIT_BYTES);
    diagnostics_init(&diagnostics, &arena);
    const struct program *program = valvec_compile(file_name, text, &options, &arena, &diagnostics);
    bool same = program != NULL && same_program(original, program);
    diagnostics_fini(&diagnostics);
    arena_fini(&arena);
    return same;
}

static bool is_json(slice text)
{
    size_t i = slice_starts_with(text, SLICE("\xEF\xBB\xBF")) ? 3 : 0;
    while (i < text.length &&
           (text.at[i] == ' ' || text.at[i] == '\t' || text.at[i] == '\n' || text.at[i] == '\r'))
        i++;
    return i < text.length && text.at[i] == '{';
}

/* A file in braces may still be YAML, with comments and plain words; then it is laid out as such.
 */
static bool format_as_json(slice file_name, slice text, const struct program *program,
                           struct arena *arena, struct buf *formatted)
{
    valve_value ignored;
    if (!is_json(text) ||
        !json_read(text, (struct json_limits){.max_depth = 128}, arena, &ignored, NULL))
        return false;
    format_json(text, formatted);
    return means_the_same(file_name, buf_slice(formatted), program);
}

enum format_status format_rules(slice file_name, slice text, struct arena *arena,
                                struct diagnostics *diagnostics, struct buf *out)
{
    struct buf formatted = BUF_EMPTY;
    struct valvec_options options = valvec_options_default();
    const struct program *program = valvec_compile(file_name, text, &options, arena, diagnostics);
    if (program == NULL)
        return FORMAT_INVALID;
    bool done = format_as_json(file_name, text, program, arena, &formatted);
    if (!done) {
        buf_clear(&formatted);
        done = format_yaml(text, arena, &formatted) &&
               means_the_same(file_name, buf_slice(&formatted), program);
    }
    if (done)
        buf_append(out, buf_slice(&formatted));
    buf_fini(&formatted);
    return done ? FORMAT_DONE : FORMAT_REFUSED;
}
