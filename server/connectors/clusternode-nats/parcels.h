#pragma once
/* A bounded queue of texts between two threads; whoever uses it locks. */

#include "base/slice.h"

struct parcel {
    struct parcel *next;
    const char *subject; /* terminated; NULL: none */
    uint8_t topic;
    bool is_subscription; /* a subject to subscribe to, in place of a text */
    slice text;
    char bytes[];
};

struct parcels {
    struct parcel *first, *last;
    size_t bytes;
    bool has_lost; /* something did not fit */
};

struct parcel *parcel_new(slice subject, uint8_t topic, slice text);

/* Takes the parcel; frees it when there is no room. */
void parcels_put(struct parcels *parcels, struct parcel *parcel);

/* All that is there, with its flag; an empty queue is left. */
struct parcels parcels_take(struct parcels *parcels);
void parcels_free(struct parcels *parcels);
