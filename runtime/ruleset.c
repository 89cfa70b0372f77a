/* The place of the rules in force. A lock is held only to read or change one pointer and to count a
 * reference: with a counter alone a reader could take a program that a swap has just freed. */

#include "valve.h"

#include "base/check.h"

#include <pthread.h>
#include <stdlib.h>

struct valve_ruleset {
    pthread_mutex_t lock;
    struct valve_program *program;
};

struct valve_ruleset *valve_ruleset_new(struct valve_program *program)
{
    struct valve_ruleset *ruleset = malloc(sizeof *ruleset);
    CHECK(ruleset != NULL);
    CHECK(pthread_mutex_init(&ruleset->lock, NULL) == 0);
    ruleset->program = program;
    return ruleset;
}

void valve_ruleset_free(struct valve_ruleset **ruleset)
{
    if (*ruleset == NULL)
        return;
    valve_program_release(&(*ruleset)->program);
    pthread_mutex_destroy(&(*ruleset)->lock);
    free(*ruleset);
    *ruleset = NULL;
}

struct valve_program *valve_ruleset_acquire(struct valve_ruleset *ruleset)
{
    pthread_mutex_lock(&ruleset->lock);
    struct valve_program *program = valve_program_retain(ruleset->program);
    pthread_mutex_unlock(&ruleset->lock);
    return program;
}

void valve_ruleset_swap(struct valve_ruleset *ruleset, struct valve_program *program)
{
    pthread_mutex_lock(&ruleset->lock);
    struct valve_program *old = ruleset->program;
    ruleset->program = program;
    pthread_mutex_unlock(&ruleset->lock);
    valve_program_release(&old);
}
