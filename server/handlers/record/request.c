/* Requests: one message, its session, and how many of its steps are under way. */

#include "handlers/record/record_internal.h"

#include "base/check.h"

#include <stdlib.h>

#define MAX_SPARE 64

struct request *record_request_open(struct record_handler *handler, struct session *session,
                                    const struct message *message)
{
    struct request *request = handler->spare_requests;
    if (request != NULL) {
        handler->spare_requests = request->next_spare;
        handler->spare_request_count--;
    } else {
        request = malloc(sizeof *request);
        CHECK(request != NULL);
    }
    *request = (struct request){.handler = handler,
                                .session = session == NULL ? NULL : session_retain(session),
                                .message = message,
                                .pending = 1};
    return request;
}

static void request_free(struct request *request)
{
    struct record_handler *handler = request->handler;
    free(request->copy);
    if (request->session != NULL)
        session_release(&request->session);
    if (handler->spare_request_count >= MAX_SPARE) {
        free(request);
        return;
    }
    request->next_spare = handler->spare_requests;
    handler->spare_requests = request;
    handler->spare_request_count++;
}

void record_request_step_done(struct request *request)
{
    if (--request->pending > 0)
        return;
    struct pipeline *pipeline = request->handler->services->pipeline;
    struct session *held = request->is_held ? session_retain(request->session) : NULL;
    if (request->on_done != NULL)
        request->on_done(request);
    request_free(request);
    if (held != NULL) {
        pipeline_release(pipeline, held);
        session_release(&held);
    }
}

void record_request_close(struct request *request)
{
    if (request->pending > 1) {
        request->copy = message_copy(request->message);
        request->message = request->copy;
        request->is_held = request->session != NULL;
        if (request->is_held)
            pipeline_hold(request->session);
    }
    record_request_step_done(request);
}

void record_request_free_spares(struct record_handler *handler)
{
    while (handler->spare_requests != NULL) {
        struct request *request = handler->spare_requests;
        handler->spare_requests = request->next_spare;
        free(request);
    }
}
