/* GET /state shows how the server does right now, as JSON: for a page, or for a look with curl. */

#include <deepstream/plugin.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct monitor {
    const struct ds_services *services;
};

static ds_slice slice_of(const char *text)
{
    return (ds_slice){text, strlen(text)};
}

/* JSON's integers are signed. */
static json_t *number(uint64_t count)
{
    return json_integer((json_int_t)count);
}

static json_t *describe_messages(const struct ds_statistics *statistics)
{
    json_t *messages = json_object();
    for (size_t i = 0; i < statistics->message_count; i++) {
        const struct ds_message_count *count = &statistics->messages[i];
        char name[128];
        snprintf(name, sizeof name, "%s.%s", count->topic, count->action);
        json_object_set_new(messages, name,
                            json_pack("{s:o, s:o}", "received", number(count->received), "sent",
                                      number(count->sent)));
    }
    return messages;
}

static json_t *describe_registries(const struct ds_statistics *statistics)
{
    json_t *registries = json_object();
    for (size_t i = 0; i < statistics->registry_count; i++)
        json_object_set_new(registries, statistics->registries[i].name,
                            number(statistics->registries[i].count));
    return registries;
}

static json_t *describe(const struct ds_statistics *statistics)
{
    return json_pack(
        "{s:s%, s:s, s:f, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "server", statistics->server_name.at,
        statistics->server_name.length, "version", statistics->version, "uptimeSeconds",
        (statistics->now_ms - statistics->started_ms) / 1000, "connections",
        number(statistics->connections_open), "clusterSize", number(statistics->cluster_size),
        "residentBytes", number(statistics->resident_bytes), "queuedBytes",
        number(statistics->queued_bytes), "unstoredWrites", number(statistics->unstored_writes),
        "messages", describe_messages(statistics), "registries", describe_registries(statistics));
}

static void on_get(void *context, const struct ds_http_request *request,
                   struct ds_http_exchange *exchange)
{
    const struct monitor *monitor = context;
    const struct ds_services *services = monitor->services;
    json_t *state = describe(services->statistics(services->host));
    char *text = json_dumps(state, JSON_INDENT(2));
    struct ds_http_answer answer = {.status = text == NULL ? 500 : 200,
                                    .body = slice_of(text == NULL ? "" : text)};
    (void)request;
    services->http_answer(services->host, exchange, &answer);
    free(text);
    json_decref(state);
}

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    struct monitor *monitor = calloc(1, sizeof *monitor);
    (void)error;
    if (monitor == NULL)
        return NULL;
    monitor->services = services;
    services->add_http_get(services->host,
                           ds_value_text(ds_value_member(options, "path"), slice_of("/state")),
                           on_get, monitor);
    return monitor;
}

static void close_it(void *self, ds_done *done, void *context)
{
    free(self);
    done(context, NULL);
}

static const char *const options[] = {"path", NULL};

static const struct ds_plugin plugin = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_MONITORING,
    .name = "state",
    .description = "GET /state shows what goes on",
    .create = create,
    .close = close_it,
    .options = options,
};

DS_PLUGIN_EXPORT const struct ds_plugin *deepstream_plugin(void)
{
    return &plugin;
}
