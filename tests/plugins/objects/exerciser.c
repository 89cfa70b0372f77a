/* A custom plugin that does what it is told over HTTP, to show what plugins may ask of the server:
 * POST /do with the lines verb, name, path, data. It answers with the outcome, and remembers what
 * it was told and when: GET /told. */

#include <deepstream/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct exerciser {
    const struct ds_services *services;
    struct ds_event_subscription *subscription;
    char told[65536];
    size_t told_length;
    bool publishes_in_handler;
    bool writes_at_start;
};

struct pending {
    struct exerciser *exerciser;
    struct ds_http_exchange *exchange;
};

static ds_slice slice_of(const char *text)
{
    return (ds_slice){text, strlen(text)};
}

static bool is(ds_slice text, const char *wanted)
{
    return text.length == strlen(wanted) && memcmp(text.at, wanted, text.length) == 0;
}

static void note(struct exerciser *exerciser, const char *what, ds_slice first, ds_slice second)
{
    size_t left = sizeof exerciser->told - exerciser->told_length;
    int length = snprintf(exerciser->told + exerciser->told_length, left, "%s %.*s %.*s\n", what,
                          (int)first.length, first.at, (int)second.length, second.at);
    if (length > 0 && (size_t)length < left)
        exerciser->told_length += (size_t)length;
}

static void answer(const struct exerciser *exerciser, struct ds_http_exchange *exchange,
                   unsigned status, ds_slice text)
{
    struct ds_http_answer given = {
        .status = status, .content_type = slice_of("text/plain"), .body = text};
    exerciser->services->http_answer(exerciser->services->host, exchange, &given);
}

/* ---- what comes later ---- */

static struct pending *pending_new(struct exerciser *exerciser, struct ds_http_exchange *exchange)
{
    struct pending *pending = malloc(sizeof *pending);
    if (pending == NULL)
        abort();
    *pending = (struct pending){exerciser, exchange};
    return pending;
}

static void on_done(void *context, const char *error)
{
    struct pending *pending = context;
    answer(pending->exerciser, pending->exchange, error == NULL ? 200 : 500,
           slice_of(error == NULL ? "done" : error));
    free(pending);
}

static void on_record(void *context, const char *error, const struct ds_record *record)
{
    struct pending *pending = context;
    char text[4096];
    if (record == NULL)
        snprintf(text, sizeof text, "%s", error);
    else
        snprintf(text, sizeof text, "%d %.*s", (int)record->version, (int)record->data.length,
                 record->data.at);
    answer(pending->exerciser, pending->exchange, error == NULL ? 200 : 500, slice_of(text));
    free(pending);
}

static void on_event(void *context, ds_slice name, ds_slice data)
{
    struct exerciser *exerciser = context;
    note(exerciser, "event", name, data);
    if (!exerciser->publishes_in_handler)
        return;
    exerciser->publishes_in_handler = false;
    exerciser->services->publish(exerciser->services->host, name, slice_of("\"once more\""));
    exerciser->services->unsubscribe(exerciser->services->host, exerciser->subscription);
    exerciser->subscription = NULL;
}

/* ---- verbs ---- */

static bool visit(void *context, const struct ds_client *client)
{
    note(context, "client", client->user_id, client->client_data);
    return !is(client->user_id, "last");
}

static void set_option(struct exerciser *exerciser, struct ds_http_exchange *exchange,
                       ds_slice name, ds_slice value)
{
    struct ds_error error = {.text = ""};
    char option[128], number[32];
    snprintf(option, sizeof option, "%.*s", (int)name.length, name.at);
    snprintf(number, sizeof number, "%.*s", (int)value.length, value.at);
    bool is_set = exerciser->services->set_option(exerciser->services->host, option,
                                                  strtoll(number, NULL, 10), &error);
    answer(exerciser, exchange, is_set ? 200 : 500, slice_of(is_set ? "set" : error.text));
}

static void subscribe(struct exerciser *exerciser, struct ds_http_exchange *exchange, ds_slice name)
{
    const struct ds_services *services = exerciser->services;
    if (exerciser->subscription != NULL)
        services->unsubscribe(services->host, exerciser->subscription);
    exerciser->subscription =
        name.length == 0 ? NULL : services->subscribe(services->host, name, on_event, exerciser);
    answer(exerciser, exchange, 200, slice_of("subscribed"));
}

static void reload(struct exerciser *exerciser, struct ds_http_exchange *exchange)
{
    struct ds_error error = {.text = ""};
    bool is_fresh = exerciser->services->reload_rules(exerciser->services->host, &error);
    answer(exerciser, exchange, is_fresh ? 200 : 500, slice_of(is_fresh ? "fresh" : error.text));
}

static void do_now(struct exerciser *exerciser, struct ds_http_exchange *exchange, ds_slice verb,
                   ds_slice name, ds_slice data)
{
    const struct ds_services *services = exerciser->services;
    char text[64] = "done";
    if (is(verb, "publish"))
        services->publish(services->host, name, data);
    else if (is(verb, "publish in handler"))
        exerciser->publishes_in_handler = true;
    else if (is(verb, "clients"))
        services->each_client(services->host, visit, exerciser);
    else if (is(verb, "close user"))
        snprintf(text, sizeof text, "%zu",
                 services->close_user(services->host, name, "a test wants it"));
    else
        snprintf(text, sizeof text, "no such verb");
    answer(exerciser, exchange, 200, slice_of(text));
}

static ds_slice next_line(ds_slice *rest)
{
    const char *end = rest->length == 0 ? NULL : memchr(rest->at, '\n', rest->length);
    ds_slice line = {rest->at, end == NULL ? rest->length : (size_t)(end - rest->at)};
    size_t taken = end == NULL ? rest->length : line.length + 1;
    *rest = (ds_slice){rest->at + taken, rest->length - taken};
    return line;
}

static void on_post(void *context, const struct ds_http_request *request,
                    struct ds_http_exchange *exchange)
{
    struct exerciser *exerciser = context;
    const struct ds_services *services = exerciser->services;
    ds_slice data = request->body;
    ds_slice verb = next_line(&data), name = next_line(&data), path = next_line(&data);
    if (is(verb, "read"))
        services->read_record(services->host, name, on_record, pending_new(exerciser, exchange));
    else if (is(verb, "write"))
        services->write_record(services->host, name, path, data, on_done,
                               pending_new(exerciser, exchange));
    else if (is(verb, "delete"))
        services->delete_record(services->host, name, on_done, pending_new(exerciser, exchange));
    else if (is(verb, "subscribe"))
        subscribe(exerciser, exchange, name);
    else if (is(verb, "reload"))
        reload(exerciser, exchange);
    else if (is(verb, "set"))
        set_option(exerciser, exchange, name, data);
    else
        do_now(exerciser, exchange, verb, name, data);
}

static void on_get(void *context, const struct ds_http_request *request,
                   struct ds_http_exchange *exchange)
{
    struct exerciser *exerciser = context;
    (void)request;
    answer(exerciser, exchange, 200, (ds_slice){exerciser->told, exerciser->told_length});
}

/* ---- what it is told ---- */

static void on_login(void *self, const struct ds_client *client)
{
    note(self, "login", client->user_id, client->server_data);
    note(self, "over", slice_of(client->endpoint), client->client_data);
}

static void on_logout(void *self, const struct ds_client *client)
{
    note(self, "logout", client->user_id, client->server_data);
}

/* ---- its life ---- */

static void log_outcome(void *context, const char *error)
{
    const struct exerciser *exerciser = context;
    exerciser->services->log(exerciser->services->host, DS_INFO, "EXERCISER",
                             slice_of(error == NULL ? "written" : error));
}

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    struct exerciser *exerciser = calloc(1, sizeof *exerciser);
    (void)error;
    if (exerciser == NULL)
        abort();
    exerciser->services = services;
    exerciser->writes_at_start = ds_value_boolean(ds_value_member(options, "writesAtStart"), true);
    services->add_http_post(services->host, slice_of("/do"), on_post, exerciser);
    services->add_http_get(services->host, slice_of("/told"), on_get, exerciser);
    services->publish(services->host, slice_of("too early"), slice_of("1"));
    services->write_record(services->host, slice_of("too/early"), slice_of(""), slice_of("{}"),
                           log_outcome, exerciser);
    return exerciser;
}

/* Handlers work when custom plugins start; that it is not ready until then is part of the test. */
static void start(void *self, ds_done *done, void *context)
{
    struct exerciser *exerciser = self;
    if (!exerciser->writes_at_start)
        done(context, NULL);
    else
        exerciser->services->write_record(exerciser->services->host, slice_of("started"),
                                          slice_of(""), slice_of("{\"by\":\"exerciser\"}"), done,
                                          context);
}

static void close_it(void *self, ds_done *done, void *context)
{
    struct exerciser *exerciser = self;
    exerciser->services->write_record(exerciser->services->host, slice_of("too/late"), slice_of(""),
                                      slice_of("{}"), log_outcome, exerciser);
    if (exerciser->subscription != NULL)
        exerciser->services->unsubscribe(exerciser->services->host, exerciser->subscription);
    free(exerciser);
    done(context, NULL);
}

static const struct ds_custom_operations operations = {.on_login = on_login,
                                                       .on_logout = on_logout};
static const struct ds_plugin plugin = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_CUSTOM,
    .name = "exerciser",
    .description = "does what it is told",
    .create = create,
    .start = start,
    .close = close_it,
    .operations = &operations,
};

DS_PLUGIN_EXPORT const struct ds_plugin *deepstream_plugin(void)
{
    return &plugin;
}
