/* OPTIONS.md, from the lists. */

#include "internal.h"

static const char *kind_name(enum option_kind kind)
{
    static const char *const NAMES[] = {
        [OPTION_TEXT] = "text",
        [OPTION_URL_PATH] = "path of a URL",
        [OPTION_BOOLEAN] = "true or false",
        [OPTION_BOOLEAN_OR_ALWAYS] = "true, false or always",
        [OPTION_INTEGER] = "whole number",
        [OPTION_INTEGER_OR_FALSE] = "whole number or false",
        [OPTION_NUMBER] = "number",
        [OPTION_LEVEL] = "DEBUG, INFO, WARN, ERROR, FATAL, OFF",
        [OPTION_TEXTS] = "list of texts",
        [OPTION_INTEGERS] = "list of whole numbers",
        [OPTION_TEXT_OR_FALSE] = "text or false",
        [OPTION_SSL] = "map, see Encryption",
        [OPTION_USERS] = "map of users",
        [OPTION_RULES] = "rules",
    };
    return NAMES[kind];
}

static bool is_number(enum option_kind kind)
{
    return kind == OPTION_INTEGER || kind == OPTION_INTEGER_OR_FALSE || kind == OPTION_NUMBER;
}

static void write_choices(struct buf *out, slice words)
{
    const char *before = "";
    for (slice one = words_next(&words); one.length > 0; one = words_next(&words)) {
        buf_printf(out, "%s" SLICE_FORMAT, before, SLICE_ARGUMENTS(one));
        before = ", ";
    }
}

static void write_kind(struct buf *out, const struct option_info *info)
{
    if (info->choices != NULL) {
        write_choices(out, slice_of(info->choices));
        return;
    }
    buf_append_text(out, kind_name(info->kind));
    if (is_number(info->kind) && info->most > info->least)
        buf_printf(out, ", %.0f to %.0f", info->least, info->most);
}

static void write_option(struct buf *out, const struct option_info *info)
{
    buf_printf(out, "| `%s` | ", info->key);
    write_kind(out, info);
    if (info->fallback == NULL)
        buf_append_text(out, " | ");
    else
        buf_printf(out, " | `%s`", info->fallback);
    buf_printf(out, " | %s%s |\n", info->help,
               info->change == OPTION_RELOAD ? " (SIGHUP reloads it)" : "");
}

static void write_types(struct buf *out, const struct section_info *info)
{
    slice types = slice_of(info->types);
    bool has_plugins = words_hold(types, SLICE("*"));
    if (has_plugins)
        types.length -= strlen(" *"); /* the last of them */
    buf_printf(out, "`%s`, in `options` of type `" SLICE_FORMAT "`%s.\n\n", info->key,
               SLICE_ARGUMENTS(types), has_plugins ? ", and of every plugin" : "");
}

static void write_section(struct buf *out, enum config_section section)
{
    const struct section_info *info = section_info(section);
    buf_printf(out, "\n## %s\n\n", info->heading);
    if (info->types != NULL)
        write_types(out, info);
    else if (*info->key != '\0')
        buf_printf(out, "Below `%s`.\n\n", info->key);
    buf_append_text(out, "| option | value | default | meaning |\n|---|---|---|---|\n");
    for (enum config_option option = 0; option < CONFIG_OPTION_COUNT; option++) {
        if (option_info(option)->section == section)
            write_option(out, option_info(option));
    }
}

static void write_plugins(struct buf *out)
{
    static const char *const COUNTS[] = {"one", "a list, or one", "a map of names"};
    buf_append_text(out, "\n## Plugins\n\n"
                         "Each is a map of `type` (built in) or `name` (a connector) or `path` (a "
                         "shared object), and `options`.\n\n"
                         "| key | how many | types | default | meaning |\n|---|---|---|---|---|\n");
    for (enum config_plugin_kind kind = 0; kind < CONFIG_PLUGIN_KIND_COUNT; kind++) {
        const struct plugin_kind_info *info = plugin_kind_info(kind);
        buf_printf(out, "| `%s` | %s | %s | %s | %s |\n", info->key, COUNTS[info->count],
                   info->types, info->defaults, info->help);
    }
}

static void write_ssl(struct buf *out)
{
    buf_append_text(out, "\n## Encryption\n\n"
                         "What an option `ssl` holds; SIGHUP reads it again. Files are in PEM: "
                         "`fileLoad(server.pem)`, the text itself, or a path.\n\n"
                         "| member | value | default | meaning |\n|---|---|---|---|\n");
    for (enum config_ssl member = 0; member < CONFIG_SSL_COUNT; member++) {
        const struct ssl_info *info = ssl_info(member);
        slice words = slice_of(info->choices == NULL ? "" : info->choices), all = words;
        slice first = words_next(&words);
        buf_printf(out, "| `%s` | ", info->key);
        write_choices(out, all);
        if (info->choices == NULL)
            buf_append_text(out, info->content == SSL_FILE ? "file | " : "text | ");
        else
            buf_printf(out, " | `" SLICE_FORMAT "`", SLICE_ARGUMENTS(first));
        buf_printf(out, " | %s |\n", info->help);
    }
}

void config_write_reference(struct buf *out)
{
    buf_append_text(
        out, "# Options\n\n"
             "Every option of a configuration file. This page is made from "
             "`options.def`, `plugin_kinds.def` and `ssl.def`; times are in milliseconds.\n");
    write_section(out, SECTION_ROOT);
    write_plugins(out);
    for (enum config_section section = SECTION_ROOT + 1; section < SECTION_COUNT; section++)
        write_section(out, section);
    write_ssl(out);
}
