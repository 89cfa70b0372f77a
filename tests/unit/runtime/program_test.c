/* The file form: what is written is read again, and nothing that was damaged ever loads. */

#include "program.h"
#include "program_format.h"
#include "support/program_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

/* A program with something in every table. */
static void build(struct program_builder *builder)
{
    builder_init(builder);
    uint32_t root = builder_pattern(builder, VALVE_SECTION_record, "*");
    uint32_t path = builder_pattern(builder, VALVE_SECTION_record, "a/$x");
    uint32_t event = builder_pattern(builder, VALVE_SECTION_event, "news/*");
    uint32_t id = builder_text(builder, "id");
    uint32_t limit = builder_number(builder, 1.5);
    uint32_t regex = builder_regex(builder, "^a+$", "i");
    builder->program.source_hash[0] = 0xab;
    builder->program.source_hash[31] = 0xcd;
    builder_rule(builder, VALVE_RECORD_READ, root, "false", 0, 1,
                 CODE(I(LOAD_FALSE, 0), I(RETURN, 0)));
    builder_rule(builder, VALVE_RECORD_WRITE, path, "$x === user.id", RULE_NEEDS_VARIABLES, 2,
                 CODE(I(LOAD_VARIABLE, 0), I(LOAD_USER, 0), I(GET_MEMBER, id), I(STRICT_EQUAL, 0),
                      I(RETURN, 0)));
    builder_rule(
        builder, VALVE_EVENT_PUBLISH, event, "now < 1.5 || name.match(/^a+$/i)", RULE_NEEDS_NOW, 2,
        CODE(I(LOAD_NOW, 0), I(LOAD_CONSTANT, limit), I(LESS, 0), I(JUMP_OR_POP_IF_TRUE, 6),
             I(LOAD_NAME, 0), I(MATCH_REGEX, regex), I(RETURN, 0)));
}

static void write_built(struct buf *bytes)
{
    struct program_builder builder;
    build(&builder);
    program_write(builder_program(&builder), bytes);
    builder_fini(&builder);
}

static bool loads(slice bytes, struct valve_load_error *error)
{
    struct valve_program *program = NULL;
    bool loaded = valve_program_load(bytes, &program, error);
    assert_true(loaded == (program != NULL));
    valve_program_release(&program);
    assert_null(program);
    return loaded;
}

static void expect_refused(slice bytes, const char *message)
{
    struct valve_load_error error = {{0}};
    assert_false(loads(bytes, &error));
    assert_non_null(strstr(error.message, message));
}

static void a_written_program_is_read_again(void **state)
{
    (void)state;
    struct buf bytes = BUF_EMPTY;
    struct arena arena;
    struct program program;
    struct valve_load_error error;
    write_built(&bytes);
    arena_init(&arena, 0);
    assert_true(program_read(buf_slice(&bytes), &arena, &program, &error));
    assert_true(slice_equal(program.file, SLICE("rules.yml")));
    assert_int_equal(program.source_hash[0], 0xab);
    assert_int_equal(program.source_hash[31], 0xcd);
    assert_int_equal(program.constant_count, 2);
    assert_true(slice_equal(value_slice(program.constants[0]), SLICE("id")));
    assert_true(program.constants[1].as.number == 1.5);
    assert_true(slice_equal(program.regexes[0].pattern, SLICE("^a+$")));
    assert_true(slice_equal(program.regexes[0].flags, SLICE("i")));
    assert_int_equal(program.pattern_count, 3);
    assert_int_equal(program.patterns[2].section, VALVE_SECTION_event);
    assert_int_equal(program.patterns[2].column, 3);
    assert_int_equal(program.rule_count, 3);
    assert_int_equal(program.rules[1].kind, VALVE_RECORD_WRITE);
    assert_int_equal(program.rules[1].pattern, 1);
    assert_int_equal(program.rules[1].line, 11);
    assert_int_equal(program.rules[1].code_length, 5);
    assert_int_equal(program.rules[1].code[2], instruction_make(OP_GET_MEMBER, 0));
    assert_int_equal(program.rules[1].spans[2].start, 2);
    assert_int_equal(program.rules[1].needs, RULE_NEEDS_VARIABLES);

    struct buf again = BUF_EMPTY;
    program_write(&program, &again);
    assert_true(slice_equal(buf_slice(&again), buf_slice(&bytes)));
    arena_fini(&arena);
    buf_fini(&again);
    buf_fini(&bytes);
}

static void the_same_program_gives_the_same_bytes(void **state)
{
    (void)state;
    struct buf one = BUF_EMPTY, two = BUF_EMPTY;
    write_built(&one);
    write_built(&two);
    assert_true(slice_equal(buf_slice(&one), buf_slice(&two)));
    buf_fini(&one);
    buf_fini(&two);
}

static void a_program_with_any_bit_flipped_is_refused(void **state)
{
    (void)state;
    struct buf bytes = BUF_EMPTY;
    struct valve_load_error error;
    write_built(&bytes);
    assert_true(loads(buf_slice(&bytes), &error));
    for (size_t i = 0; i < bytes.length; i++) {
        for (int bit = 0; bit < 8; bit++) {
            bytes.at[i] ^= (char)(1 << bit);
            assert_false(loads(buf_slice(&bytes), &error));
            bytes.at[i] ^= (char)(1 << bit);
        }
    }
    assert_true(loads(buf_slice(&bytes), &error));
    buf_fini(&bytes);
}

static void a_program_cut_off_anywhere_is_refused(void **state)
{
    (void)state;
    struct buf bytes = BUF_EMPTY;
    struct valve_load_error error;
    write_built(&bytes);
    for (size_t length = 0; length < bytes.length; length++) {
        char *exact = malloc(length + 1);
        memcpy(exact, bytes.at, length);
        assert_false(loads((slice){exact, length}, &error));
        free(exact);
    }
    buf_append_byte(&bytes, '\0');
    expect_refused(buf_slice(&bytes), "not as long as its header says");
    buf_fini(&bytes);
}

/* Makes the header fit whatever the body is now. */
static void mend_header(struct buf *bytes)
{
    slice body = slice_part(buf_slice(bytes), PROGRAM_HEADER_BYTES, bytes->length);
    for (size_t i = 0; i < 8; i++)
        bytes->at[16 + i] = (char)(uint8_t)((uint64_t)body.length >> 8 * i);
    program_checksum(body, (uint8_t *)bytes->at + PROGRAM_CHECKSUM_OFFSET);
}

/* With a checksum that fits, the reader and the verifier stand alone. */
static void damage_with_a_mended_checksum_never_crashes(void **state)
{
    (void)state;
    struct buf bytes = BUF_EMPTY;
    struct valve_load_error error;
    write_built(&bytes);
    const unsigned char masks[] = {0x01, 0x80, 0xff, 0x7f};
    for (size_t i = PROGRAM_HEADER_BYTES; i < bytes.length; i++) {
        for (size_t m = 0; m < sizeof masks; m++) {
            bytes.at[i] = (char)(bytes.at[i] ^ masks[m]);
            mend_header(&bytes);
            loads(buf_slice(&bytes), &error);
            bytes.at[i] = (char)(bytes.at[i] ^ masks[m]);
        }
    }
    mend_header(&bytes);
    assert_true(loads(buf_slice(&bytes), &error));
    for (; bytes.length > PROGRAM_HEADER_BYTES; bytes.length--) {
        mend_header(&bytes);
        struct buf exact = BUF_EMPTY;
        buf_append(&exact, slice_part(buf_slice(&bytes), 0, bytes.length - 1));
        mend_header(&exact);
        assert_false(loads(buf_slice(&exact), &error));
        buf_fini(&exact);
    }
    buf_fini(&bytes);
}

static void what_is_no_program_is_called_so(void **state)
{
    (void)state;
    struct buf bytes = BUF_EMPTY;
    expect_refused(SLICE(""), "not a compiled rule program");
    expect_refused(SLICE("record:\n  '*': {}\n"), "not a compiled rule program");
    write_built(&bytes);
    bytes.at[8] = 2;
    expect_refused(buf_slice(&bytes), "another format version");
    bytes.at[8] = 1;
    bytes.at[12] = 1;
    expect_refused(buf_slice(&bytes), "the header is damaged");
    bytes.at[12] = 0;
    bytes.at[bytes.length - 1] ^= 1;
    expect_refused(buf_slice(&bytes), "checksum does not match");
    buf_fini(&bytes);
}

static void bytes_after_the_last_rule_are_refused(void **state)
{
    (void)state;
    struct buf bytes = BUF_EMPTY;
    write_built(&bytes);
    buf_append_byte(&bytes, '\0');
    mend_header(&bytes);
    expect_refused(buf_slice(&bytes), "bytes follow the end of the program");
    buf_fini(&bytes);
}

static void tables_longer_than_the_file_are_refused_before_memory_is_taken(void **state)
{
    (void)state;
    struct buf bytes = BUF_EMPTY;
    write_built(&bytes);
    size_t constants = PROGRAM_HEADER_BYTES + 4 + strlen("rules.yml") + 32;
    memset(bytes.at + constants, 0xff, 4);
    mend_header(&bytes);
    expect_refused(buf_slice(&bytes), "a table is longer than the program");
    buf_fini(&bytes);
}

static void expect_build_refused(struct program_builder *builder, const char *message)
{
    struct buf bytes = BUF_EMPTY;
    program_write(builder_program(builder), &bytes);
    expect_refused(buf_slice(&bytes), message);
    buf_fini(&bytes);
    builder_fini(builder);
}

static void two_rules_of_one_kind_and_path_are_refused(void **state)
{
    (void)state;
    struct program_builder builder;
    build(&builder);
    builder_rule(&builder, VALVE_RECORD_READ, 0, "true", 0, 1, CODE(I(LOAD_TRUE, 0), I(RETURN, 0)));
    expect_build_refused(&builder, "a path has two rules of one kind");
}

static void variables_that_the_path_does_not_have_are_refused(void **state)
{
    (void)state;
    struct program_builder builder;
    build(&builder);
    builder_rule(&builder, VALVE_RECORD_READ, 1, "$y", RULE_NEEDS_VARIABLES, 1,
                 CODE(I(LOAD_VARIABLE, 1), I(RETURN, 0)));
    expect_build_refused(&builder, "a variable that its path does not have");
}

static void paths_and_regular_expressions_that_do_not_compile_are_refused(void **state)
{
    (void)state;
    struct program_builder builder;
    build(&builder);
    builder_pattern(&builder, VALVE_SECTION_rpc, "a(b");
    expect_build_refused(&builder, "a path is not valid");
    build(&builder);
    builder_regex(&builder, "(", "");
    expect_build_refused(&builder, "a regular expression is not valid");
}

static void texts_are_utf8(void **state)
{
    (void)state;
    struct program_builder builder;
    build(&builder);
    builder_text(&builder, "\xc3");
    expect_build_refused(&builder, "a text is not UTF-8");
}

static void programs_load_from_a_file(void **state)
{
    (void)state;
    char path[] = "program_test_XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    struct buf bytes = BUF_EMPTY;
    write_built(&bytes);
    assert_int_equal(write(file, bytes.at, bytes.length), bytes.length);
    close(file);

    struct valve_program *program = NULL;
    struct valve_load_error error;
    assert_true(valve_program_load_file(path, &program, &error));
    assert_int_equal(valve_program_contents(program)->rule_count, 3);
    valve_program_release(&program);
    unlink(path);
    assert_false(valve_program_load_file(path, &program, &error));
    assert_string_equal(error.message, "cannot read the file: No such file or directory");
    buf_fini(&bytes);
}

static void positions_count_characters_from_the_piece_before(void **state)
{
    (void)state;
    const struct text_position positions[] = {{0, 3, 7}, {6, 4, 3}};
    struct program_rule rule = {.line = 3,
                                .column = 7,
                                .source = SLICE("a\xc3\xa4 && b"),
                                .positions = positions,
                                .position_count = 2};
    uint32_t line, column;
    program_rule_position(&rule, 0, &line, &column);
    assert_int_equal(line, 3);
    assert_int_equal(column, 7);
    program_rule_position(&rule, 4, &line, &column);
    assert_int_equal(line, 3);
    assert_int_equal(column, 10);
    program_rule_position(&rule, 7, &line, &column);
    assert_int_equal(line, 4);
    assert_int_equal(column, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_written_program_is_read_again),
        cmocka_unit_test(the_same_program_gives_the_same_bytes),
        cmocka_unit_test(a_program_with_any_bit_flipped_is_refused),
        cmocka_unit_test(a_program_cut_off_anywhere_is_refused),
        cmocka_unit_test(damage_with_a_mended_checksum_never_crashes),
        cmocka_unit_test(what_is_no_program_is_called_so),
        cmocka_unit_test(bytes_after_the_last_rule_are_refused),
        cmocka_unit_test(tables_longer_than_the_file_are_refused_before_memory_is_taken),
        cmocka_unit_test(two_rules_of_one_kind_and_path_are_refused),
        cmocka_unit_test(variables_that_the_path_does_not_have_are_refused),
        cmocka_unit_test(paths_and_regular_expressions_that_do_not_compile_are_refused),
        cmocka_unit_test(texts_are_utf8),
        cmocka_unit_test(programs_load_from_a_file),
        cmocka_unit_test(positions_count_characters_from_the_piece_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
