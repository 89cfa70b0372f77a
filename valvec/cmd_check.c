/* valvec check: the errors of rule files, and nothing else. */

#include "commands.h"
#include "load_rules.h"
#include "terminal/option.h"
#include "terminal/output.h"

struct settings {
    unsigned format;
    bool json;
    bool quiet;
    bool strict_names;
};

static const struct option OPTIONS[] = {
    {.letter = 'f',
     .name = "format",
     .argument = "FORMAT",
     .help = "pretty (default), compact, json, sarif or github",
     .kind = OPTION_CHOICE,
     .offset = offsetof(struct settings, format),
     .choices = report_format_names},
    {.name = "json",
     .help = "the same as --format json",
     .kind = OPTION_SWITCH,
     .offset = offsetof(struct settings, json)},
    {.letter = 'q',
     .name = "quiet",
     .help = "do not name the files that are fine",
     .kind = OPTION_SWITCH,
     .offset = offsetof(struct settings, quiet)},
    {.name = "strict-names",
     .help = "a name that rules do not know is an error, not an error of the\n"
             "request that reaches it",
     .kind = OPTION_SWITCH,
     .offset = offsetof(struct settings, strict_names)},
};

static const struct command_line LINE = {
    .command = "check",
    .about = "Reads each FILE as the server would, and reports every error with its place. Says\n"
             "nothing about what is allowed and still looks wrong: see valvec lint.\n",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .least = 1,
};

struct checking {
    const struct settings *settings;
    struct valvec_options options;
    struct output output;
    struct buf findings;
    struct report report;
};

static void say_fine(struct checking *checking, const struct rules *rules)
{
    if (checking->report.format == REPORT_PRETTY && !checking->settings->quiet)
        buf_printf(&checking->output.text, SLICE_FORMAT ": %u rules, no errors\n",
                   SLICE_ARGUMENTS(rules->name), rules->contents->rule_count);
}

static enum exit_status check_file(struct checking *checking, const char *path)
{
    struct rules rules;
    struct valve_load_error error;
    enum exit_status status = rules_read(&rules, path);
    if (status == EXIT_FINE) {
        bool fine = rules_build(&rules, &checking->options, &error);
        report_add_errors(&checking->report, &rules.diagnostics);
        if (fine)
            say_fine(checking, &rules);
        else if (error.message[0] != '\0')
            rules_report_program(&rules, &error);
        status = fine ? EXIT_FINE : EXIT_INVALID;
    }
    rules_fini(&rules);
    return status;
}

/* What people read are complaints; what programs read are results. */
static void print_findings(struct checking *checking)
{
    if (checking->report.format == REPORT_PRETTY)
        error_output(buf_slice(&checking->findings));
    else
        buf_append(&checking->output.text, buf_slice(&checking->findings));
    buf_clear(&checking->findings);
    output_flush_when_full(&checking->output);
}

static enum exit_status check_files(const struct settings *settings,
                                    const struct arguments *arguments)
{
    struct checking checking = {.settings = settings, .options = valvec_options_default()};
    enum exit_status status = EXIT_FINE;
    checking.options.unknown_names_are_errors = settings->strict_names;
    output_open(&checking.output, arguments->colour);
    report_begin(&checking.report,
                 settings->json ? REPORT_JSON : (enum report_format)settings->format,
                 output_wants_colour(arguments->colour, stderr), &checking.findings);
    for (size_t i = 0; i < arguments->operands.count; i++) {
        enum exit_status file_status = check_file(&checking, arguments->operands.items[i]);
        status = worse_status(status, file_status);
        print_findings(&checking);
    }
    report_end(&checking.report);
    print_findings(&checking);
    buf_fini(&checking.findings);
    return output_close(&checking.output, status);
}

enum exit_status cmd_check(int argc, char **argv)
{
    struct settings settings = {.format = REPORT_PRETTY};
    struct arguments arguments;
    enum exit_status status;
    if (!command_line_parse(&LINE, argc, argv, &settings, &arguments, &status))
        return status;
    status = check_files(&settings, &arguments);
    arguments_fini(&arguments);
    return status;
}
