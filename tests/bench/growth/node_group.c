#include "bench/growth/node_group.h"

#include "bench/growth/bus_meter.h"

#include "base/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#define PATIENCE_S 120
#define POLL_NS 500000

void growth_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("cluster_growth: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

static double clock_s(clockid_t clock)
{
    struct timespec time;
    CHECK(clock_gettime(clock, &time) == 0);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

double growth_now_s(void)
{
    return clock_s(CLOCK_MONOTONIC);
}

/* ---- the thread of the nodes ---- */

static void on_wake(uv_async_t *wake)
{
    struct node_group *group = wake->data;
    void (*question)(void *, struct node_group *) = group->question;
    if (question == NULL)
        return;
    group->question = NULL;
    question(group->context, group);
    sem_post(&group->answered);
}

static void run(void *context)
{
    uv_run(&((struct node_group *)context)->loop, UV_RUN_DEFAULT);
}

static void on_running(void *context)
{
    ((struct group_node *)context)->is_running = true;
}

static void on_stopped(void *context, bool failed)
{
    struct group_node *node = context;
    if (failed)
        growth_fail("a node could not start");
    node->has_stopped = true;
}

static void start_node(void *context, struct node_group *group)
{
    struct group_node *node = &group->nodes[group->count++];
    struct ds_node_events events = {node, on_running, on_stopped};
    struct buf text = BUF_EMPTY;
    (void)context;
    bus_meter_nodes = group->count;
    buf_printf(&text,
               "serverName: node-%zu\n"
               "logLevel: OFF\n"
               "shutdownTimeout: 120000\n" /* all nodes share one thread */
               "httpServer: {options: {host: 127.0.0.1, port: 0}}\n"
               "connectionEndpoints: [{type: ws-binary}]\n"
               "storage: {type: none}\n"
               "clusterNode: {type: vertical}\n"
               "clusterStates: {options: {discoveryTimeout: 1}}\n",
               group->count);
    struct config_request request = {.text_name = "growth.yml", .text = buf_slice(&text)};
    node->config = config_load(&request);
    buf_fini(&text);
    node->node = ds_node_new_in(group->process, &group->loop, node->config, &events);
    if (!config_is_valid(node->config))
        growth_fail("the configuration of the nodes is wrong");
    ds_node_start(node->node);
}

static void stop_last(void *context, struct node_group *group)
{
    (void)context;
    bus_meter_nodes = --group->count;
    ds_node_stop(group->nodes[group->count].node);
}

static void free_stopped(void *context, struct node_group *group)
{
    struct group_node *node = &group->nodes[group->count];
    (void)context;
    ds_node_free(&node->node);
    config_free(&node->config);
}

static void close_wake(void *context, struct node_group *group)
{
    (void)context;
    uv_close((uv_handle_t *)&group->wake, NULL);
}

static void read_cpu(void *context, struct node_group *group)
{
    (void)group;
    *(double *)context = clock_s(CLOCK_THREAD_CPUTIME_ID);
}

/* ---- asking ---- */

void node_group_ask(struct node_group *group,
                    void (*question)(void *context, struct node_group *group), void *context)
{
    group->context = context;
    group->question = question;
    uv_async_send(&group->wake);
    while (sem_wait(&group->answered) != 0)
        continue;
}

struct condition {
    bool (*is_true)(void *context, const struct node_group *group);
    void *context;
    bool answer;
};

static void ask_condition(void *context, struct node_group *group)
{
    struct condition *condition = context;
    condition->answer = condition->is_true(condition->context, group);
}

void node_group_wait(struct node_group *group,
                     bool (*is_true)(void *context, const struct node_group *group), void *context,
                     const char *what)
{
    struct condition condition = {is_true, context, false};
    double deadline_s = growth_now_s() + PATIENCE_S;
    for (;;) {
        node_group_ask(group, ask_condition, &condition);
        if (condition.answer)
            return;
        if (growth_now_s() > deadline_s)
            growth_fail("waited in vain until %s", what);
        nanosleep(&(struct timespec){0, POLL_NS}, NULL);
    }
}

double node_group_cpu_s(struct node_group *group)
{
    double seconds;
    node_group_ask(group, read_cpu, &seconds);
    return seconds;
}

/* ---- life ---- */

void node_group_open(struct node_group *group)
{
    *group = (struct node_group){.process = ds_process_new(1)};
    CHECK(uv_loop_init(&group->loop) == 0);
    CHECK(uv_async_init(&group->loop, &group->wake, on_wake) == 0);
    group->wake.data = group;
    CHECK(sem_init(&group->answered, 0, 0) == 0);
    CHECK(uv_thread_create(&group->thread, run, group) == 0);
}

static bool all_run(void *context, const struct node_group *group)
{
    bool all = true;
    (void)context;
    for (size_t i = 0; i < group->count; i++)
        all = all && group->nodes[i].is_running;
    return all;
}

static bool has_stopped(void *context, const struct node_group *group)
{
    (void)context;
    return group->nodes[group->count].has_stopped;
}

void node_group_add(struct node_group *group)
{
    node_group_ask(group, start_node, NULL);
    node_group_wait(group, all_run, NULL, "a node runs");
}

void node_group_stop_last(struct node_group *group)
{
    node_group_ask(group, stop_last, NULL);
}

void node_group_free_stopped(struct node_group *group)
{
    node_group_wait(group, has_stopped, NULL, "a node has stopped");
    node_group_ask(group, free_stopped, NULL);
}

uint16_t node_group_port(const struct node_group *group, size_t node)
{
    return ds_node_port(group->nodes[node].node);
}

void node_group_close(struct node_group *group)
{
    while (group->count > 0) {
        node_group_stop_last(group);
        node_group_free_stopped(group);
    }
    node_group_ask(group, close_wake, NULL);
    uv_thread_join(&group->thread);
    CHECK(uv_loop_close(&group->loop) == 0);
    ds_process_free(&group->process);
    sem_destroy(&group->answered);
}
