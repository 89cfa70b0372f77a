/* The compiler from end to end: what is in a program, that it is the same every time, and that it
 * can be written, read and proven. */

#include "support/compile_text.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

static void compile(struct compiled *compiled, slice text)
{
    struct valvec_options options = valvec_options_default();
    compile_file(compiled, SLICE("r.yml"), text, &options);
    assert_non_null(compiled->program);
}

#define REST "event: {\"*\": {}}\nrpc: {\"*\": {}}\npresence: {\"*\": {}}\n"

/* Writes the program, reads it back and proves every rule. */
static void expect_readable(const struct program *program)
{
    struct buf bytes = BUF_EMPTY;
    struct arena arena;
    struct program again;
    struct valve_load_error error = {{0}};
    arena_init(&arena, 0);
    program_write(program, &bytes);
    bool is_read = program_read(buf_slice(&bytes), &arena, &again, &error);
    assert_string_equal(error.message, "");
    assert_true(is_read);
    for (uint32_t i = 0; i < again.rule_count; i++)
        assert_true(program_verify_rule(&again, i, &error));
    arena_fini(&arena);
    buf_fini(&bytes);
}

static void patterns_and_rules_come_in_file_order(void **state)
{
    (void)state;
    struct compiled compiled;
    compile(&compiled, SLICE("presence: {\"*\": {allow: true}}\n"
                             "record:\n"
                             "  \"a/$x\":\n"
                             "    write: name === $x\n"
                             "    read: false\n"
                             "  \"*\": {}\n"
                             "event: {\"*\": {publish: data}}\n"
                             "rpc: {\"*\": {}}\n"));
    const struct program *program = compiled.program;
    assert_int_equal(program->pattern_count, 5);
    assert_int_equal(program->rule_count, 4);
    assert_true(slice_equal(program->patterns[1].text, SLICE("a/$x")));
    assert_int_equal(program->patterns[1].section, VALVE_SECTION_record);
    assert_int_equal(program->patterns[1].line, 3);
    assert_int_equal(program->patterns[1].column, 4);
    assert_int_equal(program->rules[0].kind, VALVE_PRESENCE_ALLOW);
    assert_int_equal(program->rules[1].kind, VALVE_RECORD_WRITE);
    assert_int_equal(program->rules[1].pattern, 1);
    assert_int_equal(program->rules[1].line, 4);
    assert_int_equal(program->rules[1].column, 12);
    assert_int_equal(program->rules[2].kind, VALVE_RECORD_READ);
    assert_true(slice_equal(program->rules[2].source, SLICE("false")));
    assert_int_equal(program->rules[3].pattern, 3);
    expect_readable(program);
    compiled_fini(&compiled);
}

static void a_program_knows_its_source(void **state)
{
    (void)state;
    struct compiled compiled;
    slice text = SLICE("record: {\"*\": {}}\n" REST);
    uint8_t hash[32];
    compile(&compiled, text);
    assert_int_equal(EVP_Digest(text.at, text.length, hash, NULL, EVP_sha256(), NULL), 1);
    assert_memory_equal(compiled.program->source_hash, hash, 32);
    assert_true(slice_equal(compiled.program->file, SLICE("r.yml")));
    compiled_fini(&compiled);
}

static uint32_t needs_of(const char *rule)
{
    struct compiled compiled;
    struct arena arena;
    arena_init(&arena, 0);
    compile(&compiled, rule_file(&arena, "a/$x", "write", rule));
    uint32_t needs = compiled.program->rules[0].needs;
    compiled_fini(&compiled);
    arena_fini(&arena);
    return needs;
}

static void a_rule_needs_what_its_code_reads(void **state)
{
    (void)state;
    assert_int_equal(needs_of("user.data"), 0);
    assert_int_equal(needs_of("data"), RULE_NEEDS_DATA);
    assert_int_equal(needs_of("oldData && now"), RULE_NEEDS_OLD_DATA | RULE_NEEDS_NOW);
    assert_int_equal(needs_of("_($x)"), RULE_NEEDS_RECORDS | RULE_NEEDS_VARIABLES);
    assert_int_equal(needs_of("false && data"), 0);
}

static void expect_position(const struct program_rule *rule, const char *part, uint32_t line,
                            uint32_t column)
{
    uint32_t found_line, found_column;
    const char *at = strstr(rule->source.at, part);
    assert_non_null(at);
    program_rule_position(rule, (uint32_t)(at - rule->source.at), &found_line, &found_column);
    assert_int_equal(found_line, line);
    assert_int_equal(found_column, column);
}

static void every_part_of_a_rule_knows_its_place(void **state)
{
    (void)state;
    struct compiled compiled;
    compile(&compiled, SLICE("record:\n"
                             "  \"*\":\n"
                             "    read: |\n"
                             "      name === 'a'\n"
                             "        || user.id === \"\xC3\xA4\" || now\n"
                             "    write: \"name === '\\u00e4'\n"
                             "      && data\"\n" REST));
    expect_position(&compiled.program->rules[0], "name", 4, 7);
    expect_position(&compiled.program->rules[0], "user", 5, 12);
    expect_position(&compiled.program->rules[0], "now", 5, 31);
    expect_position(&compiled.program->rules[1], "name", 6, 13);
    expect_position(&compiled.program->rules[1], "' ", 6, 29);
    expect_position(&compiled.program->rules[1], "data", 7, 10);
    expect_readable(compiled.program);
    compiled_fini(&compiled);
}

static void constants_are_kept_once_in_order_of_use(void **state)
{
    (void)state;
    struct compiled compiled;
    compile(&compiled, SLICE("record: {\"*\": {read: \"name === 'b' || user.id === 'a' || name === "
                             "'id'\"}}\n" REST));
    const struct program *program = compiled.program;
    assert_int_equal(program->constant_count, 3);
    assert_true(slice_equal(value_slice(program->constants[0]), SLICE("b")));
    assert_true(slice_equal(value_slice(program->constants[1]), SLICE("id")));
    assert_true(slice_equal(value_slice(program->constants[2]), SLICE("a")));
    compiled_fini(&compiled);
}

/* A file of many rules, no two the same. */
static slice many_rules(struct buf *text, int count)
{
    buf_append_text(text, "record:\n  \"*\": {}\n");
    for (int i = 0; i < count; i++)
        buf_printf(text,
                   "  \"room%d/$owner/*\":\n"
                   "    write: \"user.id === $owner && data.n%d > %d && name.match(/^a%d/)\"\n",
                   i, i, i, i % 100);
    buf_append_text(text, REST);
    return buf_slice(text);
}

static void the_same_file_gives_the_same_bytes(void **state)
{
    (void)state;
    struct buf text = BUF_EMPTY, first = BUF_EMPTY, second = BUF_EMPTY;
    struct compiled compiled;
    many_rules(&text, 200);
    compile(&compiled, buf_slice(&text));
    program_write(compiled.program, &first);
    compiled_fini(&compiled);
    compile(&compiled, buf_slice(&text));
    program_write(compiled.program, &second);
    compiled_fini(&compiled);
    assert_true(slice_equal(buf_slice(&first), buf_slice(&second)));
    buf_fini(&text);
    buf_fini(&first);
    buf_fini(&second);
}

static double seconds_to_compile(slice text)
{
    struct compiled compiled;
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    compile(&compiled, text);
    clock_gettime(CLOCK_MONOTONIC, &end);
    expect_readable(compiled.program);
    compiled_fini(&compiled);
    return (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
}

/* Generous, since sanitizers slow everything down; what is quadratic takes minutes. */
static void ten_thousand_rules_take_seconds_at_most(void **state)
{
    (void)state;
    struct buf text = BUF_EMPTY, line = BUF_EMPTY;
    many_rules(&text, 10000);
    double block = seconds_to_compile(buf_slice(&text));
    buf_append_text(&line,
                    "{\"event\": {\"*\": {}}, \"rpc\": {\"*\": {}}, \"presence\": {\"*\": {}}, "
                    "\"record\": {\"*\": {}");
    for (int i = 0; i < 10000; i++)
        buf_printf(&line, ", \"room%d\": {\"write\": \"user.id === 'a' && data.n === %d\"}", i, i);
    buf_append_text(&line, "}}");
    double one_line = seconds_to_compile(buf_slice(&line));
    print_message("10000 rules: %.3f s, in one line of JSON %.3f s\n", block, one_line);
    assert_true(block < 20 && one_line < 20);
    buf_fini(&text);
    buf_fini(&line);
}

static void append_repeated(struct buf *text, const char *part, int count)
{
    for (int i = 0; i < count; i++)
        buf_append_text(text, part);
}

static void expect_long_rule(const char *first, const char *repeated, int count, const char *last)
{
    struct buf text = BUF_EMPTY;
    struct compiled compiled;
    buf_append_text(&text, "record:\n  \"*\": {}\n  a:\n    write: \"");
    buf_append_text(&text, first);
    append_repeated(&text, repeated, count);
    buf_append_text(&text, last);
    buf_append_text(&text, "\"\n" REST);
    compile(&compiled, buf_slice(&text));
    expect_readable(compiled.program);
    compiled_fini(&compiled);
    buf_fini(&text);
}

static void long_chains_compile(void **state)
{
    (void)state;
    expect_long_rule("data", " && now", 9000, "");
    expect_long_rule("data", " + 'a'", 10000, "");
    expect_long_rule("'a'", " + 'a'", 10000, "");
    expect_long_rule("_('a'", " + name", 9000, ")");
    expect_long_rule("data", ".a", 30000, "");
    expect_long_rule("data", "?.a", 20000, "");
    expect_long_rule("[", ",", 65000, "]");
    expect_long_rule("1", " ? now : 1", 250, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_and_rules_come_in_file_order),
        cmocka_unit_test(a_program_knows_its_source),
        cmocka_unit_test(a_rule_needs_what_its_code_reads),
        cmocka_unit_test(every_part_of_a_rule_knows_its_place),
        cmocka_unit_test(constants_are_kept_once_in_order_of_use),
        cmocka_unit_test(the_same_file_gives_the_same_bytes),
        cmocka_unit_test(ten_thousand_rules_take_seconds_at_most),
        cmocka_unit_test(long_chains_compile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
