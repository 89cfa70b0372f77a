/* valvec disasm: the instructions of every rule, each with the source text it came from. */

#include "commands.h"
#include "load_rules.h"
#include "terminal/option.h"
#include "terminal/output.h"

#include "json.h"

struct settings {
    const char *path;
    bool json;
    bool plain;
};

static const struct option OPTIONS[] = {
    {.letter = 'p',
     .name = "path",
     .argument = "PATH",
     .help = "only the rules of this path, written as in the file",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct settings, path)},
    {.name = "no-optimise",
     .help = "as the compiler emits it, without folding (for rules only: what is\n"
             "compiled already stays as it is)",
     .kind = OPTION_SWITCH,
     .offset = offsetof(struct settings, plain)},
    {.name = "json",
     .help = "one JSON object for each rule, one a line",
     .kind = OPTION_SWITCH,
     .offset = offsetof(struct settings, json)},
};

static const struct command_line LINE = {
    .command = "disasm",
    .about = "Lists the program of FILE, rule by rule.\n",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .least = 1,
    .most = 1,
};

static void append_instruction_json(struct buf *out, const struct program_rule *rule, uint32_t i)
{
    instruction word = rule->code[i];
    struct span span = rule->spans[i];
    const struct opcode_info *info = opcode_info((enum opcode)(word & 0xff));
    uint32_t line, column;
    program_rule_position(rule, span.start, &line, &column);
    buf_printf(out, "%s{\"op\":\"%s\",", i == 0 ? "" : ",", info->name);
    if (info->operand != OPERAND_NONE)
        buf_printf(out, "\"operand\":%ld,",
                   info->operand == OPERAND_INTEGER ? (long)((int32_t)word >> 8)
                                                    : (long)(word >> 8));
    buf_printf(out, "\"line\":%u,\"column\":%u,\"source\":", line, column);
    json_write_text(out, slice_part(rule->source, span.start, span.end));
    buf_append_byte(out, '}');
}

static void append_rule_json(struct buf *out, const struct program *program, uint32_t number)
{
    const struct program_rule *rule = &program->rules[number];
    const struct valve_rule_kind_info *kind = valve_rule_kind_info(rule->kind);
    buf_printf(out, "{\"section\":\"%s\",\"rule\":\"%s\",\"pattern\":", kind->section_name,
               kind->type);
    json_write_text(out, program->patterns[rule->pattern].text);
    buf_printf(out, ",\"line\":%u,\"column\":%u,\"stack\":%u,\"source\":", rule->line, rule->column,
               rule->max_stack);
    json_write_text(out, rule->source);
    buf_append_text(out, ",\"code\":[");
    for (uint32_t i = 0; i < rule->code_length; i++)
        append_instruction_json(out, rule, i);
    buf_append_text(out, "]}\n");
}

static bool is_wanted(const struct settings *settings, const struct program *program, uint32_t rule)
{
    return settings->path == NULL ||
           slice_equal(program->patterns[program->rules[rule].pattern].text,
                       slice_of(settings->path));
}

static enum exit_status list(const struct settings *settings, const struct program *program,
                             struct output *output)
{
    uint32_t listed = 0;
    for (uint32_t i = 0; i < program->rule_count; i++) {
        if (!is_wanted(settings, program, i))
            continue;
        if (!settings->json && listed > 0)
            buf_append_byte(&output->text, '\n');
        listed++;
        if (settings->json)
            append_rule_json(&output->text, program, i);
        else
            program_disassemble(program, i, &output->text);
        output_flush_when_full(output);
    }
    if (listed > 0 || settings->path == NULL)
        return EXIT_FINE;
    fprintf(stderr, "valvec: no rule has the path `%s`\n", settings->path);
    return EXIT_USAGE;
}

enum exit_status cmd_disasm(int argc, char **argv)
{
    struct settings settings = {0};
    struct arguments arguments;
    struct rules rules;
    struct output output;
    enum exit_status status;
    if (!command_line_parse(&LINE, argc, argv, &settings, &arguments, &status))
        return status;
    struct valvec_options options = valvec_options_default();
    options.optimise = !settings.plain;
    output_open(&output, arguments.colour);
    status = rules_load(&rules, arguments.operands.items[0], &options, arguments.colour);
    if (status == EXIT_FINE)
        status = list(&settings, rules.contents, &output);
    rules_fini(&rules);
    arguments_fini(&arguments);
    return output_close(&output, status);
}
