/* The budgets of one evaluation and the first failure in it. */

#include "evaluation.h"

#include <stdarg.h>
#include <stdio.h>

__attribute__((format(printf, 2, 0))) static void keep_text(struct evaluation *evaluation,
                                                            const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);

    char *text = length < 0 ? NULL : arena_try_alloc(evaluation->arena, (size_t)length + 1);
    if (text == NULL) {
        evaluation->error = SLICE("RangeError: the rule needs too much memory");
        return;
    }
    vsnprintf(text, (size_t)length + 1, format, arguments);
    evaluation->error = (slice){text, (size_t)length};
}

bool evaluation_fail(struct evaluation *evaluation, const char *format, ...)
{
    if (evaluation->error.length == 0) {
        va_list arguments;
        va_start(arguments, format);
        keep_text(evaluation, format, arguments);
        va_end(arguments);
    }
    return false;
}

bool evaluation_fail_steps(struct evaluation *evaluation)
{
    evaluation->steps = evaluation->options->max_steps;
    return evaluation_fail(evaluation, "RangeError: the rule takes too many steps");
}

void *evaluation_alloc(struct evaluation *evaluation, size_t size)
{
    void *piece = arena_try_alloc(evaluation->arena, size > 0 ? size : 1);
    if (piece == NULL)
        evaluation_fail(evaluation, "RangeError: the rule needs too much memory");
    return piece;
}
