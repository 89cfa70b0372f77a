/* regex.h as its callers use it: results, errors, budgets. What matches what is compared with node,
 * in tests/rules/regex. */

#include "base/buf.h"
#include "base/utf8.h"
#include "regex_support.h"

#include <pthread.h>

static int set_up(void **state)
{
    struct arena *arena = test_malloc(sizeof *arena);
    arena_init(arena, (size_t)1 << 24);
    *state = arena;
    return 0;
}

static int tear_down(void **state)
{
    arena_fini(*state);
    test_free(*state);
    return 0;
}

static void a_match_has_items_index_and_input(void **state)
{
    valve_value result = match_in(*state, "(b+)(x)?", "", SLICE("abbc"));
    assert_int_equal(result.type, VALUE_MATCH);
    const struct value_match *match = result.as.match;
    assert_int_equal(match->items.count, 3);
    assert_text(match->items.items[0], "bb");
    assert_text(match->items.items[1], "bb");
    assert_int_equal(match->items.items[2].type, VALUE_UNDEFINED);
    assert_true(match->index.as.number == 1);
    assert_text(match->input, "abbc");
    assert_int_equal(match->groups.type, VALUE_UNDEFINED);
}

static void no_match_is_null(void **state)
{
    assert_int_equal(match_in(*state, "x", "", SLICE("abc")).type, VALUE_NULL);
    assert_int_equal(match_in(*state, "x", "g", SLICE("abc")).type, VALUE_NULL);
}

static void all_matches_have_no_index_input_and_groups(void **state)
{
    const struct value_match *match = match_in(*state, "(?<n>a)b?", "g", SLICE("abxa")).as.match;
    assert_int_equal(match->items.count, 2);
    assert_text(match->items.items[0], "ab");
    assert_text(match->items.items[1], "a");
    assert_int_equal(match->index.type, VALUE_UNDEFINED);
    assert_int_equal(match->input.type, VALUE_UNDEFINED);
    assert_int_equal(match->groups.type, VALUE_UNDEFINED);
}

static void named_groups_are_members_in_the_order_of_the_pattern(void **state)
{
    const struct value_match *match =
        match_in(*state, "(?<second>b)?(?<first>a)", "", SLICE("a")).as.match;
    assert_int_equal(match->groups.type, VALUE_OBJECT);
    const struct value_object *groups = match->groups.as.object;
    assert_int_equal(groups->count, 2);
    assert_text(groups->members[0].key, "second");
    assert_int_equal(groups->members[0].value.type, VALUE_UNDEFINED);
    assert_text(groups->members[1].key, "first");
    assert_text(groups->members[1].value, "a");
}

static void results_of_an_ascii_subject_are_slices_known_to_be_ascii(void **state)
{
    slice subject = SLICE("one two");
    const struct value_match *match = match_in(*state, "t.", "", subject).as.match;
    assert_ptr_equal(match->items.items[0].as.text, subject.at + 4);
    assert_int_equal(match->items.items[0].flags, VALUE_ASCII);
}

static void index_counts_utf16_units(void **state)
{
    slice subject = SLICE("\xF0\x9F\x98\x80\xC3\xA9x");
    assert_true(match_in(*state, "x", "", subject).as.match->index.as.number == 3);
    assert_true(match_in(*state, "x", "u", subject).as.match->index.as.number == 3);
}

static void half_of_a_pair_becomes_a_text_of_its_own(void **state)
{
    slice subject = SLICE("a\xF0\x9F\x98\x80z");
    const struct value_match *match = match_in(*state, "(a.)(.z)", "", subject).as.match;
    assert_text(match->items.items[1], "a\xED\xA0\xBD");
    assert_text(match->items.items[2], "\xED\xB8\x80z");
    assert_text(match->items.items[0], "a\xF0\x9F\x98\x80z");
}

static void assert_refused(const char *pattern, const char *flags, const char *message,
                           size_t offset)
{
    struct regex_error error;
    assert_null(regex_new(slice_of(pattern), slice_of(flags), &error));
    assert_string_equal(error.message, message);
    assert_int_equal(error.offset, offset);
}

static void errors_say_what_and_where(void **state)
{
    (void)state;
    assert_refused("a(b", "", "unterminated group", 3);
    assert_refused("ab)", "", "unmatched ')'", 2);
    assert_refused("a|*", "", "nothing to repeat", 2);
    assert_refused("x[a", "", "unterminated character class", 1);
    assert_refused("[b-a]", "", "range out of order in character class", 1);
    assert_refused("a{2,1}", "", "numbers out of order in {} quantifier", 1);
    assert_refused("a{", "u", "incomplete quantifier", 1);
    assert_refused("]", "u", "lone quantifier brackets", 0);
    assert_refused("\xC3\xA9(?<1>a)", "", "invalid capture group name", 5);
    assert_refused("\\p{Foo}", "u", "invalid property name", 2);
    assert_refused("\\p{Bidi_M}", "u", "this property is not supported", 2);
    assert_refused("a\\", "", "\\ at end of pattern", 1);
    assert_refused("\\k<b>(?<a>.)", "", "invalid named capture referenced", 0);
}

static void errors_in_flags_name_the_flag(void **state)
{
    struct regex_error error;
    (void)state;
    assert_refused("a", "gig", "flag given twice", 2);
    assert_refused("a", "iq", "unknown flag", 1);
    assert_refused("a", "v", "flag v is not supported, use u", 0);
    assert_null(regex_new(SLICE("a"), SLICE("q"), &error));
    assert_true(error.in_flags);
}

static void repeat_text(char *out, const char *text, size_t times)
{
    size_t length = strlen(text);
    for (size_t i = 0; i < times; i++)
        memcpy(out + i * length, text, length);
    out[times * length] = '\0';
}

static void nesting_and_size_are_bounded(void **state)
{
    (void)state;
    static char deep[600], large[70000];
    repeat_text(deep, "(", 251);
    assert_refused(deep, "", "groups nested too deeply", 250);
    repeat_text(large, "a", 65537);
    assert_refused(large, "", "regular expression too large", 65536);
}

static enum regex_status status_of(struct arena *arena, const char *pattern, slice subject,
                                   struct regex_budget budget, uint64_t *steps)
{
    struct regex *regex = regex_or_fail(pattern, "");
    valve_value result;
    enum regex_status status =
        regex_match(regex, value_text(subject), budget, arena, steps, &result);
    regex_free(&regex);
    return status;
}

static void an_exponential_match_ends_when_its_steps_are_used_up(void **state)
{
    static const char *const patterns[] = {"(a+)+$", "(a|a)*$", "^(a?){30}a{40}$", "(?=(a+)+$)b",
                                           "^(([a-z])+.)+[A-Z]([a-z])+$"};
    struct regex_budget budget = {100000, (size_t)1 << 20};
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        uint64_t steps = 0;
        assert_int_equal(status_of(*state, patterns[i],
                                   SLICE("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"), budget,
                                   &steps),
                         REGEX_TOO_COSTLY);
        assert_in_range(steps, 100000, 110000);
    }
}

static void polynomial_work_on_a_long_subject_is_bounded_too(void **state)
{
    enum { LENGTH = 500000 };
    struct regex_budget budget = {100000, (size_t)1 << 20};
    char *subject = test_malloc(LENGTH);
    uint64_t steps = 0;
    memset(subject, 'a', LENGTH);
    assert_int_equal(status_of(*state, "\\w+[@#]", (slice){subject, LENGTH}, budget, &steps),
                     REGEX_TOO_COSTLY);
    test_free(subject);
}

static void backtracking_memory_is_bounded(void **state)
{
    enum { LENGTH = 100000 };
    struct regex_budget budget = {10000000, 65536};
    char *subject = test_malloc(LENGTH);
    uint64_t steps = 0;
    memset(subject, 'a', LENGTH);
    assert_int_equal(status_of(*state, "^(?:(a)|b)*$", (slice){subject, LENGTH}, budget, &steps),
                     REGEX_TOO_COSTLY);
    test_free(subject);
}

static void an_exhausted_arena_is_reported(void **state)
{
    struct arena small;
    uint64_t steps = 0;
    (void)state;
    arena_init(&small, 64);
    assert_int_equal(status_of(&small, "(a)(b)(c)(d)", SLICE("abcd"), GENEROUS, &steps),
                     REGEX_OUT_OF_MEMORY);
    arena_fini(&small);
}

/* Every allocation of reading and compiling fails once. */
static void a_computed_pattern_reports_an_arena_of_any_size_that_is_too_small(void **state)
{
    static const char *const patterns[] = {
        "",
        "a",
        "^[^a-c]+(?:x|y)*?$",
        "(?<longer_than_sixteen>\\w)\\k<longer_than_sixteen>{2,3}",
        "\\b(a|(b)|(?=c)){2}\\W\\S\\D.",
        "[acegikmoqsuwyACEGIKMOQSUWY]",
        "(?<a>.)(?<b>.)(?<c>.)",
        "(?<a>.)(?<b>.)(?<c>.)(?<d>.)(?<e>.)(?<f>.)(?<g>.)(?<h>.)(?<i>.)",
    };
    (void)state;
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        const struct regex *regex = NULL;
        for (size_t limit = 1; regex == NULL; limit += 16) {
            struct arena arena;
            struct regex_error error;
            arena_init(&arena, limit);
            regex = regex_new_in(&arena, slice_of(patterns[i]), &error);
            if (regex == NULL) {
                assert_true(error.out_of_memory);
                assert_string_equal(error.message, "regular expression too large");
            }
            arena_fini(&arena);
            assert_in_range(limit, 1, 65536);
        }
    }
}

static void a_parse_with_flags_reports_it_too(void **state)
{
    bool parsed = false;
    (void)state;
    for (size_t limit = 1; !parsed; limit += 16) {
        struct arena arena;
        struct regex_tree tree;
        struct regex_error error;
        arena_init(&arena, limit);
        parsed = regex_parse(SLICE("(\xC3\xA9)[^k-\xC3\xA9]\\W\\1\\B\\u{1F600}"), SLICE("iu"),
                             &arena, &tree, &error);
        assert_true(parsed || error.out_of_memory);
        arena_fini(&arena);
        assert_in_range(limit, 1, 65536);
    }
}

static void a_wrong_computed_pattern_is_not_out_of_memory(void **state)
{
    struct regex_error error;
    assert_null(regex_new_in(*state, SLICE("a|*"), &error));
    assert_string_equal(error.message, "nothing to repeat");
    assert_int_equal(error.offset, 2);
    assert_false(error.out_of_memory);
}

static void the_members_of_a_class_may_stand_in_any_order(void **state)
{
    struct buf pattern = BUF_EMPTY;
    buf_append_byte(&pattern, '[');
    for (unsigned c = 0; c < 600; c += 2)
        buf_printf(&pattern, "\\u%04x", 0x100 + c * 7 % 600);
    buf_append_byte(&pattern, ']');
    struct regex_error error;
    const struct regex *regex = regex_new_in(*state, buf_slice(&pattern), &error);
    assert_non_null(regex);
    for (uint32_t c = 0; c < 600; c++) {
        char bytes[4];
        slice subject = {bytes, utf8_encode(0x100 + c, bytes)};
        uint64_t steps = 0;
        valve_value result;
        assert_int_equal(regex_match(regex, value_text(subject), GENEROUS, *state, &steps, &result),
                         REGEX_OK);
        assert_int_equal(result.type == VALUE_MATCH, c % 2 == 0);
    }
    buf_fini(&pattern);
}

static void a_deep_match_that_pcre_has_no_stack_for_is_still_found(void **state)
{
    enum { LENGTH = 20000 };
    char *subject = test_malloc(LENGTH);
    for (size_t i = 0; i < LENGTH; i++)
        subject[i] = i % 2 == 0 ? 'a' : 'b';
    valve_value result = match_in(*state, "^(?:a|b)*$", "", (slice){subject, LENGTH});
    assert_int_equal(result.as.match->items.items[0].length, LENGTH);
    test_free(subject);
}

static void *match_many_times(void *regex)
{
    struct arena arena;
    uintptr_t found = 0;
    arena_init(&arena, 0);
    for (int i = 0; i < 2000; i++) {
        uint64_t steps = 0;
        valve_value result;
        struct arena_mark mark = arena_mark(&arena);
        regex_match(regex, value_text(SLICE("key-\xC3\x89-12")), GENEROUS, &arena, &steps, &result);
        found += result.type == VALUE_MATCH;
        arena_reset(&arena, mark);
    }
    arena_fini(&arena);
    return (void *)found;
}

static void threads_share_a_regular_expression(void **state)
{
    struct regex *regex = regex_or_fail("\xC3\xA9-(\\d+)", "i");
    pthread_t threads[4];
    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, match_many_times, regex), 0);
    for (int i = 0; i < 4; i++) {
        void *found;
        assert_int_equal(pthread_join(threads[i], &found), 0);
        assert_int_equal((uintptr_t)found, 2000);
    }
    regex_free(&regex);
    assert_null(regex);
}

#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(a_match_has_items_index_and_input),
        WITH_ARENA(no_match_is_null),
        WITH_ARENA(all_matches_have_no_index_input_and_groups),
        WITH_ARENA(named_groups_are_members_in_the_order_of_the_pattern),
        WITH_ARENA(results_of_an_ascii_subject_are_slices_known_to_be_ascii),
        WITH_ARENA(index_counts_utf16_units),
        WITH_ARENA(half_of_a_pair_becomes_a_text_of_its_own),
        WITH_ARENA(errors_say_what_and_where),
        WITH_ARENA(errors_in_flags_name_the_flag),
        WITH_ARENA(nesting_and_size_are_bounded),
        WITH_ARENA(an_exponential_match_ends_when_its_steps_are_used_up),
        WITH_ARENA(polynomial_work_on_a_long_subject_is_bounded_too),
        WITH_ARENA(backtracking_memory_is_bounded),
        WITH_ARENA(an_exhausted_arena_is_reported),
        WITH_ARENA(a_computed_pattern_reports_an_arena_of_any_size_that_is_too_small),
        WITH_ARENA(a_parse_with_flags_reports_it_too),
        WITH_ARENA(a_wrong_computed_pattern_is_not_out_of_memory),
        WITH_ARENA(the_members_of_a_class_may_stand_in_any_order),
        WITH_ARENA(a_deep_match_that_pcre_has_no_stack_for_is_still_found),
        WITH_ARENA(threads_share_a_regular_expression),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
