/* The authentication `type: file`: users and passwords of the configuration (server.md 6.3).
 *
 * Hashes are computed on other threads, a few at a time, so that a flood of logins neither stops
 * the loop nor takes every thread from the storage. An unknown name costs a hash too: how long an
 * answer takes does not say who exists. */

#include "plugins/authentication/password.h"
#include "plugins/authentication/users.h"
#include "plugins/builtins.h"

#include "json.h"

#include "base/check.h"
#include "base/list.h"

#include <openssl/crypto.h>
#include <uv.h>

#include <stdlib.h>

#define MAX_LOGIN_MEMORY ((size_t)64 << 20)
#define MAX_LOGIN_DEPTH 128
#define MAX_WORKERS 2

struct file_authentication {
    const struct ds_services *services;
    struct users users;
    bool is_hashed;
    struct password_method method;
    bool reports; /* a wrong login is refused here; else the next entry of `auth` is asked */
    struct list_link queue; /* attempts that wait for a worker */
    unsigned running;
    ds_done *closed;
    void *closed_context;
};

struct attempt {
    struct list_link link;
    uv_work_t work;
    struct file_authentication *authentication;
    const struct user *user; /* NULL: unknown */
    slice stored;
    slice password; /* behind this struct */
    bool matches;
    ds_login_done *done;
    void *context;
};

/* ---- answers ---- */

static void answer(const struct file_authentication *authentication, const struct user *user,
                   bool matches, ds_login_done *done, void *context)
{
    struct ds_login_result result = {.outcome = DS_LOGIN_NOT_MINE};
    if (user != NULL && matches)
        result = (struct ds_login_result){
            .outcome = DS_LOGIN_ACCEPTED,
            .has_id = true,
            .id = user->name,
            .client_data = user->client_data,
            .server_data = user->server_data,
        };
    else if (user != NULL && authentication->reports)
        result.outcome = DS_LOGIN_REFUSED;
    done(context, &result);
}

static void answer_missing(const struct file_authentication *authentication, ds_login_done *done,
                           void *context)
{
    struct ds_login_result result = {.outcome = DS_LOGIN_NOT_MINE};
    if (authentication->reports) {
        result.outcome = DS_LOGIN_REFUSED;
        result.client_data =
            SLICE("{\"error\":\"missing authentication parameter: username or/and password\"}");
    }
    done(context, &result);
}

/* ---- hashing ---- */

static void start_workers(struct file_authentication *authentication);

static void compute(uv_work_t *work)
{
    struct attempt *attempt = work->data;
    attempt->matches =
        password_matches(&attempt->authentication->method, attempt->password, attempt->stored);
}

static void free_attempt(struct attempt *attempt)
{
    OPENSSL_cleanse(attempt + 1, attempt->password.length);
    free(attempt);
}

static void close_if_idle(struct file_authentication *authentication);

static void on_computed(uv_work_t *work, int status)
{
    struct attempt *attempt = work->data;
    struct file_authentication *authentication = attempt->authentication;
    authentication->running--;
    answer(authentication, attempt->user, status == 0 && attempt->matches, attempt->done,
           attempt->context);
    free_attempt(attempt);
    start_workers(authentication);
    close_if_idle(authentication);
}

static void start_workers(struct file_authentication *authentication)
{
    while (authentication->running < MAX_WORKERS && !list_is_empty(&authentication->queue)) {
        struct attempt *attempt = LIST_ITEM(authentication->queue.next, struct attempt, link);
        list_remove(&attempt->link);
        attempt->work.data = attempt;
        authentication->running++;
        CHECK(uv_queue_work(authentication->services->loop, &attempt->work, compute, on_computed) ==
              0);
    }
}

/* As long as a real one, and equal to none. */
static slice nobodys_hash(void)
{
    return SLICE("0000000000000000");
}

static void queue_attempt(struct file_authentication *authentication, const struct user *user,
                          slice password, ds_login_done *done, void *context)
{
    struct attempt *attempt = malloc(sizeof *attempt + password.length);
    CHECK(attempt != NULL);
    char *copy = (char *)(attempt + 1);
    if (password.length > 0)
        memcpy(copy, password.at, password.length);
    *attempt = (struct attempt){
        .authentication = authentication,
        .user = user,
        .stored = user != NULL ? user->password : nobodys_hash(),
        .password = {copy, password.length},
        .done = done,
        .context = context,
    };
    list_append(&authentication->queue, &attempt->link);
    start_workers(authentication);
}

/* ---- operations ---- */

struct credentials {
    slice username;
    slice password;
};

static bool read_text(const struct value_object *object, slice key, slice *text)
{
    const valve_value *value = value_object_find(object, key);
    if (value == NULL || value->type != VALUE_TEXT)
        return false;
    *text = value_slice(*value);
    return true;
}

static bool read_credentials(slice auth_data, struct arena *arena, struct credentials *credentials)
{
    valve_value data;
    return json_read(auth_data, (struct json_limits){MAX_LOGIN_DEPTH}, arena, &data, NULL) &&
           data.type == VALUE_OBJECT &&
           read_text(data.as.object, SLICE("username"), &credentials->username) &&
           read_text(data.as.object, SLICE("password"), &credentials->password);
}

static void try_login(struct file_authentication *authentication,
                      const struct credentials *credentials, ds_login_done *done, void *context)
{
    const struct user *user = users_find(&authentication->users, credentials->username);
    if (authentication->is_hashed) {
        queue_attempt(authentication, user, credentials->password, done, context);
        return;
    }
    bool matches = user != NULL && password_equals(credentials->password, user->password);
    answer(authentication, user, matches, done, context);
}

static void login(void *self, const struct ds_login *login, ds_login_done *done, void *context)
{
    struct file_authentication *authentication = self;
    struct credentials credentials;
    struct arena arena;
    arena_init(&arena, MAX_LOGIN_MEMORY);
    if (read_credentials(login->auth_data, &arena, &credentials))
        try_login(authentication, &credentials, done, context);
    else
        answer_missing(authentication, done, context);
    arena_fini(&arena);
}

/* ---- life ---- */

static void free_it(struct file_authentication *authentication)
{
    users_fini(&authentication->users);
    free(authentication);
}

static void close_if_idle(struct file_authentication *authentication)
{
    if (authentication->closed == NULL || authentication->running > 0)
        return;
    ds_done *closed = authentication->closed;
    void *context = authentication->closed_context;
    free_it(authentication);
    closed(context, NULL);
}

static void close_it(void *self, ds_done *done, void *context)
{
    struct file_authentication *authentication = self;
    authentication->closed = done;
    authentication->closed_context = context;
    close_if_idle(authentication);
}

/* hash: a digest, or false for passwords in plain text. */
static bool read_method(struct file_authentication *authentication, const struct ds_value *options,
                        struct ds_error *error)
{
    const struct ds_value *hash = ds_value_member(options, "hash");
    enum ds_value_kind kind = ds_value_kind(hash);
    if (kind == DS_VALUE_NULL || (kind == DS_VALUE_BOOLEAN && !ds_value_boolean(hash, false)))
        return true;
    authentication->is_hashed = true;
    const char *problem =
        password_method_init(&authentication->method, ds_value_text(hash, (slice){0}),
                             ds_value_number(ds_value_member(options, "iterations"), 0),
                             ds_value_number(ds_value_member(options, "keyLength"), 0));
    if (problem == NULL)
        return true;
    slice place = ds_value_place(hash);
    snprintf(error->text, sizeof error->text,
             "Validating settings failed for file auth: " SLICE_FORMAT ": %s",
             SLICE_ARGUMENTS(place), problem);
    return false;
}

/* Who took a file with hashes for one with plain passwords should not have to guess. */
static void warn_about_hashes(const struct file_authentication *authentication)
{
    const struct ds_services *services = authentication->services;
    const struct hashmap_entry *entry;
    size_t position = 0;
    if (!authentication->is_hashed)
        return;
    while ((entry = hashmap_next(&authentication->users.by_name, &position)) != NULL) {
        const struct user *user = entry->value;
        if (user->password.length > password_hash_length(&authentication->method))
            continue;
        struct buf text = BUF_EMPTY;
        buf_printf(&text,
                   "the password of " SLICE_FORMAT " is no hash with a salt: no login fits it",
                   SLICE_ARGUMENTS(user->name));
        services->log(services->host, DS_WARN, "AUTH_ERROR", buf_slice(&text));
        buf_fini(&text);
    }
}

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    struct file_authentication *authentication = calloc(1, sizeof *authentication);
    CHECK(authentication != NULL);
    authentication->services = services;
    list_init(&authentication->queue);
    authentication->reports =
        ds_value_boolean(ds_value_member(options, "reportInvalidParameters"), true);
    if (users_init(&authentication->users, ds_value_member(options, "users"), error) &&
        read_method(authentication, options, error)) {
        warn_about_hashes(authentication);
        return authentication;
    }
    free_it(authentication);
    return NULL;
}

static const struct ds_authentication_operations operations = {.login = login};

const struct ds_plugin ds_authentication_file = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_AUTHENTICATION,
    .name = "file",
    .description = "file: users and passwords of the configuration",
    .create = create,
    .close = close_it,
    .operations = &operations,
};
