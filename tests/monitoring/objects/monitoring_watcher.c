/* A monitoring that logs what it is told, and shows how many connections are open at its path. */

#include <deepstream/plugin.h>

#include <stdio.h>
#include <stdlib.h>

struct watcher {
    const struct ds_services *services;
    char body[64];
};

static void say(const struct watcher *watcher, enum ds_log_level level, const char *text)
{
    const struct ds_services *services = watcher->services;
    char copy[256];
    int length = snprintf(copy, sizeof copy, "%s", text);
    services->log_in(services->host, "WATCHER", level, "TOLD", (ds_slice){copy, (size_t)length});
}

/* Warns itself, of which it must not be told. */
static void on_log(void *self, const struct ds_log_line *line)
{
    char text[200];
    snprintf(text, sizeof text, "log %d %.*s", (int)line->level, (int)line->event.length,
             line->event.at);
    say(self, DS_WARN, text);
}

static void on_login(void *self, bool is_allowed, const char *endpoint, ds_slice user_id)
{
    char text[200];
    snprintf(text, sizeof text, "login %s %s <%.*s>", is_allowed ? "allowed" : "declined", endpoint,
             (int)user_id.length, user_id.at);
    say(self, DS_INFO, text);
}

static void answer(void *context, const struct ds_http_request *request,
                   struct ds_http_exchange *exchange)
{
    struct watcher *watcher = context;
    const struct ds_services *services = watcher->services;
    const struct ds_statistics *statistics = services->statistics(services->host);
    int length =
        snprintf(watcher->body, sizeof watcher->body, "%.*s %llu", (int)request->target.length,
                 request->target.at, (unsigned long long)statistics->connections_open);
    struct ds_http_answer answer = {.status = 201, .body = {watcher->body, (size_t)length}};
    services->http_answer(services->host, exchange, &answer);
}

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    (void)options;
    (void)error;
    struct watcher *watcher = calloc(1, sizeof *watcher);
    if (watcher == NULL)
        abort();
    watcher->services = services;
    services->statistics(services->host); /* can be asked before anything runs */
    services->add_http_get(services->host, (ds_slice){"/open", 5}, answer, watcher);
    return watcher;
}

static void close_it(void *self, ds_done *done, void *context)
{
    free(self);
    done(context, NULL);
}

static const struct ds_monitoring_operations operations = {.on_log = on_log, .on_login = on_login};
static const struct ds_plugin plugin = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_MONITORING,
    .name = "watcher",
    .description = "a monitoring that says what it is told",
    .create = create,
    .close = close_it,
    .operations = &operations,
};

DS_PLUGIN_EXPORT const struct ds_plugin *deepstream_plugin(void)
{
    return &plugin;
}
