#include "checker.h"

#include <stdio.h>

/* ---- where it is ---- */

size_t checker_enter(struct checker *checker, slice key)
{
    size_t before = checker->length;
    if (key.length + 1 <= CHECKER_MAX_POINTER_BYTES - before) {
        checker->pointer[checker->length++] = '/';
        memcpy(checker->pointer + checker->length, key.at, key.length);
        checker->length += key.length;
    }
    return before;
}

size_t checker_enter_index(struct checker *checker, size_t index)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%zu", index);
    return checker_enter(checker, (slice){digits, (size_t)length});
}

void checker_leave(struct checker *checker, size_t before)
{
    checker->length = before;
}

void checker_refuse(struct checker *checker, const struct ds_value *value, const char *what,
                    const char *wanted)
{
    problem_add(checker->config, DS_ERROR, &value->origin, "%.*s: %s must be %s",
                CHECKER_POINTER(checker), what, wanted);
}

void checker_refuse_bound(struct checker *checker, const struct ds_value *value, const char *what,
                          const char *sign, double bound)
{
    problem_add(checker->config, DS_ERROR, &value->origin, "%.*s%s%s must be %s %.0f",
                CHECKER_POINTER(checker), checker->length > 0 ? ": " : "", what, sign, bound);
}

/* ---- unknown words ---- */

slice checker_nearest(slice words, slice word)
{
    struct suggestion suggestion = suggestion_for(word);
    for (slice one = words_next(&words); one.length > 0; one = words_next(&words))
        suggestion_consider(&suggestion, one);
    return suggestion.best;
}

void checker_did_you_mean(struct checker *checker, slice best)
{
    struct problem *problem = checker->config->latest;
    if (best.length > 0)
        problem->shown.message =
            arena_printf(&checker->config->arena, SLICE_FORMAT ". Did you mean " SLICE_FORMAT "?",
                         SLICE_ARGUMENTS(problem->shown.message), SLICE_ARGUMENTS(best));
}

void checker_unexpected(struct checker *checker, slice key, const struct ds_value *value,
                        enum ds_log_level level, slice best)
{
    struct origin origin = value->origin;
    if (value->key_end > 0) {
        origin.start = value->key_start;
        origin.end = value->key_end;
    }
    problem_add(checker->config, level, &origin,
                "%.*s%sProperty " SLICE_FORMAT " is not expected to be here",
                CHECKER_POINTER(checker), checker->length > 0 ? " " : "", SLICE_ARGUMENTS(key));
    checker_did_you_mean(checker, best);
}
