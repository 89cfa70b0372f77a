#pragma once
/* Computes hashes of passwords on other threads, a few at a time, so that a flood of logins neither
 * stops the loop nor takes every thread from the storage. What nobody waits for any more when its
 * turn comes is not computed: those who come and leave hold up nobody. Part of the plugin that owns
 * it. */

#include "plugins/authentication/password.h"

#include "base/list.h"

struct ds_login;
struct uv_loop_s;

/* Who waits for an answer; see struct ds_login. */
struct password_asker {
    bool (*is_wanted)(void *context); /* NULL: somebody does */
    void *context;
};
struct password_asker password_asker_of(const struct ds_login *login);

struct password_queue {
    struct uv_loop_s *loop;
    struct password_method method;
    struct list_link waiting;
    unsigned workers; /* at most */
    unsigned running;
};

/* of a check: ok says whether it is the password. Of a new hash: whether it could be computed; hash
 * lives until the callback returns. False, and perhaps at once, when it is not wanted any more. May
 * end the owner of the queue once password_queue_refuse_waiting was called. */
typedef void password_done(void *context, bool ok, slice hash);

void password_queue_init(struct password_queue *queue, struct uv_loop_s *loop);

/* Whether nothing is under way: else the queue must stay. */
bool password_queue_is_idle(const struct password_queue *queue);

/* For the owner's end: what has not begun is answered with false, within the call. What runs is
 * not. */
void password_queue_refuse_waiting(struct password_queue *queue);

/* Copies its arguments. stored is a hash with its salt; empty, of nobody, costs as much and equals
 * none: how long an answer takes does not say who exists. */
void password_queue_check(struct password_queue *queue, struct password_asker asker, slice password,
                          slice stored, password_done *done, void *context);

/* A hash of a password, with a new salt. */
void password_queue_make(struct password_queue *queue, struct password_asker asker, slice password,
                         password_done *done, void *context);
