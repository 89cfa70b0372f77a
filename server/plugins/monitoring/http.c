/* The monitoring `type: http`: GET of its path gives what happened since the last GET, as JSON with
 * the members that the Node.js server shows (server.md 9); of all nodes of the process together. */

#include "plugins/builtins.h"

#include "gate.h"
#include "look.h"
#include "shared_since.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

#define SCOPE "HTTP_MONITORING"

struct monitoring {
    const struct ds_services *services;
    struct gate gate;
    struct buf key; /* of since, which the nodes of the process share */
    struct shared_since *since;
    struct buf body;
};

struct request {
    struct monitoring *monitoring;
    struct ds_http_exchange *exchange;
};

static void answer(void *context, const struct ds_statistics *const *nodes, size_t count)
{
    struct request request = *(struct request *)context;
    const struct ds_services *services = request.monitoring->services;
    struct buf *body = &request.monitoring->body;
    free(context);
    buf_clear(body);
    shared_since_write(request.monitoring->since, nodes, count, body);
    struct ds_http_answer answer = {.body = buf_slice(body)};
    services->http_answer(services->host, request.exchange, &answer);
}

static void answer_get(void *context, const struct ds_http_request *request,
                       struct ds_http_exchange *exchange)
{
    struct monitoring *monitoring = context;
    const struct ds_services *services = monitoring->services;
    if (!gate_lets_in(&monitoring->gate, request)) {
        services->log_in(services->host, SCOPE, DS_WARN, "AUTH_ERROR",
                         SLICE("Invalid monitoring data due to missing or invalid header values"));
        gate_turn_away(services, exchange);
        return;
    }
    struct request *asked = malloc(sizeof *asked);
    CHECK(asked != NULL);
    *asked = (struct request){monitoring, exchange};
    look_at_nodes(services, answer, asked);
}

/* ---- options ---- */

static bool refuse(const struct ds_value *options, const char *why, struct ds_error *error)
{
    slice place = ds_value_place(options);
    snprintf(error->text, sizeof error->text, SLICE_FORMAT "%s%s", SLICE_ARGUMENTS(place),
             place.length > 0 ? ": " : "", why);
    return false;
}

static bool read_options(struct monitoring *monitoring, const struct ds_value *options,
                         struct ds_error *error)
{
    const struct ds_services *services = monitoring->services;
    slice url = ds_value_text(ds_value_member(options, "url"), SLICE(""));
    bool is_open = ds_value_boolean(ds_value_member(options, "allowOpenPermissions"), false);
    if (url.length == 0)
        return refuse(options, "Missing \"url\" for HTTP Monitoring", error);
    if (is_open)
        services->log_in(services->host, SCOPE, DS_WARN, "PLUGIN_INITIALIZATION_ERROR",
                         SLICE("\"allowOpenPermissions\" is set. Try not to deploy to production"));
    else if (!gate_init(&monitoring->gate, options, error) || monitoring->gate.key.length == 0)
        return refuse(options, "Missing \"headerKey\" and/or \"headerValue\"", error);
    return true;
}

/* ---- life ---- */

static void free_it(struct monitoring *monitoring)
{
    gate_fini(&monitoring->gate);
    if (monitoring->since != NULL)
        shared_since_close(monitoring->services, monitoring->key.at, monitoring->since);
    buf_fini(&monitoring->key);
    buf_fini(&monitoring->body);
    free(monitoring);
}

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    struct monitoring *monitoring = calloc(1, sizeof *monitoring);
    CHECK(monitoring != NULL);
    monitoring->services = services;
    if (!read_options(monitoring, options, error)) {
        free_it(monitoring);
        return NULL;
    }
    slice url = ds_value_text(ds_value_member(options, "url"), SLICE(""));
    buf_printf(&monitoring->key, "monitoring http " SLICE_FORMAT, SLICE_ARGUMENTS(url));
    buf_append_byte(&monitoring->key, '\0');
    monitoring->since = shared_since_open(services, monitoring->key.at);
    services->add_http_get(services->host, url, answer_get, monitoring);
    return monitoring;
}

static void close_it(void *self, ds_done *done, void *context)
{
    free_it(self);
    done(context, NULL);
}

const struct ds_plugin ds_monitoring_http = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_MONITORING,
    .name = "http",
    .description = "http: counters as JSON",
    .create = create,
    .close = close_it,
};
