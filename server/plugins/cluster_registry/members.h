#pragma once
/* Which nodes are there, when each was last heard of, and which one leads. Knows no clock and no
 * bus: time is an argument. */

#include "base/hashmap.h"

struct member {
    double score;    /* of its process: another one of the same name has another score */
    double previous; /* of the process of that name before it; -1: none */
    uint64_t seen_ms;
    size_t length;
    char name[];
};

struct members {
    struct hashmap by_name; /* -> struct member */
    struct member *self;
};

enum member_news {
    MEMBER_KNOWN,
    MEMBER_NEW,
    MEMBER_RESTARTED, /* another process of that name: what the one before had is gone */
    MEMBER_TWICE,     /* two processes of that name live at a time */
    MEMBER_TOO_MANY,  /* it is not taken in */
};

#define MOST_MEMBERS 10000

/* With this node, which stays until the end. */
void members_init(struct members *members, slice own_name, double own_score);
void members_fini(struct members *members);

/* A node says that it lives. */
enum member_news members_see(struct members *members, slice name, double score, uint64_t now_ms);

/* Returns whether it was there. Never takes out this node. */
bool members_remove(struct members *members, slice name);

/* One that was not heard of for longer than the timeout, or NULL. */
const struct member *members_find_silent(const struct members *members, uint64_t now_ms,
                                         uint64_t timeout_ms);

/* As if all had been heard of now: after this node itself was not awake. */
void members_refresh(struct members *members, uint64_t now_ms);

/* The one of the highest score; of two, the one of the greater name. */
const struct member *members_leader(const struct members *members);

static inline slice member_name(const struct member *member)
{
    return (slice){member->name, member->length};
}
