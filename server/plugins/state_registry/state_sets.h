#pragma once
/* Sets of names, and which servers have each: what one node knows of all. Knows no bus and no
 * clock.
 *
 * A name is in a set as long as some server has it. Watchers may look, and may change any set. Each
 * server keeps the sums of its names' checksums and digests, so that two nodes that hold the same
 * of a server can say so in two numbers.
 *
 * A server that has ended is none of the others any more, but its names go one after the other:
 * until then they are in their sets. */

#include "deepstream/plugin.h"

#include "base/hashmap.h"
#include "base/vec.h"

#define STATE_SETS 32

struct state_server {
    struct {
        size_t count;
        int64_t checksum;
        uint64_t digest;
    } sets[STATE_SETS];
    void *data; /* the user's */
    bool has_ended;
    size_t length;
    char name[];
};

struct state_set_names {
    struct hashmap names; /* -> struct state_name, which holds the key */
    VEC(const struct ds_state_watcher *) watchers;
};

struct state_sets {
    struct state_set_names sets[STATE_SETS];
    struct hashmap servers; /* others -> struct state_server */
    struct state_server *self;
    VEC(struct state_server *) ended; /* that names are still to be taken from */
    struct {
        unsigned set;
        size_t slot;
    } dropping; /* where the first of them is searched for */
};

/* The checksum of a name as the Node.js server counts it, which nodes of both have to agree on
 * (server.md 10). */
int64_t state_checksum(slice name);

/* The checksums of a/1 and a/4 have the sum of those of a/2 and a/3, so that nodes of this server
 * compare the sums of these too: FNV-1a of 64 bits, mixed. It must never change. */
uint64_t state_digest(slice name);

void state_sets_init(struct state_sets *sets, slice own_name);
void state_sets_fini(struct state_sets *sets);

/* Another server, or NULL. */
struct state_server *state_sets_server(const struct state_sets *sets, slice name);
struct state_server *state_sets_add_server(struct state_sets *sets, slice name);
/* The server is not there any more, and another one may come under its name. data is the user's to
 * free before. */
void state_sets_end_server(struct state_sets *sets, struct state_server *server);
/* Takes away some of the names of those that have ended, in less than about a millisecond. Returns
 * whether there are more. */
bool state_sets_drop_some(struct state_sets *sets);

/* This node's names are counted: whether it is the first, or the last. */
bool state_sets_add(struct state_sets *sets, unsigned set, slice name);
bool state_sets_remove(struct state_sets *sets, unsigned set, slice name);

/* Those of others are not. */
void state_sets_set(struct state_sets *sets, struct state_server *server, unsigned set, slice name);
void state_sets_unset(struct state_sets *sets, struct state_server *server, unsigned set,
                      slice name);
/* The server has the names of the map, and no others. */
void state_sets_replace(struct state_sets *sets, struct state_server *server, unsigned set,
                        const struct hashmap *names);

bool state_sets_has(const struct state_sets *sets, unsigned set, slice name);
void state_sets_each(const struct state_sets *sets, unsigned set,
                     void (*each)(void *context, slice name), void *context);
/* Names that this server has. */
void state_sets_each_of(const struct state_sets *sets, const struct state_server *server,
                        unsigned set, void (*each)(void *context, slice name), void *context);
/* Other servers that have the name, and have not ended. */
void state_sets_each_server(const struct state_sets *sets, unsigned set, slice name,
                            void (*each)(void *context, slice server), void *context);

static inline slice state_server_name(const struct state_server *server)
{
    return (slice){server->name, server->length};
}
