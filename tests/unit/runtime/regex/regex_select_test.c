/* Which patterns PCRE2 may carry out, and that both engines agree where it may. */

#include "regex_support.h"

#include "base/buf.h"
#include "regex/regex_facts.h"
#include "regex/regex_select.h"

static const char *reason_of(const char *pattern, const char *flags)
{
    struct arena arena;
    struct regex_tree tree;
    struct regex_error error;
    arena_init(&arena, 0);
    assert_true(regex_parse(slice_of(pattern), slice_of(flags), &arena, &tree, &error));
    regex_facts_compute(&tree);
    const char *reason = regex_needs_exact(&tree);
    arena_fini(&arena);
    return reason;
}

static void ordinary_patterns_go_to_pcre(void **state)
{
    static const char *const patterns[] = {
        "abc",           "^[a-z]+@[a-z]+\\.com$",
        "(\\d+)-(\\d+)", "(?:ab|cd)*e",
        "(a)?b",         "(a)+",
        "(?:(a)(b))+c",  "(a)\\1",
        "a(?=b)",        "a(?!b)",
        "(?<=ab|c)d",    "(?<!\\d)x",
        "\\bfoo\\B",     "[^]*?x",
        "(?=(a))b",
    };
    (void)state;
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
        assert_null(reason_of(patterns[i], ""));
}

static void what_pcre_does_differently_goes_to_the_exact_matcher(void **state)
{
    (void)state;
    assert_string_equal(reason_of("(a*)*", ""), "a repetition of what may be empty");
    assert_string_equal(reason_of("(?:a?)?", ""), "a repetition of what may be empty");
    assert_string_equal(reason_of("(?:(a)|b)*", ""), "a group that not every iteration sets");
    assert_string_equal(reason_of("(?:(a)?b)*", ""), "a group that not every iteration sets");
    assert_string_equal(reason_of("(a){0}b", ""), "a group that is repeated no times");
    assert_string_equal(reason_of("a{70000}", ""), "a large repetition");
    assert_string_equal(reason_of("(?!(a))b", ""), "a group in a negative look-around");
    assert_string_equal(reason_of("(a)\\1", "i"), "a back reference that ignores case");
    assert_string_equal(reason_of("\\1(a)", ""),
                        "a reference to a group that is not closed before it");
    assert_string_equal(reason_of("(a\\1)", ""),
                        "a reference to a group that is not closed before it");
    assert_string_equal(reason_of("(?<=a+)b", ""), "a look-behind that is more than characters");
    assert_string_equal(reason_of("(?<=(a))b", ""), "a look-behind that is more than characters");
}

static uint32_t random_below(uint64_t *random, uint32_t limit)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*random >> 33) % limit;
}

static void random_pattern(uint64_t *random, struct buf *pattern)
{
    static const char *const pieces[] = {
        "a", "b",   "c",   ".",   "[ab]", "[^a]",  "\\w", "\\b", "^", "$",
        "(", "(?:", "(?=", "(?!", "(?<=", ")",     ")",   ")",   "|", "*",
        "+", "?",   "*?",  "+?",  "{2}",  "{1,2}", "\\1", "a",   "b", "\xC3\xA9",
    };
    buf_clear(pattern);
    for (uint32_t i = random_below(random, 12) + 2; i > 0; i--)
        buf_append_text(pattern, pieces[random_below(random, sizeof pieces / sizeof *pieces)]);
}

static void random_subject(uint64_t *random, struct buf *subject)
{
    static const char *const pieces[] = {"a", "b", "c", "a", "b", "\n", " ", "A", "\xC3\xA9"};
    bool wide = random_below(random, 3) == 0;
    buf_clear(subject);
    for (uint32_t i = random_below(random, 12); i > 0; i--)
        buf_append_text(subject, pieces[random_below(random, wide ? 9 : 8)]);
}

static void assert_same(const struct value_match *a, const struct value_match *b)
{
    assert_int_equal(a->items.count, b->items.count);
    for (uint32_t i = 0; i < a->items.count; i++) {
        valve_value left = a->items.items[i], right = b->items.items[i];
        assert_int_equal(left.type, right.type);
        if (left.type == VALUE_TEXT)
            assert_true(slice_equal(value_slice(left), value_slice(right)));
    }
}

static bool compare_engines(const struct regex *regex, slice subject, struct arena *arena)
{
    valve_value results[2];
    uint64_t steps = 0;
    struct arena_mark mark = arena_mark(arena);
    for (enum regex_engine engine = REGEX_BY_CHOICE; engine <= REGEX_BY_EXACT; engine++)
        if (regex_match_by(regex, value_text(subject), GENEROUS, engine, arena, &steps,
                           &results[engine]) != REGEX_OK)
            return false;
    assert_int_equal(results[0].type, results[1].type);
    if (results[0].type == VALUE_MATCH)
        assert_same(results[0].as.match, results[1].as.match);
    arena_reset(arena, mark);
    return true;
}

static void both_engines_give_the_same_answers(void **state)
{
    static const char *const flags[] = {"", "i", "m", "u", "iu", "g", "y", "s"};
    struct buf pattern = BUF_EMPTY, subject = BUF_EMPTY;
    struct arena arena;
    uint64_t random = 7;
    int compared = 0;
    (void)state;
    arena_init(&arena, 0);
    for (int i = 0; i < 20000 && compared < 2000; i++) {
        struct regex_error error;
        random_pattern(&random, &pattern);
        struct regex *regex =
            regex_new(buf_slice(&pattern), slice_of(flags[random_below(&random, 8)]), &error);
        if (regex != NULL && regex->pcre.ascii != NULL)
            for (int k = 0; k < 4; k++) {
                random_subject(&random, &subject);
                compared += compare_engines(regex, buf_slice(&subject), &arena);
            }
        regex_free(&regex);
    }
    assert_true(compared >= 2000);
    arena_fini(&arena);
    buf_fini(&pattern);
    buf_fini(&subject);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ordinary_patterns_go_to_pcre),
        cmocka_unit_test(what_pcre_does_differently_goes_to_the_exact_matcher),
        cmocka_unit_test(both_engines_give_the_same_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
