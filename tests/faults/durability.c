/* No acknowledged write is ever lost: a server is killed (SIGKILL) at random moments while several
 * connections write with write acknowledgement; after each restart every record must stand at the
 * last state that was acknowledged, or at one that was on its way after that, with the data of
 * exactly that state.
 *
 *     durability PROGRAM [--kills N] [--seed N] [--storage YAML] [--expect-loss]
 *
 * --expect-loss turns the verdict round: with a storage that keeps nothing, losses must be found.
 */

#include "support/server_process.h"

#include "base/check.h"

#include <getopt.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    WRITERS = 4,
    RECORDS = 16,    /* of each writer, which alone writes them */
    PIPELINE = 12,   /* writes in flight of a writer */
    DEPTH = 4,       /* and of a record */
    MISSING = 0,     /* as a version: the first write makes version 1 */
    LONGEST_MS = 50, /* that a server lives once its state is verified */
    PATIENCE_MS = 30000,
    MOST_REPORTS = 5,
};

/* What a record is after a write. */
struct step {
    int32_t version;
    uint32_t id; /* correlation id; 0: a deletion */
};

struct record {
    char name[24];
    int32_t base; /* version of the last whole write: its padding is in the record */
    int32_t acknowledged;
    struct step steps[DEPTH]; /* in flight, the oldest first */
    size_t step_count;
    bool is_verified;
};

struct test;

struct writer {
    struct test *test;
    struct binary_client client;
    struct record records[RECORDS];
    size_t in_flight;
    uint32_t last_id;
};

struct test {
    struct server_process server;
    struct writer writers[WRITERS];
    uint64_t random;
    uint64_t acknowledged;
    uint64_t verified;
    unsigned lost;
    bool is_verifying;
    unsigned unverified;
};

static uint32_t random_below(struct test *test, uint32_t bound)
{
    test->random ^= test->random << 13;
    test->random ^= test->random >> 7;
    test->random ^= test->random << 17;
    return (uint32_t)((test->random >> 32) * bound >> 32);
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static _Noreturn void give_up(struct test *test, const char *what)
{
    fprintf(stderr, "%s\n", what);
    server_process_print_log(&test->server);
    server_process_remove(&test->server);
    exit(2);
}

/* ---- what is written ---- */

/* Mostly short, sometimes many pages; the same for the same name and version. */
static size_t padding_of(const struct record *record, int32_t version, char *padding)
{
    uint32_t mixed = (uint32_t)version * 2654435761u;
    for (const char *at = record->name; *at != '\0'; at++)
        mixed = (mixed ^ (unsigned char)*at) * 16777619u;
    size_t length = mixed % 64 == 0 ? 20000 : mixed % 300;
    for (size_t i = 0; i < length; i++) {
        mixed = mixed * 1664525u + 1013904223u;
        padding[i] = (char)('a' + (mixed >> 24) % 26);
    }
    padding[length] = '\0';
    return length;
}

static int32_t newest_version(const struct record *record)
{
    return record->step_count == 0 ? record->acknowledged
                                   : record->steps[record->step_count - 1].version;
}

static void send_step(struct writer *writer, struct record *record, struct message *message,
                      struct step step)
{
    char id[16];
    snprintf(id, sizeof id, "%u", step.id);
    MESSAGE_SET(message, name, slice_of(record->name));
    if (step.id != 0) {
        MESSAGE_SET(message, version, step.version);
        MESSAGE_SET(message, is_write_ack, true);
        MESSAGE_SET(message, correlation_id, slice_of(id));
    }
    binary_client_send(&writer->client, message);
    record->steps[record->step_count++] = step;
    writer->in_flight++;
}

static void send_whole(struct writer *writer, struct record *record)
{
    char padding[20001], data[20100];
    struct step step = {newest_version(record) + 1, ++writer->last_id};
    bool is_first = step.version == MISSING + 1;
    struct message message =
        MESSAGE(TOPIC_RECORD, is_first ? RECORD_CREATEANDUPDATE : RECORD_UPDATE);
    padding_of(record, step.version, padding);
    snprintf(data, sizeof data, "{\"v\":%d,\"base\":%d,\"pad\":\"%s\"}", step.version, step.version,
             padding);
    MESSAGE_SET(&message, data, slice_of(data));
    record->base = step.version;
    send_step(writer, record, &message, step);
}

static void send_patch(struct writer *writer, struct record *record)
{
    char data[16];
    struct step step = {newest_version(record) + 1, ++writer->last_id};
    struct message message = MESSAGE(TOPIC_RECORD, RECORD_PATCH);
    snprintf(data, sizeof data, "%d", step.version);
    MESSAGE_SET(&message, path, SLICE("v"));
    MESSAGE_SET(&message, data, slice_of(data));
    send_step(writer, record, &message, step);
}

static void send_delete(struct writer *writer, struct record *record)
{
    struct message message = MESSAGE(TOPIC_RECORD, RECORD_DELETE);
    send_step(writer, record, &message, (struct step){MISSING, 0});
}

static void write_something(struct writer *writer)
{
    struct test *test = writer->test;
    struct record *record = &writer->records[random_below(test, RECORDS)];
    if (record->step_count == DEPTH)
        return;
    uint32_t dice = random_below(test, 100);
    bool is_there = newest_version(record) != MISSING;
    if (is_there && dice < 3 && record->step_count == 0)
        send_delete(writer, record);
    else if (is_there && dice < 40)
        send_patch(writer, record);
    else if (is_there || record->step_count == 0)
        send_whole(writer, record); /* after a deletion only once it is acknowledged */
}

/* ---- what is answered ---- */

static struct record *find_record(struct writer *writer, slice name)
{
    for (size_t i = 0; i < RECORDS; i++)
        if (slice_equal(slice_of(writer->records[i].name), name))
            return &writer->records[i];
    give_up(writer->test, "a message names a record that was not asked for");
}

static void take_acknowledgement(struct writer *writer, const struct message *message)
{
    struct record *record = find_record(writer, message->name);
    char id[16];
    snprintf(id, sizeof id, "%u", record->steps[0].id);
    bool is_deletion = message->action == RECORD_DELETE_SUCCESS;
    if (record->step_count == 0 || is_deletion != (record->steps[0].id == 0) ||
        (!is_deletion && !slice_equal(message->correlation_id, slice_of(id))))
        give_up(writer->test, "an acknowledgement is not that of the oldest write in flight");
    record->acknowledged = record->steps[0].version;
    record->step_count--;
    memmove(&record->steps[0], &record->steps[1], record->step_count * sizeof *record->steps);
    writer->in_flight--;
    writer->test->acknowledged++;
}

static bool may_be(const struct record *record, int32_t version)
{
    bool may = version == record->acknowledged;
    for (size_t i = 0; i < record->step_count; i++)
        may = may || version == record->steps[i].version;
    return may;
}

/* The data must be what some write made of exactly this version; *base gets the version whose
 * padding it has. */
static bool is_data_of(const struct record *record, int32_t version, slice data, int32_t *base)
{
    char padding[20001];
    json_t *json = json_loadb(data.at, data.length, 0, NULL);
    *base = (int32_t)json_integer_value(json_object_get(json, "base"));
    const char *found = json_string_value(json_object_get(json, "pad"));
    padding_of(record, *base, padding);
    bool is_right = json_integer_value(json_object_get(json, "v")) == version && *base > MISSING &&
                    *base <= version && found != NULL && strcmp(found, padding) == 0;
    json_decref(json);
    return is_right;
}

static void report_loss(const struct test *test, const struct record *record, int32_t version,
                        slice data)
{
    if (test->lost > MOST_REPORTS)
        return;
    fprintf(stderr, "%s is at version %d, but %d was acknowledged", record->name, version,
            record->acknowledged);
    for (size_t i = 0; i < record->step_count; i++)
        fprintf(stderr, "%s %d", i == 0 ? ", then sent:" : "", record->steps[i].version);
    fprintf(stderr, "; its data: %.*s\n", (int)(data.length < 80 ? data.length : 80), data.at);
}

/* What was read is on disk, and so the state that everything later starts from. */
static void verify(struct writer *writer, const struct message *message)
{
    struct record *record = find_record(writer, message->name);
    struct test *test = writer->test;
    bool is_there = message->action == RECORD_READ_RESPONSE;
    int32_t version = is_there ? message->version : MISSING, base = MISSING;
    if (record->is_verified)
        give_up(test, "a read was answered twice");
    if (!may_be(record, version) ||
        (is_there && !is_data_of(record, version, message->data, &base))) {
        test->lost++;
        report_loss(test, record, version, is_there ? message->data : SLICE(""));
    }
    record->acknowledged = version;
    record->base = base;
    record->step_count = 0;
    record->is_verified = true;
    test->unverified--;
    test->verified++;
}

static void on_message(void *context, struct binary_client *client, const struct message *message)
{
    struct writer *writer = context;
    (void)client;
    if (message->topic != TOPIC_RECORD)
        return;
    switch (message->action) {
    case RECORD_WRITE_ACKNOWLEDGEMENT:
    case RECORD_DELETE_SUCCESS:
        take_acknowledgement(writer, message);
        break;
    case RECORD_READ_RESPONSE:
    case RECORD_RECORD_NOT_FOUND:
        verify(writer, message);
        break;
    default:
        fprintf(stderr, SLICE_FORMAT " of " SLICE_FORMAT "\n",
                SLICE_ARGUMENTS(action_name(message->topic, message->action)),
                SLICE_ARGUMENTS(message->name));
        give_up(writer->test, "a write or a read was refused");
    }
}

/* ---- lives of the server ---- */

/* Sends and receives for all until `until`, or until everything is verified. */
static void pump(struct test *test, int64_t until_ms)
{
    for (int64_t left; (left = until_ms - now_ms()) > 0;) {
        struct pollfd sockets[WRITERS];
        for (size_t i = 0; i < WRITERS; i++) {
            struct writer *writer = &test->writers[i];
            for (int tries = 0;
                 !test->is_verifying && writer->in_flight < PIPELINE && tries < PIPELINE; tries++)
                write_something(writer);
            if (binary_client_flush(&writer->client) != NULL)
                give_up(test, "a connection broke while the server should live");
            bool is_flushed = binary_client_is_flushed(&writer->client);
            sockets[i] = (struct pollfd){.fd = writer->client.socket,
                                         .events = (short)(POLLIN | (is_flushed ? 0 : POLLOUT))};
        }
        poll(sockets, WRITERS, (int)left);
        for (size_t i = 0; i < WRITERS; i++)
            if (sockets[i].revents != 0 && binary_client_receive(&test->writers[i].client) != NULL)
                give_up(test, "a connection ended while the server should live");
        if (test->is_verifying && test->unverified == 0)
            return;
    }
}

static void connect_all(struct test *test)
{
    for (size_t i = 0; i < WRITERS; i++) {
        struct writer *writer = &test->writers[i];
        const char *problem = server_process_connect(&test->server, &writer->client, "writer");
        if (problem != NULL)
            give_up(test, problem);
        writer->client.context = writer;
        writer->client.on_message = on_message;
        writer->in_flight = 0;
    }
}

static void hang_up_all(struct test *test)
{
    for (size_t i = 0; i < WRITERS; i++)
        binary_client_close(&test->writers[i].client);
}

/* What the server said before it died has arrived, or never will. */
static void hear_last_words(struct test *test)
{
    for (size_t i = 0; i < WRITERS; i++)
        while (binary_client_receive(&test->writers[i].client) == NULL)
            ;
}

static void verify_all(struct test *test)
{
    test->is_verifying = true;
    test->unverified = WRITERS * RECORDS;
    for (size_t i = 0; i < WRITERS; i++)
        for (size_t r = 0; r < RECORDS; r++) {
            struct writer *writer = &test->writers[i];
            struct message message = MESSAGE(TOPIC_RECORD, RECORD_READ);
            writer->records[r].is_verified = false;
            MESSAGE_SET(&message, name, slice_of(writer->records[r].name));
            binary_client_send(&writer->client, &message);
        }
    pump(test, now_ms() + PATIENCE_MS);
    if (test->unverified > 0)
        give_up(test, "reads were not answered");
    test->is_verifying = false;
}

static void live_and_die(struct test *test)
{
    server_process_start(&test->server);
    if (random_below(test, 8) == 0) { /* while it starts */
        poll(NULL, 0, (int)random_below(test, 30));
        server_process_kill(&test->server);
        return;
    }
    connect_all(test);
    verify_all(test);
    pump(test, now_ms() + 1 + random_below(test, LONGEST_MS));
    server_process_kill(&test->server);
    hear_last_words(test);
    hang_up_all(test);
}

/* At last it is stopped as people stop it, and nothing may be missing either. */
static void live_and_end_well(struct test *test)
{
    for (int i = 0; i < 2; i++) {
        server_process_start(&test->server);
        connect_all(test);
        verify_all(test);
        hang_up_all(test);
        if (server_process_stop(&test->server) != 0)
            give_up(test, "the server did not end well");
    }
}

static void test_init(struct test *test, const char *program, const char *storage, uint64_t seed)
{
    *test = (struct test){.random = seed * 0x9E3779B97F4A7C15u | 1};
    server_process_make(&test->server, program, storage);
    for (size_t i = 0; i < WRITERS; i++) {
        test->writers[i].test = test;
        for (size_t r = 0; r < RECORDS; r++)
            snprintf(test->writers[i].records[r].name, sizeof test->writers[i].records[r].name,
                     "writer %zu/record %zu", i, r);
    }
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"kills", required_argument, NULL, 'k'},
        {"seed", required_argument, NULL, 's'},
        {"storage", required_argument, NULL, 'y'},
        {"expect-loss", no_argument, NULL, 'l'},
        {0},
    };
    static struct test test;
    unsigned long kills = 50;
    uint64_t seed = (uint64_t)time(NULL) % 1000000;
    const char *storage = "storage:\n  type: default\n";
    bool expect_loss = false;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;)
        switch (option) {
        case 'k':
            kills = strtoul(optarg, NULL, 10);
            break;
        case 's':
            seed = strtoull(optarg, NULL, 10);
            break;
        case 'y':
            storage = optarg;
            break;
        case 'l':
            expect_loss = true;
            break;
        default:
            return 2;
        }
    if (optind != argc - 1)
        return 2;

    printf("seed %llu\n", (unsigned long long)seed);
    fflush(stdout);
    test_init(&test, argv[optind], storage, seed);
    for (unsigned long i = 0; i < kills; i++)
        live_and_die(&test);
    live_and_end_well(&test);
    printf("%lu kills, %llu writes acknowledged, %llu records verified, %u lost\n", kills,
           (unsigned long long)test.acknowledged, (unsigned long long)test.verified, test.lost);
    if ((test.lost > 0) != expect_loss)
        server_process_print_log(&test.server);
    server_process_remove(&test.server);
    return test.acknowledged > 0 && (test.lost > 0) == expect_loss ? 0 : 1;
}
