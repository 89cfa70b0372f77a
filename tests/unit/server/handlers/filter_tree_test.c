/* The tree of filters finds what mqtt_matches says, filter by filter, whatever was added and taken
 * out before. */

#include "handlers/filter_tree.h"

#include "message/mqtt.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct filter_matches matches;

static bool is_among(const char *filter)
{
    for (size_t i = 0; i < matches.filters.count; i++)
        if (slice_equal(matches.filters.items[i], slice_of(filter)))
            return true;
    return false;
}

static void names_find_the_filters_that_match(void **state)
{
    (void)state;
    struct filter_tree *tree = filter_tree_new();
    assert_true(filter_tree_is_empty(tree));
    static const char *const FILTERS[] = {"#", "a/#", "a/+/c", "+/b/c", "a/b/c", "+", "$a/#"};
    for (size_t i = 0; i < sizeof FILTERS / sizeof *FILTERS; i++)
        filter_tree_add(tree, slice_of(FILTERS[i]));
    filter_tree_match(tree, SLICE("a/b/c"), &matches);
    assert_int_equal(matches.filters.count, 5);
    assert_true(is_among("#") && is_among("a/#") && is_among("a/+/c") && is_among("+/b/c") &&
                is_among("a/b/c"));
    filter_tree_match(tree, SLICE("a"), &matches);
    assert_int_equal(matches.filters.count, 3);
    filter_tree_match(tree, SLICE("$a/x"), &matches);
    assert_int_equal(matches.filters.count, 1);
    assert_true(is_among("$a/#"));
    for (size_t i = 0; i < sizeof FILTERS / sizeof *FILTERS; i++)
        filter_tree_remove(tree, slice_of(FILTERS[i]));
    filter_tree_remove(tree, SLICE("never/there"));
    assert_true(filter_tree_is_empty(tree));
    filter_tree_match(tree, SLICE("a/b/c"), &matches);
    assert_int_equal(matches.filters.count, 0);
    filter_tree_free(&tree);
    assert_null(tree);
}

static void a_name_may_hold_what_looks_like_a_wildcard(void **state)
{
    (void)state;
    struct filter_tree *tree = filter_tree_new();
    filter_tree_add(tree, SLICE("a/+"));
    filter_tree_add(tree, SLICE("a/#"));
    filter_tree_match(tree, SLICE("a/+"), &matches);
    assert_int_equal(matches.filters.count, 2);
    filter_tree_match(tree, SLICE("a/#"), &matches);
    assert_true(is_among("a/+") && is_among("a/#"));
    filter_tree_match(tree, SLICE(""), &matches);
    assert_int_equal(matches.filters.count, 0);
    filter_tree_free(&tree);
}

static void long_filters_need_no_stack(void **state)
{
    (void)state;
    struct buf filter = BUF_EMPTY;
    struct filter_tree *tree = filter_tree_new();
    for (int i = 0; i < 30000; i++)
        buf_append_text(&filter, "+/");
    buf_append_byte(&filter, '#');
    filter_tree_add(tree, buf_slice(&filter));
    filter_tree_match(tree, buf_slice(&filter), &matches);
    assert_int_equal(matches.filters.count, 1);
    filter_tree_free(&tree);
    buf_fini(&filter);
}

/* ---- against mqtt_matches ---- */

static unsigned seed = 1;

static unsigned chance(unsigned below)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 16) % below;
}

static size_t make(char *out, const char *const *levels, unsigned count)
{
    size_t length = 0;
    for (unsigned i = 0, depth = 1 + chance(4); i < depth; i++) {
        const char *level = levels[chance(count)];
        if (i > 0)
            out[length++] = '/';
        memcpy(out + length, level, strlen(level));
        length += strlen(level);
        if (*level == '#')
            break;
    }
    return length;
}

static void made_up_names_find_what_the_plain_comparison_finds(void **state)
{
    (void)state;
    enum { FILTERS = 60 };
    static const char *const IN_FILTERS[] = {"a", "b", "", "$c", "+", "#"};
    static const char *const IN_NAMES[] = {"a", "b", "", "$c"};
    char texts[FILTERS][32];
    size_t lengths[FILTERS];
    bool is_there[FILTERS] = {false};
    struct filter_tree *tree = filter_tree_new();
    for (int i = 0; i < FILTERS; i++)
        lengths[i] = make(texts[i], IN_FILTERS, 6);
    for (int round = 0; round < 20000; round++) {
        unsigned i = chance(FILTERS);
        slice filter = {texts[i], lengths[i]};
        bool is_first = lengths[i] > 0;
        for (unsigned j = 0; j < FILTERS; j++) /* of equal ones only the first counts */
            is_first = is_first && (j >= i || !slice_equal(filter, (slice){texts[j], lengths[j]}));
        if (is_first) {
            is_there[i] = !is_there[i];
            (is_there[i] ? filter_tree_add : filter_tree_remove)(tree, filter);
        }
        char name[32];
        slice topic = {name, make(name, IN_NAMES, 4)};
        size_t expected = 0;
        if (topic.length == 0)
            continue;
        for (unsigned j = 0; j < FILTERS; j++)
            expected += is_there[j] && mqtt_matches((slice){texts[j], lengths[j]}, topic);
        filter_tree_match(tree, topic, &matches);
        assert_int_equal(matches.filters.count, expected);
    }
    filter_tree_free(&tree);
}

static int tear_down(void **state)
{
    (void)state;
    VEC_FREE(&matches.filters);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_find_the_filters_that_match),
        cmocka_unit_test(a_name_may_hold_what_looks_like_a_wildcard),
        cmocka_unit_test(long_filters_need_no_stack),
        cmocka_unit_test(made_up_names_find_what_the_plain_comparison_finds),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
