/* Logins that end by themselves: when, in which order, and that nothing else ends with them. */

#include "support/memory_session.h"

#include "base/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define MANY 300

static struct memory_world world;
static double next_expires_ms;
static struct memory_client *clients[MANY];
static size_t client_count;

static void login(void *self, const struct ds_login *request, ds_login_done *done, void *context)
{
    struct ds_login_result result = {.outcome = DS_LOGIN_ACCEPTED,
                                     .has_id = true,
                                     .id = SLICE("bo"),
                                     .expires_ms = next_expires_ms};
    (void)self;
    (void)request;
    done(context, &result);
}

static const struct ds_authentication_operations operations = {.login = login};

static int set_up(void **state)
{
    (void)state;
    memory_world_prepare(&world);
    world.authentication = (struct session_authentication){.operations = &operations};
    memory_world_open(&world);
    client_count = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    memory_world_fini(&world);
    return 0;
}

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1000000;
}

static struct memory_client *login_until(double expires_ms)
{
    next_expires_ms = expires_ms;
    struct memory_client *client = memory_login(&world, "bo");
    clients[client_count++] = client;
    return client;
}

static size_t closed_count(void)
{
    size_t closed = 0;
    for (size_t i = 0; i < client_count; i++)
        closed += clients[i]->is_closing;
    return closed;
}

static bool are_closed(void *context)
{
    return closed_count() >= *(size_t *)context;
}

static void wait_until_closed(size_t count)
{
    memory_run_until(&world, are_closed, &count);
}

static void a_login_ends_at_its_time_with_a_line_in_the_log(void **state)
{
    (void)state;
    double expires_ms = now_ms() + 30;
    struct memory_client *mortal = login_until(expires_ms), *other = login_until(0);
    assert_false(mortal->is_closing);
    wait_until_closed(1);
    assert_true(now_ms() >= expires_ms);
    assert_true(mortal->is_closing);
    assert_int_equal(mortal->close_code, DS_CLOSE_NORMAL);
    assert_true(memory_logged(&world, "CONNECTION_ERROR", "bo: its login has expired"));
    assert_true(session_is_open(other->session));
}

static void a_login_that_is_over_already_succeeds_and_ends(void **state)
{
    (void)state;
    struct memory_client *client = login_until(now_ms() - 1000);
    assert_false(client->is_closing);
    wait_until_closed(1);
}

static void the_sooner_login_ends_first_whoever_came_first(void **state)
{
    (void)state;
    double start = now_ms();
    struct memory_client *late = login_until(start + 3600000), *soon = login_until(start + 20);
    wait_until_closed(1);
    assert_true(soon->is_closing);
    assert_false(late->is_closing);
}

/* After each close nobody is open whose time came before that of one who is not. */
static void many_logins_end_in_the_order_of_their_times(void **state)
{
    (void)state;
    double start = now_ms(), times[MANY];
    srand(7);
    for (size_t i = 0; i < MANY; i++) {
        times[i] = start + 50 + rand() % 100;
        login_until(times[i]);
    }
    for (size_t closed = 0; closed < MANY; closed = closed_count()) {
        wait_until_closed(closed + 1);
        double last_closed = 0, first_open = start + 1e9;
        for (size_t i = 0; i < MANY; i++) {
            if (clients[i]->is_closing)
                last_closed = times[i] > last_closed ? times[i] : last_closed;
            else
                first_open = times[i] < first_open ? times[i] : first_open;
        }
        assert_true(last_closed <= first_open);
        assert_true(last_closed <= now_ms());
    }
}

static void who_leaves_before_is_forgotten_and_the_others_end(void **state)
{
    (void)state;
    double start = now_ms();
    srand(11);
    for (size_t i = 0; i < MANY; i++)
        login_until(start + 100 + rand() % 50);
    size_t left = 0;
    for (size_t i = 0; i < MANY; i++) {
        if (rand() % 2 == 0) {
            memory_disconnect(clients[i]);
            left++;
        }
    }
    wait_until_closed(MANY - left);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(clients[i]->is_closing, clients[i]->is_connected);
}

static void a_login_without_end_or_with_a_distant_one_stays(void **state)
{
    (void)state;
    login_until(0);
    login_until(-5);
    login_until(1e300);
    login_until(0.0 / 0.0);
    login_until(now_ms() + 10);
    wait_until_closed(1);
    assert_int_equal(closed_count(), 1);
    assert_true(clients[4]->is_closing);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_login_ends_at_its_time_with_a_line_in_the_log),
        TEST(a_login_that_is_over_already_succeeds_and_ends),
        TEST(the_sooner_login_ends_first_whoever_came_first),
        TEST(many_logins_end_in_the_order_of_their_times),
        TEST(who_leaves_before_is_forgotten_and_the_others_end),
        TEST(a_login_without_end_or_with_a_distant_one_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
