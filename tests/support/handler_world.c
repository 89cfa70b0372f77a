#include "support/handler_world.h"

#include "plugins/builtins.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void init(struct handler_world *world, struct cluster *cluster)
{
    memory_world_init(&world->memory);
    world->services =
        (struct handler_services){.loop = &world->memory.loop,
                                  .log = &world->memory.log,
                                  .pipeline = world->memory.pipeline,
                                  .cluster = cluster,
                                  .registry = ds_subscription_registry_default.operations};
}

void handler_world_init(struct handler_world *world)
{
    world->single = cluster_single_new(SLICE("alone"));
    init(world, world->single);
}

void handler_world_init_in(struct handler_world *world, struct memory_cluster *cluster,
                           const char *server_name)
{
    world->single = NULL;
    init(world, memory_cluster_join(cluster, server_name));
}

void handler_world_leave(struct handler_world *world)
{
    memory_disconnect_all(&world->memory);
    if (world->single == NULL)
        memory_cluster_leave(world->services.cluster);
}

void handler_world_fini(struct handler_world *world)
{
    memory_world_fini(&world->memory);
    cluster_single_free(&world->single);
}

/* ---- messages ---- */

#define SET_TEXT(message, field, text)                                                             \
    ((text) != NULL ? (void)MESSAGE_SET(message, field, slice_of(text)) : (void)0)

static struct message plain(enum topic topic, unsigned action)
{
    return MESSAGE((uint8_t)topic, (uint16_t)action);
}

void say_more(struct memory_client *client, enum topic topic, unsigned action, const char *name,
              const char *id, const char *data)
{
    struct message message = plain(topic, action);
    SET_TEXT(&message, name, name);
    SET_TEXT(&message, correlation_id, id);
    SET_TEXT(&message, data, data);
    memory_send(client, &message);
}

void say(struct memory_client *client, enum topic topic, unsigned action, const char *name)
{
    say_more(client, topic, action, name, NULL, NULL);
}

void say_names(struct memory_client *client, enum topic topic, unsigned action, const char *id, ...)
{
    VEC(slice) names = {0};
    va_list rest;
    va_start(rest, id);
    for (const char *name; (name = va_arg(rest, const char *)) != NULL;)
        VEC_PUSH(&names, slice_of(name));
    va_end(rest);
    struct message message = plain(topic, action);
    SET_TEXT(&message, correlation_id, id);
    message_set_names(&message, names.items, names.count);
    memory_send(client, &message);
    VEC_FREE(&names);
}

void say_about(struct memory_client *client, enum topic topic, unsigned action, const char *pattern,
               const char *subscription)
{
    struct message message = plain(topic, action);
    SET_TEXT(&message, name, pattern);
    SET_TEXT(&message, subscription, subscription);
    memory_send(client, &message);
}

/* ---- expectations ---- */

static void expect_text(const char *field, slice text, slice wanted)
{
    if (!slice_equal(text, wanted))
        fail_msg("%s is \"" SLICE_FORMAT "\", not \"" SLICE_FORMAT "\"", field,
                 SLICE_ARGUMENTS(text), SLICE_ARGUMENTS(wanted));
}

/* Lists are left out: whether an empty one is there, nobody can see on the wire. */
static void expect_same(struct memory_client *client, const struct message *wanted)
{
    const uint32_t lists = UINT32_C(1) << FIELD_names | UINT32_C(1) << FIELD_versions;
    const struct message *message = memory_expect(client, wanted->topic, wanted->action);
#define TEXT_FIELD(field) expect_text(#field, message->field, wanted->field);
#define NUMBER_FIELD(field) assert_int_equal(message->field, wanted->field);
#define FLAG_FIELD(field) assert_int_equal(message->field, wanted->field);
#include "message/fields.def"
    assert_int_equal(message->present & ~lists, wanted->present);
}

void expect_ack(struct memory_client *client, enum topic topic, unsigned action, const char *name,
                const char *id)
{
    struct message wanted = plain(topic, action);
    SET_TEXT(&wanted, name, name);
    SET_TEXT(&wanted, correlation_id, id);
    MESSAGE_SET(&wanted, is_ack, true);
    expect_same(client, &wanted);
}

void expect_more(struct memory_client *client, enum topic topic, unsigned action, const char *name,
                 const char *id, const char *data)
{
    struct message wanted = plain(topic, action);
    SET_TEXT(&wanted, name, name);
    SET_TEXT(&wanted, correlation_id, id);
    SET_TEXT(&wanted, data, data);
    expect_same(client, &wanted);
}

void expect_name(struct memory_client *client, enum topic topic, unsigned action, const char *name)
{
    expect_more(client, topic, action, name, NULL, NULL);
}

void expect_refusal(struct memory_client *client, enum topic topic, unsigned action,
                    const char *name, const char *id, unsigned original_action, bool is_error)
{
    struct message wanted = plain(topic, action);
    SET_TEXT(&wanted, name, name);
    SET_TEXT(&wanted, correlation_id, id);
    MESSAGE_SET(&wanted, original_action, (int32_t)original_action);
    if (is_error)
        MESSAGE_SET(&wanted, is_error, true);
    expect_same(client, &wanted);
}

void expect_about(struct memory_client *client, enum topic topic, unsigned action,
                  const char *pattern, const char *subscription)
{
    struct message wanted = plain(topic, action);
    SET_TEXT(&wanted, name, pattern);
    SET_TEXT(&wanted, subscription, subscription);
    expect_same(client, &wanted);
}
