/* Members on threads of their own, all sending to all: everything comes once, in order, to whom it
 * is for. */

#include "plugins/cluster_node/vertical_bus.h"

#include "base/check.h"
#include "base/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MEMBERS = 4, TEXTS = 2000 };

struct member {
    uv_loop_t loop;
    uv_thread_t thread;
    uv_barrier_t *all_joined;
    struct vertical_bus *bus;
    struct vertical_member *on_bus;
    unsigned index;
    char name[8];
    unsigned next[MEMBERS]; /* number expected of each sender */
    unsigned direct;        /* texts for it alone */
    unsigned received;
    bool has_failed, has_left;
};

static void on_text(void *context, uint8_t topic, ds_slice text)
{
    struct member *member = context;
    unsigned sender, number;
    char copy[32];
    snprintf(copy, sizeof copy, "%.*s", (int)text.length, text.at);
    member->has_failed |= sscanf(copy, "%u %u", &sender, &number) != 2 || sender >= MEMBERS ||
                          sender == member->index;
    if (topic == 6)
        member->direct++;
    else
        member->has_failed |= member->next[sender]++ != number;
    unsigned expected = (MEMBERS - 1) * TEXTS + (MEMBERS - 1);
    if (++member->received == expected)
        vertical_bus_leave(member->on_bus);
}

static void on_loss(void *context)
{
    ((struct member *)context)->has_failed = true;
}

static void on_left(void *context)
{
    ((struct member *)context)->has_left = true;
}

static void send_all(struct member *member)
{
    char text[32];
    for (unsigned i = 0; i < TEXTS; i++) {
        snprintf(text, sizeof text, "%u %u", member->index, i);
        vertical_bus_send(member->on_bus, (ds_slice){NULL, 0}, 4, slice_of(text));
    }
    for (unsigned i = 0; i < MEMBERS; i++) {
        char name[8];
        snprintf(name, sizeof name, "n%u", i);
        snprintf(text, sizeof text, "%u %u", member->index, i);
        vertical_bus_send(member->on_bus, slice_of(name), 6, slice_of(text));
    }
    vertical_bus_send(member->on_bus, SLICE("nobody"), 6, SLICE("x"));
}

static void run(void *context)
{
    struct member *member = context;
    struct vertical_callbacks callbacks = {member, on_text, on_loss, on_left};
    CHECK(uv_loop_init(&member->loop) == 0);
    member->on_bus =
        vertical_bus_join(member->bus, &member->loop, slice_of(member->name), &callbacks);
    uv_barrier_wait(member->all_joined);
    send_all(member);
    uv_run(&member->loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&member->loop) == 0);
}

static void everything_comes_once_and_in_order_to_whom_it_is_for(void **state)
{
    (void)state;
    static struct member members[MEMBERS];
    uv_barrier_t all_joined;
    struct vertical_bus *bus = vertical_bus_new();
    uv_barrier_init(&all_joined, MEMBERS);
    for (unsigned i = 0; i < MEMBERS; i++) {
        members[i] = (struct member){.all_joined = &all_joined, .bus = bus, .index = i};
        snprintf(members[i].name, sizeof members[i].name, "n%u", i);
        assert_int_equal(uv_thread_create(&members[i].thread, run, &members[i]), 0);
    }
    for (unsigned i = 0; i < MEMBERS; i++)
        uv_thread_join(&members[i].thread);
    uv_barrier_destroy(&all_joined);
    for (unsigned i = 0; i < MEMBERS; i++) {
        assert_false(members[i].has_failed);
        assert_true(members[i].has_left);
        assert_int_equal(members[i].direct, MEMBERS - 1);
    }
    vertical_bus_free(bus);
}

/* ---- a member that does not read ---- */

struct sleeper {
    size_t received;
    size_t losses;
    bool has_left;
};

static void sleeper_text(void *context, uint8_t topic, ds_slice text)
{
    (void)topic;
    (void)text;
    ((struct sleeper *)context)->received++;
}

static void sleeper_loss(void *context)
{
    ((struct sleeper *)context)->losses++;
}

static void sleeper_left(void *context)
{
    ((struct sleeper *)context)->has_left = true;
}

/* Until a turn of the loop has brought nothing. */
static void run_until_quiet(uv_loop_t *loop, const struct sleeper *sleeper)
{
    for (size_t before = SIZE_MAX; before != sleeper->received;) {
        before = sleeper->received;
        uv_run(loop, UV_RUN_NOWAIT);
    }
}

static void what_waits_for_a_member_is_bounded_and_it_learns_of_the_loss(void **state)
{
    (void)state;
    enum { TOO_MANY = 150000 };
    uv_loop_t loop;
    struct sleeper sleepers[2] = {0};
    struct vertical_member *on_bus[2];
    struct vertical_bus *bus = vertical_bus_new();
    uv_loop_init(&loop);
    for (size_t i = 0; i < 2; i++) {
        struct vertical_callbacks callbacks = {&sleepers[i], sleeper_text, sleeper_loss,
                                               sleeper_left};
        on_bus[i] = vertical_bus_join(bus, &loop, i == 0 ? SLICE("a") : SLICE("b"), &callbacks);
    }
    for (size_t i = 0; i < TOO_MANY; i++)
        vertical_bus_send(on_bus[0], (ds_slice){NULL, 0}, 4, SLICE("x"));
    run_until_quiet(&loop, &sleepers[1]);
    assert_int_equal(sleepers[0].received, 0);
    assert_true(sleepers[1].received > 0 && sleepers[1].received < TOO_MANY);
    assert_int_equal(sleepers[1].losses, 1);
    vertical_bus_send(on_bus[0], (ds_slice){NULL, 0}, 4, SLICE("x"));
    size_t before = sleepers[1].received;
    uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(sleepers[1].received, before + 1);
    assert_int_equal(sleepers[1].losses, 1);
    vertical_bus_leave(on_bus[0]);
    vertical_bus_leave(on_bus[1]);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(sleepers[0].has_left && sleepers[1].has_left);
    assert_int_equal(uv_loop_close(&loop), 0);
    vertical_bus_free(bus);
}

/* ---- a loop with other things to do ---- */

struct order {
    uv_async_t handle;
    struct sleeper *sleeper;
    size_t received_before; /* when it was heard */
    bool is_heard;
};

static void on_order(uv_async_t *handle)
{
    struct order *order = handle->data;
    order->received_before = order->sleeper->received;
    order->is_heard = true;
}

static void an_order_is_heard_between_texts_and_all_of_them_come(void **state)
{
    (void)state;
    enum { MANY = 50000 };
    uv_loop_t loop;
    struct sleeper sleepers[2] = {0};
    struct order order = {.sleeper = &sleepers[1]};
    struct vertical_member *on_bus[2];
    struct vertical_bus *bus = vertical_bus_new();
    uv_loop_init(&loop);
    for (size_t i = 0; i < 2; i++) {
        struct vertical_callbacks callbacks = {&sleepers[i], sleeper_text, sleeper_loss,
                                               sleeper_left};
        on_bus[i] = vertical_bus_join(bus, &loop, i == 0 ? SLICE("a") : SLICE("b"), &callbacks);
    }
    uv_async_init(&loop, &order.handle, on_order);
    order.handle.data = &order;
    for (size_t i = 0; i < MANY; i++)
        vertical_bus_send(on_bus[0], SLICE("b"), 4, SLICE("x"));
    uv_run(&loop, UV_RUN_NOWAIT);
    uv_async_send(&order.handle);
    while (!order.is_heard)
        uv_run(&loop, UV_RUN_NOWAIT);
    assert_true(order.received_before < MANY);
    vertical_bus_send(on_bus[0], SLICE("b"), 4, SLICE("while some are left"));
    run_until_quiet(&loop, &sleepers[1]);
    assert_int_equal(sleepers[1].received, MANY + 1);
    assert_int_equal(sleepers[0].received + sleepers[1].losses, 0);
    uv_close((uv_handle_t *)&order.handle, NULL);
    vertical_bus_leave(on_bus[0]);
    vertical_bus_leave(on_bus[1]);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    vertical_bus_free(bus);
}

static void who_leaves_with_texts_left_gets_none_of_them(void **state)
{
    (void)state;
    uv_loop_t loop;
    struct sleeper sleepers[2] = {0};
    struct vertical_member *on_bus[2];
    struct vertical_bus *bus = vertical_bus_new();
    uv_loop_init(&loop);
    for (size_t i = 0; i < 2; i++) {
        struct vertical_callbacks callbacks = {&sleepers[i], sleeper_text, sleeper_loss,
                                               sleeper_left};
        on_bus[i] = vertical_bus_join(bus, &loop, i == 0 ? SLICE("a") : SLICE("b"), &callbacks);
    }
    for (size_t i = 0; i < 5000; i++)
        vertical_bus_send(on_bus[0], SLICE("b"), 4, SLICE("x"));
    uv_run(&loop, UV_RUN_NOWAIT);
    size_t before = sleepers[1].received;
    vertical_bus_leave(on_bus[0]);
    vertical_bus_leave(on_bus[1]);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(sleepers[1].received, before);
    assert_true(sleepers[1].has_left);
    assert_int_equal(uv_loop_close(&loop), 0);
    vertical_bus_free(bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_comes_once_and_in_order_to_whom_it_is_for),
        cmocka_unit_test(what_waits_for_a_member_is_bounded_and_it_learns_of_the_loss),
        cmocka_unit_test(an_order_is_heard_between_texts_and_all_of_them_come),
        cmocka_unit_test(who_leaves_with_texts_left_gets_none_of_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
