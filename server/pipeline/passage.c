/* A message on its way through permission. Each of its names is asked about in turn; the handler
 * gets it when all verdicts are in, with exactly the names that were allowed (H3, B1).
 *
 * A verdict that comes before `check` returns costs neither memory nor a copy. The first that does
 * not makes a copy of the message and holds the session until all is decided. */

#include "pipeline/pipeline_private.h"

#include "base/check.h"

#include <stdlib.h>

struct passage {
    struct passage *next_spare;
    struct pipeline *pipeline;
    struct session *session;
    const struct message *message; /* borrowed from the caller until `copy` is made */
    struct message *copy;          /* NULL until a verdict does not come at once */
    enum passage_kind kind;
    uint32_t asked;       /* verdicts so far; the name asked about now */
    uint32_t refused;     /* how many of them */
    uint32_t *allowed_at; /* numbers of the names allowed; NULL while none was refused. Not the
                             texts: they move when the message is copied */
    bool is_answered;
    bool is_waiting;
    enum ds_verdict verdict;
};

static struct passage *take_spare(struct pipeline *pipeline)
{
    struct passage *passage = pipeline->spare_passages;
    if (passage != NULL) {
        pipeline->spare_passages = passage->next_spare;
        return passage;
    }
    passage = malloc(sizeof *passage);
    CHECK(passage != NULL);
    return passage;
}

static uint32_t question_count(const struct passage *passage)
{
    return passage->kind == PASSAGE_NAMES ? passage->message->name_count : 1;
}

static slice current_name(const struct passage *passage)
{
    switch (passage->kind) {
    case PASSAGE_NAME:
        return passage->message->name;
    case PASSAGE_NAMES:
        return passage->message->names[passage->asked];
    case PASSAGE_NOBODY:
        break;
    }
    return (slice){0};
}

/* ---- asking ---- */

static void run(struct passage *passage);
static void note_verdict(struct passage *passage);

static void on_verdict(void *context, enum ds_verdict verdict)
{
    struct passage *passage = context;
    CHECK(!passage->is_answered);
    measure_verdict(passage->pipeline, passage->message->topic, passage->message->action, verdict);
    passage->is_answered = true;
    passage->verdict = verdict;
    if (!passage->is_waiting)
        return;
    passage->is_waiting = false;
    note_verdict(passage);
    run(passage);
}

/* Only events and calls have a payload that rules see at this stage (valve.md 4.1). */
static bool has_payload(const struct message *message)
{
    bool is_payload = (message->topic == TOPIC_EVENT && message->action == EVENT_EMIT) ||
                      (message->topic == TOPIC_RPC && message->action == RPC_REQUEST);
    return is_payload && message->data.length > 0;
}

static void ask(struct passage *passage)
{
    const struct message *message = passage->message;
    struct ds_permission_request request = {
        .topic = message->topic,
        .action = message->action,
        .has_name = passage->kind != PASSAGE_NOBODY,
        .name = current_name(passage),
        .user = passage->session->user,
    };
    if (has_payload(message)) {
        request.payload = DS_PAYLOAD_JSON;
        request.data = message->data;
    }
    passage->is_answered = false;
    check_permission(passage->pipeline, passage->session, &request, on_verdict, passage);
}

/* ---- verdicts ---- */

static void begin_filtering(struct passage *passage)
{
    uint32_t count = question_count(passage);
    passage->allowed_at = malloc(count * sizeof *passage->allowed_at);
    CHECK(passage->allowed_at != NULL);
    for (uint32_t i = 0; i < passage->asked; i++)
        passage->allowed_at[i] = i;
}

static void note_verdict(struct passage *passage)
{
    if (passage->verdict == DS_ALLOW) {
        if (passage->allowed_at != NULL)
            passage->allowed_at[passage->asked - passage->refused] = passage->asked;
    } else {
        pipeline_refuse(passage->session, passage->message, current_name(passage),
                        passage->verdict);
        if (passage->allowed_at == NULL)
            begin_filtering(passage);
        passage->refused++;
    }
    passage->asked++;
}

/* ---- the end ---- */

static void distribute_some(struct passage *passage, uint32_t allowed_count)
{
    struct message message = *passage->message;
    slice *names = malloc(allowed_count * sizeof *names);
    CHECK(names != NULL);
    for (uint32_t i = 0; i < allowed_count; i++)
        names[i] = message.names[passage->allowed_at[i]];
    message_set_names(&message, names, allowed_count);
    distribute_allowed(passage->pipeline, passage->session, &message);
    free(names);
}

static void finish(struct passage *passage)
{
    struct pipeline *pipeline = passage->pipeline;
    struct session *session = passage->session;
    uint32_t allowed_count = passage->asked - passage->refused;
    if (passage->refused == 0)
        distribute_allowed(pipeline, session, passage->message);
    else if (allowed_count > 0)
        distribute_some(passage, allowed_count);

    struct message *copy = passage->copy;
    free(passage->allowed_at);
    passage->next_spare = pipeline->spare_passages;
    pipeline->spare_passages = passage;
    if (copy != NULL) {
        free(copy);
        pipeline_release(pipeline, session);
        pipeline_leave(pipeline);
    }
}

static void wait_for_verdict(struct passage *passage)
{
    passage->is_waiting = true;
    if (passage->copy != NULL)
        return;
    passage->copy = message_copy(passage->message);
    passage->message = passage->copy;
    pipeline_hold(passage->session);
    pipeline_enter(passage->pipeline);
}

static void run(struct passage *passage)
{
    while (passage->asked < question_count(passage)) {
        ask(passage);
        if (!passage->is_answered) {
            wait_for_verdict(passage);
            return;
        }
        note_verdict(passage);
    }
    finish(passage);
}

void passage_start(struct pipeline *pipeline, struct session *session,
                   const struct message *message, enum passage_kind kind)
{
    struct passage *passage = take_spare(pipeline);
    *passage = (struct passage){
        .pipeline = pipeline, .session = session, .message = message, .kind = kind};
    run(passage);
}

void passage_free_spares(struct pipeline *pipeline)
{
    while (pipeline->spare_passages != NULL) {
        struct passage *passage = pipeline->spare_passages;
        pipeline->spare_passages = passage->next_spare;
        free(passage);
    }
}
