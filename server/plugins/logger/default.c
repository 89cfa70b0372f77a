/* The logger `type: default`: one line of text for people, as the original writes it; warnings and
 * worse go to standard error. Colours only where somebody sees them, unless they are forced. Lines
 * of a node that is not alone in its process begin with its name. */

#include "deepstream/plugin.h"
#include "output.h"

#include "base/check.h"

#include <unistd.h>

enum colours { COLOURS_NEVER, COLOURS_ON_TERMINALS, COLOURS_ALWAYS };

struct logger {
    struct log_output out, error;
    bool out_coloured, error_coloured;
    slice node; /* empty: it is alone */
    struct buf line;
    unsigned open; /* outputs that are not closed yet */
    ds_done *done;
    void *context;
};

static enum colours colours_of(const struct ds_value *options)
{
    const struct ds_value *colours = ds_value_member(options, "colors");
    if (slice_equal(ds_value_text(colours, (slice){0}), SLICE("always")))
        return COLOURS_ALWAYS;
    return ds_value_boolean(colours, true) ? COLOURS_ON_TERMINALS : COLOURS_NEVER;
}

static bool is_coloured(enum colours colours, int descriptor)
{
    return colours == COLOURS_ALWAYS || (colours == COLOURS_ON_TERMINALS && isatty(descriptor));
}

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    (void)error;
    struct logger *logger = calloc(1, sizeof *logger);
    CHECK(logger != NULL);
    enum colours colours = colours_of(options);
    logger->out_coloured = is_coloured(colours, STDOUT_FILENO);
    logger->error_coloured = is_coloured(colours, STDERR_FILENO);
    if (services->share != NULL)
        logger->node = services->server_name;
    log_output_open(&logger->out, services->loop, STDOUT_FILENO);
    log_output_open(&logger->error, services->loop, STDERR_FILENO);
    return logger;
}

static const char *colour_of(enum ds_log_level level)
{
    switch (level) {
    case DS_DEBUG:
        return "\033[37m";
    case DS_INFO:
        return "\033[32m";
    case DS_WARN:
        return "\033[33m";
    case DS_ERROR:
        return "\033[31m";
    default:
        return "\033[34m";
    }
}

static void append_part(struct buf *line, slice part, const char *after)
{
    if (part.length > 0) {
        buf_append(line, part);
        buf_append_text(line, after);
    }
}

static void write_line(void *self, const struct ds_log_line *line)
{
    struct logger *logger = self;
    bool is_trouble = line->level >= DS_WARN;
    bool coloured = is_trouble ? logger->error_coloured : logger->out_coloured;
    buf_clear(&logger->line);
    if (coloured)
        buf_append_text(&logger->line, colour_of(line->level));
    append_part(&logger->line, logger->node, " | ");
    append_part(&logger->line, line->scope, " | ");
    append_part(&logger->line, line->event, " | ");
    buf_append(&logger->line, line->text);
    if (coloured)
        buf_append_text(&logger->line, "\033[39m");
    buf_append_byte(&logger->line, '\n');
    log_output_write(is_trouble ? &logger->error : &logger->out, buf_slice(&logger->line));
}

static void on_output_closed(void *context)
{
    struct logger *logger = context;
    if (--logger->open > 0)
        return;
    ds_done *done = logger->done;
    void *done_context = logger->context;
    buf_fini(&logger->line);
    free(logger);
    done(done_context, NULL);
}

static void close_logger(void *self, ds_done *done, void *context)
{
    struct logger *logger = self;
    logger->done = done;
    logger->context = context;
    logger->open = 2;
    log_output_close(&logger->out, on_output_closed, logger);
    log_output_close(&logger->error, on_output_closed, logger);
}

static const struct ds_logger_operations OPERATIONS = {.write = write_line};

const struct ds_plugin ds_logger_default = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_LOGGER,
    .name = "default",
    .description = "lines of text on standard output and standard error",
    .create = create,
    .close = close_logger,
    .operations = &OPERATIONS,
};
