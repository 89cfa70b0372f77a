#pragma once
/* Answers of caches and storages, kept for a test to look at.
 *
 *     struct store_answer answer;
 *     cache->get(self, name, answer_record, store_answer_begin(&answer));
 *     plugin_host_wait(&host, &answer.is_done);
 *     ... answer.version, answer.data
 *     store_answer_end(&answer); */

#include "deepstream/plugin.h"

#include "base/buf.h"

struct store_answer {
    bool is_done;
    bool is_conflict; /* of a set */
    char *error;      /* NULL: none */
    int32_t version;  /* of the record, or of the conflict */
    struct buf data;
    size_t head_count; /* set after store_answer_begin */
    int32_t *heads;
};

/* Clears it and returns it as a context. */
void *store_answer_begin(struct store_answer *answer);
void store_answer_end(struct store_answer *answer);

/* Callbacks whose context is a store_answer; each ends the process when called twice. */
void answer_record(void *context, const char *error, const struct ds_record *record);
void answer_set(void *context, const char *error, const struct ds_record *conflict);
void answer_heads(void *context, const char *error, const int32_t *versions);
void answer_done(void *context, const char *error);
