/* What is wrong with a configuration: collected in the order in which it is found, which is that of
 * the file, and printed or logged by those who load one. */

#include "internal.h"

#include "logging/log.h"
#include "base/check.h"

#include <stdarg.h>
#include <stdio.h>

static slice format_text(struct arena *arena, const char *format, va_list arguments)
{
    struct buf text = BUF_EMPTY;
    buf_vprintf(&text, format, arguments);
    slice kept = arena_copy(arena, buf_slice(&text));
    buf_fini(&text);
    return kept;
}

/* What the command line says comes after the file, what belongs nowhere before it. */
static uint64_t order_of(const struct config *config, const struct origin *origin)
{
    const struct origin *at = config->loading != NULL ? config->loading : origin;
    uint64_t place = at == NULL           ? 0
                     : at->source == NULL ? (uint64_t)UINT32_MAX + 1
                                          : (uint64_t)at->start + 1;
    return place << 20 | config->problems.count;
}

static struct problem *add(struct config *config, enum ds_log_level level,
                           const struct origin *origin, slice message)
{
    struct problem *problem = arena_alloc_zeroed(&config->arena, sizeof *problem);
    problem->shown.level = level;
    problem->shown.message = message;
    problem->order = order_of(config, origin);
    if (origin != NULL) {
        problem->origin = *origin;
        problem->shown.place = origin_text(origin, &config->arena);
    }
    config->error_count += level >= DS_ERROR;
    config->latest = problem;
    if (config->problems.count < MAX_PROBLEMS)
        VEC_PUSH(&config->problems, problem);
    else
        config->uncounted++;
    return problem;
}

static int compare_order(const void *a, const void *b)
{
    uint64_t left = (*(struct problem *const *)a)->order;
    uint64_t right = (*(struct problem *const *)b)->order;
    return left < right ? -1 : left > right;
}

void problems_sort(struct config *config)
{
    if (config->problems.count > 1)
        qsort(config->problems.items, config->problems.count, sizeof *config->problems.items,
              compare_order);
}

struct problem *problem_add(struct config *config, enum ds_log_level level,
                            const struct origin *origin, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    slice message = format_text(&config->arena, format, arguments);
    va_end(arguments);
    return add(config, level, origin, message);
}

void problem_hint(struct config *config, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    config->latest->shown.hint = format_text(&config->arena, format, arguments);
    va_end(arguments);
}

void config_refuse(struct config *config, const struct ds_value *value, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    slice message = format_text(&config->arena, format, arguments);
    va_end(arguments);
    add(config, DS_ERROR, value == NULL ? NULL : &value->origin, message);
}

void config_warn(struct config *config, const struct ds_value *value, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    slice message = format_text(&config->arena, format, arguments);
    va_end(arguments);
    add(config, DS_WARN, value == NULL ? NULL : &value->origin, message);
}

/* The reader's advice is for rule files; here other words fit better. */
static slice hint_of(const struct diagnostic *diagnostic)
{
    switch (diagnostic->id) {
    case DIAG_YAML_UNQUOTED:
    case DIAG_UNKNOWN_TAG:
    case DIAG_UNDEFINED_ALIAS:
        return SLICE("put the value in quotes");
    case DIAG_FILE_NESTING:
        return SLICE("say it with fewer levels");
    case DIAG_SEVERAL_DOCUMENTS:
        return SLICE("a configuration is one document: remove the line `---`");
    case DIAG_FILE_TOO_LARGE:
        return SLICE("load parts of it from files of their own with fileLoad()");
    default:
        return diagnostic->hint;
    }
}

static slice message_of(const struct diagnostic *diagnostic)
{
    return diagnostic->id == DIAG_FILE_TOO_LARGE ? SLICE("the file is larger than 16 MiB")
                                                 : diagnostic->message;
}

void problems_take(struct config *config, struct diagnostics *diagnostics)
{
    diagnostics_sort(diagnostics);
    for (size_t i = 0; i < diagnostics->list.count; i++) {
        const struct diagnostic *diagnostic = &diagnostics->list.items[i];
        bool is_error = diagnostic_info(diagnostic->id)->severity == SEVERITY_ERROR;
        struct origin origin = {diagnostic->source, diagnostic->start, diagnostic->end, NULL};
        struct problem *problem = add(config, is_error ? DS_ERROR : DS_WARN, &origin,
                                      arena_copy(&config->arena, message_of(diagnostic)));
        problem->shown.hint = arena_copy(&config->arena, hint_of(diagnostic));
    }
}

size_t config_problem_count(const struct config *config)
{
    return config->problems.count;
}

const struct config_problem *config_problem(const struct config *config, size_t index)
{
    CHECK(index < config->problems.count);
    return &config->problems.items[index]->shown;
}

/* ---- printing ---- */

static void print_problem(const struct problem *problem, unsigned number, struct buf *out,
                          bool colour)
{
    const struct config_problem *shown = &problem->shown;
    bool has_pointer = shown->message.length > 0 && shown->message.at[0] == '/';
    buf_printf(out, "%u)%s", number, has_pointer ? "" : " ");
    diagnostic_print_text(shown->message, out);
    buf_append_byte(out, '\n');
    if (shown->place.length > 0) {
        buf_append_text(out, "  ");
        diagnostic_print_text(shown->place, out);
        buf_append_byte(out, '\n');
    }
    if (problem->origin.source != NULL)
        diagnostic_print_line(problem->origin.source, problem->origin.start, problem->origin.end,
                              shown->level >= DS_ERROR ? SEVERITY_ERROR : SEVERITY_WARNING, out,
                              colour);
    if (shown->hint.length > 0) {
        buf_append_text(out, "      = hint: ");
        diagnostic_print_text(shown->hint, out);
        buf_append_byte(out, '\n');
    }
}

static void print_level(const struct config *config, enum ds_log_level level, const char *heading,
                        struct buf *out, bool colour)
{
    unsigned number = 0;
    for (size_t i = 0; i < config->problems.count; i++) {
        const struct problem *problem = config->problems.items[i];
        if (problem->shown.level != level)
            continue;
        if (++number == 1)
            buf_append_text(out, heading);
        print_problem(problem, number, out, colour);
    }
}

void config_print_problems(const struct config *config, struct buf *out, bool colour)
{
    print_level(config, DS_ERROR, "There was an error validating your configuration:\n", out,
                colour);
    print_level(config, DS_WARN, "Warnings about your configuration:\n", out, colour);
    if (config->uncounted > 0)
        buf_printf(out, "... and %u more\n", config->uncounted);
}

void config_log_problems(const struct config *config, struct log *log)
{
    for (size_t i = 0; i < config->problems.count; i++) {
        const struct problem *problem = config->problems.items[i];
        const struct config_problem *shown = &problem->shown;
        enum log_event event = problem->is_transform      ? LOG_CONFIG_TRANSFORM
                               : shown->level >= DS_ERROR ? LOG_CONFIG_ERROR
                                                          : LOG_INVALID_CONFIG_DATA;
        const char *before_place = shown->place.length > 0 && !problem->is_transform ? " at " : "";
        slice place = problem->is_transform ? (slice){0} : shown->place;
        log_line(log, shown->level, event, SLICE_FORMAT "%s" SLICE_FORMAT,
                 SLICE_ARGUMENTS(shown->message), before_place, SLICE_ARGUMENTS(place));
    }
}
