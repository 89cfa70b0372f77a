#pragma once
/* What was asked of the storage and is not answered yet: copies of all texts, and whom to answer.
 */

#include "deepstream/plugin.h"

#include "base/list.h"

enum operation_kind { OPERATION_GET, OPERATION_SET, OPERATION_REMOVE };

/* A removal of several names, of which each is an operation. */
struct removal {
    size_t left;
    struct ds_error error; /* of one that failed; empty: none */
    ds_done *done;
    void *context;
};

struct operation {
    struct list_link link;
    struct list_link riders; /* of the same name and kind: answered together with this one */
    enum operation_kind kind;
    size_t bytes;   /* of memory */
    unsigned tries; /* that ended with "later" */
    bool is_alone;  /* the answer would be too large beside others */
    union {
        ds_record_done *on_record; /* OPERATION_GET */
        ds_done *on_done;          /* OPERATION_SET */
        struct removal *removal;   /* OPERATION_REMOVE */
    };
    void *context;
    ds_slice name, index, id;
    struct ds_record record; /* to set */
};

size_t operation_bytes(ds_slice name, ds_slice index, ds_slice id, const struct ds_record *record);

/* record may be NULL. */
struct operation *operation_new(enum operation_kind kind, ds_slice name, ds_slice index,
                                ds_slice id, const struct ds_record *record);

/* Lets later wait with earlier, which is of the same name and kind, for one answer. Returns which
 * of the two is to be carried out: of sets the one that makes the other obsolete. */
struct operation *operation_join(struct operation *earlier, struct operation *later);

/* Answers it and its riders, and frees them; returns their bytes. error is NULL or why it failed;
 * record is what a get found. */
size_t operation_answer(struct operation *operation, const char *error,
                        const struct ds_record *record);
