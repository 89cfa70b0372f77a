/* The JSON about a connection is JSON whatever a peer sends as headers. */

#include "session/endpoint.h"
#include "transport/http/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void expect(const struct ds_http_header *headers, size_t count, const char *expected)
{
    struct ds_http_request request = {
        .headers = headers, .header_count = count, .remote_address = SLICE("::1")};
    slice made = connection_data_new(&request);
    assert_int_equal(made.length, strlen(expected));
    assert_memory_equal(made.at, expected, made.length);
    free((void *)made.at);
}

static void without_headers_it_has_the_address_alone(void **state)
{
    (void)state;
    expect(NULL, 0, "{\"remoteAddress\":\"::1\",\"headers\":{}}");
}

static void quotes_and_control_characters_are_escaped(void **state)
{
    (void)state;
    const struct ds_http_header headers[] = {{SLICE("user-agent"), SLICE("a\"b\\\t")}};
    expect(headers, 1,
           "{\"remoteAddress\":\"::1\",\"headers\":{\"user-agent\":\"a\\\"b\\\\\\t\"}}");
}

static void repeated_headers_are_joined(void **state)
{
    (void)state;
    const struct ds_http_header headers[] = {{SLICE("accept"), SLICE("a")},
                                             {SLICE("cookie"), SLICE("x=1")},
                                             {SLICE("accept"), SLICE("b")},
                                             {SLICE("cookie"), SLICE("y=2")}};
    expect(headers, 4,
           "{\"remoteAddress\":\"::1\",\"headers\":{\"accept\":\"a, b\",\"cookie\":\"x=1; y=2\"}}");
}

static void bytes_that_are_not_utf8_are_read_as_latin1(void **state)
{
    (void)state;
    const struct ds_http_header headers[] = {{SLICE("a"), SLICE("caf\xe9")},
                                             {SLICE("b"), SLICE("caf\xc3\xa9")}};
    expect(headers, 2,
           "{\"remoteAddress\":\"::1\",\"headers\":{\"a\":\"caf\xc3\xa9\",\"b\":\"caf\xc3\xa9\"}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_headers_it_has_the_address_alone),
        cmocka_unit_test(quotes_and_control_characters_are_escaped),
        cmocka_unit_test(repeated_headers_are_joined),
        cmocka_unit_test(bytes_that_are_not_utf8_are_read_as_latin1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
