/* The storage that keeps nothing. */

#include "plugins/builtins.h"
#include "support/plugin_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void it_starts_and_has_nothing_that_could_be_called(void **state)
{
    (void)state;
    struct plugin_host host;
    plugin_host_init(&host);
    struct ds_error error;
    void *self = plugin_host_open(&host, &ds_storage_none, "", &error);
    assert_non_null(self);
    assert_null(ds_storage_none.operations);
    plugin_host_close(&host, &ds_storage_none, self);
    plugin_host_fini(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_starts_and_has_nothing_that_could_be_called),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
