/* Checks what is given against the lists: keys, types, bounds, choices. Everything wrong is
 * reported in one go, in the words of the original where it reports it too. */

#include "checker.h"

static void check_section(struct checker *checker, const struct setting_member *member,
                          enum config_section section)
{
    size_t before = checker_enter(checker, member->key);
    const struct ds_value *map = member->value;
    bool is_given = map->kind != DS_VALUE_NULL && check_map(checker, map, "object");
    for (uint32_t i = 0; is_given && i < map->count; i++) {
        const struct setting_member *at = &map->members[i];
        enum config_option option = option_in(section, at->key);
        if (option < CONFIG_OPTION_COUNT) {
            check_option(checker, at, option);
            continue;
        }
        struct suggestion suggestion = suggestion_for(at->key);
        for (option = 0; option < CONFIG_OPTION_COUNT; option++) {
            if (option_info(option)->section == section)
                suggestion_consider(&suggestion, slice_of(option_info(option)->key));
        }
        checker_unexpected(checker, at->key, at->value, DS_WARN, suggestion.best);
    }
    checker_leave(checker, before);
}

static void consider_top(struct suggestion *suggestion)
{
    for (enum config_option option = 0; option < CONFIG_OPTION_COUNT; option++) {
        if (option_info(option)->section == SECTION_ROOT)
            suggestion_consider(suggestion, slice_of(option_info(option)->key));
    }
    for (enum config_section section = SECTION_ROOT + 1; section < SECTION_COUNT; section++)
        suggestion_consider(suggestion, slice_of(section_info(section)->key));
    for (enum config_plugin_kind kind = 0; kind < CONFIG_PLUGIN_KIND_COUNT; kind++)
        suggestion_consider(suggestion, config_plugin_kind_name(kind));
}

static void check_top(struct checker *checker, const struct setting_member *member)
{
    enum config_option option = option_in(SECTION_ROOT, member->key);
    enum config_section section = section_without_types(member->key);
    enum config_plugin_kind kind = plugin_kind_of(member->key);
    if (option < CONFIG_OPTION_COUNT) {
        check_option(checker, member, option);
    } else if (section < SECTION_COUNT && member->key.length > 0) {
        check_section(checker, member, section);
    } else if (kind < CONFIG_PLUGIN_KIND_COUNT) {
        size_t before = checker_enter(checker, member->key);
        check_plugins(checker, member->value, kind);
        checker_leave(checker, before);
    } else {
        struct suggestion suggestion = suggestion_for(member->key);
        consider_top(&suggestion);
        checker_unexpected(checker, member->key, member->value, DS_ERROR, suggestion.best);
    }
}

void config_check(struct config *config)
{
    struct checker checker = {.config = config};
    const struct ds_value *given = config->given;
    if (given->count > CHECKER_MAX_MEMBERS) {
        checker_refuse_bound(&checker, given, "maxProperties", "<=", CHECKER_MAX_MEMBERS);
        return;
    }
    for (uint32_t i = 0; i < given->count; i++)
        check_top(&checker, &given->members[i]);
}
