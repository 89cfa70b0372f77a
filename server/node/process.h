#pragma once
/* What the nodes of one process have together: objects that plugins make by a key, and share
 * (struct ds_services). Functions may be called on any thread. */

#include <stdbool.h>
#include <stddef.h>

struct ds_process;

/* At least so many nodes are going to be in it. */
struct ds_process *ds_process_new(size_t node_count);
/* Once all its nodes are freed. */
void ds_process_free(struct ds_process **process);

size_t process_node_count(const struct ds_process *process);

/* Whether all nodes that belong to it serve clients. Each node says when it does, and when it does
 * not any more. */
void process_node_ready(struct ds_process *process);
void process_node_unready(struct ds_process *process);
bool process_is_ready(const struct ds_process *process);

/* See share and unshare of struct ds_services. */
void *process_share(struct ds_process *process, const char *key, void *(*make)(void *context),
                    void *context);
void process_unshare(struct ds_process *process, const char *key, void (*free)(void *object));
