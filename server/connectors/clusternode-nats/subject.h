#pragma once
/* Subjects of NATS: `deepstream.4` is topic 4 to all nodes, `deepstream.4.a` the same to node a.
 * Bytes of a name that a subject cannot hold are written as %2E. */

#include "base/buf.h"

/* Appends the subject and a terminating zero byte. server.at NULL: to all. */
void subject_write(struct buf *out, slice prefix, uint8_t topic, slice server);

/* The topic of a subject that begins with prefix; -1: it is none. */
int subject_topic(slice subject, slice prefix);
