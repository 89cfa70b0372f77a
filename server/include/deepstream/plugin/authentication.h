#pragma once
/* Plugins that say who may log in. */

#include <stdbool.h>
#include "deepstream/plugin/values.h"

struct ds_login {
    /* JSON object: remoteAddress, headers, referer; and clientCertificate, when the client has
     * shown one: subject and issuer (RFC 4514), fingerprint (SHA-256), and whether it is verified.
     * One that is not proves nothing. */
    ds_slice connection_data;
    ds_slice auth_data; /* JSON object or array that the client sent */

    /* Whether anybody still waits for the answer: ask it before what costs much and has waited its
     * turn. On the loop, until done is called, which is due in either case. NULL: somebody does. */
    bool (*is_wanted)(void *wanted_context);
    void *wanted_context;
};

enum ds_login_outcome {
    DS_LOGIN_ACCEPTED,
    DS_LOGIN_REFUSED,
    DS_LOGIN_NOT_MINE, /* the next entry of `auth` is asked; when all say so, refused */
};

struct ds_login_result {
    enum ds_login_outcome outcome;
    bool has_id; /* false: the user is nobody in particular, "OPEN" */
    ds_slice id;
    ds_slice client_data; /* JSON text sent to the client, also when refused; empty for none */
    ds_slice server_data; /* JSON text that rules see as user.data; empty for none */
    ds_slice token;       /* what the user may log in with from now on, for endpoints that hand it
                             out; empty for none */
    double expires_ms;    /* since 1970: when the connection is closed; 0: never */
};

typedef void ds_login_done(void *context, const struct ds_login_result *result);

struct ds_authentication_operations {
    void (*login)(void *self, const struct ds_login *login, ds_login_done *done, void *context);
    /* A connection of a user has ended. May be NULL. */
    void (*logged_out)(void *self, ds_slice user_id);
};
