#include "node_options.h"

#include "paths.h"

#include "logging/log.h"
#include "node/node.h"
#include "terminal/output.h"

#include <stdio.h>
#include <stdlib.h>

const struct option node_options[NODE_OPTIONS_OF_START] = {
    {.letter = 'c',
     .name = "config",
     .argument = "FILE",
     .help = "configuration, YAML or JSON; relative paths in it start at its folder",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct node_options, config)},
    {.letter = 'l',
     .name = "lib-dir",
     .argument = "DIRECTORY",
     .help = "where plugins are: <kind>-<name>.so for what the configuration calls by name",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct node_options, lib_dir)},
    {.name = "host",
     .argument = "HOST",
     .help = "address to listen at",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct node_options, host)},
    {.name = "port",
     .argument = "PORT",
     .help = "port to listen at; 0 takes any that is free",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct node_options, port)},
    {.name = "disable-auth",
     .help = "let everybody in, whatever `auth` says",
     .kind = OPTION_SWITCH,
     .offset = offsetof(struct node_options, disable_auth)},
    {.name = "disable-permissions",
     .help = "allow everything, whatever `permission` says",
     .kind = OPTION_SWITCH,
     .offset = offsetof(struct node_options, disable_permissions)},
    {.name = "log-level",
     .argument = "LEVEL",
     .help = "least level that is logged: debug, info, warn, error or off",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct node_options, log_level)},
    {.name = "colors",
     .argument = "[BOOL]",
     .if_alone = "true",
     .help = "whether log lines are coloured: true or false",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct node_options, colors)},
    {.name = "inspect",
     .argument = "HOST:PORT",
     .help = "accepted for scripts of the Node.js server; there is nothing to inspect",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct node_options, inspect)},
    {.name = "storage-file",
     .argument = "FILE",
     .help = "where the built-in storage keeps records",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct node_options, storage_file)},
    {.name = "print-config",
     .help = "print the configuration that is in effect, and stop",
     .kind = OPTION_SWITCH,
     .offset = offsetof(struct node_options, print_config)},
    {.name = "check-config",
     .help = "check the configuration, its rules and users, and stop: 0 fine, 1 findings,\n"
             "2 it cannot be read",
     .kind = OPTION_SWITCH,
     .offset = offsetof(struct node_options, check_config)},
};

/* ---- values ---- */

static bool complain(const char *text)
{
    fprintf(stderr, "%s\n", text);
    return false;
}

static bool is_port(const char *text)
{
    size_t length = strlen(text);
    return length > 0 && length <= 5 && strspn(text, "0123456789") == length;
}

static bool is_flag_level(const char *text)
{
    static const char *const WORDS[] = {"debug", "info", "warn", "error", "off"};
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
        if (strcasecmp(text, WORDS[i]) == 0)
            return true;
    }
    return false;
}

bool node_options_check(const struct node_options *options)
{
    if (options->port != NULL && !is_port(options->port))
        return complain("Provided --port must be an integer");
    if (options->log_level != NULL && !is_flag_level(options->log_level))
        return complain("Log level must be one of the following (debug|info|warn|error|off)");
    if (options->colors != NULL && strcmp(options->colors, "true") != 0 &&
        strcmp(options->colors, "false") != 0)
        return complain("Invalid argument for --colors, please provide true or false");
    return true;
}

/* ---- the configuration ---- */

struct overrides {
    struct config_override items[12];
    size_t count;
};

static void override(struct overrides *overrides, enum config_option option, const char *text,
                     const char *flag)
{
    if (text != NULL)
        overrides->items[overrides->count++] = (struct config_override){option, text, flag};
}

struct config *node_options_load(const struct node_options *options)
{
    struct overrides overrides = {.count = 0};
    char *program = program_path();
    char *lib_dir = absolute_path(options->lib_dir);
    char *storage_file = absolute_path(options->storage_file);
    char *slash = strrchr(program, '/');
    override(&overrides, CONFIG_HTTP_HOST, options->host, "--host");
    override(&overrides, CONFIG_HTTP_PORT, options->port, "--port");
    override(&overrides, CONFIG_LOG_LEVEL, options->log_level, "--log-level");
    override(&overrides, CONFIG_LOGGER_COLORS, options->colors, "--colors");
    override(&overrides, CONFIG_STORAGE_PATH, storage_file, "--storage-file");
    override(&overrides, CONFIG_LIB_DIR, lib_dir, "--lib-dir");
    override(&overrides, CONFIG_SERVER_NAME, options->name_in_process, "deepstream cluster");
    if (options->is_in_cluster)
        override(&overrides, CONFIG_HTTP_REUSE_PORT, "true", "deepstream cluster");
    if (slash != NULL)
        *slash = '\0';
    struct config_request request = {
        .file = options->config,
        .program_dir = slash == NULL ? NULL : program,
        .overrides = overrides.items,
        .override_count = overrides.count,
        .disable_auth = options->disable_auth,
        .disable_permissions = options->disable_permissions,
        .is_vertical = options->is_in_cluster,
    };
    struct config *config = config_load(&request);
    free(program);
    free(lib_dir);
    free(storage_file);
    return config;
}

void node_options_reload(struct ds_node *node, const struct config *fresh)
{
    struct log *log = ds_node_log(node);
    log_line(log, DS_INFO, LOG_INFO,
             "SIGHUP: reading the rules, the certificates and the log level again");
    config_log_problems(fresh, log);
    if (config_is_valid(fresh))
        ds_node_reload(node, fresh);
    else
        log_line(log, DS_ERROR, LOG_CONFIG_ERROR,
                 "the configuration is not valid: nothing changes");
}

void print_problems(const struct config *config, enum colour_choice colour)
{
    struct buf text = BUF_EMPTY;
    config_print_problems(config, &text, output_wants_colour(colour, stderr));
    error_output(buf_slice(&text));
    buf_fini(&text);
}

struct config *node_options_load_valid(const struct node_options *options,
                                       enum colour_choice colour)
{
    struct config *config = node_options_load(options);
    if (!config_is_valid(config)) {
        print_problems(config, colour);
        config_free(&config);
    }
    return config;
}
