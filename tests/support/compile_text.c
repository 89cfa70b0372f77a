#include "support/compile_text.h"

#include "builtins.h"

void compile_file(struct compiled *compiled, slice name, slice text,
                  const struct valvec_options *options)
{
    arena_init(&compiled->arena, 0);
    diagnostics_init(&compiled->diagnostics, &compiled->arena);
    compiled->program =
        valvec_compile(name, text, options, &compiled->arena, &compiled->diagnostics);
}

void compiled_fini(struct compiled *compiled)
{
    diagnostics_fini(&compiled->diagnostics);
    arena_fini(&compiled->arena);
}

slice rule_file(struct arena *arena, const char *path, const char *type, const char *rule)
{
    return arena_printf(arena,
                        "record:\n"
                        "  \"*\": {}\n"
                        "  %s:\n"
                        "    %s: %s\n"
                        "event: {\"*\": {}}\n"
                        "rpc: {\"*\": {}}\n"
                        "presence: {\"*\": {}}\n",
                        path, type, rule);
}

static void show_diagnostic(const struct diagnostic *diagnostic, struct buf *out)
{
    static const char *const SEVERITIES[] = {"error", "warning", "note"};
    const struct diagnostic_info *info = diagnostic_info(diagnostic->id);
    struct source_position start = source_position(diagnostic->source, diagnostic->start);
    struct source_position end = source_position(diagnostic->source, diagnostic->end);
    buf_printf(out, "%u:%u-%u:%u %s %s: " SLICE_FORMAT, start.line, start.column, end.line,
               end.column, SEVERITIES[info->severity], info->id,
               SLICE_ARGUMENTS(diagnostic->message));
    if (diagnostic->hint.length > 0)
        buf_printf(out, " | " SLICE_FORMAT, SLICE_ARGUMENTS(diagnostic->hint));
    buf_append_byte(out, '\n');
}

void show_diagnostics(const struct diagnostics *diagnostics, struct buf *out)
{
    for (size_t i = 0; i < diagnostics->list.count; i++)
        show_diagnostic(&diagnostics->list.items[i], out);
}

static void show_constant(valve_value constant, struct buf *out)
{
    if (constant.type == VALUE_TEXT)
        buf_printf(out, " '" SLICE_FORMAT "'", SLICE_ARGUMENTS(value_slice(constant)));
    else
        buf_printf(out, " %g", constant.as.number);
}

static void show_operand(const struct program *program, enum operand_kind kind, uint32_t operand,
                         struct buf *out)
{
    switch (kind) {
    case OPERAND_NONE:
        break;
    case OPERAND_CONSTANT:
        show_constant(program->constants[operand], out);
        break;
    case OPERAND_INTEGER:
        buf_printf(out, " %d", (int32_t)(operand << 8) / 256);
        break;
    case OPERAND_METHOD_COUNT:
        buf_printf(out, " %s/%u", builtin_name((enum builtin)(operand & 0xFF)), operand >> 8);
        break;
    case OPERAND_METHOD_LABEL:
        buf_printf(out, " %s", builtin_name((enum builtin)operand));
        break;
    case OPERAND_REGEX:
        buf_printf(out, " /" SLICE_FORMAT "/" SLICE_FORMAT,
                   SLICE_ARGUMENTS(program->regexes[operand].pattern),
                   SLICE_ARGUMENTS(program->regexes[operand].flags));
        break;
    default:
        buf_printf(out, " %u", operand);
    }
}

void show_code(const struct program *program, uint32_t rule, struct buf *out)
{
    const struct program_rule *code = &program->rules[rule];
    for (uint32_t i = 0; i < code->code_length; i++) {
        const struct opcode_info *info = opcode_info((enum opcode)(code->code[i] & 0xFF));
        buf_printf(out, "%s%s", i > 0 ? "; " : "", info->name);
        show_operand(program, info->operand, code->code[i] >> 8, out);
    }
}
