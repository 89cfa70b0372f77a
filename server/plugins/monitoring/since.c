#include "since.h"

#include "json.h"

#include "base/check.h"
#include "base/slice.h"

#include <inttypes.h>
#include <stdlib.h>

struct seen_count {
    uint64_t count;
    char key[];
};

void since_init(struct since *since, double now_ms)
{
    hashmap_init(&since->seen);
    since->from_ms = now_ms;
}

void since_fini(struct since *since)
{
    size_t position = 0;
    for (const struct hashmap_entry *at; (at = hashmap_next(&since->seen, &position)) != NULL;)
        free(at->value);
    hashmap_fini(&since->seen);
}

/* ---- differences ---- */

static struct seen_count *seen_of(struct since *since, slice key)
{
    struct seen_count *seen = hashmap_find(&since->seen, key);
    if (seen != NULL)
        return seen;
    seen = malloc(sizeof *seen + key.length);
    CHECK(seen != NULL);
    seen->count = 0;
    memcpy(seen->key, key.at, key.length);
    hashmap_put(&since->seen, (slice){seen->key, key.length}, seen);
    return seen;
}

/* How much it has grown since it was asked for last; a look that was taken before that one and
 * comes late finds nothing. The names are those of the server, so that there are only so many. */
static uint64_t growth(struct since *since, const char *group, const char *name, const char *part,
                       uint64_t count)
{
    struct buf key = BUF_EMPTY;
    buf_printf(&key, "%s %s %s", group, name, part);
    struct seen_count *seen = seen_of(since, buf_slice(&key));
    uint64_t grown = count > seen->count ? count - seen->count : 0;
    seen->count += grown;
    buf_fini(&key);
    return grown;
}

/* ---- JSON ---- */

static void write_key(struct buf *out, bool *is_first, const char *key)
{
    if (!*is_first)
        buf_append_byte(out, ',');
    *is_first = false;
    json_write_text(out, slice_of(key));
    buf_append_byte(out, ':');
}

static void write_count(struct buf *out, bool *is_first, const char *key, uint64_t count)
{
    write_key(out, is_first, key);
    buf_printf(out, "%" PRIu64, count);
}

static void write_registries(const struct ds_statistics *statistics, struct buf *out)
{
    static const struct {
        const char *name, *label;
    } WRONG[] = {{"EVENT_SUBSCRIPTIONS", "STATE_REGISTRY"}, {"ONLINE_USERS", "LOCK"}};
    bool is_first = true;
    buf_append_text(out, "\"stateMetrics\":{");
    for (size_t i = 0; i < statistics->registry_count; i++) {
        const struct ds_named_count *registry = &statistics->registries[i];
        write_count(out, &is_first, registry->name, registry->count);
        for (size_t j = 0; j < sizeof WRONG / sizeof *WRONG; j++) {
            if (strcmp(registry->name, WRONG[j].name) == 0)
                write_count(out, &is_first, WRONG[j].label, registry->count);
        }
    }
    buf_append_byte(out, '}');
}

/* As the original: what is a warning or worse. */
static void write_errors(struct since *since, const struct ds_statistics *statistics,
                         struct buf *out)
{
    bool is_first = true;
    buf_append_text(out, "\"errors\":{");
    for (size_t i = 0; i < statistics->log_count; i++) {
        const struct ds_log_count *log = &statistics->log[i];
        uint64_t count = log->counts[DS_WARN] + log->counts[DS_ERROR] + log->counts[DS_FATAL];
        uint64_t grown = growth(since, "errors", log->event, "", count);
        if (grown > 0)
            write_count(out, &is_first, log->event, grown);
    }
    buf_append_byte(out, '}');
}

/* Messages of one topic stand behind each other. */
static void write_messages(struct since *since, const struct ds_statistics *statistics,
                           const char *member, bool is_sent, struct buf *out)
{
    const char *topic = NULL;
    bool is_first_topic = true, is_first = true;
    buf_printf(out, "\"%s\":{", member);
    for (size_t i = 0; i < statistics->message_count; i++) {
        const struct ds_message_count *message = &statistics->messages[i];
        uint64_t grown = growth(since, member, message->topic, message->action,
                                is_sent ? message->sent : message->received);
        if (grown == 0)
            continue;
        if (topic == NULL || strcmp(topic, message->topic) != 0) {
            if (topic != NULL)
                buf_append_byte(out, '}');
            topic = message->topic;
            write_key(out, &is_first_topic, topic);
            buf_append_byte(out, '{');
            is_first = true;
        }
        write_count(out, &is_first, message->action, grown);
    }
    buf_append_text(out, topic != NULL ? "}}" : "}");
}

static void write_logins(struct since *since, const struct ds_statistics *statistics,
                         struct buf *out)
{
    bool is_first = true;
    buf_append_text(out, "\"logins\":{");
    for (size_t i = 0; i < statistics->login_count; i++) {
        const struct ds_login_count *login = &statistics->logins[i];
        uint64_t allowed = growth(since, "logins", login->endpoint, "allowed", login->allowed);
        uint64_t declined = growth(since, "logins", login->endpoint, "declined", login->declined);
        if (allowed + declined == 0)
            continue;
        write_key(out, &is_first, login->endpoint);
        buf_printf(out, "{\"allowed\":%" PRIu64 ",\"declined\":%" PRIu64 "}", allowed, declined);
    }
    buf_append_byte(out, '}');
}

void since_write(struct since *since, const struct ds_statistics *statistics, struct buf *out)
{
    buf_printf(out, "\"clusterSize\":%zu,", statistics->cluster_size);
    write_registries(statistics, out);
    buf_append_byte(out, ',');
    write_errors(since, statistics, out);
    buf_append_byte(out, ',');
    write_messages(since, statistics, "received", false, out);
    buf_append_byte(out, ',');
    write_messages(since, statistics, "send", true, out);
    buf_append_byte(out, ',');
    write_logins(since, statistics, out);
    if (statistics->now_ms > since->from_ms)
        since->from_ms = statistics->now_ms;
}
