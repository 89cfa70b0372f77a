/* Many clients, few records, answers that come late and in any mixture: whatever the order, each
 * acknowledged write is answered once, subscribers see each version once and in order, and cache,
 * storage and what was seen agree in the end. The same cases each time. */

#include "record_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define ROUNDS 200
#define MESSAGES 60
#define CLIENTS 5
#define NAMES 2

static const char *const names[NAMES] = {"r", "s"};

static uint64_t random_state;

static uint32_t any_of(uint32_t count)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % count;
}

struct author {
    struct memory_client *client;
    uint32_t acks_wanted;
    uint32_t reads_wanted;
    uint32_t opens_wanted;
    uint32_t deletes_wanted;
};

static struct author authors[CLIENTS];
static uint32_t next_id;

/* ---- messages ---- */

static void send_write(struct author *author, const char *name)
{
    static const unsigned actions[] = {RECORD_UPDATE, RECORD_CREATEANDUPDATE, RECORD_PATCH,
                                       RECORD_CREATEANDPATCH, RECORD_ERASE};
    char id[16], data[32];
    unsigned action = actions[any_of(5)];
    bool has_path =
        action == RECORD_PATCH || action == RECORD_CREATEANDPATCH || action == RECORD_ERASE;
    snprintf(id, sizeof id, "%u", next_id);
    snprintf(data, sizeof data, has_path ? "%u" : "{\"n\":%u}", next_id++);
    struct said said = {.action = action,
                        .name = name,
                        .version = any_of(3) == 0 ? (int)any_of(6) : -1,
                        .path = has_path ? "n" : NULL,
                        .data = action == RECORD_ERASE ? NULL : data,
                        .id = any_of(4) == 0 ? NULL : id};
    author->acks_wanted += said.id != NULL;
    say_write_(author->client, &said);
}

static void send_any(struct author *author)
{
    const char *name = names[any_of(NAMES)];
    switch (any_of(10)) {
    case 0:
        author->deletes_wanted++;
        say(author->client, TOPIC_RECORD, RECORD_DELETE, name);
        break;
    case 1:
        author->reads_wanted++;
        say(author->client, TOPIC_RECORD, any_of(2) == 0 ? RECORD_READ : RECORD_HEAD, name);
        break;
    case 2:
        author->opens_wanted += NAMES;
        say_names(author->client, TOPIC_RECORD,
                  any_of(2) == 0 ? RECORD_SUBSCRIBECREATEANDREAD : RECORD_SUBSCRIBEANDREAD, "o",
                  names[0], names[1], NULL);
        break;
    default:
        send_write(author, name);
    }
}

/* ---- answers ---- */

static bool answer_any(void)
{
    switch (any_of(3)) {
    case 0:
        return store_answer(&world.cache);
    case 1:
        return store_answer(&world.storage);
    default:
        return permission_double_decide(&world.node.memory.permission,
                                        any_of(8) == 0 ? DS_DENY : DS_ALLOW);
    }
}

static void answer_everything(void)
{
    while (store_answer(&world.cache) || store_answer(&world.storage) ||
           permission_double_decide(&world.node.memory.permission, DS_ALLOW)) {
    }
}

static void choose_what_is_late(void)
{
    for (int kind = 0; kind < STORE_CALL_KINDS; kind++) {
        world.cache.is_late[kind] = any_of(2) == 0;
        world.storage.is_late[kind] = any_of(2) == 0;
    }
    world.decides_late = any_of(2) == 0;
}

/* ---- what must hold ---- */

static void count_replies(struct author *author)
{
    for (const struct message *reply; (reply = memory_take(author->client)) != NULL;) {
        bool is_refusal = reply->is_error;
        if (MESSAGE_HAS(reply, is_write_ack) && reply->is_write_ack)
            author->acks_wanted--;
        else if (reply->action == RECORD_DELETE_SUCCESS ||
                 reply->action == RECORD_RECORD_DELETE_ERROR ||
                 (is_refusal && reply->original_action == RECORD_DELETE))
            author->deletes_wanted--;
        else if (is_refusal && (reply->original_action == RECORD_SUBSCRIBECREATEANDREAD ||
                                reply->original_action == RECORD_SUBSCRIBEANDREAD))
            author->opens_wanted--;
        else if (reply->action == RECORD_HEAD_RESPONSE ||
                 (is_refusal &&
                  (reply->original_action == RECORD_READ || reply->original_action == RECORD_HEAD)))
            author->reads_wanted--;
        else if (reply->action == RECORD_READ_RESPONSE) /* of a READ, or of an open */
            author->opens_wanted--;
    }
}

/* Versions of one name, as its subscriber sees them: each once, in order, until the record is
 * deleted, which ends the subscription. */
struct watcher {
    struct memory_client *client;
    int32_t version;
    bool is_deleted;
};

static void check_order(struct watcher *watcher)
{
    for (const struct message *seen; (seen = memory_take(watcher->client)) != NULL;) {
        assert_false(watcher->is_deleted);
        if (seen->action == RECORD_DELETED) {
            watcher->is_deleted = true;
            continue;
        }
        assert_true(seen->action == RECORD_UPDATE || seen->action == RECORD_PATCH);
        assert_false(seen->is_write_ack);
        assert_int_equal(seen->version, watcher->version + 1);
        watcher->version = seen->version;
    }
}

static void check_stores(const char *name, const struct watcher *watcher)
{
    const char *cached, *stored;
    int32_t version = store_version(&world.cache, name, &cached);
    if (!watcher->is_deleted && version != DS_MISSING)
        assert_int_equal(version, watcher->version);
    assert_int_equal(store_version(&world.storage, name, &stored), version);
    if (version != DS_MISSING)
        assert_string_equal(cached, stored);
}

static void note_drained(void *context)
{
    *(bool *)context = true;
}

static bool has_drained(void *context)
{
    return *(bool *)context;
}

static void play(void)
{
    struct watcher watchers[NAMES];
    for (int i = 0; i < NAMES; i++)
        watchers[i] = (struct watcher){.client = subscribed("watcher", names[i])};
    for (int i = 0; i < CLIENTS; i++)
        authors[i] = (struct author){.client = login("author")};
    for (int i = 0; i < MESSAGES; i++) {
        choose_what_is_late();
        send_any(&authors[any_of(CLIENTS)]);
        for (uint32_t answers = any_of(4); answers > 0; answers--)
            answer_any();
    }
    answer_everything();
    for (int i = 0; i < NAMES; i++) {
        check_order(&watchers[i]);
        check_stores(names[i], &watchers[i]);
    }
    for (int i = 0; i < CLIENTS; i++) {
        count_replies(&authors[i]);
        assert_int_equal(authors[i].acks_wanted, 0);
        assert_int_equal(authors[i].deletes_wanted, 0);
        /* a READ and an open may both be answered by a READ_RESPONSE */
        assert_int_equal(authors[i].opens_wanted + authors[i].reads_wanted, 0);
    }
    bool is_drained = false;
    record_handler_drain(world.records, note_drained, &is_drained);
    memory_run_until(&world.node.memory, has_drained, &is_drained);
}

static void every_mixture_ends_in_agreement(void **state)
{
    for (uint64_t round = 0; round < ROUNDS; round++) {
        random_state = round * 0x9E3779B97F4A7C15u + 1;
        record_world_set_up(state);
        world.cache.keeps_order = world.storage.keeps_order = true;
        play();
        record_world_tear_down(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mixture_ends_in_agreement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
