/* Fan-out: client 0 publishes, the others subscribe to every name. The data of a message is its
 * number, 23 bytes as JSON; each subscriber must get every number in order, under the right name.
 *
 * Behind one port may be several nodes, which learn of each other's subscriptions a moment later:
 * the numbers begin when a round of probes has reached everybody. */

#include "bench/load/load.h"

#include "base/check.h"

#include <stdlib.h>

#define LATENCY_BUCKETS 4096 /* of 1/32 of a power of two of microseconds */

struct fanout {
    uint64_t sent;
    uint64_t deliveries;
    uint64_t probes;     /* of the last round that have come */
    unsigned round;
    uint64_t *next;      /* by subscriber */
    double *due_s;       /* of the last DUE_KEPT messages, when latency is measured */
    uint64_t *latencies; /* histogram */
};

#define DUE_KEPT 1048576u
#define PROBE_SPACE 24
#define PROBE_ROUNDS 300
#define PROBE_ROUND_S 0.1

static uint32_t bucket_of(double seconds)
{
    double us = seconds * 1e6;
    uint32_t exponent = 0;
    while (us >= 2 && exponent < 60) {
        us /= 2;
        exponent++;
    }
    double rest = us < 1 ? 0 : us - 1;
    return exponent * 32 + (uint32_t)(rest * 32);
}

static double bucket_us(uint32_t bucket)
{
    return (double)(UINT64_C(1) << bucket / 32) * (1 + (bucket % 32 + 1) / 32.0);
}

static slice probe_of(char space[PROBE_SPACE], unsigned round)
{
    int length = snprintf(space, PROBE_SPACE, "\"probe %u\"", round);
    return (slice){space, (size_t)length};
}

static uint64_t number_in(slice data)
{
    uint64_t number = 0;
    if (data.length != 23)
        load_fail("data of %zu bytes came instead of 23", data.length);
    for (size_t i = 1; i < 22; i++)
        number = number * 10 + (uint64_t)(data.at[i] - '0');
    return number;
}

/* "probe 7": whether it is one. */
static bool take_probe(struct fanout *fanout, slice data)
{
    char expected[PROBE_SPACE];
    if (!slice_starts_with(data, SLICE("\"probe ")))
        return false;
    fanout->probes += slice_equal(data, probe_of(expected, fanout->round));
    return true;
}

static void on_delivery(void *context, struct binary_client *client, const struct message *message)
{
    struct load *load = context;
    struct fanout *fanout = load->scenario;
    if (message->topic != TOPIC_EVENT || message->action != EVENT_EMIT)
        load_fail("an unexpected " SLICE_FORMAT " came",
                  SLICE_ARGUMENTS(action_name(message->topic, message->action)));
    if (take_probe(fanout, message->data))
        return;
    uint64_t number = number_in(message->data);
    uint64_t *next = &fanout->next[load_number(load, client)];
    if (number != *next ||
        !slice_equal(message->name, load_name((uint32_t)(number % load->options->names))))
        load_fail("message %llu came instead of %llu", (unsigned long long)number,
                  (unsigned long long)*next);
    ++*next;
    fanout->deliveries++;
    if (fanout->due_s != NULL) {
        uint32_t bucket = bucket_of(load_now_s() - fanout->due_s[number % DUE_KEPT]);
        fanout->latencies[bucket < LATENCY_BUCKETS ? bucket : LATENCY_BUCKETS - 1]++;
    }
}

static void emit(struct load *load, uint32_t name, slice data)
{
    struct message message = MESSAGE(TOPIC_EVENT, EVENT_EMIT);
    MESSAGE_SET(&message, name, load_name(name));
    MESSAGE_SET(&message, data, data);
    binary_client_send(&load->clients[0], &message);
}

static void publish(struct load *load, struct fanout *fanout)
{
    char data[32];
    int length = snprintf(data, sizeof data, "\"%021llu\"", (unsigned long long)fanout->sent);
    emit(load, (uint32_t)(fanout->sent % load->options->names), (slice){data, (size_t)length});
    fanout->sent++;
}

static bool probe_once(struct load *load, struct fanout *fanout)
{
    char data[PROBE_SPACE];
    double until_s = load_now_s() + PROBE_ROUND_S;
    uint64_t wanted = (uint64_t)load->options->names * load->options->subscribers;
    fanout->round++;
    fanout->probes = 0;
    for (uint32_t name = 0; name < load->options->names; name++)
        emit(load, name, probe_of(data, fanout->round));
    while (fanout->probes < wanted && load_now_s() < until_s)
        load_turn(load, 10);
    return fanout->probes == wanted;
}

static void wait_for_probes(struct load *load, struct fanout *fanout)
{
    while (!probe_once(load, fanout)) {
        if (fanout->round == PROBE_ROUNDS)
            load_fail("of the last probes only %llu came", (unsigned long long)fanout->probes);
    }
}

static uint64_t in_flight(const struct load *load, const struct fanout *fanout)
{
    return fanout->sent - fanout->deliveries / load->options->subscribers;
}

static void keep_window_full(struct load *load, struct fanout *fanout, double until_s)
{
    while (load_now_s() < until_s) {
        while (in_flight(load, fanout) < load->options->window)
            publish(load, fanout);
        load_turn(load, 1000);
    }
}

static void wait_for_all(struct load *load, struct fanout *fanout)
{
    double deadline_s = load_now_s() + 30;
    while (fanout->deliveries < fanout->sent * load->options->subscribers) {
        if (load_now_s() > deadline_s)
            load_fail("%llu deliveries are missing",
                      (unsigned long long)(fanout->sent * load->options->subscribers -
                                           fanout->deliveries));
        load_turn(load, 100);
    }
}

static struct fanout *prepare(struct load *load)
{
    struct fanout *fanout = calloc(1, sizeof *fanout);
    CHECK(fanout != NULL);
    load->scenario = fanout;
    load_open(load, load->options->subscribers + 1, on_delivery);
    fanout->next = calloc(load->client_count, sizeof *fanout->next);
    CHECK(fanout->next != NULL);
    for (uint32_t i = 1; i < load->client_count; i++)
        load_subscribe(load, i, TOPIC_EVENT, EVENT_SUBSCRIBE, load->options->names);
    wait_for_probes(load, fanout);
    return fanout;
}

static void finish(struct fanout *fanout)
{
    free(fanout->next);
    free(fanout->due_s);
    free(fanout->latencies);
    free(fanout);
}

void load_scenario_fanout(struct load *load)
{
    struct fanout *fanout = prepare(load);
    keep_window_full(load, fanout, load_now_s() + load->options->seconds / 3);
    wait_for_all(load, fanout);
    uint64_t before = fanout->deliveries;
    load_measure_begin(load);
    keep_window_full(load, fanout, load_now_s() + load->options->seconds);
    wait_for_all(load, fanout);
    load_measure_end(load);
    uint64_t delivered = fanout->deliveries - before;
    printf("{\"scenario\":\"fanout\",\"window\":%u,\"deliveries\":%llu,\"seconds\":%.3f,"
           "\"rate\":%.0f,\"cpu_ns\":%.1f,\"load_cpu_ns\":%.1f}\n",
           load->options->window, (unsigned long long)delivered, load->elapsed_s,
           (double)delivered / load->elapsed_s, load->server_cpu_s * 1e9 / (double)delivered,
           load->own_cpu_s * 1e9 / (double)delivered);
    finish(fanout);
}

/* ---- latency ---- */

static double percentile_us(const struct fanout *fanout, double part)
{
    uint64_t total = 0, below = 0;
    for (uint32_t i = 0; i < LATENCY_BUCKETS; i++)
        total += fanout->latencies[i];
    for (uint32_t i = 0; i < LATENCY_BUCKETS; i++) {
        below += fanout->latencies[i];
        if ((double)below >= (double)total * part)
            return bucket_us(i);
    }
    return 0;
}

/* Messages are due at a steady rate, whether or not the server keeps up. */
static void publish_at_rate(struct load *load, struct fanout *fanout)
{
    double started_s = load_now_s(), gap_s = 1.0 / load->options->rate;
    uint64_t first = fanout->sent;
    for (double now_s = started_s; now_s < started_s + load->options->seconds;
         now_s = load_now_s()) {
        while (started_s + (double)(fanout->sent - first) * gap_s <= now_s) {
            fanout->due_s[fanout->sent % DUE_KEPT] =
                started_s + (double)(fanout->sent - first) * gap_s;
            publish(load, fanout);
        }
        load_turn(load, 0);
    }
}

void load_scenario_latency(struct load *load)
{
    struct fanout *fanout = prepare(load);
    keep_window_full(load, fanout, load_now_s() + load->options->seconds / 3);
    wait_for_all(load, fanout);
    fanout->due_s = calloc(DUE_KEPT, sizeof *fanout->due_s);
    fanout->latencies = calloc(LATENCY_BUCKETS, sizeof *fanout->latencies);
    CHECK(fanout->due_s != NULL && fanout->latencies != NULL);
    load_measure_begin(load);
    publish_at_rate(load, fanout);
    wait_for_all(load, fanout);
    load_measure_end(load);
    printf("{\"scenario\":\"latency\",\"rate\":%u,\"p50_us\":%.0f,\"p99_us\":%.0f}\n",
           load->options->rate, percentile_us(fanout, 0.5), percentile_us(fanout, 0.99));
    finish(fanout);
}
