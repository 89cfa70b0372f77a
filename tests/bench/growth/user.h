#pragma once
/* A client of one node of the group, which checks the order of what comes to it. */

#include "bench/growth/node_group.h"
#include "support/binary_client.h"

struct user {
    struct binary_client client;
    bool is_acknowledged;
    int32_t version;  /* of the record that it follows */
    bool was_asked;   /* as a provider */
    uint64_t answers; /* to its calls */
};

/* Without a name it is nobody: not among those who are online. */
void user_open(struct user *user, const struct node_group *group, size_t node, const char *name);
void user_close(struct user *user);

/* Sends a request that is acknowledged once, and waits for that. */
void user_subscribe(struct user *user, uint8_t topic, uint16_t action, const slice *names,
                    size_t count);

/* Writes a version of a record, not yet flushed. */
void user_write(struct user *user, slice name, int32_t version);
/* Until it has seen all versions up to this one, in order. */
void user_follow(struct user *user, int32_t version);

/* Makes a call and waits until the other, who is its provider, has answered it. */
void user_call(struct user *user, struct user *provider, slice name);

/* Until all is written. */
void user_flush(struct user *user);
