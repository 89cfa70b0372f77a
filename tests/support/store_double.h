#pragma once
/* A cache or a storage that does what a test says: answers at once, when told to, or never; fails;
 * is changed by "another node" between two calls. What it hands to callbacks is gone when they
 * return, so that whoever keeps it is found out. */

#include "deepstream/plugin.h"

#include "base/slice.h"
#include "base/vec.h"

enum store_call_kind { STORE_GET, STORE_SET, STORE_REMOVE, STORE_HEADS, STORE_CALL_KINDS };

struct store_entry {
    char *name;
    int32_t version;
    char *data;
};

struct store_call;

struct store_double {
    VEC(struct store_entry) entries;
    VEC(struct store_entry) reported; /* by `stored` of a cache; data is NULL */
    VEC(struct store_call *) waiting;
    bool is_late[STORE_CALL_KINDS];       /* calls of a kind wait for store_answer */
    const char *errors[STORE_CALL_KINDS]; /* calls of a kind fail with this text */
    size_t calls[STORE_CALL_KINDS];       /* so far */
    bool keeps_order; /* a call also waits while another one about one of its names does */
    /* Called before each set takes effect: what another node does meanwhile; may be NULL. */
    void (*before_set)(struct store_double *store);
};

extern const struct ds_cache_operations store_double_cache;
extern const struct ds_storage_operations store_double_storage;

void store_double_fini(struct store_double *store);

/* What another node, or the database, does. data NULL: gone. */
void store_put(struct store_double *store, const char *name, int32_t version, const char *data);

/* The version there, or DS_MISSING; data (unless NULL) gets the text, or NULL. */
int32_t store_version(const struct store_double *store, const char *name, const char **data);

/* The newest version that was reported as stored, or DS_MISSING. */
int32_t store_reported(const struct store_double *store, const char *name);

/* Answers the oldest call that waits; false when none does. */
bool store_answer(struct store_double *store);
