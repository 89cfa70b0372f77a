/* valvec lint: errors, and what the language allows and is probably not meant. */

#include "commands.h"
#include "lint.h"
#include "lint_help.h"
#include "load_rules.h"
#include "terminal/option.h"
#include "terminal/output.h"
#include "document/suggest.h"

struct settings {
    unsigned format;
    bool json;
    uint64_t max_warnings;
    bool no_notes;
    bool all;
    const char *enable;
    const char *disable;
    uint64_t max_rule_iterations;
    const char *explain;
    bool list;
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
    {.name = "max-warnings",
     .argument = "N",
     .help = "end with 1 only when there are more than N warnings (default 0)",
     .kind = OPTION_NUMBER,
     .offset = offsetof(struct settings, max_warnings),
     .most = UINT32_MAX},
    {.name = "no-notes",
     .help = "leave notes out",
     .kind = OPTION_SWITCH,
     .offset = offsetof(struct settings, no_notes)},
    {.name = "enable",
     .argument = "ID,...",
     .help = "also look for these, which are not on by default",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct settings, enable)},
    {.name = "disable",
     .argument = "ID,...",
     .help = "do not look for these",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct settings, disable)},
    {.name = "all",
     .help = "look for everything",
     .kind = OPTION_SWITCH,
     .offset = offsetof(struct settings, all)},
    {.name = "max-rule-iterations",
     .argument = "N",
     .help = "as in the server's configuration (default 3; 0: no limit)",
     .kind = OPTION_NUMBER,
     .offset = offsetof(struct settings, max_rule_iterations),
     .most = UINT32_MAX},
    {.name = "explain",
     .argument = "ID",
     .help = "print the page about a lint and end",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct settings, explain)},
    {.name = "list",
     .help = "name all lints and end",
     .kind = OPTION_SWITCH,
     .offset = offsetof(struct settings, list)},
};

static const struct command_line LINE = {
    .command = "lint",
    .about = "Reports the errors of each FILE, and what the language allows and is probably not\n"
             "meant. Each finding has an id; valvec lint --explain ID says why it matters.\n",
    .after = "A comment allows a finding on its line, or below when it stands alone:\n"
             "  # valvec: allow ID, ID reason      in a rule: /* valvec: allow ID */\n"
             "  # valvec: allow-file ID reason     for the whole file\n"
             "\n"
             "Notes do not change how the command ends.\n",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
};

struct linting {
    const struct settings *settings;
    struct valvec_options options;
    bool shown[DIAGNOSTIC_COUNT]; /* which warnings and notes are wanted */
    struct output output;
    struct report report;
};

/* ---- which lints ---- */

static enum exit_status report_unknown(slice id)
{
    struct suggestion suggestion = suggestion_for(id);
    for (uint32_t i = 0; i < lint_count(); i++)
        suggestion_consider(&suggestion, slice_of(lint_id(lint_at(i))));
    if (suggestion.best.length > 0)
        return usage_error("lint",
                           "there is no lint '" SLICE_FORMAT "', did you mean '" SLICE_FORMAT "'?",
                           SLICE_ARGUMENTS(id), SLICE_ARGUMENTS(suggestion.best));
    return usage_error("lint", "there is no lint '" SLICE_FORMAT "'", SLICE_ARGUMENTS(id));
}

static enum exit_status switch_lints(struct linting *linting, const char *ids, bool shown)
{
    while (ids != NULL && *ids != '\0') {
        slice id = {ids, strcspn(ids, ",")};
        const struct lint_info *lint = lint_find(id);
        if (lint == NULL)
            return report_unknown(id);
        linting->shown[lint->diagnostic] = shown;
        ids += id.length + (ids[id.length] == ',');
    }
    return EXIT_FINE;
}

static enum exit_status choose_lints(struct linting *linting)
{
    const struct settings *settings = linting->settings;
    for (uint32_t i = 0; i < DIAGNOSTIC_COUNT; i++)
        linting->shown[i] = true;
    for (uint32_t i = 0; i < lint_count() && !settings->all; i++)
        linting->shown[lint_at(i)->diagnostic] = lint_at(i)->by_default;
    enum exit_status enabled = switch_lints(linting, settings->enable, true);
    return enabled == EXIT_FINE ? switch_lints(linting, settings->disable, false) : enabled;
}

static bool is_shown(const struct linting *linting, const struct diagnostic *diagnostic)
{
    switch (diagnostic_info(diagnostic->id)->severity) {
    case SEVERITY_ERROR:
        return true;
    case SEVERITY_NOTE:
        return linting->shown[diagnostic->id] && !linting->settings->no_notes;
    default:
        return linting->shown[diagnostic->id];
    }
}

/* ---- files ---- */

static enum exit_status lint_rules(struct linting *linting, struct rules *rules)
{
    struct valve_load_error error;
    bool fine = rules_build(rules, &linting->options, &error);
    for (size_t i = 0; i < rules->diagnostics.list.count; i++) {
        const struct diagnostic *diagnostic = &rules->diagnostics.list.items[i];
        if (is_shown(linting, diagnostic))
            report_add(&linting->report, diagnostic);
    }
    if (!fine && error.message[0] != '\0')
        rules_report_program(rules, &error);
    return fine ? EXIT_FINE : EXIT_INVALID;
}

static enum exit_status lint_file(struct linting *linting, const char *path)
{
    struct rules rules;
    enum exit_status status = rules_read(&rules, path);
    linting->options.expand_environment = !rules.was_compiled; /* done when it was compiled */
    if (status == EXIT_FINE)
        status = rules_take_text(&rules) ? lint_rules(linting, &rules) : EXIT_INVALID;
    rules_fini(&rules);
    return status;
}

static enum exit_status lint_files(struct linting *linting, const struct arguments *arguments)
{
    const struct settings *settings = linting->settings;
    enum exit_status status = choose_lints(linting);
    if (status != EXIT_FINE)
        return status;
    output_open(&linting->output, arguments->colour);
    report_begin(&linting->report,
                 settings->json ? REPORT_JSON : (enum report_format)settings->format,
                 linting->output.colour, &linting->output.text);
    for (size_t i = 0; i < arguments->operands.count; i++) {
        enum exit_status file_status = lint_file(linting, arguments->operands.items[i]);
        status = worse_status(status, file_status);
        output_flush_when_full(&linting->output);
    }
    report_end(&linting->report);
    if (linting->report.warning_count > settings->max_warnings)
        status = worse_status(status, EXIT_FINDINGS);
    return output_close(&linting->output, status);
}

/* ---- the command ---- */

static enum exit_status print_list(const struct settings *settings, enum colour_choice colour)
{
    struct output output;
    output_open(&output, colour);
    lint_help_list(settings->json || settings->format == REPORT_JSON, &output.text);
    return output_close(&output, EXIT_FINE);
}

static enum exit_status print_page(const char *id, enum colour_choice colour)
{
    struct output output;
    output_open(&output, colour);
    bool known = lint_help_explain(id, &output.text);
    return output_close(&output, known ? EXIT_FINE : report_unknown(slice_of(id)));
}

static enum exit_status run(const struct settings *settings, const struct arguments *arguments)
{
    if (settings->explain != NULL)
        return print_page(settings->explain, arguments->colour);
    if (settings->list)
        return print_list(settings, arguments->colour);
    if (arguments->operands.count == 0)
        return usage_error("lint", "expected FILE...");
    struct linting linting = {.settings = settings, .options = valvec_options_default()};
    linting.options.lint = true;
    linting.options.max_rule_iterations = (uint32_t)settings->max_rule_iterations;
    return lint_files(&linting, arguments);
}

enum exit_status cmd_lint(int argc, char **argv)
{
    struct settings settings = {.format = REPORT_PRETTY, .max_rule_iterations = 3};
    struct arguments arguments;
    enum exit_status status;
    if (!command_line_parse(&LINE, argc, argv, &settings, &arguments, &status))
        return status;
    status = run(&settings, &arguments);
    arguments_fini(&arguments);
    return status;
}
