/* Publishing to nobody: client 0 emits events that no one subscribes to, in groups that end with a
 * ping; the pong says that the server has dealt with the group. Every 1,000th message breaks the
 * rule that the server may have been given, and must then be denied; the others never. */

#include "bench/load/load.h"

#include "base/check.h"

#define GROUP 50u
#define ODD_ONE 1000u

struct publish {
    uint64_t sent, confirmed, denied;
};

static void on_answer(void *context, struct binary_client *client, const struct message *message)
{
    struct load *load = context;
    struct publish *publish = load->scenario;
    (void)client;
    if (message->topic == TOPIC_CONNECTION && message->action == CONNECTION_PONG)
        publish->confirmed += GROUP;
    else if (message->topic == TOPIC_EVENT && message->action == EVENT_MESSAGE_DENIED)
        publish->denied++;
    else
        load_fail("an unexpected " SLICE_FORMAT " came",
                  SLICE_ARGUMENTS(action_name(message->topic, message->action)));
}

static void send_group(struct load *load, struct publish *publish)
{
    for (uint32_t i = 0; i < GROUP; i++, publish->sent++) {
        struct message message = MESSAGE(TOPIC_EVENT, EVENT_EMIT);
        MESSAGE_SET(&message, name, load_name((uint32_t)(publish->sent % load->options->names)));
        MESSAGE_SET(&message, data,
                    publish->sent % ODD_ONE == 0 ? SLICE("{\"price\":9000000,\"side\":\"buy\"}")
                                                 : SLICE("{\"price\":1042.25,\"side\":\"buy\"}"));
        binary_client_send(&load->clients[0], &message);
    }
    struct message ping = MESSAGE(TOPIC_CONNECTION, CONNECTION_PING);
    binary_client_send(&load->clients[0], &ping);
}

static void run_for(struct load *load, struct publish *publish, double seconds)
{
    double until_s = load_now_s() + seconds;
    while (load_now_s() < until_s) {
        while (publish->sent - publish->confirmed < load->options->window)
            send_group(load, publish);
        load_turn(load, 1000);
    }
    while (publish->confirmed < publish->sent) {
        if (load_now_s() > until_s + 30)
            load_fail("%llu messages were never confirmed",
                      (unsigned long long)(publish->sent - publish->confirmed));
        load_turn(load, 100);
    }
}

static void check_denied(const struct load *load, const struct publish *publish)
{
    uint64_t odd = (publish->sent + ODD_ONE - 1) / ODD_ONE;
    uint64_t expected = load->options->expect_denied ? odd : 0;
    if (publish->denied != expected)
        load_fail("%llu messages were denied instead of %llu", (unsigned long long)publish->denied,
                  (unsigned long long)expected);
}

void load_scenario_publish(struct load *load)
{
    struct publish publish = {0};
    load->scenario = &publish;
    load_open(load, 1, on_answer);
    run_for(load, &publish, load->options->seconds / 3);
    uint64_t before = publish.sent;
    load_measure_begin(load);
    run_for(load, &publish, load->options->seconds);
    load_measure_end(load);
    check_denied(load, &publish);
    uint64_t sent = publish.sent - before;
    printf("{\"scenario\":\"publish\",\"window\":%u,\"messages\":%llu,\"seconds\":%.3f,"
           "\"rate\":%.0f,\"cpu_ns\":%.1f}\n",
           load->options->window, (unsigned long long)sent, load->elapsed_s,
           (double)sent / load->elapsed_s, load->server_cpu_s * 1e9 / (double)sent);
}
