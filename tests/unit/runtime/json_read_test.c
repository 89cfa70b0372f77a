#include "value_support.h"

#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

static void assert_refused(slice text, const char *message, size_t offset)
{
    valve_value v;
    struct json_error error;
    assert_false(json_read(text, (struct json_limits){4}, &memory, &v, &error));
    assert_string_equal(error.message, message);
    assert_int_equal(error.offset, offset);
}

static void values_are_read(void **unused)
{
    static const char *const cases[] = {
        "null",
        "true",
        "false",
        "0",
        "-1.5",
        "\"a\"",
        "[]",
        "{}",
        "[[],{},[1,[2]]]",
        "{\"a\":{\"b\":[null,true]},\"c\":\"d\"}",
    };
    (void)unused;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(shown(true, value_of(cases[i])), cases[i]);
    assert_string_equal(shown(true, value_of(" \t\r\n{ \"a\" : [ 1 , 2 ] } \n")), "{\"a\":[1,2]}");
}

static void what_is_not_json_is_refused_where_it_stops(void **unused)
{
    static const struct {
        const char *text, *message;
        size_t offset;
    } cases[] = {
        {"", "expected a value", 0},
        {" ", "expected a value", 1},
        {"x", "expected a value", 0},
        {"nul", "expected a value", 0},
        {"NaN", "expected a value", 0},
        {"'a'", "expected a value", 0},
        {"+1", "expected a value", 0},
        {".5", "expected a value", 0},
        {"-", "expected a digit", 1},
        {"-a", "expected a digit", 1},
        {"1.", "expected a digit", 2},
        {"1.e5", "expected a digit", 2},
        {"1e", "expected a digit", 2},
        {"1e+", "expected a digit", 3},
        {"01", "expected the end", 1},
        {"-01", "expected the end", 2},
        {"1 2", "expected the end", 2},
        {"{}{}", "expected the end", 2},
        {"nullx", "expected the end", 4},
        {"[1", "expected , or ]", 2},
        {"[1}", "expected , or ]", 2},
        {"[1 2]", "expected , or ]", 3},
        {"[1,]", "expected a value", 3},
        {"[,1]", "expected a value", 1},
        {"[", "expected a value", 1},
        {"]", "expected a value", 0},
        {"{\"a\":1", "expected , or }", 6},
        {"{\"a\":1]", "expected , or }", 6},
        {"{\"a\" 1}", "expected a colon", 5},
        {"{\"a\"", "expected a colon", 4},
        {"{\"a\":}", "expected a value", 5},
        {"{\"a\":1,}", "expected a key", 7},
        {"{a:1}", "expected a key", 1},
        {"{1:1}", "expected a key", 1},
        {"{", "expected a key", 1},
        {"\"a", "unterminated string", 2},
        {"\"a\\", "invalid escape", 2},
        {"\"\\x\"", "invalid escape", 1},
        {"\"\\u12\"", "invalid escape", 1},
        {"\"\\u12g4\"", "invalid escape", 1},
        {"\"a\nb\"", "control character in a string", 2},
        {"\"\x80\"", "invalid UTF-8", 1},
        {"\"ab\xC3\"", "invalid UTF-8", 3},
        {"\"\xC0\x80\"", "invalid UTF-8", 1},
        {"\"\xED\xA0\xBD\"", "invalid UTF-8", 1},
        {"\"\xF4\x90\x80\x80\"", "invalid UTF-8", 1},
        {"\xEF\xBB\xBF[]", "expected a value", 0},
        {"[[[[[]]]]]", "nested too deeply", 4},
        {"[[[{\"a\":{}}]]]", "nested too deeply", 8},
    };
    (void)unused;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_refused(slice_of(cases[i].text), cases[i].message, cases[i].offset);
    assert_refused(SLICE("\"a\0b\""), "control character in a string", 2);
    assert_refused(SLICE("1\0"), "expected the end", 1);
}

static void depth_is_counted_at_the_deepest_point(void **unused)
{
    (void)unused;
    valve_value v;
    assert_true(json_read(SLICE("[[[[]]],[[[]]],{\"a\":[[]]}]"), (struct json_limits){4}, &memory,
                          &v, NULL));
    assert_false(json_read(SLICE("[]"), (struct json_limits){0}, &memory, &v, NULL));
    assert_true(json_read(SLICE("1"), (struct json_limits){0}, &memory, &v, NULL));
}

static void a_hundred_thousand_levels_need_no_c_stack(void **unused)
{
    enum { LEVELS = 100000 };
    (void)unused;
    char *text = malloc(2 * LEVELS);
    memset(text, '[', LEVELS);
    memset(text + LEVELS, ']', LEVELS);
    valve_value v;
    slice json = {text, 2 * LEVELS};
    assert_true(json_read(json, (struct json_limits){LEVELS}, &memory, &v, NULL));
    struct buf written = BUF_EMPTY;
    json_write(&written, v);
    assert_true(slice_equal(buf_slice(&written), json));
    buf_fini(&written);
    free(text);
}

static void texts_without_escapes_are_slices_of_the_input(void **unused)
{
    (void)unused;
    slice json = SLICE("[\"plain\",\"\xC3\xA9\",\"a longer text than eight bytes\"]");
    valve_value v;
    assert_true(json_read(json, (struct json_limits){1}, &memory, &v, NULL));
    const valve_value *items = v.as.array->items;
    assert_ptr_equal(items[0].as.text, json.at + 2);
    assert_int_equal(items[0].flags, VALUE_ASCII);
    assert_ptr_equal(items[1].as.text, json.at + 10);
    assert_int_equal(items[1].flags, 0);
    assert_int_equal(items[2].length, 30);
}

static void escapes_are_decoded(void **unused)
{
    (void)unused;
    valve_value v = value_of("\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20AC\\ud83d\\ude00z\"");
    assert_true(slice_equal(value_slice(v),
                            SLICE("a\"\\/\b\f\n\r\tA\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z")));
    assert_int_equal(v.flags, 0);
    assert_int_equal(value_of("\"\\u0041\"").flags, VALUE_ASCII);
    assert_int_equal(value_of("\"\\u0000\"").length, 1);
}

static void lone_surrogates_are_kept(void **unused)
{
    static const char *const cases[] = {
        "\"\\ud83d\"", "\"\\ude00\"", "\"\\ude00\\ud83d\"", "\"\\ud83dx\\ude00\"", "\"\\ud83d\\n\"",
    };
    (void)unused;
    for (size_t i = 0; i < COUNT(cases); i++) {
        valve_value v = value_of(cases[i]);
        assert_true(utf8_valid(value_slice(v), true));
        assert_string_equal(shown(true, v), cases[i]);
    }
}

/* Strings that end, or turn special, at every distance from where eight bytes are read at once. */
static void strings_of_every_length_are_read(void **unused)
{
    static const char *const endings[] = {"", "\\n", "\xC3\xA9"};
    (void)unused;
    for (size_t length = 0; length < 40; length++) {
        for (size_t k = 0; k < COUNT(endings); k++) {
            char json[64] = "\"";
            memset(json + 1, 'x', length);
            memcpy(json + 1 + length, endings[k], strlen(endings[k]));
            json[1 + length + strlen(endings[k])] = '"';
            assert_string_equal(shown(true, value_of(json)), json);
        }
    }
}

static void numbers_are_the_nearest_doubles(void **unused)
{
    static const struct {
        const char *text;
        double number;
    } cases[] = {
        {"0", 0},
        {"12.5", 12.5},
        {"0.1", 0.1},
        {"1e5", 1e5},
        {"1E+5", 1e5},
        {"-2.5e-3", -0.0025},
        {"9007199254740993", 9007199254740992.0},
        {"12345678901234567890", 12345678901234567890.0},
        {"123456789012345678901234567890", 123456789012345678901234567890.0},
        {"0.1234567890123456789", 0.1234567890123456789},
        {"3.141592653589793", 3.141592653589793},
        {"0.000000000000000000000001", 1e-24},
        {"1e400", INFINITY},
        {"-1e400", -INFINITY},
        {"1e-400", 0},
    };
    (void)unused;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_true(value_of(cases[i].text).as.number == cases[i].number);
    assert_true(signbit(value_of("-0").as.number));
    assert_true(signbit(value_of("-0.0").as.number));
}

static void
numbers_and_members_read_at_a_glance_have_the_value_of_those_read_with_care(void **unused)
{
    static const char *const numbers[] = {
        "0",    "-0",    "0.0",  "-0.0", "7",         "-7",       "12.5",
        "1000", "10.01", "0.1",  "0.3",  "123456789", "99999.99", "9007199254740992",
        "-1.7", "3.14",  "1e3",  "2E-3", "-1.5e+2",   "0.000001", "9007199254740993",
        "00.5", "01",    "1.",   "-",    "1.5.5",     "--1",      "1234567890123456789",
        "1e",   "0x1",   "1.e1", ".5",   "12a",       "1-",       "12345678901234567890.5",
    };
    (void)unused;
    for (size_t i = 0; i < COUNT(numbers); i++) {
        char glance[128], care[128];
        valve_value a, b;
        int length = snprintf(glance, sizeof glance, "{\"k\":%s,\"text\":\"x\"}", numbers[i]);
        int spaced = snprintf(care, sizeof care, "{ \"k\" : %se0 , \"text\" : \"x\" }", numbers[i]);
        if (strpbrk(numbers[i], "eE") != NULL)
            spaced = snprintf(care, sizeof care, "{ \"k\" : %s , \"text\" : \"x\" }", numbers[i]);
        bool read =
            json_read((slice){glance, (size_t)length}, (struct json_limits){1}, &memory, &a, NULL);
        assert_int_equal(read, json_read((slice){care, (size_t)spaced}, (struct json_limits){1},
                                         &memory, &b, NULL));
        if (!read)
            continue;
        double number = value_object_find(a.as.object, SLICE("k"))->as.number;
        assert_memory_equal(&number, &value_object_find(b.as.object, SLICE("k"))->as.number,
                            sizeof number);
        assert_string_equal(shown(true, value_object_find(a.as.object, SLICE("text"))[0]), "\"x\"");
    }
}

/* A place that is read with care inside members that are not, wherever it is. */
static void members_may_change_between_the_ways_to_read_them(void **unused)
{
    static const char *const members[] = {
        "\"plain\":\"text\"",    "\"number\":-2.5", "\"\\u0061\":1",       "\"e\":\"\\n\"",
        "\"object\":{\"a\":1}",  "\"list\":[1,{}]", "\"word\":null",       " \"space\" : 3 ",
        "\"\u00E9\":\"\u20AC\"", "\"empty\":\"\"",  "\"plain\":\"again\"",
    };
    enum { MEMBERS = COUNT(members) };
    (void)unused;
    for (size_t a = 0; a < MEMBERS; a++)
        for (size_t b = 0; b < MEMBERS; b++)
            for (size_t c = 0; c < MEMBERS; c++) {
                char glance[256], care[256];
                snprintf(glance, sizeof glance, "{%s,%s,%s}", members[a], members[b], members[c]);
                snprintf(care, sizeof care, "{ %s , %s , %s }", members[a], members[b], members[c]);
                char *wanted = strdup(shown(true, value_of(care)));
                assert_string_equal(shown(true, value_of(glance)), wanted);
                free(wanted);
            }
}

static void keys_are_ordinary_and_the_last_of_duplicates_wins(void **unused)
{
    (void)unused;
    valve_value v = value_of("{\"a\":1,\"__proto__\":2,\"\":3,\"a\":4,\"\\u0061\":5}");
    assert_int_equal(v.as.object->count, 3);
    assert_true(value_object_find(v.as.object, SLICE("a"))->as.number == 5);
    assert_true(value_object_find(v.as.object, SLICE("__proto__"))->as.number == 2);
    assert_null(value_object_find(v.as.object, SLICE("constructor")));
}

static void an_exhausted_arena_is_an_error_at_any_size(void **unused)
{
    (void)unused;
    slice json = SLICE("{\"a\":[1,2,3,\"x\\ny\"],\"b\":{\"c\":[[],{}]}}");
    bool done = false;
    for (size_t limit = 16; !done; limit += 16) {
        struct arena little;
        struct json_error error = {0};
        valve_value v;
        arena_init(&little, limit);
        done = json_read(json, (struct json_limits){9}, &little, &v, &error);
        if (!done)
            assert_string_equal(error.message, "out of memory");
        arena_fini(&little);
        assert_true(limit < 2000);
    }
}

static void memory_grows_with_the_text_and_not_faster(void **unused)
{
    enum { BYTES = 1 << 20 };
    (void)unused;
    char *text = malloc(BYTES);
    memset(text, ',', BYTES);
    for (size_t i = 1; i < BYTES; i += 2)
        text[i] = '1';
    text[0] = '[';
    text[BYTES - 1] = ']';
    text[BYTES - 2] = '1';
    text[BYTES - 3] = ' ';
    text[BYTES - 4] = ',';
    struct arena own;
    arena_init(&own, 0);
    valve_value v;
    assert_true(json_read((slice){text, BYTES}, (struct json_limits){1}, &own, &v, NULL));
    assert_true(own.used_bytes < (size_t)BYTES * 48);
    arena_fini(&own);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read),
        cmocka_unit_test(what_is_not_json_is_refused_where_it_stops),
        cmocka_unit_test(depth_is_counted_at_the_deepest_point),
        cmocka_unit_test(a_hundred_thousand_levels_need_no_c_stack),
        cmocka_unit_test(texts_without_escapes_are_slices_of_the_input),
        cmocka_unit_test(escapes_are_decoded),
        cmocka_unit_test(lone_surrogates_are_kept),
        cmocka_unit_test(strings_of_every_length_are_read),
        cmocka_unit_test(numbers_are_the_nearest_doubles),
        cmocka_unit_test(
            numbers_and_members_read_at_a_glance_have_the_value_of_those_read_with_care),
        cmocka_unit_test(members_may_change_between_the_ways_to_read_them),
        cmocka_unit_test(keys_are_ordinary_and_the_last_of_duplicates_wins),
        cmocka_unit_test(an_exhausted_arena_is_an_error_at_any_size),
        cmocka_unit_test(memory_grows_with_the_text_and_not_faster),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
