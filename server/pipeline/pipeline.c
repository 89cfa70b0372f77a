#include "pipeline/pipeline.h"

#include "pipeline/pipeline_private.h"

#include "base/check.h"

#include <stdlib.h>

static void on_login(void *context, struct session *session, slice server_data)
{
    (void)server_data;
    distribute_login(context, session);
}

static void on_message(void *context, struct session *session, const struct message *message)
{
    order_take(context, session, message);
}

static void on_malformed(void *context, struct session *session, const struct message *message)
{
    order_take_malformed(context, session, message);
}

static void on_close(void *context, struct session *session, bool was_open)
{
    if (was_open)
        order_end(context, session);
}

static void on_detach(void *context, struct session *session)
{
    distribute_detach(context, session);
}

struct pipeline *pipeline_new(const struct pipeline_settings *settings)
{
    struct pipeline *pipeline = malloc(sizeof *pipeline);
    CHECK(pipeline != NULL);
    *pipeline = (struct pipeline){
        .settings = *settings,
        .events = {.context = pipeline,
                   .on_login = on_login,
                   .on_message = on_message,
                   .on_malformed = on_malformed,
                   .on_close = on_close,
                   .on_detach = on_detach},
    };
    list_init(&pipeline->ending);
    return pipeline;
}

void pipeline_free(struct pipeline **pipeline)
{
    if (*pipeline == NULL)
        return;
    passage_free_spares(*pipeline);
    ask_free_spares(*pipeline);
    free(*pipeline);
    *pipeline = NULL;
}

void pipeline_add_handler(struct pipeline *pipeline, enum topic topic,
                          const struct handler *handler)
{
    CHECK(topic < TOPIC_COUNT && pipeline->handlers[topic] == NULL);
    pipeline->handlers[topic] = handler;
    pipeline->in_order[pipeline->handler_count++] = handler;
}

/* ---- the end ---- */

static void tell_when_idle(struct pipeline *pipeline)
{
    void (*on_idle)(void *) = pipeline->on_idle;
    if (pipeline->busy > 0 || on_idle == NULL)
        return;
    pipeline->on_idle = NULL;
    on_idle(pipeline->idle_context);
}

void pipeline_enter(struct pipeline *pipeline)
{
    pipeline->busy++;
}

void pipeline_leave(struct pipeline *pipeline)
{
    CHECK(pipeline->busy > 0);
    pipeline->busy--;
    tell_when_idle(pipeline);
}

void pipeline_stop(struct pipeline *pipeline, void (*done)(void *context), void *context)
{
    pipeline->is_stopped = true;
    pipeline->on_idle = done;
    pipeline->idle_context = context;
    tell_when_idle(pipeline);
}

size_t pipeline_waiting(const struct pipeline *pipeline)
{
    return pipeline->busy;
}

void pipeline_remove_handlers(struct pipeline *pipeline)
{
    pipeline->is_stopped = pipeline->is_over = true;
    pipeline->on_idle = NULL;
    order_end_all(pipeline); /* nobody may keep what is gone once the last answers have come */
    pipeline->handler_count = 0;
}

const struct session_events *pipeline_session_events(struct pipeline *pipeline)
{
    return &pipeline->events;
}
