/* The logger `type: json`, also called pino: one JSON object per line on standard output, with the
 * members that pino writes. */

#include "deepstream/plugin.h"
#include "json.h"
#include "output.h"

#include "base/check.h"

#include <unistd.h>

#define HOST_NAME_BYTES 256

struct logger {
    struct log_output out;
    struct buf start; /* of each line, after level and time: process, host and node */
    struct buf line;
    ds_done *done;
    void *context;
};

static void append_member(struct buf *line, const char *key, slice text)
{
    buf_printf(line, ",\"%s\":", key);
    json_write_text(line, text);
}

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    (void)options;
    (void)error;
    struct logger *logger = calloc(1, sizeof *logger);
    CHECK(logger != NULL);
    char host[HOST_NAME_BYTES] = "";
    gethostname(host, sizeof host - 1);
    buf_printf(&logger->start, ",\"pid\":%d,\"hostname\":", (int)getpid());
    json_write_text(&logger->start, slice_of(host));
    append_member(&logger->start, "name", services->server_name);
    log_output_open(&logger->out, services->loop, STDOUT_FILENO);
    return logger;
}

static int number_of(enum ds_log_level level)
{
    static const int NUMBERS[] = {20, 30, 40, 50, 60};
    return level <= DS_FATAL ? NUMBERS[level] : 60;
}

static void write_line(void *self, const struct ds_log_line *line)
{
    struct logger *logger = self;
    struct buf *out = &logger->line;
    buf_clear(out);
    buf_printf(out, "{\"level\":%d,\"time\":%.0f", number_of(line->level), line->time_ms);
    buf_append(out, buf_slice(&logger->start));
    if (line->scope.length > 0)
        append_member(out, "namespace", line->scope);
    append_member(out, "event", line->event);
    append_member(out, "message", line->text);
    buf_append_text(out, "}\n");
    log_output_write(&logger->out, buf_slice(out));
}

static void on_output_closed(void *context)
{
    struct logger *logger = context;
    ds_done *done = logger->done;
    void *done_context = logger->context;
    buf_fini(&logger->start);
    buf_fini(&logger->line);
    free(logger);
    done(done_context, NULL);
}

static void close_logger(void *self, ds_done *done, void *context)
{
    struct logger *logger = self;
    logger->done = done;
    logger->context = context;
    log_output_close(&logger->out, on_output_closed, logger);
}

static const struct ds_logger_operations OPERATIONS = {.write = write_line};

const struct ds_plugin ds_logger_json = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_LOGGER,
    .name = "json",
    .description = "JSON lines on standard output",
    .create = create,
    .close = close_logger,
    .operations = &OPERATIONS,
};
