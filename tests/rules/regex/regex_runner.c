/* Answers text.match(regex) for regex_differential.mjs. A line in: pattern, flags, subject and
 * engine, separated by tabs; texts as hexadecimal UTF-8 in which lone surrogates are encoded. A
 * line out: JSON with the texts in the same form. */

#include "regex/regex_internal.h"

#include <stdio.h>

static size_t from_hex(const char *hex, char *out)
{
    size_t length = 0;
    unsigned byte;
    for (; sscanf(hex, "%2x", &byte) == 1; hex += 2)
        out[length++] = (char)byte;
    return length;
}

static void print_text(valve_value value)
{
    if (value.type == VALUE_UNDEFINED) {
        fputs("null", stdout);
        return;
    }
    putchar('"');
    for (uint32_t i = 0; i < value.length; i++)
        printf("%02x", (unsigned)(unsigned char)value.as.text[i]);
    putchar('"');
}

static void print_groups(valve_value groups)
{
    if (groups.type != VALUE_OBJECT)
        return;
    fputs(",\"groups\":{", stdout);
    for (uint32_t i = 0; i < groups.as.object->count; i++) {
        if (i > 0)
            putchar(',');
        print_text(groups.as.object->members[i].key);
        putchar(':');
        print_text(groups.as.object->members[i].value);
    }
    putchar('}');
}

static void print_result(valve_value result)
{
    if (result.type != VALUE_MATCH) {
        puts("{\"items\":null}");
        return;
    }
    const struct value_match *match = result.as.match;
    fputs("{\"items\":[", stdout);
    for (uint32_t i = 0; i < match->items.count; i++) {
        if (i > 0)
            putchar(',');
        print_text(match->items.items[i]);
    }
    putchar(']');
    if (match->index.type == VALUE_NUMBER)
        printf(",\"index\":%.0f", match->index.as.number);
    print_groups(match->groups);
    puts("}");
}

static void print_answer(const struct regex *regex, slice subject, enum regex_engine engine,
                         struct arena *arena)
{
    struct regex_budget budget = {.max_steps = 1000000, .max_memory_bytes = 1 << 22};
    uint64_t steps = 0;
    valve_value result;
    enum regex_status status =
        regex_match_by(regex, value_text(subject), budget, engine, arena, &steps, &result);
    if (status == REGEX_OK)
        print_result(result);
    else
        puts(status == REGEX_TOO_COSTLY ? "{\"costly\":true}" : "{\"memory\":true}");
}

/* The exact matcher is asked as for a computed pattern, where there are no flags. */
static void answer(slice pattern, slice flags, slice subject, bool exact)
{
    struct regex_error error;
    struct arena arena;
    arena_init(&arena, (size_t)1 << 26);
    struct regex *lasting = NULL;
    const struct regex *regex;
    if (exact && flags.length == 0)
        regex = regex_new_in(&arena, pattern, &error);
    else
        regex = lasting = regex_new(pattern, flags, &error);
    if (regex == NULL)
        printf("{\"error\":\"%s\",\"offset\":%zu}\n", error.message[0] == '\\' ? "" : error.message,
               error.offset);
    else
        print_answer(regex, subject, exact ? REGEX_BY_EXACT : REGEX_BY_CHOICE, &arena);
    regex_free(&lasting);
    arena_fini(&arena);
}

int main(void)
{
    char *line = NULL;
    size_t capacity = 0;
    while (getline(&line, &capacity, stdin) > 0) {
        char *rest = line;
        char *pattern = strsep(&rest, "\t"), *flags = strsep(&rest, "\t");
        char *subject = strsep(&rest, "\t"), *engine = strsep(&rest, "\t\n");
        if (engine == NULL)
            return 2;
        size_t pattern_length = from_hex(pattern, pattern);
        size_t subject_length = from_hex(subject, subject);
        answer((slice){pattern, pattern_length}, slice_of(flags), (slice){subject, subject_length},
               strcmp(engine, "exact") == 0);
    }
    free(line);
    return 0;
}
