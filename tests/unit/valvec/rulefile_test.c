/* From the text of a rule file to its tree: what scalars mean, what aliases and merges bring, and
 * where every byte of a decoded text stands in the file. */

#include "rulefile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

struct fixture {
    struct arena arena;
    struct diagnostics diagnostics;
    struct source source;
    struct tree_document document;
};

static void read_text(struct fixture *fixture, slice text)
{
    arena_init(&fixture->arena, 0);
    diagnostics_init(&fixture->diagnostics, &fixture->arena);
    source_init(&fixture->source, SLICE("r.yml"), text, &fixture->arena);
    fixture->document =
        rulefile_read(&fixture->source, true, &fixture->arena, &fixture->diagnostics);
    assert_true(fixture->document.is_valid);
}

static void fixture_fini(struct fixture *fixture)
{
    diagnostics_fini(&fixture->diagnostics);
    arena_fini(&fixture->arena);
}

/* The value of key `k` in a file that is a map. */
static const struct tree_node *value_of(const struct fixture *fixture)
{
    const struct tree_member *member = tree_find(fixture->document.root, SLICE("k"));
    assert_non_null(member);
    return member->value;
}

static void expect_kind(const char *scalar, const char *kind)
{
    struct fixture fixture;
    char text[64];
    snprintf(text, sizeof text, "k: %s\n", scalar);
    read_text(&fixture, slice_of(text));
    assert_string_equal(tree_kind_name(value_of(&fixture)->kind), kind);
    fixture_fini(&fixture);
}

/* The decoded text of `k`, in which every character that follows a `|` of `marked` stands where the
 * file has it: marks are written "text|line:column|text". */
static void expect_text(const char *file, const char *text, const char *places)
{
    struct fixture fixture;
    struct buf shown = BUF_EMPTY;
    read_text(&fixture, slice_of(file));
    const struct mapped_text *mapped = &value_of(&fixture)->text;
    for (uint32_t i = 0; i < mapped->text.length; i++) {
        uint32_t offset = mapped_text_file_offset(mapped, i);
        struct source_position position = source_position(&fixture.source, offset);
        if (i == 0 || strchr("#", mapped->text.at[i]) != NULL)
            buf_printf(&shown, "%s%u:%u", i > 0 ? " " : "", position.line, position.column);
    }
    buf_append_byte(&shown, '\0');
    assert_int_equal(mapped->text.length, strlen(text));
    assert_memory_equal(mapped->text.at, text, strlen(text));
    assert_string_equal(shown.at, places);
    buf_fini(&shown);
    fixture_fini(&fixture);
}

static void scalars_mean_what_yaml_1_2_says(void **state)
{
    (void)state;
    expect_kind("true", "boolean");
    expect_kind("FALSE", "boolean");
    expect_kind("tRUE", "string");
    expect_kind("yes", "string");
    expect_kind("'true'", "string");
    expect_kind("", "null");
    expect_kind("~", "null");
    expect_kind("Null", "null");
    expect_kind("12", "number");
    expect_kind("-0x1F", "number");
    expect_kind("0o17", "number");
    expect_kind("0b11", "number");
    expect_kind("0b12", "string");
    expect_kind("1e3", "number");
    expect_kind(".5", "number");
    expect_kind("5.", "number");
    expect_kind("-.inf", "number");
    expect_kind(".NaN", "number");
    expect_kind("1_000", "string");
    expect_kind("1e", "string");
    expect_kind(".", "string");
    expect_kind("2001-12-14", "date");
    expect_kind("2001-12-14t21:59:43.10-05:00", "date");
    expect_kind("2001-12-14 21:59:43 Z", "date");
    expect_kind("2001-1-1", "string");
    expect_kind("2001-12-14 21:59", "string");
    expect_kind("!!str 12", "string");
    expect_kind("! 12", "string");
    expect_kind("!!int 12", "number");
    expect_kind("[1]", "list");
    expect_kind("{a: 1}", "object");
}

static void keys_become_text(void **state)
{
    (void)state;
    struct fixture fixture;
    read_text(&fixture, SLICE("123: a\ntrue: a\nnull: a\n1.50: a\n0x10: a\n'0x10': a\nyes: a\n"
                              "-.inf: a\n2001-12-14: a\n"));
    static const char *const KEYS[] = {"123",  "true", "null",      "1.5",       "16",
                                       "0x10", "yes",  "-Infinity", "2001-12-14"};
    assert_int_equal(fixture.document.root->count, 9);
    for (size_t i = 0; i < 9; i++) {
        slice key = fixture.document.root->members[i].key.text;
        assert_true(slice_equal(key, slice_of(KEYS[i])));
    }
    fixture_fini(&fixture);
}

static void plain_text_is_where_it_is_written(void **state)
{
    (void)state;
    expect_text("k: a #b#c\n", "a", "1:4");
    expect_text("k: a#b#c\n", "a#b#c", "1:4 1:5 1:7");
    expect_text("k: a\n  #no\n", "a", "1:4");
    expect_text("k: a\n   b#c\n  d#\n", "a b#c d#", "1:4 2:5 3:4");
    expect_text("k: a\n\n\n   b#\n", "a\n\nb#", "1:4 4:5");
    expect_text("k:\n  a#\n", "a#", "2:3 2:4");
    expect_text("# \xC3\xA4\nk: \xC3\xA4\xC3\xB6#x\n", "\xC3\xA4\xC3\xB6#x", "2:4 2:6");
}

static void quoted_text_is_where_it_is_written(void **state)
{
    (void)state;
    expect_text("k: 'a''#'\n", "a'#", "1:5 1:8");
    expect_text("k: 'a  \n   #'\n", "a #", "1:5 2:4");
    expect_text("k: \"a\\n#\"\n", "a\n#", "1:5 1:8");
    expect_text("k: \"\\x41#\\u00e4#\\U0001F600#\\L#\"\n",
                "A#\xC3\xA4#\xF0\x9F\x98\x80#\xE2\x80\xA8#", "1:5 1:9 1:16 1:27 1:30");
    expect_text("k: \"a\\\n   #b\n\n  c #\"\n", "a#b\nc #", "1:5 2:4 4:5");
    expect_text("k: \"a \\\n  \\ #\"\n", "a  #", "1:5 2:5");
    expect_text("k: &x !!str 'a#'\n", "a#", "1:14 1:15");
}

static void blocks_are_where_they_are_written(void **state)
{
    (void)state;
    expect_text("k: |\n  a\n    #b\n\n  #\n", "a\n  #b\n\n#\n", "2:3 3:5 5:3");
    expect_text("k: |2-\n   a\n  #\n", " a\n#", "2:3 3:3");
    expect_text("k: >\n  a\n  #b\n\n  #\n     #\n  #\n", "a #b\n#\n   #\n#\n",
                "2:3 3:3 5:3 6:6 7:3");
    expect_text("k: >-\n\n  a\n  #\n", "\na #", "2:1 4:3");
    expect_text("k: |\r\n  a\r\n  #\r\n", "a\n#\n", "2:3 3:3");
}

static void an_alias_stands_where_its_anchor_stands(void **state)
{
    (void)state;
    expect_text("a: &a 'x#'\nk: *a\n", "x#", "1:8 1:9");
}

static void merge_keys_fill_in_what_is_missing(void **state)
{
    (void)state;
    struct fixture fixture;
    read_text(&fixture, SLICE("a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nk:\n  y: 3\n  <<: [*a, *b]\n"
                              "  x: 3\n  '<<': 4\n"));
    const struct tree_node *map = value_of(&fixture);
    assert_int_equal(map->count, 4);
    assert_true(slice_equal(tree_find(map, SLICE("x"))->value->text.text, SLICE("3")));
    assert_true(slice_equal(tree_find(map, SLICE("y"))->value->text.text, SLICE("3")));
    assert_true(slice_equal(tree_find(map, SLICE("z"))->value->text.text, SLICE("2")));
    assert_true(slice_equal(tree_find(map, SLICE("<<"))->value->text.text, SLICE("4")));
    fixture_fini(&fixture);
}

static void directives_and_document_marks_are_accepted(void **state)
{
    (void)state;
    expect_text("\xEF\xBB\xBF%YAML 1.2\n---\nk: '#'\n...\n", "#", "3:5");
    expect_text("\xEF\xBB\xBFk: '#'\r\n", "#", "1:6");
}

static void large_maps_find_their_duplicates(void **state)
{
    (void)state;
    struct fixture fixture;
    struct buf text = BUF_EMPTY;
    for (int i = 0; i < 100; i++)
        buf_printf(&text, "key%d: 1\n", i);
    buf_append_text(&text, "k: 2\n");
    read_text(&fixture, buf_slice(&text));
    assert_int_equal(fixture.document.root->count, 101);
    fixture_fini(&fixture);
    buf_fini(&text);
}

/* ---- JSON ---- */

static void json_is_read_with_all_its_escapes(void **state)
{
    (void)state;
    expect_text("{\"k\":\t\"a\\/#\\ud83d\\ude00#\\t#\"}", "a/#\xF0\x9F\x98\x80#\t#",
                "1:8 1:11 1:24 1:27");
    expect_text("{\n\"k\": \"\\ud83d#\"}", "\xED\xA0\xBD#", "2:7 2:13");
    expect_text("\xEF\xBB\xBF{\"k\": \"#\"}", "#", "1:9");
}

static void json_numbers_are_numbers(void **state)
{
    (void)state;
    struct fixture fixture;
    read_text(&fixture, SLICE("{\"k\": [0, -1.5e+3, 10, true, false, null, {}, []]}"));
    const struct tree_node *list = value_of(&fixture);
    static const enum tree_kind KINDS[] = {TREE_NUMBER,  TREE_NUMBER, TREE_NUMBER, TREE_BOOLEAN,
                                           TREE_BOOLEAN, TREE_NULL,   TREE_MAP,    TREE_LIST};
    assert_int_equal(list->count, 8);
    for (uint32_t i = 0; i < 8; i++)
        assert_int_equal(list->items[i]->kind, KINDS[i]);
    fixture_fini(&fixture);
}

static void flow_yaml_that_is_no_json_is_yaml(void **state)
{
    (void)state;
    expect_text("{k: '#', # comment\n a: 1,}", "#", "1:6");
    expect_text("{\"k\": 01#}", "01#", "1:7 1:9");
}

/* ---- environment ---- */

static void environment_variables_stand_where_they_are_written(void **state)
{
    (void)state;
    setenv("VALVE_TEST", "long value #", 1);
    setenv("user", "nobody", 1);
    unsetenv("VALVE_TEST_UNSET");
    expect_text("k: 'a ${VALVE_TEST} #'\n", "a long value # #", "1:5 1:7 1:21");
    expect_text("k: 'a `${VALVE_TEST}` #'\n", "a `long value #` #", "1:5 1:8 1:23");
    expect_text("k: 'a `${user} ${VALVE_TEST_UNSET}` #'\n", "a `${user} ${VALVE_TEST_UNSET}` #",
                "1:5 1:37");
    expect_text("k: 'a ${user} #'\n", "a nobody #", "1:5 1:15");
    expect_text("k: '${} ${1} ${a-b} $VALVE_TEST #'\n", "${} ${1} ${a-b} $VALVE_TEST #",
                "1:5 1:33");
    unsetenv("user");
}

static void comments_are_not_expanded(void **state)
{
    (void)state;
    struct fixture fixture;
    unsetenv("VALVE_TEST_UNSET");
    read_text(&fixture, SLICE("  # ${VALVE_TEST_UNSET} `\nk: '`${user}`'\n"));
    assert_int_equal(fixture.diagnostics.list.count, 0);
    fixture_fini(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars_mean_what_yaml_1_2_says),
        cmocka_unit_test(keys_become_text),
        cmocka_unit_test(plain_text_is_where_it_is_written),
        cmocka_unit_test(quoted_text_is_where_it_is_written),
        cmocka_unit_test(blocks_are_where_they_are_written),
        cmocka_unit_test(an_alias_stands_where_its_anchor_stands),
        cmocka_unit_test(merge_keys_fill_in_what_is_missing),
        cmocka_unit_test(directives_and_document_marks_are_accepted),
        cmocka_unit_test(large_maps_find_their_duplicates),
        cmocka_unit_test(json_is_read_with_all_its_escapes),
        cmocka_unit_test(json_numbers_are_numbers),
        cmocka_unit_test(flow_yaml_that_is_no_json_is_yaml),
        cmocka_unit_test(environment_variables_stand_where_they_are_written),
        cmocka_unit_test(comments_are_not_expanded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
