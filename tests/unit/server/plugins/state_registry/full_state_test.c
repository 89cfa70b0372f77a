#include "plugins/state_registry/full_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { EVENTS = 11 };

struct carried {
    struct full_state *state;
    struct bus_reader reader;
    enum full_state_news news;
    unsigned messages;
    unsigned dropped; /* this one, counted from 1 */
    size_t longest;
    slice expected; /* the whole text, when it is short */
};

static void carry(void *context, slice message)
{
    struct carried *carried = context;
    if (carried->expected.at != NULL)
        assert_true(slice_equal(message, carried->expected));
    if (message.length > carried->longest)
        carried->longest = message.length;
    if (++carried->messages == carried->dropped)
        return;
    const struct value_object *read = bus_read(&carried->reader, message);
    assert_non_null(read);
    if (carried->news != FULL_STATE_BROKEN)
        carried->news = full_state_add(carried->state, read);
}

static void carry_all(const struct state_sets *sets, struct carried *carried)
{
    carried->state = full_state_new();
    carried->news = FULL_STATE_MORE;
    bus_reader_init(&carried->reader);
    full_state_write(sets, EVENTS, carry, carried);
    bus_reader_fini(&carried->reader);
}

static void few_names_are_one_message_that_the_nodejs_server_understands(void **state)
{
    (void)state;
    struct state_sets sets;
    struct carried carried = {.expected = SLICE("{\"topic\":11,\"action\":5,\"registryTopic\":11,"
                                                "\"fullState\":[\"a\\\"b\"],\"nodes\":1}")};
    state_sets_init(&sets, SLICE("me"));
    state_sets_add(&sets, EVENTS, SLICE("a\"b"));
    carry_all(&sets, &carried);
    assert_int_equal(carried.news, FULL_STATE_COMPLETE);
    assert_int_equal(carried.state->names.count, 1);
    assert_non_null(hashmap_find(&carried.state->names, SLICE("a\"b")));
    full_state_free(&carried.state);
    state_sets_fini(&sets);
}

static void no_names_are_an_empty_list(void **state)
{
    (void)state;
    struct state_sets sets;
    struct carried carried = {
        .expected =
            SLICE("{\"topic\":11,\"action\":5,\"registryTopic\":11,\"fullState\":[],\"nodes\":2}")};
    state_sets_init(&sets, SLICE("me"));
    state_sets_add_server(&sets, SLICE("other"));
    carry_all(&sets, &carried);
    assert_int_equal(carried.news, FULL_STATE_COMPLETE);
    assert_int_equal(carried.state->names.count, 0);
    full_state_free(&carried.state);
    state_sets_fini(&sets);
}

static void add_many(struct state_sets *sets, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        char name[64];
        snprintf(name, sizeof name, "a/name/of/some/length/%u", i);
        state_sets_add(sets, EVENTS, slice_of(name));
    }
}

static void many_names_come_in_parts_that_a_bus_can_carry(void **state)
{
    (void)state;
    struct state_sets sets;
    struct carried carried = {0};
    state_sets_init(&sets, SLICE("me"));
    add_many(&sets, 50000);
    carry_all(&sets, &carried);
    assert_int_equal(carried.news, FULL_STATE_COMPLETE);
    assert_true(carried.messages > 3 && carried.longest < (300 << 10));
    assert_int_equal(carried.state->names.count, 50000);
    full_state_free(&carried.state);
    state_sets_fini(&sets);
}

static void a_missing_part_spoils_the_whole(void **state)
{
    (void)state;
    struct state_sets sets;
    state_sets_init(&sets, SLICE("me"));
    add_many(&sets, 50000);
    for (unsigned dropped = 1; dropped <= 2; dropped++) {
        struct carried carried = {.dropped = dropped};
        carry_all(&sets, &carried);
        assert_int_equal(carried.news, FULL_STATE_BROKEN);
        full_state_free(&carried.state);
    }
    state_sets_fini(&sets);
}

static void what_holds_no_names_is_refused(void **state)
{
    (void)state;
    static const char *const messages[] = {"{}", "{\"fullState\":{}}", "{\"fullState\":[1]}",
                                           "{\"fullState\":[\"a\",null]}",
                                           "{\"fullState\":[],\"part\":1}"};
    struct bus_reader reader;
    bus_reader_init(&reader);
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        struct full_state *full = full_state_new();
        assert_int_equal(full_state_add(full, bus_read(&reader, slice_of(messages[i]))),
                         FULL_STATE_BROKEN);
        full_state_free(&full);
    }
    bus_reader_fini(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_names_are_one_message_that_the_nodejs_server_understands),
        cmocka_unit_test(no_names_are_an_empty_list),
        cmocka_unit_test(many_names_come_in_parts_that_a_bus_can_carry),
        cmocka_unit_test(a_missing_part_spoils_the_whole),
        cmocka_unit_test(what_holds_no_names_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
