#pragma once
/* The load generator: clients on one epoll loop, a scenario that keeps them busy, and the cost of
 * it to the server, read from the kernel's account of that process. */

#include "support/binary_client.h"

#include <stdio.h>
#include <sys/types.h>
#include <time.h>

struct load_options {
    uint16_t port;
    pid_t server; /* 0: its cost is not measured */
    uint32_t subscribers;
    uint32_t names;
    uint32_t window;  /* messages in flight */
    uint32_t rate;    /* messages a second, of `latency` */
    uint32_t clients; /* of `idle` */
    double seconds;
    bool is_encrypted;     /* clients speak TLS */
    const char *protocols; /* of clients, by number, again and again: b binary, j JSON, t text;
                            * for `idle` also m MQTT, h HTTP */
    bool expect_denied;    /* of `publish`: the odd message must be denied */
};

struct load {
    const struct load_options *options;
    int epoll;
    struct ssl_ctx_st *tls; /* NULL: nothing is encrypted */
    struct binary_client *clients;
    uint32_t client_count;
    void *scenario;
    double started_s, server_cpu_started_s, own_cpu_started_s;
    double elapsed_s, server_cpu_s, own_cpu_s; /* of the measured part */
};

/* Ends the program with a message: a benchmark whose answers are wrong has no result. */
_Noreturn void load_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

double load_now_s(void);

/* Opens count logged-in clients and calls on_message for what comes to them. */
void load_open(struct load *load, uint32_t count,
               void (*on_message)(void *context, struct binary_client *client,
                                  const struct message *message));
void load_close(struct load *load);

/* The number of a client: its place in load->clients. */
static inline uint32_t load_number(const struct load *load, const struct binary_client *client)
{
    return (uint32_t)(client - load->clients);
}

/* Flushes, waits for input at most timeout_ms, and receives. */
void load_turn(struct load *load, int timeout_ms);

/* The measured part lies between these. */
void load_measure_begin(struct load *load);
void load_measure_end(struct load *load);

/* Resident bytes of the server. */
size_t load_server_resident_bytes(const struct load *load);

/* Sends a subscription of one client to names name_of(0 .. count-1), and waits for its
 * acknowledgement through is_done. */
#define LOAD_MAX_NAMES 10000u
void load_subscribe(struct load *load, uint32_t client, uint8_t topic, uint16_t action,
                    uint32_t count);
slice load_name(uint32_t number); /* "bench/00042"; static, for number < LOAD_MAX_NAMES */

#define SCENARIO(name, about) void load_scenario_##name(struct load *load);
#include "scenarios.def"
#undef SCENARIO
