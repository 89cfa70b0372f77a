/* Options of the command line. What wrong usage prints is in tests/rules/commands. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "terminal/option.h"

struct settings {
    bool flag;
    const char *text;
    unsigned choice;
    uint64_t number;
    double real;
    const char *alone;
};

static const char *const WORDS[] = {"red", "green", NULL};

static const struct option OPTIONS[] = {
    {.letter = 'f',
     .name = "flag",
     .kind = OPTION_SWITCH,
     .offset = offsetof(struct settings, flag)},
    {.letter = 't',
     .name = "text",
     .argument = "T",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct settings, text)},
    {.name = "choice",
     .argument = "C",
     .kind = OPTION_CHOICE,
     .offset = offsetof(struct settings, choice),
     .choices = WORDS},
    {.name = "number",
     .argument = "N",
     .kind = OPTION_NUMBER,
     .offset = offsetof(struct settings, number),
     .least = 1,
     .most = 9},
    {.name = "real",
     .argument = "R",
     .kind = OPTION_REAL,
     .offset = offsetof(struct settings, real),
     .most = 9},
    {.letter = 'a',
     .name = "alone",
     .argument = "[A]",
     .if_alone = "nothing",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct settings, alone)},
};

static const struct command COMMANDS[] = {{.name = "check", .operands = "FILE..."}};

const struct application application = {.name = "tool", .commands = COMMANDS, .command_count = 1};

static const struct command_line LINE = {.command = "check",
                                         .options = OPTIONS,
                                         .option_count = sizeof OPTIONS / sizeof *OPTIONS,
                                         .most = 2};

static bool parse(const char *const *words, struct settings *settings, struct arguments *arguments)
{
    char *argv[16];
    int argc = 0;
    enum exit_status status;
    for (; words[argc] != NULL; argc++)
        argv[argc] = (char *)(uintptr_t)words[argc];
    *settings = (struct settings){0};
    return command_line_parse(&LINE, argc, argv, settings, arguments, &status);
}

#define WORDS_OF(...)                                                                              \
    (const char *const[])                                                                          \
    {                                                                                              \
        "check", __VA_ARGS__, NULL                                                                 \
    }

static void options_and_operands_mix(void **state)
{
    (void)state;
    struct settings settings;
    struct arguments arguments;
    assert_true(parse(WORDS_OF("a", "-f", "--text", "x", "b"), &settings, &arguments));
    assert_true(settings.flag);
    assert_string_equal(settings.text, "x");
    assert_int_equal(arguments.operands.count, 2);
    assert_string_equal(arguments.operands.items[1], "b");
    arguments_fini(&arguments);
}

static void values_stand_behind_the_letter_the_sign_or_alone(void **state)
{
    (void)state;
    struct settings settings;
    struct arguments arguments;
    assert_true(parse(WORDS_OF("-ftx", "--number=7", "--choice", "green", "--real", "0.5"),
                      &settings, &arguments));
    assert_string_equal(settings.text, "x");
    assert_int_equal(settings.number, 7);
    assert_int_equal(settings.choice, 1);
    assert_true(settings.real == 0.5);
    arguments_fini(&arguments);
}

static void two_dashes_end_the_options(void **state)
{
    (void)state;
    struct settings settings;
    struct arguments arguments;
    assert_true(parse(WORDS_OF("-", "--", "--flag"), &settings, &arguments));
    assert_false(settings.flag);
    assert_string_equal(arguments.operands.items[0], "-");
    assert_string_equal(arguments.operands.items[1], "--flag");
    arguments_fini(&arguments);
}

static void a_value_that_may_be_missing_is_not_taken_from_the_next_option(void **state)
{
    (void)state;
    struct settings settings;
    struct arguments arguments;
    assert_true(parse(WORDS_OF("--alone", "-f"), &settings, &arguments));
    assert_string_equal(settings.alone, "nothing");
    assert_true(settings.flag);
    arguments_fini(&arguments);
    assert_true(parse(WORDS_OF("-a", "some"), &settings, &arguments));
    assert_string_equal(settings.alone, "some");
    arguments_fini(&arguments);
    assert_true(parse(WORDS_OF("--alone"), &settings, &arguments));
    assert_string_equal(settings.alone, "nothing");
    arguments_fini(&arguments);
}

static void what_is_wrong_is_refused(void **state)
{
    (void)state;
    struct settings settings;
    struct arguments arguments;
    assert_false(parse(WORDS_OF("--nothing"), &settings, &arguments));
    assert_false(parse(WORDS_OF("-x"), &settings, &arguments));
    assert_false(parse(WORDS_OF("--flag=1"), &settings, &arguments));
    assert_false(parse(WORDS_OF("--text"), &settings, &arguments));
    assert_false(parse(WORDS_OF("--number", "0"), &settings, &arguments));
    assert_false(parse(WORDS_OF("--number", "10"), &settings, &arguments));
    assert_false(parse(WORDS_OF("--number", "1x"), &settings, &arguments));
    assert_false(parse(WORDS_OF("--real", "nan"), &settings, &arguments));
    assert_false(parse(WORDS_OF("--choice", "blue"), &settings, &arguments));
    assert_false(parse(WORDS_OF("a", "b", "c"), &settings, &arguments));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_and_operands_mix),
        cmocka_unit_test(values_stand_behind_the_letter_the_sign_or_alone),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(a_value_that_may_be_missing_is_not_taken_from_the_next_option),
        cmocka_unit_test(what_is_wrong_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
