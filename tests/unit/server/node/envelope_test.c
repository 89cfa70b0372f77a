#include "node/envelope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static void what_is_written_is_that_of_the_original_and_can_be_read(void **state)
{
    (void)state;
    struct buf text = BUF_EMPTY;
    struct envelope envelope;
    envelope_begin(&text, SLICE("a\"b"), SLICE("c"));
    buf_append_text(&text, "{\"topic\":4}}");
    assert_true(slice_equal(
        buf_slice(&text),
        SLICE("{\"fromServer\":\"a\\\"b\",\"toServer\":\"c\",\"message\":{\"topic\":4}}")));
    assert_true(envelope_read(buf_slice(&text), &arena, &envelope));
    assert_true(slice_equal(envelope.from_server, SLICE("a\"b")));
    assert_true(slice_equal(envelope.to_server, SLICE("c")));
    assert_true(slice_equal(envelope.message, SLICE("{\"topic\":4}")));
    buf_fini(&text);
}

static void one_for_all_names_no_receiver(void **state)
{
    (void)state;
    struct envelope envelope;
    slice text = SLICE(" { \"message\" : {} , \"more\": [1,{}], \"fromServer\" : \"a\" } ");
    assert_true(envelope_read(text, &arena, &envelope));
    assert_null(envelope.to_server.at);
    assert_true(slice_equal(envelope.message, SLICE("{}")));
}

static void the_result_of_a_message_is_beside_it(void **state)
{
    (void)state;
    struct buf text = BUF_EMPTY;
    struct envelope envelope;
    envelope_begin(&text, SLICE("a"), (slice){0});
    buf_append_text(&text, "{}");
    envelope_result(&text, SLICE("{\"b\":1}"));
    buf_append_text(&text, "}");
    assert_true(envelope_read(buf_slice(&text), &arena, &envelope));
    assert_true(slice_equal(envelope.message, SLICE("{}")));
    assert_true(slice_equal(envelope.result, SLICE("{\"b\":1}")));
    assert_true(envelope_read(SLICE("{\"fromServer\":\"a\",\"message\":{}}"), &arena, &envelope));
    assert_null(envelope.result.at);
    buf_fini(&text);
}

static void anything_else_is_none(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "x",
        "[]",
        "{}",
        "{\"fromServer\":\"a\"}",
        "{\"message\":{}}",
        "{\"fromServer\":1,\"message\":{}}",
        "{\"fromServer\":\"a\",\"toServer\":null,\"message\":{}}",
        "{\"fromServer\":\"a\",\"message\":[]}",
        "{\"fromServer\":\"a\",\"message\":{}",
        "{\"fromServer\":\"a\",\"message\":{}} x",
        "{\"fromServer\":\"a\",\"message\":{\"a\":}}",
    };
    struct envelope envelope;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_false(envelope_read(slice_of(texts[i]), &arena, &envelope));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_written_is_that_of_the_original_and_can_be_read),
        TEST(one_for_all_names_no_receiver),
        TEST(the_result_of_a_message_is_beside_it),
        TEST(anything_else_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
