#include "plugins/permission/rule_source.h"

#include "json.h"
#include "program.h"
#include "program_format.h"
#include "valvec.h"

#include "base/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILE_BYTES ((size_t)64 << 20)
#define READ_BYTES ((size_t)64 * 1024)

/* ---- finding the rules ---- */

static bool refuse(struct ds_error *error, slice place, const char *what)
{
    snprintf(error->text, sizeof error->text, SLICE_FORMAT "%s%s", SLICE_ARGUMENTS(place),
             place.length > 0 ? ": " : "", what);
    return false;
}

static bool ends_with(slice text, slice end)
{
    return text.length >= end.length &&
           slice_equal(slice_part(text, text.length - end.length, text.length), end);
}

/* Relative paths start at the folder of the configuration. */
static bool use_path(struct rule_source *source, slice path, const struct ds_value *value,
                     struct ds_error *error)
{
    const char *dir = source->services->config_dir;
    if (ends_with(path, SLICE(".js")))
        return refuse(error, ds_value_place(value),
                      "rules cannot be JavaScript: write them as YAML or JSON");
    bool is_absolute = path.length > 0 && path.at[0] == '/';
    slice whole =
        is_absolute || dir == NULL || strcmp(dir, ".") == 0
            ? arena_copy(&source->arena, path)
            : arena_printf(&source->arena, "%s/" SLICE_FORMAT, dir, SLICE_ARGUMENTS(path));
    source->path = whole.at;
    return true;
}

static void add_line(struct rule_source *source, const struct ds_value *value)
{
    buf_append_byte(&source->text, '\n');
    VEC_PUSH(&source->places, arena_copy(&source->arena, ds_value_place(value)));
}

/* Writes the key that comes before a value; the value's place is that of the line. */
static void add_key(struct rule_source *source, size_t index, slice key,
                    const struct ds_value *value)
{
    if (index > 0)
        buf_append_byte(&source->text, ',');
    add_line(source, value);
    json_write_text(&source->text, key);
    buf_append_byte(&source->text, ':');
}

static void add_ruleset(struct rule_source *source, const struct ds_value *ruleset)
{
    if (ds_value_kind(ruleset) != DS_VALUE_MAP) {
        buf_append(&source->text, ds_value_json(ruleset));
        return;
    }
    buf_append_byte(&source->text, '{');
    for (size_t i = 0; i < ds_value_count(ruleset); i++) {
        ds_slice type;
        const struct ds_value *rule = ds_value_at(ruleset, i, &type);
        add_key(source, i, type, rule);
        buf_append(&source->text, ds_value_json(rule));
    }
    buf_append_byte(&source->text, '}');
}

static void add_section(struct rule_source *source, const struct ds_value *section)
{
    if (ds_value_kind(section) != DS_VALUE_MAP) {
        buf_append(&source->text, ds_value_json(section));
        return;
    }
    buf_append_byte(&source->text, '{');
    for (size_t i = 0; i < ds_value_count(section); i++) {
        ds_slice path;
        const struct ds_value *ruleset = ds_value_at(section, i, &path);
        add_key(source, i, path, ruleset);
        add_ruleset(source, ruleset);
    }
    buf_append_byte(&source->text, '}');
}

static void use_inline(struct rule_source *source, const struct ds_value *rules)
{
    VEC_PUSH(&source->places, arena_copy(&source->arena, ds_value_place(rules)));
    buf_append_byte(&source->text, '{');
    for (size_t i = 0; i < ds_value_count(rules); i++) {
        ds_slice name;
        const struct ds_value *section = ds_value_at(rules, i, &name);
        add_key(source, i, name, section);
        add_section(source, section);
    }
    buf_append_byte(&source->text, '}');
}

static bool use_rules(struct rule_source *source, const struct ds_value *rules,
                      struct ds_error *error)
{
    slice file = ds_value_file(rules);
    if (file.length > 0) {
        source->path = arena_copy(&source->arena, file).at; /* as it was found and read already */
        return true;
    }
    if (ds_value_kind(rules) == DS_VALUE_TEXT)
        return use_path(source, ds_value_text(rules, (slice){0}), rules, error);
    if (ds_value_kind(rules) != DS_VALUE_MAP)
        return refuse(error, ds_value_place(rules),
                      "invalid permission config - the rules are neither a map nor a file");
    use_inline(source, rules);
    return true;
}

bool rule_source_init(struct rule_source *source, const struct ds_services *services,
                      const struct ds_value *options, uint32_t max_rule_iterations,
                      struct ds_error *error)
{
    *source =
        (struct rule_source){.services = services, .max_rule_iterations = max_rule_iterations};
    arena_init(&source->arena, 0);
    const struct ds_value *rules = ds_value_member(options, "permissions");
    const struct ds_value *path = ds_value_member(options, "path");
    if (ds_value_kind(rules) != DS_VALUE_NULL)
        return use_rules(source, rules, error);
    if (ds_value_kind(path) == DS_VALUE_TEXT)
        return use_rules(source, path, error);
    return refuse(error, ds_value_place(options),
                  "invalid permission config - there are no rules: set permissions to "
                  "fileLoad(permissions.yml)");
}

void rule_source_fini(struct rule_source *source)
{
    VEC_FREE(&source->places);
    buf_fini(&source->text);
    arena_fini(&source->arena);
}

/* ---- places ---- */

void rule_source_place(const struct rule_source *source, uint32_t line, uint32_t column,
                       struct buf *out)
{
    if (source->path != NULL)
        buf_printf(out, "%s:%u:%u", source->path, line, column);
    else if (line >= 1 && line <= source->places.count)
        buf_append(out, source->places.items[line - 1]);
}

/* ---- what the compiler found ---- */

static void write_diagnostic(const struct rule_source *source, const struct diagnostic *diagnostic,
                             struct buf *out)
{
    struct source_position at = source_position(diagnostic->source, diagnostic->start);
    rule_source_place(source, at.line, at.column, out);
    buf_append_text(out, ": ");
    buf_append(out, diagnostic->message);
}

static void log_diagnostic(const struct rule_source *source, const struct diagnostic *diagnostic)
{
    const struct ds_services *services = source->services;
    bool is_error = diagnostic_info(diagnostic->id)->severity == SEVERITY_ERROR;
    struct buf text = BUF_EMPTY;
    write_diagnostic(source, diagnostic, &text);
    if (diagnostic->hint.length > 0)
        buf_printf(&text, " (" SLICE_FORMAT ")", SLICE_ARGUMENTS(diagnostic->hint));
    services->log(services->host, is_error ? DS_ERROR : DS_WARN, "INVALID_CONFIG_DATA",
                  buf_slice(&text));
    buf_fini(&text);
}

/* The first errors, as many as error has room for, and how many more there are. */
static void summarise(const struct rule_source *source, const struct diagnostics *diagnostics,
                      struct ds_error *error)
{
    struct buf text = BUF_EMPTY;
    unsigned told = 0;
    buf_append_text(&text, "invalid permission config - ");
    for (size_t i = 0; i < diagnostics->list.count; i++) {
        const struct diagnostic *item = &diagnostics->list.items[i];
        if (diagnostic_info(item->id)->severity != SEVERITY_ERROR)
            continue;
        size_t before = text.length;
        buf_append_text(&text, told > 0 ? "; " : "");
        write_diagnostic(source, item, &text);
        if (told > 0 && text.length > sizeof error->text - 32) {
            text.length = before;
            break;
        }
        told++;
    }
    if (diagnostics->error_count > told)
        buf_printf(&text, " (and %u more)", diagnostics->error_count - told);
    snprintf(error->text, sizeof error->text, SLICE_FORMAT, SLICE_ARGUMENTS(text));
    buf_fini(&text);
}

/* ---- loading ---- */

static struct valve_program *load_compiled(slice bytes, const char *name, struct ds_error *error)
{
    struct valve_load_error reason;
    struct valve_program *program = NULL;
    if (!valve_program_load(bytes, &program, &reason))
        snprintf(error->text, sizeof error->text, "invalid permission config - %s: %s", name,
                 reason.message);
    return program;
}

static struct valve_program *compile_into(const struct rule_source *source, slice name, slice text,
                                          struct arena *arena, struct ds_error *error)
{
    struct valvec_options options = valvec_options_default();
    struct diagnostics diagnostics;
    struct valve_program *loaded = NULL;
    options.max_rule_iterations = source->max_rule_iterations;
    options.expand_environment = source->path != NULL; /* the configuration has done it already */
    diagnostics_init(&diagnostics, arena);
    struct program *program = valvec_compile(name, text, &options, arena, &diagnostics);
    for (size_t i = 0; i < diagnostics.list.count; i++)
        log_diagnostic(source, &diagnostics.list.items[i]);
    if (program == NULL) {
        summarise(source, &diagnostics, error);
    } else {
        struct buf compiled = BUF_EMPTY;
        program_write(program, &compiled);
        loaded = load_compiled(buf_slice(&compiled), "compiled rules", error);
        buf_fini(&compiled);
    }
    diagnostics_fini(&diagnostics);
    return loaded;
}

static struct valve_program *compile(const struct rule_source *source, slice name, slice text,
                                     struct ds_error *error)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct valve_program *program = compile_into(source, name, text, &arena, error);
    arena_fini(&arena);
    return program;
}

static bool read_file(const char *path, struct buf *out, struct ds_error *error)
{
    const char *problem = NULL;
    FILE *file = fopen(path, "rb");
    size_t got = 0;
    if (file == NULL) {
        problem = strerror(errno);
    } else {
        do {
            got = fread(buf_extend(out, READ_BYTES), 1, READ_BYTES, file);
            out->length -= READ_BYTES - got;
        } while (got == READ_BYTES && out->length <= MAX_FILE_BYTES);
        if (ferror(file))
            problem = strerror(errno);
        else if (out->length > MAX_FILE_BYTES)
            problem = "the file is larger than 64 MiB";
        fclose(file);
    }
    if (problem != NULL)
        snprintf(error->text, sizeof error->text, "cannot read the rules from %s: %s", path,
                 problem);
    return problem == NULL;
}

static struct valve_program *load_file(const struct rule_source *source, struct ds_error *error)
{
    struct buf bytes = BUF_EMPTY;
    struct valve_program *program = NULL;
    slice magic = {PROGRAM_MAGIC, PROGRAM_MAGIC_BYTES};
    if (read_file(source->path, &bytes, error))
        program = slice_starts_with(buf_slice(&bytes), magic)
                      ? load_compiled(buf_slice(&bytes), source->path, error)
                      : compile(source, slice_of(source->path), buf_slice(&bytes), error);
    buf_fini(&bytes);
    return program;
}

struct valve_program *rule_source_load(const struct rule_source *source, struct ds_error *error)
{
    return source->path != NULL ? load_file(source, error)
                                : compile(source, SLICE("rules"), buf_slice(&source->text), error);
}
