/* Which paths match a name, and which of them counts. */

#include "explanation.h"

#include "pattern/pattern.h"

static const struct program_rule *find_rule(const struct program *program, uint32_t pattern,
                                            enum valve_rule_kind kind)
{
    for (uint32_t i = 0; i < program->rule_count; i++) {
        if (program->rules[i].pattern == pattern && program->rules[i].kind == kind)
            return &program->rules[i];
    }
    return NULL;
}

static bool matches(const struct explanation *explanation, const struct program_pattern *pattern,
                    struct arena *scratch, uint32_t *length)
{
    const struct valve_request *asked = &explanation->request->valve;
    struct pattern_error error;
    slice captures[PATTERN_MAX_VARIABLES];
    struct pattern *parsed = pattern_parse(pattern->text, scratch, &error);
    if (parsed == NULL)
        return false;
    *length = pattern_utf16_length(parsed);
    return asked->has_name ? pattern_capture(parsed, asked->name, scratch, captures)
                           : slice_equal(pattern->text, SLICE("*"));
}

static enum path_outcome outcome_of(const struct explanation *explanation,
                                    const struct explain_path *path, struct arena *scratch)
{
    uint32_t length = 0, winner_length = 0;
    if (path->rule == NULL)
        return PATH_LACKS_RULE;
    if (path->rule == explanation->rule)
        return PATH_WINS;
    if (explanation->rule == NULL)
        return PATH_SHORTER;
    const struct program *program = explanation->rules->contents;
    matches(explanation, path->pattern, scratch, &length);
    matches(explanation, &program->patterns[explanation->rule->pattern], scratch, &winner_length);
    return length < winner_length ? PATH_SHORTER : PATH_EARLIER;
}

void explanation_find_paths(struct explanation *explanation)
{
    const struct program *program = explanation->rules->contents;
    enum valve_rule_kind kind = explanation->request->valve.kind;
    enum valve_section section = valve_rule_kind_info(kind)->section;
    struct arena scratch;
    uint32_t length;
    arena_init(&scratch, 0);
    struct arena_mark empty = arena_mark(&scratch);
    for (uint32_t i = 0; i < program->pattern_count; i++) {
        const struct program_pattern *pattern = &program->patterns[i];
        arena_reset(&scratch, empty);
        if (pattern->section != section || !matches(explanation, pattern, &scratch, &length))
            continue;
        struct explain_path path = {.pattern = pattern, .rule = find_rule(program, i, kind)};
        path.outcome = outcome_of(explanation, &path, &scratch);
        VEC_PUSH(&explanation->paths, path);
    }
    arena_fini(&scratch);
}
