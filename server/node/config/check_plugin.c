/* What stands where a plugin is wanted: type, name, path, and the options of each type. */

#include "checker.h"

/* The option of a plugin of this type, or CONFIG_OPTION_COUNT; suggestion learns the known keys. */
static enum config_option plugin_option(slice kind_key, slice type, slice key,
                                        struct suggestion *suggestion)
{
    for (enum config_option option = 0; option < CONFIG_OPTION_COUNT; option++) {
        const struct option_info *info = option_info(option);
        if (!section_is_of(info->section, kind_key, type))
            continue;
        if (slice_equal(slice_of(info->key), key))
            return option;
        suggestion_consider(suggestion, slice_of(info->key));
    }
    return CONFIG_OPTION_COUNT;
}

/* Options of what is not built in are its own business, apart from those that the server reads: it
 * is checked against those that it names when it is loaded (config_warn_of_unknown). */
static void check_plugin_options(struct checker *checker, const struct ds_value *options,
                                 enum config_plugin_kind kind, slice type)
{
    size_t before = checker_enter(checker, SLICE("options"));
    bool is_given =
        ds_value_kind(options) != DS_VALUE_NULL && check_map(checker, options, "object");
    for (uint32_t i = 0; is_given && i < options->count; i++) {
        const struct setting_member *at = &options->members[i];
        struct suggestion suggestion = suggestion_for(at->key);
        enum config_option option =
            plugin_option(config_plugin_kind_name(kind), type, at->key, &suggestion);
        if (option < CONFIG_OPTION_COUNT)
            check_option(checker, at, option);
        else if (type.length > 0)
            checker_unexpected(checker, at->key, at->value, DS_WARN, suggestion.best);
    }
    checker_leave(checker, before);
}

static void check_type(struct checker *checker, const struct ds_value *value,
                       enum config_plugin_kind kind)
{
    slice types = slice_of(plugin_kind_info(kind)->types);
    if (check_kind(checker, value, DS_VALUE_TEXT, "string") && !words_hold(types, value->text) &&
        types.length > 0)
        check_choice(checker, value, types);
}

static void check_plugin_member(struct checker *checker, const struct setting_member *member,
                                enum config_plugin_kind kind)
{
    static const struct option_info NAME = {.kind = OPTION_TEXT, .least = 1, .most = 4096};
    slice known = SLICE("type name path options");
    if (!words_hold(known, member->key)) {
        checker_unexpected(checker, member->key, member->value, DS_WARN,
                           checker_nearest(known, member->key));
        return;
    }
    size_t before = checker_enter(checker, member->key);
    bool is_given = member->value->kind != DS_VALUE_NULL;
    if (is_given && slice_equal(member->key, SLICE("type")))
        check_type(checker, member->value, kind);
    else if (is_given && !slice_equal(member->key, SLICE("options")))
        check_text(checker, member->value, &NAME);
    checker_leave(checker, before);
}

static void check_plugin(struct checker *checker, const struct ds_value *value,
                         enum config_plugin_kind kind, slice default_type)
{
    if (value->kind == DS_VALUE_NULL || !check_map(checker, value, "object"))
        return;
    for (uint32_t i = 0; i < value->count; i++)
        check_plugin_member(checker, &value->members[i], kind);
    struct config_plugin plugin = config_plugin_of(kind, value, default_type);
    if (plugin.type.length + plugin.name.length + plugin.path.length == 0)
        problem_add(checker->config, DS_ERROR, &value->origin,
                    "%.*s: required must be one of type, name or path", CHECKER_POINTER(checker));
    check_plugin_options(checker, setting_find(value, SLICE("options")), kind,
                         plugin_built_in_type(kind, plugin.type));
}

static void check_members(struct checker *checker, const struct ds_value *value,
                          enum config_plugin_kind kind)
{
    if (value->count > CHECKER_MAX_MEMBERS) {
        checker_refuse_bound(checker, value, "maxItems", "<=", CHECKER_MAX_MEMBERS);
        return;
    }
    for (uint32_t i = 0; i < value->count; i++) {
        const struct setting_member *member = &value->members[i];
        bool has_key = value->kind == DS_VALUE_MAP;
        size_t before =
            has_key ? checker_enter(checker, member->key) : checker_enter_index(checker, i);
        check_plugin(checker, member->value, kind, (slice){0});
        checker_leave(checker, before);
    }
}

void check_plugins(struct checker *checker, const struct ds_value *value,
                   enum config_plugin_kind kind)
{
    const struct plugin_kind_info *info = plugin_kind_info(kind);
    bool is_alone = value->kind == DS_VALUE_MAP;
    if (value->kind == DS_VALUE_NULL)
        return;
    if (info->count == PLUGIN_ONE)
        check_plugin(checker, value, kind, slice_of(info->defaults));
    else if (info->count == PLUGIN_LIST && is_alone)
        check_plugin(checker, value, kind, (slice){0});
    else if (info->count == PLUGIN_MAP ? check_kind(checker, value, DS_VALUE_MAP, "null,object")
                                       : check_kind(checker, value, DS_VALUE_LIST, "array"))
        check_members(checker, value, kind);
}
