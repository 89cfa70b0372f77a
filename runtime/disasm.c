/* The listing of a rule, for people:
 *
 *     record/write `a/$x`, permissions.yml:3:12, 2 values of stack, needs variables
 *        0  LOAD_VARIABLE           $x                      $x
 *        1  LOAD_USER                                       user
 *        2  GET_MEMBER              "id"                    user.id
 *        3  STRICT_EQUAL                                    $x === user.id
 *        4  RETURN                                          $x === user.id
 */

#include "program.h"

#include "builtins.h"
#include "json.h"
#include "pattern/pattern.h"

#define OPERAND_COLUMN 31
#define SOURCE_COLUMN 55

struct listing {
    const struct program *program;
    const struct program_rule *rule;
    struct arena arena;
    const struct pattern *pattern; /* NULL when the path is not valid */
    struct buf *out;
    size_t line_start;
};

static void pad_to(struct listing *listing, size_t column)
{
    do {
        buf_append_byte(listing->out, ' ');
    } while (listing->out->length < listing->line_start + column);
}

static void append_counted(struct buf *out, uint32_t count, const char *one, const char *many)
{
    buf_printf(out, "%u %s", count, count == 1 ? one : many);
}

static void append_variable(struct listing *listing, uint32_t number)
{
    if (listing->pattern == NULL || number >= pattern_variable_count(listing->pattern)) {
        buf_printf(listing->out, "variable %u", number);
        return;
    }
    buf_append_byte(listing->out, '$');
    buf_append(listing->out, pattern_variable_name(listing->pattern, number));
}

static void append_regex(struct listing *listing, uint32_t number)
{
    const struct program_regex *regex = &listing->program->regexes[number];
    buf_append_byte(listing->out, '/');
    buf_append(listing->out, regex->pattern);
    buf_append_byte(listing->out, '/');
    buf_append(listing->out, regex->flags);
}

static void append_operand(struct listing *listing, instruction word)
{
    struct buf *out = listing->out;
    uint32_t operand = word >> 8;
    switch (opcode_info((enum opcode)(word & 0xff))->operand) {
    case OPERAND_NONE:
        return;
    case OPERAND_CONSTANT:
        json_write(out, listing->program->constants[operand]);
        return;
    case OPERAND_INTEGER:
        buf_printf(out, "%d", (int32_t)word >> 8);
        return;
    case OPERAND_VARIABLE:
        append_variable(listing, operand);
        return;
    case OPERAND_LABEL:
        buf_printf(out, "to %u", operand);
        return;
    case OPERAND_COUNT:
        append_counted(out, operand, "value", "values");
        return;
    case OPERAND_METHOD_COUNT:
        buf_printf(out, "%s, ", builtin_name((enum builtin)(operand & 0xff)));
        append_counted(out, operand >> 8, "argument", "arguments");
        return;
    case OPERAND_METHOD_LABEL:
        buf_append_text(out, builtin_name((enum builtin)operand));
        return;
    case OPERAND_REGEX:
        append_regex(listing, operand);
        return;
    case OPERAND_DEPTH:
        buf_printf(out, "depth %u", operand);
        return;
    }
}

/* Line ends and control characters of the source would break the listing. */
static void append_source(struct listing *listing, struct span span)
{
    slice source = slice_part(listing->rule->source, span.start, span.end);
    for (size_t i = 0; i < source.length; i++) {
        bool control = (unsigned char)source.at[i] < 0x20 || source.at[i] == 0x7f;
        buf_append_byte(listing->out, control ? ' ' : source.at[i]);
    }
}

static void append_instruction(struct listing *listing, uint32_t number)
{
    instruction word = listing->rule->code[number];
    listing->line_start = listing->out->length;
    buf_printf(listing->out, "%5u  %s", number, opcode_info((enum opcode)(word & 0xff))->name);
    pad_to(listing, OPERAND_COLUMN);
    append_operand(listing, word);
    pad_to(listing, SOURCE_COLUMN);
    append_source(listing, listing->rule->spans[number]);
    while (listing->out->at[listing->out->length - 1] == ' ')
        listing->out->length--;
    buf_append_byte(listing->out, '\n');
}

static void append_needs(struct buf *out, uint32_t needs)
{
    static const char *const NAMES[] = {"data", "oldData", "records", "now", "variables"};
    const char *separator = ", needs ";
    for (uint32_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        if ((needs & 1u << i) == 0)
            continue;
        buf_printf(out, "%s%s", separator, NAMES[i]);
        separator = " ";
    }
}

static void append_heading(struct listing *listing)
{
    const struct program_rule *rule = listing->rule;
    const struct valve_rule_kind_info *kind = valve_rule_kind_info(rule->kind);
    slice path = listing->program->patterns[rule->pattern].text;
    buf_printf(listing->out, "%s/%s `" SLICE_FORMAT "`, " SLICE_FORMAT ":%u:%u, ",
               kind->section_name, kind->type, SLICE_ARGUMENTS(path),
               SLICE_ARGUMENTS(listing->program->file), rule->line, rule->column);
    append_counted(listing->out, rule->max_stack, "value", "values");
    buf_append_text(listing->out, " of stack");
    append_needs(listing->out, rule->needs);
    buf_append_byte(listing->out, '\n');
}

void program_disassemble(const struct program *program, uint32_t rule, struct buf *out)
{
    struct listing listing = {.program = program, .rule = &program->rules[rule], .out = out};
    struct pattern_error error;
    arena_init(&listing.arena, 0);
    listing.pattern =
        pattern_parse(program->patterns[listing.rule->pattern].text, &listing.arena, &error);
    append_heading(&listing);
    for (uint32_t i = 0; i < listing.rule->code_length; i++)
        append_instruction(&listing, i);
    arena_fini(&listing.arena);
}
