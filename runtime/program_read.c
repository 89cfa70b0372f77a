/* File form (program_format.h) -> program, for bytes that may be damaged or hostile. Every read is
 * bounded by what is left of the file, and so is every table before its memory is taken. The first
 * failure is kept; reads after it give zeros, so that one check at the end of a table suffices. */

#include "program.h"

#include "base/utf8.h"
#include "program_format.h"

#include <stdio.h>

struct reader {
    slice rest;
    struct arena *arena;
    struct valve_load_error *error;
    bool failed;
};

static bool fail(struct reader *reader, const char *message)
{
    if (!reader->failed)
        snprintf(reader->error->message, sizeof reader->error->message, "%s", message);
    reader->failed = true;
    reader->rest.length = 0;
    return false;
}

static slice read_bytes(struct reader *reader, size_t length)
{
    if (length > reader->rest.length) {
        fail(reader, "the program ends too early");
        return (slice){"", 0};
    }
    slice bytes = slice_part(reader->rest, 0, length);
    reader->rest = slice_part(reader->rest, length, reader->rest.length);
    return bytes;
}

static uint64_t read_integer(struct reader *reader, size_t length)
{
    slice bytes = read_bytes(reader, length);
    uint64_t value = 0;
    for (size_t i = bytes.length; i > 0; i--)
        value = value << 8 | (uint8_t)bytes.at[i - 1];
    return value;
}

static uint32_t read_u8(struct reader *reader)
{
    return (uint32_t)read_integer(reader, 1);
}

static uint32_t read_u32(struct reader *reader)
{
    return (uint32_t)read_integer(reader, 4);
}

static slice read_text(struct reader *reader)
{
    slice text = read_bytes(reader, read_u32(reader));
    if (!utf8_valid(text, true))
        fail(reader, "a text is not UTF-8");
    return text;
}

/* The number of entries of a table whose entries take at least entry_bytes each. */
static uint32_t read_count(struct reader *reader, size_t entry_bytes, uint32_t limit)
{
    uint32_t count = read_u32(reader);
    if (count > limit || count > reader->rest.length / entry_bytes) {
        fail(reader, "a table is longer than the program");
        return 0;
    }
    return count;
}

static void *table_alloc(struct reader *reader, uint32_t count, size_t item_size)
{
    size_t size = count * item_size;
    void *table = arena_try_alloc(reader->arena, size > 0 ? size : 1);
    if (table == NULL)
        fail(reader, "the program needs too much memory");
    return table;
}

static uint8_t text_flags(slice text)
{
    for (size_t i = 0; i < text.length; i++) {
        if ((uint8_t)text.at[i] >= 0x80)
            return 0;
    }
    return VALUE_ASCII;
}

static valve_value read_constant(struct reader *reader)
{
    uint32_t tag = read_u8(reader);
    if (tag == PROGRAM_CONSTANT_TEXT) {
        valve_value text = value_text(read_text(reader));
        text.flags = text_flags(value_slice(text));
        return text;
    }
    if (tag != PROGRAM_CONSTANT_NUMBER)
        fail(reader, "a constant is neither number nor text");
    uint64_t bits = read_integer(reader, 8);
    double number;
    memcpy(&number, &bits, sizeof number);
    return value_number(number);
}

static bool read_constants(struct reader *reader, struct program *program)
{
    uint32_t count = read_count(reader, 5, PROGRAM_MAX_ITEMS);
    valve_value *constants = table_alloc(reader, count, sizeof *constants);
    if (constants == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++)
        constants[i] = read_constant(reader);
    program->constants = constants;
    program->constant_count = count;
    return !reader->failed;
}

static bool read_regexes(struct reader *reader, struct program *program)
{
    uint32_t count = read_count(reader, 8, PROGRAM_MAX_ITEMS);
    struct program_regex *regexes = table_alloc(reader, count, sizeof *regexes);
    if (regexes == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        regexes[i].pattern = read_text(reader);
        regexes[i].flags = read_text(reader);
    }
    program->regexes = regexes;
    program->regex_count = count;
    return !reader->failed;
}

static struct program_pattern read_pattern(struct reader *reader)
{
    uint32_t section = read_u8(reader);
    if (section >= VALVE_SECTION_COUNT)
        fail(reader, "a pattern is in no section");
    struct program_pattern pattern = {.section = (enum valve_section)section};
    pattern.text = read_text(reader);
    pattern.line = read_u32(reader);
    pattern.column = read_u32(reader);
    return pattern;
}

static bool read_patterns(struct reader *reader, struct program *program)
{
    uint32_t count = read_count(reader, 13, PROGRAM_MAX_ITEMS);
    struct program_pattern *patterns = table_alloc(reader, count, sizeof *patterns);
    if (patterns == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++)
        patterns[i] = read_pattern(reader);
    program->patterns = patterns;
    program->pattern_count = count;
    return !reader->failed;
}

static bool read_positions(struct reader *reader, struct program_rule *rule)
{
    uint32_t count = read_count(reader, 12, PROGRAM_MAX_ITEMS);
    struct text_position *positions = table_alloc(reader, count, sizeof *positions);
    if (positions == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        positions[i].offset = read_u32(reader);
        positions[i].line = read_u32(reader);
        positions[i].column = read_u32(reader);
    }
    rule->positions = positions;
    rule->position_count = count;
    return !reader->failed;
}

static bool read_code(struct reader *reader, struct program_rule *rule)
{
    uint32_t count = read_count(reader, 12, PROGRAM_MAX_CODE);
    instruction *code = table_alloc(reader, count, sizeof *code);
    struct span *spans = table_alloc(reader, count, sizeof *spans);
    if (code == NULL || spans == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        code[i] = read_u32(reader);
        spans[i].start = read_u32(reader);
        spans[i].end = read_u32(reader);
    }
    rule->code = code;
    rule->spans = spans;
    rule->code_length = count;
    return !reader->failed;
}

static bool read_rule(struct reader *reader, struct program_rule *rule)
{
    uint32_t kind = read_u8(reader);
    if (kind >= VALVE_RULE_KIND_COUNT)
        return fail(reader, "a rule is of no known kind");
    *rule = (struct program_rule){.kind = (enum valve_rule_kind)kind};
    rule->pattern = read_u32(reader);
    rule->line = read_u32(reader);
    rule->column = read_u32(reader);
    rule->source = read_text(reader);
    rule->needs = read_u32(reader);
    rule->max_stack = read_u32(reader);
    return read_positions(reader, rule) && read_code(reader, rule);
}

static bool read_rules(struct reader *reader, struct program *program)
{
    uint32_t count = read_count(reader, 33, PROGRAM_MAX_ITEMS);
    struct program_rule *rules = table_alloc(reader, count, sizeof *rules);
    if (rules == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!read_rule(reader, &rules[i]))
            return false;
    }
    program->rules = rules;
    program->rule_count = count;
    return !reader->failed;
}

static bool read_header(struct reader *reader)
{
    if (reader->rest.length > PROGRAM_MAX_BYTES)
        return fail(reader, "the program is too large");
    if (!slice_starts_with(reader->rest, (slice){PROGRAM_MAGIC, PROGRAM_MAGIC_BYTES}))
        return fail(reader, "not a compiled rule program");
    read_bytes(reader, PROGRAM_MAGIC_BYTES);
    uint32_t version = read_u32(reader);
    if (!reader->failed && version != PROGRAM_FORMAT_VERSION)
        return fail(reader, "the program has another format version: compile the rules again");
    if (read_u32(reader) != 0)
        return fail(reader, "the header is damaged");
    uint64_t body_length = read_integer(reader, 8);
    slice checksum = read_bytes(reader, PROGRAM_CHECKSUM_BYTES);
    if (reader->failed)
        return false;
    if (body_length != reader->rest.length)
        return fail(reader, "the program is not as long as its header says");

    uint8_t actual[PROGRAM_CHECKSUM_BYTES];
    program_checksum(reader->rest, actual);
    if (memcmp(actual, checksum.at, sizeof actual) != 0)
        return fail(reader, "checksum does not match");
    return true;
}

static bool read_body(struct reader *reader, struct program *program)
{
    program->file = read_bytes(reader, read_u32(reader));
    slice hash = read_bytes(reader, sizeof program->source_hash);
    if (reader->failed)
        return false;
    memcpy(program->source_hash, hash.at, sizeof program->source_hash);
    if (!read_constants(reader, program) || !read_regexes(reader, program) ||
        !read_patterns(reader, program) || !read_rules(reader, program))
        return false;
    return reader->rest.length == 0 || fail(reader, "bytes follow the end of the program");
}

bool program_read(slice bytes, struct arena *arena, struct program *program,
                  struct valve_load_error *error)
{
    struct reader reader = {.rest = bytes, .arena = arena, .error = error};
    *program = (struct program){0};
    if (!read_header(&reader) || !read_body(&reader, program))
        return false;
    for (uint32_t i = 0; i < program->rule_count; i++) {
        if (!program_verify_rule(program, i, error))
            return false;
    }
    return true;
}
