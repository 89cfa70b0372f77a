/* Addresses of the database's hosts, looked up on a loop. */

#include "connectors/storage-postgres/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct found {
    int count;
    char host[200], hostaddr[200], port[200], error[300];
};

static void copy(char *to, const char *text)
{
    snprintf(to, 200, "%s", text == NULL ? "none" : text);
}

static void on_found(void *context, const struct conninfo *hosts, const char *error)
{
    struct found *found = context;
    found->count++;
    copy(found->host, conninfo_find(hosts, "host"));
    copy(found->hostaddr, conninfo_find(hosts, "hostaddr"));
    copy(found->port, conninfo_find(hosts, "port"));
    snprintf(found->error, sizeof found->error, "%s", error == NULL ? "" : error);
}

enum haste { PATIENT, CANCELLED };

static struct found look_up(const char *host, const char *port, enum haste haste)
{
    uv_loop_t loop;
    struct found found = {0};
    struct conninfo given = {0};
    struct address_lookup lookup = {.context = &found, .on_found = on_found};
    if (host != NULL)
        conninfo_set(&given, "host", slice_of(host));
    if (port != NULL)
        conninfo_set(&given, "port", slice_of(port));
    assert_int_equal(uv_loop_init(&loop), 0);
    address_find(&lookup, &loop, &given);
    if (haste == CANCELLED)
        address_cancel(&lookup);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_int_equal(found.count, 1);
    conninfo_fini(&given);
    return found;
}

static void numbers_are_addresses_already(void **state)
{
    (void)state;
    struct found found = look_up("127.0.0.1", "5433", PATIENT);
    assert_string_equal(found.host, "127.0.0.1");
    assert_string_equal(found.hostaddr, "127.0.0.1");
    assert_string_equal(found.port, "5433");
}

static void a_name_stays_beside_each_of_its_addresses(void **state)
{
    (void)state;
    struct found found = look_up("localhost", NULL, PATIENT);
    assert_string_equal(found.error, "");
    assert_int_equal(strncmp(found.host, "localhost", 9), 0);
    assert_true(strstr(found.hostaddr, "127.0.0.1") != NULL ||
                strstr(found.hostaddr, "::1") != NULL);
}

static void hosts_of_a_list_keep_their_order_and_ports(void **state)
{
    (void)state;
    struct found found = look_up("127.0.0.1,/run/postgresql,127.0.0.2", "1,2,3", PATIENT);
    assert_string_equal(found.host, "127.0.0.1,/run/postgresql,127.0.0.2");
    assert_string_equal(found.hostaddr, "127.0.0.1,,127.0.0.2");
    assert_string_equal(found.port, "1,2,3");
    found = look_up("127.0.0.1,127.0.0.2", "9", PATIENT);
    assert_string_equal(found.port, "9,9");
}

static void a_socket_needs_no_address(void **state)
{
    (void)state;
    struct found found = look_up("/run/postgresql", "5", PATIENT);
    assert_string_equal(found.host, "/run/postgresql");
    assert_string_equal(found.hostaddr, "");
    assert_string_equal(look_up(NULL, NULL, PATIENT).host, "none");
}

static void an_unknown_host_is_named(void **state)
{
    (void)state;
    struct found found = look_up("no-such-host.invalid", NULL, PATIENT);
    assert_non_null(strstr(found.error, "no-such-host.invalid"));
    found =
        look_up("no-such-host.invalid,127.0.0.1", NULL, PATIENT); /* one that answers is enough */
    assert_string_equal(found.error, "");
    assert_string_equal(found.hostaddr, "127.0.0.1");
}

static void it_answers_once_when_it_is_cancelled(void **state)
{
    (void)state;
    (void)look_up("no-such-host.invalid,localhost", NULL, CANCELLED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_addresses_already),
        cmocka_unit_test(a_name_stays_beside_each_of_its_addresses),
        cmocka_unit_test(hosts_of_a_list_keep_their_order_and_ports),
        cmocka_unit_test(a_socket_needs_no_address),
        cmocka_unit_test(an_unknown_host_is_named),
        cmocka_unit_test(it_answers_once_when_it_is_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
