/* What an entry of the configuration names: something built in, a connector, or a file. */

#include "internal.h"

static slice text_member(const struct ds_value *map, slice key)
{
    return ds_value_text(setting_find(map, key), (slice){0});
}

/* Of several, the path counts most and the type least, as in the original. */
struct config_plugin config_plugin_of(enum config_plugin_kind kind, const struct ds_value *value,
                                      slice default_type)
{
    struct config_plugin plugin = {.value = value, .is_default = value == NULL};
    slice path = text_member(value, SLICE("path")), name = text_member(value, SLICE("name"));
    slice type = text_member(value, SLICE("type"));
    if (path.length > 0)
        plugin.path = path;
    else if (name.length > 0 && plugin_built_in_type(kind, name).length == 0)
        plugin.name = name;
    else if (name.length > 0)
        plugin.type = plugin_built_in_type(kind, name);
    else
        plugin.type = type.length > 0 ? type : default_type;
    return plugin;
}
