#include "web/web_client.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/list.h"
#include "web/curl_library.h"

#include <uv.h>

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define PROTOCOLS "http,https"
#define ERROR_BYTES CURL_ERROR_SIZE

struct web_client {
    uv_loop_t *loop;
    struct curl_library curl;
    CURLM *multi; /* NULL: it is closing */
    uv_timer_t timer;
    size_t open_handles;
    size_t max_under_way;
    size_t count; /* under way and waiting */
    size_t under_way_count;
    struct list_link under_way;
    struct list_link waiting;
    void (*closed)(void *context);
    void *closed_context;
};

struct exchange {
    struct list_link link;
    struct web_client *client;
    struct web_request request;
    web_done *done;
    void *context;
    CURL *easy; /* NULL while it waits */
    struct curl_slist *headers;
    struct buf body;
    size_t max_body_bytes;
    size_t head_bytes;
    bool is_too_large;
    char error[ERROR_BYTES];
};

/* What libcurl wants to hear of a socket. */
struct watch {
    uv_poll_t poll;
    struct web_client *client;
    curl_socket_t socket;
};

/* ---- what peers send ---- */

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct exchange *exchange = context;
    size_t length = size * count;
    if (length > exchange->max_body_bytes - exchange->body.length) {
        exchange->is_too_large = true;
        return 0;
    }
    buf_append(&exchange->body, (slice){bytes, length});
    return length;
}

/* Heads of all answers on the way through redirects count together. */
static size_t on_head(char *bytes, size_t size, size_t count, void *context)
{
    struct exchange *exchange = context;
    size_t length = size * count;
    (void)bytes;
    if (length > WEB_MAX_HEAD_BYTES - exchange->head_bytes) {
        exchange->is_too_large = true;
        return 0;
    }
    exchange->head_bytes += length;
    return length;
}

/* ---- one exchange ---- */

static void add_header(struct exchange *exchange, const char *header)
{
    struct curl_slist *longer = exchange->client->curl.slist_append(exchange->headers, header);
    CHECK(longer != NULL);
    exchange->headers = longer;
}

static void set_method(struct exchange *exchange)
{
    const struct curl_library *curl = &exchange->client->curl;
    CURL *easy = exchange->easy;
    add_header(exchange, "Accept: application/json");
    if (exchange->request.body.at == NULL)
        return;
    char type[96];
    const char *content_type = exchange->request.content_type;
    snprintf(type, sizeof type, "Content-Type: %s",
             content_type == NULL ? "application/json" : content_type);
    add_header(exchange, type);
    add_header(exchange, "Expect:"); /* no pause before a large body */
    curl->easy_setopt(easy, CURLOPT_POST, 1L);
    if (exchange->request.method != NULL)
        curl->easy_setopt(easy, CURLOPT_CUSTOMREQUEST, exchange->request.method);
    curl->easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)exchange->request.body.length);
    curl->easy_setopt(easy, CURLOPT_POSTFIELDS, exchange->request.body.at);
}

static void set_bounds(struct exchange *exchange)
{
    const struct curl_library *curl = &exchange->client->curl;
    CURL *easy = exchange->easy;
    curl->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, PROTOCOLS);
    curl->easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, PROTOCOLS);
    curl->easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl->easy_setopt(easy, CURLOPT_MAXREDIRS, (long)WEB_MAX_REDIRECTS);
    curl->easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)exchange->request.timeout_ms);
    curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl->easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* nobody waits for a name server */
}

static void set_up(struct exchange *exchange)
{
    const struct curl_library *curl = &exchange->client->curl;
    CURL *easy = exchange->easy = curl->easy_init();
    CHECK(easy != NULL);
    for (size_t i = 0; i < exchange->request.header_count; i++)
        add_header(exchange, exchange->request.headers[i]);
    set_method(exchange);
    set_bounds(exchange);
    curl->easy_setopt(easy, CURLOPT_URL, exchange->request.url);
    if (exchange->request.credentials != NULL) {
        curl->easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl->easy_setopt(easy, CURLOPT_USERPWD, exchange->request.credentials);
    }
    curl->easy_setopt(easy, CURLOPT_HTTPHEADER, exchange->headers);
    curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl->easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
    curl->easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_head);
    curl->easy_setopt(easy, CURLOPT_HEADERDATA, exchange);
    curl->easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->error);
    curl->easy_setopt(easy, CURLOPT_PRIVATE, exchange);
}

static void start_waiting(struct web_client *client)
{
    while (client->under_way_count < client->max_under_way && !list_is_empty(&client->waiting)) {
        struct exchange *exchange = LIST_ITEM(client->waiting.next, struct exchange, link);
        list_remove(&exchange->link);
        list_append(&client->under_way, &exchange->link);
        set_up(exchange);
        CHECK(client->curl.multi_add_handle(client->multi, exchange->easy) == CURLM_OK);
        client->under_way_count++;
    }
}

/* Answers and frees. The client may be closed afterwards. */
static void end_exchange(struct exchange *exchange, const struct web_answer *answer)
{
    struct web_client *client = exchange->client;
    list_remove(&exchange->link);
    client->count--;
    if (exchange->easy != NULL) {
        client->under_way_count--;
        client->curl.multi_remove_handle(client->multi, exchange->easy);
    }
    exchange->done(exchange->context, answer);
    if (exchange->easy != NULL)
        client->curl.easy_cleanup(exchange->easy); /* content_type of the answer is its */
    client->curl.slist_free_all(exchange->headers);
    buf_fini(&exchange->body);
    free(exchange);
}

static void on_ended(struct exchange *exchange, CURLcode outcome)
{
    const struct curl_library *curl = &exchange->client->curl;
    struct web_answer answer = {0};
    long status = 0;
    const char *content_type = NULL;
    curl->easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
    curl->easy_getinfo(exchange->easy, CURLINFO_CONTENT_TYPE, &content_type);
    answer.status = (uint32_t)status;
    if (outcome == CURLE_OK) {
        answer.body = buf_slice(&exchange->body);
        answer.content_type = content_type == NULL ? (slice){0} : slice_of(content_type);
    } else if (exchange->is_too_large) {
        answer.error = "the answer is too large";
        answer.is_hostile = true;
    } else if (outcome != CURLE_TOO_MANY_REDIRECTS) {
        answer.error = exchange->error[0] != '\0' ? exchange->error : curl->easy_strerror(outcome);
    }
    end_exchange(exchange, &answer);
}

/* ---- libcurl on the loop ---- */

static void end_those_that_are_done(struct web_client *client)
{
    CURLMsg *message;
    int left;
    while (client->multi != NULL &&
           (message = client->curl.multi_info_read(client->multi, &left)) != NULL) {
        struct exchange *exchange;
        CURLcode outcome = message->data.result;
        if (message->msg != CURLMSG_DONE)
            continue;
        client->curl.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&exchange);
        on_ended(exchange, outcome);
    }
    if (client->multi != NULL)
        start_waiting(client);
}

static void act(struct web_client *client, curl_socket_t socket, int events)
{
    int running;
    client->curl.multi_socket_action(client->multi, socket, events, &running);
    end_those_that_are_done(client);
}

static void free_when_closed(struct web_client *client)
{
    if (--client->open_handles > 0)
        return;
    void (*closed)(void *) = client->closed;
    void *context = client->closed_context;
    curl_library_close(&client->curl);
    free(client);
    if (closed != NULL)
        closed(context);
}

static void on_watch_closed(uv_handle_t *handle)
{
    struct watch *watch = handle->data;
    struct web_client *client = watch->client;
    free(watch);
    free_when_closed(client);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = poll->data;
    int happened = 0;
    if (status < 0)
        happened = CURL_CSELECT_ERR;
    if (events & UV_READABLE)
        happened |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        happened |= CURL_CSELECT_OUT;
    act(watch->client, watch->socket, happened);
}

static struct watch *watch_new(struct web_client *client, curl_socket_t socket)
{
    struct watch *watch = malloc(sizeof *watch);
    CHECK(watch != NULL);
    *watch = (struct watch){.client = client, .socket = socket};
    CHECK(uv_poll_init_socket(client->loop, &watch->poll, socket) == 0);
    watch->poll.data = watch;
    client->open_handles++;
    client->curl.multi_assign(client->multi, socket, watch);
    return watch;
}

static int on_socket(CURL *easy, curl_socket_t socket, int what, void *context, void *assigned)
{
    struct watch *watch = assigned;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (watch != NULL)
            uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
        return 0;
    }
    if (watch == NULL)
        watch = watch_new(context, socket);
    int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    uv_poll_start(&watch->poll, events, on_ready);
    return 0;
}

static void on_timer(uv_timer_t *timer)
{
    act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timeout_wanted(CURLM *multi, long timeout_ms, void *context)
{
    struct web_client *client = context;
    (void)multi;
    if (timeout_ms < 0)
        uv_timer_stop(&client->timer);
    else
        uv_timer_start(&client->timer, on_timer, (uint64_t)timeout_ms, 0);
    return 0;
}

/* ---- entry points ---- */

static void open_multi(struct web_client *client)
{
    const struct curl_library *curl = &client->curl;
    CHECK((client->multi = curl->multi_init()) != NULL);
    curl->multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl->multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl->multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_timeout_wanted);
    curl->multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
}

struct web_client *web_client_new(struct uv_loop_s *loop, size_t max_under_way,
                                  const char **problem)
{
    struct web_client *client = malloc(sizeof *client);
    CHECK(client != NULL);
    *client = (struct web_client){.loop = loop, .max_under_way = max_under_way, .open_handles = 1};
    *problem = curl_library_open(&client->curl);
    if (*problem != NULL) {
        free(client);
        return NULL;
    }
    list_init(&client->under_way);
    list_init(&client->waiting);
    CHECK(uv_timer_init(loop, &client->timer) == 0);
    client->timer.data = client;
    open_multi(client);
    return client;
}

void web_client_ask(struct web_client *client, const struct web_request *request, web_done *done,
                    void *context)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);
    CHECK(exchange != NULL);
    exchange->client = client;
    exchange->request = *request;
    exchange->max_body_bytes =
        request->max_body_bytes == 0 ? WEB_MAX_BODY_BYTES : request->max_body_bytes;
    exchange->done = done;
    exchange->context = context;
    list_append(&client->waiting, &exchange->link);
    client->count++;
    start_waiting(client);
}

size_t web_client_count(const struct web_client *client)
{
    return client->count;
}

static void give_up(struct list_link *exchanges)
{
    static const struct web_answer closing = {.error = "the server stops"};
    while (!list_is_empty(exchanges))
        end_exchange(LIST_ITEM(exchanges->next, struct exchange, link), &closing);
}

static void on_timer_closed(uv_handle_t *timer)
{
    free_when_closed(timer->data);
}

void web_client_close(struct web_client **client, void (*closed)(void *context), void *context)
{
    struct web_client *ended = *client;
    *client = NULL;
    ended->closed = closed;
    ended->closed_context = context;
    give_up(&ended->waiting);
    give_up(&ended->under_way);
    ended->curl.multi_cleanup(ended->multi);
    ended->multi = NULL;
    uv_close((uv_handle_t *)&ended->timer, on_timer_closed);
}

/* ---- URLs ---- */

/* Host and port behind the scheme; empty when the scheme is another one. */
static slice address_of(const char *url, const char *scheme)
{
    size_t length = strlen(scheme);
    if (strncasecmp(url, scheme, length) != 0)
        return (slice){0};
    slice address = {url + length, strcspn(url + length, "/?#")};
    for (size_t i = address.length; i > 0; i--) {
        if (address.at[i - 1] == '@')
            return slice_part(address, i, address.length);
    }
    return address;
}

static bool is_this_machine(slice address)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t length = strlen(names[i]);
        if (address.length >= length && strncasecmp(address.at, names[i], length) == 0 &&
            (address.length == length || address.at[length] == ':'))
            return true;
    }
    return false;
}

bool web_url_is_valid(const char *url, bool *is_safe)
{
    slice encrypted = address_of(url, "https://"), plain = address_of(url, "http://");
    *is_safe = encrypted.length > 0 || is_this_machine(plain);
    for (const char *at = url; *at != '\0'; at++) {
        if ((unsigned char)*at <= ' ' || *at == 0x7f)
            return false;
    }
    return encrypted.length > 0 || plain.length > 0;
}
