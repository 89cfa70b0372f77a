/* RPC: behaviour.md 7 and 13, B7, B10, F17. */

#include "handlers/rpc/rpc.h"
#include "support/handler_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Long enough never to fire where a test does not wait for it. */
static const struct rpc_settings SETTINGS = {
    .ack_timeout_ms = 60000, .response_timeout_ms = 60000, .max_calls = 100};

static struct handler_world world;
static struct rpc_handler *rpc;

static void make(const struct rpc_settings *settings)
{
    handler_world_init(&world);
    rpc = rpc_handler_new(&world.services, settings);
    pipeline_add_handler(world.memory.pipeline, TOPIC_RPC, rpc_handler_table(rpc));
}

static int set_up(void **state)
{
    (void)state;
    make(&SETTINGS);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    handler_world_leave(&world);
    rpc_handler_free(&rpc);
    handler_world_fini(&world);
    return 0;
}

static void remake(const struct rpc_settings *settings)
{
    tear_down(NULL);
    make(settings);
}

static struct memory_client *login(const char *user)
{
    return memory_login(&world.memory, user);
}

static void provide(struct memory_client *client, const char *name)
{
    say_names(client, TOPIC_RPC, RPC_PROVIDE, "0", name, NULL);
    expect_ack(client, TOPIC_RPC, RPC_PROVIDE, NULL, "0");
}

static struct memory_client *provider(const char *user)
{
    struct memory_client *client = login(user);
    provide(client, "sum");
    return client;
}

static void request(struct memory_client *client, const char *id)
{
    say_more(client, TOPIC_RPC, RPC_REQUEST, "sum", id, "[1,2]");
}

static void expect_request(struct memory_client *client, const char *id)
{
    expect_more(client, TOPIC_RPC, RPC_REQUEST, "sum", id, "[1,2]");
}

static void answer(struct memory_client *client, unsigned action, const char *id)
{
    say_more(client, TOPIC_RPC, action, "sum", id, NULL);
}

/* ---- the way of a call ---- */

static void a_call_is_accepted_and_answered(void **state)
{
    (void)state;
    struct memory_client *p = provider("p"), *a = login("a");
    request(a, "c1");
    expect_request(p, "c1");
    answer(p, RPC_ACCEPT, "c1");
    expect_more(a, TOPIC_RPC, RPC_ACCEPT, "sum", "c1", NULL);
    say_more(p, TOPIC_RPC, RPC_RESPONSE, "sum", "c1", "3");
    expect_more(a, TOPIC_RPC, RPC_RESPONSE, "sum", "c1", "3");
    memory_expect_nothing(p);
    memory_expect_nothing(a);
}

static void an_answer_needs_no_acceptance_and_may_be_an_error(void **state)
{
    (void)state;
    struct memory_client *p = provider("p"), *a = login("a");
    request(a, "c1");
    expect_request(p, "c1");
    say_more(p, TOPIC_RPC, RPC_REQUEST_ERROR, "sum", "c1", "\"no\"");
    expect_more(a, TOPIC_RPC, RPC_REQUEST_ERROR, "sum", "c1", "\"no\"");
    request(a, "c1"); /* the id is free again */
    expect_request(p, "c1");
    answer(p, RPC_RESPONSE, "c1");
    expect_more(a, TOPIC_RPC, RPC_RESPONSE, "sum", "c1", NULL);
}

static void a_client_may_ask_itself(void **state)
{
    (void)state;
    struct memory_client *p = provider("p");
    request(p, "c1");
    expect_request(p, "c1");
    answer(p, RPC_RESPONSE, "c1");
    expect_more(p, TOPIC_RPC, RPC_RESPONSE, "sum", "c1", NULL);
}

static void without_a_provider_the_requestor_is_told(void **state)
{
    (void)state;
    struct memory_client *a = login("a");
    request(a, "c1");
    expect_more(a, TOPIC_RPC, RPC_NO_RPC_PROVIDER, "sum", "c1", NULL);
    assert_true(memory_logged(&world.memory, "NO_RPC_PROVIDER", "sum"));
    memory_expect_nothing(a);
}

static void who_does_not_provide_any_more_is_not_asked(void **state)
{
    (void)state;
    struct memory_client *p = provider("p"), *a = login("a");
    say_names(p, TOPIC_RPC, RPC_PROVIDE, "1", "sum", NULL);
    expect_refusal(p, TOPIC_RPC, RPC_MULTIPLE_PROVIDERS, "sum", NULL, RPC_PROVIDE, false);
    expect_ack(p, TOPIC_RPC, RPC_PROVIDE, NULL, "1");
    say_names(p, TOPIC_RPC, RPC_UNPROVIDE, "2", "sum", NULL);
    expect_ack(p, TOPIC_RPC, RPC_UNPROVIDE, NULL, "2");
    request(a, "c1");
    expect_more(a, TOPIC_RPC, RPC_NO_RPC_PROVIDER, "sum", "c1", NULL);
    memory_expect_nothing(p);
}

static void a_request_needs_an_id(void **state)
{
    (void)state;
    struct memory_client *p = provider("p"), *a = login("a");
    say(a, TOPIC_RPC, RPC_REQUEST, "sum");
    expect_refusal(a, TOPIC_RPC, RPC_INVALID_MESSAGE_DATA, "sum", NULL, RPC_REQUEST, true);
    memory_expect_nothing(p);
}

static void every_provider_is_asked_now_and_then(void **state)
{
    (void)state;
    struct memory_client *p[3] = {provider("p"), provider("q"), provider("r")}, *a = login("a");
    size_t asked[3] = {0};
    for (int i = 0; i < 200; i++) {
        request(a, "c");
        for (size_t j = 0; j < 3; j++) {
            if (memory_take(p[j]) == NULL)
                continue;
            asked[j]++;
            answer(p[j], RPC_RESPONSE, "c");
        }
        memory_expect(a, TOPIC_RPC, RPC_RESPONSE);
    }
    for (size_t j = 0; j < 3; j++)
        assert_true(asked[j] > 20);
    assert_int_equal(asked[0] + asked[1] + asked[2], 200);
}

/* ---- answers out of turn ---- */

static void a_second_acceptance_is_refused(void **state)
{
    (void)state;
    struct memory_client *p = provider("p"), *a = login("a");
    request(a, "c1");
    expect_request(p, "c1");
    answer(p, RPC_ACCEPT, "c1");
    answer(p, RPC_ACCEPT, "c1");
    expect_more(p, TOPIC_RPC, RPC_MULTIPLE_ACCEPT, "sum", "c1", NULL);
    expect_more(a, TOPIC_RPC, RPC_ACCEPT, "sum", "c1", NULL);
    memory_expect_nothing(a);
}

static void a_second_answer_is_refused(void **state)
{
    (void)state;
    struct memory_client *p = provider("p"), *a = login("a");
    request(a, "c1");
    expect_request(p, "c1");
    answer(p, RPC_RESPONSE, "c1");
    answer(p, RPC_RESPONSE, "c1");
    expect_refusal(p, TOPIC_RPC, RPC_INVALID_RPC_CORRELATION_ID, "sum", "c1", RPC_RESPONSE, true);
    expect_more(a, TOPIC_RPC, RPC_RESPONSE, "sum", "c1", NULL);
    memory_expect_nothing(a);
}

static void B7_only_the_provider_that_was_asked_may_answer(void **state)
{
    (void)state;
    static const unsigned actions[] = {RPC_ACCEPT, RPC_RESPONSE, RPC_REJECT, RPC_REQUEST_ERROR};
    struct memory_client *p = provider("p"), *a = login("a"), *thief = login("thief");
    request(a, "c1");
    expect_request(p, "c1");
    for (size_t i = 0; i < 4; i++) {
        answer(thief, actions[i], "c1");
        expect_refusal(thief, TOPIC_RPC, RPC_INVALID_RPC_CORRELATION_ID, "sum", "c1", actions[i],
                       true);
        answer(a, actions[i], "c1");
        expect_refusal(a, TOPIC_RPC, RPC_INVALID_RPC_CORRELATION_ID, "sum", "c1", actions[i], true);
    }
    memory_expect_nothing(a);
    answer(p, RPC_RESPONSE, "c1");
    expect_more(a, TOPIC_RPC, RPC_RESPONSE, "sum", "c1", NULL);
}

static void B7_the_same_id_of_two_requestors_makes_two_calls(void **state)
{
    (void)state;
    char made[64];
    struct memory_client *p = provider("p"), *a = login("a"), *b = login("b");
    request(a, "c1");
    expect_request(p, "c1");
    request(b, "c1");
    const struct message *second = memory_expect(p, TOPIC_RPC, RPC_REQUEST);
    snprintf(made, sizeof made, SLICE_FORMAT, SLICE_ARGUMENTS(second->correlation_id));
    assert_string_not_equal(made, "c1");
    answer(p, RPC_ACCEPT, made);
    answer(p, RPC_ACCEPT, made);
    expect_more(p, TOPIC_RPC, RPC_MULTIPLE_ACCEPT, "sum", made, NULL);
    expect_more(b, TOPIC_RPC, RPC_ACCEPT, "sum", "c1", NULL);
    say_more(p, TOPIC_RPC, RPC_RESPONSE, "sum", "c1", "\"for a\"");
    say_more(p, TOPIC_RPC, RPC_RESPONSE, "sum", made, "\"for b\"");
    expect_more(a, TOPIC_RPC, RPC_RESPONSE, "sum", "c1", "\"for a\"");
    expect_more(b, TOPIC_RPC, RPC_RESPONSE, "sum", "c1", "\"for b\"");
    memory_expect_nothing(a);
    memory_expect_nothing(b);
}

static void B7_an_id_of_an_open_call_is_refused_to_the_same_requestor(void **state)
{
    (void)state;
    struct memory_client *p = provider("p"), *a = login("a");
    request(a, "c1");
    expect_request(p, "c1");
    request(a, "c1");
    expect_refusal(a, TOPIC_RPC, RPC_INVALID_RPC_CORRELATION_ID, "sum", "c1", RPC_REQUEST, true);
    memory_expect_nothing(p);
    answer(p, RPC_RESPONSE, "c1");
    expect_more(a, TOPIC_RPC, RPC_RESPONSE, "sum", "c1", NULL);
}

/* ---- another provider ---- */

/* The one of two that has been asked; *other is the one that has not. */
static struct memory_client *asked_of(struct memory_client *p, struct memory_client *q,
                                      struct memory_client **other)
{
    bool is_p = p->taken < p->sent.count;
    *other = is_p ? q : p;
    struct memory_client *asked = is_p ? p : q;
    expect_request(asked, "c1");
    memory_expect_nothing(*other);
    return asked;
}

static void rejected_by_all_the_requestor_is_told(void **state)
{
    (void)state;
    struct memory_client *p = provider("p"), *q = provider("q"), *a = login("a"), *other;
    request(a, "c1");
    struct memory_client *first = asked_of(p, q, &other);
    answer(first, RPC_REJECT, "c1");
    expect_request(other, "c1");
    memory_expect_nothing(a);
    answer(first, RPC_RESPONSE, "c1"); /* too late: it is the other's now */
    expect_refusal(first, TOPIC_RPC, RPC_INVALID_RPC_CORRELATION_ID, "sum", "c1", RPC_RESPONSE,
                   true);
    answer(other, RPC_REJECT, "c1");
    expect_more(a, TOPIC_RPC, RPC_NO_RPC_PROVIDER, "sum", "c1", NULL);
    memory_expect_nothing(first);
}

static void B10_the_second_provider_may_accept_after_the_first_did(void **state)
{
    (void)state;
    struct memory_client *p = provider("p"), *q = provider("q"), *a = login("a"), *other;
    request(a, "c1");
    struct memory_client *first = asked_of(p, q, &other);
    answer(first, RPC_ACCEPT, "c1");
    answer(first, RPC_REJECT, "c1");
    expect_request(other, "c1");
    answer(other, RPC_ACCEPT, "c1");
    memory_expect_nothing(other);
    expect_more(a, TOPIC_RPC, RPC_ACCEPT, "sum", "c1", NULL);
    expect_more(a, TOPIC_RPC, RPC_ACCEPT, "sum", "c1", NULL);
    answer(other, RPC_RESPONSE, "c1");
    expect_more(a, TOPIC_RPC, RPC_RESPONSE, "sum", "c1", NULL);
}

static void B10_a_provider_that_leaves_is_replaced_at_once(void **state)
{
    (void)state;
    struct memory_client *p = provider("p"), *q = provider("q"), *a = login("a"), *other;
    request(a, "c1");
    struct memory_client *first = asked_of(p, q, &other);
    memory_disconnect(first);
    expect_request(other, "c1");
    memory_disconnect(other);
    expect_more(a, TOPIC_RPC, RPC_NO_RPC_PROVIDER, "sum", "c1", NULL);
}

static void B10_the_calls_of_a_requestor_that_leaves_are_dropped(void **state)
{
    (void)state;
    struct memory_client *p = provider("p"), *a = login("a");
    request(a, "c1");
    request(a, "c2");
    expect_request(p, "c1");
    expect_request(p, "c2");
    memory_disconnect(a);
    answer(p, RPC_RESPONSE, "c1");
    expect_refusal(p, TOPIC_RPC, RPC_INVALID_RPC_CORRELATION_ID, "sum", "c1", RPC_RESPONSE, true);
    memory_expect_nothing(p);
}

static void who_asks_and_provides_may_leave(void **state)
{
    (void)state;
    struct memory_client *p = provider("p"), *a = login("a");
    request(p, "own");
    request(a, "c1");
    expect_request(p, "own");
    expect_request(p, "c1");
    memory_disconnect(p);
    expect_more(a, TOPIC_RPC, RPC_NO_RPC_PROVIDER, "sum", "c1", NULL);
}

/* ---- waiting ---- */

static bool has_mail(void *context)
{
    const struct memory_client *client = context;
    return client->taken < client->sent.count;
}

static void a_silent_provider_lets_the_acceptance_time_out(void **state)
{
    (void)state;
    remake(&(struct rpc_settings){
        .ack_timeout_ms = 20, .response_timeout_ms = 60000, .max_calls = 100});
    struct memory_client *p = provider("p"), *a = login("a");
    request(a, "c1");
    expect_request(p, "c1");
    memory_run_until(&world.memory, has_mail, a);
    expect_more(a, TOPIC_RPC, RPC_ACCEPT_TIMEOUT, "sum", "c1", NULL);
    answer(p, RPC_RESPONSE, "c1");
    expect_refusal(p, TOPIC_RPC, RPC_INVALID_RPC_CORRELATION_ID, "sum", "c1", RPC_RESPONSE, true);
    memory_expect_nothing(a);
}

static void after_the_acceptance_only_the_answer_is_waited_for(void **state)
{
    (void)state;
    remake(
        &(struct rpc_settings){.ack_timeout_ms = 20, .response_timeout_ms = 60, .max_calls = 100});
    struct memory_client *p = provider("p"), *a = login("a");
    request(a, "c1");
    expect_request(p, "c1");
    answer(p, RPC_ACCEPT, "c1");
    expect_more(a, TOPIC_RPC, RPC_ACCEPT, "sum", "c1", NULL);
    uint64_t before = uv_now(&world.memory.loop);
    memory_run_until(&world.memory, has_mail, a);
    expect_more(a, TOPIC_RPC, RPC_RESPONSE_TIMEOUT, "sum", "c1", NULL);
    assert_true(uv_now(&world.memory.loop) - before >= 50);
}

static void each_provider_gets_its_own_time(void **state)
{
    (void)state;
    remake(&(struct rpc_settings){
        .ack_timeout_ms = 40, .response_timeout_ms = 60000, .max_calls = 100});
    struct memory_client *p = provider("p"), *q = provider("q"), *a = login("a"), *other;
    request(a, "c1");
    struct memory_client *first = asked_of(p, q, &other);
    answer(first, RPC_ACCEPT, "c1");
    answer(first, RPC_REJECT, "c1");
    expect_request(other, "c1");
    expect_more(a, TOPIC_RPC, RPC_ACCEPT, "sum", "c1", NULL);
    memory_run_until(&world.memory, has_mail, a);
    expect_more(a, TOPIC_RPC, RPC_ACCEPT_TIMEOUT, "sum", "c1", NULL);
}

/* ---- what providers are told of the requestor ---- */

static void forge(struct memory_client *client)
{
    struct message message = MESSAGE(TOPIC_RPC, RPC_REQUEST);
    MESSAGE_SET(&message, name, SLICE("sum"));
    MESSAGE_SET(&message, correlation_id, SLICE("c1"));
    MESSAGE_SET(&message, requestor_name, SLICE("the boss"));
    MESSAGE_SET(&message, requestor_data, SLICE("{\"admin\":true}"));
    MESSAGE_SET(&message, is_ack, true);
    memory_send(client, &message);
}

static void F17_a_forged_requestor_is_stripped(void **state)
{
    (void)state;
    struct memory_client *p = provider("p"), *a = login("a");
    forge(a);
    expect_more(p, TOPIC_RPC, RPC_REQUEST, "sum", "c1", NULL);
}

static void F17_name_and_data_of_the_requestor_are_the_server_s(void **state)
{
    (void)state;
    struct rpc_settings settings = SETTINGS;
    settings.provide_requestor_name = settings.provide_requestor_data = true;
    remake(&settings);
    struct memory_client *p = provider("p"), *q = provider("q"), *a = login("a");
    struct memory_client *const providers[] = {p, q};
    a->session->client_data = SLICE("{\"age\":7}");
    forge(a);
    for (int attempt = 0; attempt < 2; attempt++) { /* rerouted: encoded once */
        struct memory_client *asked = providers[has_mail(p) ? 0 : 1];
        const struct message *request = memory_expect(asked, TOPIC_RPC, RPC_REQUEST);
        assert_true(slice_equal(request->requestor_name, SLICE("a")));
        assert_true(slice_equal(request->requestor_data, SLICE("{\"age\":7}")));
        assert_false(MESSAGE_HAS(request, is_ack));
        answer(asked, RPC_REJECT, "c1");
    }
    expect_more(a, TOPIC_RPC, RPC_NO_RPC_PROVIDER, "sum", "c1", NULL);

    const slice none[] = {{0}, SLICE("null")};
    for (size_t i = 0; i < 2; i++) {
        a->session->client_data = none[i];
        forge(a);
        struct memory_client *asked = has_mail(p) ? p : q;
        const struct message *request = memory_expect(asked, TOPIC_RPC, RPC_REQUEST);
        assert_false(MESSAGE_HAS(request, requestor_data));
        answer(asked, RPC_RESPONSE, "c1");
        memory_expect(a, TOPIC_RPC, RPC_RESPONSE);
    }
}

/* ---- bounds and ends ---- */

static void a_requestor_has_a_bounded_number_of_open_calls(void **state)
{
    (void)state;
    struct rpc_settings settings = SETTINGS;
    settings.max_calls = 2;
    remake(&settings);
    struct memory_client *p = provider("p"), *a = login("a"), *b = login("b");
    request(a, "c1");
    request(a, "c2");
    request(a, "c3");
    expect_more(a, TOPIC_RPC, RPC_NO_RPC_PROVIDER, "sum", "c3", NULL);
    assert_true(memory_logged(&world.memory, "LIMIT_EXCEEDED", "a"));
    request(b, "d1");
    answer(p, RPC_RESPONSE, "c1");
    request(a, "c4");
    expect_request(p, "c1");
    expect_request(p, "c2");
    expect_request(p, "d1");
    expect_request(p, "c4");
}

static void a_requestor_s_open_calls_hold_bounded_memory(void **state)
{
    (void)state;
    static char data[600001];
    memset(data, '7', sizeof data - 1);
    struct memory_client *p = provider("p"), *a = login("a");
    const char *const ids[] = {"c1", "c2", "c3"};
    for (size_t i = 0; i < 3; i++)
        say_more(a, TOPIC_RPC, RPC_REQUEST, "sum", ids[i], data);
    memory_expect(p, TOPIC_RPC, RPC_REQUEST);
    memory_expect(p, TOPIC_RPC, RPC_REQUEST);
    memory_expect_nothing(p);
    expect_more(a, TOPIC_RPC, RPC_NO_RPC_PROVIDER, "sum", "c3", NULL);
}

static void the_handler_ends_with_calls_open(void **state)
{
    (void)state;
    struct memory_client *p = provider("p"), *a = login("a");
    request(a, "c1");
    expect_request(p, "c1");
}

/* ---- other nodes ---- */

static struct memory_cluster cluster;
static struct handler_world worlds[3];
static struct rpc_handler *handlers[3];

static int set_up_cluster(void **state)
{
    (void)state;
    static const char *const servers[] = {"n0", "n1", "n2"};
    memory_cluster_init(&cluster);
    for (size_t i = 0; i < 3; i++) {
        handler_world_init_in(&worlds[i], &cluster, servers[i]);
        handlers[i] = rpc_handler_new(&worlds[i].services, &SETTINGS);
        pipeline_add_handler(worlds[i].memory.pipeline, TOPIC_RPC, rpc_handler_table(handlers[i]));
    }
    return 0;
}

static int tear_down_cluster(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        handler_world_leave(&worlds[i]);
        rpc_handler_free(&handlers[i]);
        handler_world_fini(&worlds[i]);
    }
    memory_cluster_fini(&cluster);
    return 0;
}

static struct memory_client *login_at(size_t node, const char *user)
{
    return memory_login(&worlds[node].memory, user);
}

static void a_call_goes_to_another_node_and_its_answer_comes_back(void **state)
{
    (void)state;
    struct memory_client *a = login_at(0, "a"), *b = login_at(2, "b"), *p = login_at(1, "p");
    provide(p, "sum");
    request(a, "c1");
    request(b, "c1"); /* the same id from another node */
    memory_cluster_deliver(&cluster);
    expect_request(p, "c1");
    char made[64];
    const struct message *second = memory_expect(p, TOPIC_RPC, RPC_REQUEST);
    snprintf(made, sizeof made, SLICE_FORMAT, SLICE_ARGUMENTS(second->correlation_id));
    answer(p, RPC_ACCEPT, "c1");
    say_more(p, TOPIC_RPC, RPC_RESPONSE, "sum", made, "\"b\"");
    say_more(p, TOPIC_RPC, RPC_RESPONSE, "sum", "c1", "\"a\"");
    memory_cluster_deliver(&cluster);
    expect_more(a, TOPIC_RPC, RPC_ACCEPT, "sum", "c1", NULL);
    expect_more(a, TOPIC_RPC, RPC_RESPONSE, "sum", "c1", "\"a\"");
    expect_more(b, TOPIC_RPC, RPC_RESPONSE, "sum", "c1", "\"b\"");
    memory_expect_nothing(a);
    memory_expect_nothing(b);
    assert_int_equal(cluster.sent, 0);
}

static void B10_each_node_is_asked_once_and_then_the_requestor_told(void **state)
{
    (void)state;
    struct memory_client *a = login_at(0, "a"), *here = login_at(0, "here"), *p = login_at(1, "p"),
                         *q = login_at(2, "q");
    provide(here, "sum");
    provide(p, "sum");
    provide(q, "sum");
    request(a, "c1");
    expect_request(here, "c1"); /* providers of the own node come first */
    answer(here, RPC_REJECT, "c1");
    for (int i = 0; i < 2; i++) {
        memory_cluster_deliver(&cluster);
        struct memory_client *asked = has_mail(p) ? p : q;
        expect_request(asked, "c1");
        answer(asked, RPC_REJECT, "c1");
        memory_expect_nothing(a);
    }
    memory_cluster_deliver(&cluster);
    expect_more(a, TOPIC_RPC, RPC_NO_RPC_PROVIDER, "sum", "c1", NULL);
    memory_expect_nothing(p);
    memory_expect_nothing(q);
}

static void B7_another_node_that_was_not_asked_cannot_answer(void **state)
{
    (void)state;
    struct memory_client *a = login_at(0, "a"), *p = login_at(1, "p");
    provide(p, "sum");
    request(a, "c1");
    memory_cluster_deliver(&cluster);
    struct message forged = MESSAGE(TOPIC_RPC, RPC_RESPONSE);
    MESSAGE_SET(&forged, name, SLICE("sum"));
    MESSAGE_SET(&forged, correlation_id, SLICE("c1"));
    const struct cluster *third = worlds[2].services.cluster;
    third->bus->send_direct(third->bus_self, SLICE("n0"), &forged);
    memory_cluster_deliver(&cluster);
    memory_expect_nothing(a);
}

static void B10_a_call_moves_on_when_the_node_that_was_asked_is_gone(void **state)
{
    (void)state;
    struct memory_client *a = login_at(0, "a"), *p = login_at(1, "p"), *q = login_at(2, "q");
    provide(p, "sum");
    provide(q, "sum");
    request(a, "c1");
    memory_cluster_deliver(&cluster);
    size_t asked = has_mail(p) ? 1 : 2;
    struct memory_client *other = asked == 1 ? q : p;
    memory_expect_nothing(other);
    handler_world_leave(&worlds[asked]); /* what it still says is lost */
    memory_cluster_deliver(&cluster);
    expect_request(other, "c1");
    answer(other, RPC_RESPONSE, "c1");
    memory_cluster_deliver(&cluster);
    memory_expect(a, TOPIC_RPC, RPC_RESPONSE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define CLUSTER_TEST(name) cmocka_unit_test_setup_teardown(name, set_up_cluster, tear_down_cluster)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_call_is_accepted_and_answered),
        TEST(an_answer_needs_no_acceptance_and_may_be_an_error),
        TEST(a_client_may_ask_itself),
        TEST(without_a_provider_the_requestor_is_told),
        TEST(who_does_not_provide_any_more_is_not_asked),
        TEST(a_request_needs_an_id),
        TEST(every_provider_is_asked_now_and_then),
        TEST(a_second_acceptance_is_refused),
        TEST(a_second_answer_is_refused),
        TEST(B7_only_the_provider_that_was_asked_may_answer),
        TEST(B7_the_same_id_of_two_requestors_makes_two_calls),
        TEST(B7_an_id_of_an_open_call_is_refused_to_the_same_requestor),
        TEST(rejected_by_all_the_requestor_is_told),
        TEST(B10_the_second_provider_may_accept_after_the_first_did),
        TEST(B10_a_provider_that_leaves_is_replaced_at_once),
        TEST(B10_the_calls_of_a_requestor_that_leaves_are_dropped),
        TEST(who_asks_and_provides_may_leave),
        TEST(a_silent_provider_lets_the_acceptance_time_out),
        TEST(after_the_acceptance_only_the_answer_is_waited_for),
        TEST(each_provider_gets_its_own_time),
        TEST(F17_a_forged_requestor_is_stripped),
        TEST(F17_name_and_data_of_the_requestor_are_the_server_s),
        TEST(a_requestor_has_a_bounded_number_of_open_calls),
        TEST(a_requestor_s_open_calls_hold_bounded_memory),
        TEST(the_handler_ends_with_calls_open),
        CLUSTER_TEST(a_call_goes_to_another_node_and_its_answer_comes_back),
        CLUSTER_TEST(B10_each_node_is_asked_once_and_then_the_requestor_told),
        CLUSTER_TEST(B10_a_call_moves_on_when_the_node_that_was_asked_is_gone),
        CLUSTER_TEST(B7_another_node_that_was_not_asked_cannot_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
