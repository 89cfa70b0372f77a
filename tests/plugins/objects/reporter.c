/* Telemetry that reports to the log: which server it is in, and how many have logged in so far,
 * each time that this has changed. */

#include <deepstream/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#define LOOK_MS 10

struct reporter {
    const struct ds_services *services;
    uv_timer_t timer;
    uint64_t reported;
    ds_done *closed;
    void *closed_context;
};

static void report(const struct reporter *reporter, const struct ds_statistics *statistics,
                   uint64_t logins)
{
    char text[200];
    int length = snprintf(text, sizeof text, "version %s, %llu logins", statistics->version,
                          (unsigned long long)logins);
    reporter->services->log(reporter->services->host, DS_INFO, "REPORTED",
                            (ds_slice){text, (size_t)length});
}

static void on_look(uv_timer_t *timer)
{
    struct reporter *reporter = timer->data;
    const struct ds_statistics *statistics =
        reporter->services->statistics(reporter->services->host);
    uint64_t logins = 0;
    for (size_t i = 0; i < statistics->login_count; i++)
        logins += statistics->logins[i].allowed;
    if (logins != reporter->reported)
        report(reporter, statistics, logins);
    reporter->reported = logins;
}

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    (void)options;
    (void)error;
    struct reporter *reporter = calloc(1, sizeof *reporter);
    if (reporter == NULL)
        abort();
    reporter->services = services;
    uv_timer_init(services->loop, &reporter->timer);
    reporter->timer.data = reporter;
    return reporter;
}

static void start(void *self, ds_done *done, void *context)
{
    struct reporter *reporter = self;
    uv_timer_start(&reporter->timer, on_look, LOOK_MS, LOOK_MS);
    done(context, NULL);
}

static void on_closed(uv_handle_t *handle)
{
    struct reporter *reporter = handle->data;
    ds_done *closed = reporter->closed;
    void *context = reporter->closed_context;
    free(reporter);
    closed(context, NULL);
}

static void close_it(void *self, ds_done *done, void *context)
{
    struct reporter *reporter = self;
    reporter->closed = done;
    reporter->closed_context = context;
    uv_close((uv_handle_t *)&reporter->timer, on_closed);
}

static const struct ds_plugin plugin = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_TELEMETRY,
    .name = "reporter",
    .description = "reports to the log",
    .create = create,
    .start = start,
    .close = close_it,
};

DS_PLUGIN_EXPORT const struct ds_plugin *deepstream_plugin(void)
{
    return &plugin;
}
