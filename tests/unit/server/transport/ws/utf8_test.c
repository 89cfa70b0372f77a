#include "transport/ws/utf8.h"

#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static bool is_text(slice text, size_t split)
{
    struct ws_utf8 state = WS_UTF8_START;
    return ws_utf8_check(&state, slice_part(text, 0, split)) &&
           ws_utf8_check(&state, slice_part(text, split, text.length)) && ws_utf8_is_whole(&state);
}

static void every_code_point_but_surrogates_is_text(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        char bytes[4];
        size_t length = utf8_encode(c, bytes);
        for (size_t split = 0; split <= length; split++)
            if (is_text((slice){bytes, length}, split) == (c >= 0xD800 && c < 0xE000))
                fail_msg("U+%04X split at %zu", c, split);
    }
}

/* All sequences of up to four bytes from those at which decisions change. */
static void it_decides_as_the_check_of_whole_texts(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0x00, 0x61, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0,
                                    0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xED,
                                    0xEF, 0xF0, 0xF1, 0xF4, 0xF5, 0xFE, 0xFF};
    enum { COUNT = sizeof bytes };
    for (size_t i = 0; i < (size_t)COUNT * COUNT * COUNT * COUNT; i++) {
        char text[4] = {(char)bytes[i % COUNT], (char)bytes[i / COUNT % COUNT],
                        (char)bytes[i / COUNT / COUNT % COUNT],
                        (char)bytes[i / COUNT / COUNT / COUNT]};
        for (size_t length = 1; length <= 4; length++)
            if (is_text((slice){text, length}, length / 2) !=
                utf8_valid((slice){text, length}, false))
                fail_msg("%02x %02x %02x %02x, %zu of them", (uint8_t)text[0], (uint8_t)text[1],
                         (uint8_t)text[2], (uint8_t)text[3], length);
    }
}

static void the_first_wrong_byte_is_enough(void **state)
{
    (void)state;
    static const slice hopeless[] = {SLICE("\xE0\x80"), SLICE("\xED\xA0"),      SLICE("\xF0\x8F"),
                                     SLICE("\xF4\x90"), SLICE("\xF5"),          SLICE("\xC1"),
                                     SLICE("\x80"),     SLICE("abcdefghij\xFF")};
    for (size_t i = 0; i < sizeof hopeless / sizeof *hopeless; i++) {
        struct ws_utf8 check = WS_UTF8_START;
        assert_true(ws_utf8_check(&check, slice_part(hopeless[i], 0, hopeless[i].length - 1)));
        assert_false(ws_utf8_check(
            &check, slice_part(hopeless[i], hopeless[i].length - 1, hopeless[i].length)));
    }
}

static void wrong_bytes_are_found_wherever_they_stand(void **state)
{
    (void)state;
    for (size_t length = 1; length < 40; length++)
        for (size_t at = 0; at < length; at++) {
            char text[40];
            memset(text, 'x', sizeof text);
            assert_true(is_text((slice){text, length}, 0));
            text[at] = (char)0xFF;
            assert_false(is_text((slice){text, length}, 0));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_but_surrogates_is_text),
        cmocka_unit_test(it_decides_as_the_check_of_whole_texts),
        cmocka_unit_test(the_first_wrong_byte_is_enough),
        cmocka_unit_test(wrong_bytes_are_found_wherever_they_stand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
