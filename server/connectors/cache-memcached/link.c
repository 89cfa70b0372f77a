#include "cache-memcached/link.h"
#include "cache-memcached/item.h"
#include "cache-memcached/memcached_settings.h"

#include "base/check.h"
#include "base/hashmap.h"

#include <libmemcached/memcached.h>

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ITEM_OVERHEAD_BYTES 100 /* of an item, more than memcached adds */
#define MOST_TRIES 16           /* of a set, while others change what it expects */
#define NAMES_OF_A_REQUEST 1000
#define MOST_RELATIVE_SECONDS (60 * 60 * 24 * 30) /* protocol.txt: what is more is a date */
#define PROBE_NAME "deepstream/is-it-there"
#define PROBE_SECONDS 60

struct link {
    const struct memcached_settings *settings;
    memcached_st *memcached;
    memcached_result_st result;
    struct buf value; /* that is written */
};

/* ---- errors ---- */

static bool is_lost(memcached_return_t outcome)
{
    switch (outcome) {
    case MEMCACHED_SUCCESS:
    case MEMCACHED_E2BIG:
    case MEMCACHED_CLIENT_ERROR:
    case MEMCACHED_SERVER_ERROR:
    case MEMCACHED_SERVER_MEMORY_ALLOCATION_FAILURE:
    case MEMCACHED_NOTFOUND:
    case MEMCACHED_NOTSTORED:
    case MEMCACHED_DATA_EXISTS:
    case MEMCACHED_NOT_SUPPORTED:
    case MEMCACHED_BAD_KEY_PROVIDED:
        return false;
    default:
        return true;
    }
}

static void lower(char *text)
{
    for (; *text != '\0'; text++)
        *text = (char)tolower((unsigned char)*text);
}

/* Whatever still comes over a connection that failed is no answer to what is asked next. */
static enum blocking_outcome fail(struct link *link, memcached_return_t outcome,
                                  struct ds_error *error)
{
    int system = memcached_last_error_errno(link->memcached);
    const char *reason =
        is_lost(outcome) && system != 0 ? strerror(system) : memcached_strerror(NULL, outcome);
    snprintf(error->text, sizeof error->text, "memcached: %s", reason);
    lower(error->text);
    if (!is_lost(outcome))
        return BLOCKING_FAILED;
    memcached_quit(link->memcached);
    return BLOCKING_LOST;
}

static enum blocking_outcome refuse_foreign(const struct item_key *key, struct ds_error *error)
{
    snprintf(error->text, sizeof error->text,
             "memcached: what stands under the key `%s` is not a record; remove it", key->text);
    return BLOCKING_FAILED;
}

/* ---- a connection ---- */

static void set_up(const struct link *link)
{
    const struct memcached_settings *settings = link->settings;
    const struct {
        memcached_behavior_t what;
        uint64_t value;
    } behaviours[] = {
        {MEMCACHED_BEHAVIOR_SUPPORT_CAS, settings->is_atomic},
        {MEMCACHED_BEHAVIOR_TCP_NODELAY, 1},
        {MEMCACHED_BEHAVIOR_TCP_KEEPALIVE, 1},
        {MEMCACHED_BEHAVIOR_CONNECT_TIMEOUT, settings->timeout_ms},
        {MEMCACHED_BEHAVIOR_POLL_TIMEOUT, settings->timeout_ms},
        {MEMCACHED_BEHAVIOR_SND_TIMEOUT, (uint64_t)settings->timeout_ms * 1000},
        {MEMCACHED_BEHAVIOR_RCV_TIMEOUT, (uint64_t)settings->timeout_ms * 1000},
        /* of one server the lane knows better when to try again */
        {MEMCACHED_BEHAVIOR_RETRY_TIMEOUT, settings->server_count > 1},
    };
    for (size_t i = 0; i < sizeof behaviours / sizeof *behaviours; i++)
        memcached_behavior_set(link->memcached, behaviours[i].what, behaviours[i].value);
    if (settings->server_count > 1)
        memcached_behavior_set(link->memcached, MEMCACHED_BEHAVIOR_KETAMA_WEIGHTED, 1);
    for (size_t i = 0; i < settings->server_count; i++) {
        const struct memcached_server *server = &settings->servers[i];
        memcached_return_t added =
            server->port == 0 ? memcached_server_add_unix_socket_with_weight(
                                    link->memcached, server->host, server->weight)
                              : memcached_server_add_with_weight(link->memcached, server->host,
                                                                 server->port, server->weight);
        CHECK(added == MEMCACHED_SUCCESS);
    }
}

static void *link_open(const void *shared)
{
    struct link *link = calloc(1, sizeof *link);
    CHECK(link != NULL);
    link->settings = shared;
    CHECK((link->memcached = memcached_create(NULL)) != NULL);
    CHECK(memcached_result_create(link->memcached, &link->result) != NULL);
    set_up(link);
    return link;
}

static void link_close(const void *shared, void *own)
{
    struct link *link = own;
    (void)shared;
    memcached_result_free(&link->result);
    memcached_free(link->memcached);
    buf_fini(&link->value);
    free(link);
}

/* ---- reading ---- */

/* Takes the next item of the answer into link->result. *is_there is false at its end. */
static enum blocking_outcome fetch(struct link *link, bool *is_there, struct ds_error *error)
{
    memcached_return_t outcome;
    *is_there = memcached_fetch_result(link->memcached, &link->result, &outcome) != NULL;
    if (*is_there || outcome == MEMCACHED_END || outcome == MEMCACHED_NOTFOUND ||
        outcome == MEMCACHED_SUCCESS)
        return BLOCKING_DONE;
    return fail(link, outcome, error);
}

static slice result_value(const struct link *link)
{
    return (slice){memcached_result_value(&link->result), memcached_result_length(&link->result)};
}

/* cas gets the mark that a compare-and-set of this state needs. */
static enum blocking_outcome read_item(struct link *link, const struct item_key *key, slice name,
                                       struct blocking_record *found, uint64_t *cas,
                                       struct ds_error *error)
{
    const char *text = key->text;
    slice data;
    bool is_there;
    *cas = 0;
    found->is_there = false;
    buf_clear(&found->data);
    memcached_return_t asked = memcached_mget(link->memcached, &text, &key->length, 1);
    if (asked != MEMCACHED_SUCCESS)
        return fail(link, asked, error);
    enum blocking_outcome outcome = fetch(link, &is_there, error);
    if (outcome != BLOCKING_DONE || !is_there)
        return outcome;
    bool is_record = item_read(result_value(link), key, name, &found->version, &data);
    if (is_record)
        buf_append(&found->data, data);
    found->is_there = is_record;
    *cas = memcached_result_cas(&link->result);
    bool is_another;
    outcome = fetch(link, &is_another, error); /* the end of the answer */
    if (outcome != BLOCKING_DONE)
        return outcome;
    return is_record ? BLOCKING_DONE : refuse_foreign(key, error);
}

static enum blocking_outcome link_get(const void *shared, void *own, ds_slice name,
                                      struct blocking_record *found, struct ds_error *error)
{
    const struct memcached_settings *settings = shared;
    struct item_key key;
    uint64_t cas;
    item_key_of(&key, settings->namespace_, name);
    return read_item(own, &key, name, found, &cas, error);
}

/* ---- heads ---- */

/* The names of one request. A name may be there twice: `next` leads from one to the other. */
struct asked {
    struct item_key keys[NAMES_OF_A_REQUEST];
    const char *texts[NAMES_OF_A_REQUEST];
    size_t lengths[NAMES_OF_A_REQUEST];
    size_t next[NAMES_OF_A_REQUEST]; /* position + 1; 0: none */
    struct hashmap by_key;           /* to an element of `next`, of the newest */
};

static void prepare(struct asked *asked, slice namespace_, const ds_slice *names, size_t count)
{
    hashmap_init(&asked->by_key);
    for (size_t i = 0; i < count; i++) {
        item_key_of(&asked->keys[i], namespace_, names[i]);
        asked->texts[i] = asked->keys[i].text;
        asked->lengths[i] = asked->keys[i].length;
        size_t *before = hashmap_put(&asked->by_key, (slice){asked->texts[i], asked->lengths[i]},
                                     &asked->next[i]);
        asked->next[i] = before == NULL ? 0 : (size_t)(before - asked->next) + 1;
    }
}

static enum blocking_outcome read_heads(struct link *link, const struct asked *asked,
                                        const ds_slice *names, int32_t *versions,
                                        struct ds_error *error)
{
    for (;;) {
        bool is_there, is_record = true;
        enum blocking_outcome outcome = fetch(link, &is_there, error);
        if (outcome != BLOCKING_DONE || !is_there)
            return outcome;
        slice key = {memcached_result_key_value(&link->result),
                     memcached_result_key_length(&link->result)};
        const size_t *newest = hashmap_find(&asked->by_key, key);
        size_t at = newest == NULL ? 0 : (size_t)(newest - asked->next) + 1;
        for (; at != 0 && is_record; at = asked->next[at - 1]) {
            slice data;
            is_record = item_read(result_value(link), &asked->keys[at - 1], names[at - 1],
                                  &versions[at - 1], &data);
            if (!is_record)
                outcome = refuse_foreign(&asked->keys[at - 1], error);
        }
        if (outcome != BLOCKING_DONE) {
            memcached_quit(link->memcached); /* the rest of the answer is not read */
            return outcome;
        }
    }
}

static enum blocking_outcome link_heads(const void *shared, void *own, const ds_slice *names,
                                        size_t count, int32_t *versions, struct ds_error *error)
{
    const struct memcached_settings *settings = shared;
    struct link *link = own;
    struct asked *asked = malloc(sizeof *asked);
    CHECK(asked != NULL);
    enum blocking_outcome outcome = BLOCKING_DONE;
    for (size_t first = 0; first < count && outcome == BLOCKING_DONE; first += NAMES_OF_A_REQUEST) {
        size_t part = count - first < NAMES_OF_A_REQUEST ? count - first : NAMES_OF_A_REQUEST;
        prepare(asked, settings->namespace_, names + first, part);
        memcached_return_t sent =
            memcached_mget(link->memcached, asked->texts, asked->lengths, part);
        outcome = sent == MEMCACHED_SUCCESS
                      ? read_heads(link, asked, names + first, versions + first, error)
                      : fail(link, sent, error);
        hashmap_fini(&asked->by_key);
    }
    free(asked);
    return outcome;
}

/* ---- writing ---- */

/* When it ends, as memcached wants to hear it. */
static time_t expiration(const struct memcached_settings *settings)
{
    return settings->lifetime_s > MOST_RELATIVE_SECONDS ? time(NULL) + (time_t)settings->lifetime_s
                                                        : (time_t)settings->lifetime_s;
}

/* A set of what is too large would take the old item away, and so is not sent. */
static bool fits(const struct link *link, const struct item_key *key, struct ds_error *error)
{
    size_t bytes = link->value.length + key->length + ITEM_OVERHEAD_BYTES;
    if (bytes <= link->settings->max_item_bytes)
        return true;
    snprintf(error->text, sizeof error->text,
             "memcached: the record takes %zu bytes, more than an item may have (%zu); let "
             "memcached (-I) and memcachedOptions.maxValue allow more",
             bytes, link->settings->max_item_bytes);
    return false;
}

static memcached_return_t send_plain(const struct link *link, const struct item_key *key)
{
    return memcached_set(link->memcached, key->text, key->length, link->value.at,
                         link->value.length, expiration(link->settings), ITEM_FLAGS);
}

static memcached_return_t send_new(const struct link *link, const struct item_key *key)
{
    return memcached_add(link->memcached, key->text, key->length, link->value.at,
                         link->value.length, expiration(link->settings), ITEM_FLAGS);
}

static memcached_return_t send_changed(const struct link *link, const struct item_key *key,
                                       uint64_t cas)
{
    if (!link->settings->is_atomic)
        return send_plain(link, key);
    return memcached_cas(link->memcached, key->text, key->length, link->value.at,
                         link->value.length, expiration(link->settings), ITEM_FLAGS, cas);
}

/* Whether somebody else was faster: then what is expected must be looked at again. */
static bool was_overtaken(memcached_return_t outcome)
{
    return outcome == MEMCACHED_DATA_EXISTS || outcome == MEMCACHED_NOTSTORED ||
           outcome == MEMCACHED_NOTFOUND;
}

static enum blocking_outcome set_expected(struct link *link, const struct item_key *key, slice name,
                                          int32_t expected, struct blocking_record *found,
                                          struct ds_error *error)
{
    for (unsigned tries = 0; tries < MOST_TRIES; tries++) {
        memcached_return_t sent = MEMCACHED_NOTSTORED;
        if (expected == DS_MISSING)
            sent = send_new(link, key);
        if (was_overtaken(sent)) {
            uint64_t cas;
            enum blocking_outcome read = read_item(link, key, name, found, &cas, error);
            if (read != BLOCKING_DONE)
                return read;
            if ((found->is_there ? found->version : DS_MISSING) != expected)
                return BLOCKING_CONFLICT;
            if (found->is_there)
                sent = send_changed(link, key, cas);
        }
        if (sent == MEMCACHED_SUCCESS)
            return BLOCKING_DONE;
        if (!was_overtaken(sent))
            return fail(link, sent, error);
    }
    snprintf(error->text, sizeof error->text, "memcached: others change the record all the time");
    return BLOCKING_FAILED;
}

static enum blocking_outcome link_set(const void *shared, void *own, ds_slice name,
                                      const struct ds_record *record, int32_t expected,
                                      struct blocking_record *found, struct ds_error *error)
{
    const struct memcached_settings *settings = shared;
    struct link *link = own;
    struct item_key key;
    item_key_of(&key, settings->namespace_, name);
    buf_clear(&link->value);
    item_write(&link->value, &key, name, record->version, record->data);
    if (!fits(link, &key, error))
        return BLOCKING_FAILED;
    if (expected != DS_ANY_VERSION)
        return set_expected(link, &key, name, expected, found, error);
    memcached_return_t sent = send_plain(link, &key);
    return sent == MEMCACHED_SUCCESS ? BLOCKING_DONE : fail(link, sent, error);
}

/* ---- removing ---- */

/* Without waiting for each answer; `version`, which every server answers, is behind them. */
static enum blocking_outcome remove_many(struct link *link, const ds_slice *names, size_t count,
                                         struct ds_error *error)
{
    memcached_return_t outcome = MEMCACHED_SUCCESS;
    memcached_behavior_set(link->memcached, MEMCACHED_BEHAVIOR_NOREPLY, 1);
    for (size_t i = 0; i < count && outcome == MEMCACHED_SUCCESS; i++) {
        struct item_key key;
        item_key_of(&key, link->settings->namespace_, names[i]);
        outcome = memcached_delete(link->memcached, key.text, key.length, 0);
        if (outcome == MEMCACHED_BUFFERED || outcome == MEMCACHED_NOTFOUND)
            outcome = MEMCACHED_SUCCESS;
    }
    memcached_behavior_set(link->memcached, MEMCACHED_BEHAVIOR_NOREPLY, 0);
    if (outcome == MEMCACHED_SUCCESS)
        outcome = memcached_version(link->memcached);
    return outcome == MEMCACHED_SUCCESS ? BLOCKING_DONE : fail(link, outcome, error);
}

static enum blocking_outcome link_remove(const void *shared, void *own, const ds_slice *names,
                                         size_t count, struct ds_error *error)
{
    const struct memcached_settings *settings = shared;
    struct link *link = own;
    if (count > 1)
        return remove_many(link, names, count, error);
    struct item_key key;
    item_key_of(&key, settings->namespace_, names[0]);
    memcached_return_t outcome = memcached_delete(link->memcached, key.text, key.length, 0);
    if (outcome == MEMCACHED_SUCCESS || outcome == MEMCACHED_NOTFOUND)
        return BLOCKING_DONE;
    return fail(link, outcome, error);
}

/* ---- the probe ---- */

struct limits {
    uint64_t least_item_bytes; /* of all servers; 0: none has said so */
};

static memcached_return_t on_setting(const memcached_instance_st *server, const char *key,
                                     size_t key_length, const char *value, size_t value_length,
                                     void *context)
{
    struct limits *limits = context;
    char number[24];
    (void)server;
    if (!slice_equal((slice){key, key_length}, SLICE("item_size_max")))
        return MEMCACHED_SUCCESS;
    snprintf(number, sizeof number, "%.*s", (int)(value_length < 20 ? value_length : 20), value);
    uint64_t bytes = strtoull(number, NULL, 10);
    if (limits->least_item_bytes == 0 || bytes < limits->least_item_bytes)
        limits->least_item_bytes = bytes;
    return MEMCACHED_SUCCESS;
}

static enum blocking_outcome check_item_size(struct link *link, struct ds_error *error)
{
    struct limits limits = {0};
    memcached_return_t told =
        memcached_stat_execute(link->memcached, "settings", on_setting, &limits);
    if (told != MEMCACHED_SUCCESS)
        return fail(link, told, error);
    if (limits.least_item_bytes == 0 || limits.least_item_bytes >= link->settings->max_item_bytes)
        return BLOCKING_DONE;
    snprintf(error->text, sizeof error->text,
             "memcached takes items of at most %" PRIu64 " bytes (-I), memcachedOptions.maxValue "
             "is %zu",
             limits.least_item_bytes, link->settings->max_item_bytes);
    return BLOCKING_UNFIT;
}

static enum blocking_outcome check_cas(struct link *link, struct ds_error *error)
{
    struct item_key key;
    item_key_of(&key, link->settings->namespace_, SLICE(PROBE_NAME));
    memcached_return_t sent =
        memcached_set(link->memcached, key.text, key.length, "{}", 2, PROBE_SECONDS, ITEM_FLAGS);
    if (sent != MEMCACHED_SUCCESS)
        return fail(link, sent, error);
    const char *text = key.text;
    bool is_there = false, is_another;
    uint64_t cas = 0;
    memcached_return_t asked = memcached_mget(link->memcached, &text, &key.length, 1);
    enum blocking_outcome outcome =
        asked == MEMCACHED_SUCCESS ? fetch(link, &is_there, error) : fail(link, asked, error);
    if (outcome == BLOCKING_DONE && is_there) {
        cas = memcached_result_cas(&link->result);
        outcome = fetch(link, &is_another, error);
    }
    if (outcome != BLOCKING_DONE)
        return outcome;
    if (is_there && cas != 0)
        return BLOCKING_DONE;
    snprintf(error->text, sizeof error->text,
             "the server at serverLocation knows no compare-and-set (`gets`, `cas`); with one "
             "deepstream node it can be used all the same: `atomic: false`");
    return BLOCKING_UNFIT;
}

static enum blocking_outcome link_probe(const void *shared, void *own, struct ds_error *error)
{
    const struct memcached_settings *settings = shared;
    struct link *link = own;
    memcached_return_t answered = memcached_version(link->memcached);
    if (answered != MEMCACHED_SUCCESS)
        return fail(link, answered, error);
    if (!settings->is_atomic)
        return BLOCKING_DONE;
    enum blocking_outcome outcome = check_item_size(link, error);
    return outcome == BLOCKING_DONE ? check_cas(link, error) : outcome;
}

const struct blocking_backend memcached_backend = {
    .open = link_open,
    .close = link_close,
    .probe = link_probe,
    .get = link_get,
    .set = link_set,
    .heads = link_heads,
    .remove = link_remove,
};
