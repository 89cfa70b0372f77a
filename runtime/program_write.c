/* Program -> file form (program_format.h). */

#include "program.h"

#include "program_format.h"

static void write_u8(struct buf *out, uint32_t value)
{
    buf_append_byte(out, (char)(uint8_t)value);
}

static void write_integer(struct buf *out, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        write_u8(out, (uint32_t)(value >> 8 * i) & 0xff);
}

static void write_u32(struct buf *out, uint32_t value)
{
    write_integer(out, value, 4);
}

static void write_text(struct buf *out, slice text)
{
    write_u32(out, (uint32_t)text.length);
    buf_append(out, text);
}

static void write_constant(struct buf *out, valve_value constant)
{
    if (constant.type == VALUE_TEXT) {
        write_u8(out, PROGRAM_CONSTANT_TEXT);
        write_text(out, value_slice(constant));
        return;
    }
    uint64_t bits;
    memcpy(&bits, &constant.as.number, sizeof bits);
    write_u8(out, PROGRAM_CONSTANT_NUMBER);
    write_integer(out, bits, 8);
}

static void write_constants(struct buf *out, const struct program *program)
{
    write_u32(out, program->constant_count);
    for (uint32_t i = 0; i < program->constant_count; i++)
        write_constant(out, program->constants[i]);
}

static void write_regexes(struct buf *out, const struct program *program)
{
    write_u32(out, program->regex_count);
    for (uint32_t i = 0; i < program->regex_count; i++) {
        write_text(out, program->regexes[i].pattern);
        write_text(out, program->regexes[i].flags);
    }
}

static void write_patterns(struct buf *out, const struct program *program)
{
    write_u32(out, program->pattern_count);
    for (uint32_t i = 0; i < program->pattern_count; i++) {
        const struct program_pattern *pattern = &program->patterns[i];
        write_u8(out, pattern->section);
        write_text(out, pattern->text);
        write_u32(out, pattern->line);
        write_u32(out, pattern->column);
    }
}

static void write_positions(struct buf *out, const struct program_rule *rule)
{
    write_u32(out, rule->position_count);
    for (uint32_t i = 0; i < rule->position_count; i++) {
        write_u32(out, rule->positions[i].offset);
        write_u32(out, rule->positions[i].line);
        write_u32(out, rule->positions[i].column);
    }
}

static void write_code(struct buf *out, const struct program_rule *rule)
{
    write_u32(out, rule->code_length);
    for (uint32_t i = 0; i < rule->code_length; i++) {
        write_u32(out, rule->code[i]);
        write_u32(out, rule->spans[i].start);
        write_u32(out, rule->spans[i].end);
    }
}

static void write_rules(struct buf *out, const struct program *program)
{
    write_u32(out, program->rule_count);
    for (uint32_t i = 0; i < program->rule_count; i++) {
        const struct program_rule *rule = &program->rules[i];
        write_u8(out, rule->kind);
        write_u32(out, rule->pattern);
        write_u32(out, rule->line);
        write_u32(out, rule->column);
        write_text(out, rule->source);
        write_u32(out, rule->needs);
        write_u32(out, rule->max_stack);
        write_positions(out, rule);
        write_code(out, rule);
    }
}

static void write_body(struct buf *out, const struct program *program)
{
    write_text(out, program->file);
    buf_append(out, (slice){(const char *)program->source_hash, sizeof program->source_hash});
    write_constants(out, program);
    write_regexes(out, program);
    write_patterns(out, program);
    write_rules(out, program);
}

void program_write(const struct program *program, struct buf *out)
{
    struct buf body = BUF_EMPTY;
    write_body(&body, program);

    uint8_t checksum[PROGRAM_CHECKSUM_BYTES];
    program_checksum(buf_slice(&body), checksum);

    buf_append(out, (slice){PROGRAM_MAGIC, PROGRAM_MAGIC_BYTES});
    write_u32(out, PROGRAM_FORMAT_VERSION);
    write_u32(out, 0);
    write_integer(out, body.length, 8);
    buf_append(out, (slice){(const char *)checksum, sizeof checksum});
    buf_append(out, buf_slice(&body));
    buf_fini(&body);
}
