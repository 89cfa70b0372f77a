#include "metrics/histogram.h"

#define BOUNDS_NS(B)                                                                               \
    B(250)                                                                                         \
    B(500)                                                                                         \
    B(1000)                                                                                        \
    B(2500)                                                                                        \
    B(5000)                                                                                        \
    B(10000)                                                                                       \
    B(25000)                                                                                       \
    B(100000)                                                                                      \
    B(250000)                                                                                      \
    B(1000000)                                                                                     \
    B(2500000)                                                                                     \
    B(10000000)                                                                                    \
    B(25000000)                                                                                    \
    B(100000000)                                                                                   \
    B(250000000)                                                                                   \
    B(1000000000)                                                                                  \
    B(2500000000)                                                                                  \
    B(10000000000)

#define AS_NS(ns) UINT64_C(ns),
static const uint64_t bounds_ns[HISTOGRAM_BOUNDS] = {BOUNDS_NS(AS_NS)};

#define AS_SECONDS(ns) ns / 1e9,
const double histogram_bounds[HISTOGRAM_BOUNDS] = {BOUNDS_NS(AS_SECONDS)};

void histogram_add(struct histogram *histogram, uint64_t ns)
{
    unsigned span = 0;
    while (span < HISTOGRAM_BOUNDS && ns > bounds_ns[span])
        span++;
    histogram->counts[span]++;
    histogram->count++;
    histogram->sum_ns += ns;
}
