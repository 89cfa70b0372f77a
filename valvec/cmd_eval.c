/* valvec eval: decides requests, one line of JSON for each. */

#include "commands.h"
#include "decide.h"
#include "explain.h"
#include "input.h"
#include "load_rules.h"
#include "terminal/option.h"
#include "terminal/output.h"
#include "result_line.h"

#include <errno.h>

struct settings {
    const char *requests;
    uint64_t max_rule_iterations;
    bool strict;
    bool explain;
    bool json;
};

static const struct option OPTIONS[] = {
    {.letter = 'r',
     .name = "requests",
     .argument = "FILE",
     .help = "read one request a line; - is standard input",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct settings, requests)},
    {.letter = 'e',
     .name = "explain",
     .help = "show which paths competed, the value of each part of the rule and\n"
             "the part that decided",
     .kind = OPTION_SWITCH,
     .offset = offsetof(struct settings, explain)},
    {.name = "json",
     .help = "with --explain: one JSON object a line; results always are",
     .kind = OPTION_SWITCH,
     .offset = offsetof(struct settings, json)},
    {.name = "max-rule-iterations",
     .argument = "N",
     .help = "as in the server's configuration (default 3; 0: no limit)",
     .kind = OPTION_NUMBER,
     .offset = offsetof(struct settings, max_rule_iterations),
     .least = 0,
     .most = UINT32_MAX},
    {.name = "strict",
     .help = "only the value true allows, not everything that counts as true",
     .kind = OPTION_SWITCH,
     .offset = offsetof(struct settings, strict)},
};

static const struct command_line LINE = {
    .command = "eval",
    .about =
        "Decides requests by the rules of FILE and prints one line of JSON for each. A request is\n"
        "JSON: one as an argument, or one a line in the file of --requests or standard input:\n"
        "\n"
        "  {\"section\":\"record\", \"rule\":\"write\", \"name\":\"chat/7\",\n"
        "   \"user\":{\"id\":\"ann\", \"data\":{\"role\":\"admin\"}}, "
        "\"data\":{\"text\":\"hello\"}}\n"
        "\n"
        "  section   record, event, rpc or presence\n"
        "  rule      such as write; or action, such as \"UPDATE\" or 18; or both\n"
        "  name      of the record, event or procedure; absent for presence of everybody\n"
        "  user      id, isAuthenticated, data; default: the anonymous user \"open\"\n"
        "  data      the payload; or dataText, the payload as text\n"
        "  oldData   the record as it is, null when it does not exist\n"
        "  records   other records by name, for oldData and for _(name)\n"
        "  now       milliseconds since 1970; default: the present\n",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .least = 1,
    .most = 2,
};

struct evaluating {
    const struct settings *settings;
    struct valve_options options;
    struct rules rules;
    struct arena arena; /* of one request */
    struct output output;
    enum exit_status status;
};

static void print_explanation(struct evaluating *evaluating, const struct request *request)
{
    struct buf *out = &evaluating->output.text;
    if (evaluating->settings->json) {
        explain_json(&evaluating->rules, request, &evaluating->options, out);
        buf_append_byte(out, '\n');
    } else {
        explain_text(&evaluating->rules, request, &evaluating->options, evaluating->output.colour,
                     out);
    }
}

static void answer_request(struct evaluating *evaluating, const struct request *request)
{
    struct decision decision;
    decide(evaluating->rules.program, request, &evaluating->options, &evaluating->arena, &decision);
    if (decision.result.decision != VALVE_ALLOW)
        evaluating->status = EXIT_FINDINGS;
    if (evaluating->settings->explain) {
        print_explanation(evaluating, request);
        return;
    }
    result_line_append(&evaluating->output.text, request, &decision);
    buf_append_byte(&evaluating->output.text, '\n');
}

/* An explanation for people is told what was wrong on standard output too: its place is between
 * those of its neighbours. */
static void answer_unreadable(struct evaluating *evaluating, slice message)
{
    struct buf *out = &evaluating->output.text;
    evaluating->status = EXIT_FINDINGS;
    if (evaluating->settings->explain && !evaluating->settings->json)
        buf_printf(out, "error: " SLICE_FORMAT "\n", SLICE_ARGUMENTS(message));
    else {
        result_line_append_unreadable(out, message);
        buf_append_byte(out, '\n');
    }
}

static void answer_line(struct evaluating *evaluating, slice line)
{
    struct request request;
    slice message;
    arena_init(&evaluating->arena, 0);
    if (line.length > LINE_MAX_BYTES)
        answer_unreadable(evaluating, SLICE("the request is too long"));
    else if (request_read(line, current_time_ms(), &evaluating->arena, &request, &message)) {
        answer_request(evaluating, &request);
        request_free(&request);
    } else {
        answer_unreadable(evaluating, message);
        request_free(&request);
    }
    arena_fini(&evaluating->arena);
}

/* Whoever waits for the next result must not wait for a full buffer. */
static void flush_before_wait(void *context)
{
    output_flush(context);
}

static enum exit_status answer_lines(struct evaluating *evaluating, const char *path)
{
    struct line_reader reader;
    slice line;
    if (!line_reader_open(&reader, path)) {
        fprintf(stderr, "valvec: cannot read %s: %s\n", path, strerror(errno));
        return EXIT_IO;
    }
    reader.before_wait = flush_before_wait;
    reader.context = &evaluating->output;
    while (line_reader_next(&reader, &line)) {
        answer_line(evaluating, line);
        if (!output_flush_when_full(&evaluating->output))
            break;
    }
    int error = reader.error;
    line_reader_close(&reader);
    if (error == 0)
        return evaluating->status;
    fprintf(stderr, "valvec: cannot read %s: %s\n", path, strerror(error));
    return EXIT_IO;
}

static enum exit_status evaluate(const struct settings *settings, const char *path,
                                 const char *request, enum colour_choice colour)
{
    struct evaluating evaluating = {.settings = settings, .options = valve_options_default()};
    struct valvec_options options = valvec_options_default();
    options.max_rule_iterations = (uint32_t)settings->max_rule_iterations;
    evaluating.options.max_rule_iterations = options.max_rule_iterations;
    evaluating.options.strict = settings->strict;
    output_open(&evaluating.output, colour);
    enum exit_status status = rules_load(&evaluating.rules, path, &options, colour);
    if (status == EXIT_FINE && request != NULL) {
        answer_line(&evaluating, slice_of(request));
        status = evaluating.status;
    } else if (status == EXIT_FINE) {
        status = answer_lines(&evaluating, settings->requests);
    }
    rules_fini(&evaluating.rules);
    return output_close(&evaluating.output, status);
}

enum exit_status cmd_eval(int argc, char **argv)
{
    struct settings settings = {.max_rule_iterations = 3};
    struct arguments arguments;
    enum exit_status status;
    if (!command_line_parse(&LINE, argc, argv, &settings, &arguments, &status))
        return status;
    const char *path = arguments.operands.items[0];
    const char *request = arguments.operands.count > 1 ? arguments.operands.items[1] : NULL;
    if (request != NULL && strcmp(request, "-") == 0 && settings.requests == NULL) {
        settings.requests = "-";
        request = NULL;
    }
    if ((request == NULL) == (settings.requests == NULL))
        status = usage_error("eval", "expected either a request or --requests FILE");
    else if (strcmp(path, "-") == 0 && request == NULL && strcmp(settings.requests, "-") == 0)
        status = usage_error("eval", "rules and requests cannot both come from standard input");
    else
        status = evaluate(&settings, path, request, arguments.colour);
    arguments_fini(&arguments);
    return status;
}
