/* The record handler's outside: its life, and which message goes where. */

#include "handlers/record/record_internal.h"

#include "base/check.h"

#include <stdlib.h>

/* ---- messages of clients ---- */

static void each_name(struct request *request, const struct step_work *work)
{
    const struct message *message = request->message;
    for (uint32_t i = 0; i < message->name_count; i++)
        step_begin(step_new(request->handler, request, message->names[i], work));
}

static void one_name(struct request *request, const struct step_work *work)
{
    step_begin(step_new(request->handler, request, request->message->name, work));
}

static void dispatch(struct request *request)
{
    const struct message *message = request->message;
    switch (message->action) {
    case RECORD_READ:
        one_name(request, &work_read);
        return;
    case RECORD_HEAD:
        one_name(request, &work_head);
        return;
    case RECORD_DELETE:
        one_name(request, &work_delete);
        return;
    case RECORD_SUBSCRIBEANDHEAD:
        step_begin(step_new(request->handler, request, SLICE(""), &work_heads));
        return;
    case RECORD_SUBSCRIBEANDREAD:
    case RECORD_SUBSCRIBECREATEANDREAD:
        record_reply_ack(request->session, message, true);
        each_name(request, message->action == RECORD_SUBSCRIBEANDREAD ? &work_subscribe_read
                                                                      : &work_create_read);
        return;
    case RECORD_NOTIFY:
        notify_start(request);
        return;
    case RECORD_UPDATE:
    case RECORD_PATCH:
    case RECORD_ERASE:
    case RECORD_PATCH_MULTI:
    case RECORD_CREATEANDUPDATE:
    case RECORD_CREATEANDPATCH:
        write_start(request);
        return;
    default:
        return; /* the pipeline lets nothing else through */
    }
}

static void on_message(void *self, struct session *session, const struct message *message)
{
    struct record_handler *handler = self;
    if (message->action == RECORD_SUBSCRIBE) {
        subscriptions_add_all(handler->subscriptions, session, message);
    } else if (message->action == RECORD_UNSUBSCRIBE) {
        subscriptions_remove_all(handler->subscriptions, session, message);
    } else if (!listen_on_message(handler->listen, session, message)) {
        struct request *request = record_request_open(handler, session, message);
        dispatch(request);
        record_request_close(request);
    }
}

static void on_close(void *self, struct session *session)
{
    struct record_handler *handler = self;
    subscriptions_drop_session(handler->subscriptions, session);
    listen_drop_session(handler->listen, session);
}

/* ---- messages of other nodes: no check, no answer, no way back to the bus ---- */

static void forward(struct record_handler *handler, const struct message *message)
{
    if (deletions_have(handler->deletions, message->name)) {
        sequence_note_unheard(handler->sequence, message->name);
        missed_read(handler, message);
        return;
    }
    struct message update = MESSAGE(TOPIC_RECORD, message->action);
    MESSAGE_ECHO(&update, message, name);
    MESSAGE_ECHO(&update, message, version);
    MESSAGE_ECHO(&update, message, path);
    MESSAGE_ECHO(&update, message, data);
    MESSAGE_ECHO(&update, message, result);
    sequence_send(handler->sequence, &update, NULL);
}

static void on_bus_message(void *context, const struct message *message, slice from_server)
{
    struct record_handler *handler = context;
    (void)from_server;
    switch (message->action) {
    case RECORD_UPDATE:
    case RECORD_PATCH:
    case RECORD_PATCH_MULTI:
        forward(handler, message);
        break;
    case RECORD_DELETED: /* writes that wait here find out at their turn, and are answered (B5) */
        overtaken_check(handler, message->name);
        record_tell_deleted(handler, message->name, NULL);
        break;
    case RECORD_HEAD_RESPONSE_BULK: {
        struct request *request = record_request_open(handler, NULL, message);
        missed_compare(request);
        record_request_close(request);
        break;
    }
    case RECORD_NOTIFY: {
        struct request *request = record_request_open(handler, NULL, message);
        if (missed_is(message))
            missed_look(request);
        else
            notify_names(request);
        record_request_close(request);
        break;
    }
    default:
        break;
    }
}

/* ---- life ---- */

static struct subscriptions *subscriptions_of_records(const struct handler_services *services)
{
    struct subscriptions_settings settings = {
        .topic = TOPIC_RECORD,
        .subscribe_action = RECORD_SUBSCRIBE,
        .multiple_action = RECORD_MULTIPLE_SUBSCRIPTIONS,
        .slot = SESSION_SLOT_RECORD_SUBSCRIPTIONS,
        .state_set = STATE_RECORD_SUBSCRIPTIONS,
    };
    return subscriptions_new(services, &settings);
}

struct record_handler *record_handler_new(const struct handler_services *services,
                                          const struct record_settings *settings)
{
    struct record_handler *handler = calloc(1, sizeof *handler);
    CHECK(handler != NULL);
    handler->services = services;
    handler->settings = *settings;
    handler->table =
        (struct handler){.self = handler, .on_message = on_message, .on_close = on_close};
    hashmap_init(&handler->queues);
    list_init(&handler->steps);
    list_init(&handler->saves);
    list_init(&handler->reads.line);
    arena_init(&handler->scratch, 0);
    step_deadlines_open(handler);
    handler->subscriptions = subscriptions_of_records(services);
    handler->sequence = sequence_new(handler);
    handler->missed = missed_new(handler);
    handler->deletions = deletions_new(services->loop);
    handler->listen = listen_new(services, TOPIC_RECORD, handler->subscriptions, &settings->listen);
    services->cluster->bus->subscribe(services->cluster->bus_self, TOPIC_RECORD, on_bus_message,
                                      handler);
    return handler;
}

const struct handler *record_handler_table(const struct record_handler *handler)
{
    return &handler->table;
}

struct record_settings *record_handler_settings(struct record_handler *handler)
{
    return &handler->settings;
}

struct listen_settings *record_handler_listen_settings(struct record_handler *handler)
{
    return listen_settings(handler->listen);
}

void record_handler_drain(struct record_handler *handler, void (*done)(void *context),
                          void *context)
{
    VEC_PUSH(&handler->drains, ((struct drain){done, context}));
    record_drain_check(handler);
}

void record_handler_free(struct record_handler **handler)
{
    struct record_handler *self = *handler;
    if (self == NULL)
        return;
    self->is_closing = true;
    self->drains.count = 0;
    step_all_fail(self);
    save_all_fail(self);
    step_deadlines_close(self);
    sequence_free(&self->sequence);
    missed_free(&self->missed);
    deletions_free(&self->deletions);
    listen_free(&self->listen);
    subscriptions_free(&self->subscriptions);
    step_free_spares(self);
    record_request_free_spares(self);
    hashmap_fini(&self->queues);
    arena_fini(&self->scratch);
    VEC_FREE(&self->drains);
    free(self);
    *handler = NULL;
}
