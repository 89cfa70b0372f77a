/* Who is online is what the cluster's set of users says: a login adds to it, the end of a session
 * takes away, and the set tells every node when somebody came or went. */

#include "handlers/presence.h"

#include "handlers/subscriptions.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/hashmap.h"
#include "base/vec.h"
#include "json.h"

#include <stdlib.h>

/* The name in the registry under which subscribers to everybody are kept, on all nodes. */
static const slice EVERYONE = {"%_EVERYONE_%", sizeof "%_EVERYONE_%" - 1};

struct presence_handler {
    struct handler table;
    const struct handler_services *services;
    struct subscriptions *subscriptions;
    struct ds_state_watcher watcher;
};

static const struct subscriptions_settings SETTINGS = {
    .topic = TOPIC_PRESENCE,
    .subscribe_action = PRESENCE_SUBSCRIBE,
    .multiple_action = PRESENCE_MULTIPLE_SUBSCRIPTIONS,
    .slot = SESSION_SLOT_PRESENCE_SUBSCRIPTIONS,
    .state_set = STATE_PRESENCE_SUBSCRIPTIONS,
};

/* ---- logins and ends ---- */

static bool is_nobody(slice user)
{
    return slice_equal(user, SLICE("open")) || slice_equal(user, SLICE("OPEN"));
}

static void on_login(void *self, struct session *session)
{
    const struct cluster *cluster = ((struct presence_handler *)self)->services->cluster;
    if (!is_nobody(session->user_id))
        cluster->states->add(cluster->states_self, STATE_ONLINE_USERS, session->user_id);
}

static void on_detach(void *self, struct session *session)
{
    const struct cluster *cluster = ((struct presence_handler *)self)->services->cluster;
    if (!is_nobody(session->user_id))
        cluster->states->remove(cluster->states_self, STATE_ONLINE_USERS, session->user_id);
}

static void on_close(void *self, struct session *session)
{
    struct presence_handler *handler = self;
    subscriptions_drop_session(handler->subscriptions, session);
    if (!session->is_passing)
        on_detach(self, session);
}

static void tell(struct presence_handler *handler, slice subscribed_to, uint16_t action, slice user)
{
    struct message notice = MESSAGE(TOPIC_PRESENCE, action);
    MESSAGE_SET(&notice, name, user);
    subscriptions_send(handler->subscriptions, subscribed_to, &notice, NULL, SEND_LOCAL_ONLY);
}

static void tell_all(struct presence_handler *handler, slice user, uint16_t to_everyone,
                     uint16_t to_subscribers)
{
    tell(handler, EVERYONE, to_everyone, user);
    if (!slice_equal(user, EVERYONE))
        tell(handler, user, to_subscribers, user);
}

static void on_joined(void *context, slice user)
{
    tell_all(context, user, PRESENCE_PRESENCE_JOIN_ALL, PRESENCE_PRESENCE_JOIN);
}

static void on_left(void *context, slice user)
{
    tell_all(context, user, PRESENCE_PRESENCE_LEAVE_ALL, PRESENCE_PRESENCE_LEAVE);
}

/* ---- queries ---- */

struct others {
    slice asker;
    VEC(slice) names;
};

static void collect_other(void *context, slice user)
{
    struct others *others = context;
    if (!slice_equal(user, others->asker))
        VEC_PUSH(&others->names, user);
}

static void answer_query_all(struct presence_handler *handler, struct session *session)
{
    const struct cluster *cluster = handler->services->cluster;
    struct others others = {.asker = session->user_id};
    cluster->states->each(cluster->states_self, STATE_ONLINE_USERS, collect_other, &others);
    struct message reply = MESSAGE(TOPIC_PRESENCE, PRESENCE_QUERY_ALL_RESPONSE);
    message_set_names(&reply, others.names.items, others.names.count);
    session_send(session, &reply);
    VEC_FREE(&others.names);
}

/* {"id":true,...} in the order asked, each id once. */
static void write_online(const struct cluster *cluster, const struct message *message,
                         struct buf *json)
{
    struct hashmap written;
    hashmap_init(&written);
    buf_append_byte(json, '{');
    for (uint32_t i = 0; i < message->name_count; i++) {
        if (hashmap_put(&written, message->names[i], &written) != NULL)
            continue;
        if (written.count > 1)
            buf_append_byte(json, ',');
        json_write_text(json, message->names[i]);
        bool online =
            cluster->states->has(cluster->states_self, STATE_ONLINE_USERS, message->names[i]);
        buf_append_text(json, online ? ":true" : ":false");
    }
    buf_append_byte(json, '}');
    hashmap_fini(&written);
}

static void answer_query(struct presence_handler *handler, struct session *session,
                         const struct message *message)
{
    struct buf json = BUF_EMPTY;
    write_online(handler->services->cluster, message, &json);
    struct message reply = MESSAGE(TOPIC_PRESENCE, PRESENCE_QUERY_RESPONSE);
    MESSAGE_ECHO(&reply, message, correlation_id);
    MESSAGE_SET(&reply, data, buf_slice(&json));
    session_send(session, &reply);
    buf_fini(&json);
}

/* ---- subscriptions ---- */

/* Whoever may ask for single users must not get everybody by a name that means them. */
static bool names_everyone(const struct message *message)
{
    for (uint32_t i = 0; i < message->name_count; i++)
        if (slice_equal(message->names[i], EVERYONE))
            return true;
    return false;
}

static void subscribe(struct presence_handler *handler, struct session *session,
                      const struct message *message)
{
    if (names_everyone(message))
        pipeline_malformed(session, message);
    else
        subscriptions_add_all(handler->subscriptions, session, message);
}

/* Clients know this acknowledgement by its action alone (protocol.md 2.6). */
static void acknowledge_all(struct session *session, uint16_t action)
{
    struct message ack = MESSAGE(TOPIC_PRESENCE, action);
    MESSAGE_SET(&ack, is_ack, true);
    session_send(session, &ack);
}

static void on_message(void *self, struct session *session, const struct message *message)
{
    struct presence_handler *handler = self;
    switch (message->action) {
    case PRESENCE_SUBSCRIBE:
        subscribe(handler, session, message);
        return;
    case PRESENCE_UNSUBSCRIBE:
        subscriptions_remove_all(handler->subscriptions, session, message);
        return;
    case PRESENCE_SUBSCRIBE_ALL:
        subscriptions_add(handler->subscriptions, session, EVERYONE, PRESENCE_SUBSCRIBE_ALL);
        acknowledge_all(session, PRESENCE_SUBSCRIBE_ALL);
        return;
    case PRESENCE_UNSUBSCRIBE_ALL:
        subscriptions_remove(handler->subscriptions, session, EVERYONE);
        acknowledge_all(session, PRESENCE_UNSUBSCRIBE_ALL);
        return;
    case PRESENCE_QUERY:
        answer_query(handler, session, message);
        return;
    case PRESENCE_QUERY_ALL:
        answer_query_all(handler, session);
        return;
    default:
        return;
    }
}

/* ---- the handler ---- */

struct presence_handler *presence_handler_new(const struct handler_services *services)
{
    struct presence_handler *handler = calloc(1, sizeof *handler);
    CHECK(handler != NULL);
    handler->table = (struct handler){.self = handler,
                                      .on_message = on_message,
                                      .on_close = on_close,
                                      .on_login = on_login,
                                      .on_detach = on_detach};
    handler->services = services;
    handler->subscriptions = subscriptions_new(services, &SETTINGS);
    handler->watcher = (struct ds_state_watcher){handler, on_joined, on_left, NULL};
    services->cluster->states->watch(services->cluster->states_self, STATE_ONLINE_USERS,
                                     &handler->watcher);
    return handler;
}

void presence_handler_free(struct presence_handler **handler)
{
    if (*handler == NULL)
        return;
    subscriptions_free(&(*handler)->subscriptions);
    free(*handler);
    *handler = NULL;
}

const struct handler *presence_handler_table(const struct presence_handler *handler)
{
    return &handler->table;
}
