/* Puts the program together: patterns in file order, the code of each rule, what each rule needs,
 * and the constants that they share. The same rules give the same program. */

#include "passes.h"

#include "constant_pool.h"
#include "emitter.h"
#include "position.h"

#include <openssl/evp.h>

struct builder {
    struct compilation *compilation;
    struct constant_pool constants;
    struct emitter emitter;
};

static void *keep(struct builder *builder, const void *items, size_t size)
{
    return size == 0 ? NULL : memcpy(arena_alloc(builder->compilation->arena, size), items, size);
}

/* ---- rules ---- */

static uint32_t needs_of_code(const struct emitter *emitter)
{
    uint32_t needs = 0;
    for (size_t i = 0; i < emitter->code.count; i++)
        needs |= opcode_needs((enum opcode)(emitter->code.items[i] & 0xFF));
    return needs;
}

static void emit_boolean(struct builder *builder, bool value, uint32_t length)
{
    builder->emitter.span = (struct span){0, length};
    emit(&builder->emitter, value ? OP_LOAD_TRUE : OP_LOAD_FALSE);
    emit(&builder->emitter, OP_RETURN);
}

static void take_code(struct builder *builder, struct program_rule *out)
{
    struct emitter *emitter = &builder->emitter;
    out->code_length = (uint32_t)emitter->code.count;
    out->code = keep(builder, emitter->code.items, out->code_length * sizeof *out->code);
    out->spans = keep(builder, emitter->spans.items, out->code_length * sizeof *out->spans);
    out->max_stack = emitter->max_depth;
    out->needs = needs_of_code(emitter);
}

static void build_boolean(struct builder *builder, const struct rule *rule,
                          struct program_rule *out)
{
    struct text_position position = {0, out->line, out->column};
    out->source = rule->boolean ? SLICE("true") : SLICE("false");
    out->positions = keep(builder, &position, sizeof position);
    out->position_count = 1;
    emit_boolean(builder, rule->boolean, (uint32_t)out->source.length);
}

static void build_expression(struct builder *builder, const struct rule *rule,
                             struct program_rule *out)
{
    struct compilation *compilation = builder->compilation;
    out->source = rule->text->text;
    out->positions = position_list(rule->text, compilation->arena, &out->position_count);
    emit_tree(rule, &builder->constants, &compilation->regexes, &builder->emitter);
    if (compilation->options->optimise)
        peephole(&builder->emitter);
}

static struct program_rule build_rule(struct builder *builder, struct rule *rule)
{
    struct source_position start = source_position(builder->compilation->source, rule->file_offset);
    struct program_rule out = {.kind = rule->kind,
                               .pattern = rule->path->number,
                               .line = start.line,
                               .column = start.column};
    emitter_clear(&builder->emitter);
    if (rule->text == NULL)
        build_boolean(builder, rule, &out);
    else
        build_expression(builder, rule, &out);
    take_code(builder, &out);
    rule->needs = out.needs;
    return out;
}

static void build_rules(struct builder *builder, struct program *program)
{
    struct compilation *compilation = builder->compilation;
    uint32_t count = (uint32_t)compilation->rules.count;
    struct program_rule *rules = arena_alloc(compilation->arena, count * sizeof *rules);
    for (uint32_t i = 0; i < count; i++)
        rules[i] = build_rule(builder, compilation->rules.items[i]);
    program->rules = rules;
    program->rule_count = count;
}

/* ---- patterns ---- */

static void build_patterns(struct builder *builder, struct program *program)
{
    struct compilation *compilation = builder->compilation;
    uint32_t count = (uint32_t)compilation->paths.count;
    struct program_pattern *patterns = arena_alloc(compilation->arena, count * sizeof *patterns);
    for (uint32_t i = 0; i < count; i++) {
        const struct rule_path *path = compilation->paths.items[i];
        struct source_position start =
            source_position(compilation->source, mapped_text_file_offset(&path->mapped, 0));
        patterns[i] = (struct program_pattern){path->section, path->text, start.line, start.column};
    }
    program->patterns = patterns;
    program->pattern_count = count;
}

/* ---- all ---- */

static void hash_source(const struct source *source, uint8_t hash[static 32])
{
    unsigned length = 32;
    int done = EVP_Digest(source->text.at, source->text.length, hash, &length, EVP_sha256(), NULL);
    CHECK(done == 1 && length == 32);
}

struct program *build_program(struct compilation *compilation)
{
    struct program *program = arena_alloc_zeroed(compilation->arena, sizeof *program);
    struct builder builder = {.compilation = compilation};
    constant_pool_init(&builder.constants, compilation->arena);
    emitter_init(&builder.emitter);

    program->file = compilation->source->name;
    hash_source(compilation->source, program->source_hash);
    build_patterns(&builder, program);
    build_rules(&builder, program);
    program->constant_count = (uint32_t)builder.constants.values.count;
    program->constants = keep(&builder, builder.constants.values.items,
                              program->constant_count * sizeof *program->constants);
    program->regex_count = (uint32_t)compilation->regexes.list.count;
    program->regexes = keep(&builder, compilation->regexes.list.items,
                            program->regex_count * sizeof *program->regexes);

    emitter_fini(&builder.emitter);
    constant_pool_fini(&builder.constants);
    return program;
}
