/* deepstream start: options -> configuration -> node -> run -> teardown, in this order. */

#include "commands.h"

#include "asked_config.h"
#include "hangup.h"
#include "node_options.h"
#include "open_files.h"

#include "logging/log.h"
#include "node/node.h"
#include "terminal/output.h"

#include "base/check.h"

#include <signal.h>
#include <unistd.h>

static const struct command_line LINE = {
    .command = "start",
    .about =
        "Runs a server in the foreground.\n\n"
        "Without --config the file is the one that DEEPSTREAM_CONFIG_DIRECTORY names, or the\n"
        "first of /etc/deepstream/conf, ./conf/config, ../conf/config and those two beside the\n"
        "program, each with .yml, .yaml or .json; without any of them defaults are in effect.\n",
    .options = node_options,
    .option_count = NODE_OPTIONS_OF_START,
};

enum { STOP_INTERRUPT, STOP_TERMINATE, RELOAD, SIGNAL_COUNT };

static const int SIGNALS[SIGNAL_COUNT] = {SIGINT, SIGTERM, SIGHUP};

struct running {
    const struct node_options *options;
    uv_loop_t loop;
    struct ds_node *node;
    uv_signal_t signals[SIGNAL_COUNT];
    bool is_stopping;
    bool has_failed;
};

/* ---- what happens while it runs ---- */

static void on_stopped(void *context, bool failed)
{
    struct running *running = context;
    running->has_failed = failed;
    for (int i = 0; i < SIGNAL_COUNT; i++)
        uv_close((uv_handle_t *)&running->signals[i], NULL);
    signal(SIGHUP, SIG_IGN); /* too late for it; without a handler it would kill */
}

/* The first signal stops the server, a second one ends the process as if nobody had listened. */
static void on_stop(uv_signal_t *handle, int number)
{
    struct running *running = handle->data;
    if (running->is_stopping) {
        signal(number, SIG_DFL);
        raise(number);
    }
    running->is_stopping = true;
    log_line(ds_node_log(running->node), DS_INFO, LOG_INFO,
             "%s: stopping; once more ends the process at once",
             number == SIGINT ? "SIGINT" : "SIGTERM");
    ds_node_stop(running->node);
}

static void on_reload(uv_signal_t *handle, int number)
{
    struct running *running = handle->data;
    struct config *fresh = node_options_load(running->options);
    (void)number;
    node_options_reload(running->node, fresh);
    config_free(&fresh);
}

static void watch_signals(struct running *running)
{
    for (int i = 0; i < SIGNAL_COUNT; i++) {
        CHECK(uv_signal_init(&running->loop, &running->signals[i]) == 0);
        running->signals[i].data = running;
        uv_signal_start(&running->signals[i], i == RELOAD ? on_reload : on_stop, SIGNALS[i]);
    }
    hangup_let_come();
}

/* ---- the way of the command ---- */

static void print_logo(const struct config *config)
{
    static const char LOGO[] = "     _                     _\n"
                               "  __| | ___  ___ _ __  ___| |_ _ __ ___  __ _ _ __ ___\n"
                               " / _` |/ _ \\/ _ \\ '_ \\/ __| __| '__/ _ \\/ _` | '_ ` _ \\\n"
                               "| (_| |  __/  __/ |_) \\__ \\ |_| | |  __/ (_| | | | | | |\n"
                               " \\__,_|\\___|\\___| .__/|___/\\__|_|  \\___|\\__,_|_| |_| |_|\n"
                               "                |_|\n\n";
    if (config_boolean(config, CONFIG_SHOW_LOGO)) {
        fputs(LOGO, stdout);
        fflush(stdout);
    }
}

static void log_surroundings(struct running *running, const struct open_files *files)
{
    struct log *log = ds_node_log(running->node);
    if (files->after > 0)
        log_line(log, DS_INFO, LOG_INFO, "files and connections that may be open: %llu",
                 (unsigned long long)files->after);
    if (running->options->inspect != NULL)
        log_line(log, DS_WARN, LOG_INFO, "--inspect has no effect: there is nothing to inspect");
}

/* Makes the node, lets it run when the configuration is fit, and takes everything down. */
static void run_node(struct running *running, struct config *config)
{
    struct open_files files = open_files_raise();
    struct ds_node_events events = {.context = running, .on_stopped = on_stopped};
    CHECK(uv_loop_init(&running->loop) == 0);
    watch_signals(running);
    running->node = ds_node_new(&running->loop, config, &events);
    if (!config_is_valid(config)) {
        ds_node_stop(running->node);
    } else {
        print_logo(config);
        log_surroundings(running, &files);
        ds_node_start(running->node);
    }
    uv_run(&running->loop, UV_RUN_DEFAULT);
    ds_node_free(&running->node);
    (void)uv_loop_close(&running->loop);
}

static enum exit_status start(const struct node_options *options, struct config *config,
                              enum colour_choice colour)
{
    struct running running = {.options = options};
    run_node(&running, config);
    if (config_is_valid(config))
        return running.has_failed ? EXIT_FINDINGS : EXIT_FINE;
    print_problems(config, colour);
    return EXIT_FINDINGS;
}

static enum exit_status act(const struct node_options *options, enum colour_choice colour)
{
    enum exit_status status = EXIT_FINDINGS;
    if (!node_options_check(options))
        return EXIT_FINDINGS;
    struct config *config = node_options_load(options);
    if (asked_config(options))
        status = answer_asked_config(options, config, colour);
    else if (config_is_valid(config))
        status = start(options, config, colour);
    else
        print_problems(config, colour);
    config_free(&config);
    return status;
}

enum exit_status cmd_start(int argc, char **argv)
{
    struct node_options options = {0};
    struct arguments arguments;
    enum exit_status status;
    hangup_hold();
    if (!command_line_parse(&LINE, argc, argv, &options, &arguments, &status))
        return status;
    status = act(&options, arguments.colour);
    arguments_fini(&arguments);
    return status;
}
