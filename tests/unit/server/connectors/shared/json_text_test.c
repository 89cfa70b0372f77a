#include "shared/json_text.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_written(struct buf *buf, const char *expected)
{
    buf_append_byte(buf, '\0');
    assert_string_equal(buf->at, expected);
    buf_fini(buf);
}

static void texts_are_escaped_as_javascript_does(void **state)
{
    struct buf buf = BUF_EMPTY;
    (void)state;
    json_append_text(&buf, SLICE("a\"b\\c/\b\f\n\r\t\0\x1f\x7f\xe2\x82\xac"));
    assert_written(&buf, "\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0000\\u001f\x7f\xe2\x82\xac\"");
    buf = BUF_EMPTY;
    json_append_text(&buf, SLICE(""));
    assert_written(&buf, "\"\"");
}

static void assert_number(double number, const char *expected)
{
    struct buf buf = BUF_EMPTY;
    json_append_number(&buf, number);
    assert_written(&buf, expected);
}

static void numbers_read_back_the_same(void **state)
{
    (void)state;
    assert_number(0, "0");
    assert_number(-2.5, "-2.5");
    assert_number(0.1, "0.1");
    assert_number(0.1 + 0.2, "0.30000000000000004");
    assert_number(9007199254740992.0, "9007199254740992");
    assert_number(1e300, "1e+300");
    assert_number(DBL_MAX, "1.7976931348623157e+308");
    assert_number((double)INFINITY, "null");
    assert_number((double)NAN, "null");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_escaped_as_javascript_does),
        cmocka_unit_test(numbers_read_back_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
