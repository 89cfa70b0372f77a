#include "plugin_host.h"
#include "support/scratch_folder.h"
#include "support/test_values.h"

#include "base/check.h"

#include <stdio.h>

#define PATIENCE_MS 30000

struct outcome {
    bool is_done;
    char error[512]; /* empty: none */
};

static void on_done(void *context, const char *error)
{
    struct outcome *outcome = context;
    CHECK(!outcome->is_done);
    outcome->is_done = true;
    snprintf(outcome->error, sizeof outcome->error, "%s", error == NULL ? "" : error);
}

static void keep_line(void *self, enum ds_log_level level, const char *event, ds_slice text)
{
    struct plugin_host *host = self;
    (void)level;
    buf_printf(&host->log, "%s " SLICE_FORMAT "\n", event, SLICE_ARGUMENTS(text));
}

static bool wants_all(void *self, enum ds_log_level level)
{
    (void)self;
    (void)level;
    return true;
}

void plugin_host_init(struct plugin_host *host)
{
    *host = (struct plugin_host){.log = BUF_EMPTY};
    CHECK(uv_loop_init(&host->loop) == 0);
    scratch_folder_make(host->folder, sizeof host->folder, "plugin");
    host->services = (struct ds_services){
        .host = host,
        .loop = &host->loop,
        .config_dir = host->folder,
        .log = keep_line,
        .log_wants = wants_all,
    };
}

void plugin_host_fini(struct plugin_host *host)
{
    scratch_folder_remove(host->folder);
    uv_run(&host->loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&host->loop) == 0); /* a plugin closes every handle that it made */
    buf_fini(&host->log);
}

static void on_patience_over(uv_timer_t *timer)
{
    (void)timer;
    fputs("the plugin does not answer\n", stderr);
    abort();
}

/* What is waited for may have happened in a timer, after which the loop would wait for more. */
static void stop_when_done(uv_prepare_t *before_polling)
{
    const bool *flag = before_polling->data;
    if (*flag)
        uv_stop(before_polling->loop);
}

void plugin_host_wait(struct plugin_host *host, const bool *flag)
{
    uv_timer_t patience;
    uv_prepare_t before_polling;
    uv_timer_init(&host->loop, &patience);
    uv_timer_start(&patience, on_patience_over, PATIENCE_MS, 0);
    uv_prepare_init(&host->loop, &before_polling);
    before_polling.data = (void *)(uintptr_t)flag;
    uv_prepare_start(&before_polling, stop_when_done);
    while (!*flag)
        uv_run(&host->loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&patience, NULL);
    uv_close((uv_handle_t *)&before_polling, NULL);
    uv_run(&host->loop, UV_RUN_NOWAIT);
}

void *plugin_host_open(struct plugin_host *host, const struct ds_plugin *plugin,
                       const char *options_json, struct ds_error *error)
{
    struct arena options;
    arena_init(&options, 0);
    *error = (struct ds_error){.text = ""};
    void *self =
        plugin->create(&host->services,
                       options_json[0] == '\0' ? NULL : test_value(&options, options_json), error);
    arena_fini(&options);
    if (self == NULL || plugin->start == NULL)
        return self;
    struct outcome started = {0};
    plugin->start(self, on_done, &started);
    plugin_host_wait(host, &started.is_done);
    if (started.error[0] == '\0')
        return self;
    snprintf(error->text, sizeof error->text, "%s", started.error);
    plugin_host_close(host, plugin, self);
    return NULL;
}

void *plugin_host_must_open(struct plugin_host *host, const struct ds_plugin *plugin,
                            const char *options_json)
{
    struct ds_error error;
    void *self = plugin_host_open(host, plugin, options_json, &error);
    if (self == NULL)
        fprintf(stderr, "%s: %s\n", options_json, error.text);
    CHECK(self != NULL);
    return self;
}

void plugin_host_must_refuse(struct plugin_host *host, const struct ds_plugin *plugin,
                             const char *options_json, const char *text)
{
    struct ds_error error;
    CHECK(plugin_host_open(host, plugin, options_json, &error) == NULL);
    if (strcmp(error.text, text) != 0)
        fprintf(stderr, "%s: it said %s\n", options_json, error.text);
    CHECK(strcmp(error.text, text) == 0);
}

void plugin_host_close(struct plugin_host *host, const struct ds_plugin *plugin, void *self)
{
    struct outcome closed = {0};
    plugin->close(self, on_done, &closed);
    plugin_host_wait(host, &closed.is_done);
    CHECK(closed.error[0] == '\0');
}

bool plugin_host_has_logged(const struct plugin_host *host, const char *text)
{
    slice log = buf_slice(&host->log), wanted = slice_of(text);
    for (; log.length >= wanted.length; log = slice_part(log, 1, log.length))
        if (slice_starts_with(log, wanted))
            return true;
    return false;
}
