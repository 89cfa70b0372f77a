#pragma once
/* Measures decisions as a server pays for them: look-up by name, reading the payload when the rule
 * does, evaluation, and the rounds after records have arrived. Reading request lines and preparing
 * users and records is not measured.
 *
 * The requests are decided in order, over and over. A round is a whole number of passes over all of
 * them that takes a millisecond or more; its result is time divided by decisions. A batch is a
 * number of decisions in a row that is large enough for reading the clock not to count; p99 is over
 * batches, each again divided by its decisions. */

#include "request.h"

struct bench_input {
    const struct valve_program *program;
    const struct request *requests; /* at least one */
    size_t request_count;
    const struct valve_options *options;
    double seconds; /* how long to measure */
};

struct bench_result {
    double median_ns;  /* of rounds, per decision */
    double p99_ns;     /* of batches, per decision */
    double fastest_ns; /* of rounds, per decision */
    double per_second; /* decisions, from the median */
    uint64_t decisions;
    size_t rounds;
    size_t batch;                   /* decisions in a batch */
    size_t allowed, denied, failed; /* of one pass */
    double steps;                   /* mean per decision */
    double evaluations;             /* mean per decision */
    size_t arena_bytes;             /* the most that one decision took */
    double mean_arena_bytes;
};

void bench_run(const struct bench_input *input, struct bench_result *result);
