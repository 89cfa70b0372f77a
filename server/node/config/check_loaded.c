/* Options of what is loaded, against the names that it declares (struct ds_plugin). */

#include "checker.h"

#include "base/buf.h"

/* ---- where they stand ---- */

/* "/cache/options", "/auth/1/options", "/plugins/mine/options". */
static void enter_options(struct checker *checker, const struct config_plugin *plugin,
                          enum config_plugin_kind kind, size_t index)
{
    slice name = config_plugin_kind_name(kind);
    checker_enter(checker, name);
    if (plugin->key.length > 0)
        checker_enter(checker, plugin->key);
    else if (ds_value_kind(setting_find(checker->config->given, name)) == DS_VALUE_LIST)
        checker_enter_index(checker, index);
    checker_enter(checker, SLICE("options"));
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

/* ---- names ---- */

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
        size_t before = checker_enter(checker, member->key);
        check_names(checker, member->value, known, buf_slice(&below));
        checker_leave(checker, before);
    }
    buf_fini(&below);
}

static void check_names_of_items(struct checker *checker, const struct ds_value *list,
                                 const char *const *known, slice prefix)
{
    for (uint32_t i = 0; i < list->count; i++) {
        const struct ds_value *item = list->members[i].value;
        size_t before = checker_enter_index(checker, i);
        if (item->kind == DS_VALUE_MAP)
            check_names(checker, item, known, prefix);
        checker_leave(checker, before);
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
            checker_unexpected(checker, at->key, at->value, DS_WARN, suggestion.best);
    }
}

void config_warn_of_unknown(struct config *config, const struct config_plugin *plugin,
                            const char *const *known)
{
    struct checker checker = {.config = config};
    enter_options_of(&checker, plugin);
    check_names(&checker, setting_find(plugin->value, SLICE("options")), known, SLICE(""));
}
