/* A quiet log with a memory: lines below WARN are kept, the last ones of them, and written only
 * when an error comes, before it. So the log stays small, and what led to a fault is in it. Set
 * `logLevel: DEBUG`, otherwise the server does not make the lines that are to be kept. */

#include <deepstream/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct logger {
    FILE *file;
    char **lines; /* a ring; NULL: no line there yet */
    size_t capacity, next;
};

static const char *level_name(enum ds_log_level level)
{
    switch (level) {
    case DS_DEBUG:
        return "DEBUG";
    case DS_INFO:
        return "INFO";
    case DS_WARN:
        return "WARN";
    case DS_ERROR:
        return "ERROR";
    default:
        return "FATAL";
    }
}

/* On the heap; NULL when there is no memory. */
static char *format(const struct ds_log_line *line)
{
    char when[32] = "";
    time_t seconds = (time_t)(line->time_ms / 1000);
    struct tm parts;
    if (gmtime_r(&seconds, &parts) != NULL)
        strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &parts);
    size_t size = line->event.length + line->text.length + sizeof when + 16;
    char *text = malloc(size);
    if (text != NULL)
        snprintf(text, size, "%s %-5s %.*s | %.*s", when, level_name(line->level),
                 (int)line->event.length, line->event.at, (int)line->text.length, line->text.at);
    return text;
}

static void keep(struct logger *logger, char *text)
{
    free(logger->lines[logger->next]);
    logger->lines[logger->next] = text;
    logger->next = (logger->next + 1) % logger->capacity;
}

static void write_kept(struct logger *logger)
{
    for (size_t i = 0; i < logger->capacity; i++) {
        char **line = &logger->lines[(logger->next + i) % logger->capacity];
        if (*line != NULL)
            fprintf(logger->file, "    %s\n", *line);
        free(*line);
        *line = NULL;
    }
}

static void write_line(void *self, const struct ds_log_line *line)
{
    struct logger *logger = self;
    char *text = format(line);
    if (text == NULL)
        return;
    if (line->level < DS_WARN) {
        keep(logger, text);
        return;
    }
    if (line->level >= DS_ERROR)
        write_kept(logger);
    fprintf(logger->file, "%s\n", text);
    free(text);
}

/* ---- its life ---- */

static FILE *open_file(const struct ds_value *options, struct ds_error *error)
{
    ds_slice path = ds_value_text(ds_value_member(options, "path"), (ds_slice){"", 0});
    char name[4096];
    if (path.length == 0)
        return stderr;
    snprintf(name, sizeof name, "%.*s", (int)path.length, path.at);
    FILE *file = fopen(name, "a");
    if (file == NULL)
        snprintf(error->text, sizeof error->text, "cannot write %.400s", name);
    else
        setvbuf(file, NULL, _IOLBF, 0);
    return file;
}

static void free_logger(struct logger *logger)
{
    for (size_t i = 0; logger->lines != NULL && i < logger->capacity; i++)
        free(logger->lines[i]);
    if (logger->file != NULL && logger->file != stderr)
        fclose(logger->file);
    free(logger->lines);
    free(logger);
}

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    double kept = ds_value_number(ds_value_member(options, "lines"), 1000);
    struct logger *logger = calloc(1, sizeof *logger);
    (void)services;
    if (!(kept >= 1 && kept <= 1000000)) {
        snprintf(error->text, sizeof error->text, "`lines` is a number from 1 to 1000000");
        free(logger);
        return NULL;
    }
    logger->capacity = (size_t)kept;
    logger->lines = calloc(logger->capacity, sizeof(char *));
    logger->file = open_file(options, error);
    if (logger->lines == NULL || logger->file == NULL) {
        free_logger(logger);
        return NULL;
    }
    return logger;
}

static void close_it(void *self, ds_done *done, void *context)
{
    free_logger(self);
    done(context, NULL);
}

static const struct ds_logger_operations operations = {.write = write_line};
static const char *const options[] = {"path", "lines", NULL};

static const struct ds_plugin plugin = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_LOGGER,
    .name = "buffering",
    .description = "lines below WARN only when an error comes",
    .create = create,
    .close = close_it,
    .operations = &operations,
    .options = options,
};

DS_PLUGIN_EXPORT const struct ds_plugin *deepstream_plugin(void)
{
    return &plugin;
}
