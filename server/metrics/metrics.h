#pragma once
/* What a node counts while it works. Plain numbers in one block, which whoever does the work adds
 * to; they only grow. Who wants to know reads them: node/statistics.c makes of them what plugins
 * see.
 *
 * Every function takes NULL, for parts of a server under test that nobody counts for. One thread:
 * the node's loop. */

#include "message/codec.h"
#include "metrics/histogram.h"

#include <uv.h>

enum closing {
#define CLOSING(name, label, meaning) CLOSING_##name,
#include "metrics/closings.def"
#undef CLOSING
    CLOSING_COUNT,
};

/* "lost"; static. */
const char *closing_name(enum closing closing);

enum login_way {
#define LOGIN_WAY(name, label) LOGIN_##name,
#include "metrics/login_ways.def"
#undef LOGIN_WAY
    LOGIN_WAY_COUNT,
};

/* "websocket"; static. */
const char *login_way_name(enum login_way way);

static inline enum login_way login_way_of(enum protocol protocol)
{
    return protocol == PROTOCOL_MQTT   ? LOGIN_MQTT
           : protocol == PROTOCOL_HTTP ? LOGIN_HTTP
                                       : LOGIN_WEBSOCKET;
}

/* Verdicts, in the order of enum ds_verdict. */
enum { METRICS_VERDICTS = 3 };

/* What is done with a cache or a storage. */
enum meter_operation { METER_GET, METER_SET, METER_HEADS, METER_REMOVE, METER_OPERATION_COUNT };

struct store_counts {
    uint64_t calls, errors; /* answered; of those with an error */
    struct histogram time;
};

/* Who is told at once, besides. */
struct metrics_watcher {
    void *context;
    void (*on_login)(void *context, enum login_way way, bool is_allowed, slice user_id);
};

struct metrics {
    uint64_t received[TOPIC_COUNT][ACTION_NUMBERS]; /* [0][0]: numbers that are in no list */
    uint64_t sent[TOPIC_COUNT][ACTION_NUMBERS];
    uint64_t decisions[TOPIC_COUNT][ACTION_NUMBERS][METRICS_VERDICTS];
    uint64_t unreadable; /* frames without a message */
    struct histogram decision_time;
    uint64_t decision_timed_ms; /* when one was timed last */

    uint64_t connections_opened;
    uint64_t connections_closed[CLOSING_COUNT];
    uint64_t logins_allowed[LOGIN_WAY_COUNT], logins_declined[LOGIN_WAY_COUNT];

    struct store_counts cache[METER_OPERATION_COUNT];
    struct store_counts storage[METER_OPERATION_COUNT];

    const struct metrics_watcher *watcher; /* NULL: nobody */
};

static inline void metrics_received(struct metrics *metrics, unsigned topic, unsigned action)
{
    bool is_known = topic < TOPIC_COUNT && action < ACTION_NUMBERS;
    if (metrics != NULL)
        metrics->received[is_known ? topic : 0][is_known ? action : 0]++;
}

/* One message to so many receivers (S12). */
static inline void metrics_sent(struct metrics *metrics, const struct message *message,
                                uint64_t receivers)
{
    if (metrics != NULL && message->topic < TOPIC_COUNT && message->action < ACTION_NUMBERS)
        metrics->sent[message->topic][message->action] += receivers;
}

static inline void metrics_unreadable(struct metrics *metrics)
{
    if (metrics != NULL)
        metrics->unreadable++;
}

static inline void metrics_opened(struct metrics *metrics)
{
    if (metrics != NULL)
        metrics->connections_opened++;
}

static inline void metrics_closed(struct metrics *metrics, enum closing closing)
{
    if (metrics != NULL)
        metrics->connections_closed[closing]++;
}

static inline void metrics_decided(struct metrics *metrics, unsigned topic, unsigned action,
                                   unsigned verdict)
{
    if (metrics != NULL && topic < TOPIC_COUNT && action < ACTION_NUMBERS)
        metrics->decisions[topic][action][verdict]++;
}

/* An attempt to log in has ended; user_id of one that was allowed. */
void metrics_login(struct metrics *metrics, enum login_way way, bool is_allowed, slice user_id);

/* What happens often is timed once per millisecond of the loop at most: the first of each. Returns
 * the clock to give to uv_hrtime's difference, or 0: not this one. last_ms is of its kind. */
static inline uint64_t metrics_time_now(const uv_loop_t *loop, uint64_t *last_ms)
{
    uint64_t now_ms = uv_now(loop);
    if (now_ms == *last_ms)
        return 0;
    *last_ms = now_ms;
    return uv_hrtime();
}
