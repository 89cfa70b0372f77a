/* A built-in plugin as a shared object: the same code, reached as a loaded one is. */

#include "plugins/builtins.h"

DS_PLUGIN_EXPORT const struct ds_plugin *deepstream_plugin(void)
{
    return &BUILT_IN;
}
