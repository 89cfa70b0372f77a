#include "plugins/authentication/key_source.h"

#include "web/web_client.h"

#include "base/buf.h"
#include "base/check.h"

#include <uv.h>

#include <stdlib.h>

struct key_source {
    const struct ds_services *services;
    struct key_source_settings settings;
    struct web_client *client;
    struct key_set *set; /* NULL: none has come yet */
    uint64_t fetched_ms;
    bool is_fetching;
    bool has_asked;
    uint64_t asked_ms;
    bool is_closing;
    void (*on_fetched)(void *context);
    void *context;
    void (*closed)(void *context);
    void *closed_context;
};

static void log_text(const struct key_source *source, enum ds_log_level level, const char *format,
                     const char *detail)
{
    struct buf text = BUF_EMPTY;
    buf_printf(&text, format, source->settings.url, detail);
    source->services->log(source->services->host, level, level == DS_INFO ? "INFO" : "AUTH_ERROR",
                          buf_slice(&text));
    buf_fini(&text);
}

/* ---- fetching ---- */

static const char *read_answer(struct key_source *source, const struct web_answer *answer)
{
    if (answer->error != NULL)
        return answer->error;
    if (answer->status != 200)
        return "the answer is not 200 OK";
    struct key_set *set = key_set_read(answer->body);
    if (set == NULL || key_set_count(set) == 0) {
        key_set_free(&set);
        return "the answer holds no keys for tokens";
    }
    key_set_free(&source->set);
    source->set = set;
    source->fetched_ms = uv_now(source->services->loop);
    return NULL;
}

static void on_answer(void *context, const struct web_answer *answer)
{
    struct key_source *source = context;
    source->is_fetching = false;
    if (source->is_closing)
        return;
    const char *problem = read_answer(source, answer);
    if (problem != NULL)
        log_text(source, DS_ERROR, "the keys of %s could not be fetched: %s", problem);
    else
        log_text(source, DS_INFO, "fetched the keys of %s%s", "");
    source->on_fetched(source->context);
}

/* False when the last request is too young. */
static bool fetch(struct key_source *source)
{
    uint64_t now = uv_now(source->services->loop);
    if (source->has_asked && now - source->asked_ms < source->settings.cooldown_ms)
        return false;
    struct web_request request = {.url = source->settings.url,
                                  .timeout_ms = source->settings.timeout_ms};
    source->is_fetching = source->has_asked = true;
    source->asked_ms = now;
    web_client_ask(source->client, &request, on_answer, source);
    return true;
}

/* ---- entry points ---- */

struct key_source *key_source_new(const struct ds_services *services,
                                  const struct key_source_settings *settings,
                                  void (*on_fetched)(void *context), void *context,
                                  const char **problem)
{
    struct web_client *client = web_client_new(services->loop, 1, problem);
    if (client == NULL)
        return NULL;
    struct key_source *source = calloc(1, sizeof *source);
    CHECK(source != NULL);
    source->services = services;
    source->settings = *settings;
    source->client = client;
    source->on_fetched = on_fetched;
    source->context = context;
    return source;
}

static bool is_old(const struct key_source *source)
{
    return source->set == NULL ||
           uv_now(source->services->loop) - source->fetched_ms >= source->settings.max_age_ms;
}

enum key_answer key_source_find(struct key_source *source, const struct token *token,
                                bool may_fetch, const struct token_key **key)
{
    if (may_fetch && is_old(source) && (source->is_fetching || fetch(source)))
        return KEY_IS_ASKED_FOR;
    *key = source->set == NULL ? NULL : key_set_find(source->set, token);
    if (*key != NULL)
        return KEY_FOUND;
    if (may_fetch && (source->is_fetching || fetch(source)))
        return KEY_IS_ASKED_FOR;
    return KEY_UNKNOWN;
}

static void on_client_closed(void *context)
{
    struct key_source *source = context;
    void (*closed)(void *) = source->closed;
    void *closed_context = source->closed_context;
    key_set_free(&source->set);
    free(source);
    closed(closed_context);
}

void key_source_close(struct key_source **source, void (*closed)(void *context), void *context)
{
    struct key_source *ended = *source;
    *source = NULL;
    ended->is_closing = true;
    ended->closed = closed;
    ended->closed_context = context;
    web_client_close(&ended->client, on_client_closed, ended);
}
