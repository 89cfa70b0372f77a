#pragma once
/* options.def and plugin_kinds.def as tables, and looking things up in them. */

#include "config.h"

enum option_kind {
    OPTION_TEXT,
    OPTION_URL_PATH, /* a text that begins with a slash */
    OPTION_BOOLEAN,
    OPTION_BOOLEAN_OR_ALWAYS,
    OPTION_INTEGER,
    OPTION_INTEGER_OR_FALSE, /* true stands for the default */
    OPTION_NUMBER,
    OPTION_LEVEL, /* a name or a number of enum ds_log_level */
    OPTION_TEXTS,
    OPTION_INTEGERS,
    OPTION_TEXT_OR_FALSE,
    OPTION_SSL,   /* a map of texts: ssl.def */
    OPTION_USERS, /* a map; what is in it is the plugin's business */
    OPTION_RULES, /* a map, or a fileLoad() whose file the plugin reads by itself */
};

enum option_change { OPTION_RESTART, OPTION_RELOAD };

enum config_section {
#define SECTION(name, ...) SECTION_##name,
#define OPTION(...)
#include "options.def"
#undef OPTION
#undef SECTION
    SECTION_COUNT,
};

struct section_info {
    const char *key;   /* of the top level; empty: the top level itself */
    const char *types; /* words; NULL: the options stand right below the key */
    const char *heading;
};

struct option_info {
    enum config_section section;
    const char *key;
    enum option_kind kind;
    const char *fallback; /* YAML, or NULL */
    double least, most;
    const char *choices; /* words, or NULL */
    enum option_change change;
    const char *help;
};

enum plugin_count { PLUGIN_ONE, PLUGIN_LIST, PLUGIN_MAP };

struct plugin_kind_info {
    const char *key;
    enum plugin_count count;
    const char *types;    /* words */
    const char *defaults; /* words: types of the entries when the file names none */
    const char *help;
};

struct ssl_info {
    const char *key;
    enum ssl_content { SSL_TEXT, SSL_FILE } content;
    const char *choices; /* words, or NULL */
    const char *help;
};

const struct ssl_info *ssl_info(enum config_ssl member);
const struct section_info *section_info(enum config_section section);
const struct option_info *option_info(enum config_option option);
const struct plugin_kind_info *plugin_kind_info(enum config_plugin_kind kind);

/* ... or the _COUNT when there is none. */
enum config_plugin_kind plugin_kind_of(slice key);
enum config_section section_without_types(slice key);

/* Whether the options of the section are options of a plugin `key` of this type; empty: of one that is
 * not built in. */
bool section_is_of(enum config_section section, slice key, slice type);

/* The option of a key in such a section, or CONFIG_OPTION_COUNT. */
enum config_option option_in(enum config_section section, slice key);

/* The next word of a list of words; empty at the end. *words moves past it. */
slice words_next(slice *words);
bool words_hold(slice words, slice word);

/* The built-in type that `name: NAME` means: pino is the logger json. Empty when it is none. */
slice plugin_built_in_type(enum config_plugin_kind kind, slice name);
