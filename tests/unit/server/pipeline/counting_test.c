/* What is counted of decisions: verdicts by topic and action, and the time that they take. */

#include "recorder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct memory_world world;
static struct recorder events;
static struct memory_client *bo;

static int set_up(void **state)
{
    (void)state;
    memory_world_init(&world);
    recorder_init(&events, &world, TOPIC_EVENT);
    bo = memory_login(&world, "bo");
    world.permission.answer = by_first_letter;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    memory_world_fini(&world);
    recorder_fini(&events);
    return 0;
}

static void emit(const char *name)
{
    struct message message = MESSAGE(TOPIC_EVENT, EVENT_EMIT);
    MESSAGE_SET(&message, name, slice_of(name));
    memory_send(bo, &message);
}

static void every_verdict_counts_once(void **state)
{
    (void)state;
    const uint64_t *emitted = world.metrics.decisions[TOPIC_EVENT][EVENT_EMIT];
    emit("yes");
    emit("yes");
    emit("no");
    emit("error");
    assert_int_equal(emitted[DS_ALLOW], 2);
    assert_int_equal(emitted[DS_DENY], 1);
    assert_int_equal(emitted[DS_UNDECIDED], 1);

    const slice names[] = {SLICE("yes"), SLICE("no"), SLICE("yes too")};
    struct message subscribe = MESSAGE(TOPIC_EVENT, EVENT_SUBSCRIBE);
    message_set_names(&subscribe, names, 3);
    memory_send(bo, &subscribe);
    const uint64_t *subscribed = world.metrics.decisions[TOPIC_EVENT][EVENT_SUBSCRIBE];
    assert_int_equal(subscribed[DS_ALLOW], 2);
    assert_int_equal(subscribed[DS_DENY], 1);
}

static void a_late_verdict_counts_when_it_comes_and_is_not_timed(void **state)
{
    (void)state;
    const uint64_t *emitted = world.metrics.decisions[TOPIC_EVENT][EVENT_EMIT];
    emit("slow");
    assert_int_equal(emitted[DS_ALLOW], 0);
    assert_int_equal(pipeline_waiting(world.pipeline), 1);
    assert_true(permission_double_decide(&world.permission, DS_ALLOW));
    assert_int_equal(emitted[DS_ALLOW], 1);
    assert_int_equal(pipeline_waiting(world.pipeline), 0);
    assert_int_equal(world.metrics.decision_time.count, 0);
}

static void decisions_are_timed_once_in_a_millisecond(void **state)
{
    (void)state;
    world.metrics.decision_timed_ms = 0;
    emit("yes");
    assert_int_equal(world.metrics.decision_time.count, 1);
    emit("yes"); /* the loop's clock stands still */
    assert_int_equal(world.metrics.decision_time.count, 1);
}

static void on_verdict(void *context, enum ds_verdict verdict)
{
    *(enum ds_verdict *)context = verdict;
}

static void questions_of_handlers_count_as_what_they_ask(void **state)
{
    (void)state;
    enum ds_verdict verdict = DS_UNDECIDED;
    struct permission_question question = {.session = bo->session,
                                           .topic = TOPIC_RECORD,
                                           .action = RECORD_PATCH,
                                           .has_name = true,
                                           .name = SLICE("no")};
    pipeline_ask(world.pipeline, &question, on_verdict, &verdict);
    assert_int_equal(verdict, DS_DENY);
    assert_int_equal(world.metrics.decisions[TOPIC_RECORD][RECORD_PATCH][DS_DENY], 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_verdict_counts_once),
        TEST(a_late_verdict_counts_when_it_comes_and_is_not_timed),
        TEST(decisions_are_timed_once_in_a_millisecond),
        TEST(questions_of_handlers_count_as_what_they_ask),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
