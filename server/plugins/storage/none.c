/* storage `none`: keeps nothing, so records live as long as the cache has them. It has no
 * operations: were its writes to succeed, a cache with a bound would think that it may drop them.
 */

#include "deepstream/plugin.h"

extern const struct ds_plugin ds_storage_none;

static void *storage_create(const struct ds_services *services, const struct ds_value *options,
                            struct ds_error *error)
{
    static char nothing;
    (void)services;
    (void)options;
    (void)error;
    return &nothing;
}

static void storage_close(void *self, ds_done *done, void *context)
{
    (void)self;
    done(context, NULL);
}

const struct ds_plugin ds_storage_none = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_STORAGE,
    .name = "none",
    .description = "no storage: records are lost when the server stops",
    .create = storage_create,
    .close = storage_close,
};
