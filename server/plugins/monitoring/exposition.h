#pragma once
/* Writes the text exposition format of Prometheus, version 0.0.4:
 *
 *     exposition_family(out, "deepstream_logins_total", "counter", "Attempts to log in.");
 *     exposition_count(out, "deepstream_logins_total",
 *                      (struct label[]){{"endpoint", SLICE("websocket")}, {0}}, 3);
 *
 * Names and help are ours and fit; values of labels may be any text. Labels end with a zeroed one;
 * NULL: there are none. One whose value is at NULL is left out. */

#include "deepstream/plugin.h"

#include "base/buf.h"

#define EXPOSITION_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct label {
    const char *name;
    slice value;
};

/* The head of a family; its samples follow at once. */
void exposition_family(struct buf *out, const char *name, const char *type, const char *help);

void exposition_count(struct buf *out, const char *name, const struct label *labels,
                      uint64_t value);
void exposition_number(struct buf *out, const char *name, const struct label *labels, double value);

/* The samples of one histogram: buckets, sum and count. */
void exposition_histogram(struct buf *out, const char *name, const struct label *labels,
                          const struct ds_histogram *histogram);
