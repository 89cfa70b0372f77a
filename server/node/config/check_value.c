/* One value against the line of its option: kind, bounds, choices. */

#include "checker.h"

#include <math.h>

/* A variable's text in quotes, as JSON needs them, may stand for a number or a boolean. */
static void settle_variable(struct ds_value *value, enum option_kind kind)
{
    bool may_be_text = kind == OPTION_TEXT || kind == OPTION_URL_PATH || kind == OPTION_LEVEL;
    if (value->is_expanded && value->kind == DS_VALUE_TEXT && !may_be_text)
        setting_settle(value);
}

bool check_kind(struct checker *checker, const struct ds_value *value, enum ds_value_kind kind,
                const char *wanted)
{
    if (value->kind == kind)
        return true;
    checker_refuse(checker, value, "type", wanted);
    return false;
}

/* Whether it is a map, and of a size that a person may have written. */
bool check_map(struct checker *checker, const struct ds_value *value, const char *wanted)
{
    if (!check_kind(checker, value, DS_VALUE_MAP, wanted))
        return false;
    if (value->count > CHECKER_MAX_MEMBERS)
        checker_refuse_bound(checker, value, "maxProperties", "<=", CHECKER_MAX_MEMBERS);
    return value->count <= CHECKER_MAX_MEMBERS;
}

static void check_boolean(struct checker *checker, const struct ds_value *value)
{
    slice text = ds_value_text(value, (slice){0});
    if (check_kind(checker, value, DS_VALUE_BOOLEAN, "boolean") || text.length == 0)
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
        checker_refuse_bound(checker, value, least, ">=", info->least);
    else if (number > info->most)
        checker_refuse_bound(checker, value, most, "<=", info->most);
}

static void check_number(struct checker *checker, const struct ds_value *value,
                         const struct option_info *info, const char *wanted)
{
    bool is_number = value->kind == DS_VALUE_NUMBER && isfinite(value->number);
    bool is_whole = is_number && floor(value->number) == value->number;
    if (!is_number || (info->kind != OPTION_NUMBER && !is_whole)) {
        checker_refuse(checker, value, "type", wanted);
        hint_number(checker, value);
        return;
    }
    check_bounds(checker, value, value->number, info, "minimum", "maximum");
}

void check_choice(struct checker *checker, const struct ds_value *value, slice words)
{
    struct buf list = BUF_EMPTY;
    slice rest = words;
    for (slice one = words_next(&rest); one.length > 0; one = words_next(&rest))
        buf_printf(&list, "%s" SLICE_FORMAT, list.length > 0 ? ", " : "", SLICE_ARGUMENTS(one));
    problem_add(checker->config, DS_ERROR, &value->origin,
                "%.*s must be equal to one of the allowed values: " SLICE_FORMAT,
                CHECKER_POINTER(checker), SLICE_ARGUMENTS(buf_slice(&list)));
    buf_fini(&list);
    if (value->kind == DS_VALUE_TEXT)
        checker_did_you_mean(checker, checker_nearest(words, value->text));
}

void check_text(struct checker *checker, const struct ds_value *value,
                const struct option_info *info)
{
    if (!check_kind(checker, value, DS_VALUE_TEXT, "string"))
        return;
    double length = (double)value->text.length;
    check_bounds(checker, value, length, info, "minLength", "maxLength");
    if (memchr(value->text.at, 0, value->text.length) != NULL)
        checker_refuse(checker, value, "pattern", "without a zero byte");
    if (info->kind == OPTION_URL_PATH && length > 0 && value->text.at[0] != '/')
        checker_refuse(checker, value, "pattern", "a path that begins with /");
    if (info->choices != NULL && !words_hold(slice_of(info->choices), value->text))
        check_choice(checker, value, slice_of(info->choices));
}

static void check_level(struct checker *checker, const struct ds_value *value)
{
    enum ds_log_level level;
    bool is_scalar = value->kind == DS_VALUE_TEXT || value->kind == DS_VALUE_NUMBER;
    if (!is_scalar)
        checker_refuse(checker, value, "type", "string,integer");
    else if (!config_level_of(value->text, &level))
        check_choice(checker, value, SLICE("DEBUG INFO WARN ERROR FATAL OFF 0 1 2 3 4 100"));
}

static void check_items(struct checker *checker, const struct ds_value *value,
                        const struct option_info *info, enum ds_value_kind kind, const char *wanted)
{
    if (!check_kind(checker, value, DS_VALUE_LIST, "array"))
        return;
    if (value->count > info->most) {
        checker_refuse_bound(checker, value, "maxItems", "<=", info->most);
        return;
    }
    for (uint32_t i = 0; i < value->count; i++) {
        size_t before = checker_enter_index(checker, i);
        check_kind(checker, value->members[i].value, kind, wanted);
        checker_leave(checker, before);
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
        checker_unexpected(checker, member->key, member->value, DS_WARN, suggestion.best);
        return;
    }
    const char *choices = ssl_info(found)->choices;
    size_t before = checker_enter(checker, member->key);
    if (member->value->kind != DS_VALUE_NULL &&
        check_kind(checker, member->value, DS_VALUE_TEXT, "string") && choices != NULL &&
        !words_hold(slice_of(choices), member->value->text))
        check_choice(checker, member->value, slice_of(choices));
    checker_leave(checker, before);
}

static void check_ssl(struct checker *checker, const struct ds_value *value)
{
    if (!check_map(checker, value, "object"))
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
        check_kind(checker, value, DS_VALUE_MAP, "object");
        break;
    case OPTION_RULES:
        if (value->file.length == 0)
            check_kind(checker, value, DS_VALUE_MAP, "object");
        break;
    }
}

void check_option(struct checker *checker, const struct setting_member *member,
                  enum config_option option)
{
    size_t before = checker_enter(checker, member->key);
    check_value(checker, member->value, option);
    checker_leave(checker, before);
}
