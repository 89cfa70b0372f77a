#pragma once
/* A handler that keeps copies of what reaches it, and holds sessions when the test says so. */

#include "support/memory_session.h"

struct recorder {
    struct handler handler;
    bool holds; /* holds the session at each message, until the test releases it */
    VEC(struct message *) messages;
    VEC(struct session *) sessions; /* of the messages; borrowed */
    size_t taken;
    unsigned logins;
    unsigned closes;
};

/* Becomes the handler of topic. */
void recorder_init(struct recorder *recorder, struct memory_world *world, enum topic topic);
void recorder_fini(struct recorder *recorder);

/* The next message that reached it, of this action; the test fails when there is none. */
const struct message *recorder_expect(struct recorder *recorder, unsigned action);
void recorder_expect_nothing(const struct recorder *recorder);

/* ---- what the permission double answers, by the name that it is asked about ---- */

/* What begins with "slow" is decided when the test says so; the rest is allowed. */
enum double_answer slow_names_later(void *context, const struct ds_permission_request *request);

/* "n" is denied, "e" undecided, "s" decided when the test says so; the rest is allowed. */
enum double_answer by_first_letter(void *context, const struct ds_permission_request *request);
