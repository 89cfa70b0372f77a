/* Bytes -> a program that is ready to run: verified, its patterns indexed and its regular
 * expressions compiled. The index is built here and not stored in the file, so that there is no
 * second form of it to verify. */

#include "valve_program.h"

#include "base/check.h"
#include "base/hashmap.h"
#include "program_format.h"
#include "regex/regex.h"

#include <errno.h>
#include <stdio.h>

struct loader {
    struct valve_program *program;
    struct hashmap codes; /* of the rules so far: its bytes -> itself */
    uint32_t *numbers;    /* of each pattern of the program: its number in its section */
    struct valve_load_error *error;
};

static bool refuse(struct loader *loader, const char *message)
{
    snprintf(loader->error->message, sizeof loader->error->message, "%s", message);
    return false;
}

static void *loader_alloc(struct loader *loader, size_t count, size_t item_size)
{
    size_t size = count * item_size;
    void *piece = arena_try_alloc(&loader->program->arena, size > 0 ? size : 1);
    if (piece == NULL)
        refuse(loader, "the program needs too much memory");
    return piece;
}

static bool read_program(struct loader *loader, slice bytes)
{
    if (bytes.length > PROGRAM_MAX_BYTES)
        return refuse(loader, "the program is too large");
    char *copy = loader_alloc(loader, bytes.length, 1);
    if (copy == NULL)
        return false;
    if (bytes.length > 0)
        memcpy(copy, bytes.at, bytes.length);
    return program_read((slice){copy, bytes.length}, &loader->program->arena,
                        &loader->program->contents, loader->error);
}

static bool compile_regexes(struct loader *loader)
{
    const struct program *contents = &loader->program->contents;
    struct regex **regexes = loader_alloc(loader, contents->regex_count, sizeof(struct regex *));
    if (regexes == NULL)
        return false;
    memset(regexes, 0, contents->regex_count * sizeof *regexes);
    loader->program->regexes = regexes;
    for (uint32_t i = 0; i < contents->regex_count; i++) {
        struct regex_error error;
        regexes[i] = regex_new(contents->regexes[i].pattern, contents->regexes[i].flags, &error);
        if (regexes[i] == NULL)
            return refuse(loader, "a regular expression is not valid");
    }
    return true;
}

static bool prepare_sections(struct loader *loader)
{
    const struct program *contents = &loader->program->contents;
    uint32_t counts[VALVE_SECTION_COUNT] = {0};
    for (uint32_t i = 0; i < contents->pattern_count; i++)
        counts[contents->patterns[i].section]++;
    for (uint32_t i = 0; i < VALVE_SECTION_COUNT; i++) {
        struct program_section *section = &loader->program->sections[i];
        section->patterns = loader_alloc(loader, counts[i], sizeof(struct pattern *));
        if (section->patterns == NULL)
            return false;
    }
    return true;
}

static bool parse_patterns(struct loader *loader)
{
    const struct program *contents = &loader->program->contents;
    loader->numbers = loader_alloc(loader, contents->pattern_count, sizeof *loader->numbers);
    if (loader->numbers == NULL || !prepare_sections(loader))
        return false;
    for (uint32_t i = 0; i < contents->pattern_count; i++) {
        const struct program_pattern *source = &contents->patterns[i];
        struct program_section *section = &loader->program->sections[source->section];
        struct pattern_error error;
        const struct pattern *pattern =
            pattern_parse(source->text, &loader->program->arena, &error);
        if (pattern == NULL)
            return refuse(loader, "a path is not valid");
        loader->numbers[i] = section->count;
        section->patterns[section->count++] = pattern;
    }
    return true;
}

static bool index_sections(struct loader *loader)
{
    for (uint32_t i = 0; i < VALVE_SECTION_COUNT; i++) {
        struct program_section *section = &loader->program->sections[i];
        section->index =
            pattern_index_new(section->patterns, section->count, &loader->program->arena);
        if (section->index == NULL)
            return refuse(loader, "the program needs too much memory");
    }
    return true;
}

static bool prepare_kinds(struct loader *loader)
{
    for (uint32_t i = 0; i < VALVE_RULE_KIND_COUNT; i++) {
        struct program_kind *kind = &loader->program->kinds[i];
        const struct program_section *section =
            &loader->program->sections[valve_rule_kind_info((enum valve_rule_kind)i)->section];
        uint32_t count = section->count, words = count / 64 + 1;
        kind->index = section->index;
        kind->root = PATTERN_NONE;
        kind->rule_count = 0;
        kind->rules = loader_alloc(loader, count, sizeof *kind->rules);
        kind->wanted = loader_alloc(loader, words, sizeof *kind->wanted);
        if (kind->rules == NULL || kind->wanted == NULL)
            return false;
        memset(kind->rules, 0xff, count * sizeof *kind->rules);
        memset(kind->wanted, 0, words * sizeof *kind->wanted);
    }
    return true;
}

/* The verifier knows no parsed patterns, so the variables are counted here. */
static bool variables_exist(const struct program_rule *rule, const struct pattern *pattern)
{
    uint32_t count = pattern_variable_count(pattern);
    if (count > PATTERN_MAX_VARIABLES)
        return false;
    for (uint32_t i = 0; i < rule->code_length; i++) {
        if ((rule->code[i] & 0xff) == OP_LOAD_VARIABLE && rule->code[i] >> 8 >= count)
            return false;
    }
    return true;
}

/* The code of the first rule that has the same: rules are often copies of each other, and one copy
 * stays in the cache. */
static const instruction *shared_code(struct loader *loader, const struct program_rule *rule)
{
    slice bytes = {(const char *)rule->code, rule->code_length * sizeof *rule->code};
    const instruction *known = hashmap_find(&loader->codes, bytes);
    if (known == NULL)
        hashmap_put(&loader->codes, bytes, (void *)(uintptr_t)rule->code);
    return known == NULL ? rule->code : known;
}

static struct rule_entry make_entry(struct loader *loader, uint32_t number,
                                    const struct pattern *pattern)
{
    const struct program *contents = &loader->program->contents;
    const struct program_rule *rule = &contents->rules[number];
    enum opcode first = (enum opcode)(rule->code[0] & 0xff);
    return (struct rule_entry){
        .path = contents->patterns[rule->pattern].text,
        .pattern = pattern,
        .code = shared_code(loader, rule),
        .number = number,
        .line = rule->line,
        .column = rule->column,
        .code_length = rule->code_length,
        .max_stack = rule->max_stack,
        .tail = pattern_tail(pattern),
        .needs = (uint8_t)rule->needs,
        .is_constant = rule->needs == 0 && rule->code_length == 2 &&
                       (first == OP_LOAD_TRUE || first == OP_LOAD_FALSE),
        .constant = first == OP_LOAD_TRUE,
    };
}

static bool place_rule(struct loader *loader, uint32_t number)
{
    const struct program *contents = &loader->program->contents;
    const struct program_rule *rule = &contents->rules[number];
    const struct program_pattern *path = &contents->patterns[rule->pattern];
    struct program_kind *kind = &loader->program->kinds[rule->kind];
    uint32_t local = loader->numbers[rule->pattern];
    const struct pattern *pattern = loader->program->sections[path->section].patterns[local];

    if (kind->rules[local] != VALVE_RULE_NONE)
        return refuse(loader, "a path has two rules of one kind");
    if (!variables_exist(rule, pattern))
        return refuse(loader, "a rule uses a variable that its path does not have");
    kind->rules[local] = number;
    kind->rule_count++;
    kind->wanted[local / 64] |= (uint64_t)1 << local % 64;
    loader->program->entries[number] = make_entry(loader, number, pattern);
    if (slice_equal(path->text, SLICE("*")))
        kind->root = local;
    return true;
}

static bool place_rules(struct loader *loader)
{
    uint32_t count = loader->program->contents.rule_count;
    loader->program->entries =
        arena_try_alloc_lines(&loader->program->arena, count * sizeof(struct rule_entry));
    if (loader->program->entries == NULL)
        return refuse(loader, "the program needs too much memory");
    if (!prepare_kinds(loader))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!place_rule(loader, i))
            return false;
    }
    return true;
}

static void program_free(struct valve_program *program)
{
    for (uint32_t i = 0; program->regexes != NULL && i < program->contents.regex_count; i++)
        regex_free(&program->regexes[i]);
    arena_fini(&program->arena);
    free(program);
}

bool valve_program_load(slice bytes, struct valve_program **program, struct valve_load_error *error)
{
    struct loader loader = {.program = calloc(1, sizeof *loader.program), .error = error};
    if (loader.program == NULL)
        return refuse(&loader, "no memory to load the program");
    atomic_init(&loader.program->references, 1);
    arena_init(&loader.program->arena, 0);
    hashmap_init(&loader.codes);
    bool loaded = read_program(&loader, bytes) && compile_regexes(&loader) &&
                  parse_patterns(&loader) && index_sections(&loader) && place_rules(&loader);
    hashmap_fini(&loader.codes);
    if (loaded)
        *program = loader.program;
    else
        program_free(loader.program);
    return loaded;
}

#define READ_BYTES ((size_t)64 * 1024)

static bool read_file(FILE *file, struct buf *bytes)
{
    size_t count;
    do {
        char *space = buf_extend(bytes, READ_BYTES);
        count = fread(space, 1, READ_BYTES, file);
        bytes->length -= READ_BYTES - count;
    } while (count > 0 && bytes->length <= PROGRAM_MAX_BYTES);
    return !ferror(file);
}

bool valve_program_load_file(const char *path, struct valve_program **program,
                             struct valve_load_error *error)
{
    FILE *file = fopen(path, "rb");
    struct buf bytes = BUF_EMPTY;
    bool read = file != NULL && read_file(file, &bytes);
    if (!read)
        snprintf(error->message, sizeof error->message, "cannot read the file: %s",
                 strerror(errno));
    bool loaded = read && valve_program_load(buf_slice(&bytes), program, error);
    buf_fini(&bytes);
    if (file != NULL)
        fclose(file);
    return loaded;
}

struct valve_program *valve_program_retain(struct valve_program *program)
{
    unsigned before = atomic_fetch_add_explicit(&program->references, 1, memory_order_relaxed);
    CHECK(before > 0 && before < UINT32_MAX / 2);
    return program;
}

void valve_program_release(struct valve_program **program)
{
    struct valve_program *released = *program;
    *program = NULL;
    if (released != NULL &&
        atomic_fetch_sub_explicit(&released->references, 1, memory_order_acq_rel) == 1)
        program_free(released);
}

const struct program *valve_program_contents(const struct valve_program *program)
{
    return &program->contents;
}
