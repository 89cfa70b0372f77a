/* What all scenarios share: clients, waiting, and the kernel's figures about the server. */

#include "bench/load/load.h"

#include "base/check.h"

#include <openssl/ssl.h>

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define WAIT_MS 10000

void load_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("load: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

static double clock_s(clockid_t clock)
{
    struct timespec time;
    if (clock_gettime(clock, &time) != 0)
        load_fail("the server is gone: %s", strerror(errno));
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

double load_now_s(void)
{
    return clock_s(CLOCK_MONOTONIC);
}

static double server_cpu_s(const struct load *load)
{
    clockid_t clock;
    if (load->options->server == 0)
        return 0;
    if (clock_getcpuclockid(load->options->server, &clock) != 0)
        load_fail("no process %d", (int)load->options->server);
    return clock_s(clock);
}

void load_measure_begin(struct load *load)
{
    load->started_s = load_now_s();
    load->server_cpu_started_s = server_cpu_s(load);
    load->own_cpu_started_s = clock_s(CLOCK_PROCESS_CPUTIME_ID);
}

void load_measure_end(struct load *load)
{
    load->elapsed_s = load_now_s() - load->started_s;
    load->server_cpu_s = server_cpu_s(load) - load->server_cpu_started_s;
    load->own_cpu_s = clock_s(CLOCK_PROCESS_CPUTIME_ID) - load->own_cpu_started_s;
}

size_t load_server_resident_bytes(const struct load *load)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/statm", (int)load->options->server);
    FILE *file = fopen(path, "r");
    size_t total, resident;
    if (file == NULL || fscanf(file, "%zu %zu", &total, &resident) != 2)
        load_fail("no memory figures of process %d", (int)load->options->server);
    fclose(file);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

static void watch(struct load *load, uint32_t number)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = number};
    CHECK(epoll_ctl(load->epoll, EPOLL_CTL_ADD, load->clients[number].socket, &event) == 0);
}

/* Whom the certificate names is not looked at: the server is a child of who measures. */
static SSL_CTX *new_context(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    CHECK(context != NULL);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    return context;
}

static enum protocol protocol_of(const struct load *load, uint32_t number)
{
    const char *protocols = load->options->protocols;
    switch (protocols[number % strlen(protocols)]) {
    case 'j':
        return PROTOCOL_JSON;
    case 't':
        return PROTOCOL_TEXT;
    case 'm':
        return PROTOCOL_MQTT;
    case 'h':
        return PROTOCOL_HTTP;
    default:
        return PROTOCOL_BINARY;
    }
}

/* CONNECT and SUBSCRIBE to the first name, CONNACK and SUBACK. */
#define MQTT_SAID                                                                                  \
    "\x10\x0c\0\4MQTT\4\2\0\0\0\0\x82\x10\0\1\0\x0b"                                               \
    "bench/00000\0"
#define MQTT_HEARD "\x20\2\0\0\x90\3\0\1\0"
#define HTTP_SAID "GET /health-check HTTP/1.1\r\nHost: bench\r\n\r\n"
#define HTTP_HEARD "HTTP/1.1 200"

static const char *open_client(struct load *load, struct binary_client *client,
                               enum protocol protocol)
{
    const uint16_t port = load->options->port;
    switch (protocol) {
    case PROTOCOL_MQTT:
        return binary_client_open_foreign(client, load->tls, port, SLICE(MQTT_SAID),
                                          SLICE(MQTT_HEARD), WAIT_MS);
    case PROTOCOL_HTTP:
        return binary_client_open_foreign(client, load->tls, port, SLICE(HTTP_SAID),
                                          SLICE(HTTP_HEARD), WAIT_MS);
    default:
        return binary_client_open_as(client, protocol, load->tls, port, "{}", WAIT_MS);
    }
}

void load_open(struct load *load, uint32_t count,
               void (*on_message)(void *context, struct binary_client *client,
                                  const struct message *message))
{
    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (load->options->is_encrypted)
        load->tls = new_context();
    load->clients = calloc(count, sizeof *load->clients);
    CHECK(load->epoll >= 0 && load->clients != NULL);
    for (; load->client_count < count; load->client_count++) {
        struct binary_client *client = &load->clients[load->client_count];
        enum protocol protocol = protocol_of(load, load->client_count);
        const char *error = open_client(load, client, protocol);
        client->protocol = protocol;
        if (error != NULL)
            load_fail("client %u: %s", load->client_count, error);
        binary_client_trim(client);
        client->context = load;
        client->on_message = on_message;
        watch(load, load->client_count);
    }
}

void load_close(struct load *load)
{
    for (uint32_t i = 0; i < load->client_count; i++)
        binary_client_close(&load->clients[i]);
    free(load->clients);
    SSL_CTX_free(load->tls);
    close(load->epoll);
}

static void check(struct load *load, uint32_t number, const char *error)
{
    (void)load;
    if (error != NULL)
        load_fail("client %u: %s", number, error);
}

/* Only the first client sends much; its socket may be full while others must still be read. */
static void flush(struct load *load)
{
    struct binary_client *sender = &load->clients[0];
    check(load, 0, binary_client_flush(sender));
    struct epoll_event event = {
        .events = EPOLLIN | (binary_client_is_flushed(sender) ? 0u : (uint32_t)EPOLLOUT)};
    CHECK(epoll_ctl(load->epoll, EPOLL_CTL_MOD, sender->socket, &event) == 0);
}

void load_turn(struct load *load, int timeout_ms)
{
    struct epoll_event events[256];
    flush(load);
    int count = epoll_wait(load->epoll, events, 256, timeout_ms);
    for (int i = 0; i < count; i++)
        if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
            check(load, events[i].data.u32,
                  binary_client_receive(&load->clients[events[i].data.u32]));
}

slice load_name(uint32_t number)
{
    static char names[LOAD_MAX_NAMES][16];
    CHECK(number < LOAD_MAX_NAMES);
    if (names[number][0] == '\0')
        snprintf(names[number], sizeof names[number], "bench/%05u", number);
    return slice_of(names[number]);
}

/* ---- subscribing ---- */

struct acknowledgement {
    uint32_t awaited; /* the v3 protocol has one for each name */
};

static void on_acknowledgement(void *context, struct binary_client *client,
                               const struct message *message)
{
    struct acknowledgement *wanted = context;
    (void)client;
    wanted->awaited -= message->is_ack;
}

static bool has_come(void *context)
{
    return ((struct acknowledgement *)context)->awaited == 0;
}

void load_subscribe(struct load *load, uint32_t number, uint8_t topic, uint16_t action,
                    uint32_t count)
{
    slice *names = calloc(count, sizeof *names);
    CHECK(names != NULL);
    for (uint32_t i = 0; i < count; i++)
        names[i] = load_name(i);
    struct message request = MESSAGE(topic, action);
    message_set_names(&request, names, count);
    MESSAGE_SET(&request, correlation_id, SLICE("0"));
    struct binary_client *client = &load->clients[number];
    void (*on_message)(void *, struct binary_client *, const struct message *) = client->on_message;
    struct acknowledgement wanted = {client->protocol == PROTOCOL_TEXT ? count : 1};
    client->context = &wanted;
    client->on_message = on_acknowledgement;
    binary_client_send(client, &request);
    check(load, number, binary_client_wait(client, has_come, &wanted, WAIT_MS));
    client->context = load;
    client->on_message = on_message;
    free(names);
}
