#include "connectors/shared/outage.h"
#include "support/plugin_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static size_t lines(const struct plugin_host *host)
{
    size_t count = 0;
    for (size_t i = 0; i < host->log.length; i++)
        count += host->log.at[i] == '\n';
    return count;
}

static void loss_and_return_are_told_once_each(void **state)
{
    (void)state;
    struct plugin_host host;
    struct outage outage;
    plugin_host_init(&host);
    outage_init(&outage, &host.services, "redis at 127.0.0.1:6379");
    outage_over(&outage);
    assert_int_equal(lines(&host), 0);

    outage_lost(&outage, "connection refused");
    outage_lost(&outage, "connection refused");
    outage_lost(&outage, "no answer in time");
    assert_true(outage_is_on(&outage));
    assert_int_equal(lines(&host), 1);
    assert_true(plugin_host_has_logged(
        &host, "BACKEND_LOST redis at 127.0.0.1:6379: connection refused; trying again\n"));

    outage_over(&outage);
    outage_over(&outage);
    assert_false(outage_is_on(&outage));
    assert_int_equal(lines(&host), 2);
    assert_true(
        plugin_host_has_logged(&host, "BACKEND_REGAINED redis at 127.0.0.1:6379: back after 0."));

    outage_lost(&outage, "closed");
    assert_int_equal(lines(&host), 3);
    plugin_host_fini(&host);
}

static void a_refusal_after_a_loss_is_told_once_more(void **state)
{
    (void)state;
    struct plugin_host host;
    struct outage outage;
    plugin_host_init(&host);
    outage_init(&outage, &host.services, "redis");
    outage_lost(&outage, "connection refused");
    outage_refused(&outage, "it answers WRONGPASS");
    outage_refused(&outage, "it answers WRONGPASS");
    outage_lost(&outage, "connection refused");
    assert_int_equal(lines(&host), 2);
    assert_true(plugin_host_has_logged(&host, "redis: it answers WRONGPASS; trying again\n"));

    outage_over(&outage);
    outage_refused(&outage, "it answers NOPERM");
    outage_lost(&outage, "connection refused");
    assert_true(outage_is_on(&outage));
    assert_int_equal(lines(&host), 4);
    plugin_host_fini(&host);
}

static void long_texts_are_cut(void **state)
{
    (void)state;
    char text[2000];
    struct plugin_host host;
    struct outage outage;
    plugin_host_init(&host);
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    outage_init(&outage, &host.services, text);
    outage_lost(&outage, text);
    assert_true(plugin_host_has_logged(&host, "x; trying again\n"));
    plugin_host_fini(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loss_and_return_are_told_once_each),
        cmocka_unit_test(a_refusal_after_a_loss_is_told_once_more),
        cmocka_unit_test(long_texts_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
