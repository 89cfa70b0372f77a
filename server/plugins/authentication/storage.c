/* The authentication `type: storage`: users live in the storage, as records `<table>/<name>`
 * (server.md 6.4), and may be made at their first login.
 *
 *     {"username": "bo", "password": "<hash><salt>", "clientData": {"id": "<uuid>"}, "serverData":
 * ...}
 *
 * Of a user who is being made there is one attempt at a time; others of that name wait for its end,
 * so that of two who come at once the second one has to know the password of the first. */

#include "plugins/authentication/login_data.h"
#include "plugins/authentication/password_queue.h"
#include "plugins/builtins.h"

#include "json.h"

#include "base/check.h"
#include "base/hashmap.h"
#include "base/list.h"
#include "base/utf8.h"

#include <openssl/rand.h>
#include <uv.h>

#include <stdlib.h>
#include <time.h>

#define MAX_NAME_BYTES 1024
#define MAX_USER_BYTES ((size_t)1 << 20)
#define MAX_USER_DEPTH 128
#define UUID_LENGTH 36

struct storage_authentication {
    const struct ds_services *services;
    struct arena arena; /* of the settings */
    slice prefix;       /* "<table>/" */
    bool creates_users;
    bool reports; /* a wrong login is refused here; else the next entry of `auth` is asked */
    struct password_queue hashing;
    struct hashmap creating; /* key -> the attempt that makes this user */
    size_t attempts;
    ds_done *closed;
    void *closed_context;
};

struct attempt {
    struct list_link link;      /* among the followers of another one */
    struct list_link followers; /* wait until this one has made the user */
    struct storage_authentication *authentication;
    slice key;      /* all texts of the client stand behind this struct */
    slice username; /* the end of key */
    slice password;
    struct password_asker asker;
    struct arena arena; /* of the user */
    slice id, client_data, server_data;
    ds_login_done *done;
    void *context;
};

static void log_text(const struct storage_authentication *authentication, enum ds_log_level level,
                     const char *event, const char *what, slice text)
{
    const struct ds_services *services = authentication->services;
    struct buf line = BUF_EMPTY;
    buf_printf(&line, "%s" SLICE_FORMAT, what, SLICE_ARGUMENTS(text));
    services->log(services->host, level, event, buf_slice(&line));
    buf_fini(&line);
}

/* ---- the end of an attempt ---- */

static void close_if_idle(struct storage_authentication *authentication);
static void look_up(struct attempt *attempt);

static void let_followers_go(struct attempt *attempt)
{
    struct hashmap *creating = &attempt->authentication->creating;
    if (hashmap_find(creating, attempt->key) == attempt)
        hashmap_remove(creating, attempt->key);
    while (!list_is_empty(&attempt->followers)) {
        struct attempt *follower = LIST_ITEM(attempt->followers.next, struct attempt, link);
        list_remove(&follower->link);
        look_up(follower);
    }
}

static void end_attempt(struct attempt *attempt, const struct ds_login_result *result)
{
    struct storage_authentication *authentication = attempt->authentication;
    attempt->done(attempt->context, result);
    let_followers_go(attempt);
    arena_fini(&attempt->arena);
    free(attempt);
    authentication->attempts--;
    close_if_idle(authentication);
}

static void admit(struct attempt *attempt)
{
    struct ds_login_result result = {
        .outcome = DS_LOGIN_ACCEPTED,
        .has_id = true,
        .id = attempt->id,
        .client_data = attempt->client_data,
        .server_data = attempt->server_data,
    };
    end_attempt(attempt, &result);
}

/* Whatever the configuration says: no other entry can know better. */
static void refuse(struct attempt *attempt, slice client_data)
{
    struct ds_login_result result = {.outcome = DS_LOGIN_REFUSED, .client_data = client_data};
    end_attempt(attempt, &result);
}

static void refuse_or_pass(struct attempt *attempt)
{
    struct ds_login_result result = {
        .outcome = attempt->authentication->reports ? DS_LOGIN_REFUSED : DS_LOGIN_NOT_MINE};
    end_attempt(attempt, &result);
}

/* ---- a user who is there ---- */

static void on_checked(void *context, bool matches, slice hash)
{
    struct attempt *attempt = context;
    (void)hash;
    if (!matches) {
        refuse_or_pass(attempt);
    } else if (attempt->id.length == 0) { /* S5 */
        log_text(attempt->authentication, DS_ERROR, "AUTH_ERROR",
                 "a user of the storage has no id in clientData: ", attempt->key);
        refuse(attempt, SLICE(""));
    } else {
        admit(attempt);
    }
}

static slice json_text(struct arena *arena, const struct value_object *user, slice key)
{
    const valve_value *value = value_object_find(user, key);
    if (value == NULL || !value_truth(*value))
        return SLICE("null");
    struct buf text = BUF_EMPTY;
    json_write_plain(&text, *value);
    slice kept = arena_copy(arena, buf_slice(&text));
    buf_fini(&text);
    return kept;
}

static slice text_member(const struct value_object *object, slice key)
{
    const valve_value *value = value_object_find(object, key);
    return value != NULL && value->type == VALUE_TEXT ? value_slice(*value) : (slice){0};
}

/* What the storage holds may be anything (S5): what is missing stays empty, and lets nobody in. */
static slice read_user(struct attempt *attempt, slice data)
{
    valve_value value;
    slice kept = data.length > MAX_USER_BYTES ? (slice){0} : arena_copy(&attempt->arena, data);
    if (!json_read(kept, (struct json_limits){MAX_USER_DEPTH}, &attempt->arena, &value, NULL) ||
        value.type != VALUE_OBJECT) {
        log_text(attempt->authentication, DS_ERROR, "AUTH_ERROR",
                 "a user of the storage is no object: ", attempt->key);
        return (slice){0};
    }
    const struct value_object *user = value.as.object;
    const valve_value *client_data = value_object_find(user, SLICE("clientData"));
    if (client_data != NULL && client_data->type == VALUE_OBJECT)
        attempt->id = text_member(client_data->as.object, SLICE("id"));
    attempt->client_data = json_text(&attempt->arena, user, SLICE("clientData"));
    attempt->server_data = json_text(&attempt->arena, user, SLICE("serverData"));
    return text_member(user, SLICE("password"));
}

/* ---- a user who is not ---- */

static void on_unknown(void *context, bool matches, slice hash)
{
    struct attempt *attempt = context;
    struct ds_login_result result = {.outcome = DS_LOGIN_NOT_MINE};
    (void)matches;
    (void)hash;
    end_attempt(attempt, &result);
}

static void on_stored(void *context, const char *error)
{
    struct attempt *attempt = context;
    if (error == NULL) {
        admit(attempt);
        return;
    }
    log_text(attempt->authentication, DS_ERROR, "AUTH_ERROR",
             "Error creating user: ", slice_of(error));
    refuse(attempt, SLICE("{\"error\":\"Error creating user\"}"));
}

static slice new_uuid(struct arena *arena)
{
    unsigned char b[16];
    CHECK(RAND_bytes(b, sizeof b) == 1);
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40); /* version 4 */
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80); /* variant of RFC 4122 */
    slice text = arena_printf(
        arena, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
        b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
    CHECK(text.length == UUID_LENGTH);
    return text;
}

static void write_user(struct buf *out, const struct attempt *attempt, slice hash)
{
    buf_append_text(out, "{\"username\":");
    json_write_text(out, attempt->username);
    buf_append_text(out, ",\"password\":");
    json_write_text(out, hash);
    buf_append_text(out, ",\"clientData\":");
    buf_append(out, attempt->client_data);
    buf_append_text(out, ",\"serverData\":");
    buf_append(out, attempt->server_data);
    buf_append_byte(out, '}');
}

static void on_hashed(void *context, bool ok, slice hash)
{
    struct attempt *attempt = context;
    const struct ds_services *services = attempt->authentication->services;
    struct timespec now;
    if (!ok) {
        refuse(attempt, SLICE("{\"error\":\"Error creating user\"}"));
        return;
    }
    clock_gettime(CLOCK_REALTIME, &now);
    attempt->id = new_uuid(&attempt->arena);
    attempt->client_data = arena_printf(&attempt->arena, "{\"id\":\"" SLICE_FORMAT "\"}",
                                        SLICE_ARGUMENTS(attempt->id));
    attempt->server_data =
        arena_printf(&attempt->arena, "{\"created\":%lld}",
                     (long long)now.tv_sec * 1000 + (long long)now.tv_nsec / 1000000);
    struct buf user = BUF_EMPTY;
    write_user(&user, attempt, hash);
    struct ds_record record = {.version = 1, .data = buf_slice(&user)};
    services->storage_set(services->host, attempt->key, &record, on_stored, attempt);
    buf_fini(&user);
}

static void create_user(struct attempt *attempt)
{
    struct storage_authentication *authentication = attempt->authentication;
    struct attempt *creator = hashmap_find(&authentication->creating, attempt->key);
    if (creator != NULL) {
        list_append(&creator->followers, &attempt->link);
        return;
    }
    hashmap_put(&authentication->creating, attempt->key, attempt);
    log_text(authentication, DS_INFO, "REGISTERING_USER", "Adding new user ", attempt->username);
    password_queue_make(&authentication->hashing, attempt->asker, attempt->password, on_hashed,
                        attempt);
}

/* ---- looking up ---- */

static void on_user(void *context, const char *error, const struct ds_record *record)
{
    struct attempt *attempt = context;
    struct password_queue *hashing = &attempt->authentication->hashing;
    if (error != NULL) {
        log_text(attempt->authentication, DS_ERROR, "AUTH_ERROR",
                 "Error retrieving user from storage: ", slice_of(error));
        refuse(attempt, SLICE("{\"error\":\"Error retrieving user from storage\"}"));
    } else if (record->version != DS_MISSING) {
        slice stored = read_user(attempt, record->data);
        password_queue_check(hashing, attempt->asker, attempt->password, stored, on_checked,
                             attempt);
    } else if (attempt->authentication->creates_users) {
        create_user(attempt);
    } else {
        password_queue_check(hashing, attempt->asker, attempt->password, (slice){0}, on_unknown,
                             attempt);
    }
}

static void look_up(struct attempt *attempt)
{
    const struct ds_services *services = attempt->authentication->services;
    services->storage_get(services->host, attempt->key, on_user, attempt);
}

/* ---- operations ---- */

/* The words of the original, where what is not missing reads "false". */
static void answer_missing(const struct storage_authentication *authentication, bool has_username,
                           bool has_password, ds_login_done *done, void *context)
{
    struct ds_login_result result = {.outcome = DS_LOGIN_NOT_MINE};
    char text[128];
    if (authentication->reports) {
        snprintf(text, sizeof text, "{\"error\":\"missing authentication parameters: %s %s\"}",
                 has_username ? "false" : "username", has_password ? "false" : "password");
        result.outcome = DS_LOGIN_REFUSED;
        result.client_data = slice_of(text);
    }
    done(context, &result);
}

static slice append(char **at, slice text)
{
    char *start = *at;
    if (text.length > 0)
        memcpy(start, text.at, text.length);
    *at = start + text.length;
    return (slice){start, text.length};
}

static struct attempt *attempt_new(struct storage_authentication *authentication, slice username,
                                   slice password, ds_login_done *done, void *context)
{
    slice prefix = authentication->prefix;
    struct attempt *attempt =
        malloc(sizeof *attempt + prefix.length + username.length + password.length);
    CHECK(attempt != NULL);
    char *at = (char *)(attempt + 1);
    *attempt = (struct attempt){.authentication = authentication, .done = done, .context = context};
    attempt->key = append(&at, prefix);
    attempt->username = append(&at, username);
    attempt->key.length += username.length;
    attempt->password = append(&at, password);
    list_init(&attempt->link);
    list_init(&attempt->followers);
    arena_init(&attempt->arena, 0);
    authentication->attempts++;
    return attempt;
}

/* Whether a storage can have it in a key. */
static bool is_name(slice username)
{
    return username.length <= MAX_NAME_BYTES && utf8_valid(username, false);
}

static void login(void *self, const struct ds_login *login, ds_login_done *done, void *context)
{
    struct storage_authentication *authentication = self;
    struct login_data data;
    slice username, password;
    login_data_read(&data, login->auth_data);
    bool has_username = login_data_text(&data, SLICE("username"), &username) && is_name(username);
    bool has_password = login_data_text(&data, SLICE("password"), &password);
    if (has_username && has_password) {
        struct attempt *attempt = attempt_new(authentication, username, password, done, context);
        attempt->asker = password_asker_of(login);
        look_up(attempt);
    } else {
        answer_missing(authentication, has_username, has_password, done, context);
    }
    login_data_fini(&data);
}

/* ---- life ---- */

static void free_it(struct storage_authentication *authentication)
{
    hashmap_fini(&authentication->creating);
    arena_fini(&authentication->arena);
    free(authentication);
}

static void close_if_idle(struct storage_authentication *authentication)
{
    if (authentication->closed == NULL || authentication->attempts > 0)
        return;
    ds_done *closed = authentication->closed;
    void *context = authentication->closed_context;
    free_it(authentication);
    closed(context, NULL);
}

static void close_it(void *self, ds_done *done, void *context)
{
    struct storage_authentication *authentication = self;
    authentication->closed = done;
    authentication->closed_context = context;
    password_queue_refuse_waiting(&authentication->hashing); /* nobody is there for the answer */
    close_if_idle(authentication);
}

static bool read_settings(struct storage_authentication *authentication,
                          const struct ds_value *options, struct ds_error *error)
{
    slice table = ds_value_text(ds_value_member(options, "table"), SLICE(""));
    slice split = ds_value_text(ds_value_member(options, "tableSplitChar"), SLICE("/"));
    const char *problem =
        table.length == 0
            ? "table is missing, which names the users' place in the storage"
            : password_method_init(&authentication->hashing.method,
                                   ds_value_text(ds_value_member(options, "hash"), (slice){0}),
                                   ds_value_number(ds_value_member(options, "iterations"), 0),
                                   ds_value_number(ds_value_member(options, "keyLength"), 0));
    if (problem == NULL && authentication->services->storage_get == NULL)
        problem = "it needs a storage that keeps users, but there is none";
    if (problem != NULL) {
        snprintf(error->text, sizeof error->text, "Validating settings failed for storage auth: %s",
                 problem);
        return false;
    }
    authentication->prefix = arena_printf(&authentication->arena, SLICE_FORMAT SLICE_FORMAT,
                                          SLICE_ARGUMENTS(table), SLICE_ARGUMENTS(split));
    authentication->creates_users = ds_value_boolean(ds_value_member(options, "createUser"), false);
    authentication->reports =
        ds_value_boolean(ds_value_member(options, "reportInvalidParameters"), true);
    return true;
}

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    struct storage_authentication *authentication = calloc(1, sizeof *authentication);
    CHECK(authentication != NULL);
    authentication->services = services;
    arena_init(&authentication->arena, 0);
    password_queue_init(&authentication->hashing, services->loop);
    hashmap_init(&authentication->creating);
    if (read_settings(authentication, options, error))
        return authentication;
    free_it(authentication);
    return NULL;
}

static const struct ds_authentication_operations operations = {.login = login};

const struct ds_plugin ds_authentication_storage = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_AUTHENTICATION,
    .name = "storage",
    .description = "storage: users and passwords kept with the records",
    .create = create,
    .close = close_it,
    .operations = &operations,
};
