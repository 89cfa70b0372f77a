#pragma once
/* Decides a request to the end: evaluates, answers with the request's own records what the rule
 * needs, and evaluates again. */

#include "request.h"

struct decision {
    struct valve_result result;        /* of the last round; never VALVE_NEEDS */
    uint32_t rounds;                   /* evaluations, the deciding one too */
    uint64_t steps;                    /* of all rounds */
    const struct valve_record *loaded; /* in the order in which the rule needed them */
    size_t loaded_count;
};

/* Everything in decision lives in arena, in the program or in the request. Allocates from arena
 * alone. */
void decide(const struct valve_program *program, const struct request *request,
            const struct valve_options *options, struct arena *arena, struct decision *decision);

/* "allow", "deny" or "error". */
const char *decision_name(enum valve_decision decision);

/* What `now` is by default: milliseconds since 1970. */
double current_time_ms(void);
