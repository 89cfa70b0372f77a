/* Parses the options of one command by its table. */

#include "option.h"

#include "help.h"
#include "document/suggest.h"

#include <errno.h>
#include <stdarg.h>

static const char *const COLOUR_WORDS[] = {"auto", "always", "never", NULL};

struct parser {
    const struct command_line *line;
    int argc;
    char **argv;
    int next; /* the argument to look at next */
    char *settings;
    struct arguments *arguments;
    unsigned colour;
    bool wants_help;
};

/* ---- what every command takes ---- */

static const struct option COMMON[] = {
    {.name = "color",
     .argument = "WHEN",
     .help = "colours: auto (on a terminal, unless NO_COLOR is set), always, never",
     .kind = OPTION_CHOICE,
     .offset = offsetof(struct parser, colour),
     .choices = COLOUR_WORDS},
    {.letter = 'h',
     .name = "help",
     .help = "print this text",
     .kind = OPTION_SWITCH,
     .offset = offsetof(struct parser, wants_help)},
};

#define COMMON_COUNT (sizeof COMMON / sizeof *COMMON)

const struct option *common_options(size_t *count)
{
    *count = COMMON_COUNT;
    return COMMON;
}

enum exit_status usage_error(const char *command, const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "%s %s: ", application.name, command);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\nsee: %s %s --help\n", application.name, command);
    return EXIT_USAGE;
}

#define wrong(parser, ...) (usage_error((parser)->line->command, __VA_ARGS__), false)

/* ---- values ---- */

static bool set_choice(struct parser *parser, const struct option *option, const char *value,
                       unsigned *out)
{
    struct suggestion suggestion = suggestion_for(slice_of(value));
    for (unsigned i = 0; option->choices[i] != NULL; i++) {
        if (strcmp(option->choices[i], value) == 0) {
            *out = i;
            return true;
        }
        suggestion_consider(&suggestion, slice_of(option->choices[i]));
    }
    if (suggestion.best.length > 0)
        return wrong(parser, "--%s has no value '%s', did you mean '" SLICE_FORMAT "'?",
                     option->name, value, SLICE_ARGUMENTS(suggestion.best));
    return wrong(parser, "--%s has no value '%s'", option->name, value);
}

static bool set_number(struct parser *parser, const struct option *option, const char *value,
                       uint64_t *out)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(value, &end, 10);
    bool is_number = value[0] >= '0' && value[0] <= '9' && *end == '\0';
    if (!is_number || errno != 0 || number < option->least || number > option->most)
        return wrong(parser, "--%s takes a number from %llu to %llu, not '%s'", option->name,
                     (unsigned long long)option->least, (unsigned long long)option->most, value);
    *out = number;
    return true;
}

static bool set_real(struct parser *parser, const struct option *option, const char *value,
                     double *out)
{
    char *end;
    double number = strtod(value, &end);
    bool is_number = (value[0] >= '0' && value[0] <= '9') && *end == '\0';
    if (!is_number || number < (double)option->least || number > (double)option->most)
        return wrong(parser, "--%s takes a number from %llu to %llu, not '%s'", option->name,
                     (unsigned long long)option->least, (unsigned long long)option->most, value);
    *out = number;
    return true;
}

static bool set_value(struct parser *parser, const struct option *option, void *place,
                      const char *value)
{
    switch (option->kind) {
    case OPTION_SWITCH:
        *(bool *)place = true;
        return true;
    case OPTION_TEXT:
        *(const char **)place = value;
        return true;
    case OPTION_CHOICE:
        return set_choice(parser, option, value, place);
    case OPTION_NUMBER:
        return set_number(parser, option, value, place);
    case OPTION_REAL:
        return set_real(parser, option, value, place);
    }
    return false;
}

/* ---- finding options ---- */

struct found {
    const struct option *option;
    void *place;
};

static struct found found_at(const struct parser *parser, const struct option *option, bool common)
{
    const char *base = common ? (const char *)parser : parser->settings;
    return (struct found){option, (void *)(uintptr_t)(base + option->offset)};
}

static bool is_named(const struct option *option, slice name)
{
    return slice_equal(slice_of(option->name), name);
}

static bool is_lettered(const struct option *option, slice letter)
{
    return option->letter != 0 && option->letter == letter.at[0];
}

static struct found find(const struct parser *parser, slice wanted,
                         bool (*matches)(const struct option *, slice))
{
    const struct command_line *line = parser->line;
    for (size_t i = 0; i < line->option_count; i++) {
        if (matches(&line->options[i], wanted))
            return found_at(parser, &line->options[i], false);
    }
    for (size_t i = 0; i < COMMON_COUNT; i++) {
        if (matches(&COMMON[i], wanted))
            return found_at(parser, &COMMON[i], true);
    }
    return (struct found){NULL, NULL};
}

static bool report_unknown(const struct parser *parser, slice name)
{
    struct suggestion suggestion = suggestion_for(name);
    for (size_t i = 0; i < parser->line->option_count; i++)
        suggestion_consider(&suggestion, slice_of(parser->line->options[i].name));
    for (size_t i = 0; i < COMMON_COUNT; i++)
        suggestion_consider(&suggestion, slice_of(COMMON[i].name));
    if (suggestion.best.length > 0)
        return wrong(parser,
                     "unknown option '--" SLICE_FORMAT "', did you mean '--" SLICE_FORMAT "'?",
                     SLICE_ARGUMENTS(name), SLICE_ARGUMENTS(suggestion.best));
    return wrong(parser, "unknown option '--" SLICE_FORMAT "'", SLICE_ARGUMENTS(name));
}

/* ---- arguments ---- */

static bool next_is_option(const struct parser *parser)
{
    return parser->next < parser->argc && parser->argv[parser->next][0] == '-';
}

/* Takes the value that stands with the option, or the next argument. */
static bool take_value(struct parser *parser, struct found found, const char *attached)
{
    if (found.option->kind == OPTION_SWITCH)
        return attached == NULL ? set_value(parser, found.option, found.place, NULL)
                                : wrong(parser, "--%s takes no value", found.option->name);
    bool may_follow = found.option->if_alone == NULL || !next_is_option(parser);
    if (attached == NULL && parser->next < parser->argc && may_follow)
        attached = parser->argv[parser->next++];
    if (attached == NULL)
        attached = found.option->if_alone;
    if (attached == NULL)
        return wrong(parser, "--%s needs a value: --%s %s", found.option->name, found.option->name,
                     found.option->argument);
    return set_value(parser, found.option, found.place, attached);
}

static bool parse_long(struct parser *parser, const char *text)
{
    const char *equals = strchr(text, '=');
    slice name = {text, equals == NULL ? strlen(text) : (size_t)(equals - text)};
    struct found found = find(parser, name, is_named);
    if (found.option == NULL)
        return report_unknown(parser, name);
    return take_value(parser, found, equals == NULL ? NULL : equals + 1);
}

static bool parse_letters(struct parser *parser, const char *letters)
{
    for (; *letters != '\0'; letters++) {
        struct found found = find(parser, (slice){letters, 1}, is_lettered);
        if (found.option == NULL)
            return wrong(parser, "unknown option '-%c'", *letters);
        if (found.option->kind != OPTION_SWITCH)
            return take_value(parser, found, letters[1] == '\0' ? NULL : letters + 1);
        take_value(parser, found, NULL);
    }
    return true;
}

static bool parse_argument(struct parser *parser, bool *options_ended)
{
    const char *argument = parser->argv[parser->next++];
    if (*options_ended || argument[0] != '-' || argument[1] == '\0') {
        VEC_PUSH(&parser->arguments->operands, argument);
        return true;
    }
    if (strcmp(argument, "--") == 0) {
        *options_ended = true;
        return true;
    }
    return argument[1] == '-' ? parse_long(parser, argument + 2)
                              : parse_letters(parser, argument + 1);
}

static bool parse_all(struct parser *parser)
{
    bool options_ended = false;
    while (parser->next < parser->argc && !parser->wants_help) {
        if (!parse_argument(parser, &options_ended))
            return false;
    }
    return true;
}

static bool check_operands(const struct parser *parser)
{
    const struct command_line *line = parser->line;
    const char *operands = command_find(line->command)->operands;
    size_t count = parser->arguments->operands.count;
    bool is_bounded = line->most != 0 || operands[0] == '\0';
    if (count < line->least)
        return wrong(parser, "expected %s", operands);
    if (is_bounded && count > line->most)
        return wrong(parser, "unexpected argument '%s'",
                     parser->arguments->operands.items[line->most]);
    return true;
}

bool command_line_parse(const struct command_line *line, int argc, char **argv, void *settings,
                        struct arguments *arguments, enum exit_status *status)
{
    *arguments = (struct arguments){0};
    struct parser parser = {.line = line,
                            .argc = argc,
                            .argv = argv,
                            .next = 1,
                            .settings = settings,
                            .arguments = arguments};
    *status = EXIT_USAGE;
    bool fine = parse_all(&parser);
    arguments->colour = (enum colour_choice)parser.colour;
    if (fine && parser.wants_help)
        *status = help_print_command(line);
    else if (fine && check_operands(&parser))
        return true;
    arguments_fini(arguments);
    return false;
}

void arguments_fini(struct arguments *arguments)
{
    VEC_FREE(&arguments->operands);
}
