#include "support/login_check.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

#define CONNECTION_DATA "{\"remoteAddress\":\"192.0.2.7\",\"headers\":{}}"

static void keep(char *out, size_t capacity, slice text)
{
    snprintf(out, capacity, SLICE_FORMAT, SLICE_ARGUMENTS(text));
}

static void on_answer(void *context, const struct ds_login_result *result)
{
    struct login_outcome *outcome = context;
    outcome->count++;
    outcome->is_done = true;
    outcome->outcome = result->outcome;
    outcome->has_id = result->has_id;
    outcome->expires_ms = result->expires_ms;
    keep(outcome->id, sizeof outcome->id, result->id);
    keep(outcome->client_data, sizeof outcome->client_data, result->client_data);
    keep(outcome->server_data, sizeof outcome->server_data, result->server_data);
    keep(outcome->token, sizeof outcome->token, result->token);
}

void login_begin(const struct ds_plugin *plugin, void *self, const char *auth_data,
                 struct login_outcome *outcome)
{
    const struct ds_authentication_operations *operations = plugin->operations;
    size_t length = strlen(auth_data);
    char *copy = malloc(length + 1); /* its end is known to the sanitizer */
    CHECK(copy != NULL);
    memcpy(copy, auth_data, length);
    struct ds_login login = {.auth_data = {copy, length},
                             .connection_data = SLICE(CONNECTION_DATA)};
    *outcome = (struct login_outcome){.count = 0};
    operations->login(self, &login, on_answer, outcome);
    free(copy);
}

struct login_outcome login_check(struct plugin_host *host, const struct ds_plugin *plugin,
                                 void *self, const char *auth_data)
{
    struct login_outcome outcome;
    login_begin(plugin, self, auth_data, &outcome);
    plugin_host_wait(host, &outcome.is_done);
    CHECK(outcome.count == 1);
    return outcome;
}
