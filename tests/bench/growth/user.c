#include "bench/growth/user.h"

#include "base/check.h"

#include <stdio.h>

#define PATIENCE_MS 60000

static void check(const char *error)
{
    if (error != NULL)
        growth_fail("a client: %s", error);
}

static slice data_of(char *space, size_t size, int32_t version)
{
    int length = snprintf(space, size, "{\"price\":1042.25,\"version\":%d}", (int)version);
    return (slice){space, (size_t)length};
}

static void on_update(struct user *user, const struct message *message)
{
    char expected[64];
    if (message->version != user->version + 1 ||
        !slice_equal(message->data, data_of(expected, sizeof expected, message->version)))
        growth_fail("version %d came after %d, or its data is wrong", (int)message->version,
                    (int)user->version);
    user->version++;
}

static void answer(struct user *user, struct binary_client *client, const struct message *request)
{
    static const uint16_t ACTIONS[] = {RPC_ACCEPT, RPC_RESPONSE};
    user->was_asked = true;
    for (size_t i = 0; i < sizeof ACTIONS / sizeof *ACTIONS; i++) {
        struct message reply = MESSAGE(TOPIC_RPC, ACTIONS[i]);
        MESSAGE_ECHO(&reply, request, name);
        MESSAGE_ECHO(&reply, request, correlation_id);
        if (ACTIONS[i] == RPC_RESPONSE)
            MESSAGE_ECHO(&reply, request, data);
        binary_client_send(client, &reply);
    }
}

static void on_message(void *context, struct binary_client *client, const struct message *message)
{
    struct user *user = context;
    if (message->topic == TOPIC_RECORD && message->action == RECORD_UPDATE)
        on_update(user, message);
    else if (message->topic == TOPIC_RPC && message->action == RPC_REQUEST && !message->is_ack)
        answer(user, client, message);
    else if (message->topic == TOPIC_RPC && message->action == RPC_RESPONSE)
        user->answers++;
    else if (message->is_error)
        growth_fail("a client got " SLICE_FORMAT,
                    SLICE_ARGUMENTS(action_name(message->topic, message->action)));
    user->is_acknowledged = user->is_acknowledged || message->is_ack;
}

void user_open(struct user *user, const struct node_group *group, size_t node, const char *name)
{
    char auth[96] = "{}";
    if (name != NULL)
        snprintf(auth, sizeof auth, "{\"username\":\"%s\"}", name);
    *user = (struct user){0};
    check(binary_client_open(&user->client, node_group_port(group, node), auth, PATIENCE_MS));
    user->client.context = user;
    user->client.on_message = on_message;
}

void user_close(struct user *user)
{
    binary_client_close(&user->client);
}

static bool is_acknowledged(void *context)
{
    return ((const struct user *)context)->is_acknowledged;
}

void user_subscribe(struct user *user, uint8_t topic, uint16_t action, const slice *names,
                    size_t count)
{
    struct message request = MESSAGE(topic, action);
    message_set_names(&request, names, (uint32_t)count);
    MESSAGE_SET(&request, correlation_id, SLICE("0"));
    user->is_acknowledged = false;
    binary_client_send(&user->client, &request);
    check(binary_client_wait(&user->client, is_acknowledged, user, PATIENCE_MS));
}

void user_write(struct user *user, slice name, int32_t version)
{
    char data[64];
    struct message message = MESSAGE(TOPIC_RECORD, RECORD_UPDATE);
    MESSAGE_SET(&message, name, name);
    MESSAGE_SET(&message, version, version);
    MESSAGE_SET(&message, data, data_of(data, sizeof data, version));
    binary_client_send(&user->client, &message);
}

struct goal {
    const struct user *user;
    int32_t version;
    uint64_t answers;
};

static bool has_reached(void *context)
{
    const struct goal *goal = context;
    return goal->user->version >= goal->version && goal->user->answers >= goal->answers;
}

static void reach(struct user *user, int32_t version, uint64_t answers)
{
    struct goal goal = {user, version, answers};
    check(binary_client_wait(&user->client, has_reached, &goal, PATIENCE_MS));
}

void user_follow(struct user *user, int32_t version)
{
    reach(user, version, 0);
}

static bool is_flushed(void *context)
{
    return binary_client_is_flushed(&((const struct user *)context)->client);
}

void user_flush(struct user *user)
{
    check(binary_client_wait(&user->client, is_flushed, user, PATIENCE_MS));
}

static bool is_asked(void *context)
{
    return ((const struct user *)context)->was_asked;
}

void user_call(struct user *user, struct user *provider, slice name)
{
    char id[24];
    int length = snprintf(id, sizeof id, "%llu", (unsigned long long)user->answers);
    struct message call = MESSAGE(TOPIC_RPC, RPC_REQUEST);
    MESSAGE_SET(&call, name, name);
    MESSAGE_SET(&call, correlation_id, ((slice){id, (size_t)length}));
    MESSAGE_SET(&call, data, SLICE("{\"price\":1042.25}"));
    binary_client_send(&user->client, &call);
    user_flush(user);
    provider->was_asked = false;
    check(binary_client_wait(&provider->client, is_asked, provider, PATIENCE_MS));
    user_flush(provider);
    reach(user, 0, user->answers + 1);
}
