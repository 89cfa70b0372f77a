#pragma once
/* One question, one answer, over a binary_client: for tests that do one thing at a time. */

#include "support/binary_client.h"

/* The answer is the next message with the topic of the question that has its name; what else
 * arrives is dropped. Returns NULL when none comes in time, else a copy for free(). */
struct message *ask(struct binary_client *client, const struct message *question);

/* Writes version 1 of a record, or the next one; with write acknowledgement. The answer as of ask.
 */
struct message *ask_write(struct binary_client *client, const char *name, slice data);

/* READ; the answer as of ask. */
struct message *ask_read(struct binary_client *client, const char *name);
