/* The measuring loops. */

#include "bench.h"

#include "decide.h"

#include "base/check.h"
#include "base/vec.h"

#include <time.h>

#define ROUND_NS 1e6
#define BATCH_NS 4e3
#define MAX_SAMPLES 200000 /* of batches; longer measurements have longer batches */

struct samples {
    VEC(double) list;
};

struct bench {
    const struct bench_input *input;
    struct arena arena;
    struct arena_mark empty;
    size_t next; /* request */
    size_t allowed;
    struct samples rounds, batches;
};

static double clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* The value below which the given share of the samples lies. */
static double quantile(struct samples *samples, double share)
{
    size_t count = samples->list.count;
    qsort(samples->list.items, count, sizeof *samples->list.items, compare);
    return samples->list.items[(size_t)(share * (double)(count - 1) + 0.5)];
}

/* ---- what is measured ---- */

static void decide_next(struct bench *bench, struct decision *decision)
{
    const struct bench_input *input = bench->input;
    decide(input->program, &input->requests[bench->next], input->options, &bench->arena, decision);
    if (++bench->next == input->request_count)
        bench->next = 0;
}

static void decide_many(struct bench *bench, size_t count)
{
    struct decision decision;
    for (size_t i = 0; i < count; i++) {
        decide_next(bench, &decision);
        bench->allowed += decision.result.decision == VALVE_ALLOW;
        if (bench->arena.used_bytes != bench->empty.used_bytes)
            arena_reset(&bench->arena, bench->empty);
    }
}

/* ---- around it ---- */

/* One pass over all requests that warms up and counts what later passes must repeat. */
static void first_pass(struct bench *bench, struct bench_result *result)
{
    double count = (double)bench->input->request_count, steps = 0, evaluations = 0, bytes = 0;
    struct decision decision;
    for (size_t i = 0; i < bench->input->request_count; i++) {
        decide_next(bench, &decision);
        size_t taken = bench->arena.used_bytes - bench->empty.used_bytes;
        result->allowed += decision.result.decision == VALVE_ALLOW;
        result->denied += decision.result.decision == VALVE_DENY;
        result->failed += decision.result.decision == VALVE_ERROR;
        result->arena_bytes = taken > result->arena_bytes ? taken : result->arena_bytes;
        steps += (double)decision.steps;
        evaluations += decision.rounds;
        bytes += (double)taken;
        arena_reset(&bench->arena, bench->empty);
    }
    result->steps = steps / count;
    result->evaluations = evaluations / count;
    result->mean_arena_bytes = bytes / count;
}

/* Nanoseconds of one decision, roughly; always whole passes. */
static double estimate(struct bench *bench)
{
    double start = clock_ns(), taken;
    size_t passes = 0;
    do {
        decide_many(bench, bench->input->request_count);
        passes++;
        taken = clock_ns() - start;
    } while (taken < ROUND_NS);
    return taken / (double)(passes * bench->input->request_count);
}

/* One round; returns its nanoseconds. */
static double measure_round(struct bench *bench, size_t decisions, size_t batch)
{
    double start = clock_ns(), last = start;
    for (size_t left = decisions; left > 0;) {
        size_t count = left < batch ? left : batch;
        decide_many(bench, count);
        double now = clock_ns();
        if (count == batch || decisions < batch)
            VEC_PUSH(&bench->batches.list, (now - last) / (double)count);
        last = now;
        left -= count;
    }
    return last - start;
}

static size_t at_least_one(double count)
{
    return count < 1 ? 1 : (size_t)count;
}

static void measure(struct bench *bench, struct bench_result *result)
{
    const struct bench_input *input = bench->input;
    double decision_ns = estimate(bench);
    double batch_ns = input->seconds * 1e9 / MAX_SAMPLES;
    size_t passes = at_least_one(ROUND_NS / (decision_ns * (double)input->request_count) + 1);
    size_t decisions = passes * input->request_count;
    result->batch = at_least_one((batch_ns > BATCH_NS ? batch_ns : BATCH_NS) / decision_ns + 1);
    bench->allowed = 0;
    double end = clock_ns() + input->seconds * 1e9;
    do {
        double taken = measure_round(bench, decisions, result->batch);
        VEC_PUSH(&bench->rounds.list, taken / (double)decisions);
    } while (clock_ns() < end);
    result->rounds = bench->rounds.list.count;
    result->decisions = (uint64_t)decisions * result->rounds;
    CHECK(bench->allowed == result->allowed * passes * result->rounds);
}

void bench_run(const struct bench_input *input, struct bench_result *result)
{
    struct bench bench = {.input = input};
    *result = (struct bench_result){0};
    arena_init(&bench.arena, 0);
    arena_alloc(&bench.arena, 1); /* the first chunk stays */
    bench.empty = arena_mark(&bench.arena);
    first_pass(&bench, result);
    measure(&bench, result);
    result->median_ns = quantile(&bench.rounds, 0.5);
    result->fastest_ns = quantile(&bench.rounds, 0);
    result->p99_ns = quantile(&bench.batches, 0.99);
    result->per_second = 1e9 / result->median_ns;
    VEC_FREE(&bench.rounds.list);
    VEC_FREE(&bench.batches.list);
    arena_fini(&bench.arena);
}
