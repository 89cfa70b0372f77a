#pragma once
/* What one evaluation has spent and may spend, and how it fails. The VM, the conversions and the
 * builtins share it; it lives on the VM's C stack for one run. Operations return false after they
 * have failed: the first failure is kept and ends the run with VALVE_ERROR. */

#include "base/arena.h"
#include "valve.h"

struct evaluation {
    struct arena *arena;
    const struct valve_options *options;
    uint64_t steps;
    slice error; /* empty: no failure yet */
};

/* Records a failure such as "TypeError: ..."; the text is formatted into the arena (a fixed text
 * when the arena is exhausted). Always returns false. */
bool evaluation_fail(struct evaluation *evaluation, const char *format, ...)
    __attribute__((format(printf, 2, 3), cold));

/* Fails for steps that the budget does not have; all of it is spent then. */
bool evaluation_fail_steps(struct evaluation *evaluation) __attribute__((cold));

/* Counts work; false (and failed) when the budget is exhausted. */
static inline bool evaluation_spend(struct evaluation *evaluation, uint64_t steps)
{
    uint64_t max_steps = evaluation->options->max_steps;
    if (evaluation->steps > max_steps || steps > max_steps - evaluation->steps)
        return evaluation_fail_steps(evaluation);
    evaluation->steps += steps;
    return true;
}

/* Memory that lives as long as the evaluation; NULL (and failed) when the budget is exhausted. */
void *evaluation_alloc(struct evaluation *evaluation, size_t size);
