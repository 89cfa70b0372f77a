/* The lists as tables. */

#include "options.h"

#include "base/check.h"

const struct section_info *section_info(enum config_section section)
{
    static const struct section_info TABLE[] = {
#define SECTION(name, key, types, heading) {key, types, heading},
#define OPTION(...)
#include "options.def"
#undef OPTION
#undef SECTION
    };
    CHECK(section < SECTION_COUNT);
    return &TABLE[section];
}

const struct option_info *option_info(enum config_option option)
{
    static const struct option_info TABLE[] = {
#define SECTION(...)
#define OPTION(section, name, key, kind, fallback, least, most, choices, change, help)             \
    {SECTION_##section, key, OPTION_##kind, fallback, least, most, choices, OPTION_##change, help},
#include "options.def"
#undef OPTION
#undef SECTION
    };
    CHECK(option < CONFIG_OPTION_COUNT);
    return &TABLE[option];
}

const struct plugin_kind_info *plugin_kind_info(enum config_plugin_kind kind)
{
    static const struct plugin_kind_info TABLE[] = {
#define PLUGIN(name, key, count, types, defaults, help)                                            \
    {key, PLUGIN_##count, types, defaults, help},
#include "plugin_kinds.def"
#undef PLUGIN
    };
    CHECK(kind < CONFIG_PLUGIN_KIND_COUNT);
    return &TABLE[kind];
}

slice words_next(slice *words)
{
    size_t start = 0;
    while (start < words->length && words->at[start] == ' ')
        start++;
    size_t end = start;
    while (end < words->length && words->at[end] != ' ')
        end++;
    slice word = slice_part(*words, start, end);
    *words = slice_part(*words, end, words->length);
    return word;
}

bool words_hold(slice words, slice word)
{
    for (slice one = words_next(&words); one.length > 0; one = words_next(&words)) {
        if (slice_equal(one, word))
            return true;
    }
    return false;
}

enum config_plugin_kind plugin_kind_of(slice key)
{
    enum config_plugin_kind kind = 0;
    while (kind < CONFIG_PLUGIN_KIND_COUNT &&
           !slice_equal(slice_of(plugin_kind_info(kind)->key), key))
        kind++;
    return kind;
}

enum config_section section_without_types(slice key)
{
    enum config_section section = 0;
    while (section < SECTION_COUNT && (section_info(section)->types != NULL ||
                                       !slice_equal(slice_of(section_info(section)->key), key)))
        section++;
    return section;
}

bool section_is_of(enum config_section section, slice key, slice type)
{
    const struct section_info *info = section_info(section);
    return info->types != NULL && slice_equal(slice_of(info->key), key) &&
           words_hold(slice_of(info->types), type.length > 0 ? type : SLICE("*"));
}

enum config_option option_in(enum config_section section, slice key)
{
    enum config_option option = 0;
    while (option < CONFIG_OPTION_COUNT && (option_info(option)->section != section ||
                                            !slice_equal(slice_of(option_info(option)->key), key)))
        option++;
    return option;
}

slice plugin_built_in_type(enum config_plugin_kind kind, slice name)
{
    if (kind == CONFIG_PLUGIN_LOGGER && slice_equal(name, SLICE("pino")))
        return SLICE("json");
    return words_hold(slice_of(plugin_kind_info(kind)->types), name) ? name : (slice){0};
}

slice config_plugin_kind_name(enum config_plugin_kind kind)
{
    return slice_of(plugin_kind_info(kind)->key);
}
