/* Topics and filters by the examples of the standard (MQTT 3.1.1, 4.7). */

#include "message/mqtt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void filters_have_wildcards_as_levels_of_their_own(void **state)
{
    (void)state;
    static const char *const GOOD[] = {"a",   "/",     "+",     "#",      "+/+",         "/+",
                                       "+/#", "a/+/b", "a/b/#", "$SYS/#", "sport/+/x/#", "a//b"};
    static const char *const BAD[] = {"",     "a#",   "a/b#", "#/a", "a/#/b", "a+",
                                      "+a/b", "a/+b", "++",   "+#",  "##"};
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++)
        if (!mqtt_is_filter(slice_of(GOOD[i])))
            fail_msg("%s is a filter", GOOD[i]);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        if (mqtt_is_filter(slice_of(BAD[i])))
            fail_msg("%s is no filter", BAD[i]);
}

static void topics_are_text_without_wildcards(void **state)
{
    (void)state;
    char longest[MQTT_MAX_TEXT + 1];
    memset(longest, 'a', sizeof longest);
    assert_true(mqtt_is_topic(SLICE("a/b")));
    assert_true(mqtt_is_topic((slice){longest, MQTT_MAX_TEXT}));
    assert_false(mqtt_is_topic((slice){longest, MQTT_MAX_TEXT + 1}));
    assert_false(mqtt_is_topic(SLICE("")));
    assert_false(mqtt_is_topic(SLICE("a/+")));
    assert_false(mqtt_is_topic(SLICE("#")));
    assert_false(mqtt_is_topic((slice){"a\0", 2}));
    assert_false(mqtt_is_topic(SLICE("\xff")));
    assert_false(mqtt_is_topic(SLICE("\xed\xa0\x80")));
}

static void filters_match_as_the_standard_says(void **state)
{
    (void)state;
    static const struct {
        const char *filter, *topic;
        bool matches;
    } CASES[] = {
        {"sport/tennis/player1/#", "sport/tennis/player1", true},
        {"sport/tennis/player1/#", "sport/tennis/player1/ranking", true},
        {"sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true},
        {"sport/#", "sport", true},
        {"#", "a/b", true},
        {"#", "/", true},
        {"sport/tennis/+", "sport/tennis/player1", true},
        {"sport/tennis/+", "sport/tennis/player1/ranking", false},
        {"sport/+", "sport", false},
        {"sport/+", "sport/", true},
        {"+/+", "/finance", true},
        {"/+", "/finance", true},
        {"+", "/finance", false},
        {"#", "$SYS/a", false},
        {"+/monitor", "$SYS/monitor", false},
        {"$SYS/#", "$SYS/a/b", true},
        {"$SYS/monitor/+", "$SYS/monitor/clients", true},
        {"a/#", "a/$b", true},
        {"a/b", "a/b", true},
        {"a/b", "a/b/", false},
        {"a/b/", "a/b", false},
        {"a/b", "A/b", false},
        {"a//b", "a/b", false},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        if (mqtt_matches(slice_of(CASES[i].filter), slice_of(CASES[i].topic)) != CASES[i].matches)
            fail_msg("%s and %s", CASES[i].filter, CASES[i].topic);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_have_wildcards_as_levels_of_their_own),
        cmocka_unit_test(topics_are_text_without_wildcards),
        cmocka_unit_test(filters_match_as_the_standard_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
