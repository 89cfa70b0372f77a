#include "transport/http/body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <zlib.h>

#define MAX_BYTES 64

/* A body behind such headers, in pieces of so many bytes. *left: bytes that are not of it. */
static enum http_body_result read_body(struct http_body *body, const char *headers, slice bytes,
                                       size_t piece, size_t *left)
{
    char text[512];
    struct http_head head;
    int length = snprintf(text, sizeof text, "POST / HTTP/1.1\r\nHost: x\r\n%s\r\n", headers);
    assert_int_equal(http_head_read(text, (size_t)length, &head), HTTP_HEAD_COMPLETE);
    enum http_body_result result = http_body_begin(body, &head, MAX_BYTES);
    size_t at = 0;
    while (result == HTTP_BODY_INCOMPLETE && at < bytes.length) {
        size_t end = at + piece < bytes.length ? at + piece : bytes.length;
        slice rest = slice_part(bytes, at, end);
        result = http_body_read(body, &rest);
        at = end - rest.length;
    }
    *left = bytes.length - at;
    return result;
}

static void expect_body(const char *headers, slice bytes, slice content, size_t expected_left)
{
    for (size_t piece = 1; piece <= bytes.length; piece++) {
        struct http_body body;
        size_t left;
        assert_int_equal(read_body(&body, headers, bytes, piece, &left), HTTP_BODY_COMPLETE);
        assert_true(slice_equal(buf_slice(&body.content), content));
        assert_int_equal(left, expected_left);
        http_body_fini(&body);
    }
}

static void expect_refused(const char *headers, slice bytes, const char *reason)
{
    for (size_t piece = 1; piece <= bytes.length + 1; piece++) {
        struct http_body body;
        size_t left;
        assert_int_equal(read_body(&body, headers, bytes, piece, &left), HTTP_BODY_REFUSED);
        assert_string_equal(body.reason, reason);
        http_body_fini(&body);
    }
}

#define CHUNKED "Transfer-Encoding: chunked\r\n"

static void a_body_ends_where_its_length_or_its_last_chunk_says(void **state)
{
    (void)state;
    expect_body("Content-Length: 5\r\n", SLICE("hellomore"), SLICE("hello"), 4);
    expect_body(CHUNKED, SLICE("2\r\nhe\r\n3;x=\"y\"\r\nllo\r\n0\r\nA: b\r\n\r\nmore"),
                SLICE("hello"), 4);
}

static void every_beginning_of_a_body_is_incomplete(void **state)
{
    (void)state;
    slice bytes = SLICE("2\r\nhe\r\n3\r\nllo\r\n0\r\nA: b\r\n\r\n");
    for (size_t length = 0; length < bytes.length; length++) {
        struct http_body body;
        size_t left;
        assert_int_equal(read_body(&body, CHUNKED, slice_part(bytes, 0, length), 100, &left),
                         HTTP_BODY_INCOMPLETE);
        assert_int_equal(left, 0);
        http_body_fini(&body);
    }
}

static void nothing_more_than_the_bound_is_kept(void **state)
{
    (void)state;
    char bytes[100];
    memset(bytes, 'x', sizeof bytes);
    memcpy(bytes, "60\r\n", 4);
    expect_refused("Content-Length: 65\r\n", SLICE(""), "request entity too large");
    expect_refused(CHUNKED, (slice){bytes, sizeof bytes}, "request entity too large");
}

static void malformed_chunks_are_refused(void **state)
{
    (void)state;
    static const slice wrong[] = {
        SLICE("x"),
        SLICE("\r"),
        SLICE("5\n"),
        SLICE("5 \r"),
        SLICE("123456789"),
        SLICE("1\r\nx\n"),
        SLICE("1\r\nxy"),
        SLICE("0\r\n\n"),
        SLICE("0\r\nA b"),
        SLICE("0\r\n: b"),
        SLICE("0\r\nA: b\n"),
        SLICE("5;\x7f"),
        SLICE("0\r\nA: \x01"),
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect_refused(CHUNKED, wrong[i], "malformed chunks");
}

/* zlib's format, or gzip's. */
static slice packed(char *out, size_t capacity, slice text, int window_bits)
{
    z_stream stream = {0};
    deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
    stream.next_in = (z_const Bytef *)(uintptr_t)text.at;
    stream.avail_in = (uInt)text.length;
    stream.next_out = (Bytef *)out;
    stream.avail_out = (uInt)capacity;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    return (slice){out, capacity - stream.avail_out};
}

static void compressed_bodies_are_inflated_up_to_the_bound(void **state)
{
    (void)state;
    char headers[100], bytes[512], text[MAX_BYTES + 1] = {0};
    for (size_t length = MAX_BYTES; length <= MAX_BYTES + 1; length++) {
        slice gzip = packed(bytes, sizeof bytes, (slice){text, length}, MAX_WBITS + 16);
        snprintf(headers, sizeof headers, "Content-Length: %zu\r\nContent-Encoding: GZip\r\n",
                 gzip.length);
        if (length == MAX_BYTES)
            expect_body(headers, gzip, (slice){text, length}, 0);
        else
            expect_refused(headers, gzip, "request entity too large");
    }
    slice zlib = packed(bytes, sizeof bytes, SLICE("hello"), MAX_WBITS);
    snprintf(headers, sizeof headers, "Content-Length: %zu\r\nContent-Encoding: deflate\r\n",
             zlib.length);
    expect_body(headers, zlib, SLICE("hello"), 0);
    snprintf(headers, sizeof headers, "Content-Length: %zu\r\nContent-Encoding: deflate\r\n",
             zlib.length - 1);
    expect_refused(headers, slice_part(zlib, 0, zlib.length - 1), "unexpected end of file");
}

static void an_unknown_coding_is_named(void **state)
{
    (void)state;
    expect_refused("Content-Length: 1\r\nContent-Encoding: br\r\n", SLICE("x"),
                   "unsupported content encoding \"br\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_ends_where_its_length_or_its_last_chunk_says),
        cmocka_unit_test(every_beginning_of_a_body_is_incomplete),
        cmocka_unit_test(nothing_more_than_the_bound_is_kept),
        cmocka_unit_test(malformed_chunks_are_refused),
        cmocka_unit_test(compressed_bodies_are_inflated_up_to_the_bound),
        cmocka_unit_test(an_unknown_coding_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
