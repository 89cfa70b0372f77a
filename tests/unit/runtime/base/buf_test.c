#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void what_is_appended_stands_in_order(void **unused)
{
    (void)unused;
    struct buf buf = BUF_EMPTY;
    buf_append(&buf, SLICE("ab"));
    buf_append_byte(&buf, '-');
    buf_append_text(&buf, "cd");
    buf_printf(&buf, "%03d", 7);
    assert_true(slice_equal(buf_slice(&buf), SLICE("ab-cd007")));
    buf_fini(&buf);
}

static void it_grows_over_many_appends(void **unused)
{
    (void)unused;
    struct buf buf = BUF_EMPTY;
    for (int i = 0; i < 10000; i++)
        buf_printf(&buf, "%04d", i);
    assert_int_equal(buf.length, 40000);
    assert_memory_equal(buf.at + 4 * 1234, "1234", 4);
    assert_memory_equal(buf.at + 4 * 9999, "9999", 4);
    buf_fini(&buf);
}

static void extend_gives_room_at_the_end(void **unused)
{
    (void)unused;
    struct buf buf = BUF_EMPTY;
    buf_append(&buf, SLICE("x"));
    memset(buf_extend(&buf, 1000), 'y', 1000);
    assert_int_equal(buf.length, 1001);
    assert_int_equal(buf.at[1000], 'y');
    buf_fini(&buf);
}

static void nothing_may_be_appended(void **unused)
{
    (void)unused;
    struct buf buf = BUF_EMPTY;
    buf_append(&buf, (slice){NULL, 0});
    buf_append_text(&buf, "");
    assert_int_equal(buf.length, 0);
    buf_fini(&buf);
}

static void clear_keeps_the_memory(void **unused)
{
    (void)unused;
    struct buf buf = BUF_EMPTY;
    buf_append(&buf, SLICE("abc"));
    char *at = buf.at;
    buf_clear(&buf);
    assert_int_equal(buf.length, 0);
    buf_append(&buf, SLICE("d"));
    assert_ptr_equal(buf.at, at);
    buf_fini(&buf);
    assert_null(buf.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_appended_stands_in_order),
        cmocka_unit_test(it_grows_over_many_appends),
        cmocka_unit_test(extend_gives_room_at_the_end),
        cmocka_unit_test(nothing_may_be_appended),
        cmocka_unit_test(clear_keeps_the_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
