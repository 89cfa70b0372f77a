/* The command line counts more than the file: its values are put where the file's would stand, and
 * are checked with them. */

#include "internal.h"

#include <stdlib.h>

static struct ds_value *map_at(struct config *config, struct ds_value *map, slice key,
                               const struct origin *origin)
{
    struct ds_value *member = setting_find(map, key);
    if (ds_value_kind(member) == DS_VALUE_NULL) {
        member = setting_new(&config->arena, DS_VALUE_MAP, *origin);
        setting_put(map, key, member);
    }
    return member;
}

/* The map that holds the options of a section; not a map when the file has something else there,
 * which the check reports. */
static struct ds_value *home_of(struct config *config, enum config_section section,
                                const struct origin *origin)
{
    const struct section_info *info = section_info(section);
    struct ds_value *map = config->given;
    if (*info->key != '\0')
        map = map_at(config, map, slice_of(info->key), origin);
    if (info->types != NULL && map->kind == DS_VALUE_MAP)
        map = map_at(config, map, SLICE("options"), origin);
    return map;
}

static struct ds_value *value_of(struct config *config, const struct config_override *override)
{
    struct origin origin = {.word = override->flag};
    struct ds_value *value = setting_new_text(
        &config->arena, arena_copy(&config->arena, slice_of(override->text)), origin);
    switch (option_info(override->option)->kind) {
    case OPTION_TEXT:
    case OPTION_URL_PATH:
    case OPTION_LEVEL:
        break;
    default:
        setting_settle(value);
    }
    return value;
}

static void put(struct config *config, enum config_option option, struct ds_value *value)
{
    const struct option_info *info = option_info(option);
    struct ds_value *home = home_of(config, info->section, &value->origin);
    if (home->kind == DS_VALUE_MAP)
        setting_put(home, slice_of(info->key), value);
}

/* The logger's own level would count more than the general one, which the command line names. */
static void drop_logger_level(struct config *config)
{
    struct ds_value *options =
        setting_find(setting_find(config->given, SLICE("logger")), SLICE("options"));
    if (setting_find(options, SLICE("logLevel")) != NULL)
        setting_put(options, SLICE("logLevel"),
                    setting_new(&config->arena, DS_VALUE_NULL, options->origin));
}

static void put_type(struct config *config, const char *key, const char *type, bool is_list,
                     const char *flag)
{
    struct origin origin = {.word = flag};
    struct ds_value *entry = setting_new(&config->arena, DS_VALUE_MAP, origin);
    setting_add(entry, SLICE("type"), setting_new_text(&config->arena, slice_of(type), origin));
    struct ds_value *value = entry;
    if (is_list) {
        value = setting_new(&config->arena, DS_VALUE_LIST, origin);
        setting_add(value, (slice){0}, entry);
    }
    setting_put(config->given, slice_of(key), value);
}

static void put_library_folder(struct config *config)
{
    const char *folder = getenv("DEEPSTREAM_LIBRARY_DIRECTORY");
    struct origin origin = {.word = "DEEPSTREAM_LIBRARY_DIRECTORY"};
    bool is_set = ds_value_kind(setting_find(config->given, SLICE("libDir"))) != DS_VALUE_NULL;
    if (!is_set && folder != NULL && *folder != '\0')
        setting_put(
            config->given, SLICE("libDir"),
            setting_new_text(&config->arena, arena_copy(&config->arena, slice_of(folder)), origin));
}

/* A bus of the file would be left out without a word. */
static void replace_bus(struct config *config)
{
    const struct ds_value *given = setting_find(config->given, SLICE("clusterNode"));
    slice name = ds_value_text(ds_value_member(given, "name"), (slice){0});
    slice path = ds_value_text(ds_value_member(given, "path"), (slice){0});
    if (path.length > 0 || (name.length > 0 && !slice_equal(name, SLICE("vertical"))))
        config_warn(config, given,
                    "`deepstream cluster` has a bus of its own, inside the process: this one is "
                    "not used, and nodes of other processes are not reached");
    put_type(config, "clusterNode", "vertical", false, "deepstream cluster");
}

void config_apply_overrides(struct config *config, const struct config_request *request)
{
    for (size_t i = 0; i < request->override_count; i++) {
        put(config, request->overrides[i].option, value_of(config, &request->overrides[i]));
        if (request->overrides[i].option == CONFIG_LOG_LEVEL)
            drop_logger_level(config);
    }
    if (request->disable_auth)
        put_type(config, "auth", "none", true, "--disable-auth");
    if (request->disable_permissions)
        put_type(config, "permission", "none", false, "--disable-permissions");
    if (request->is_vertical)
        replace_bus(config);
    put_library_folder(config);
}
