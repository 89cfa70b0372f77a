/* Reads rules of every kind and makes them ready to run. */

#include "load_rules.h"

#include "input.h"
#include "terminal/output.h"
#include "program_format.h"
#include "program_text.h"

enum exit_status rules_read(struct rules *rules, const char *path)
{
    *rules = (struct rules){.name = input_name(path)};
    arena_init(&rules->arena, 0);
    diagnostics_init(&rules->diagnostics, &rules->arena);
    enum input_status status = input_read_file(path, INPUT_MAX_BYTES, &rules->bytes);
    if (status != INPUT_READ) {
        fprintf(stderr, "valvec: cannot read " SLICE_FORMAT ": %s\n", SLICE_ARGUMENTS(rules->name),
                input_error(status));
        return EXIT_IO;
    }
    slice magic = {PROGRAM_MAGIC, PROGRAM_MAGIC_BYTES};
    rules->was_compiled = slice_starts_with(buf_slice(&rules->bytes), magic);
    return EXIT_FINE;
}

static bool load(struct rules *rules, slice bytes, struct valve_load_error *error)
{
    if (!valve_program_load(bytes, &rules->program, error))
        return false;
    rules->contents = valve_program_contents(rules->program);
    return true;
}

bool rules_build(struct rules *rules, const struct valvec_options *options,
                 struct valve_load_error *error)
{
    slice bytes = buf_slice(&rules->bytes);
    error->message[0] = '\0';
    if (rules->was_compiled)
        return load(rules, bytes, error);
    struct program *program =
        valvec_compile(rules->name, bytes, options, &rules->arena, &rules->diagnostics);
    if (program == NULL)
        return false;
    struct buf compiled = BUF_EMPTY;
    program_write(program, &compiled);
    bool loaded = load(rules, buf_slice(&compiled), error);
    buf_fini(&compiled);
    return loaded;
}

void rules_report_program(const struct rules *rules, const struct valve_load_error *error)
{
    fprintf(stderr, "valvec: " SLICE_FORMAT ": %s\n", SLICE_ARGUMENTS(rules->name), error->message);
}

bool rules_take_text(struct rules *rules)
{
    struct valve_load_error error;
    struct valve_program *program;
    if (!rules->was_compiled)
        return true;
    if (!valve_program_load(buf_slice(&rules->bytes), &program, &error)) {
        rules_report_program(rules, &error);
        return false;
    }
    buf_clear(&rules->bytes);
    program_text_append(valve_program_contents(program), &rules->bytes);
    valve_program_release(&program);
    rules->was_compiled = false;
    return true;
}

void report_add_errors(struct report *report, const struct diagnostics *diagnostics)
{
    for (size_t i = 0; i < diagnostics->list.count; i++) {
        const struct diagnostic *item = &diagnostics->list.items[i];
        if (diagnostic_info(item->id)->severity == SEVERITY_ERROR)
            report_add(report, item);
    }
}

void print_errors(const struct diagnostics *diagnostics, enum colour_choice colour)
{
    struct buf text = BUF_EMPTY;
    struct report report;
    report_begin(&report, REPORT_PRETTY, output_wants_colour(colour, stderr), &text);
    report_add_errors(&report, diagnostics);
    report_end(&report);
    error_output(buf_slice(&text));
    buf_fini(&text);
}

enum exit_status rules_load(struct rules *rules, const char *path,
                            const struct valvec_options *options, enum colour_choice colour)
{
    struct valve_load_error error;
    enum exit_status status = rules_read(rules, path);
    if (status != EXIT_FINE)
        return status;
    if (rules_build(rules, options, &error))
        return EXIT_FINE;
    if (error.message[0] != '\0')
        rules_report_program(rules, &error);
    else
        print_errors(&rules->diagnostics, colour);
    return EXIT_INVALID;
}

void rules_fini(struct rules *rules)
{
    valve_program_release(&rules->program);
    diagnostics_fini(&rules->diagnostics);
    buf_fini(&rules->bytes);
    arena_fini(&rules->arena);
}
