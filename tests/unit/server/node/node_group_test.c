/* Many nodes on one loop, on the bus of their process, stopped in any order while they talk: the
 * loop ends, whatever time they were given, and what they shared is gone. */

#include "node/internal.h"

#include "base/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { NODES = 16, ROUNDS = 12, NAMES = 40 };

#define PATIENCE_MS 60000

struct member {
    struct config *config;
    struct ds_node *node;
    bool is_running;
    bool has_stopped;
};

static uv_loop_t loop;
static uv_timer_t patience;
static struct ds_process *process;
static struct member members[NODES];
static size_t locks_asked, locks_answered;
static uint64_t dice_state;

/* ---- the group ---- */

static void on_running(void *context)
{
    ((struct member *)context)->is_running = true;
}

static void on_stopped(void *context, bool failed)
{
    struct member *member = context;
    assert_false(failed || member->has_stopped);
    member->has_stopped = true;
}

static void make(struct member *member, size_t index, unsigned shutdown_ms)
{
    struct ds_node_events events = {member, on_running, on_stopped};
    struct buf text = BUF_EMPTY;
    buf_printf(&text,
               "serverName: node-%zu\n"
               "logLevel: OFF\n"
               "shutdownTimeout: %u\n"
               "httpServer: {options: {host: 127.0.0.1, port: 0}}\n"
               "connectionEndpoints: [{type: ws-binary}]\n"
               "storage: {type: none}\n",
               index, shutdown_ms);
    struct config_request request = {
        .text_name = "test.yml", .text = buf_slice(&text), .is_vertical = true};
    *member = (struct member){.config = config_load(&request)};
    buf_fini(&text);
    member->node = ds_node_new_in(process, &loop, member->config, &events);
    assert_true(config_is_valid(member->config));
    ds_node_start(member->node);
}

static void run_until(const bool *flag)
{
    while (!*flag)
        uv_run(&loop, UV_RUN_ONCE);
}

static void on_patience_lost(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("a handle is left, or a node does not stop");
}

static void open_group(unsigned shutdown_ms)
{
    process = ds_process_new(NODES);
    assert_int_equal(uv_loop_init(&loop), 0);
    uv_timer_init(&loop, &patience);
    uv_timer_start(&patience, on_patience_lost, PATIENCE_MS, 0);
    uv_unref((uv_handle_t *)&patience);
    for (size_t i = 0; i < NODES; i++)
        make(&members[i], i, shutdown_ms);
    for (size_t i = 0; i < NODES; i++)
        run_until(&members[i].is_running);
}

/* Ends when nothing of a node is left on the loop. */
static void close_group(void)
{
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&patience, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    ds_process_free(&process); /* checks that nothing is shared any more */
    assert_int_equal(locks_answered, locks_asked);
}

/* ---- what they talk about ---- */

static void on_lock(void *context, bool got)
{
    (void)context;
    (void)got;
    locks_answered++;
}

static void tell_all(const struct cluster *cluster, slice name)
{
    struct message message = MESSAGE(TOPIC_EVENT, EVENT_EMIT);
    MESSAGE_SET(&message, name, name);
    MESSAGE_SET(&message, data, SLICE("1"));
    cluster->bus->send(cluster->bus_self, &message);
}

static void talk(const struct member *member, size_t turn)
{
    const struct cluster *cluster = &member->node->cluster.cluster;
    for (size_t i = 0; i < NAMES; i++) {
        char text[32];
        int length = snprintf(text, sizeof text, "name/%zu/%zu", turn, i);
        slice name = {text, (size_t)length};
        cluster->states->add(cluster->states_self, STATE_EVENT_SUBSCRIPTIONS, name);
        locks_asked++;
        cluster->locks->get(cluster->locks_self, name, on_lock, NULL);
        tell_all(cluster, name);
    }
}

/* ---- orders of stopping ---- */

static size_t dice(size_t limit)
{
    dice_state = dice_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (size_t)(dice_state >> 33) % limit;
}

static void shuffle(size_t order[NODES])
{
    for (size_t i = 0; i < NODES; i++)
        order[i] = i;
    for (size_t i = NODES; i > 1; i--) {
        size_t other = dice(i), moved = order[i - 1];
        order[i - 1] = order[other];
        order[other] = moved;
    }
}

static void free_member(struct member *member)
{
    run_until(&member->has_stopped);
    ds_node_free(&member->node);
    config_free(&member->config);
}

/* Each is gone before the next one goes; those that stay still talk. */
static void stop_one_by_one(const size_t order[NODES])
{
    for (size_t i = 0; i < NODES; i++) {
        for (size_t j = i; j < NODES; j++)
            talk(&members[order[j]], i);
        ds_node_stop(members[order[i]].node);
        free_member(&members[order[i]]);
    }
}

static void stop_all_at_once(const size_t order[NODES])
{
    for (size_t i = 0; i < NODES; i++)
        talk(&members[order[i]], 0);
    for (size_t i = 0; i < NODES; i++)
        ds_node_stop(members[order[i]].node);
    for (size_t i = 0; i < NODES; i++)
        free_member(&members[order[i]]);
}

/* Some turns of the loop apart. */
static void stop_in_quick_succession(const size_t order[NODES])
{
    for (size_t i = 0; i < NODES; i++) {
        talk(&members[order[i]], 0);
        ds_node_stop(members[order[i]].node);
        for (size_t turns = dice(4); turns > 0; turns--)
            uv_run(&loop, UV_RUN_NOWAIT);
    }
    for (size_t i = 0; i < NODES; i++)
        free_member(&members[order[i]]);
}

static void stop_groups(unsigned shutdown_ms)
{
    static void (*const WAYS[])(const size_t order[NODES]) = {stop_one_by_one, stop_all_at_once,
                                                              stop_in_quick_succession};
    dice_state = 1;
    for (size_t round = 0; round < ROUNDS; round++) {
        size_t order[NODES];
        locks_asked = locks_answered = 0;
        shuffle(order);
        open_group(shutdown_ms);
        WAYS[round % (sizeof WAYS / sizeof *WAYS)](order);
        close_group();
    }
}

/* ---- tests ---- */

static void nodes_that_talk_leave_nothing_on_their_loop(void **state)
{
    (void)state;
    stop_groups(60000);
}

/* As on a loop that is so busy that every deadline passes before anybody is heard. */
static void nor_do_nodes_that_are_given_no_time_to_close(void **state)
{
    (void)state;
    stop_groups(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_that_talk_leave_nothing_on_their_loop),
        cmocka_unit_test(nor_do_nodes_that_are_given_no_time_to_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
