/* The handler of recorder.h, and verdicts by name. */

#include "recorder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void on_message(void *self, struct session *session, const struct message *message)
{
    struct recorder *recorder = self;
    VEC_PUSH(&recorder->messages, message_copy(message));
    VEC_PUSH(&recorder->sessions, session);
    if (recorder->holds)
        pipeline_hold(session);
}

static void on_login(void *self, struct session *session)
{
    assert_true(session_is_open(session));
    ((struct recorder *)self)->logins++;
}

static void on_close(void *self, struct session *session)
{
    assert_false(session_is_open(session));
    ((struct recorder *)self)->closes++;
}

void recorder_init(struct recorder *recorder, struct memory_world *world, enum topic topic)
{
    *recorder = (struct recorder){.handler = {.self = recorder,
                                              .on_message = on_message,
                                              .on_login = on_login,
                                              .on_close = on_close}};
    pipeline_add_handler(world->pipeline, topic, &recorder->handler);
}

void recorder_fini(struct recorder *recorder)
{
    for (size_t i = 0; i < recorder->messages.count; i++)
        free(recorder->messages.items[i]);
    VEC_FREE(&recorder->messages);
    VEC_FREE(&recorder->sessions);
}

const struct message *recorder_expect(struct recorder *recorder, unsigned action)
{
    assert_true(recorder->taken < recorder->messages.count);
    const struct message *message = recorder->messages.items[recorder->taken++];
    assert_int_equal(message->action, action);
    return message;
}

void recorder_expect_nothing(const struct recorder *recorder)
{
    assert_int_equal(recorder->taken, recorder->messages.count);
}

enum double_answer slow_names_later(void *context, const struct ds_permission_request *request)
{
    (void)context;
    return slice_starts_with(request->name, SLICE("slow")) ? ANSWER_LATER : ANSWER_ALLOW;
}

enum double_answer by_first_letter(void *context, const struct ds_permission_request *request)
{
    (void)context;
    char first = request->name.length > 0 ? request->name.at[0] : 'y';
    return first == 'n'   ? ANSWER_DENY
           : first == 'e' ? ANSWER_UNDECIDED
           : first == 's' ? ANSWER_LATER
                          : ANSWER_ALLOW;
}
