/* valvec test: runs the tests of rules. */

#include "commands.h"
#include "decide.h"
#include "input.h"
#include "terminal/output.h"
#include "test_files.h"
#include "test_report.h"
#include "test_watch.h"

#include <errno.h>

struct settings {
    const char *filter;
    unsigned format;
    bool json;
    bool coverage;
    uint64_t min_coverage; /* percent */
    bool watch;
    uint64_t max_rule_iterations;
};

static const struct option OPTIONS[] = {
    {.letter = 'f',
     .name = "format",
     .argument = "FORMAT",
     .help = "pretty (default), tap, junit or json",
     .kind = OPTION_CHOICE,
     .offset = offsetof(struct settings, format),
     .choices = test_format_names},
    {.name = "json",
     .help = "the same as --format json",
     .kind = OPTION_SWITCH,
     .offset = offsetof(struct settings, json)},
    {.name = "filter",
     .argument = "TEXT",
     .help = "run only tests with TEXT in their names",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct settings, filter)},
    {.name = "coverage",
     .help = "list the rules that no test asked",
     .kind = OPTION_SWITCH,
     .offset = offsetof(struct settings, coverage)},
    {.name = "min-coverage",
     .argument = "PERCENT",
     .help = "fail when fewer of the rules were asked",
     .kind = OPTION_NUMBER,
     .offset = offsetof(struct settings, min_coverage),
     .least = 0,
     .most = 100},
    {.letter = 'w',
     .name = "watch",
     .help = "run again whenever rules or tests change, until Ctrl-C",
     .kind = OPTION_SWITCH,
     .offset = offsetof(struct settings, watch)},
    {.name = "max-rule-iterations",
     .argument = "N",
     .help = "as the server is configured (default 3; 0: no limit)",
     .kind = OPTION_NUMBER,
     .offset = offsetof(struct settings, max_rule_iterations),
     .least = 0,
     .most = UINT32_MAX},
};

static const struct command_line LINE = {
    .command = "test",
    .about = "Each PATH is a test file, or a folder with files *.test.yml, *.test.yaml or\n"
             "*.test.json in it or below. TESTING.md describes how tests are written.\n",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .least = 1,
};

/* One round: all files, once. */
struct testing {
    const struct settings *settings;
    const struct arguments *arguments;
    struct test_watch *watch; /* NULL without --watch */
    struct test_options options;
    struct test_run run;
    struct test_report report;
    struct output output;
};

static void say_failed(const char *path, const char *why)
{
    struct buf line = BUF_EMPTY;
    buf_printf(&line, "valvec test: %s: %s\n", path, why);
    error_output(buf_slice(&line));
    buf_fini(&line);
}

static enum exit_status run_tests(struct testing *testing, struct casefile *file)
{
    struct file_run result;
    if (testing->watch != NULL)
        test_watch_file(testing->watch, file->rules_path.at);
    enum exit_status status = test_run_file(&testing->run, file, &result);
    if (status == EXIT_FINE && result.count > 0)
        test_report_add(&testing->report, &result);
    output_flush_when_full(&testing->output);
    return result.failed > 0 ? worse_status(status, EXIT_FINDINGS) : status;
}

static enum exit_status test_file(struct testing *testing, const char *path)
{
    struct buf bytes = BUF_EMPTY;
    struct casefile file;
    enum exit_status status = EXIT_IO;
    enum input_status read = input_read_file(path, CASEFILE_MAX_BYTES, &bytes);
    if (read != INPUT_READ) {
        say_failed(path, input_error(read));
    } else {
        bool valid = casefile_open(&file, input_name(path), buf_slice(&bytes), current_time_ms());
        if (valid)
            status = run_tests(testing, &file);
        else
            print_errors(&file.diagnostics, testing->arguments->colour);
        casefile_close(&file);
    }
    buf_fini(&bytes);
    return status;
}

static enum exit_status find_files(const struct testing *testing, struct test_files *files)
{
    enum exit_status status = EXIT_FINE;
    for (size_t i = 0; i < testing->arguments->operands.count; i++) {
        const char *path = testing->arguments->operands.items[i], *failed = path;
        size_t before = files->paths.count;
        if (testing->watch != NULL)
            test_watch_folder(testing->watch, path);
        if (!test_files_add(files, path, &failed)) {
            say_failed(failed, strerror(errno));
            status = EXIT_IO;
        } else if (files->paths.count == before && before == 0) {
            say_failed(path, "no test files (*.test.yml, *.test.yaml, *.test.json)");
            status = EXIT_IO;
        }
    }
    return status;
}

static enum exit_status judge_coverage(const struct testing *testing)
{
    struct coverage coverage = test_run_coverage(&testing->run);
    uint64_t least = testing->settings->min_coverage;
    if ((uint64_t)coverage.asked * 100 >= least * coverage.total)
        return EXIT_FINE;
    struct buf line = BUF_EMPTY;
    buf_printf(&line, "valvec test: %zu of %zu rules were asked, less than %u%%\n", coverage.asked,
               coverage.total, (unsigned)least);
    error_output(buf_slice(&line));
    buf_fini(&line);
    return EXIT_FINDINGS;
}

static enum exit_status judge(const struct testing *testing, enum exit_status status)
{
    size_t ran = testing->report.passed + testing->report.failed;
    if (ran == 0 && status == EXIT_FINE) {
        say_failed("--filter", "no test has this text in its name");
        status = EXIT_IO;
    }
    return worse_status(status, judge_coverage(testing));
}

static enum exit_status test_all(struct testing *testing, const struct test_files *files,
                                 enum exit_status status)
{
    test_run_init(&testing->run, &testing->options);
    test_report_begin(&testing->report);
    for (size_t i = 0; i < files->paths.count; i++) {
        if (testing->watch != NULL)
            test_watch_file(testing->watch, files->paths.items[i]);
        enum exit_status file_status = test_file(testing, files->paths.items[i]);
        status = worse_status(status, file_status);
    }
    test_report_end(&testing->report, &testing->run);
    output_flush(&testing->output);
    status = judge(testing, status);
    test_run_fini(&testing->run);
    return status;
}

static enum exit_status run_once(const struct settings *settings, const struct arguments *arguments,
                                 struct test_watch *watch)
{
    struct testing testing = {.settings = settings, .arguments = arguments, .watch = watch};
    struct test_files files;
    output_open(&testing.output, arguments->colour);
    enum test_format format =
        settings->json ? TEST_FORMAT_JSON : (enum test_format)settings->format;
    bool colour = testing.output.colour && format == TEST_FORMAT_PRETTY;
    testing.options = (struct test_options){.evaluation = valve_options_default(),
                                            .filter = slice_of(settings->filter),
                                            .colour = arguments->colour,
                                            .colour_reasons = colour};
    testing.options.evaluation.max_rule_iterations = (uint32_t)settings->max_rule_iterations;
    testing.report =
        (struct test_report){.format = format,
                             .colour = colour,
                             .shows_coverage = settings->coverage || settings->min_coverage > 0,
                             .out = &testing.output.text};
    test_files_init(&files);
    enum exit_status status = find_files(&testing, &files);
    if (files.paths.count > 0)
        status = test_all(&testing, &files, status);
    test_files_fini(&files);
    return output_close(&testing.output, status);
}

static enum exit_status run_again_and_again(const struct settings *settings,
                                            const struct arguments *arguments)
{
    struct test_watch watch;
    if (!test_watch_open(&watch)) {
        say_failed("--watch", strerror(errno));
        return EXIT_IO;
    }
    do {
        run_once(settings, arguments, &watch);
        error_output(SLICE("waiting for changes, end with Ctrl-C\n"));
    } while (test_watch_wait(&watch));
    test_watch_close(&watch);
    return EXIT_FINE;
}

enum exit_status cmd_test(int argc, char **argv)
{
    struct settings settings = {.filter = "",
                                .format = TEST_FORMAT_PRETTY,
                                .max_rule_iterations = valve_options_default().max_rule_iterations};
    struct arguments arguments;
    enum exit_status status;
    if (!command_line_parse(&LINE, argc, argv, &settings, &arguments, &status))
        return status;
    status = settings.watch ? run_again_and_again(&settings, &arguments)
                            : run_once(&settings, &arguments, NULL);
    arguments_fini(&arguments);
    return status;
}
