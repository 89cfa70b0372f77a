#pragma once
/* Private to the store: rows, lanes and their operations. */

#include "store.h"

enum operation_kind { OPERATION_GET, OPERATION_SET, OPERATION_REMOVE };

/* A removal of several names, answered when all of them are done. */
struct removal {
    ds_done *done;
    void *context;
    size_t left;
    bool has_failed;
    char error[500];
};

/* One block, with a copy of the data. */
struct operation {
    struct operation *next;
    enum operation_kind kind;
    size_t bytes;
    union {
        ds_record_done *on_record;
        ds_done *on_done;
        struct removal *removal;
    };
    void *context;
    struct ds_record record; /* to set */
};

struct operation_list {
    struct operation *first, *last;
};

struct row {
    struct lane *lane;
    struct list_link dirty;        /* of the lane, while its writes wait */
    struct operation_list queue;   /* not begun */
    struct operation_list writing; /* part of the batch */
    size_t queued_gets;
    size_t readers; /* that were begun */
    bool is_writing;
    slice id;
    /* What the batch does to it: removes it, then sets it, or one of the two. */
    bool is_removed, is_set;
    struct ds_record record;
};

enum { MOST_RANGES = 32 }; /* of halves of a batch: more than the logarithm of its rows */

/* Rows of a batch, from first to end. */
struct range {
    size_t first, end;
};

enum batch_step { BATCH_WRITES, BATCH_CREATES_TABLE };

struct lane {
    struct store *store;
    slice table;
    struct hashmap rows;
    struct list_link link; /* in dirty_lanes */
    struct list_link dirty_rows;
    enum value_type value_type;

    bool is_busy; /* with a batch, of which the rest tells */
    bool is_due;  /* the next batch waits for nothing */
    struct request request;
    enum batch_step step;
    struct row **batch; /* sorted by id, so that nodes do not wait for each other in a circle */
    size_t batch_count;
    struct range ranges[MOST_RANGES]; /* to be done, the next one on top */
    size_t range_count;
    struct range now;
    unsigned tries; /* of the range under way */
};

/* ---- row.c ---- */

/* The row of a name, made if need be. */
struct row *row_get(struct store *store, const struct key *key);

/* Takes the operation over and begins what can be begun. */
void row_add(struct row *row, struct operation *operation);

/* Begins what can be begun; frees the row when nothing is left, and its lane too. */
void row_advance(struct row *row);

struct operation *operation_take(struct operation_list *list);
void operation_append(struct operation_list *list, struct operation *operation);

/* Answers and frees it; gets a record only for a get that did not fail. */
void operation_end(struct store *store, struct operation *operation, const char *error,
                   const struct ds_record *record);

void lane_free_if_idle(struct lane *lane);

/* One name of it is done; the last one answers and frees it. */
void removal_end(struct removal *removal, const char *error);

/* For what counts as queued besides operations. */
void store_hold(struct store *store);
void store_release(struct store *store);

/* ---- store.c ---- */

/* Starts what waits for the interval; while the store closes, also tells that it is empty. */
void store_on_interval(uv_timer_t *timer);

/* ---- batch.c ---- */

/* Starts a batch of what waits, unless one is under way. */
void lane_flush(struct lane *lane);
