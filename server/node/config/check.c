/* Checks what is given against the lists: keys, types, bounds, choices. Everything wrong is
 * reported in one go, in the words of the original where it reports it too. */

#include "internal.h"

#include "document/suggest.h"

#include <math.h>
#include <stdio.h>

#define MAX_POINTER_BYTES 512
#define MAX_MEMBERS 1000 /* of a map of options, or of a list of plugins */

struct checker {
    struct config *config;
    char pointer[MAX_POINTER_BYTES]; /* of the value that is looked at: "/rpc/ackTimeout" */
    size_t length;
};

/* ---- where we are ---- */

static size_t enter(struct checker *checker, slice key)
{
    size_t before = checker->length;
    if (key.length + 1 <= MAX_POINTER_BYTES - before) {
        checker->pointer[checker->length++] = '/';
        memcpy(checker->pointer + checker->length, key.at, key.length);
        checker->length += key.length;
    }
    return before;
}

static size_t enter_index(struct checker *checker, size_t index)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%zu", index);
    return enter(checker, (slice){digits, (size_t)length});
}

static void leave(struct checker *checker, size_t before)
{
    checker->length = before;
}

#define POINTER_ARGUMENTS(checker) (int)(checker)->length, (checker)->pointer

static void refuse(struct checker *checker, const struct ds_value *value, const char *what,
                   const char *wanted)
{
    problem_add(checker->config, DS_ERROR, &value->origin, "%.*s: %s must be %s",
                POINTER_ARGUMENTS(checker), what, wanted);
}

static void refuse_bound(struct checker *checker, const struct ds_value *value, const char *what,
                         const char *sign, double bound)
{
    problem_add(checker->config, DS_ERROR, &value->origin, "%.*s%s%s must be %s %.0f",
                POINTER_ARGUMENTS(checker), checker->length > 0 ? ": " : "", what, sign, bound);
}

/* ---- unknown words ---- */

static slice nearest(slice words, slice word)
{
    struct suggestion suggestion = suggestion_for(word);
    for (slice one = words_next(&words); one.length > 0; one = words_next(&words))
        suggestion_consider(&suggestion, one);
    return suggestion.best;
}

static void did_you_mean(struct checker *checker, slice best)
{
    struct problem *problem = checker->config->latest;
    if (best.length > 0)
        problem->shown.message =
            arena_printf(&checker->config->arena, SLICE_FORMAT ". Did you mean " SLICE_FORMAT "?",
                         SLICE_ARGUMENTS(problem->shown.message), SLICE_ARGUMENTS(best));
}

static void unexpected(struct checker *checker, slice key, const struct ds_value *value,
                       enum ds_log_level level, slice best)
{
    struct origin origin = value->origin;
    if (value->key_end > 0) {
        origin.start = value->key_start;
        origin.end = value->key_end;
    }
    problem_add(checker->config, level, &origin,
                "%.*s%sProperty " SLICE_FORMAT " is not expected to be here",
                POINTER_ARGUMENTS(checker), checker->length > 0 ? " " : "", SLICE_ARGUMENTS(key));
    did_you_mean(checker, best);
}

/* ---- one value ---- */

/* A variable's text in quotes, as JSON needs them, may stand for a number or a boolean. */
static void settle_variable(struct ds_value *value, enum option_kind kind)
{
    bool may_be_text = kind == OPTION_TEXT || kind == OPTION_URL_PATH || kind == OPTION_LEVEL;
    if (value->is_expanded && value->kind == DS_VALUE_TEXT && !may_be_text)
        setting_settle(value);
}

static bool is_kind(struct checker *checker, const struct ds_value *value, enum ds_value_kind kind,
                    const char *wanted)
{
    if (value->kind == kind)
        return true;
    refuse(checker, value, "type", wanted);
    return false;
}

/* Whether it is a map, and of a size that a person may have written. */
static bool is_map(struct checker *checker, const struct ds_value *value, const char *wanted)
{
    if (!is_kind(checker, value, DS_VALUE_MAP, wanted))
        return false;
    if (value->count > MAX_MEMBERS)
        refuse_bound(checker, value, "maxProperties", "<=", MAX_MEMBERS);
    return value->count <= MAX_MEMBERS;
}

static void check_boolean(struct checker *checker, const struct ds_value *value)
{
    slice text = ds_value_text(value, (slice){0});
    if (is_kind(checker, value, DS_VALUE_BOOLEAN, "boolean") || text.length == 0)
        return;
    if (words_hold(SLICE("yes Yes YES on On ON no No NO off Off OFF true false"), text))
        problem_hint(checker->config, "write true or false, without quotes");
}

static bool has_only_digits(slice text)
{
    bool has_digit = false;
    for (size_t i = 0; i < text.length; i++) {
        bool is_digit = text.at[i] >= '0' && text.at[i] <= '9';
        has_digit |= is_digit;
        if (!is_digit && text.at[i] != '_' && text.at[i] != ',' && text.at[i] != ' ')
            return false;
    }
    return has_digit;
}

static void hint_number(struct checker *checker, const struct ds_value *value)
{
    if (value->kind == DS_VALUE_TEXT && has_only_digits(value->text))
        problem_hint(checker->config, "a number is written with digits alone, and without quotes");
}

static void check_bounds(struct checker *checker, const struct ds_value *value, double number,
                         const struct option_info *info, const char *least, const char *most)
{
    if (info->most <= info->least)
        return;
    if (number < info->least)
        refuse_bound(checker, value, least, ">=", info->least);
    else if (number > info->most)
        refuse_bound(checker, value, most, "<=", info->most);
}

static void check_number(struct checker *checker, const struct ds_value *value,
                         const struct option_info *info, const char *wanted)
{
    bool is_number = value->kind == DS_VALUE_NUMBER && isfinite(value->number);
    bool is_whole = is_number && floor(value->number) == value->number;
    if (!is_number || (info->kind != OPTION_NUMBER && !is_whole)) {
        refuse(checker, value, "type", wanted);
        hint_number(checker, value);
        return;
    }
    check_bounds(checker, value, value->number, info, "minimum", "maximum");
}

static void refuse_choice(struct checker *checker, const struct ds_value *value, slice words)
{
    struct buf list = BUF_EMPTY;
    slice rest = words;
    for (slice one = words_next(&rest); one.length > 0; one = words_next(&rest))
        buf_printf(&list, "%s" SLICE_FORMAT, list.length > 0 ? ", " : "", SLICE_ARGUMENTS(one));
    problem_add(checker->config, DS_ERROR, &value->origin,
                "%.*s must be equal to one of the allowed values: " SLICE_FORMAT,
                POINTER_ARGUMENTS(checker), SLICE_ARGUMENTS(buf_slice(&list)));
    buf_fini(&list);
    if (value->kind == DS_VALUE_TEXT)
        did_you_mean(checker, nearest(words, value->text));
}

static void check_text(struct checker *checker, const struct ds_value *value,
                       const struct option_info *info)
{
    if (!is_kind(checker, value, DS_VALUE_TEXT, "string"))
        return;
    double length = (double)value->text.length;
    check_bounds(checker, value, length, info, "minLength", "maxLength");
    if (memchr(value->text.at, 0, value->text.length) != NULL)
        refuse(checker, value, "pattern", "without a zero byte");
    if (info->kind == OPTION_URL_PATH && length > 0 && value->text.at[0] != '/')
        refuse(checker, value, "pattern", "a path that begins with /");
    if (info->choices != NULL && !words_hold(slice_of(info->choices), value->text))
        refuse_choice(checker, value, slice_of(info->choices));
}

static void check_level(struct checker *checker, const struct ds_value *value)
{
    enum ds_log_level level;
    bool is_scalar = value->kind == DS_VALUE_TEXT || value->kind == DS_VALUE_NUMBER;
    if (!is_scalar)
        refuse(checker, value, "type", "string,integer");
    else if (!config_level_of(value->text, &level))
        refuse_choice(checker, value, SLICE("DEBUG INFO WARN ERROR FATAL OFF 0 1 2 3 4 100"));
}

static void check_items(struct checker *checker, const struct ds_value *value,
                        const struct option_info *info, enum ds_value_kind kind, const char *wanted)
{
    if (!is_kind(checker, value, DS_VALUE_LIST, "array"))
        return;
    if (value->count > info->most) {
        refuse_bound(checker, value, "maxItems", "<=", info->most);
        return;
    }
    for (uint32_t i = 0; i < value->count; i++) {
        size_t before = enter_index(checker, i);
        is_kind(checker, value->members[i].value, kind, wanted);
        leave(checker, before);
    }
}

static void check_ssl_member(struct checker *checker, const struct setting_member *member)
{
    struct suggestion suggestion = suggestion_for(member->key);
    enum config_ssl found = 0;
    for (; found < CONFIG_SSL_COUNT; found++) {
        if (slice_equal(slice_of(ssl_info(found)->key), member->key))
            break;
        suggestion_consider(&suggestion, slice_of(ssl_info(found)->key));
    }
    if (found == CONFIG_SSL_COUNT) {
        unexpected(checker, member->key, member->value, DS_WARN, suggestion.best);
        return;
    }
    const char *choices = ssl_info(found)->choices;
    size_t before = enter(checker, member->key);
    if (member->value->kind != DS_VALUE_NULL &&
        is_kind(checker, member->value, DS_VALUE_TEXT, "string") && choices != NULL &&
        !words_hold(slice_of(choices), member->value->text))
        refuse_choice(checker, member->value, slice_of(choices));
    leave(checker, before);
}

static void check_ssl(struct checker *checker, const struct ds_value *value)
{
    if (!is_map(checker, value, "object"))
        return;
    for (uint32_t i = 0; i < value->count; i++)
        check_ssl_member(checker, &value->members[i]);
}

static bool is_boolean(const struct ds_value *value, bool boolean)
{
    return value->kind == DS_VALUE_BOOLEAN && value->boolean == boolean;
}

static void check_value(struct checker *checker, struct ds_value *value, enum config_option option)
{
    const struct option_info *info = option_info(option);
    settle_variable(value, info->kind);
    if (value->kind == DS_VALUE_NULL)
        return;
    switch (info->kind) {
    case OPTION_TEXT:
    case OPTION_URL_PATH:
        check_text(checker, value, info);
        break;
    case OPTION_TEXT_OR_FALSE:
        if (!is_boolean(value, false))
            check_text(checker, value, info);
        break;
    case OPTION_BOOLEAN:
        check_boolean(checker, value);
        break;
    case OPTION_BOOLEAN_OR_ALWAYS:
        if (!slice_equal(ds_value_text(value, (slice){0}), SLICE("always")))
            check_boolean(checker, value);
        break;
    case OPTION_INTEGER:
        check_number(checker, value, info, "integer");
        break;
    case OPTION_NUMBER:
        check_number(checker, value, info, "number");
        break;
    case OPTION_INTEGER_OR_FALSE:
        if (value->kind != DS_VALUE_BOOLEAN)
            check_number(checker, value, info, "integer,boolean");
        break;
    case OPTION_LEVEL:
        check_level(checker, value);
        break;
    case OPTION_TEXTS:
        check_items(checker, value, info, DS_VALUE_TEXT, "string");
        break;
    case OPTION_INTEGERS:
        check_items(checker, value, info, DS_VALUE_NUMBER, "integer");
        break;
    case OPTION_SSL:
        check_ssl(checker, value);
        break;
    case OPTION_USERS:
        is_kind(checker, value, DS_VALUE_MAP, "object");
        break;
    case OPTION_RULES:
        if (value->file.length == 0)
            is_kind(checker, value, DS_VALUE_MAP, "object");
        break;
    }
}

static void check_option(struct checker *checker, const struct setting_member *member,
                         enum config_option option)
{
    size_t before = enter(checker, member->key);
    check_value(checker, member->value, option);
    leave(checker, before);
}

/* ---- maps of options ---- */

static void check_section(struct checker *checker, const struct setting_member *member,
                          enum config_section section)
{
    size_t before = enter(checker, member->key);
    const struct ds_value *map = member->value;
    bool is_given = map->kind != DS_VALUE_NULL && is_map(checker, map, "object");
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
        unexpected(checker, at->key, at->value, DS_WARN, suggestion.best);
    }
    leave(checker, before);
}

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
    size_t before = enter(checker, SLICE("options"));
    bool is_given = ds_value_kind(options) != DS_VALUE_NULL && is_map(checker, options, "object");
    for (uint32_t i = 0; is_given && i < options->count; i++) {
        const struct setting_member *at = &options->members[i];
        struct suggestion suggestion = suggestion_for(at->key);
        enum config_option option =
            plugin_option(config_plugin_kind_name(kind), type, at->key, &suggestion);
        if (option < CONFIG_OPTION_COUNT)
            check_option(checker, at, option);
        else if (type.length > 0)
            unexpected(checker, at->key, at->value, DS_WARN, suggestion.best);
    }
    leave(checker, before);
}

static void check_type(struct checker *checker, const struct ds_value *value,
                       enum config_plugin_kind kind)
{
    slice types = slice_of(plugin_kind_info(kind)->types);
    if (is_kind(checker, value, DS_VALUE_TEXT, "string") && !words_hold(types, value->text) &&
        types.length > 0)
        refuse_choice(checker, value, types);
}

static void check_plugin_member(struct checker *checker, const struct setting_member *member,
                                enum config_plugin_kind kind)
{
    static const struct option_info NAME = {.kind = OPTION_TEXT, .least = 1, .most = 4096};
    slice known = SLICE("type name path options");
    if (!words_hold(known, member->key)) {
        unexpected(checker, member->key, member->value, DS_WARN, nearest(known, member->key));
        return;
    }
    size_t before = enter(checker, member->key);
    bool is_given = member->value->kind != DS_VALUE_NULL;
    if (is_given && slice_equal(member->key, SLICE("type")))
        check_type(checker, member->value, kind);
    else if (is_given && !slice_equal(member->key, SLICE("options")))
        check_text(checker, member->value, &NAME);
    leave(checker, before);
}

static void check_plugin(struct checker *checker, const struct ds_value *value,
                         enum config_plugin_kind kind, slice default_type)
{
    if (value->kind == DS_VALUE_NULL || !is_map(checker, value, "object"))
        return;
    for (uint32_t i = 0; i < value->count; i++)
        check_plugin_member(checker, &value->members[i], kind);
    struct config_plugin plugin = config_plugin_of(kind, value, default_type);
    if (plugin.type.length + plugin.name.length + plugin.path.length == 0)
        problem_add(checker->config, DS_ERROR, &value->origin,
                    "%.*s: required must be one of type, name or path", POINTER_ARGUMENTS(checker));
    check_plugin_options(checker, setting_find(value, SLICE("options")), kind,
                         plugin_built_in_type(kind, plugin.type));
}

static void check_members(struct checker *checker, const struct ds_value *value,
                          enum config_plugin_kind kind)
{
    if (value->count > MAX_MEMBERS) {
        refuse_bound(checker, value, "maxItems", "<=", MAX_MEMBERS);
        return;
    }
    for (uint32_t i = 0; i < value->count; i++) {
        const struct setting_member *member = &value->members[i];
        bool has_key = value->kind == DS_VALUE_MAP;
        size_t before = has_key ? enter(checker, member->key) : enter_index(checker, i);
        check_plugin(checker, member->value, kind, (slice){0});
        leave(checker, before);
    }
}

static void check_plugins(struct checker *checker, const struct ds_value *value,
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
    else if (info->count == PLUGIN_MAP ? is_kind(checker, value, DS_VALUE_MAP, "null,object")
                                       : is_kind(checker, value, DS_VALUE_LIST, "array"))
        check_members(checker, value, kind);
}

/* ---- options of what is loaded ---- */

/* "/cache/options", "/auth/1/options", "/plugins/mine/options". */
static void enter_options(struct checker *checker, const struct config_plugin *plugin,
                          enum config_plugin_kind kind, size_t index)
{
    slice name = config_plugin_kind_name(kind);
    enter(checker, name);
    if (plugin->key.length > 0)
        enter(checker, plugin->key);
    else if (ds_value_kind(setting_find(checker->config->given, name)) == DS_VALUE_LIST)
        enter_index(checker, index);
    enter(checker, SLICE("options"));
}

static void enter_options_of(struct checker *checker, const struct config_plugin *plugin)
{
    for (enum config_plugin_kind kind = 0; kind < CONFIG_PLUGIN_KIND_COUNT; kind++) {
        for (size_t i = 0; i < config_plugin_count(checker->config, kind); i++) {
            if (config_plugin(checker->config, kind, i) == plugin)
                enter_options(checker, plugin, kind, i);
        }
    }
}

/* The part of a name below a prefix: of "tls.ca" below "tls." it is "ca"; empty: it is not there.
 */
static slice part_below(const char *name, slice prefix)
{
    slice part = slice_of(name);
    if (!slice_starts_with(part, prefix))
        return (slice){0};
    part = slice_part(part, prefix.length, part.length);
    const char *dot = memchr(part.at, '.', part.length);
    return dot == NULL ? part : slice_part(part, 0, (size_t)(dot - part.at));
}

/* Whether it is one of those below the prefix; suggestion learns them. */
static bool is_below(const char *const *known, slice prefix, slice key,
                     struct suggestion *suggestion)
{
    for (; *known != NULL; known++) {
        slice part = part_below(*known, prefix);
        if (part.length > 0 && slice_equal(part, key))
            return true;
        if (part.length > 0)
            suggestion_consider(suggestion, part);
    }
    return false;
}

static bool has_names_below(const char *const *known, slice prefix)
{
    while (*known != NULL && !slice_starts_with(slice_of(*known), prefix))
        known++;
    return *known != NULL;
}

static void check_names(struct checker *checker, const struct ds_value *options,
                        const char *const *known, slice prefix);

/* Goes as deep as the names do, and no deeper. */
static void check_names_in(struct checker *checker, const struct setting_member *member,
                           const char *const *known, slice prefix)
{
    struct buf below = BUF_EMPTY;
    buf_printf(&below, SLICE_FORMAT SLICE_FORMAT ".", SLICE_ARGUMENTS(prefix),
               SLICE_ARGUMENTS(member->key));
    if (has_names_below(known, buf_slice(&below))) {
        size_t before = enter(checker, member->key);
        check_names(checker, member->value, known, buf_slice(&below));
        leave(checker, before);
    }
    buf_fini(&below);
}

static void check_names_of_items(struct checker *checker, const struct ds_value *list,
                                 const char *const *known, slice prefix)
{
    for (uint32_t i = 0; i < list->count; i++) {
        const struct ds_value *item = list->members[i].value;
        size_t before = enter_index(checker, i);
        if (item->kind == DS_VALUE_MAP)
            check_names(checker, item, known, prefix);
        leave(checker, before);
    }
}

static void check_names(struct checker *checker, const struct ds_value *options,
                        const char *const *known, slice prefix)
{
    if (ds_value_kind(options) == DS_VALUE_LIST && prefix.length > 0)
        check_names_of_items(checker, options, known, prefix);
    for (uint32_t i = 0; ds_value_kind(options) == DS_VALUE_MAP && i < options->count; i++) {
        const struct setting_member *at = &options->members[i];
        struct suggestion suggestion = suggestion_for(at->key);
        if (is_below(known, prefix, at->key, &suggestion))
            check_names_in(checker, at, known, prefix);
        else
            unexpected(checker, at->key, at->value, DS_WARN, suggestion.best);
    }
}

void config_warn_of_unknown(struct config *config, const struct config_plugin *plugin,
                            const char *const *known)
{
    struct checker checker = {.config = config};
    enter_options_of(&checker, plugin);
    check_names(&checker, setting_find(plugin->value, SLICE("options")), known, SLICE(""));
}

/* ---- the top ---- */

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
        size_t before = enter(checker, member->key);
        check_plugins(checker, member->value, kind);
        leave(checker, before);
    } else {
        struct suggestion suggestion = suggestion_for(member->key);
        consider_top(&suggestion);
        unexpected(checker, member->key, member->value, DS_ERROR, suggestion.best);
    }
}

void config_check(struct config *config)
{
    struct checker checker = {.config = config};
    const struct ds_value *given = config->given;
    if (given->count > MAX_MEMBERS) {
        refuse_bound(&checker, given, "maxProperties", "<=", MAX_MEMBERS);
        return;
    }
    for (uint32_t i = 0; i < given->count; i++)
        check_top(&checker, &given->members[i]);
}
