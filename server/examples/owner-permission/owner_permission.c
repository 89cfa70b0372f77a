/* Who a name belongs to stands in it: of `notes/bob/1` only bob may write, delete or notify,
 * because one of its parts is his user id. Reading, subscribing and everything else is for all.
 * Names without any user id are nobody's: only those that the option `shared` begins may be written
 * then. */

#include <deepstream/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Numbers of protocol.md 2.3 and 2.5. */
enum { TOPIC_EVENT = 4, TOPIC_RECORD = 5 };
enum { EVENT_EMIT = 2 };
enum {
    RECORD_NOTIFY = 2,
    RECORD_DELETE = 9,
    RECORD_CREATE = 15,
    RECORD_UPDATE = 18,
    RECORD_PATCH = 19,
    RECORD_ERASE = 20,
    RECORD_PATCH_MULTI = 35,
};

struct permission {
    size_t shared_length;
    char shared[256]; /* names that begin like this are everybody's; empty: none */
};

struct user {
    bool is_authenticated;
    size_t length;
    char id[];
};

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    ds_slice shared = ds_value_text(ds_value_member(options, "shared"), (ds_slice){"", 0});
    struct permission *permission = calloc(1, sizeof *permission);
    (void)services;
    if (permission == NULL || shared.length >= sizeof permission->shared) {
        snprintf(error->text, sizeof error->text, "`shared` is too long");
        free(permission);
        return NULL;
    }
    permission->shared_length = shared.length;
    memcpy(permission->shared, shared.at, shared.length);
    return permission;
}

static void close_it(void *self, ds_done *done, void *context)
{
    free(self);
    done(context, NULL);
}

static void *user_new(void *self, ds_slice id, bool is_authenticated, ds_slice server_data)
{
    struct user *user = malloc(sizeof *user + id.length);
    (void)self;
    (void)server_data;
    if (user == NULL)
        return NULL;
    user->is_authenticated = is_authenticated;
    user->length = id.length;
    memcpy(user->id, id.at, id.length);
    return user;
}

static void user_free(void *self, void *user)
{
    (void)self;
    free(user);
}

static bool changes_something(const struct ds_permission_request *request)
{
    if (request->topic == TOPIC_EVENT)
        return request->action == EVENT_EMIT;
    if (request->topic != TOPIC_RECORD)
        return false;
    switch (request->action) {
    case RECORD_NOTIFY:
    case RECORD_DELETE:
    case RECORD_CREATE:
    case RECORD_UPDATE:
    case RECORD_PATCH:
    case RECORD_ERASE:
    case RECORD_PATCH_MULTI:
        return true;
    default:
        return false;
    }
}

/* Whether a part of the name, between slashes, is the user's id. */
static bool is_theirs(ds_slice name, const struct user *user)
{
    size_t start = 0;
    if (!user->is_authenticated)
        return false;
    for (size_t i = 0; i <= name.length; i++) {
        if (i < name.length && name.at[i] != '/')
            continue;
        if (i - start == user->length && memcmp(name.at + start, user->id, user->length) == 0)
            return true;
        start = i + 1;
    }
    return false;
}

static bool is_shared(const struct permission *permission, ds_slice name)
{
    return permission->shared_length > 0 && name.length >= permission->shared_length &&
           memcmp(name.at, permission->shared, permission->shared_length) == 0;
}

static void check(void *self, const struct ds_permission_request *request, ds_verdict_done *done,
                  void *context)
{
    bool is_allowed = !changes_something(request) || is_shared(self, request->name) ||
                      is_theirs(request->name, request->user);
    done(context, is_allowed ? DS_ALLOW : DS_DENY);
}

static const struct ds_permission_operations operations = {
    .user_new = user_new, .user_free = user_free, .check = check};
static const char *const options[] = {"shared", NULL};

static const struct ds_plugin plugin = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_PERMISSION,
    .name = "owner",
    .description = "names belong to the user whose id is in them",
    .create = create,
    .close = close_it,
    .operations = &operations,
    .options = options,
};

DS_PLUGIN_EXPORT const struct ds_plugin *deepstream_plugin(void)
{
    return &plugin;
}
