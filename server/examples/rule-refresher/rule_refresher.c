/* POST to its path reads the rules again: {"refreshed": true}, or 422 with what is wrong with the
 * new ones, while the old ones stay. On every node of a cluster at once by its event, which whoever
 * may publish it can send. */

#include <deepstream/plugin.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct refresher {
    const struct ds_services *services;
    char event[256]; /* empty: no event refreshes */
    struct ds_event_subscription *subscription;
};

static ds_slice slice_of(const char *text)
{
    return (ds_slice){text, strlen(text)};
}

static void on_post(void *context, const struct ds_http_request *request,
                    struct ds_http_exchange *exchange)
{
    const struct refresher *refresher = context;
    const struct ds_services *services = refresher->services;
    struct ds_error error;
    bool is_fresh = services->reload_rules(services->host, &error);
    json_t *body = is_fresh ? json_pack("{s:b}", "refreshed", 1)
                            : json_pack("{s:b, s:s+}", "refreshed", 0, "error", error.text, "");
    char *text = json_dumps(body, JSON_COMPACT);
    struct ds_http_answer answer = {.status = is_fresh ? 200 : 422,
                                    .body = slice_of(text == NULL ? "{}" : text)};
    (void)request;
    services->http_answer(services->host, exchange, &answer);
    free(text);
    json_decref(body);
}

/* The server logs the outcome. */
static void on_event(void *context, ds_slice name, ds_slice data)
{
    const struct refresher *refresher = context;
    struct ds_error error;
    (void)name;
    (void)data;
    refresher->services->reload_rules(refresher->services->host, &error);
}

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    ds_slice path = ds_value_text(ds_value_member(options, "path"), slice_of("/refresh-rules"));
    ds_slice event = ds_value_text(ds_value_member(options, "event"), (ds_slice){"", 0});
    struct refresher *refresher = calloc(1, sizeof *refresher);
    if (refresher == NULL || event.length >= sizeof refresher->event) {
        snprintf(error->text, sizeof error->text, "`event` is too long");
        free(refresher);
        return NULL;
    }
    refresher->services = services;
    memcpy(refresher->event, event.at, event.length);
    services->add_http_post(services->host, path, on_post, refresher);
    return refresher;
}

static void start(void *self, ds_done *done, void *context)
{
    struct refresher *refresher = self;
    if (refresher->event[0] != '\0')
        refresher->subscription = refresher->services->subscribe(
            refresher->services->host, slice_of(refresher->event), on_event, refresher);
    done(context, NULL);
}

static void close_it(void *self, ds_done *done, void *context)
{
    struct refresher *refresher = self;
    if (refresher->subscription != NULL)
        refresher->services->unsubscribe(refresher->services->host, refresher->subscription);
    free(refresher);
    done(context, NULL);
}

static const char *const options[] = {"path", "event", NULL};

static const struct ds_plugin plugin = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_CUSTOM,
    .name = "rule-refresher",
    .description = "reads the rules again on request",
    .create = create,
    .start = start,
    .close = close_it,
    .options = options,
};

DS_PLUGIN_EXPORT const struct ds_plugin *deepstream_plugin(void)
{
    return &plugin;
}
