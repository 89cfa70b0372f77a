/* Echoes WebSocket messages on the server's own transport, on any path, and the bodies of POSTs to
 * /body, so that suites of conformance tests can be run against it. /late echoes, too, but only
 * once it was asked for by a GET of /now. */

#include "logging/log.h"
#include "transport/http/http.h"
#include "transport/tls/tls.h"

#include "base/buf.h"
#include "base/check.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>

#define DEFAULT_MAX_MESSAGE ((uint32_t)64 * 1024 * 1024)
#define DEFAULT_MAX_BODY ((uint32_t)1024 * 1024)
#define GRACE_MS 500

/* A POST that waits to be answered. */
struct late {
    struct late *next;
    struct ds_http_exchange *exchange;
    struct buf body;
};

struct echo {
    uv_loop_t loop;
    uv_signal_t interrupt, terminate;
    struct log log;
    struct http_settings http;
    struct ds_endpoint endpoint;
    struct http_server *server;
    const char *key, *certificate; /* files; NULL: nothing is encrypted */
    struct late *late;
};

/* Nothing is known of a connection but its outlet, so that is its owner, too. */
static void *on_open(void *context, struct ds_outlet *outlet, const struct ds_http_request *request)
{
    (void)context;
    (void)request;
    return outlet;
}

static void on_message(void *owner, enum ds_frame_kind kind, slice payload)
{
    ws_send(owner, kind, payload);
}

static void on_alive(void *owner)
{
    (void)owner;
}

static void on_close(void *owner, const char *reason)
{
    (void)owner;
    (void)reason;
}

static void echo_body(struct ds_http_exchange *exchange, slice body)
{
    http_answer(exchange,
                &(struct ds_http_answer){.status = 200, .content_type = HTTP_TEXT, .body = body});
}

static void on_post(void *context, const struct ds_http_request *request,
                    struct ds_http_exchange *exchange)
{
    (void)context;
    echo_body(exchange, request->body);
}

static void on_late_post(void *context, const struct ds_http_request *request,
                         struct ds_http_exchange *exchange)
{
    struct echo *echo = context;
    struct late *late = calloc(1, sizeof *late);
    CHECK(late != NULL);
    *late = (struct late){.next = echo->late, .exchange = exchange};
    buf_append(&late->body, request->body);
    echo->late = late;
}

/* The last one first: clients must not notice. */
static void answer_late(struct echo *echo)
{
    while (echo->late != NULL) {
        struct late *late = echo->late;
        echo->late = late->next;
        echo_body(late->exchange, buf_slice(&late->body));
        buf_fini(&late->body);
        free(late);
    }
}

static void on_now(void *context, const struct ds_http_request *request,
                   struct ds_http_exchange *exchange)
{
    struct echo *echo = context;
    char count[32];
    unsigned waiting = 0;
    (void)request;
    for (const struct late *late = echo->late; late != NULL; late = late->next)
        waiting++;
    int length = snprintf(count, sizeof count, "%u", waiting);
    if (slice_equal(request->target, SLICE("/now")))
        answer_late(echo);
    echo_body(exchange, (slice){count, (size_t)length});
}

static void on_server_closed(void *context)
{
    struct echo *echo = context;
    uv_close((uv_handle_t *)&echo->interrupt, NULL);
    uv_close((uv_handle_t *)&echo->terminate, NULL);
}

static void on_signal(uv_signal_t *signal, int number)
{
    (void)number;
    struct echo *echo = signal->data;
    uv_signal_stop(&echo->interrupt);
    uv_signal_stop(&echo->terminate);
    answer_late(echo);
    http_server_close(echo->server, GRACE_MS, on_server_closed, echo);
}

static int watch_signals(struct echo *echo)
{
    uv_signal_init(&echo->loop, &echo->interrupt);
    uv_signal_init(&echo->loop, &echo->terminate);
    echo->interrupt.data = echo->terminate.data = echo;
    int status = uv_signal_start(&echo->interrupt, on_signal, SIGINT);
    return status != 0 ? status : uv_signal_start(&echo->terminate, on_signal, SIGTERM);
}

static slice read_file(const char *path)
{
    struct buf text = BUF_EMPTY;
    FILE *file = fopen(path, "r");
    for (int c; file != NULL && (c = fgetc(file)) != EOF;)
        buf_append_byte(&text, (char)c);
    if (file != NULL)
        fclose(file);
    return buf_slice(&text);
}

static void encrypt(struct echo *echo)
{
    struct tls_error error;
    struct tls_settings settings = {.key = read_file(echo->key),
                                    .certificate = read_file(echo->certificate)};
    struct tls_context *context = tls_context_new(&settings, &error);
    CHECK(context != NULL);
    http_server_encrypt(echo->server, context);
    tls_context_release(&context);
    free((char *)(uintptr_t)settings.key.at);
    free((char *)(uintptr_t)settings.certificate.at);
}

static void on_health(void *context, const struct ds_http_request *request,
                      struct ds_http_exchange *exchange)
{
    (void)context;
    (void)request;
    http_answer(exchange, &(struct ds_http_answer){.status = 200});
}

static int run(struct echo *echo)
{
    CHECK(uv_loop_init(&echo->loop) == 0 && watch_signals(echo) == 0);
    echo->server = http_server_new(&echo->loop, &echo->http, &echo->log);
    if (echo->key != NULL && echo->certificate != NULL)
        encrypt(echo);
    http_server_add_websocket(echo->server, SLICE(""), &echo->endpoint);
    http_server_add_get(echo->server, SLICE("/health-check"), on_health, NULL);
    http_server_add_post(echo->server, SLICE("/body"), on_post, echo);
    http_server_add_post(echo->server, SLICE("/late"), on_late_post, echo);
    http_server_add_get(echo->server, SLICE("/now"), on_now, echo);
    int status = http_server_listen(echo->server);
    if (status == 0) {
        printf("listening on port %u\n", (unsigned)http_server_port(echo->server));
        fflush(stdout);
    } else {
        fprintf(stderr, "cannot listen on port %u: %s\n", (unsigned)echo->http.port,
                uv_strerror(status));
        on_signal(&echo->terminate, SIGTERM);
    }
    uv_run(&echo->loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&echo->loop) == 0);
    return status == 0 ? 0 : 1;
}

static void usage(FILE *out)
{
    fprintf(out,
            "usage: ws_echo [--port N] [--host ADDRESS] [--deflate] [--max-message BYTES]\n"
            "               [--key FILE --cert FILE]\n"
            "               [--max-body BYTES] [--timeout MS]\n"
            "\n"
            "Echoes the text and binary messages of WebSockets, on any path, until SIGTERM or\n"
            "SIGINT. Prints \"listening on port N\" once connections are accepted.\n"
            "\n"
            "  --port N             0, which is the default, takes any free port\n"
            "  --host ADDRESS       127.0.0.1\n"
            "  --deflate            agree on permessage-deflate with clients that offer it\n"
            "  --max-message BYTES  larger messages are refused with 1009; default 67108864\n"
            "  --key, --cert FILE   in PEM: speak TLS\n"
            "  --max-body BYTES     larger bodies are refused; default 1048576\n"
            "  --timeout MS         for heads and bodies; default 10000\n"
            "  --help               this text\n");
}

static bool read_number(const char *text, unsigned long max, unsigned long *number)
{
    char *end;
    errno = 0;
    *number = strtoul(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && *number <= max;
}

/* 0 to go on, else the exit status plus one. */
static int read_options(struct echo *echo, int count, char **arguments)
{
    static const struct option options[] = {
        {"port", required_argument, NULL, 'p'},     {"host", required_argument, NULL, 'a'},
        {"deflate", no_argument, NULL, 'd'},        {"max-message", required_argument, NULL, 'm'},
        {"max-body", required_argument, NULL, 'b'}, {"timeout", required_argument, NULL, 't'},
        {"key", required_argument, NULL, 'k'},      {"cert", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},           {NULL, 0, NULL, 0},
    };
    unsigned long number;
    for (int option; (option = getopt_long(count, arguments, "", options, NULL)) != -1;) {
        if (option == 'p' && read_number(optarg, UINT16_MAX, &number)) {
            echo->http.port = (uint16_t)number;
        } else if (option == 'a') {
            echo->http.host = optarg;
        } else if (option == 'd') {
            echo->endpoint.deflate = true;
        } else if (option == 'm' && read_number(optarg, UINT32_MAX, &number)) {
            echo->endpoint.max_message_bytes = (uint32_t)number;
        } else if (option == 'k') {
            echo->key = optarg;
        } else if (option == 'c') {
            echo->certificate = optarg;
        } else if (option == 'b' && read_number(optarg, UINT32_MAX, &number)) {
            echo->http.max_message_bytes = (uint32_t)number;
        } else if (option == 't' && read_number(optarg, UINT32_MAX, &number)) {
            echo->http.head_timeout_ms = echo->http.body_timeout_ms = (uint32_t)number;
        } else {
            usage(option == 'h' ? stdout : stderr);
            return option == 'h' ? 1 : 3;
        }
    }
    return 0;
}

int main(int count, char **arguments)
{
    struct echo echo = {
        .log = {.level = DS_OFF},
        .http = {.host = "127.0.0.1",
                 .allow_all_origins = true,
                 .max_head_bytes = 16 * 1024,
                 .head_timeout_ms = 10000,
                 .body_timeout_ms = 30000,
                 .max_message_bytes = DEFAULT_MAX_BODY},
        .endpoint = {.kind = DS_FRAME_BINARY,
                     .max_message_bytes = DEFAULT_MAX_MESSAGE,
                     .max_queue_bytes = DEFAULT_MAX_MESSAGE,
                     .on_open = on_open,
                     .on_message = on_message,
                     .on_alive = on_alive,
                     .on_close = on_close},
    };
    int status = read_options(&echo, count, arguments);
    if (status != 0)
        return status - 1;
    signal(SIGPIPE, SIG_IGN);
    return run(&echo);
}
