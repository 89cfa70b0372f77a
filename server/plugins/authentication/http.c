/* The authentication `type: http`: a webhook is asked about every login (server.md 6.5).
 *
 * A login is one attempt from its first request to its last retry. What members of authData become
 * headers is the configuration's choice, what is in them the client's: so nothing that could end a
 * header is let through. */

#include "plugins/authentication/login_data.h"
#include "plugins/authentication/webhook_answer.h"
#include "plugins/authentication/webhook_settings.h"
#include "plugins/builtins.h"
#include "web/web_client.h"

#include "json.h"

#include "base/check.h"
#include "base/list.h"
#include "base/vec.h"

#include <uv.h>

#include <stdlib.h>

#define MAX_UNDER_WAY 100
#define MAX_ATTEMPTS 10000 /* that wait for an answer */
#define MAX_HEADER_VALUE 8192
#define MAX_LOGGED_BYTES 200
#define MAX_ANSWER_MEMORY ((size_t)64 << 20)

struct http_authentication {
    const struct ds_services *services;
    struct web_client *client;
    struct webhook_settings settings;

    size_t attempts;
    struct list_link resting; /* attempts until they are tried again, the next one first */
    uv_timer_t timer;
    bool is_closing;
    unsigned open_parts; /* on the loop */
    ds_done *closed;
    void *closed_context;
};

struct attempt {
    struct list_link link;
    struct http_authentication *authentication;
    struct buf body;
    VEC(char *) headers;
    uint32_t retries;
    uint64_t due_ms;
    ds_login_done *done;
    void *context;
};

static void log_text(const struct http_authentication *authentication, const char *event,
                     const char *what, slice text)
{
    const struct ds_services *services = authentication->services;
    struct buf line = BUF_EMPTY;
    if (text.length > MAX_LOGGED_BYTES)
        text.length = MAX_LOGGED_BYTES;
    buf_append_text(&line, what);
    buf_append(&line, text);
    services->log(services->host, DS_WARN, event, buf_slice(&line));
    buf_fini(&line);
}

/* ---- the end of an attempt ---- */

static void end_attempt(struct attempt *attempt, const struct ds_login_result *result)
{
    attempt->authentication->attempts--;
    attempt->done(attempt->context, result);
    for (size_t i = 0; i < attempt->headers.count; i++)
        free(attempt->headers.items[i]);
    VEC_FREE(&attempt->headers);
    buf_fini(&attempt->body);
    free(attempt);
}

static struct ds_login_result refusal(const struct http_authentication *authentication,
                                      slice client_data)
{
    if (!authentication->settings.reports)
        return (struct ds_login_result){.outcome = DS_LOGIN_NOT_MINE};
    return (struct ds_login_result){.outcome = DS_LOGIN_REFUSED, .client_data = client_data};
}

static void refuse(struct attempt *attempt, slice client_data)
{
    struct ds_login_result result = refusal(attempt->authentication, client_data);
    end_attempt(attempt, &result);
}

static void obey(struct attempt *attempt, const struct webhook_verdict *verdict)
{
    struct ds_login_result result = {
        .outcome = DS_LOGIN_ACCEPTED,
        .has_id = verdict->has_id,
        .id = verdict->id,
        .client_data = buf_slice(&verdict->client_data),
        .server_data = buf_slice(&verdict->server_data),
        .token = verdict->token,
    };
    if (verdict->problem != NULL)
        log_text(attempt->authentication, "AUTH_ERROR",
                 "http auth error: ", slice_of(verdict->problem));
    if (verdict->outcome == DS_LOGIN_ACCEPTED)
        end_attempt(attempt, &result);
    else
        refuse(attempt, buf_slice(&verdict->client_data));
}

/* ---- trying again ---- */

static void send_request(struct attempt *attempt);

static void on_timer(uv_timer_t *timer)
{
    struct http_authentication *authentication = timer->data;
    uint64_t now = uv_now(authentication->services->loop);
    while (!list_is_empty(&authentication->resting)) {
        struct attempt *attempt = LIST_ITEM(authentication->resting.next, struct attempt, link);
        if (attempt->due_ms > now) {
            uv_timer_start(timer, on_timer, attempt->due_ms - now, 0);
            return;
        }
        list_remove(&attempt->link);
        send_request(attempt);
    }
}

static void try_again(struct attempt *attempt)
{
    struct http_authentication *authentication = attempt->authentication;
    if (attempt->retries == authentication->settings.retry_attempts) {
        log_text(authentication, "AUTH_RETRY_ATTEMPTS_EXCEEDED",
                 "the webhook did not answer a login, nor when it was asked again", (slice){0});
        refuse(attempt, SLICE("{\"error\":\"AUTH_RETRY_ATTEMPTS_EXCEEDED\"}"));
        return;
    }
    attempt->retries++;
    attempt->due_ms =
        uv_now(authentication->services->loop) + authentication->settings.retry_interval_ms;
    list_append(&authentication->resting, &attempt->link);
    if (!uv_is_active((uv_handle_t *)&authentication->timer))
        uv_timer_start(&authentication->timer, on_timer, authentication->settings.retry_interval_ms,
                       0);
}

/* ---- asking ---- */

static void judge(struct attempt *attempt, const struct web_answer *answer)
{
    const struct http_authentication *authentication = attempt->authentication;
    struct webhook_verdict verdict;
    struct arena arena;
    arena_init(&arena, MAX_ANSWER_MEMORY);
    webhook_verdict_init(&verdict,
                         webhook_codes_have(&authentication->settings.permitted, answer->status),
                         answer->content_type, answer->body, &arena);
    obey(attempt, &verdict);
    webhook_verdict_fini(&verdict);
    arena_fini(&arena);
}

static void on_answer(void *context, const struct web_answer *answer)
{
    struct attempt *attempt = context;
    struct http_authentication *authentication = attempt->authentication;
    if (authentication->is_closing) {
        refuse(attempt, SLICE(""));
        return;
    }
    if (answer->error != NULL)
        log_text(authentication, "AUTH_ERROR", "http auth error: ", slice_of(answer->error));
    else if (answer->status >= 500 && answer->status < 600)
        log_text(authentication, "AUTH_ERROR", "http auth server error: ", answer->body);
    if (answer->is_hostile)
        refuse(attempt, SLICE(""));
    else if (answer->error != NULL ||
             webhook_codes_have(&authentication->settings.retried, answer->status))
        try_again(attempt);
    else
        judge(attempt, answer);
}

static void send_request(struct attempt *attempt)
{
    struct http_authentication *authentication = attempt->authentication;
    struct web_request request = {
        .url = authentication->settings.url,
        .body = buf_slice(&attempt->body),
        .headers = (const char *const *)attempt->headers.items,
        .header_count = attempt->headers.count,
        .timeout_ms = authentication->settings.timeout_ms,
    };
    web_client_ask(authentication->client, &request, on_answer, attempt);
}

/* ---- what is sent ---- */

static bool is_fit_for_header(slice value)
{
    if (value.length > MAX_HEADER_VALUE)
        return false;
    for (size_t i = 0; i < value.length; i++) {
        unsigned char c = (unsigned char)value.at[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

static char *header_of(slice name, slice value)
{
    struct buf line = BUF_EMPTY;
    buf_append(&line, name);
    buf_append_text(&line, ": ");
    buf_append(&line, value);
    buf_append_byte(&line, '\0');
    return line.at;
}

/* False when it is no value for a header. What JavaScript takes for false is left out. */
static bool promote(struct attempt *attempt, slice name, const valve_value *value)
{
    struct buf text = BUF_EMPTY;
    if (value == NULL || !value_truth(*value))
        return true;
    if (value->type == VALUE_TEXT)
        buf_append(&text, value_slice(*value));
    else
        json_write_plain(&text, *value);
    bool is_fit = is_fit_for_header(buf_slice(&text));
    if (is_fit) {
        char *header = header_of(name, buf_slice(&text));
        VEC_PUSH(&attempt->headers, header);
    }
    buf_fini(&text);
    return is_fit;
}

static bool promote_all(struct attempt *attempt, slice auth_data)
{
    const struct http_authentication *authentication = attempt->authentication;
    struct login_data data;
    bool is_fit = true;
    if (authentication->settings.promoted.count == 0)
        return true;
    login_data_read(&data, auth_data);
    for (size_t i = 0; data.object != NULL && is_fit && i < authentication->settings.promoted.count;
         i++) {
        slice name = authentication->settings.promoted.items[i];
        is_fit = promote(attempt, name, value_object_find(data.object, name));
    }
    login_data_fini(&data);
    return is_fit;
}

static void write_body(struct buf *body, const struct ds_login *login)
{
    buf_append_text(body, "{\"connectionData\":");
    buf_append(body, login->connection_data.length > 0 ? login->connection_data : SLICE("{}"));
    buf_append_text(body, ",\"authData\":");
    buf_append(body, login->auth_data);
    buf_append_byte(body, '}');
}

/* ---- operations ---- */

static void login(void *self, const struct ds_login *login, ds_login_done *done, void *context)
{
    struct http_authentication *authentication = self;
    struct attempt *attempt = calloc(1, sizeof *attempt);
    CHECK(attempt != NULL);
    attempt->authentication = authentication;
    attempt->done = done;
    attempt->context = context;
    authentication->attempts++;
    if (authentication->attempts > MAX_ATTEMPTS) {
        log_text(authentication, "AUTH_ERROR", "too many logins wait for the webhook", (slice){0});
        refuse(attempt, SLICE("{\"error\":\"too many logins at once\"}"));
    } else if (!promote_all(attempt, login->auth_data)) {
        refuse(attempt, SLICE("{\"error\":\"invalid value for a header\"}"));
    } else {
        write_body(&attempt->body, login);
        send_request(attempt);
    }
}

static const struct ds_authentication_operations operations = {.login = login};

/* ---- the end ---- */

static void free_it(struct http_authentication *authentication)
{
    webhook_settings_fini(&authentication->settings);
    free(authentication);
}

static void on_part_closed(void *context)
{
    struct http_authentication *authentication = context;
    if (--authentication->open_parts > 0)
        return;
    ds_done *closed = authentication->closed;
    void *closed_context = authentication->closed_context;
    free_it(authentication);
    closed(closed_context, NULL);
}

static void on_timer_closed(uv_handle_t *timer)
{
    on_part_closed(timer->data);
}

/* Who waits is refused: nobody is there any more to log in. */
static void close_it(void *self, ds_done *done, void *context)
{
    struct http_authentication *authentication = self;
    authentication->closed = done;
    authentication->closed_context = context;
    authentication->is_closing = true;
    authentication->open_parts = 2;
    while (!list_is_empty(&authentication->resting)) {
        struct attempt *attempt = LIST_ITEM(authentication->resting.next, struct attempt, link);
        list_remove(&attempt->link);
        refuse(attempt, SLICE(""));
    }
    uv_close((uv_handle_t *)&authentication->timer, on_timer_closed);
    web_client_close(&authentication->client, on_part_closed, authentication);
}

/* ---- the beginning ---- */

static bool open_client(struct http_authentication *authentication, struct ds_error *error)
{
    const char *problem;
    authentication->client =
        web_client_new(authentication->services->loop, MAX_UNDER_WAY, &problem);
    if (authentication->client == NULL)
        snprintf(error->text, sizeof error->text, "webhooks cannot be asked: %s", problem);
    return authentication->client != NULL;
}

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    struct http_authentication *authentication = calloc(1, sizeof *authentication);
    CHECK(authentication != NULL);
    authentication->services = services;
    list_init(&authentication->resting);
    if (!webhook_settings_read(&authentication->settings, options, error)) {
        free(authentication);
        return NULL;
    }
    if (!open_client(authentication, error)) {
        free_it(authentication);
        return NULL;
    }
    CHECK(uv_timer_init(services->loop, &authentication->timer) == 0);
    authentication->timer.data = authentication;
    return authentication;
}

const struct ds_plugin ds_authentication_http = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_AUTHENTICATION,
    .name = "http",
    .description = "http: a webhook is asked about every login",
    .create = create,
    .close = close_it,
    .operations = &operations,
};
