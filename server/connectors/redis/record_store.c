#include "redis/record_store_internal.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

#define MOST_TTL_S INT32_MAX

/* ---- operations, behind the last of which it may end ---- */

static void on_client_closed(void *context)
{
    struct record_store *store = context;
    ds_done *closed = store->closed;
    void *closed_context = store->closed_context;
    redis_settings_fini(&store->settings);
    buf_fini(&store->greeting);
    free(store);
    closed(closed_context, NULL);
}

static void close_if_done(struct record_store *store)
{
    if (store->closed != NULL && store->under_way == 0)
        redis_client_close(store->client, on_client_closed, store);
}

void record_operation_begin(struct record_operation *operation, struct record_store *store,
                            void *context)
{
    operation->store = store;
    operation->context = context;
    store->under_way++;
}

void record_operation_over(struct record_store *store)
{
    store->under_way--;
    close_if_done(store);
}

struct record_operation *record_operation_new(struct record_store *store, void *context)
{
    struct record_operation *operation = calloc(1, sizeof *operation);
    CHECK(operation != NULL);
    record_operation_begin(operation, store, context);
    return operation;
}

void record_operation_note_error(struct record_operation *operation, const char *error)
{
    if (operation->error[0] == '\0')
        snprintf(operation->error, sizeof operation->error, "%.290s", error);
}

const char *record_operation_error(const struct record_operation *operation)
{
    return operation->error[0] == '\0' ? NULL : operation->error;
}

const char record_not_a_record[] = "what redis holds under this name is no record";

const char record_name_refused[] =
    "the empty name and names that begin with } cannot be kept in redis with hashTags";

bool record_names_fit(const struct record_store *store, const ds_slice *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!record_keys_fit(&store->layout, names[i]))
            return false;
    return true;
}

/* ---- get ---- */

bool record_reply_read(const redisReply *version, const redisReply *data, struct ds_record *record)
{
    *record = (struct ds_record){.version = DS_MISSING, .data = SLICE("")};
    if (version == NULL || data == NULL)
        return false;
    if (version->type == REDIS_REPLY_NIL || data->type == REDIS_REPLY_NIL)
        return true;
    record->data = redis_reply_text(data);
    return version->type == REDIS_REPLY_STRING && data->type == REDIS_REPLY_STRING &&
           record_version_parse(redis_reply_text(version), &record->version);
}

static void on_get(void *context, const struct redis_answer *answer)
{
    struct record_operation *operation = context;
    struct record_store *store = operation->store;
    struct ds_record record;
    const char *error = answer->error;
    if (error == NULL && !record_reply_read(redis_reply_at(answer->reply, 0),
                                            redis_reply_at(answer->reply, 1), &record))
        error = record_not_a_record;
    operation->done.record(operation->context, error, error == NULL ? &record : NULL);
    free(operation);
    record_operation_over(store);
}

void record_store_get(void *self, ds_slice name, ds_record_done *done, void *context)
{
    struct record_store *store = self;
    struct record_keys keys;
    if (!record_names_fit(store, &name, 1)) {
        done(context, record_name_refused, NULL);
        return;
    }
    struct record_operation *operation = record_operation_new(store, context);
    operation->done.record = done;
    record_keys_init(&keys, &store->layout, name);
    const slice words[] = {SLICE("MGET"), keys.version, keys.data};
    redis_client_ask(store->client, keys.version, words, 3, on_get, operation);
    record_keys_fini(&keys);
}

/* ---- beginning and end ---- */

static bool read_options(struct record_store *store, const struct ds_value *options,
                         enum record_store_kind kind, struct ds_error *error)
{
    uint32_t ttl = 0;
    if (kind == RECORD_STORE_CACHE &&
        !redis_option_number(options, "ttl", 1, MOST_TTL_S, 0, &ttl, error))
        return false;
    if (!redis_settings_init(&store->settings, options, error))
        return false;
    store->layout = (struct record_layout){.key_prefix = store->settings.key_prefix,
                                           .has_hash_tags = store->settings.has_hash_tags};
    if (ttl > 0)
        snprintf(store->ttl, sizeof store->ttl, "%u", ttl);
    const char *problem = NULL;
    if (store->settings.is_cluster && !store->layout.has_hash_tags)
        problem = "a redis cluster keeps the two keys of a record apart; set hashTags: true, which "
                  "is a layout that the original's connector does not know";
    else if (store->layout.has_hash_tags && store->layout.key_prefix.length > 0 &&
             memchr(store->layout.key_prefix.at, '{', store->layout.key_prefix.length) != NULL)
        problem = "keyPrefix must not contain { when hashTags is set";
    if (problem == NULL)
        return true;
    snprintf(error->text, sizeof error->text, "%s", problem);
    error->value = options;
    redis_settings_fini(&store->settings);
    return false;
}

struct record_store *record_store_new(const struct ds_services *services,
                                      const struct ds_value *options, enum record_store_kind kind,
                                      struct ds_error *error)
{
    struct record_store *store = calloc(1, sizeof *store);
    CHECK(store != NULL);
    if (!read_options(store, options, kind, error)) {
        free(store);
        return NULL;
    }
    record_script_init(store, kind);
    store->client = redis_client_new(services, &store->settings, buf_slice(&store->greeting), 1);
    return store;
}

void record_store_start(void *self, ds_done *done, void *context)
{
    struct record_store *store = self;
    redis_client_start(store->client, done, context);
}

void record_store_close(void *self, ds_done *done, void *context)
{
    struct record_store *store = self;
    store->closed = done;
    store->closed_context = context;
    close_if_done(store);
}
