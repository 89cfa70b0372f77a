/* Setting up, saying and expecting. */

#include "record_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct record_world world;

static const slice HOT[] = {SLICE("hot/")};
static const slice EXCLUDED[] = {SLICE("gone/"), SLICE("other/")};

static enum double_answer answer(void *context, const struct ds_permission_request *request)
{
    (void)context;
    if (request->topic != TOPIC_RECORD)
        return ANSWER_ALLOW;
    if (world.denied != NULL && slice_equal(request->name, slice_of(world.denied)))
        return ANSWER_DENY;
    if (world.denied_action != 0 && request->action == world.denied_action)
        return ANSWER_DENY;
    if (world.undecided_data != NULL && request->payload == DS_PAYLOAD_JSON &&
        slice_equal(request->data, slice_of(world.undecided_data)))
        return ANSWER_UNDECIDED;
    return world.decides_late ? ANSWER_LATER : ANSWER_ALLOW;
}

/* The pipeline knows this handler, so that a test may free the one behind it. */
static void on_message(void *self, struct session *session, const struct message *message)
{
    const struct handler *table = record_handler_table(world.records);
    (void)self;
    table->on_message(table->self, session, message);
}

static void on_close(void *self, struct session *session)
{
    (void)self;
    if (world.records == NULL)
        return;
    const struct handler *table = record_handler_table(world.records);
    table->on_close(table->self, session);
}

static const struct handler door = {.on_message = on_message, .on_close = on_close};

static void begin(bool has_storage, uint32_t timeout_ms)
{
    world = (struct record_world){0};
    handler_world_init(&world.node);
    world.node.memory.permission.answer = answer;
    world.settings = (struct record_settings){
        .cache_timeout_ms = timeout_ms,
        .storage_timeout_ms = timeout_ms,
        .storage_exclusion_prefixes = EXCLUDED,
        .storage_exclusion_count = 2,
        .storage_hot_path_prefixes = HOT,
        .storage_hot_path_count = 1,
        .max_queue_per_record = 3,
        .max_json_depth = 16,
        .cache = &store_double_cache,
        .cache_self = &world.cache,
        .storage = has_storage ? &store_double_storage : NULL,
        .storage_self = &world.storage,
        .listen = {.response_timeout_ms = 500},
    };
    world.records = record_handler_new(&world.node.services, &world.settings);
    pipeline_add_handler(world.node.memory.pipeline, TOPIC_RECORD, &door);
}

int record_world_set_up(void **state)
{
    (void)state;
    begin(true, 30000);
    return 0;
}

int record_world_set_up_without_storage(void **state)
{
    (void)state;
    begin(false, 30000);
    return 0;
}

int record_world_set_up_hasty(void **state)
{
    (void)state;
    begin(true, 5);
    return 0;
}

static bool answer_all(void)
{
    bool is_any = false;
    while (store_answer(&world.cache) || store_answer(&world.storage) ||
           permission_double_decide(&world.node.memory.permission, DS_ALLOW))
        is_any = true;
    return is_any;
}

int record_world_tear_down(void **state)
{
    (void)state;
    handler_world_leave(&world.node);
    answer_all();
    record_handler_free(&world.records);
    assert_false(answer_all());
    handler_world_fini(&world.node);
    store_double_fini(&world.cache);
    store_double_fini(&world.storage);
    return 0;
}

struct memory_client *login(const char *user)
{
    return memory_login(&world.node.memory, user);
}

struct memory_client *subscribed(const char *user, const char *name)
{
    struct memory_client *client = login(user);
    bool was_late = world.decides_late;
    world.decides_late = false;
    say_names(client, TOPIC_RECORD, RECORD_SUBSCRIBE, "s", name, NULL);
    expect_ack(client, TOPIC_RECORD, RECORD_SUBSCRIBE, NULL, "s");
    world.decides_late = was_late;
    return client;
}

/* ---- saying ---- */

void say_write_(struct memory_client *client, const struct said *said)
{
    struct message message = MESSAGE(TOPIC_RECORD, (uint16_t)said->action);
    MESSAGE_SET(&message, name, slice_of(said->name));
    if (!said->has_no_version)
        MESSAGE_SET(&message, version, said->version);
    if (said->path != NULL)
        MESSAGE_SET(&message, path, slice_of(said->path));
    if (said->data != NULL)
        MESSAGE_SET(&message, data, slice_of(said->data));
    if (said->id != NULL) {
        MESSAGE_SET(&message, correlation_id, slice_of(said->id));
        MESSAGE_SET(&message, is_write_ack, true);
    }
    memory_send(client, &message);
}

/* ---- expecting ---- */

static void expect_text(const char *field, bool is_present, slice text, const char *wanted,
                        const char *file, int line)
{
    if (is_present != (wanted != NULL))
        fail_msg("%s:%d: %s is %s: " SLICE_FORMAT, file, line, field,
                 is_present ? "there" : "not there", SLICE_ARGUMENTS(text));
    if (is_present && !slice_equal(text, slice_of(wanted)))
        fail_msg("%s:%d: %s is " SLICE_FORMAT ", not %s", file, line, field, SLICE_ARGUMENTS(text),
                 wanted);
}

static void expect_number(const char *field, bool is_present, int64_t number, bool is_wanted,
                          int64_t wanted, const char *file, int line)
{
    if (is_present != is_wanted)
        fail_msg("%s:%d: %s is %s", file, line, field, is_present ? "there" : "not there");
    if (is_present && number != wanted)
        fail_msg("%s:%d: %s is %lld, not %lld", file, line, field, (long long)number,
                 (long long)wanted);
}

static void expect_action(const struct message *message, unsigned action, const char *file,
                          int line)
{
    if (message == NULL)
        fail_msg("%s:%d: nothing was sent", file, line);
    if (message->topic == TOPIC_RECORD && message->action == action)
        return;
    slice got = action_name(message->topic, message->action);
    slice wanted = action_name(TOPIC_RECORD, action);
    fail_msg("%s:%d: " SLICE_FORMAT " (%u) was sent, not " SLICE_FORMAT, file, line,
             SLICE_ARGUMENTS(got), message->action, SLICE_ARGUMENTS(wanted));
}

#define TEXT(field, wanted)                                                                        \
    expect_text(#field, MESSAGE_HAS(message, field), message->field, wanted, file, line)
#define NUMBER(field, is_wanted, wanted)                                                           \
    expect_number(#field, MESSAGE_HAS(message, field), message->field, is_wanted, wanted, file,    \
                  line)

void expect_(struct memory_client *client, const struct expected *expected, const char *file,
             int line)
{
    const struct message *message = memory_take(client);
    expect_action(message, expected->action, file, line);
    TEXT(name, expected->name);
    TEXT(path, expected->path);
    TEXT(data, expected->data);
    TEXT(correlation_id, expected->id);
    TEXT(subscription, NULL);
    NUMBER(version, expected->has_version, expected->version);
    NUMBER(original_action, expected->original_action != 0, expected->original_action);
    NUMBER(is_write_ack, expected->has_write_ack, expected->write_ack);
    NUMBER(is_error, expected->is_error, true);
    NUMBER(is_ack, false, false);
    if (message->name_count != 0 || message->version_count != 0)
        fail_msg("%s:%d: there are names", file, line);
}

void expect_ack_names(struct memory_client *client, unsigned action, const char *id, ...)
{
    const struct message *message = memory_take(client);
    expect_action(message, action, __FILE__, __LINE__);
    assert_true(message->is_ack);
    assert_true(slice_equal(message->correlation_id, slice_of(id)));
    assert_false(MESSAGE_HAS(message, name));
    assert_false(MESSAGE_HAS(message, data));
    va_list names;
    va_start(names, id);
    uint32_t count = 0;
    for (const char *name; (name = va_arg(names, const char *)) != NULL; count++) {
        assert_true(count < message->name_count);
        assert_true(slice_equal(message->names[count], slice_of(name)));
    }
    va_end(names);
    assert_int_equal(message->name_count, count);
}

void decide(enum ds_verdict verdict)
{
    assert_true(permission_double_decide(&world.node.memory.permission, verdict));
}

size_t asked_count(void)
{
    return world.node.memory.permission.asked.count;
}

unsigned asked_action(size_t index)
{
    assert_true(index < asked_count());
    return world.node.memory.permission.asked.items[index]->request.action;
}

const char *asked_data(size_t index)
{
    assert_true(index < asked_count());
    return world.node.memory.permission.asked.items[index]->data;
}

static void expect_entry(const struct store_double *store, const char *name, int32_t version,
                         const char *data)
{
    const char *there;
    assert_int_equal(store_version(store, name, &there), version);
    if (data == NULL)
        assert_null(there);
    else
        assert_string_equal(there, data);
}

void expect_cached(const char *name, int32_t version, const char *data)
{
    expect_entry(&world.cache, name, version, data);
}

void expect_stored(const char *name, int32_t version, const char *data)
{
    expect_entry(&world.storage, name, version, data);
}

bool has_message(void *client)
{
    const struct memory_client *self = client;
    return self->taken < self->sent.count;
}

void wait_for_message(struct memory_client *client)
{
    memory_run_until(&world.node.memory, has_message, client);
}
