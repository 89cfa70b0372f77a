#pragma once
/* "did you mean": the known word nearest to a misspelt one. */

#include "base/slice.h"

struct suggestion {
    slice wanted;
    slice best; /* empty while nothing is near enough */
    unsigned distance;
};

struct suggestion suggestion_for(slice wanted);

/* Considers one known word. The first of several equally near ones stays. */
void suggestion_consider(struct suggestion *suggestion, slice candidate);
