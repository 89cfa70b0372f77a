/* The authentication `type: none`: everybody is who he says; who says nothing is "open". */

#include "plugins/builtins.h"

#include "convert.h"
#include "json.h"
#include "valve.h"

#include "base/check.h"

#include <stdlib.h>

struct open_authentication {
    struct arena arena; /* of one login */
};

#define MAX_LOGIN_MEMORY ((size_t)64 << 20)

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    (void)services;
    (void)options;
    (void)error;
    struct open_authentication *authentication = malloc(sizeof *authentication);
    CHECK(authentication != NULL);
    arena_init(&authentication->arena, MAX_LOGIN_MEMORY);
    return authentication;
}

static void close_it(void *self, ds_done *done, void *context)
{
    struct open_authentication *authentication = self;
    arena_fini(&authentication->arena);
    free(authentication);
    done(context, NULL);
}

/* The member `username` as the text that JavaScript makes of it; empty when it counts as false. */
static slice username_of(struct arena *arena, slice auth_data)
{
    struct valve_options options = valve_options_default();
    struct evaluation evaluation = {.arena = arena, .options = &options};
    valve_value data, text;
    if (!json_read(auth_data, (struct json_limits){options.max_json_depth}, arena, &data, NULL) ||
        data.type != VALUE_OBJECT)
        return (slice){0};
    const valve_value *name = value_object_find(data.as.object, SLICE("username"));
    if (name == NULL || !value_truth(*name) || !convert_to_text(&evaluation, *name, &text))
        return (slice){0};
    return value_slice(text);
}

static void login(void *self, const struct ds_login *login, ds_login_done *done, void *context)
{
    struct open_authentication *authentication = self;
    struct arena_mark mark = arena_mark(&authentication->arena);
    slice username = username_of(&authentication->arena, login->auth_data);
    struct ds_login_result result = {
        .outcome = DS_LOGIN_ACCEPTED,
        .has_id = true,
        .id = username.length > 0 ? username : SLICE("open"),
    };
    done(context, &result);
    arena_reset(&authentication->arena, mark);
}

static const struct ds_authentication_operations operations = {.login = login};

const struct ds_plugin ds_authentication_none = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_AUTHENTICATION,
    .name = "none",
    .description = "none: everybody may log in",
    .create = create,
    .close = close_it,
    .operations = &operations,
};
