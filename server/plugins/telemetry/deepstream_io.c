/* The telemetry `type: deepstreamIO` of old configurations: nothing is ever sent. */

#include "plugins/builtins.h"

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    static char it; /* it keeps nothing */
    (void)services;
    (void)options;
    (void)error;
    return &it;
}

static void close_it(void *self, ds_done *done, void *context)
{
    (void)self;
    done(context, NULL);
}

const struct ds_plugin ds_telemetry_deepstream_io = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_TELEMETRY,
    .name = "deepstreamIO",
    .description = "nothing is sent",
    .create = create,
    .close = close_it,
};
