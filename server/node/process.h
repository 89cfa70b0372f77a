#pragma once
/* What the nodes of one process have together: objects that plugins make by a key, and share
 * (struct ds_services). Functions may be called on any thread. */

struct ds_process;

struct ds_process *ds_process_new(void);
/* Once all its nodes are freed. */
void ds_process_free(struct ds_process **process);

/* See share and unshare of struct ds_services. */
void *process_share(struct ds_process *process, const char *key, void *(*make)(void *context),
                    void *context);
void process_unshare(struct ds_process *process, const char *key, void (*free)(void *object));
