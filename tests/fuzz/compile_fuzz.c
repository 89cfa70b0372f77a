/* Any bytes as a rule file. Whatever compiles is written, read back and proven; with and without
 * the passes that shorten code. Bytes that begin with `=` are the text of one rule, put into a file
 * that is otherwise whole, so that the fuzzer need not find out how such a file looks. */

#include "program.h"
#include "valvec.h"
#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_proven(const struct program *program)
{
    struct buf bytes = BUF_EMPTY;
    struct arena arena;
    struct program again;
    struct valve_load_error error;
    arena_init(&arena, 0);
    program_write(program, &bytes);
    CHECK(program_read(buf_slice(&bytes), &arena, &again, &error));
    for (uint32_t i = 0; i < again.rule_count; i++)
        CHECK(program_verify_rule(&again, i, &error));
    arena_fini(&arena);
    buf_fini(&bytes);
}

static void print_all(const struct diagnostics *diagnostics)
{
    struct buf out = BUF_EMPTY;
    for (size_t i = 0; i < diagnostics->list.count; i++) {
        const struct diagnostic *item = &diagnostics->list.items[i];
        CHECK(item->start <= item->end && item->end <= item->source->text.length);
        diagnostic_print(item, &out, false);
    }
    buf_fini(&out);
}

static void compile(slice text, bool optimise)
{
    struct arena arena;
    struct diagnostics diagnostics;
    struct valvec_options options = valvec_options_default();
    options.expand_environment = false;
    options.optimise = optimise;
    options.lint = optimise;
    arena_init(&arena, 0);
    diagnostics_init(&diagnostics, &arena);
    const struct program *program =
        valvec_compile(SLICE("fuzz.yml"), text, &options, &arena, &diagnostics);
    CHECK((program == NULL) == (diagnostics.error_count > 0));
    if (program != NULL)
        expect_proven(program);
    print_all(&diagnostics);
    diagnostics_fini(&diagnostics);
    arena_fini(&arena);
}

/* A file whose rule is text, byte for byte: a block whose lines are indented. */
static void wrap(struct buf *out, slice text)
{
    buf_append_text(out, "event: {\"*\": {}}\nrpc: {\"*\": {}}\npresence: {\"*\": {}}\n"
                         "record:\n  \"*\": {}\n  a/$x:\n    write: |2\n      ");
    for (size_t i = 0; i < text.length; i++) {
        buf_append_byte(out, text.at[i]);
        if (text.at[i] == '\n')
            buf_append_text(out, "      ");
    }
    buf_append_byte(out, '\n');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    slice text = {(const char *)data, size};
    struct buf wrapped = BUF_EMPTY;
    if (size > 0 && data[0] == '=') {
        wrap(&wrapped, slice_part(text, 1, size));
        text = buf_slice(&wrapped);
    }
    compile(text, true);
    compile(text, false);
    buf_fini(&wrapped);
    return 0;
}
