#pragma once
/* Options that several commands have, and the configuration that comes of them. */

#include "node/config/config.h"
#include "terminal/option.h"

struct ds_node;

struct node_options {
    const char *config;
    const char *lib_dir;
    const char *host;
    const char *port;
    const char *log_level;
    const char *colors;
    const char *inspect;
    const char *storage_file;
    bool disable_auth;
    bool disable_permissions;
    /* of start and cluster: */
    bool print_config;
    bool check_config;
    /* of cluster alone: */
    uint64_t cluster_size;
    /* not of the command line: nodes of one process are on the bus between them, and each has a
     * name of its own; false and NULL otherwise */
    bool is_in_cluster;
    const char *name_in_process;
};

/* For struct node_options. The first ones are --config and --lib-dir, which most commands have;
 * daemon has those before NODE_OPTIONS_OF_DAEMON, start those before NODE_OPTIONS_OF_START, and
 * cluster the same in a table of its own. */
#define NODE_OPTIONS_OF_MOST 2
#define NODE_OPTIONS_OF_DAEMON 10
#define NODE_OPTIONS_OF_START 12
extern const struct option node_options[NODE_OPTIONS_OF_START];

/* Whether the values can be what they are given for; otherwise standard error says what is wrong.
 */
bool node_options_check(const struct node_options *options);

/* The configuration, also when it is not valid. options are borrowed until it is freed. */
struct config *node_options_load(const struct node_options *options);

/* The same for a command that only looks at it: NULL, having printed why, when it is not valid. */
struct config *node_options_load_valid(const struct node_options *options,
                                       enum colour_choice colour);

/* SIGHUP: gives the node the rules and the log level of a configuration that was loaded anew. */
void node_options_reload(struct ds_node *node, const struct config *fresh);

/* Prints the problems of a configuration to standard error. */
void print_problems(const struct config *config, enum colour_choice colour);
