#include "transport/http/head.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* Reads from memory of exactly that size, so that a sanitizer sees reads beyond it. */
static enum http_head_result read_copy(slice bytes, struct http_head *head, char **copy)
{
    *copy = malloc(bytes.length == 0 ? 1 : bytes.length);
    memcpy(*copy, bytes.at, bytes.length);
    return http_head_read(*copy, bytes.length, head);
}

#define H "Host: x\r\n"

static void a_head_is_read_to_its_end(void **state)
{
    (void)state;
    slice bytes = SLICE("GET /a?b=%20c HTTP/1.1\r\nHost: example.org:80\r\nX-EMPTY:\r\n"
                        "x-Tab:\t a \t b \t\r\nX-Utf8: \xC3\xA4\r\n\r\nwhat follows");
    struct http_head head;
    char *copy;
    assert_int_equal(read_copy(bytes, &head, &copy), HTTP_HEAD_COMPLETE);
    assert_int_equal(head.length, bytes.length - 12);
    assert_true(slice_equal(head.method, SLICE("GET")));
    assert_true(slice_equal(head.target, SLICE("/a?b=%20c")));
    assert_int_equal(head.header_count, 4);
    assert_true(slice_equal(head.headers[0].name, SLICE("host")));
    assert_true(slice_equal(head.headers[0].value, SLICE("example.org:80")));
    assert_true(slice_equal(head.headers[1].name, SLICE("x-empty")));
    assert_int_equal(head.headers[1].value.length, 0);
    assert_true(slice_equal(head.headers[2].value, SLICE("a \t b")));
    assert_true(slice_equal(head.headers[3].value, SLICE("\xC3\xA4")));
    assert_true(head.keep_alive);
    free(copy);
}

static void every_beginning_of_a_head_is_incomplete(void **state)
{
    (void)state;
    slice bytes = SLICE("\r\nPOST /path HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n");
    for (size_t length = 0; length <= bytes.length; length++) {
        struct http_head head;
        char *copy;
        enum http_head_result result = read_copy(slice_part(bytes, 0, length), &head, &copy);
        assert_int_equal(result, length < bytes.length ? HTTP_HEAD_INCOMPLETE : HTTP_HEAD_COMPLETE);
        free(copy);
    }
}

static void heads_say_whether_the_connection_stays(void **state)
{
    (void)state;
    static const struct {
        slice bytes;
        bool keep_alive;
    } cases[] = {
        {SLICE("GET / HTTP/1.1\r\n" H "\r\n"), true},
        {SLICE("GET / HTTP/1.1\r\n" H "Connection: Close\r\n\r\n"), false},
        {SLICE("GET / HTTP/1.1\r\n" H "Connection: a ,close, b\r\n\r\n"), false},
        {SLICE("GET / HTTP/1.1\r\n" H "Connection: a\r\nConnection: close\r\n\r\n"), false},
        {SLICE("GET / HTTP/1.1\r\n" H "Connection: closed\r\n\r\n"), true},
        {SLICE("GET / HTTP/1.0\r\n\r\n"), false},
        {SLICE("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"), true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_head head;
        char *copy;
        assert_int_equal(read_copy(cases[i].bytes, &head, &copy), HTTP_HEAD_COMPLETE);
        assert_int_equal(head.keep_alive, cases[i].keep_alive);
        free(copy);
    }
}

static void heads_say_how_long_the_body_is(void **state)
{
    (void)state;
    static const struct {
        slice bytes;
        uint64_t length;
        bool is_chunked;
    } cases[] = {
        {SLICE("POST / HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n"), 0, false},
        {SLICE("POST / HTTP/1.1\r\n" H "content-length: 00042 \r\n\r\n"), 42, false},
        {SLICE("POST / HTTP/1.1\r\n" H "Transfer-Encoding: Chunked\r\n\r\n"), 0, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_head head;
        char *copy;
        assert_int_equal(read_copy(cases[i].bytes, &head, &copy), HTTP_HEAD_COMPLETE);
        assert_int_equal(head.content_length, cases[i].length);
        assert_int_equal(head.is_chunked, cases[i].is_chunked);
        free(copy);
    }
}

static void what_could_be_read_in_two_ways_is_refused(void **state)
{
    (void)state;
    static const struct {
        slice bytes;
        unsigned status;
        const char *reason;
    } cases[] = {
        {SLICE("GET / HTTP/1.1\n"), 400, "malformed request line"},
        {SLICE("GET / HTTP/1.1 \r\n"), 400, "malformed request line"},
        {SLICE(" GET / HTTP/1.1\r\n"), 400, "malformed request line"},
        {SLICE("GET /\x7F HTTP/1.1\r\n"), 400, "malformed request line"},
        {SLICE("GET /\0 HTTP/1.1\r\n"), 400, "malformed request line"},
        {SLICE("G@T / HTTP/1.1\r\n"), 400, "malformed request line"},
        {SLICE("GET * HTTP/1.1\r\n" H "\r\n"), 400, "malformed request line"},
        {SLICE("GET http://x/ HTTP/1.1\r\n"), 400, "malformed request line"},
        {SLICE("\n"), 400, "malformed request line"},
        {SLICE("\r\n\r\n"), 400, "malformed request line"},
        {SLICE("GET / HTTP/2.0\r\n"), 505, "an unknown version of HTTP"},
        {SLICE("GET / HTTP/1.1\r\nHost: x\n"), 400, "malformed header"},
        {SLICE("GET / HTTP/1.1\r\nHost: x\r\r\n"), 400, "malformed header"},
        {SLICE("GET / HTTP/1.1\r\n" H "\tfolded\r\n"), 400, "malformed header"},
        {SLICE("GET / HTTP/1.1\r\nHost : x\r\n"), 400, "malformed header"},
        {SLICE("GET / HTTP/1.1\r\nA: \x01\r\n"), 400, "malformed header"},
        {SLICE("GET / HTTP/1.1\r\n" H "\r\r\n"), 400, "malformed header"},
        {SLICE("GET / HTTP/1.1\r\n\r\n"), 400, "no Host header"},
        {SLICE("GET / HTTP/1.1\r\n" H H "\r\n"), 400, "several Host headers"},
        {SLICE("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400, "malformed Host header"},
        {SLICE("GET / HTTP/1.1\r\nHost: u@b\r\n\r\n"), 400, "malformed Host header"},
        {SLICE("GET / HTTP/1.1\r\n" H "Content-Length: 1,1\r\n\r\n"), 400,
         "malformed Content-Length header"},
        {SLICE("GET / HTTP/1.1\r\n" H "Content-Length: 18446744073709551616\r\n\r\n"), 400,
         "malformed Content-Length header"},
        {SLICE("GET / HTTP/1.1\r\n" H "Content-Length: 1\r\nContent-Length: 1\r\n\r\n"), 400,
         "several Content-Length headers"},
        {SLICE("GET / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n"),
         400, "both Content-Length and Transfer-Encoding"},
        {SLICE("GET / HTTP/1.1\r\n" H "Transfer-Encoding: gzip\r\n\r\n"), 501,
         "an unknown Transfer-Encoding"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_head head;
        char *copy;
        if (read_copy(cases[i].bytes, &head, &copy) != HTTP_HEAD_REFUSED)
            fail_msg("not refused: " SLICE_FORMAT, SLICE_ARGUMENTS(cases[i].bytes));
        assert_string_equal(head.reason, cases[i].reason);
        assert_int_equal(head.status, cases[i].status);
        free(copy);
    }
}

static void more_headers_than_the_limit_are_refused(void **state)
{
    (void)state;
    struct buf bytes = BUF_EMPTY;
    struct http_head head;
    char *copy;
    buf_append_text(&bytes, "GET / HTTP/1.1\r\nHost: x\r\n");
    for (size_t i = 1; i < HTTP_MAX_HEADERS; i++)
        buf_append_text(&bytes, "a: b\r\n");
    assert_int_equal(read_copy(buf_slice(&bytes), &head, &copy), HTTP_HEAD_INCOMPLETE);
    free(copy);
    buf_append_text(&bytes, "a: b\r\n");
    assert_int_equal(read_copy(buf_slice(&bytes), &head, &copy), HTTP_HEAD_REFUSED);
    assert_int_equal(head.status, 431);
    free(copy);
    buf_fini(&bytes);
}

static void lists_are_searched_by_item(void **state)
{
    (void)state;
    assert_true(http_list_has(SLICE("Upgrade"), SLICE("upgrade")));
    assert_true(http_list_has(SLICE(" a ,\tUPGRADE\t, b"), SLICE("upgrade")));
    assert_true(http_list_has(SLICE(",,upgrade,,"), SLICE("upgrade")));
    assert_false(http_list_has(SLICE("upgraded"), SLICE("upgrade")));
    assert_false(http_list_has(SLICE("an upgrade"), SLICE("upgrade")));
    assert_false(http_list_has(SLICE(""), SLICE("upgrade")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_is_read_to_its_end),
        cmocka_unit_test(every_beginning_of_a_head_is_incomplete),
        cmocka_unit_test(heads_say_whether_the_connection_stays),
        cmocka_unit_test(heads_say_how_long_the_body_is),
        cmocka_unit_test(what_could_be_read_in_two_ways_is_refused),
        cmocka_unit_test(more_headers_than_the_limit_are_refused),
        cmocka_unit_test(lists_are_searched_by_item),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
