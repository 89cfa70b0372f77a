#include "redis/record_store.h"
#include "redis/command.h"
#include "redis/record_keys.h"

#include "base/check.h"
#include "base/vec.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>

#define NAMES_OF_A_COMMAND 500 /* of one server; in a cluster each name has its own */
#define MOST_TTL_S INT32_MAX
#define SHA_DIGITS (2 * SHA_DIGEST_LENGTH)

/* ARGV: the expected version, -1 for none, or *; version; data; time to live, if it has one. A
 * version whose data is gone, because Redis dropped it, is none. */
static const char compare_and_set[] =
    "local held = redis.call('GET', KEYS[1])\n"
    "if held and redis.call('EXISTS', KEYS[2]) == 0 then held = false end\n"
    "if ARGV[1] ~= '*' and (held or '-1') ~= ARGV[1] then\n"
    "  if not held then return {'-1', ''} end\n"
    "  return {held, redis.call('GET', KEYS[2])}\n"
    "end\n"
    "if ARGV[4] then\n"
    "  redis.call('SETEX', KEYS[1], ARGV[4], ARGV[2])\n"
    "  redis.call('SETEX', KEYS[2], ARGV[4], ARGV[3])\n"
    "else\n"
    "  redis.call('MSET', KEYS[1], ARGV[2], KEYS[2], ARGV[3])\n"
    "end\n"
    "return 1\n";

/* ARGV: version; data. A stored version that is no number is an error. */
static const char set_newer[] =
    "local held = redis.call('GET', KEYS[1])\n"
    "if held and redis.call('EXISTS', KEYS[2]) == 1 and tonumber(held) > tonumber(ARGV[1]) then\n"
    "  return 0\n"
    "end\n"
    "redis.call('MSET', KEYS[1], ARGV[1], KEYS[2], ARGV[2])\n"
    "return 1\n";

struct record_store {
    struct redis_settings settings;
    struct record_layout layout;
    struct redis_client *client;
    const char *script;
    char script_sha[SHA_DIGITS + 1];
    struct buf greeting; /* which makes the script known */
    char ttl[12];        /* seconds; empty: for ever */
    size_t under_way;
    ds_done *closed; /* NULL: it is not being closed */
    void *closed_context;
};

/* What one call asks for; its last answer ends it. */
struct operation {
    struct record_store *store;
    union {
        ds_record_done *record;
        ds_set_done *set;
        ds_heads_done *heads;
        ds_done *plain;
    } done;
    void *context;
    size_t answers; /* still to come */
    char error[300];
    int32_t *versions; /* of heads */
};

/* One of the commands of heads: where its answers go. */
struct head_part {
    struct operation *operation;
    size_t first, count;
};

/* A set; its words are kept in case that Redis has forgotten the script. */
struct set_operation {
    struct operation operation;
    struct record_keys keys;
    struct buf data;
    char version[12], expected[12];
    bool is_sent_whole;
};

static void close_if_done(struct record_store *store);

static void begin(struct operation *operation, struct record_store *store, void *context)
{
    operation->store = store;
    operation->context = context;
    store->under_way++;
}

static void over(struct record_store *store)
{
    store->under_way--;
    close_if_done(store);
}

static struct operation *operation_new(struct record_store *store, void *context)
{
    struct operation *operation = calloc(1, sizeof *operation);
    CHECK(operation != NULL);
    begin(operation, store, context);
    return operation;
}

static void note_error(struct operation *operation, const char *error)
{
    if (operation->error[0] == '\0')
        snprintf(operation->error, sizeof operation->error, "%.290s", error);
}

static const char *error_of(const struct operation *operation)
{
    return operation->error[0] == '\0' ? NULL : operation->error;
}

static const char name_refused[] =
    "the empty name and names that begin with } cannot be kept in redis with hashTags";

static bool all_fit(const struct record_store *store, const ds_slice *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!record_keys_fit(&store->layout, names[i]))
            return false;
    return true;
}

/* ---- get ---- */

/* What `version` and `data` of a reply are; false: no record. */
static bool read_record(const redisReply *version, const redisReply *data, struct ds_record *record)
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
    struct operation *operation = context;
    struct record_store *store = operation->store;
    struct ds_record record;
    const char *error = answer->error;
    if (error == NULL &&
        !read_record(redis_reply_at(answer->reply, 0), redis_reply_at(answer->reply, 1), &record))
        error = "what redis holds under this name is no record";
    operation->done.record(operation->context, error, error == NULL ? &record : NULL);
    free(operation);
    over(store);
}

void record_store_get(void *self, ds_slice name, ds_record_done *done, void *context)
{
    struct record_store *store = self;
    struct record_keys keys;
    if (!all_fit(store, &name, 1)) {
        done(context, name_refused, NULL);
        return;
    }
    struct operation *operation = operation_new(store, context);
    operation->done.record = done;
    record_keys_init(&keys, &store->layout, name);
    const slice words[] = {SLICE("MGET"), keys.version, keys.data};
    redis_client_ask(store->client, keys.version, words, 3, on_get, operation);
    record_keys_fini(&keys);
}

/* ---- set ---- */

static void on_set(void *context, const struct redis_answer *answer);

static void send_set(struct set_operation *set)
{
    struct record_store *store = set->operation.store;
    slice words[9];
    size_t count = 0;
    words[count++] = set->is_sent_whole ? SLICE("EVAL") : SLICE("EVALSHA");
    words[count++] = slice_of(set->is_sent_whole ? store->script : store->script_sha);
    words[count++] = SLICE("2");
    words[count++] = set->keys.version;
    words[count++] = set->keys.data;
    if (set->expected[0] != '\0')
        words[count++] = slice_of(set->expected);
    words[count++] = slice_of(set->version);
    words[count++] = buf_slice(&set->data);
    if (store->ttl[0] != '\0')
        words[count++] = slice_of(store->ttl);
    redis_client_ask(store->client, set->keys.version, words, count, on_set, set);
}

static void set_free(struct set_operation *set)
{
    struct record_store *store = set->operation.store;
    record_keys_fini(&set->keys);
    buf_fini(&set->data);
    free(set);
    over(store);
}

static void tell_set(struct set_operation *set, const char *error, const struct ds_record *conflict)
{
    if (set->expected[0] != '\0')
        set->operation.done.set(set->operation.context, error, conflict);
    else
        set->operation.done.plain(set->operation.context, error);
}

/* The two elements of a conflict; a version of -1 is none. */
static bool read_conflict(const redisReply *reply, struct ds_record *conflict)
{
    const redisReply *version = redis_reply_at(reply, 0);
    if (version != NULL && slice_equal(redis_reply_text(version), SLICE("-1"))) {
        *conflict = (struct ds_record){.version = DS_MISSING, .data = SLICE("")};
        return true;
    }
    return read_record(version, redis_reply_at(reply, 1), conflict);
}

static void on_set(void *context, const struct redis_answer *answer)
{
    struct set_operation *set = context;
    struct ds_record conflict;
    bool is_forgotten = answer->reply != NULL && answer->error != NULL &&
                        slice_starts_with(slice_of(answer->error), SLICE("NOSCRIPT"));
    if (is_forgotten && !set->is_sent_whole) {
        set->is_sent_whole = true;
        send_set(set);
        return;
    }
    if (answer->error != NULL)
        tell_set(set, answer->error, NULL);
    else if (answer->reply->type == REDIS_REPLY_INTEGER)
        tell_set(set, NULL, NULL);
    else if (read_conflict(answer->reply, &conflict))
        tell_set(set, NULL, &conflict);
    else
        tell_set(set, "what redis holds under this name is no record", NULL);
    set_free(set);
}

static struct set_operation *set_new(struct record_store *store, ds_slice name,
                                     const struct ds_record *record, void *context)
{
    struct set_operation *set = calloc(1, sizeof *set);
    CHECK(set != NULL);
    begin(&set->operation, store, context);
    record_keys_init(&set->keys, &store->layout, name);
    buf_append(&set->data, record->data);
    snprintf(set->version, sizeof set->version, "%d", record->version);
    return set;
}

void record_store_compare_and_set(void *self, ds_slice name, const struct ds_record *record,
                                  int32_t expected, ds_set_done *done, void *context)
{
    struct record_store *store = self;
    if (!all_fit(store, &name, 1)) {
        done(context, name_refused, NULL);
        return;
    }
    struct set_operation *set = set_new(store, name, record, context);
    set->operation.done.set = done;
    if (expected == DS_ANY_VERSION)
        snprintf(set->expected, sizeof set->expected, "*");
    else
        snprintf(set->expected, sizeof set->expected, "%d", expected);
    send_set(set);
}

void record_store_set_newer(void *self, ds_slice name, const struct ds_record *record,
                            ds_done *done, void *context)
{
    struct record_store *store = self;
    if (!all_fit(store, &name, 1)) {
        done(context, name_refused);
        return;
    }
    struct set_operation *set = set_new(store, name, record, context);
    set->operation.done.plain = done;
    send_set(set);
}

/* ---- many names ---- */

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

static void end_heads(struct operation *operation)
{
    struct record_store *store = operation->store;
    if (--operation->answers > 0)
        return;
    const char *error = error_of(operation);
    operation->done.heads(operation->context, error, error == NULL ? operation->versions : NULL);
    free(operation->versions);
    free(operation);
    over(store);
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
    struct operation *operation = part->operation;
    if (answer->error != NULL)
        note_error(operation, answer->error);
    for (size_t i = 0; answer->error == NULL && i < part->count; i++)
        if (!read_head(redis_reply_at(answer->reply, i), &operation->versions[part->first + i]))
            note_error(operation, "what redis holds under one of the names is no version");
    free(part);
    end_heads(operation);
}

void record_store_heads(void *self, const ds_slice *names, size_t count, ds_heads_done *done,
                        void *context)
{
    struct record_store *store = self;
    struct operation *operation = operation_new(store, context);
    size_t step = names_of_a_command(store);
    operation->done.heads = done;
    operation->answers = 1;
    operation->versions = calloc(count + 1, sizeof *operation->versions);
    CHECK(operation->versions != NULL);
    for (size_t i = 0; i < count; i++)
        operation->versions[i] = DS_MISSING;
    if (!all_fit(store, names, count)) {
        note_error(operation, name_refused);
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

static void end_remove(struct operation *operation)
{
    struct record_store *store = operation->store;
    if (--operation->answers > 0)
        return;
    operation->done.plain(operation->context, error_of(operation));
    free(operation);
    over(store);
}

static void on_removed(void *context, const struct redis_answer *answer)
{
    struct operation *operation = context;
    if (answer->error != NULL)
        note_error(operation, answer->error);
    end_remove(operation);
}

void record_store_remove(void *self, const ds_slice *names, size_t count, ds_done *done,
                         void *context)
{
    struct record_store *store = self;
    struct operation *operation = operation_new(store, context);
    size_t step = names_of_a_command(store);
    operation->done.plain = done;
    operation->answers = 1;
    if (!all_fit(store, names, count)) {
        note_error(operation, name_refused);
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

static void make_script_known(struct record_store *store, const char *script)
{
    unsigned char digest[SHA_DIGEST_LENGTH];
    store->script = script;
    SHA1((const unsigned char *)script, strlen(script), digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(store->script_sha + 2 * i, 3, "%02x", digest[i]);
    const slice words[] = {SLICE("SCRIPT"), SLICE("LOAD"), slice_of(script)};
    redis_command_append(&store->greeting, words, 3);
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
    make_script_known(store, kind == RECORD_STORE_CACHE ? compare_and_set : set_newer);
    store->client = redis_client_new(services, &store->settings, buf_slice(&store->greeting), 1);
    return store;
}

void record_store_start(void *self, ds_done *done, void *context)
{
    struct record_store *store = self;
    redis_client_start(store->client, done, context);
}

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

void record_store_close(void *self, ds_done *done, void *context)
{
    struct record_store *store = self;
    store->closed = done;
    store->closed_context = context;
    close_if_done(store);
}
