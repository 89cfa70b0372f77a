/* Heads and removals: of many names at once, in as few commands as Redis takes. */

#include "redis/record_store_internal.h"

#include "base/check.h"
#include "base/vec.h"

#include <stdlib.h>

#define NAMES_OF_A_COMMAND 500 /* of one server; in a cluster each name has its own */

static size_t names_of_a_command(const struct record_store *store)
{
    return store->settings.is_cluster ? 1 : NAMES_OF_A_COMMAND;
}

/* Words of one command about some names: their versions' keys, or both keys. */
struct bulk {
    VEC(slice) words;
    VEC(struct record_keys) keys;
};

enum bulk_keys { BULK_VERSIONS, BULK_BOTH };

static void bulk_init(struct bulk *bulk, const struct record_store *store, slice command,
                      const ds_slice *names, size_t count, enum bulk_keys which)
{
    *bulk = (struct bulk){0};
    VEC_PUSH(&bulk->words, command);
    for (size_t i = 0; i < count; i++) {
        struct record_keys keys;
        record_keys_init(&keys, &store->layout, names[i]);
        VEC_PUSH(&bulk->keys, keys);
        VEC_PUSH(&bulk->words, keys.version);
        if (which == BULK_BOTH)
            VEC_PUSH(&bulk->words, keys.data);
    }
}

static void bulk_fini(struct bulk *bulk)
{
    for (size_t i = 0; i < bulk->keys.count; i++)
        record_keys_fini(&bulk->keys.items[i]);
    VEC_FREE(&bulk->keys);
    VEC_FREE(&bulk->words);
}

static void bulk_ask(struct record_store *store, const struct bulk *bulk, redis_done *done,
                     void *context)
{
    redis_client_ask(store->client, bulk->keys.items[0].version, bulk->words.items,
                     bulk->words.count, done, context);
}

/* ---- heads ---- */

/* One of the commands of heads: where its answers go. */
struct head_part {
    struct record_operation *operation;
    size_t first, count;
};

static void end_heads(struct record_operation *operation)
{
    struct record_store *store = operation->store;
    if (--operation->answers > 0)
        return;
    const char *error = record_operation_error(operation);
    operation->done.heads(operation->context, error, error == NULL ? operation->versions : NULL);
    free(operation->versions);
    free(operation);
    record_operation_over(store);
}

static bool read_head(const redisReply *reply, int32_t *version)
{
    if (reply == NULL)
        return false;
    return reply->type == REDIS_REPLY_NIL ||
           (reply->type == REDIS_REPLY_STRING &&
            record_version_parse(redis_reply_text(reply), version));
}

static void on_heads(void *context, const struct redis_answer *answer)
{
    struct head_part *part = context;
    struct record_operation *operation = part->operation;
    if (answer->error != NULL)
        record_operation_note_error(operation, answer->error);
    for (size_t i = 0; answer->error == NULL && i < part->count; i++)
        if (!read_head(redis_reply_at(answer->reply, i), &operation->versions[part->first + i]))
            record_operation_note_error(operation,
                                        "what redis holds under one of the names is no version");
    free(part);
    end_heads(operation);
}

void record_store_heads(void *self, const ds_slice *names, size_t count, ds_heads_done *done,
                        void *context)
{
    struct record_store *store = self;
    struct record_operation *operation = record_operation_new(store, context);
    size_t step = names_of_a_command(store);
    operation->done.heads = done;
    operation->answers = 1;
    operation->versions = calloc(count + 1, sizeof *operation->versions);
    CHECK(operation->versions != NULL);
    for (size_t i = 0; i < count; i++)
        operation->versions[i] = DS_MISSING;
    if (!record_names_fit(store, names, count)) {
        record_operation_note_error(operation, record_name_refused);
        count = 0;
    }
    for (size_t first = 0; first < count; first += step) {
        struct bulk bulk;
        struct head_part *part = malloc(sizeof *part);
        CHECK(part != NULL);
        *part = (struct head_part){operation, first, count - first < step ? count - first : step};
        operation->answers++;
        bulk_init(&bulk, store, SLICE("MGET"), names + first, part->count, BULK_VERSIONS);
        bulk_ask(store, &bulk, on_heads, part);
        bulk_fini(&bulk);
    }
    end_heads(operation);
}

/* ---- remove ---- */

static void end_remove(struct record_operation *operation)
{
    struct record_store *store = operation->store;
    if (--operation->answers > 0)
        return;
    operation->done.plain(operation->context, record_operation_error(operation));
    free(operation);
    record_operation_over(store);
}

static void on_removed(void *context, const struct redis_answer *answer)
{
    struct record_operation *operation = context;
    if (answer->error != NULL)
        record_operation_note_error(operation, answer->error);
    end_remove(operation);
}

void record_store_remove(void *self, const ds_slice *names, size_t count, ds_done *done,
                         void *context)
{
    struct record_store *store = self;
    struct record_operation *operation = record_operation_new(store, context);
    size_t step = names_of_a_command(store);
    operation->done.plain = done;
    operation->answers = 1;
    if (!record_names_fit(store, names, count)) {
        record_operation_note_error(operation, record_name_refused);
        count = 0;
    }
    for (size_t first = 0; first < count; first += step) {
        struct bulk bulk;
        operation->answers++;
        bulk_init(&bulk, store, SLICE("DEL"), names + first,
                  count - first < step ? count - first : step, BULK_BOTH);
        bulk_ask(store, &bulk, on_removed, operation);
        bulk_fini(&bulk);
    }
    end_remove(operation);
}
