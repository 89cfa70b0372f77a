/* A computed pattern may come from a stranger, so it is refused where JavaScript would guess what
 * was meant (valve.md 5.6, H18), and is bounded in length as in work. */

#include "builtins_match.h"

#include "builtins.h"
#include "regex/regex.h"
#include "text.h"

#define STEPS_PER_BYTE 4 /* of compiling a pattern, which takes some 50 ns a byte */

static bool fail_out_of_memory(struct evaluation *evaluation)
{
    return evaluation_fail(evaluation, "RangeError: the rule needs too much memory");
}

bool builtin_match(struct evaluation *evaluation, valve_value text, const struct regex *regex,
                   valve_value *result)
{
    struct regex_budget budget = {.max_steps = evaluation->options->max_regex_steps,
                                  .max_memory_bytes = evaluation->options->max_memory_bytes};
    uint64_t steps = 0;
    switch (regex_match(regex, text, budget, evaluation->arena, &steps, result)) {
    case REGEX_OK:
        return evaluation_spend(evaluation, steps);
    case REGEX_TOO_COSTLY:
        return evaluation_fail(evaluation,
                               "RangeError: the regular expression takes too many steps");
    case REGEX_OUT_OF_MEMORY:
        break;
    }
    return fail_out_of_memory(evaluation);
}

static slice kind_of(valve_value v)
{
    if (v.type == VALUE_NULL)
        return SLICE("null");
    return value_items(v) != NULL ? SLICE("array") : value_type_of(v);
}

static bool is_usable(struct evaluation *evaluation, valve_value pattern)
{
    if (pattern.type != VALUE_TEXT) {
        slice kind = kind_of(pattern);
        return evaluation_fail(evaluation,
                               "TypeError: match needs a regular expression, not " SLICE_FORMAT,
                               SLICE_ARGUMENTS(kind));
    }
    uint32_t most = evaluation->options->max_computed_regex_units;
    if (pattern.length / 3 > most || text_length(pattern) > most)
        return evaluation_fail(
            evaluation, "RangeError: the computed regular expression is longer than %u", most);
    return true;
}

bool builtin_match_computed(struct evaluation *evaluation, valve_value text, valve_value pattern,
                            valve_value *result)
{
    if (!is_usable(evaluation, pattern) || !text_spend(evaluation, text.length) ||
        !evaluation_spend(evaluation, pattern.length * STEPS_PER_BYTE))
        return false;
    struct regex_error error;
    const struct regex *regex = regex_new_in(evaluation->arena, value_slice(pattern), &error);
    if (regex == NULL && error.out_of_memory)
        return fail_out_of_memory(evaluation);
    if (regex == NULL)
        return evaluation_fail(evaluation,
                               "SyntaxError: Invalid regular expression: /" SLICE_FORMAT "/: %s",
                               SLICE_ARGUMENTS(value_slice(pattern)), error.message);
    return builtin_match(evaluation, text, regex, result);
}
