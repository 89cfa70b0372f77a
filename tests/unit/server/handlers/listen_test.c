/* Listening at one node: behaviour.md 9 and 13, B8, B19, F4, H20. */

#include "support/listening.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct listening_node node;
static struct memory_world *memory = &node.world.memory;

static int set_up(void **state)
{
    (void)state;
    handler_world_init(&node.world);
    listening_node_start(&node, TOPIC_RECORD, &LISTENING_PATIENT);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    listening_node_stop(&node);
    return 0;
}

static void remake(enum topic topic, const struct listen_settings *settings)
{
    listening_node_stop(&node);
    handler_world_init(&node.world);
    listening_node_start(&node, topic, settings);
}

/* ---- clients ---- */

static struct memory_client *login(const char *user)
{
    return memory_login(memory, user);
}
static struct memory_client *listener(const char *user, const char *pattern)
{
    struct memory_client *client = login(user);
    listen_to(client, pattern);
    expect_listening(client, pattern);
    return client;
}

static struct memory_client *subscriber(const char *user, const char *name)
{
    struct memory_client *client = login(user);
    subscribe(client, name);
    expect_subscribed(client);
    return client;
}

/* ---- the observed sequences ---- */

static void a_later_subscriber_makes_the_listener_asked(void **state)
{
    (void)state;
    struct memory_client *p = listener("p", "f/.*"), *a = login("a");
    subscribe(a, "f/1");
    expect_subscribed(a);
    expect_found(p, "f/.*", "f/1");
    memory_expect_nothing(a);
    accept_offer(p, "f/.*", "f/1");
    expect_provided(a, "f/1");
    memory_expect_nothing(p);
}

static void names_subscribed_before_are_offered_before_the_acknowledgement(void **state)
{
    (void)state;
    struct memory_client *a = subscriber("a", "f/1"), *p = login("p");
    subscribe(a, "other");
    expect_subscribed(a);
    listen_to(p, "f/.*");
    expect_found(p, "f/.*", "f/1");
    expect_listening(p, "f/.*");
    memory_expect_nothing(p);
}

/* f/1 with the subscriber a and the provider p. */
static struct memory_client *provided(struct memory_client *p)
{
    struct memory_client *a = subscriber("a", "f/1");
    expect_found(p, "f/.*", "f/1");
    accept_offer(p, "f/.*", "f/1");
    expect_provided(a, "f/1");
    return a;
}

static void a_second_subscriber_learns_of_the_provider_before_its_acknowledgement(void **state)
{
    (void)state;
    struct memory_client *p = listener("p", "f/.*"), *a = provided(p), *b = login("b");
    subscribe(b, "f/1");
    expect_provided(b, "f/1");
    expect_subscribed(b);
    memory_expect_nothing(a);
    memory_expect_nothing(p);
}

static void a_provider_that_leaves_is_followed_by_the_next_listener(void **state)
{
    (void)state;
    struct memory_client *p = listener("p", "f/.*"), *a = provided(p), *q = listener("q", "f/.*");
    memory_expect_nothing(q);
    unlisten(p, "f/.*");
    expect_unprovided(a, "f/1");
    expect_found(q, "f/.*", "f/1");
    expect_unlistened(p, "f/.*");
    accept_offer(q, "f/.*", "f/1");
    expect_provided(a, "f/1");
    memory_expect_nothing(p);
}

static void a_provider_whose_connection_ends_is_followed_by_the_next_listener(void **state)
{
    (void)state;
    struct memory_client *p = listener("p", "f/.*"), *a = provided(p), *q = listener("q", "f/.*");
    memory_disconnect(p);
    expect_unprovided(a, "f/1");
    expect_found(q, "f/.*", "f/1");
    memory_expect_nothing(p);
}

static void the_last_unsubscription_is_told_to_the_provider_before_its_acknowledgement(void **state)
{
    (void)state;
    struct memory_client *p = listener("p", "f/.*"), *a = provided(p);
    subscribe(p, "f/1");
    expect_provided(p, "f/1");
    expect_subscribed(p);
    unsubscribe(a, "f/1");
    expect_unsubscribed(a);
    memory_expect_nothing(p);
    unsubscribe(p, "f/1");
    expect_removed(p, "f/.*", "f/1");
    expect_unsubscribed(p);
    memory_expect_nothing(p);
    subscribe(a, "f/1"); /* nobody provides it any more */
    expect_subscribed(a);
    expect_found(p, "f/.*", "f/1");
}

static void the_end_of_the_last_subscriber_is_told_to_the_provider(void **state)
{
    (void)state;
    struct memory_client *p = listener("p", "f/.*"), *a = provided(p);
    memory_disconnect(a);
    expect_removed(p, "f/.*", "f/1");
    memory_expect_nothing(p);
}

static void a_deleted_record_is_told_to_its_provider(void **state)
{
    (void)state;
    struct memory_client *p = listener("p", "f/.*"), *a = provided(p);
    subscriptions_drop_name(node.subscriptions, SLICE("f/1"));
    expect_removed(p, "f/.*", "f/1");
    memory_expect_nothing(a);
}

static void a_silent_candidate_loses_its_turn(void **state)
{
    (void)state;
    struct listen_settings settings = LISTENING_PATIENT;
    settings.response_timeout_ms = 20;
    remake(TOPIC_RECORD, &settings);
    struct memory_client *p = listener("p", "f/.*"), *q = listener("q", "f/.*"),
                         *a = subscriber("a", "f/1");
    expect_found(p, "f/.*", "f/1");
    memory_run_until(memory, has_mail, p);
    expect_about(p, TOPIC_RECORD, RECORD_LISTEN_RESPONSE_TIMEOUT, NULL, "f/1");
    expect_found(q, "f/.*", "f/1");
    accept_offer(p, "f/.*", "f/1"); /* too late */
    memory_expect_nothing(a);
    accept_offer(q, "f/.*", "f/1");
    expect_provided(a, "f/1");
}

static void rejected_by_all_nobody_provides(void **state)
{
    (void)state;
    struct memory_client *p = listener("p", "f/.*"), *q = listener("q", "f/.*"),
                         *a = subscriber("a", "f/1");
    expect_found(p, "f/.*", "f/1");
    reject_offer(p, "f/.*", "f/1");
    expect_found(q, "f/.*", "f/1");
    reject_offer(q, "f/.*", "f/1");
    accept_offer(q, "f/.*", "f/1");
    memory_expect_nothing(p);
    memory_expect_nothing(q);
    memory_expect_nothing(a);
}

static void a_listener_that_subscribes_itself_is_asked_like_any_other(void **state)
{
    (void)state;
    struct memory_client *p = listener("p", "f/.*");
    subscribe(p, "f/1");
    expect_found(p, "f/.*", "f/1");
    expect_subscribed(p);
    accept_offer(p, "f/.*", "f/1");
    expect_provided(p, "f/1");
    memory_disconnect(p);
}

static void of_events_only_the_listener_hears(void **state)
{
    (void)state;
    remake(TOPIC_EVENT, &LISTENING_PATIENT);
    struct memory_client *p = login("p"), *a = login("a"), *b = login("b");
    say(p, TOPIC_EVENT, EVENT_LISTEN, "f/.*");
    expect_ack(p, TOPIC_EVENT, EVENT_LISTEN, "f/.*", NULL);
    say_names(a, TOPIC_EVENT, EVENT_SUBSCRIBE, "0", "f/1", NULL);
    expect_ack(a, TOPIC_EVENT, EVENT_SUBSCRIBE, NULL, "0");
    expect_about(p, TOPIC_EVENT, EVENT_SUBSCRIPTION_FOR_PATTERN_FOUND, "f/.*", "f/1");
    say_about(p, TOPIC_EVENT, EVENT_LISTEN_ACCEPT, "f/.*", "f/1");
    say_names(b, TOPIC_EVENT, EVENT_SUBSCRIBE, "0", "f/1", NULL);
    expect_ack(b, TOPIC_EVENT, EVENT_SUBSCRIBE, NULL, "0");
    memory_disconnect(b);
    say_names(a, TOPIC_EVENT, EVENT_UNSUBSCRIBE, "1", "f/1", NULL);
    expect_ack(a, TOPIC_EVENT, EVENT_UNSUBSCRIBE, NULL, "1");
    expect_about(p, TOPIC_EVENT, EVENT_SUBSCRIPTION_FOR_PATTERN_REMOVED, "f/.*", "f/1");
    memory_expect_nothing(a);
    memory_expect_nothing(p);
}

/* ---- patterns ---- */

static void a_pattern_is_an_expression_that_matches_anywhere(void **state)
{
    (void)state;
    struct memory_client *p = listener("p", "[0-9]$"), *a = login("a");
    subscribe(a, "no number");
    expect_subscribed(a);
    memory_expect_nothing(p);
    subscribe(a, "any/4");
    expect_subscribed(a);
    expect_found(p, "[0-9]$", "any/4");
}

static void what_is_no_expression_is_refused(void **state)
{
    (void)state;
    struct memory_client *p = login("p");
    listen_to(p, "a(b");
    expect_name(p, TOPIC_RECORD, RECORD_INVALID_LISTEN_REGEX, "a(b");
    memory_expect_nothing(p);
    unlisten(p, "a(b");
    expect_unlistened(p, "a(b");
}

static void F4_a_pattern_without_text_is_malformed(void **state)
{
    (void)state;
    struct memory_client *p = login("p");
    listen_to(p, NULL);
    expect_refusal(p, TOPIC_RECORD, RECORD_INVALID_MESSAGE_DATA, NULL, NULL, RECORD_LISTEN, true);
    memory_expect_nothing(p);
}

static void F4_a_repeated_listen_is_refused_then_acknowledged(void **state)
{
    (void)state;
    struct memory_client *p = listener("p", "f/.*");
    listen_to(p, "f/.*");
    expect_refusal(p, TOPIC_RECORD, RECORD_MULTIPLE_SUBSCRIPTIONS, "f/.*", NULL, RECORD_LISTEN,
                   false);
    expect_listening(p, "f/.*");
    subscriber("a", "f/1");
    expect_found(p, "f/.*", "f/1");
    reject_offer(p, "f/.*", "f/1");
    memory_expect_nothing(p);

    remake(TOPIC_EVENT, &LISTENING_PATIENT);
    p = login("p");
    say(p, TOPIC_EVENT, EVENT_LISTEN, "f/.*");
    expect_ack(p, TOPIC_EVENT, EVENT_LISTEN, "f/.*", NULL);
    say(p, TOPIC_EVENT, EVENT_LISTEN, "f/.*");
    expect_refusal(p, TOPIC_EVENT, EVENT_MULTIPLE_SUBSCRIPTIONS, "f/.*", NULL, EVENT_LISTEN, false);
    expect_ack(p, TOPIC_EVENT, EVENT_LISTEN, "f/.*", NULL);
}

static void B19_unlistening_what_never_was_is_acknowledged(void **state)
{
    (void)state;
    struct memory_client *p = login("p");
    unlisten(p, "f/.*");
    expect_unlistened(p, "f/.*");
    memory_expect_nothing(p);
}

static void a_pattern_that_costs_too_much_gets_no_more_names(void **state)
{
    (void)state;
    struct memory_client *p = listener("p", "^(a+)+$"), *q = listener("q", "^a"), *a = login("a");
    char name[64];
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa%d", i);
        subscribe(a, name);
        expect_found(q, "^a", name);
    }
    assert_true(memory_logged(memory, "LIMIT_EXCEEDED", "(a+)+"));
    subscribe(a, "aaa");
    expect_found(q, "^a", "aaa");
    memory_expect_nothing(p);
}

static void a_client_has_a_bounded_number_of_patterns(void **state)
{
    (void)state;
    struct memory_client *p = login("p");
    char pattern[16];
    for (int i = 0; i < 1000; i++) {
        snprintf(pattern, sizeof pattern, "p%d", i);
        listen_to(p, pattern);
        expect_listening(p, pattern);
    }
    listen_to(p, "one more");
    expect_refusal(p, TOPIC_RECORD, RECORD_MULTIPLE_SUBSCRIPTIONS, "one more", NULL, RECORD_LISTEN,
                   false);
    memory_expect_nothing(p);
    assert_true(memory_logged(memory, "LIMIT_EXCEEDED", "one more"));
}

/* ---- B8 ---- */

static void B8a_a_listener_that_leaves_does_not_end_the_search_for_another(void **state)
{
    (void)state;
    struct memory_client *p = listener("p", "f/.*"), *q = listener("q", ".*1"),
                         *r = listener("r", "f/.*"), *a = subscriber("a", "f/1");
    expect_found(p, "f/.*", "f/1");
    unlisten(q, ".*1");
    expect_unlistened(q, ".*1");
    memory_disconnect(r);
    accept_offer(p, "f/.*", "f/1");
    expect_provided(a, "f/1");
    memory_expect_nothing(q);
    memory_expect_nothing(r);
}

static void B8a_when_the_one_that_was_asked_leaves_the_next_is_asked(void **state)
{
    (void)state;
    struct memory_client *p = listener("p", "f/.*"), *q = listener("q", "f/.*"),
                         *r = listener("r", "f/.*"), *a = subscriber("a", "f/1");
    expect_found(p, "f/.*", "f/1");
    unlisten(p, "f/.*");
    expect_unlistened(p, "f/.*");
    expect_found(q, "f/.*", "f/1");
    memory_disconnect(q);
    expect_found(r, "f/.*", "f/1");
    accept_offer(r, "f/.*", "f/1");
    expect_provided(a, "f/1");
}

static void B8c_only_the_one_that_was_asked_may_accept(void **state)
{
    (void)state;
    struct memory_client *p = listener("p", "f/.*"), *q = listener("q", "f/.*"),
                         *thief = login("thief"), *a = subscriber("a", "f/1");
    expect_found(p, "f/.*", "f/1");
    accept_offer(q, "f/.*", "f/1");
    accept_offer(thief, "f/.*", "f/1");
    accept_offer(p, "other", "f/1");
    accept_offer(p, "f/.*", "other");
    reject_offer(thief, "f/.*", "f/1");
    memory_expect_nothing(a);
    memory_expect_nothing(q);
    accept_offer(p, "f/.*", "f/1");
    expect_provided(a, "f/1");
    accept_offer(p, "f/.*", "f/1");
    memory_expect_nothing(a);
}

static void B8d_the_last_unsubscription_ends_a_search(void **state)
{
    (void)state;
    struct memory_client *p = listener("p", "f/.*"), *q = listener("q", "f/.*"),
                         *a = subscriber("a", "f/1");
    expect_found(p, "f/.*", "f/1");
    unsubscribe(a, "f/1");
    expect_removed(p, "f/.*", "f/1");
    expect_unsubscribed(a);
    accept_offer(p, "f/.*", "f/1");
    subscribe(a, "f/1");
    expect_subscribed(a);
    expect_found(p, "f/.*", "f/1");
    memory_expect_nothing(q);
    memory_expect_nothing(a);
}

static void B8e_a_provision_that_ended_leaves_nothing_behind(void **state)
{
    (void)state;
    struct memory_client *p = listener("p", "f/.*"), *a = login("a");
    for (int i = 0; i < 100; i++) {
        subscribe(a, "f/1");
        expect_subscribed(a);
        expect_found(p, "f/.*", "f/1");
        accept_offer(p, "f/.*", "f/1");
        expect_provided(a, "f/1");
        unsubscribe(a, "f/1");
        expect_removed(p, "f/.*", "f/1");
        expect_unsubscribed(a);
    }
    memory_disconnect(p);
    memory_expect_nothing(a);
}

/* ---- whom to ask ---- */

static void a_listener_that_comes_during_a_search_is_asked_last(void **state)
{
    (void)state;
    struct memory_client *p = listener("p", "f/.*");
    subscriber("a", "f/1");
    expect_found(p, "f/.*", "f/1");
    struct memory_client *q = listener("q", "f/.*");
    memory_expect_nothing(q);
    reject_offer(p, "f/.*", "f/1");
    expect_found(q, "f/.*", "f/1");
}

static void coming_back_during_a_search_gives_no_second_turn(void **state)
{
    (void)state;
    struct memory_client *p = listener("p", "f/.*"), *q = listener("q", "f/.*");
    subscriber("a", "f/1");
    expect_found(p, "f/.*", "f/1");
    for (int i = 0; i < 3; i++) {
        unlisten(p, "f/.*");
        expect_unlistened(p, "f/.*");
        listen_to(p, "f/.*");
        expect_listening(p, "f/.*");
    }
    expect_found(q, "f/.*", "f/1");
    reject_offer(q, "f/.*", "f/1");
    memory_expect_nothing(p);
    memory_expect_nothing(q);
}

static void who_came_back_to_a_pattern_that_all_had_left_is_let_go_when_it_ends(void **state)
{
    (void)state;
    struct memory_client *p = listener("p", "f/.*"), *q = listener("q", "^f"),
                         *r = listener("r", "1$"), *a = subscriber("a", "f/1");
    expect_found(p, "f/.*", "f/1");
    unlisten(q, "^f"); /* nobody else listens with it */
    expect_unlistened(q, "^f");
    listen_to(q, "^f");
    expect_listening(q, "^f");
    reject_offer(p, "f/.*", "f/1");
    expect_found(r, "1$", "f/1"); /* q has gone to the end */
    reject_offer(r, "1$", "f/1");
    expect_found(q, "^f", "f/1");
    memory_disconnect(q);
    struct memory_client *s = login("s");
    listen_to(s, "f/1");
    expect_found(p, "f/.*", "f/1"); /* the search of before is over */
    expect_listening(s, "f/1");
    unsubscribe(a, "f/1");
    expect_removed(p, "f/.*", "f/1");
    expect_unsubscribed(a);
}

static void one_client_may_be_asked_with_each_of_its_patterns(void **state)
{
    (void)state;
    struct memory_client *p = listener("p", "f/.*");
    listen_to(p, "1$");
    expect_listening(p, "1$");
    struct memory_client *a = subscriber("a", "f/1");
    expect_found(p, "f/.*", "f/1");
    reject_offer(p, "f/.*", "f/1");
    expect_found(p, "1$", "f/1");
    accept_offer(p, "1$", "f/1");
    expect_provided(a, "f/1");
    unlisten(p, "1$"); /* it still listens with the other */
    expect_unprovided(a, "f/1");
    expect_found(p, "f/.*", "f/1");
    expect_unlistened(p, "1$");
}

static void shuffled_listeners_are_all_asked_first_now_and_then(void **state)
{
    (void)state;
    struct listen_settings settings = LISTENING_PATIENT;
    settings.shuffle_providers = true;
    remake(TOPIC_RECORD, &settings);
    struct memory_client *listeners[2] = {listener("p", "f/.*"), listener("q", "f/.*")};
    struct memory_client *a = login("a");
    int first[2] = {0};
    for (int i = 0; i < 64; i++) {
        subscribe(a, "f/1");
        expect_subscribed(a);
        int asked = has_mail(listeners[0]) ? 0 : 1;
        first[asked]++;
        expect_found(listeners[asked], "f/.*", "f/1");
        memory_expect_nothing(listeners[1 - asked]);
        unsubscribe(a, "f/1");
        expect_removed(listeners[asked], "f/.*", "f/1");
        expect_unsubscribed(a);
    }
    assert_true(first[0] > 5 && first[1] > 5);
}

static void from_time_to_time_unprovided_names_are_offered_again(void **state)
{
    (void)state;
    struct listen_settings settings = LISTENING_PATIENT;
    settings.rematch_interval_ms = 1001;
    remake(TOPIC_RECORD, &settings);
    struct memory_client *p = listener("p", "f/.*"), *a = subscriber("a", "f/1");
    expect_found(p, "f/.*", "f/1");
    reject_offer(p, "f/.*", "f/1");
    memory_expect_nothing(p);
    memory_run_until(memory, has_mail, p);
    expect_found(p, "f/.*", "f/1");
    accept_offer(p, "f/.*", "f/1");
    expect_provided(a, "f/1");
}

/* ---- many names: a listener is served in slices ---- */

#define BULK 10000

/* many/0 and so on; another client than those that listen. */
static void say_many(struct memory_client *client, unsigned action, size_t count)
{
    slice *names = calloc(BULK, sizeof *names);
    char *texts = calloc(BULK, 16);
    assert_true(names != NULL && texts != NULL && count % BULK == 0);
    for (size_t done = 0; done < count; done += BULK) {
        struct message message = MESSAGE(TOPIC_RECORD, (uint16_t)action);
        for (size_t i = 0; i < BULK; i++) {
            snprintf(texts + 16 * i, 16, "many/%zu", done + i);
            names[i] = slice_of(texts + 16 * i);
        }
        message_set_names(&message, names, BULK);
        memory_send(client, &message);
        memory_expect(client, TOPIC_RECORD, action);
    }
    free(texts);
    free(names);
}

static bool has_acknowledgement(const struct memory_client *client)
{
    return client->sent.count > 0 && client->sent.items[client->sent.count - 1]->is_ack;
}

/* Turns of the loop until the client has its acknowledgement; in each, another one is served. */
static size_t turns_until_acknowledged(struct memory_client *client, struct memory_client *other)
{
    size_t turns = 0;
    for (; !has_acknowledgement(client); turns++) {
        assert_true(turns < 1000000);
        uv_run(&memory->loop, UV_RUN_NOWAIT);
        say(other, TOPIC_CONNECTION, CONNECTION_PING, NULL);
        memory_expect(other, TOPIC_CONNECTION, CONNECTION_PONG);
    }
    return turns;
}

static void expect_found_times(struct memory_client *client, size_t count)
{
    while (count-- > 0)
        memory_expect(client, TOPIC_RECORD, RECORD_SUBSCRIPTION_FOR_PATTERN_FOUND);
}

static void a_listener_among_many_names_is_served_over_many_turns_of_the_loop(void **state)
{
    (void)state;
    struct memory_client *a = login("a"), *p = login("p"), *q = login("q");
    say_many(a, RECORD_SUBSCRIBE, 100000);
    listen_to(p, "7777$");
    listen_to(q, "8888$");
    assert_false(has_acknowledgement(p) || has_acknowledgement(q));
    assert_true(turns_until_acknowledged(p, a) > 20);
    expect_found_times(p, 10);
    expect_listening(p, "7777$");
    turns_until_acknowledged(q, a);
    expect_found_times(q, 10);
    expect_listening(q, "8888$");
    memory_expect_nothing(p);
}

static void
names_that_go_during_a_scan_are_left_out_and_those_that_come_are_offered_once(void **state)
{
    (void)state;
    struct memory_client *a = login("a"), *b = login("b"), *p = login("p");
    say_many(a, RECORD_SUBSCRIBE, 30000);
    listen_to(p, "many/.*(00|new)");
    size_t found = p->sent.count - p->taken;
    assert_false(has_acknowledgement(p));
    say_many(a, RECORD_UNSUBSCRIBE, 30000);
    subscribe(b, "many/new");
    expect_subscribed(b);
    turns_until_acknowledged(p, b);
    expect_found_times(p, found);
    for (size_t i = 0; i < found; i++)
        memory_expect(p, TOPIC_RECORD, RECORD_SUBSCRIPTION_FOR_PATTERN_REMOVED);
    expect_found(p, "many/.*(00|new)", "many/new");
    expect_listening(p, "many/.*(00|new)");
    memory_expect_nothing(p);
}

static void who_stops_listening_during_a_scan_is_acknowledged_and_offered_no_more(void **state)
{
    (void)state;
    struct memory_client *a = login("a"), *p = login("p"), *q = login("q"), *r = login("r");
    say_many(a, RECORD_SUBSCRIBE, 30000);
    listen_to(p, "none$");
    listen_to(q, "none$");
    listen_to(r, "999$");
    unlisten(p, "none$");
    expect_listening(p, "none$");
    expect_unlistened(p, "none$");
    memory_disconnect(q);
    turns_until_acknowledged(r, a);
    expect_found_times(r, 30);
    expect_listening(r, "999$");
    memory_expect_nothing(p);
    memory_expect_nothing(q);
}

static void a_node_may_end_during_a_scan(void **state)
{
    (void)state;
    struct memory_client *a = login("a"), *p = login("p");
    say_many(a, RECORD_SUBSCRIBE, 30000);
    listen_to(p, "none$");
    assert_false(has_acknowledgement(p)); /* the rest is up to tear_down */
}

/* ---- H20 ---- */

static enum double_answer keep_secret(void *context, const struct ds_permission_request *request)
{
    (void)context;
    bool secret = slice_starts_with(request->name, SLICE("secret"));
    return request->action == RECORD_LISTEN && secret ? ANSWER_DENY : ANSWER_ALLOW;
}

static void H20_a_name_that_the_rules_deny_is_not_offered(void **state)
{
    (void)state;
    memory->permission.answer = keep_secret;
    struct memory_client *p = listener("p", ".*"), *q = listener("q", "[s]ecret/.*"),
                         *a = login("a");
    subscribe(a, "secret/1");
    expect_subscribed(a);
    memory_expect_nothing(p);
    memory_expect_nothing(q);
    accept_offer(p, ".*", "secret/1");
    memory_expect_nothing(a);
    subscribe(a, "open/1");
    expect_subscribed(a);
    expect_found(p, ".*", "open/1");

    const struct double_question *last =
        memory->permission.asked.items[memory->permission.asked.count - 1];
    assert_int_equal(last->request.topic, TOPIC_RECORD);
    assert_int_equal(last->request.action, RECORD_LISTEN);
    assert_string_equal(last->name, "open/1");
    assert_ptr_equal(last->request.user, p->session->user);
}

static void H20_a_verdict_may_come_later(void **state)
{
    (void)state;
    memory->permission.answer = decide_names_later;
    struct memory_client *p = listener("p", "f/.*"), *q = listener("q", "f/.*"),
                         *a = subscriber("a", "f/1");
    memory_expect_nothing(p);
    accept_offer(p, "f/.*", "f/1"); /* it was not offered */
    assert_true(permission_double_decide(&memory->permission, DS_UNDECIDED));
    memory_expect_nothing(p);
    assert_true(permission_double_decide(&memory->permission, DS_ALLOW));
    expect_found(q, "f/.*", "f/1");
    memory_expect_nothing(a);
    accept_offer(q, "f/.*", "f/1");
    expect_provided(a, "f/1");
}

static void H20_whoever_stops_listening_while_the_rules_decide_is_not_asked(void **state)
{
    (void)state;
    memory->permission.answer = decide_names_later;
    struct memory_client *p = listener("p", "f/.*"), *q = listener("q", "f/.*");
    subscriber("a", "f/1");
    memory_disconnect(p);
    assert_true(permission_double_decide(&memory->permission, DS_ALLOW));
    memory_expect_nothing(p);
    assert_true(permission_double_decide(&memory->permission, DS_ALLOW));
    expect_found(q, "f/.*", "f/1");
}

static void H20_a_search_that_ends_while_the_rules_decide_offers_nothing(void **state)
{
    (void)state;
    memory->permission.answer = decide_names_later;
    struct memory_client *p = listener("p", "f/.*"), *a = subscriber("a", "f/1");
    unsubscribe(a, "f/1");
    expect_unsubscribed(a);
    assert_true(permission_double_decide(&memory->permission, DS_ALLOW));
    memory_expect_nothing(p);
    subscribe(a, "f/1");
    expect_subscribed(a);
    assert_true(permission_double_decide(&memory->permission, DS_ALLOW));
    expect_found(p, "f/.*", "f/1");
    subscribe(a, "f/11");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_later_subscriber_makes_the_listener_asked),
        TEST(names_subscribed_before_are_offered_before_the_acknowledgement),
        TEST(a_second_subscriber_learns_of_the_provider_before_its_acknowledgement),
        TEST(a_provider_that_leaves_is_followed_by_the_next_listener),
        TEST(a_provider_whose_connection_ends_is_followed_by_the_next_listener),
        TEST(the_last_unsubscription_is_told_to_the_provider_before_its_acknowledgement),
        TEST(the_end_of_the_last_subscriber_is_told_to_the_provider),
        TEST(a_deleted_record_is_told_to_its_provider),
        TEST(a_silent_candidate_loses_its_turn),
        TEST(rejected_by_all_nobody_provides),
        TEST(a_listener_that_subscribes_itself_is_asked_like_any_other),
        TEST(of_events_only_the_listener_hears),
        TEST(a_pattern_is_an_expression_that_matches_anywhere),
        TEST(what_is_no_expression_is_refused),
        TEST(F4_a_pattern_without_text_is_malformed),
        TEST(F4_a_repeated_listen_is_refused_then_acknowledged),
        TEST(B19_unlistening_what_never_was_is_acknowledged),
        TEST(a_pattern_that_costs_too_much_gets_no_more_names),
        TEST(a_client_has_a_bounded_number_of_patterns),
        TEST(B8a_a_listener_that_leaves_does_not_end_the_search_for_another),
        TEST(B8a_when_the_one_that_was_asked_leaves_the_next_is_asked),
        TEST(B8c_only_the_one_that_was_asked_may_accept),
        TEST(B8d_the_last_unsubscription_ends_a_search),
        TEST(B8e_a_provision_that_ended_leaves_nothing_behind),
        TEST(a_listener_that_comes_during_a_search_is_asked_last),
        TEST(coming_back_during_a_search_gives_no_second_turn),
        TEST(who_came_back_to_a_pattern_that_all_had_left_is_let_go_when_it_ends),
        TEST(one_client_may_be_asked_with_each_of_its_patterns),
        TEST(shuffled_listeners_are_all_asked_first_now_and_then),
        TEST(from_time_to_time_unprovided_names_are_offered_again),
        TEST(a_listener_among_many_names_is_served_over_many_turns_of_the_loop),
        TEST(names_that_go_during_a_scan_are_left_out_and_those_that_come_are_offered_once),
        TEST(who_stops_listening_during_a_scan_is_acknowledged_and_offered_no_more),
        TEST(a_node_may_end_during_a_scan),
        TEST(H20_a_name_that_the_rules_deny_is_not_offered),
        TEST(H20_a_verdict_may_come_later),
        TEST(H20_whoever_stops_listening_while_the_rules_decide_is_not_asked),
        TEST(H20_a_search_that_ends_while_the_rules_decide_offers_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
