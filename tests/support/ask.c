#include "support/ask.h"

#include <stdio.h>
#include <stdlib.h>

enum { ANSWER_MS = 30000 };

struct wait {
    const struct message *question;
    struct message *answer;
};

static void on_message(void *context, struct binary_client *client, const struct message *message)
{
    struct wait *wait = context;
    (void)client;
    if (wait->answer == NULL && message->topic == wait->question->topic &&
        slice_equal(message->name, wait->question->name))
        wait->answer = message_copy(message);
}

static bool has_answer(void *context)
{
    const struct wait *wait = context;
    return wait->answer != NULL;
}

struct message *ask(struct binary_client *client, const struct message *question)
{
    struct wait wait = {.question = question};
    client->context = &wait;
    client->on_message = on_message;
    binary_client_send(client, question);
    const char *problem = binary_client_wait(client, has_answer, &wait, ANSWER_MS);
    client->on_message = NULL;
    if (problem != NULL)
        fprintf(stderr, SLICE_FORMAT ": %s\n", SLICE_ARGUMENTS(question->name), problem);
    return wait.answer;
}

struct message *ask_write(struct binary_client *client, const char *name, slice data)
{
    struct message write = MESSAGE(TOPIC_RECORD, RECORD_CREATEANDUPDATE);
    MESSAGE_SET(&write, name, slice_of(name));
    MESSAGE_SET(&write, data, data);
    MESSAGE_SET(&write, version, -1);
    MESSAGE_SET(&write, is_write_ack, true);
    MESSAGE_SET(&write, correlation_id, SLICE("1"));
    return ask(client, &write);
}

struct message *ask_read(struct binary_client *client, const char *name)
{
    struct message read = MESSAGE(TOPIC_RECORD, RECORD_READ);
    MESSAGE_SET(&read, name, slice_of(name));
    return ask(client, &read);
}
