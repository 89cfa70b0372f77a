#pragma once
/* How long things took: a count per span of time, from a quarter of a microsecond to ten seconds.
 */

#include <stdint.h>

#define HISTOGRAM_BOUNDS 18

struct histogram {
    uint64_t counts[HISTOGRAM_BOUNDS + 1]; /* the last: longer than every bound */
    uint64_t count;
    uint64_t sum_ns;
};

/* Upper bounds in seconds, which belong to their span. */
extern const double histogram_bounds[HISTOGRAM_BOUNDS];

void histogram_add(struct histogram *histogram, uint64_t ns);
