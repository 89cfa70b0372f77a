#include "asked_config.h"

#include "logging/log.h"
#include "node/node.h"
#include "terminal/output.h"

#include "base/check.h"

#include <unistd.h>

static void on_stopped(void *context, bool failed)
{
    (void)context;
    (void)failed;
}

/* Plugins refuse in the configuration what they do not like of their options. */
static void make_plugins(struct config *config)
{
    uv_loop_t loop;
    struct ds_node_events events = {.on_stopped = on_stopped};
    CHECK(uv_loop_init(&loop) == 0);
    struct ds_node *node = ds_node_new(&loop, config, &events);
    ds_node_stop(node);
    uv_run(&loop, UV_RUN_DEFAULT);
    ds_node_free(&node);
    (void)uv_loop_close(&loop);
}

static bool has_findings(const struct config *config)
{
    for (size_t i = 0; i < config_problem_count(config); i++) {
        if (config_problem(config, i)->level >= DS_WARN)
            return true;
    }
    return false;
}

/* Whether the file, if one was named, could be read at all. */
static bool was_readable(const struct config *config)
{
    struct buf path = BUF_EMPTY;
    buf_append(&path, config_file(config));
    buf_append_byte(&path, '\0');
    bool readable = path.length > 1 && access(path.at, R_OK) == 0;
    buf_fini(&path);
    return readable;
}

static enum exit_status check_config(struct config *config, enum colour_choice colour)
{
    struct output output;
    if (config_is_valid(config))
        make_plugins(config);
    output_open(&output, colour);
    if (has_findings(config))
        config_print_problems(config, &output.text, output.colour);
    else
        buf_append_text(&output.text, "the configuration is fine\n");
    enum exit_status status = !has_findings(config)  ? EXIT_FINE
                              : was_readable(config) ? EXIT_FINDINGS
                                                     : EXIT_USAGE;
    return output_close(&output, status);
}

static enum exit_status print_config(const struct config *config, enum colour_choice colour)
{
    struct output output;
    if (!config_is_valid(config)) {
        print_problems(config, colour);
        return EXIT_FINDINGS;
    }
    output_open(&output, colour);
    config_print(config, &output.text);
    return output_close(&output, EXIT_FINE);
}

bool asked_config(const struct node_options *options)
{
    return options->check_config || options->print_config;
}

enum exit_status answer_asked_config(const struct node_options *options, struct config *config,
                                     enum colour_choice colour)
{
    return options->check_config ? check_config(config, colour) : print_config(config, colour);
}
