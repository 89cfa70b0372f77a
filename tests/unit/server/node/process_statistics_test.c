/* Two nodes of one process, each on a loop of its own that the test turns by hand: one asks what
 * both have counted. */

#include "node/internal.h"

#include "base/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { NODES = 2, SEEN = 8 };

struct member {
    uv_loop_t loop;
    struct config *config;
    struct ds_node *node;
    bool is_running, has_stopped;
};

/* What one look has shown. */
struct look {
    size_t count;
    char names[SEEN][16];
    uint64_t marks[SEEN]; /* lines of the log that only the test writes */
    size_t process_nodes[SEEN];
    bool is_done;
};

static struct ds_process *process;
static struct member members[NODES];

/* ---- the nodes ---- */

static void on_running(void *context)
{
    ((struct member *)context)->is_running = true;
}

static void on_stopped(void *context, bool failed)
{
    assert_false(failed);
    ((struct member *)context)->has_stopped = true;
}

static void make(struct member *member, size_t index)
{
    struct ds_node_events events = {member, on_running, on_stopped};
    struct buf text = BUF_EMPTY;
    buf_printf(&text,
               "serverName: node-%zu\n"
               "logLevel: OFF\n"
               "httpServer: {options: {host: 127.0.0.1, port: 0}}\n"
               "connectionEndpoints: [{type: ws-binary}]\n"
               "storage: {type: none}\n",
               index);
    struct config_request request = {
        .text_name = "test.yml", .text = buf_slice(&text), .is_vertical = true};
    *member = (struct member){.config = config_load(&request)};
    buf_fini(&text);
    assert_int_equal(uv_loop_init(&member->loop), 0);
    member->node = ds_node_new_in(process, &member->loop, member->config, &events);
    assert_true(config_is_valid(member->config));
    ds_node_start(member->node);
    while (!member->is_running)
        uv_run(&member->loop, UV_RUN_ONCE);
}

static int set_up(void **state)
{
    (void)state;
    process = ds_process_new(NODES);
    for (size_t i = 0; i < NODES; i++)
        make(&members[i], i);
    return 0;
}

static void stop(struct member *member)
{
    if (member->node == NULL)
        return;
    ds_node_stop(member->node);
    while (!member->has_stopped)
        uv_run(&member->loop, UV_RUN_ONCE);
    ds_node_free(&member->node);
    uv_run(&member->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&member->loop), 0);
    config_free(&member->config);
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < NODES; i++)
        stop(&members[i]);
    ds_process_free(&process); /* checks that nothing is shared any more */
    return 0;
}

/* ---- looks ---- */

static uint64_t marks_of(const struct ds_statistics *statistics)
{
    for (size_t i = 0; i < statistics->log_count; i++) {
        if (strcmp(statistics->log[i].event, "SLOW_RECEIVER") == 0)
            return statistics->log[i].counts[DS_INFO];
    }
    return 0;
}

static void on_look(void *context, const struct ds_statistics *const *nodes, size_t count)
{
    struct look *look = context;
    assert_false(look->is_done);
    assert_in_range(count, 1, SEEN);
    for (size_t i = 0; i < count; i++) {
        snprintf(look->names[i], sizeof look->names[i], SLICE_FORMAT,
                 SLICE_ARGUMENTS(nodes[i]->server_name));
        look->marks[i] = marks_of(nodes[i]);
        look->process_nodes[i] = nodes[i]->process_nodes;
    }
    look->count = count;
    look->is_done = true;
}

static void ask(struct member *member, struct look *look)
{
    *look = (struct look){.count = 0};
    member->node->host.process_statistics(member->node->host.host, on_look, look);
}

/* The other node answers. */
static void look_with(struct member *member, struct member *other, struct look *look)
{
    ask(member, look);
    while (!look->is_done) {
        uv_run(&other->loop, UV_RUN_NOWAIT);
        uv_run(&member->loop, UV_RUN_NOWAIT);
    }
}

/* The other node is busy. */
static void look_without_others(struct member *member, struct look *look)
{
    ask(member, look);
    while (!look->is_done)
        uv_run(&member->loop, UV_RUN_ONCE);
}

static void log_mark(struct member *member)
{
    log_line(ds_node_log(member->node), DS_INFO, LOG_SLOW_RECEIVER, "a mark");
}

static void whoever_is_asked_shows_all_nodes_itself_first(void **state)
{
    (void)state;
    struct look first, second;
    look_with(&members[0], &members[1], &first);
    assert_int_equal(first.count, NODES);
    assert_string_equal(first.names[0], "node-0");
    assert_string_equal(first.names[1], "node-1");
    assert_int_equal(first.process_nodes[1], NODES);
    log_mark(&members[1]);
    look_with(&members[1], &members[0], &second);
    assert_string_equal(second.names[0], "node-1");
    assert_string_equal(second.names[1], "node-0");
    assert_int_equal(second.marks[0], first.marks[1] + 1);
}

static void a_node_that_does_not_answer_is_absent_until_it_has_answered_once(void **state)
{
    (void)state;
    struct look look;
    look_without_others(&members[0], &look);
    assert_int_equal(look.count, 1);
    assert_string_equal(look.names[0], "node-0");
}

static void a_node_that_does_not_answer_is_shown_as_it_was_and_no_count_falls(void **state)
{
    (void)state;
    struct look first, late, last;
    look_with(&members[0], &members[1], &first);
    log_mark(&members[0]);
    log_mark(&members[1]);
    look_without_others(&members[0], &late);
    assert_int_equal(late.count, NODES);
    assert_int_equal(late.marks[0], first.marks[0] + 1);
    assert_int_equal(late.marks[1], first.marks[1]);
    look_with(&members[0], &members[1], &last);
    assert_int_equal(last.marks[1], first.marks[1] + 1);
}

static void each_of_several_questions_is_answered_once(void **state)
{
    (void)state;
    struct look looks[4];
    for (size_t i = 0; i < 4; i++)
        ask(&members[i % NODES], &looks[i]);
    for (bool are_done = false; !are_done;) {
        are_done = true;
        for (size_t i = 0; i < NODES; i++)
            uv_run(&members[i].loop, UV_RUN_NOWAIT);
        for (size_t i = 0; i < 4; i++)
            are_done = are_done && looks[i].is_done;
    }
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(looks[i].count, NODES);
}

static void who_stops_while_it_waits_answers_with_what_there_is(void **state)
{
    (void)state;
    struct look look;
    ask(&members[0], &look);
    stop(&members[0]);
    assert_true(look.is_done);
    assert_int_equal(look.count, 1);
}

static void nobody_waits_for_a_node_that_has_left(void **state)
{
    (void)state;
    struct look look;
    ask(&members[0], &look);
    stop(&members[1]);
    while (!look.is_done)
        uv_run(&members[0].loop, UV_RUN_ONCE);
    ask(&members[0], &look);
    assert_true(look.is_done);
    assert_int_equal(look.count, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(whoever_is_asked_shows_all_nodes_itself_first),
        TEST(a_node_that_does_not_answer_is_absent_until_it_has_answered_once),
        TEST(a_node_that_does_not_answer_is_shown_as_it_was_and_no_count_falls),
        TEST(each_of_several_questions_is_answered_once),
        TEST(who_stops_while_it_waits_answers_with_what_there_is),
        TEST(nobody_waits_for_a_node_that_has_left),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
