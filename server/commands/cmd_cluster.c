/* deepstream cluster: several nodes in one process, each on a thread of its own, all at one port.
 *
 * The main thread only listens to signals. It tells a node what to do by waking its loop; what a
 * node says comes back the same way. When one of them cannot start, or ends, all end. */

#include "commands.h"

#include "asked_config.h"
#include "hangup.h"
#include "node_options.h"
#include "open_files.h"

#include "logging/log.h"
#include "node/node.h"
#include "node/process.h"

#include "base/buf.h"
#include "base/check.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <uv.h>

/* Each node answers each other one: with more of them all are busy with that alone. */
#define MOST_NODES 256

static const struct option CLUSTER_SIZE = {
    .name = "cluster-size",
    .argument = "N",
    .help = "number of nodes; as many as processors without it",
    .kind = OPTION_NUMBER,
    .offset = offsetof(struct node_options, cluster_size),
    .least = 1,
    .most = MOST_NODES,
};

enum { STOP_INTERRUPT, STOP_TERMINATE, RELOAD, SIGNAL_COUNT };

static const int SIGNALS[SIGNAL_COUNT] = {SIGINT, SIGTERM, SIGHUP};

enum order { ORDER_STOP = 1, ORDER_RELOAD = 2, ORDER_SAY_INTERRUPT = 4, ORDER_SAY_TERMINATE = 8 };
enum news { NEWS_LISTENS = 1, NEWS_HAS_FAILED = 2, NEWS_HAS_ENDED = 4 };

#define SETS_UP "Master cluster setting up %zu deepstream nodes"
#define LISTENS "Deepstream " SLICE_FORMAT " is listening"
#define STOPS "%s: stopping all nodes; once more ends the process at once"

struct cluster_run;

/* One node. */
struct member {
    struct cluster_run *run;
    struct node_options options;
    struct buf name;
    uv_thread_t thread;
    uv_loop_t loop;
    uv_async_t wake;      /* of its loop: there are orders */
    atomic_uint orders;   /* of the main thread to it */
    atomic_uint news;     /* of it to the main thread */
    struct ds_node *node; /* its thread's */
    unsigned told;        /* news that the main thread knows */
};

struct cluster_run {
    struct ds_process *process;
    uv_loop_t loop;
    uv_async_t wake; /* of the main loop: there are news */
    uv_signal_t signals[SIGNAL_COUNT];
    struct member *members;
    size_t count, ended;
    bool logs; /* what the process says goes through the first node's log: text may not fit there */
    bool is_stopping;
    bool has_failed;
};

/* ---- a node, on its thread ---- */

static void tell_main(struct member *member, enum news news)
{
    atomic_fetch_or(&member->news, (unsigned)news);
    uv_async_send(&member->run->wake);
}

static void on_running(void *context)
{
    struct member *member = context;
    if (member->run->logs)
        log_line(ds_node_log(member->node), DS_INFO, LOG_INFO, LISTENS,
                 SLICE_ARGUMENTS(member->name));
    tell_main(member, NEWS_LISTENS);
}

static void on_stopped(void *context, bool failed)
{
    struct member *member = context;
    if (failed)
        tell_main(member, NEWS_HAS_FAILED);
    uv_close((uv_handle_t *)&member->wake, NULL);
}

static void reload(struct member *member)
{
    struct config *fresh = node_options_load(&member->options);
    node_options_reload(member->node, fresh);
    config_free(&fresh);
}

static void on_orders(uv_async_t *wake)
{
    struct member *member = wake->data;
    unsigned orders = atomic_exchange(&member->orders, 0);
    if ((orders & (ORDER_SAY_INTERRUPT | ORDER_SAY_TERMINATE)) != 0)
        log_line(ds_node_log(member->node), DS_INFO, LOG_INFO, STOPS,
                 (orders & ORDER_SAY_INTERRUPT) != 0 ? "SIGINT" : "SIGTERM");
    if ((orders & ORDER_RELOAD) != 0)
        reload(member);
    if ((orders & ORDER_STOP) != 0)
        ds_node_stop(member->node);
}

static void run_member(void *context)
{
    struct member *member = context;
    struct ds_node_events events = {member, on_running, on_stopped};
    struct config *config = node_options_load(&member->options);
    member->node = ds_node_new_in(member->run->process, &member->loop, config, &events);
    if (config_is_valid(config)) {
        if (member->run->logs && member == member->run->members)
            log_line(ds_node_log(member->node), DS_INFO, LOG_INFO, SETS_UP, member->run->count);
        ds_node_start(member->node);
    } else {
        print_problems(config, COLOUR_AUTO);
        tell_main(member, NEWS_HAS_FAILED);
        ds_node_stop(member->node);
    }
    uv_run(&member->loop, UV_RUN_DEFAULT);
    ds_node_free(&member->node);
    config_free(&config);
    tell_main(member, NEWS_HAS_ENDED);
}

/* ---- the main thread ---- */

/* The loop of a node that has ended stays until its thread is joined, so that it can be woken. */
static void give_order(struct member *member, enum order order)
{
    atomic_fetch_or(&member->orders, (unsigned)order);
    uv_async_send(&member->wake);
}

static void order_all(struct cluster_run *run, enum order order)
{
    for (size_t i = 0; i < run->count; i++)
        give_order(&run->members[i], order);
}

static void stop_all(struct cluster_run *run)
{
    if (!run->is_stopping)
        order_all(run, ORDER_STOP);
    run->is_stopping = true;
}

static void say_stop(struct cluster_run *run, int number)
{
    if (run->logs) {
        give_order(run->members, number == SIGINT ? ORDER_SAY_INTERRUPT : ORDER_SAY_TERMINATE);
        return;
    }
    printf(STOPS "\n", number == SIGINT ? "SIGINT" : "SIGTERM");
    fflush(stdout);
}

/* The first signal stops all, a second one ends the process as if nobody had listened. */
static void on_stop(uv_signal_t *handle, int number)
{
    struct cluster_run *run = handle->data;
    if (run->is_stopping) {
        signal(number, SIG_DFL);
        raise(number);
    }
    say_stop(run, number);
    stop_all(run);
}

static void on_reload(uv_signal_t *handle, int number)
{
    (void)number;
    order_all(handle->data, ORDER_RELOAD);
}

static void close_handles(struct cluster_run *run)
{
    for (int i = 0; i < SIGNAL_COUNT; i++)
        uv_close((uv_handle_t *)&run->signals[i], NULL);
    uv_close((uv_handle_t *)&run->wake, NULL);
    signal(SIGHUP, SIG_IGN); /* too late for it; without a handler it would kill */
}

static void hear(struct cluster_run *run, struct member *member)
{
    unsigned news = atomic_load(&member->news) & ~member->told;
    member->told |= news;
    if ((news & NEWS_LISTENS) != 0 && !run->logs) {
        printf(LISTENS "\n", SLICE_ARGUMENTS(member->name));
        fflush(stdout);
    }
    run->has_failed = run->has_failed || (news & NEWS_HAS_FAILED) != 0;
    if ((news & NEWS_HAS_ENDED) != 0)
        run->ended++;
}

static void on_news(uv_async_t *wake)
{
    struct cluster_run *run = wake->data;
    size_t ended_before = run->ended;
    for (size_t i = 0; i < run->count; i++)
        hear(run, &run->members[i]);
    if (run->has_failed || run->ended > 0)
        stop_all(run);
    if (run->ended == run->count && ended_before < run->count)
        close_handles(run);
}

static void open_main(struct cluster_run *run)
{
    CHECK(uv_loop_init(&run->loop) == 0);
    CHECK(uv_async_init(&run->loop, &run->wake, on_news) == 0);
    run->wake.data = run;
    for (int i = 0; i < SIGNAL_COUNT; i++) {
        CHECK(uv_signal_init(&run->loop, &run->signals[i]) == 0);
        run->signals[i].data = run;
        uv_signal_start(&run->signals[i], i == RELOAD ? on_reload : on_stop, SIGNALS[i]);
    }
    hangup_let_come();
}

/* server-1, server-2, ... */
static void open_member(struct cluster_run *run, size_t index, const struct node_options *options,
                        slice server_name)
{
    struct member *member = &run->members[index];
    member->run = run;
    buf_printf(&member->name, SLICE_FORMAT "-%zu", SLICE_ARGUMENTS(server_name), index + 1);
    buf_append_byte(&member->name, '\0');
    member->name.length--;
    member->options = *options;
    member->options.name_in_process = member->name.at;
    CHECK(uv_loop_init(&member->loop) == 0);
    CHECK(uv_async_init(&member->loop, &member->wake, on_orders) == 0);
    member->wake.data = member;
}

static void close_member(struct member *member)
{
    uv_thread_join(&member->thread);
    (void)uv_loop_close(&member->loop);
    buf_fini(&member->name);
}

static bool is_logger_text(const struct config *config)
{
    const struct config_plugin *logger = config_plugin(config, CONFIG_PLUGIN_LOGGER, 0);
    return slice_equal(logger->type, SLICE("default"));
}

static enum exit_status run_cluster(const struct node_options *options, const struct config *config)
{
    struct cluster_run run = {.process = ds_process_new(options->cluster_size),
                              .count = options->cluster_size,
                              .logs = !is_logger_text(config)};
    run.members = calloc(run.count, sizeof *run.members);
    CHECK(run.members != NULL);
    open_files_raise();
    open_main(&run);
    if (!run.logs)
        printf(SETS_UP "\n", run.count);
    fflush(stdout);
    for (size_t i = 0; i < run.count; i++)
        open_member(&run, i, options, config_text(config, CONFIG_SERVER_NAME));
    for (size_t i = 0; i < run.count; i++)
        CHECK(uv_thread_create(&run.members[i].thread, run_member, &run.members[i]) == 0);
    uv_run(&run.loop, UV_RUN_DEFAULT);
    for (size_t i = 0; i < run.count; i++)
        close_member(&run.members[i]);
    free(run.members);
    (void)uv_loop_close(&run.loop);
    ds_process_free(&run.process);
    return run.has_failed ? EXIT_FINDINGS : EXIT_FINE;
}

/* ---- the command ---- */

static enum exit_status act(struct node_options *options, enum colour_choice colour)
{
    if (!node_options_check(options))
        return EXIT_FINDINGS;
    enum exit_status status = EXIT_FINDINGS;
    struct config *config = node_options_load(options);
    if (options->cluster_size == 0)
        options->cluster_size = uv_available_parallelism();
    if (asked_config(options))
        status = answer_asked_config(options, config, colour);
    else if (config_is_valid(config))
        status = run_cluster(options, config);
    else
        print_problems(config, colour);
    config_free(&config);
    return status;
}

enum exit_status cmd_cluster(int argc, char **argv)
{
    struct node_options options = {.is_in_cluster = true};
    struct option table[NODE_OPTIONS_OF_START + 1];
    struct arguments arguments;
    enum exit_status status;
    hangup_hold();
    memcpy(table, node_options, NODE_OPTIONS_OF_START * sizeof *table);
    table[NODE_OPTIONS_OF_START] = CLUSTER_SIZE;
    struct command_line line = {
        .command = "cluster",
        .about =
            "Runs several nodes in one process, each on a thread of its own. They share one port,\n"
            "between which the system divides the clients, and one cache, and are a cluster: what\n"
            "clients of one do reaches those of all. SIGTERM and SIGINT stop all of them, SIGHUP\n"
            "makes all read their rules and their log level again.\n",
        .options = table,
        .option_count = NODE_OPTIONS_OF_START + 1,
    };
    if (!command_line_parse(&line, argc, argv, &options, &arguments, &status))
        return status;
    status = act(&options, arguments.colour);
    arguments_fini(&arguments);
    return status;
}
