/* Logs who comes and goes, and tells clients by an event: {"user": "bob", "online": true}. */

#include <deepstream/plugin.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct watcher {
    const struct ds_services *services;
    char event[256];
};

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    ds_slice event = ds_value_text(ds_value_member(options, "event"), (ds_slice){"users", 5});
    struct watcher *watcher = calloc(1, sizeof *watcher);
    if (watcher == NULL || event.length >= sizeof watcher->event) {
        snprintf(error->text, sizeof error->text, "`event` is too long");
        free(watcher);
        return NULL;
    }
    watcher->services = services;
    memcpy(watcher->event, event.at, event.length);
    return watcher;
}

static void close_it(void *self, ds_done *done, void *context)
{
    free(self);
    done(context, NULL);
}

static void tell(const struct watcher *watcher, const struct ds_client *client, bool is_online)
{
    const struct ds_services *services = watcher->services;
    char line[512];
    int length = snprintf(line, sizeof line, "%.*s %s from %.*s", (int)client->user_id.length,
                          client->user_id.at, is_online ? "came" : "left",
                          (int)client->remote_address.length, client->remote_address.at);
    size_t most = sizeof line - 1;
    services->log(services->host, DS_INFO, "LOGIN_WATCHER",
                  (ds_slice){line, (size_t)length < most ? (size_t)length : most});

    json_t *data = json_pack("{s:s%, s:b}", "user", client->user_id.at, client->user_id.length,
                             "online", is_online);
    char *text = data == NULL ? NULL : json_dumps(data, JSON_COMPACT);
    if (text != NULL)
        services->publish(services->host, (ds_slice){watcher->event, strlen(watcher->event)},
                          (ds_slice){text, strlen(text)});
    free(text);
    json_decref(data);
}

static void on_login(void *self, const struct ds_client *client)
{
    tell(self, client, true);
}

static void on_logout(void *self, const struct ds_client *client)
{
    tell(self, client, false);
}

static const struct ds_custom_operations operations = {.on_login = on_login,
                                                       .on_logout = on_logout};
static const char *const options[] = {"event", NULL};

static const struct ds_plugin plugin = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_CUSTOM,
    .name = "login-watcher",
    .description = "tells who comes and goes",
    .create = create,
    .close = close_it,
    .operations = &operations,
    .options = options,
};

DS_PLUGIN_EXPORT const struct ds_plugin *deepstream_plugin(void)
{
    return &plugin;
}
