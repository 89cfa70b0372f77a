/* Sets: what decides on the version that is stored, and writes, is one step of Redis, a script. It
 * is called by its digest, and sent whole when Redis has forgotten it. */

#include "redis/command.h"
#include "redis/record_store_internal.h"

#include "base/check.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>

_Static_assert(RECORD_SCRIPT_DIGITS == 2 * SHA_DIGEST_LENGTH, "a digest is SHA-1");

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

void record_script_init(struct record_store *store, enum record_store_kind kind)
{
    const char *script = kind == RECORD_STORE_CACHE ? compare_and_set : set_newer;
    unsigned char digest[SHA_DIGEST_LENGTH];
    store->script = script;
    SHA1((const unsigned char *)script, strlen(script), digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(store->script_sha + 2 * i, 3, "%02x", digest[i]);
    const slice words[] = {SLICE("SCRIPT"), SLICE("LOAD"), slice_of(script)};
    redis_command_append(&store->greeting, words, 3);
}

/* A set; its words are kept in case that Redis has forgotten the script. */
struct set_operation {
    struct record_operation operation;
    struct record_keys keys;
    struct buf data;
    char version[12], expected[12];
    bool is_sent_whole;
};

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
    record_operation_over(store);
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
    return record_reply_read(version, redis_reply_at(reply, 1), conflict);
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
        tell_set(set, record_not_a_record, NULL);
    set_free(set);
}

static struct set_operation *set_new(struct record_store *store, ds_slice name,
                                     const struct ds_record *record, void *context)
{
    struct set_operation *set = calloc(1, sizeof *set);
    CHECK(set != NULL);
    record_operation_begin(&set->operation, store, context);
    record_keys_init(&set->keys, &store->layout, name);
    buf_append(&set->data, record->data);
    snprintf(set->version, sizeof set->version, "%d", record->version);
    return set;
}

void record_store_compare_and_set(void *self, ds_slice name, const struct ds_record *record,
                                  int32_t expected, ds_set_done *done, void *context)
{
    struct record_store *store = self;
    if (!record_names_fit(store, &name, 1)) {
        done(context, record_name_refused, NULL);
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
    if (!record_names_fit(store, &name, 1)) {
        done(context, record_name_refused);
        return;
    }
    struct set_operation *set = set_new(store, name, record, context);
    set->operation.done.plain = done;
    send_set(set);
}
