/* Exact fields of the answers to what goes no further (valve.md 7, F10). */

#include "recorder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct memory_world world;
static struct memory_client *bo;

static int set_up(void **state)
{
    (void)state;
    memory_world_init(&world);
    bo = memory_login(&world, "bo");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    memory_world_fini(&world);
    return 0;
}

static struct message write_with_ack(void)
{
    struct message message = MESSAGE(TOPIC_RECORD, RECORD_CREATEANDUPDATE);
    MESSAGE_SET(&message, name, SLICE("r"));
    MESSAGE_SET(&message, data, SLICE("{}"));
    MESSAGE_SET(&message, version, -1);
    MESSAGE_SET(&message, correlation_id, SLICE("w1"));
    MESSAGE_SET(&message, is_write_ack, true);
    return message;
}

static uint32_t bit(enum message_field field)
{
    return UINT32_C(1) << field;
}

static uint32_t scalars(const struct message *message)
{
    return message->present & ~(bit(FIELD_names) | bit(FIELD_versions));
}

static const uint32_t WRITE_FIELDS = UINT32_C(1) << FIELD_name | UINT32_C(1) << FIELD_is_error |
                                     UINT32_C(1) << FIELD_original_action |
                                     UINT32_C(1) << FIELD_correlation_id |
                                     UINT32_C(1) << FIELD_is_write_ack;

static void a_denied_write_has_exactly_these_fields(void **state)
{
    (void)state;
    struct message message = write_with_ack();
    pipeline_refuse(bo->session, &message, SLICE("r"), DS_DENY);
    const struct message *answer = memory_expect(bo, TOPIC_RECORD, RECORD_MESSAGE_DENIED);
    assert_int_equal(scalars(answer), WRITE_FIELDS);
    assert_int_equal(answer->original_action, RECORD_CREATEANDUPDATE);
    assert_true(slice_equal(answer->name, SLICE("r")));
    assert_true(slice_equal(answer->correlation_id, SLICE("w1")));
    assert_true(answer->is_error);
    assert_true(answer->is_write_ack);
}

static void an_undecided_write_is_a_permission_error(void **state)
{
    (void)state;
    struct message message = write_with_ack();
    pipeline_refuse(bo->session, &message, SLICE("r"), DS_UNDECIDED);
    const struct message *answer = memory_expect(bo, TOPIC_RECORD, RECORD_MESSAGE_PERMISSION_ERROR);
    assert_int_equal(scalars(answer), WRITE_FIELDS);
}

static void f10_a_malformed_write_is_an_error_of_that_write(void **state)
{
    (void)state;
    struct message message = write_with_ack();
    pipeline_malformed(bo->session, &message);
    const struct message *answer = memory_expect(bo, TOPIC_RECORD, RECORD_INVALID_MESSAGE_DATA);
    assert_int_equal(scalars(answer), WRITE_FIELDS);
    assert_true(answer->is_error);
    assert_true(memory_logged(&world, "INVALID_MESSAGE_DATA", "RECORD.CREATEANDUPDATE of bo"));
}

static void what_the_request_had_not_the_answer_has_not(void **state)
{
    (void)state;
    struct message message = MESSAGE(TOPIC_EVENT, EVENT_LISTEN);
    pipeline_malformed(bo->session, &message);
    const struct message *answer = memory_expect(bo, TOPIC_EVENT, EVENT_INVALID_MESSAGE_DATA);
    assert_int_equal(scalars(answer), bit(FIELD_is_error) | bit(FIELD_original_action));
    MESSAGE_SET(&message, name, SLICE("p"));
    pipeline_refuse(bo->session, &message, message.name, DS_DENY);
    answer = memory_expect(bo, TOPIC_EVENT, EVENT_MESSAGE_DENIED);
    assert_int_equal(scalars(answer),
                     bit(FIELD_name) | bit(FIELD_is_error) | bit(FIELD_original_action));
}

static void a_denial_is_logged_for_debugging_only(void **state)
{
    (void)state;
    struct message message = write_with_ack();
    pipeline_refuse(bo->session, &message, SLICE("r"), DS_DENY);
    assert_true(memory_logged(&world, "MESSAGE_DENIED", "RECORD.CREATEANDUPDATE \"r\" of bo"));
    size_t lines = world.log_lines.count;
    world.log.level = DS_INFO;
    pipeline_refuse(bo->session, &message, SLICE("r"), DS_DENY);
    assert_int_equal(world.log_lines.count, lines);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_denied_write_has_exactly_these_fields),
        TEST(an_undecided_write_is_a_permission_error),
        TEST(f10_a_malformed_write_is_an_error_of_that_write),
        TEST(what_the_request_had_not_the_answer_has_not),
        TEST(a_denial_is_logged_for_debugging_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
