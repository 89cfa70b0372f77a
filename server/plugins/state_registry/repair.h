#pragma once
/* What is to be asked of another server, and when: sets that are not known yet, and sets whose
 * checksum did not agree for a while (S9). Asked again, less and less often, until it comes; one
 * deadline for each server. */

#include <stdbool.h>
#include <stdint.h>

struct repair {
    uint32_t asked;   /* sets, as bits: asked for, and not come yet */
    uint32_t differs; /* whose last checksum did not agree */
    uint32_t again;   /* of those to ask for now: have been asked for before */
    uint32_t tries;
    uint64_t due_ms; /* 0: there is nothing to do */
};

/* Everything is to be asked for, now. */
void repair_begin(struct repair *repair, uint32_t sets, uint64_t now_ms);

/* A checksum came. */
void repair_compare(struct repair *repair, unsigned set, bool agrees, uint64_t now_ms,
                    uint64_t timeout_ms);

/* All of the set came. */
void repair_end(struct repair *repair, unsigned set);

/* Answers are coming, though perhaps not this one yet: what was asked for has until then. */
void repair_put_off(struct repair *repair, uint64_t until_ms);

/* Time is up: returns the sets to ask for, and sets the next deadline. */
uint32_t repair_take_due(struct repair *repair, uint64_t now_ms, uint64_t timeout_ms);
