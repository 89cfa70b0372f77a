/* Random sets of paths and random names, compared with the reference. The same ones every time. */

#include "support/pattern_check.h"

#include "base/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define MAX_TEXT 96

static uint64_t state = 0x9E3779B97F4A7C15u;

static uint32_t random_below(uint32_t bound)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 32) % bound);
}

static size_t append(char *text, size_t length, const char *piece)
{
    size_t added = strlen(piece);
    CHECK(length + added < MAX_TEXT);
    memcpy(text + length, piece, added + 1);
    return length + added;
}

static slice random_text(char *text, const char *const *pieces, uint32_t piece_count, uint32_t most)
{
    size_t length = 0;
    uint32_t count = random_below(most + 1);
    text[0] = '\0';
    for (uint32_t i = 0; i < count; i++)
        length = append(text, length, pieces[random_below(piece_count)]);
    return (slice){text, length};
}

static uint32_t check_random(const char *const *path_pieces, uint32_t path_piece_count,
                             uint32_t paths_at_most)
{
    static const char *const name_pieces[] = {"a",  "b",  "/",      "ab", "a/", "\n",
                                              "/b", "aa", "\u2028", "😀",  "é",  "-"};
    char texts[PATTERN_CHECK_MAX_PATHS][MAX_TEXT], name_text[MAX_TEXT];
    slice paths[PATTERN_CHECK_MAX_PATHS];
    uint32_t count = 1 + random_below(paths_at_most), compared = 0;
    for (uint32_t i = 0; i < count; i++)
        paths[i] = random_text(texts[i], path_pieces, path_piece_count, 7);
    for (int i = 0; i < 6; i++) {
        uint64_t wanted = random_below(3) == 0 ? state : UINT64_MAX;
        slice name = random_text(name_text, name_pieces, i < 4 ? 5 : 12, 9);
        compared += pattern_check(name, wanted, paths, count);
    }
    return compared;
}

static void plain_patterns_decide_as_the_reference_does(void **unused)
{
    static const char *const pieces[] = {"a",  "b",  "/",  "$x", "*", "ab", "a/",
                                         "/b", "$y", "aa", ".",  "😀", "é",  "-"};
    uint32_t compared = 0;
    (void)unused;
    for (int i = 0; i < 3000; i++)
        compared += check_random(pieces, i % 2 == 0 ? 9 : 14, i % 3 == 0 ? 40 : 6);
    assert_true(compared > 10000);
}

static void patterns_with_regex_characters_decide_as_the_reference_does(void **unused)
{
    static const char *const pieces[] = {"a",    "b",   "/",   "$x",     "*",     ".",    "(a|b)",
                                         "[ab]", "a+",  "b?",  "(",      ")",     "|",    "a{2}",
                                         "$y?",  ".+",  "\\w", "{0,2}",  "[^/]+", "(?:",  "^",
                                         "$",    "\\.", "+",   "(a*b)?", "é",     "{1,}", "[a-é]"};
    uint32_t compared = 0;
    (void)unused;
    for (int i = 0; i < 2000; i++)
        compared += check_random(pieces, 28, 12);
    assert_true(compared > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_patterns_decide_as_the_reference_does),
        cmocka_unit_test(patterns_with_regex_characters_decide_as_the_reference_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
