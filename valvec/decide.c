/* The loop around the rule engine, as a host has it that has all records at hand. */

#include "decide.h"

#include "base/check.h"

#include <time.h>

/* The records that the engine is told about; most rules need few. */
#define FEW_RECORDS 8

struct known_records {
    struct valve_record *items;
    size_t count;
    size_t capacity;
};

static void grow(struct known_records *known, struct arena *arena)
{
    size_t capacity = known->capacity == 0 ? FEW_RECORDS : known->capacity * 2;
    struct valve_record *items = arena_alloc(arena, capacity * sizeof *items);
    if (known->count > 0)
        memcpy(items, known->items, known->count * sizeof *items);
    known->items = items;
    known->capacity = capacity;
}

static void answer(const struct request *request, const struct valve_result *result,
                   struct known_records *known, struct arena *arena)
{
    CHECK(result->need_count > 0);
    for (size_t i = 0; i < result->need_count; i++) {
        if (known->count == known->capacity)
            grow(known, arena);
        known->items[known->count++] = request_record(request, result->needs[i]);
    }
}

/* Asks again until the rule has all that it needs. */
static void answer_needs(const struct valve_program *program, const struct request *request,
                         const struct valve_options *options, struct arena *arena,
                         struct decision *decision)
{
    struct valve_request asked = request->valve;
    struct known_records known = {0};
    while (decision->result.decision == VALVE_NEEDS) {
        answer(request, &decision->result, &known, arena);
        asked.records = known.items;
        asked.record_count = known.count;
        decision->rounds++;
        valve_evaluate(program, &asked, options, arena, &decision->result);
        decision->steps += decision->result.steps;
    }
    decision->loaded = known.items;
    decision->loaded_count = known.count;
}

void decide(const struct valve_program *program, const struct request *request,
            const struct valve_options *options, struct arena *arena, struct decision *decision)
{
    decision->rounds = 1;
    decision->loaded = NULL;
    decision->loaded_count = 0;
    valve_evaluate(program, &request->valve, options, arena, &decision->result);
    decision->steps = decision->result.steps;
    if (decision->result.decision == VALVE_NEEDS)
        answer_needs(program, request, options, arena, decision);
}

const char *decision_name(enum valve_decision decision)
{
    static const char *const NAMES[] = {
        [VALVE_ALLOW] = "allow", [VALVE_DENY] = "deny", [VALVE_ERROR] = "error"};
    CHECK(decision < VALVE_NEEDS);
    return NAMES[decision];
}

double current_time_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec * 1000 + (double)(now.tv_nsec / 1000000);
}
