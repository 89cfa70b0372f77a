#include "plugins/state_registry/state_sets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { USERS = 10, EVENTS = 11 };

static struct state_sets sets;
static struct state_server *b, *c;

static struct told {
    unsigned added, removed, shared;
} told;

static void note_added(void *context, slice name)
{
    (void)context;
    assert_true(state_sets_has(&sets, USERS, name));
    told.added++;
}

static void note_removed(void *context, slice name)
{
    (void)context;
    assert_false(state_sets_has(&sets, USERS, name));
    told.removed++;
}

static void note_shared(void *context, slice name)
{
    (void)context;
    assert_true(state_sets_has(&sets, USERS, name));
    told.shared++;
}

static const struct ds_state_watcher WATCHER = {NULL, note_added, note_removed, note_shared};

static int set_up(void **state)
{
    (void)state;
    told = (struct told){0};
    state_sets_init(&sets, SLICE("a"));
    VEC_PUSH(&sets.sets[USERS].watchers, &WATCHER);
    b = state_sets_add_server(&sets, SLICE("b"));
    c = state_sets_add_server(&sets, SLICE("c"));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    state_sets_fini(&sets);
    return 0;
}

/* Values of server.md 10. */
static void checksums_are_those_of_the_nodejs_server(void **state)
{
    (void)state;
    assert_int_equal(state_checksum(SLICE("")), 0);
    assert_int_equal(state_checksum(SLICE("al")), 3115);
    assert_int_equal(state_checksum(SLICE("l/.*")), 3264063);
    assert_int_equal(state_checksum(SLICE("%_EVERYONE_%")), INT64_C(6746614443));
    /* counted by JavaScript: the two units of a pair, a long name */
    assert_int_equal(state_checksum(SLICE("\xF0\x9F\x98\x80")), INT64_C(1772899));
    assert_int_equal(state_checksum(SLICE("record/with-a-rather-long-name/0123456789/\xC3\xA4")),
                     INT64_C(227958389));
}

/* Names that are counted up are usual, and what is lost of them must be found. */
static void sets_of_one_checksum_differ_in_their_digest(void **state)
{
    (void)state;
    assert_int_equal(state_digest(SLICE("a/1")), UINT64_C(0x176b89e8965a4d73));
    state_sets_set(&sets, b, EVENTS, SLICE("a/1"));
    state_sets_set(&sets, b, EVENTS, SLICE("a/4"));
    state_sets_set(&sets, c, EVENTS, SLICE("a/2"));
    state_sets_set(&sets, c, EVENTS, SLICE("a/3"));
    assert_int_equal(b->sets[EVENTS].checksum, c->sets[EVENTS].checksum);
    assert_true(b->sets[EVENTS].digest != c->sets[EVENTS].digest);
    state_sets_unset(&sets, b, EVENTS, SLICE("a/1"));
    state_sets_unset(&sets, b, EVENTS, SLICE("a/4"));
    assert_int_equal(b->sets[EVENTS].digest, 0);
}

static void a_name_is_there_while_some_server_has_it(void **state)
{
    (void)state;
    assert_true(state_sets_add(&sets, USERS, SLICE("bo")));
    assert_false(state_sets_add(&sets, USERS, SLICE("bo")));
    state_sets_set(&sets, b, USERS, SLICE("bo"));
    state_sets_set(&sets, b, USERS, SLICE("bo"));
    assert_int_equal(told.added, 1);
    assert_false(state_sets_remove(&sets, USERS, SLICE("bo")));
    assert_true(state_sets_remove(&sets, USERS, SLICE("bo")));
    assert_int_equal(told.removed, 0);
    assert_true(state_sets_has(&sets, USERS, SLICE("bo")));
    state_sets_unset(&sets, c, USERS, SLICE("bo"));
    state_sets_unset(&sets, b, USERS, SLICE("bo"));
    state_sets_unset(&sets, b, USERS, SLICE("bo"));
    assert_int_equal(told.removed, 1);
    assert_false(state_sets_has(&sets, USERS, SLICE("bo")));
}

/* S9: the count of the original went wrong while others held the name. */
static void own_names_are_counted_apart_from_those_of_others(void **state)
{
    (void)state;
    state_sets_set(&sets, b, USERS, SLICE("bo"));
    for (int i = 0; i < 2; i++) {
        assert_true(state_sets_add(&sets, USERS, SLICE("bo")));
        assert_true(state_sets_remove(&sets, USERS, SLICE("bo")));
    }
    state_sets_unset(&sets, b, USERS, SLICE("bo"));
    assert_false(state_sets_has(&sets, USERS, SLICE("bo")));
    assert_int_equal(told.added, 1);
    assert_int_equal(told.removed, 1);
}

static void a_server_that_goes_takes_its_names_along(void **state)
{
    (void)state;
    state_sets_add(&sets, USERS, SLICE("both"));
    state_sets_set(&sets, b, USERS, SLICE("both"));
    state_sets_set(&sets, b, USERS, SLICE("bo"));
    state_sets_set(&sets, b, EVENTS, SLICE("e"));
    state_sets_end_server(&sets, b);
    assert_null(state_sets_server(&sets, SLICE("b")));
    assert_false(state_sets_drop_some(&sets));
    assert_true(state_sets_has(&sets, USERS, SLICE("both")));
    assert_false(state_sets_has(&sets, USERS, SLICE("bo")));
    assert_false(state_sets_has(&sets, EVENTS, SLICE("e")));
    assert_int_equal(told.removed, 1);
}

enum { MANY = 20000 };

static slice name_of(unsigned number)
{
    static char text[32];
    return (slice){text, (size_t)snprintf(text, sizeof text, "name/%u", number)};
}

static void set_many(struct state_server *server, unsigned first, unsigned end)
{
    for (unsigned i = first; i < end; i++)
        state_sets_set(&sets, server, USERS, name_of(i));
}

static void note_any_server(void *context, slice server)
{
    (void)server;
    ++*(unsigned *)context;
}

static unsigned servers_of(slice name)
{
    unsigned count = 0;
    state_sets_each_server(&sets, USERS, name, note_any_server, &count);
    return count;
}

static void many_names_go_in_slices_each_with_one_word(void **state)
{
    (void)state;
    unsigned slices = 1, before = 0;
    set_many(b, 0, MANY);
    set_many(c, 0, MANY / 2);
    state_sets_end_server(&sets, b);
    for (; state_sets_drop_some(&sets); slices++) {
        assert_true(told.removed - before < MANY / 10);
        assert_int_equal(sets.sets[USERS].names.count, MANY - told.removed);
        before = told.removed;
    }
    assert_true(slices > 10);
    assert_int_equal(told.removed, MANY / 2);
    assert_int_equal(sets.sets[USERS].names.count, MANY / 2);
    assert_int_equal(servers_of(name_of(0)), 1);
}

static void a_server_that_has_ended_is_asked_for_nothing_from_then_on(void **state)
{
    (void)state;
    set_many(b, 0, MANY);
    state_sets_set(&sets, c, USERS, name_of(1));
    state_sets_end_server(&sets, b);
    assert_true(state_sets_has(&sets, USERS, name_of(0)));
    assert_int_equal(servers_of(name_of(0)), 0);
    assert_int_equal(servers_of(name_of(1)), 1);
}

static void one_that_is_back_before_its_names_are_gone_keeps_what_it_has(void **state)
{
    (void)state;
    set_many(b, 0, MANY);
    state_sets_end_server(&sets, b);
    assert_true(state_sets_drop_some(&sets));
    struct state_server *back = state_sets_add_server(&sets, SLICE("b"));
    set_many(back, 0, MANY / 4);
    assert_int_equal(servers_of(name_of(0)), 1);
    state_sets_end_server(&sets, back);
    back = state_sets_add_server(&sets, SLICE("b"));
    set_many(back, MANY / 8, MANY / 2);
    while (state_sets_drop_some(&sets))
        ;
    assert_int_equal(back->sets[USERS].count, MANY / 2 - MANY / 8);
    assert_int_equal(sets.sets[USERS].names.count, MANY / 2 - MANY / 8);
    assert_int_equal(told.added - told.removed, MANY / 2 - MANY / 8);
    assert_true(state_sets_has(&sets, USERS, name_of(MANY / 4)));
    assert_false(state_sets_has(&sets, USERS, name_of(0)));
}

/* The table moves its names when others come and go. */
static void all_go_however_the_set_changes_meanwhile(void **state)
{
    (void)state;
    set_many(b, 0, MANY);
    set_many(c, MANY, 2 * MANY);
    state_sets_end_server(&sets, b);
    for (unsigned at = 0; state_sets_drop_some(&sets); at += 500) {
        for (unsigned i = at; i < at + 500 && i < MANY; i++)
            state_sets_unset(&sets, c, USERS, name_of(MANY + i));
        for (unsigned i = at; i < at + 3000 && i < 3 * MANY; i++)
            state_sets_add(&sets, USERS, name_of(2 * MANY + i));
    }
    for (unsigned i = 0; i < MANY; i++)
        assert_false(state_sets_has(&sets, USERS, name_of(i)));
    assert_int_equal(sets.sets[USERS].names.count,
                     c->sets[USERS].count + sets.self->sets[USERS].count);
}

static void put(struct hashmap *names, slice name)
{
    hashmap_put(names, name, names);
}

static void a_full_state_adds_what_is_new_and_removes_what_is_stale(void **state)
{
    (void)state;
    struct hashmap names;
    hashmap_init(&names);
    put(&names, SLICE("kept"));
    put(&names, SLICE("new"));
    state_sets_set(&sets, b, USERS, SLICE("kept"));
    state_sets_set(&sets, b, USERS, SLICE("stale"));
    state_sets_set(&sets, c, USERS, SLICE("other"));
    state_sets_replace(&sets, b, USERS, &names);
    assert_true(state_sets_has(&sets, USERS, SLICE("kept")));
    assert_true(state_sets_has(&sets, USERS, SLICE("new")));
    assert_true(state_sets_has(&sets, USERS, SLICE("other")));
    assert_false(state_sets_has(&sets, USERS, SLICE("stale")));
    assert_int_equal(b->sets[USERS].count, 2);
    assert_int_equal(b->sets[USERS].checksum,
                     state_checksum(SLICE("kept")) + state_checksum(SLICE("new")));
    hashmap_fini(&names);
}

static void note_server(void *context, slice server)
{
    assert_true(slice_equal(server, SLICE("b")) || slice_equal(server, SLICE("c")));
    ++*(unsigned *)context;
}

static void servers_of_a_name_are_the_others(void **state)
{
    (void)state;
    unsigned count = 0;
    state_sets_add(&sets, USERS, SLICE("bo"));
    state_sets_set(&sets, b, USERS, SLICE("bo"));
    state_sets_set(&sets, c, USERS, SLICE("bo"));
    state_sets_each_server(&sets, USERS, SLICE("bo"), note_server, &count);
    assert_int_equal(count, 2);
    state_sets_each_server(&sets, USERS, SLICE("nobody"), note_server, &count);
    assert_int_equal(count, 2);
}

static void a_node_learns_that_a_name_of_its_own_is_also_anothers(void **state)
{
    (void)state;
    state_sets_set(&sets, b, USERS, SLICE("al"));
    state_sets_set(&sets, c, USERS, SLICE("al"));
    assert_int_equal(told.shared, 0);
    state_sets_add(&sets, USERS, SLICE("al")); /* who adds it can look */
    assert_int_equal(told.shared, 0);
    state_sets_unset(&sets, b, USERS, SLICE("al"));
    state_sets_set(&sets, b, USERS, SLICE("al"));
    state_sets_set(&sets, b, USERS, SLICE("al"));
    assert_int_equal(told.shared, 1);
    assert_int_equal(told.added, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(checksums_are_those_of_the_nodejs_server),
        TEST(sets_of_one_checksum_differ_in_their_digest),
        TEST(a_name_is_there_while_some_server_has_it),
        TEST(own_names_are_counted_apart_from_those_of_others),
        TEST(a_node_learns_that_a_name_of_its_own_is_also_anothers),
        TEST(a_server_that_goes_takes_its_names_along),
        TEST(many_names_go_in_slices_each_with_one_word),
        TEST(a_server_that_has_ended_is_asked_for_nothing_from_then_on),
        TEST(one_that_is_back_before_its_names_are_gone_keeps_what_it_has),
        TEST(all_go_however_the_set_changes_meanwhile),
        TEST(a_full_state_adds_what_is_new_and_removes_what_is_stale),
        TEST(servers_of_a_name_are_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
