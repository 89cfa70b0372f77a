/* Versioned updates: client 0 writes version after version of the records, client 1 is subscribed
 * and must see each version once, in order, with its data. */

#include "bench/load/load.h"

#include "base/check.h"

#include <stdlib.h>

struct update {
    uint64_t sent, seen;
    int32_t *written, *next; /* by record: last version sent, next one to be seen */
};

static uint32_t record_of(slice name)
{
    uint32_t number = 0;
    if (name.length != 11 || !slice_starts_with(name, SLICE("bench/")))
        load_fail("an update of an unknown record came");
    for (size_t i = 6; i < name.length; i++)
        number = number * 10 + (uint32_t)(name.at[i] - '0');
    return number;
}

static slice data_of(char *space, size_t size, uint32_t record, int32_t version)
{
    int length = snprintf(space, size, "{\"record\":%u,\"price\":1042.25,\"version\":%d}", record,
                          (int)version);
    return (slice){space, (size_t)length};
}

static void on_update(void *context, struct binary_client *client, const struct message *message)
{
    struct load *load = context;
    struct update *update = load->scenario;
    char expected[96];
    if (message->topic == TOPIC_RECORD && message->action == RECORD_READ_RESPONSE)
        return; /* the answers to opening the records may follow the acknowledgement */
    if (message->topic != TOPIC_RECORD || message->action != RECORD_UPDATE ||
        load_number(load, client) != 1)
        load_fail("an unexpected " SLICE_FORMAT " came to client %u",
                  SLICE_ARGUMENTS(action_name(message->topic, message->action)),
                  load_number(load, client));
    uint32_t record = record_of(message->name);
    if (record >= load->options->names || message->version != update->next[record] ||
        !slice_equal(message->data, data_of(expected, sizeof expected, record, message->version)))
        load_fail("version %d of record %u came, or its data is wrong", (int)message->version,
                  record);
    update->next[record]++;
    update->seen++;
}

static void write_next(struct load *load, struct update *update)
{
    char data[96];
    uint32_t record = (uint32_t)(update->sent % load->options->names);
    struct message message = MESSAGE(TOPIC_RECORD, RECORD_UPDATE);
    MESSAGE_SET(&message, name, load_name(record));
    MESSAGE_SET(&message, version, ++update->written[record]);
    MESSAGE_SET(&message, data, data_of(data, sizeof data, record, update->written[record]));
    binary_client_send(&load->clients[0], &message);
    update->sent++;
}

static void run_for(struct load *load, struct update *update, double seconds)
{
    double until_s = load_now_s() + seconds;
    while (load_now_s() < until_s) {
        while (update->sent - update->seen < load->options->window)
            write_next(load, update);
        load_turn(load, 1000);
    }
    while (update->seen < update->sent) {
        if (load_now_s() > until_s + 30)
            load_fail("%llu updates were never seen",
                      (unsigned long long)(update->sent - update->seen));
        load_turn(load, 100);
    }
}

void load_scenario_update(struct load *load)
{
    struct update update = {.written = calloc(LOAD_MAX_NAMES, sizeof(int32_t)),
                            .next = calloc(LOAD_MAX_NAMES, sizeof(int32_t))};
    CHECK(update.written != NULL && update.next != NULL);
    for (uint32_t i = 0; i < LOAD_MAX_NAMES; i++)
        update.next[i] = 1;
    load->scenario = &update;
    load_open(load, 2, on_update);
    load_subscribe(load, 1, TOPIC_RECORD, RECORD_SUBSCRIBECREATEANDREAD, load->options->names);
    run_for(load, &update, load->options->seconds / 3);
    uint64_t before = update.sent;
    load_measure_begin(load);
    run_for(load, &update, load->options->seconds);
    load_measure_end(load);
    uint64_t sent = update.sent - before;
    printf("{\"scenario\":\"update\",\"window\":%u,\"messages\":%llu,\"seconds\":%.3f,"
           "\"rate\":%.0f,\"cpu_ns\":%.1f}\n",
           load->options->window, (unsigned long long)sent, load->elapsed_s,
           (double)sent / load->elapsed_s, load->server_cpu_s * 1e9 / (double)sent);
    free(update.written);
    free(update.next);
}
