#pragma once
/* The configuration of a node: found, read, checked and completed with defaults.
 *
 *     struct config *config = config_load(&request);
 *     if (!config_is_valid(config))
 *         config_print_problems(config, &out, colour);  ... and exit with 1
 *     port = config_integer(config, CONFIG_HTTP_PORT);
 *     ...
 *     config_free(&config);
 *
 * One list, options.def, holds every option: path, type, default, bounds, meaning. What is in it is
 * checked; a top-level key that is not is an error, any other unknown key a warning, each with its
 * place and the nearest known word. Nothing is printed or logged from inside: problems are
 * collected in the order of the file.
 *
 * Everything that is returned belongs to the configuration, never changes, and lives until
 * config_free. Loading again (SIGHUP) makes another configuration. */

#include "deepstream/plugin.h"
#include "base/buf.h"

struct config;
struct config_plugin;
struct log;

/* CONFIG_RPC_ACK_TIMEOUT and so on. */
enum config_option {
#define SECTION(...)
#define OPTION(section, name, ...) CONFIG_##name,
#include "options.def"
#undef OPTION
#undef SECTION
    CONFIG_OPTION_COUNT,
};

/* The parts of a node that are plugins: CONFIG_PLUGIN_CACHE and so on. */
enum config_plugin_kind {
#define PLUGIN(name, ...) CONFIG_PLUGIN_##name,
#include "plugin_kinds.def"
#undef PLUGIN
    CONFIG_PLUGIN_KIND_COUNT,
};

/* The members of an option `ssl`: CONFIG_SSL_KEY and so on. */
enum config_ssl {
#define SSL(name, ...) CONFIG_SSL_##name,
#include "ssl.def"
#undef SSL
    CONFIG_SSL_COUNT,
};

/* ---- loading ---- */

/* A value from the command line; it counts more than the file. */
struct config_override {
    enum config_option option; /* one of a section that has one place: no endpoint's, for example */
    const char *text;          /* read as the option's type */
    const char *flag;          /* "--port", for messages */
};

struct config_request {
    const char *file;        /* -c, or NULL: DEEPSTREAM_CONFIG_DIRECTORY, then the usual places */
    const char *program_dir; /* folder of the executable, for the usual places; NULL: not there */
    const struct config_override *overrides;
    size_t override_count;
    bool disable_auth;        /* --disable-auth: auth is one entry of type none */
    bool disable_permissions; /* --disable-permissions */
    bool is_vertical;         /* clusterNode is the bus between nodes of the process */

    /* Text to read in place of a file, called text_name in messages; for those who embed a node,
     * and for tests. No file is looked for then; an empty text with a name is a file without
     * options. */
    const char *text_name;
    slice text;
};

/* Never NULL. With no file anywhere, and none asked for, the defaults are the configuration. */
struct config *config_load(const struct config_request *request);
void config_free(struct config **config); /* and sets *config to NULL */

/* False when there are errors; only problems may be asked for then. */
bool config_is_valid(const struct config *config);

/* The file as a path; empty when there is none. */
slice config_file(const struct config *config);

/* Where relative paths start: the folder of the file; "." without one. Terminated by a zero. */
const char *config_dir(const struct config *config);

/* ---- problems ---- */

struct config_problem {
    enum ds_log_level level; /* DS_ERROR: the configuration is of no use; DS_WARN; DS_INFO */
    slice message; /* "/httpServer/options/port: type must be integer. Did you mean ...?" */
    slice place;   /* "config.yml:12:3", "--port", or empty */
    slice hint;    /* what to do, or empty */
};

size_t config_problem_count(const struct config *config);
const struct config_problem *config_problem(const struct config *config, size_t index);

/* Adds an error about a value of this configuration, found by who uses it: a connector that is not
 * there, for example. The configuration is not valid any more. value NULL: of no place. */
void config_refuse(struct config *config, const struct ds_value *value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for what is probably not meant: a warning. */
void config_warn(struct config *config, const struct ds_value *value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Warns of each option that the file gives to a plugin and that is none of known, which NULL ends:
 * for what is loaded, whose options stand in no list of this folder. A known name with dots is that
 * of a member: see struct ds_plugin. */
void config_warn_of_unknown(struct config *config, const struct config_plugin *plugin,
                            const char *const *known);

/* Appends the errors, then the warnings, numbered as the original does, each with its place and the
 * line of the file:
 *
 *     There was an error validating your configuration:
 *     1)/httpServer/options/port: type must be integer
 *       config.yml:12:11
 *        12 |     port: abc
 *           |           ^~~
 */
void config_print_problems(const struct config *config, struct buf *out, bool colour);

/* Logs warnings and what was loaded from where; errors too when there are any. */
void config_log_problems(const struct config *config, struct log *log);

/* ---- values ---- */

/* Of options of which there is one in a node. An option without default that is not set is empty,
 * false or 0; config_value is NULL then. */
slice config_text(const struct config *config, enum config_option option);
bool config_boolean(const struct config *config, enum config_option option);
int64_t config_integer(const struct config *config, enum config_option option);
const struct ds_value *config_value(const struct config *config, enum config_option option);

/* The same for an option of one plugin: options is struct config_plugin's. Defaults are in it. */
slice config_text_in(const struct ds_value *options, enum config_option option);
bool config_boolean_in(const struct ds_value *options, enum config_option option);
int64_t config_integer_in(const struct ds_value *options, enum config_option option);
const struct ds_value *config_value_in(const struct ds_value *options, enum config_option option);

/* logLevel, or logger.options.logLevel, which counts more. */
enum ds_log_level config_log_level(const struct config *config);

/* "debug" or "DEBUG" or "0" -> DS_DEBUG; false when it is no level. */
bool config_level_of(slice text, enum ds_log_level *level);

/* A member of a value of kind `ssl`, or NULL, and its key: "cert". */
const struct ds_value *config_ssl_value(const struct ds_value *ssl, enum config_ssl member);
const char *config_ssl_key(enum config_ssl member);

/* Its text: of a path, which starts at config_dir, what the file holds now; empty when there is
 * none. Returns NULL, or why the file cannot be read. */
const char *config_ssl_text(const char *config_dir, const struct ds_value *ssl,
                            enum config_ssl member, slice *text);

/* ---- plugins ---- */

struct config_plugin {
    slice type; /* a built-in, as `type:` names it; `name: pino` is the built-in "json" */
    slice name; /* a connector; empty when type is set */
    slice path; /* a shared object; empty when type or name is set */
    slice key;  /* of `plugins`: what it is called there */
    const struct ds_value *options; /* completed with the defaults of its type; a map */
    const struct ds_value *value;   /* the entry itself, for config_refuse; NULL: it is a default */
    bool is_default;                /* the file does not name it */
};

/* One, but for connectionEndpoints, auth, monitoring and plugins, which may be any number. */
size_t config_plugin_count(const struct config *config, enum config_plugin_kind kind);
/* index < count. */
const struct config_plugin *config_plugin(const struct config *config, enum config_plugin_kind kind,
                                          size_t index);

/* "cache", "connectionEndpoints": the key of the file. */
slice config_plugin_kind_name(enum config_plugin_kind kind);

/* ---- showing ---- */

/* Appends the configuration as it is in effect, as YAML that can be loaded again; a comment at each
 * line says where its value is from. What was loaded from another file is shown as the fileLoad()
 * that loaded it, and a password as "***". */
void config_print(const struct config *config, struct buf *out);

/* Appends the reference of all options as Markdown: OPTIONS.md. */
void config_write_reference(struct buf *out);
