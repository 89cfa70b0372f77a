/* Checks that handlers make themselves: the session stays until the verdict. */

#include "pipeline/pipeline_private.h"

#include "base/check.h"

#include <stdlib.h>

struct ask {
    struct ask *next; /* of the spare ones */
    struct pipeline *pipeline;
    struct session *session;
    uint8_t topic;
    uint16_t action;
    ds_verdict_done *done;
    void *context;
};

static struct ask *take_spare(struct pipeline *pipeline)
{
    struct ask *ask = pipeline->spare_asks;
    if (ask != NULL) {
        pipeline->spare_asks = ask->next;
        return ask;
    }
    ask = malloc(sizeof *ask);
    CHECK(ask != NULL);
    return ask;
}

static void on_verdict(void *context, enum ds_verdict verdict)
{
    struct ask *ask = context;
    struct ask answered = *ask;
    ask->next = answered.pipeline->spare_asks;
    answered.pipeline->spare_asks = ask;
    measure_verdict(answered.pipeline, answered.topic, answered.action, verdict);
    answered.done(answered.context, verdict);
    session_release(&answered.session);
}

void pipeline_ask(struct pipeline *pipeline, const struct permission_question *question,
                  ds_verdict_done *done, void *context)
{
    struct ask *ask = take_spare(pipeline);
    *ask = (struct ask){.pipeline = pipeline,
                        .session = session_retain(question->session),
                        .topic = question->topic,
                        .action = question->action,
                        .done = done,
                        .context = context};
    struct ds_permission_request request = {
        .topic = question->topic,
        .action = question->action,
        .has_name = question->has_name,
        .name = question->name,
        .user = question->session->user,
        .payload = question->payload,
        .data = question->data,
        .record = question->record,
    };
    check_permission(pipeline, question->session, &request, on_verdict, ask);
}

void ask_free_spares(struct pipeline *pipeline)
{
    while (pipeline->spare_asks != NULL) {
        struct ask *ask = pipeline->spare_asks;
        pipeline->spare_asks = ask->next;
        free(ask);
    }
}
