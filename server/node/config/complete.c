/* The configuration in effect: what is given, with the default of everything that is not. Members
 * stand in the order of the lists; what the lists do not know comes last. */

#include "internal.h"

#include "base/check.h"
#include "base/hashmap.h"

#include <time.h>

static const struct origin BY_DEFAULT = {.word = "default"};

/* ---- defaults ---- */

static struct ds_value *default_of(struct config *config, enum config_option option)
{
    slice text = slice_of(option_info(option)->fallback);
    if (slice_equal(text, SLICE("[]")))
        return setting_new(&config->arena, DS_VALUE_LIST, BY_DEFAULT);
    struct ds_value *value = setting_new_text(&config->arena, text, BY_DEFAULT);
    setting_settle(value);
    return value;
}

/* What an option is: given, or its default, or NULL. */
static struct ds_value *effective(struct config *config, const struct ds_value *given,
                                  enum config_option option)
{
    const struct option_info *info = option_info(option);
    struct ds_value *value = setting_find(given, slice_of(info->key));
    bool stands_for_default =
        info->kind == OPTION_INTEGER_OR_FALSE && ds_value_boolean(value, false);
    if (ds_value_kind(value) != DS_VALUE_NULL && !stands_for_default)
        return value;
    return info->fallback == NULL ? NULL : default_of(config, option);
}

static void add_options(struct config *config, struct ds_value *map, const struct ds_value *given,
                        enum config_section section)
{
    for (enum config_option option = 0; option < CONFIG_OPTION_COUNT; option++) {
        const struct option_info *info = option_info(option);
        struct ds_value *value = info->section == section ? effective(config, given, option) : NULL;
        if (value != NULL)
            setting_put(map, slice_of(info->key), value);
    }
}

/* What nobody has looked at yet. */
static void add_others(struct ds_value *map, const struct ds_value *given)
{
    for (uint32_t i = 0; i < ds_value_count(given); i++) {
        const struct setting_member *member = &given->members[i];
        if (member->value->kind != DS_VALUE_NULL && setting_find(map, member->key) == NULL)
            setting_add(map, member->key, member->value);
    }
}

static struct ds_value *new_map(struct config *config, const struct ds_value *given)
{
    return setting_new(&config->arena, DS_VALUE_MAP, given == NULL ? BY_DEFAULT : given->origin);
}

/* ---- a name that nobody else has ---- */

static void append_base36(struct buf *out, uint64_t number)
{
    char digits[16];
    size_t length = 0;
    do {
        digits[length++] = "0123456789abcdefghijklmnopqrstuvwxyz"[number % 36];
        number /= 36;
    } while (number > 0);
    while (length > 0)
        buf_append_byte(out, digits[--length]);
}

static slice make_up_name(struct arena *arena)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct buf name = BUF_EMPTY;
    append_base36(&name, (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
    buf_append_byte(&name, '-');
    append_base36(&name, hash_random_seed());
    slice kept = arena_copy(arena, buf_slice(&name));
    buf_fini(&name);
    return kept;
}

static void name_node(struct config *config)
{
    slice key = slice_of(option_info(CONFIG_SERVER_NAME)->key);
    struct ds_value *name = setting_find(config->root, key);
    if (slice_equal(ds_value_text(name, (slice){0}), SLICE("UUID")))
        setting_put(config->root, key,
                    setting_new_text(&config->arena, make_up_name(&config->arena), name->origin));
}

/* ---- plugins ---- */

static struct ds_value *complete_options(struct config *config, enum config_plugin_kind kind,
                                         const struct config_plugin *plugin)
{
    struct ds_value *given = setting_find(plugin->value, SLICE("options"));
    given = ds_value_kind(given) == DS_VALUE_MAP ? given : NULL;
    struct ds_value *options = new_map(config, given);
    for (enum config_section section = 0; section < SECTION_COUNT; section++) {
        if (section_is_of(section, config_plugin_kind_name(kind), plugin->type))
            add_options(config, options, given, section);
    }
    add_others(options, given);
    return options;
}

static void add_name(struct config *config, struct ds_value *entry, slice key, slice text,
                     const struct ds_value *given)
{
    const struct ds_value *member = setting_find(given, key);
    if (text.length > 0)
        setting_add(
            entry, key,
            setting_new_text(&config->arena, text, member == NULL ? BY_DEFAULT : member->origin));
}

/* Completes one plugin, enters it into the list, and returns how --print-config shows it. */
static struct ds_value *add_plugin(struct config *config, enum config_plugin_kind kind,
                                   const struct ds_value *given, slice default_type, slice key)
{
    struct plugin_list *list = &config->plugins[kind];
    struct config_plugin plugin = config_plugin_of(kind, given, default_type);
    struct ds_value *options = complete_options(config, kind, &plugin);
    plugin.key = key;
    plugin.options = options;
    list->items[list->count++] = plugin;
    struct ds_value *entry = new_map(config, given);
    add_name(config, entry, SLICE("type"), plugin.type, given);
    add_name(config, entry, SLICE("name"), plugin.name, given);
    add_name(config, entry, SLICE("path"), plugin.path, given);
    setting_add(entry, SLICE("options"), options);
    add_others(entry, given);
    return entry;
}

static size_t count_words(slice words)
{
    size_t count = 0;
    while (words_next(&words).length > 0)
        count++;
    return count;
}

static void add_defaults(struct config *config, enum config_plugin_kind kind, struct ds_value *list)
{
    slice words = slice_of(plugin_kind_info(kind)->defaults);
    for (slice type = words_next(&words); type.length > 0; type = words_next(&words))
        setting_add(list, (slice){0}, add_plugin(config, kind, NULL, type, (slice){0}));
}

static void add_members(struct config *config, enum config_plugin_kind kind,
                        const struct ds_value *given, struct ds_value *all)
{
    for (uint32_t i = 0; i < given->count; i++) {
        const struct setting_member *member = &given->members[i];
        if (member->value->kind == DS_VALUE_MAP)
            setting_add(all, member->key,
                        add_plugin(config, kind, member->value, (slice){0}, member->key));
    }
}

static struct ds_value *add_plugins(struct config *config, enum config_plugin_kind kind)
{
    const struct plugin_kind_info *info = plugin_kind_info(kind);
    const struct ds_value *given = setting_find(config->given, slice_of(info->key));
    if (ds_value_kind(given) == DS_VALUE_NULL)
        given = NULL;
    slice defaults = slice_of(info->defaults);
    size_t most = 1 + ds_value_count(given) + count_words(defaults);
    config->plugins[kind].items =
        arena_alloc(&config->arena, most * sizeof *config->plugins[kind].items);
    if (info->count == PLUGIN_ONE)
        return add_plugin(config, kind, given, defaults, (slice){0});
    enum ds_value_kind shape = info->count == PLUGIN_MAP ? DS_VALUE_MAP : DS_VALUE_LIST;
    struct ds_value *all =
        setting_new(&config->arena, shape, given == NULL ? BY_DEFAULT : given->origin);
    if (given == NULL)
        add_defaults(config, kind, all);
    else if (shape == DS_VALUE_LIST && given->kind == DS_VALUE_MAP)
        setting_add(all, (slice){0}, add_plugin(config, kind, given, (slice){0}, (slice){0}));
    else
        add_members(config, kind, given, all);
    return all;
}

/* Of several entries each leaves a login that it cannot judge to the next one, unless it is told
 * otherwise (server.md 6.2). */
static void let_others_judge(struct config *config)
{
    slice key = SLICE("reportInvalidParameters");
    const struct ds_value *entries =
        setting_find(config->root, config_plugin_kind_name(CONFIG_PLUGIN_AUTHENTICATION));
    for (uint32_t i = 0; entries->count > 1 && i < entries->count; i++) {
        struct ds_value *options = setting_find(entries->members[i].value, SLICE("options"));
        if (setting_find(options, key) == NULL) {
            struct ds_value *no = setting_new_text(&config->arena, SLICE("false"), BY_DEFAULT);
            setting_settle(no);
            setting_add(options, key, no);
        }
    }
}

/* ---- what fits together only as a whole ---- */

static void check_origins(struct config *config)
{
    const struct ds_value *all = config->values[CONFIG_HTTP_ALLOW_ALL_ORIGINS];
    const struct ds_value *origins = config->values[CONFIG_HTTP_ORIGINS];
    if (all != NULL && !all->boolean && ds_value_count(origins) == 0)
        problem_add(config, DS_ERROR, &all->origin,
                    "/httpServer/options/origins: minItems must be >= 1 when allowAllOrigins is "
                    "false");
}

/* The entry before this one whose clients connect to the same path, or NULL. */
static const struct config_plugin *same_path(const struct plugin_list *list, size_t index)
{
    slice path = config_text_in(list->items[index].options, CONFIG_WS_BINARY_URL_PATH);
    for (size_t i = 0; path.length > 0 && i < index; i++) {
        if (slice_equal(path, config_text_in(list->items[i].options, CONFIG_WS_BINARY_URL_PATH)))
            return &list->items[i];
    }
    return NULL;
}

static void check_paths(struct config *config)
{
    const struct plugin_list *list = &config->plugins[CONFIG_PLUGIN_ENDPOINT];
    for (size_t i = 0; i < list->count; i++) {
        if (same_path(list, i) == NULL)
            continue;
        const struct ds_value *path =
            config_value_in(list->items[i].options, CONFIG_WS_BINARY_URL_PATH);
        const struct origin *origin =
            path->origin.source != NULL ? &path->origin : &list->items[i].value->origin;
        problem_add(config, DS_ERROR, origin,
                    "/connectionEndpoints/%zu/options/urlPath: " SLICE_FORMAT
                    " is the path of an endpoint before it",
                    i, SLICE_ARGUMENTS(path->text));
    }
}

/* ---- values by number ---- */

/* The map of an option of which there is one in a node; NULL of others. */
static const struct ds_value *home_of(const struct config *config, enum config_section section)
{
    const struct section_info *info = section_info(section);
    slice key = slice_of(info->key);
    if (key.length == 0)
        return config->root;
    if (info->types == NULL)
        return setting_find(config->root, key);
    enum config_plugin_kind kind = plugin_kind_of(key);
    if (plugin_kind_info(kind)->count != PLUGIN_ONE)
        return NULL;
    const struct config_plugin *plugin = &config->plugins[kind].items[0];
    return section_is_of(section, key, plugin->type) ? plugin->options : NULL;
}

static void number_values(struct config *config)
{
    for (enum config_option option = 0; option < CONFIG_OPTION_COUNT; option++) {
        const struct option_info *info = option_info(option);
        config->values[option] = setting_find(home_of(config, info->section), slice_of(info->key));
    }
}

void config_complete(struct config *config)
{
    config->root = setting_new(&config->arena, DS_VALUE_MAP, config->given->origin);
    add_options(config, config->root, config->given, SECTION_ROOT);
    name_node(config);
    for (enum config_section section = SECTION_ROOT + 1; section < SECTION_COUNT; section++) {
        slice key = slice_of(section_info(section)->key);
        if (section_info(section)->types != NULL)
            continue;
        const struct ds_value *given = setting_find(config->given, key);
        given = ds_value_kind(given) == DS_VALUE_MAP ? given : NULL;
        struct ds_value *map = new_map(config, given);
        add_options(config, map, given, section);
        add_others(map, given);
        setting_add(config->root, key, map);
    }
    for (enum config_plugin_kind kind = 0; kind < CONFIG_PLUGIN_KIND_COUNT; kind++)
        setting_add(config->root, config_plugin_kind_name(kind), add_plugins(config, kind));
    let_others_judge(config);
    number_values(config);
    check_origins(config);
    check_paths(config);
}
