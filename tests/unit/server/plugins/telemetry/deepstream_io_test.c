/* Old configurations with telemetry work, and nothing is sent: no handle is opened for it. */

#include "plugins/builtins.h"
#include "support/plugin_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void count_handle(uv_handle_t *handle, void *context)
{
    (void)handle;
    ++*(size_t *)context;
}

static size_t handles_of(struct plugin_host *host)
{
    size_t count = 0;
    uv_walk(&host->loop, count_handle, &count);
    return count;
}

static void every_option_of_the_original_is_taken_and_nothing_is_opened(void **state)
{
    (void)state;
    static const char *const options[] = {
        "{}", "{\"enabled\": true, \"debug\": true, \"deploymentId\": \"a\"}"};
    struct plugin_host host;
    plugin_host_init(&host);
    size_t handles = handles_of(&host);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        struct ds_error error;
        void *self = plugin_host_open(&host, &ds_telemetry_deepstream_io, options[i], &error);
        assert_non_null(self);
        assert_int_equal(handles_of(&host), handles);
        plugin_host_close(&host, &ds_telemetry_deepstream_io, self);
    }
    plugin_host_fini(&host);
}

static void it_is_told_of_nothing(void **state)
{
    (void)state;
    assert_null(ds_telemetry_deepstream_io.operations);
    assert_null(ds_telemetry_deepstream_io.start);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_of_the_original_is_taken_and_nothing_is_opened),
        cmocka_unit_test(it_is_told_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
