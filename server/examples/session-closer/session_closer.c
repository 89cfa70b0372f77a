/* POST {"user": "bob"} to its path ends all connections of bob: {"closed": 2}. Who may ask knows
 * the secret of the configuration: Authorization: Bearer <secret>. */

#include <deepstream/plugin.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCHEME "Bearer "

struct closer {
    const struct ds_services *services;
    char secret[256];
};

static ds_slice slice_of(const char *text)
{
    return (ds_slice){text, strlen(text)};
}

/* Takes as long for every secret of this length: the time of an answer gives nothing away. */
static bool is_secret(const struct closer *closer, ds_slice given)
{
    size_t length = strlen(closer->secret);
    unsigned difference = 0;
    if (given.length != length)
        return false;
    for (size_t i = 0; i < length; i++)
        difference |= (unsigned)(unsigned char)given.at[i] ^ (unsigned char)closer->secret[i];
    return difference == 0;
}

static bool may_ask(const struct closer *closer, const struct ds_http_request *request)
{
    size_t scheme = strlen(SCHEME);
    for (size_t i = 0; i < request->header_count; i++) {
        ds_slice name = request->headers[i].name, value = request->headers[i].value;
        if (name.length == strlen("authorization") && memcmp(name.at, "authorization", 13) == 0)
            return value.length > scheme && memcmp(value.at, SCHEME, scheme) == 0 &&
                   is_secret(closer, (ds_slice){value.at + scheme, value.length - scheme});
    }
    return false;
}

static void answer(const struct closer *closer, struct ds_http_exchange *exchange, unsigned status,
                   const char *body)
{
    struct ds_http_answer given = {.status = status, .body = slice_of(body)};
    closer->services->http_answer(closer->services->host, exchange, &given);
}

static void on_post(void *context, const struct ds_http_request *request,
                    struct ds_http_exchange *exchange)
{
    const struct closer *closer = context;
    if (!may_ask(closer, request)) {
        answer(closer, exchange, 401, "{\"error\":\"the secret is wrong\"}");
        return;
    }
    json_t *body = json_loadb(request->body.at, request->body.length, 0, NULL);
    const json_t *user = json_object_get(body, "user");
    if (!json_is_string(user)) {
        answer(closer, exchange, 400,
               "{\"error\":\"the body has to be {\\\"user\\\": \\\"id\\\"}\"}");
    } else {
        char text[64];
        ds_slice id = {json_string_value(user), json_string_length(user)};
        size_t closed =
            closer->services->close_user(closer->services->host, id, "asked to end over HTTP");
        snprintf(text, sizeof text, "{\"closed\":%zu}", closed);
        answer(closer, exchange, 200, text);
    }
    json_decref(body);
}

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    ds_slice secret = ds_value_text(ds_value_member(options, "secret"), (ds_slice){"", 0});
    ds_slice path = ds_value_text(ds_value_member(options, "path"), slice_of("/close-user"));
    struct closer *closer = calloc(1, sizeof *closer);
    if (closer == NULL || secret.length == 0 || secret.length >= sizeof closer->secret) {
        snprintf(error->text, sizeof error->text, "`secret` has to have 1 to 255 characters");
        free(closer);
        return NULL;
    }
    closer->services = services;
    memcpy(closer->secret, secret.at, secret.length);
    services->add_http_post(services->host, path, on_post, closer);
    return closer;
}

static void close_it(void *self, ds_done *done, void *context)
{
    free(self);
    done(context, NULL);
}

static const char *const options[] = {"secret", "path", NULL};

static const struct ds_plugin plugin = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_CUSTOM,
    .name = "session-closer",
    .description = "ends the connections of a user on request",
    .create = create,
    .close = close_it,
    .options = options,
};

DS_PLUGIN_EXPORT const struct ds_plugin *deepstream_plugin(void)
{
    return &plugin;
}
