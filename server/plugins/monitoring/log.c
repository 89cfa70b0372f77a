/* The monitoring `type: log`: what happened since the last line, as a line of JSON in the log,
 * again and again. */

#include "plugins/builtins.h"

#include "since.h"

#include "json.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#define DEFAULT_INTERVAL_MS 15000.0
#define DEFAULT_KEY "LOG_MONITORING"
#define KEY_BYTES 256

struct monitoring {
    const struct ds_services *services;
    char key[KEY_BYTES];
    double interval_ms;
    struct since since;
    struct buf text;
    uv_timer_t timer;
    ds_done *done;
    void *context;
};

static void on_timer(uv_timer_t *timer)
{
    struct monitoring *monitoring = timer->data;
    const struct ds_services *services = monitoring->services;
    const struct ds_statistics *statistics = services->statistics(services->host);
    struct buf *text = &monitoring->text;
    double from_ms = monitoring->since.from_ms;
    char event[96];
    snprintf(event, sizeof event, "Monitoring stats for %.0f to %.0f", from_ms, statistics->now_ms);
    buf_clear(text);
    buf_append_byte(text, '{');
    json_write_text(text, slice_of(monitoring->key));
    buf_append_text(text, ":{");
    since_write(&monitoring->since, statistics, text);
    buf_printf(text, "},\"from\":%.0f,\"to\":%.0f}", from_ms, statistics->now_ms);
    services->log_in(services->host, monitoring->key, DS_INFO, event, buf_slice(text));
}

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    (void)error;
    struct monitoring *monitoring = calloc(1, sizeof *monitoring);
    CHECK(monitoring != NULL);
    slice key = ds_value_text(ds_value_member(options, "monitoringKey"), SLICE(DEFAULT_KEY));
    monitoring->services = services;
    monitoring->interval_ms =
        ds_value_number(ds_value_member(options, "logInterval"), DEFAULT_INTERVAL_MS);
    snprintf(monitoring->key, sizeof monitoring->key, SLICE_FORMAT, SLICE_ARGUMENTS(key));
    CHECK(uv_timer_init(services->loop, &monitoring->timer) == 0);
    monitoring->timer.data = monitoring;
    return monitoring;
}

static void start(void *self, ds_done *done, void *context)
{
    struct monitoring *monitoring = self;
    const struct ds_services *services = monitoring->services;
    uint64_t interval_ms = (uint64_t)monitoring->interval_ms;
    since_init(&monitoring->since, services->statistics(services->host)->now_ms);
    uv_timer_start(&monitoring->timer, on_timer, interval_ms, interval_ms);
    done(context, NULL);
}

static void on_timer_closed(uv_handle_t *timer)
{
    struct monitoring *monitoring = timer->data;
    ds_done *done = monitoring->done;
    void *context = monitoring->context;
    since_fini(&monitoring->since);
    buf_fini(&monitoring->text);
    free(monitoring);
    done(context, NULL);
}

static void close_it(void *self, ds_done *done, void *context)
{
    struct monitoring *monitoring = self;
    monitoring->done = done;
    monitoring->context = context;
    uv_close((uv_handle_t *)&monitoring->timer, on_timer_closed);
}

const struct ds_plugin ds_monitoring_log = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_MONITORING,
    .name = "log",
    .description = "log: counters as lines of the log",
    .create = create,
    .start = start,
    .close = close_it,
};
