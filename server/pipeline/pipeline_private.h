#pragma once
/* The inside of the pipeline, for the files of this folder alone. */

#include "pipeline/pipeline.h"

#include "metrics/metrics.h"

struct passage;
struct ask;

struct pipeline {
    struct pipeline_settings settings;
    struct session_events events;
    const struct handler *handlers[TOPIC_COUNT];
    const struct handler *in_order[TOPIC_COUNT]; /* as they were added */
    size_t handler_count;
    struct passage *spare_passages; /* so that a decision that comes at once allocates nothing */
    struct ask *spare_asks;

    uint64_t timed_since_ns;        /* the check that is being asked; 0: it is not timed */
    bool is_stopped;                /* takes no messages */
    bool is_over;                   /* has no handlers any more */
    struct list_link ending;        /* sessions whose end the handlers have not been told */
    size_t busy;                    /* messages that wait behind others, or for a verdict */
    void (*on_idle)(void *context); /* NULL: nobody waits for the end of them */
    void *idle_context;
};

/* ---- what is counted of checks ---- */

/* Before permission is asked. */
static inline void measure_begin(struct pipeline *pipeline, const struct session *session)
{
    struct metrics *metrics = pipeline->settings.metrics;
    if (metrics != NULL)
        pipeline->timed_since_ns =
            metrics_time_now(session->settings->loop, &metrics->decision_timed_ms);
}

/* Before anything that the verdict causes. */
static inline void measure_verdict(struct pipeline *pipeline, unsigned topic, unsigned action,
                                   enum ds_verdict verdict)
{
    struct metrics *metrics = pipeline->settings.metrics;
    metrics_decided(metrics, topic, action, verdict);
    if (pipeline->timed_since_ns != 0)
        histogram_add(&metrics->decision_time, uv_hrtime() - pipeline->timed_since_ns);
    pipeline->timed_since_ns = 0;
}

/* It has been asked: what waits for records now is not timed. */
static inline void measure_end(struct pipeline *pipeline)
{
    pipeline->timed_since_ns = 0;
}

/* Asks permission, but of the process's own sessions. */
static inline void check_permission(struct pipeline *pipeline, const struct session *session,
                                    const struct ds_permission_request *request,
                                    ds_verdict_done *done, void *context)
{
    const struct pipeline_settings *settings = &pipeline->settings;
    if (session->settings->is_trusted) {
        done(context, DS_ALLOW);
        return;
    }
    measure_begin(pipeline, session);
    settings->permission->check(settings->permission_self, request, done, context);
    measure_end(pipeline);
}

/* ---- pipeline.c ---- */

/* One message begins to wait, or ends it. */
void pipeline_enter(struct pipeline *pipeline);
void pipeline_leave(struct pipeline *pipeline);

/* ---- order.c ---- */

/* Takes a message of a session: on its way at once, or behind those that wait. */
void order_take(struct pipeline *pipeline, struct session *session, const struct message *message);

/* The same for one that cannot be used, as on_malformed gets it: its answer has its place, too. */
void order_take_malformed(struct pipeline *pipeline, struct session *session,
                          const struct message *message);

/* The session has ended: its handlers are told once nothing of it waits any more. */
void order_end(struct pipeline *pipeline, struct session *session);

/* Tells them now of every session that has ended, whatever still waits. */
void order_end_all(struct pipeline *pipeline);

/* ---- distribute.c ---- */

/* Sends a message on the way that actions.def gives it. */
void distribute(struct pipeline *pipeline, struct session *session, const struct message *message);

/* Answers a message that cannot be used, with whether there is a handler for such. */
void distribute_malformed(struct pipeline *pipeline, struct session *session,
                          const struct message *message);

/* To the handler of the topic, which exists. */
void distribute_allowed(struct pipeline *pipeline, struct session *session,
                        const struct message *message);

void distribute_login(struct pipeline *pipeline, struct session *session);
void distribute_detach(struct pipeline *pipeline, struct session *session);
void distribute_close(struct pipeline *pipeline, struct session *session);

/* ---- passage.c ---- */

/* Asks about a message: once without a name, about its name, or about each of its names. What is
 * allowed goes to the handler, what is not is answered. */
enum passage_kind { PASSAGE_NOBODY, PASSAGE_NAME, PASSAGE_NAMES };
void passage_start(struct pipeline *pipeline, struct session *session,
                   const struct message *message, enum passage_kind kind);
void passage_free_spares(struct pipeline *pipeline);

/* ---- ask.c ---- */

void ask_free_spares(struct pipeline *pipeline);
