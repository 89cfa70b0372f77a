#include "transport/ws/handshake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define KEY SLICE("dGhlIHNhbXBsZSBub25jZQ==") /* RFC 6455 1.3 */

static struct ds_http_header headers[] = {
    {SLICE("upgrade"), SLICE("websocket")},
    {SLICE("connection"), SLICE("Upgrade")},
    {SLICE("sec-websocket-version"), SLICE("13")},
    {SLICE("sec-websocket-key"), KEY},
    {SLICE("sec-websocket-extensions"), SLICE("permessage-deflate; server_max_window_bits=10")},
};
static const struct ds_http_request request = {.headers = headers,
                                               .header_count = sizeof headers / sizeof *headers};

static void the_example_of_the_rfc_is_answered(void **state)
{
    (void)state;
    struct ws_handshake handshake;
    struct buf out = BUF_EMPTY;
    assert_true(ws_handshake_is_asked(&request));
    assert_true(ws_handshake_answer(&request, false, &handshake, &out));
    assert_false(handshake.deflate);
    assert_true(slice_equal(buf_slice(&out),
                            SLICE("HTTP/1.1 101 Switching Protocols\r\n"
                                  "Upgrade: websocket\r\n"
                                  "Connection: Upgrade\r\n"
                                  "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")));
    buf_fini(&out);
}

static void compression_is_agreed_on_where_it_is_allowed(void **state)
{
    (void)state;
    struct ws_handshake handshake;
    struct buf out = BUF_EMPTY;
    assert_true(ws_handshake_answer(&request, true, &handshake, &out));
    assert_true(handshake.deflate);
    assert_int_equal(handshake.window_bits, 10);
    buf_append_byte(&out, '\0');
    assert_non_null(strstr(out.at, "Sec-WebSocket-Extensions: permessage-deflate; "
                                   "server_no_context_takeover; client_no_context_takeover; "
                                   "server_max_window_bits=10\r\n\r\n"));
    buf_fini(&out);
}

static void broken_handshakes_say_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        size_t header;
        slice value;
        unsigned status;
    } cases[] = {
        {2, SLICE("12"), 426},
        {2, SLICE(""), 426},
        {3, SLICE("dGhlIHNhbXBsZSBub25jZQ="), 400},
        {3, SLICE("dGhlIHNhbXBsZSBub25jZ==="), 400},
        {3, SLICE("dGhlIHNhbXBsZSBub25j ZQ=="), 400},
        {4, SLICE("permessage-deflate;;"), 400},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ds_http_header saved = headers[cases[i].header];
        struct ws_handshake handshake;
        struct buf out = BUF_EMPTY;
        headers[cases[i].header].value = cases[i].value;
        assert_false(ws_handshake_answer(&request, true, &handshake, &out));
        assert_int_equal(handshake.status, cases[i].status);
        assert_non_null(handshake.reason);
        assert_int_equal(out.length, 0);
        headers[cases[i].header] = saved;
    }
}

static void extensions_are_chosen_by_their_parameters(void **state)
{
    (void)state;
    static const struct {
        slice header;
        enum ws_extensions chosen;
        unsigned window_bits;
    } cases[] = {
        {SLICE("permessage-deflate"), WS_EXTENSIONS_DEFLATE, 15},
        {SLICE("a, b;c=d , permessage-deflate ; server_max_window_bits = 8"), WS_EXTENSIONS_DEFLATE,
         8},
        {SLICE("permessage-deflate; server_max_window_bits=\"9\""), WS_EXTENSIONS_DEFLATE, 9},
        {SLICE("permessage-deflate; x, permessage-deflate; client_max_window_bits"),
         WS_EXTENSIONS_DEFLATE, 15},
        {SLICE("permessage-deflate; server_max_window_bits=12, permessage-deflate"),
         WS_EXTENSIONS_DEFLATE, 12},
        {SLICE("permessage-deflate; server_max_window_bits=7"), WS_EXTENSIONS_NONE, 0},
        {SLICE("permessage-deflate; server_max_window_bits=99999999999999999999"),
         WS_EXTENSIONS_NONE, 0},
        {SLICE("Permessage-Deflate"), WS_EXTENSIONS_NONE, 0},
        {SLICE(""), WS_EXTENSIONS_MALFORMED, 0},
        {SLICE("a b"), WS_EXTENSIONS_MALFORMED, 0},
        {SLICE("a;"), WS_EXTENSIONS_MALFORMED, 0},
        {SLICE("a;b="), WS_EXTENSIONS_MALFORMED, 0},
        {SLICE("a;b=\"c"), WS_EXTENSIONS_MALFORMED, 0},
        {SLICE("a,"), WS_EXTENSIONS_MALFORMED, 0},
        {SLICE("a\x80"), WS_EXTENSIONS_MALFORMED, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t bits = 15;
        bool names_bits = false;
        if (ws_extensions_choose(cases[i].header, &bits, &names_bits) != cases[i].chosen)
            fail_msg(SLICE_FORMAT, SLICE_ARGUMENTS(cases[i].header));
        if (cases[i].chosen == WS_EXTENSIONS_DEFLATE)
            assert_int_equal(bits, cases[i].window_bits);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_the_rfc_is_answered),
        cmocka_unit_test(compression_is_agreed_on_where_it_is_allowed),
        cmocka_unit_test(broken_handshakes_say_what_is_wrong),
        cmocka_unit_test(extensions_are_chosen_by_their_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
