#pragma once
/* Who subscribes to which name on this node. */

#include <stdbool.h>
#include "deepstream/plugin/values.h"

/* The server makes one registry for each kind of name
 * and does everything else: what is said to clients, limits, other nodes. A subscriber is a pointer
 * that is only compared and given back; it has a place in each registry, a pointer of the
 * registry's own, which is NULL as long as it subscribes to nothing there. Everything is
 * synchronous, and on the way of each message. All of them are needed. */
struct ds_subscription_registry_operations {
    /* what: "EVENT_SUBSCRIPTIONS" and so on, as struct ds_statistics calls it. */
    void *(*registry_new)(void *self, const char *what);
    /* Nobody subscribes to anything in it any more. */
    void (*registry_free)(void *self, void *registry);

    /* A subscriber that does not subscribe to name yet. Returns how many do now. */
    size_t (*add)(void *registry, ds_slice name, void *subscriber, void **place);
    /* Ends it; *left gets how many subscribe still. Returns false when there was nothing to end. */
    bool (*remove)(void *registry, ds_slice name, void *subscriber, void **place, size_t *left);
    bool (*has)(const void *registry, ds_slice name, const void *subscriber);

    /* Everybody who subscribes to name, in any order; *count of them. The array lives until the
     * registry changes. */
    void *const *(*subscribers)(const void *registry, ds_slice name, size_t *count);

    /* How many names a subscriber has, and the bytes of them all. */
    void (*size)(const void *registry, void *const *place, size_t *names, size_t *name_bytes);
    /* One of them, or one that anybody has; false when there is none. Lives until the registry
     * changes. */
    bool (*any_name_of)(const void *registry, void *const *place, ds_slice *name);
    bool (*any_name)(const void *registry, ds_slice *name);
};
