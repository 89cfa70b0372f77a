/* Keys of session tickets as time goes by. */

#include "transport/tls/tickets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HOUR_S ((int64_t)TICKET_KEY_SECONDS)

static void a_key_is_used_until_its_time_is_over(void **state)
{
    (void)state;
    struct tickets tickets = {0};
    assert_true(tickets_rotate(&tickets, 1000));
    struct ticket_key first = tickets.current;
    assert_true(tickets_rotate(&tickets, 1000 + HOUR_S - 1));
    assert_memory_equal(&tickets.current, &first, sizeof first);
    assert_true(tickets_rotate(&tickets, 1000 + HOUR_S));
    assert_memory_not_equal(tickets.current.name, first.name, sizeof first.name);
    assert_memory_not_equal(tickets.current.cipher, first.cipher, sizeof first.cipher);
    assert_memory_not_equal(tickets.current.mac, first.mac, sizeof first.mac);
}

static void the_key_before_still_opens_tickets_for_as_long_again(void **state)
{
    (void)state;
    struct tickets tickets = {0};
    assert_true(tickets_rotate(&tickets, 1000));
    struct ticket_key first = tickets.current;
    assert_true(tickets_rotate(&tickets, 1000 + HOUR_S));
    assert_ptr_equal(tickets_find(&tickets, first.name, 1000 + HOUR_S), &tickets.previous);
    assert_ptr_equal(tickets_find(&tickets, first.name, 1000 + 2 * HOUR_S - 1), &tickets.previous);
    assert_null(tickets_find(&tickets, first.name, 1000 + 2 * HOUR_S));
    assert_true(tickets_rotate(&tickets, 1000 + 2 * HOUR_S));
    assert_null(tickets_find(&tickets, first.name, 1000 + 2 * HOUR_S));
}

static void a_name_that_nobody_gave_opens_nothing(void **state)
{
    (void)state;
    struct tickets tickets = {0};
    unsigned char name[16] = {0};
    assert_null(tickets_find(&tickets, name, 1000));
    assert_true(tickets_rotate(&tickets, 1000));
    assert_null(tickets_find(&tickets, name, 1000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_used_until_its_time_is_over),
        cmocka_unit_test(the_key_before_still_opens_tickets_for_as_long_again),
        cmocka_unit_test(a_name_that_nobody_gave_opens_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
