#pragma once
/* Logins at an authentication plugin, one after the other or many at once.
 *
 *     struct login_outcome outcome = login_check(&host, &ds_authentication_http, self, "{...}");
 *     assert_string_equal(outcome.id, "bo"); */

#include "support/plugin_host.h"

struct login_outcome {
    unsigned count; /* how often it was answered */
    bool is_done;
    enum ds_login_outcome outcome;
    bool has_id;
    double expires_ms;
    char id[256], client_data[1024], server_data[1024], token[256]; /* cut */
};

/* Asks, and waits for the answer. */
struct login_outcome login_check(struct plugin_host *host, const struct ds_plugin *plugin,
                                 void *self, const char *auth_data);

/* Asks alone; outcome is filled when the answer comes. The data is gone before that. */
void login_begin(const struct ds_plugin *plugin, void *self, const char *auth_data,
                 struct login_outcome *outcome);
