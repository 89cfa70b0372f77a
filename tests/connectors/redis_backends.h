#pragma once
/* Servers of Redis as the tests of its connectors need them: one, one with a password, one that
 * speaks TLS, a cluster of three. Options are JSON for a connector. */

#include "support/backend_process.h"

#define REDIS_CLUSTER_NODES 3

struct redis_backend {
    struct backend_process nodes[REDIS_CLUSTER_NODES]; /* one, unless it is a cluster */
    size_t count;
    char options[8192];
    char untrusting_options[64];
};

void redis_backend_start(struct redis_backend *redis);
void redis_backend_start_guarded(
    struct redis_backend *redis); /* password "s e:cret/1", database 3 */
/* Options trust its certificate; untrusting_options do not. */
void redis_backend_start_tls(struct redis_backend *redis);
void redis_backend_start_cluster(struct redis_backend *redis);
void redis_backend_remove(struct redis_backend *redis);

/* Runs redis-cli with these words, up to NULL, at the first node. */
void redis_backend_command(struct redis_backend *redis, const char *const *words);

/* Of a cluster: the id of a node, and slots that begin to move from one to another; `move` is the
 * command that moves them. */
#define REDIS_CLUSTER_ID 40
void redis_backend_cluster_id(struct redis_backend *redis, size_t node,
                              char id[REDIS_CLUSTER_ID + 1]);
void redis_backend_begin_reshard(struct redis_backend *redis, struct child_process *move,
                                 const char *from, const char *to, unsigned slots);
