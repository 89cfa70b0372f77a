/* When an MQTT client is answered: not before what it asked for has happened, in the order of its
 * packets; and what it is sent meanwhile. */

#include "support/memory_mqtt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct memory_mqtt node;

static int set_up(void **state)
{
    (void)state;
    memory_mqtt_init(&node);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    memory_mqtt_fini(&node);
    return 0;
}

static void answer_stores(void)
{
    while (store_answer(&node.cache) || store_answer(&node.storage))
        ;
}

/* ---- retained publishes ---- */

static void a_retained_publish_is_acknowledged_when_the_storage_has_it(void **state)
{
    (void)state;
    struct mqtt_double *bo = mqtt_connect(&node, "bo", "", true);
    node.storage.is_late[STORE_SET] = true;
    mqtt_give(bo, "33 07 0001 72 0001 7b7d");
    assert_int_equal(store_version(&node.cache, "r", NULL), 1);
    mqtt_expect(bo, "");
    answer_stores();
    mqtt_expect(bo, "40 02 0001");
}

static void a_cache_that_is_slow_keeps_the_acknowledgement_back_too(void **state)
{
    (void)state;
    struct mqtt_double *bo = mqtt_connect(&node, "bo", "", true);
    node.cache.is_late[STORE_SET] = true;
    mqtt_give(bo, "35 07 0001 72 0001 7b7d");
    mqtt_expect(bo, "");
    answer_stores();
    mqtt_expect(bo, "50 02 0001");
    mqtt_give(bo, "62 02 0001");
    mqtt_expect(bo, "70 02 0001");
}

static void a_storage_that_fails_ends_the_connection_without_an_acknowledgement(void **state)
{
    (void)state;
    struct mqtt_double *bo = mqtt_connect(&node, "bo", "", true);
    node.storage.errors[STORE_SET] = "the disk is full";
    mqtt_give(bo, "33 07 0001 72 0001 7b7d");
    mqtt_expect(bo, "");
    assert_true(bo->is_closed);
    assert_true(memory_logged(&node.world.memory, "CONNECTION_ERROR", "a publish was refused"));
}

static void a_deletion_is_acknowledged_when_the_storage_has_forgotten(void **state)
{
    (void)state;
    struct mqtt_double *bo = mqtt_connect(&node, "bo", "", true);
    mqtt_give(bo, "33 07 0001 72 0001 7b7d");
    mqtt_expect(bo, "40 02 0001");
    node.storage.is_late[STORE_REMOVE] = true;
    mqtt_give(bo, "31 03 0001 72");           /* QoS 0: nobody waits ... */
    mqtt_give(bo, "33 07 0001 73 0002 7b7d"); /* ... and its end is not taken for that of this */
    mqtt_expect(bo, "");
    node.storage.is_late[STORE_SET] = true;
    assert_true(store_answer(&node.storage));
    mqtt_expect(bo, "");
    answer_stores();
    mqtt_expect(bo, "40 02 0002");
    assert_int_equal(store_version(&node.cache, "r", NULL), DS_MISSING);
}

static void acknowledgements_keep_the_order_of_the_packets(void **state)
{
    (void)state;
    struct mqtt_double *bo = mqtt_connect(&node, "bo", "", true);
    node.storage.is_late[STORE_SET] = true;
    mqtt_give(bo, "33 07 0001 72 0001 7b7d"
                  "32 06 0001 65 0002 78"
                  "82 06 0003 0001 65 01");
    mqtt_expect(bo, "");
    answer_stores();
    mqtt_expect(bo, "40 02 0001  40 02 0002  90 03 0003 01");
}

/* ---- decisions that come later ---- */

static enum double_answer later(void *context, const struct ds_permission_request *request)
{
    (void)context;
    (void)request;
    return ANSWER_LATER;
}

static void a_publish_is_acknowledged_when_it_was_allowed(void **state)
{
    (void)state;
    struct mqtt_double *bo = mqtt_connect(&node, "bo", "", true);
    node.world.memory.permission.answer = later;
    mqtt_give(bo, "32 06 0001 65 0001 78");
    mqtt_expect(bo, "");
    assert_true(permission_double_decide(&node.world.memory.permission, DS_ALLOW));
    mqtt_expect(bo, "40 02 0001");
    mqtt_give(bo, "30 04 0001 65 78"      /* QoS 0, refused: nobody is told */
                  "32 06 0001 65 0002 78" /* and not taken for the answer to this */
    );
    assert_true(permission_double_decide(&node.world.memory.permission, DS_DENY));
    assert_true(permission_double_decide(&node.world.memory.permission, DS_ALLOW));
    mqtt_expect(bo, "40 02 0002");
    mqtt_give(bo, "32 06 0001 65 0003 78");
    assert_true(permission_double_decide(&node.world.memory.permission, DS_UNDECIDED));
    mqtt_expect(bo, "");
    assert_true(bo->is_closed);
}

static void a_subscription_has_a_code_for_each_filter_however_late(void **state)
{
    (void)state;
    struct mqtt_double *bo = mqtt_connect(&node, "bo", "", true);
    struct permission_double *permission = &node.world.memory.permission;
    permission->answer = later;
    mqtt_give(bo, "82 0a 0001 0001 61 01 0001 62 02");
    assert_true(permission_double_decide(permission, DS_DENY));  /* EVENT a */
    assert_true(permission_double_decide(permission, DS_DENY));  /* RECORD a */
    assert_true(permission_double_decide(permission, DS_ALLOW)); /* EVENT b */
    mqtt_expect(bo, "");
    assert_true(permission_double_decide(permission, DS_DENY)); /* RECORD b */
    mqtt_expect(bo, "90 04 0001 80 01");
}

static void an_unsubscription_behind_an_undecided_subscription_ends_it(void **state)
{
    (void)state;
    struct mqtt_double *bo = mqtt_connect(&node, "bo", "", true);
    struct permission_double *permission = &node.world.memory.permission;
    permission->answer = later;
    mqtt_give(bo, "82 06 0001 0001 61 01"
                  "a2 05 0002 0001 61"
                  "82 06 0003 0001 61 00");
    permission->answer = NULL;
    while (permission_double_decide(permission, DS_ALLOW))
        ;
    mqtt_expect(bo, "90 03 0001 01  b0 02 0002  90 03 0003 00");
    mqtt_give(mqtt_connect(&node, "al", "", true), "30 04 0001 61 78");
    mqtt_expect(bo, "30 06 0001 61 227822");
}

/* ---- what is sent ---- */

static void a_patch_is_read_whole_once_a_turn(void **state)
{
    (void)state;
    struct mqtt_double *bo = mqtt_connect(&node, "bo", "", true);
    mqtt_give(bo, "33 07 0001 72 0001 7b7d  82 06 0002 0001 72 00");
    mqtt_expect(bo, "40 02 0001  31 05 0001 72 7b7d  90 03 0002 00");
    struct memory_client *ws = memory_login(&node.world.memory, "al");
    for (int i = 0; i < 3; i++) {
        struct message patch = MESSAGE(TOPIC_RECORD, RECORD_PATCH);
        MESSAGE_SET(&patch, name, SLICE("r"));
        MESSAGE_SET(&patch, version, -1);
        MESSAGE_SET(&patch, path, SLICE("a"));
        MESSAGE_SET(&patch, data, i == 2 ? SLICE("3") : SLICE("1"));
        memory_send(ws, &patch);
    }
    mqtt_expect(bo, "");
    memory_mqtt_turn(&node);
    mqtt_expect(bo, "30 0a 0001 72 7b2261223a337d"); /* {"a":3} */
}

static void a_record_that_is_made_again_is_followed_again(void **state)
{
    (void)state;
    struct mqtt_double *bo = mqtt_connect(&node, "bo", "", true);
    mqtt_give(bo, "33 07 0001 72 0001 7b7d  82 06 0002 0001 72 00");
    mqtt_expect(bo, "40 02 0001  31 05 0001 72 7b7d  90 03 0002 00");
    struct memory_client *ws = memory_login(&node.world.memory, "al");
    say(ws, TOPIC_RECORD, RECORD_DELETE, "r");
    memory_mqtt_turn(&node);
    mqtt_expect(bo, "30 03 0001 72");
    struct message write = MESSAGE(TOPIC_RECORD, RECORD_CREATEANDUPDATE);
    MESSAGE_SET(&write, name, SLICE("r"));
    MESSAGE_SET(&write, version, -1);
    MESSAGE_SET(&write, data, SLICE("[]"));
    memory_send(ws, &write);
    mqtt_expect(bo, "30 05 0001 72 5b5d");
}

static void no_more_is_in_flight_than_was_agreed(void **state)
{
    (void)state;
    struct mqtt_double *bo = mqtt_connect(&node, "bo", "", true),
                       *al = mqtt_connect(&node, "al", "", true);
    mqtt_give(bo, "82 06 0001 0001 61 01");
    mqtt_expect(bo, "90 03 0001 01");
    mqtt_give(al, "30 04 0001 61 31  30 04 0001 61 32  30 04 0001 61 33");
    mqtt_expect(bo, "32 08 0001 61 0001 223122  32 08 0001 61 0002 223222");
    mqtt_give(bo, "40 02 0002");
    mqtt_expect(bo, "32 08 0001 61 0003 223322");
    mqtt_give(bo, "40 02 0009  40 02 0001  40 02 0003");
    mqtt_expect(bo, "");
}

static void an_absent_client_gets_what_it_did_not_acknowledge(void **state)
{
    (void)state;
    struct mqtt_double *bo = mqtt_connect(&node, "bo", "id", false),
                       *al = mqtt_connect(&node, "al", "", true);
    mqtt_give(bo, "82 06 0001 0001 61 01");
    mqtt_give(al, "30 04 0001 61 31");
    mqtt_expect(bo, "90 03 0001 01  32 08 0001 61 0001 223122");
    mqtt_break(bo);
    assert_int_equal(node.world.services.cluster->states->count(
                         node.world.services.cluster->states_self, STATE_ONLINE_USERS),
                     1);
    mqtt_give(al, "30 04 0001 61 32");
    struct mqtt_double *again = mqtt_open(&node);
    mqtt_give(again, "10 12 0004 4d515454 04 80 0000 0002 6964 0002 626f");
    memory_mqtt_turn(&node);
    mqtt_expect(again, "20 02 01 00  3a 08 0001 61 0001 223122  32 08 0001 61 0002 223222");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
        TEST(a_retained_publish_is_acknowledged_when_the_storage_has_it),
        TEST(a_cache_that_is_slow_keeps_the_acknowledgement_back_too),
        TEST(a_storage_that_fails_ends_the_connection_without_an_acknowledgement),
        TEST(a_deletion_is_acknowledged_when_the_storage_has_forgotten),
        TEST(acknowledgements_keep_the_order_of_the_packets),
        TEST(a_publish_is_acknowledged_when_it_was_allowed),
        TEST(a_subscription_has_a_code_for_each_filter_however_late),
        TEST(an_unsubscription_behind_an_undecided_subscription_ends_it),
        TEST(a_patch_is_read_whole_once_a_turn),
        TEST(a_record_that_is_made_again_is_followed_again),
        TEST(no_more_is_in_flight_than_was_agreed),
        TEST(an_absent_client_gets_what_it_did_not_acknowledge),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
