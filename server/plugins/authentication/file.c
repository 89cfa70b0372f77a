/* The authentication `type: file`: users and passwords of the configuration (server.md 6.3).
 *
 * An unknown name costs a hash too: how long an answer takes does not say who exists. */

#include "plugins/authentication/login_data.h"
#include "plugins/authentication/password_queue.h"
#include "plugins/authentication/users.h"
#include "plugins/builtins.h"

#include "base/check.h"

#include <stdlib.h>

struct file_authentication {
    const struct ds_services *services;
    struct users users;
    bool is_hashed;
    struct password_queue hashing;
    bool reports; /* a wrong login is refused here; else the next entry of `auth` is asked */
    ds_done *closed;
    void *closed_context;
};

struct attempt {
    struct file_authentication *authentication;
    const struct user *user; /* NULL: unknown */
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

static void close_if_idle(struct file_authentication *authentication);

static void on_checked(void *context, bool matches, slice hash)
{
    struct attempt *attempt = context;
    struct file_authentication *authentication = attempt->authentication;
    (void)hash;
    answer(authentication, attempt->user, matches, attempt->done, attempt->context);
    free(attempt);
    close_if_idle(authentication);
}

static void check(struct file_authentication *authentication, const struct ds_login *login,
                  const struct user *user, slice password, ds_login_done *done, void *context)
{
    struct attempt *attempt = malloc(sizeof *attempt);
    CHECK(attempt != NULL);
    *attempt = (struct attempt){authentication, user, done, context};
    slice stored = user != NULL ? user->password : (slice){0};
    password_queue_check(&authentication->hashing, password_asker_of(login), password, stored,
                         on_checked, attempt);
}

/* ---- operations ---- */

static void try_login(struct file_authentication *authentication, const struct ds_login *login,
                      slice username, slice password, ds_login_done *done, void *context)
{
    const struct user *user = users_find(&authentication->users, username);
    if (authentication->is_hashed) {
        check(authentication, login, user, password, done, context);
        return;
    }
    bool matches = user != NULL && password_equals(password, user->password);
    answer(authentication, user, matches, done, context);
}

static void login(void *self, const struct ds_login *login, ds_login_done *done, void *context)
{
    struct file_authentication *authentication = self;
    struct login_data data;
    slice username, password;
    login_data_read(&data, login->auth_data);
    if (login_data_text(&data, SLICE("username"), &username) &&
        login_data_text(&data, SLICE("password"), &password))
        try_login(authentication, login, username, password, done, context);
    else
        answer_missing(authentication, done, context);
    login_data_fini(&data);
}

/* ---- life ---- */

static void free_it(struct file_authentication *authentication)
{
    users_fini(&authentication->users);
    free(authentication);
}

static void close_if_idle(struct file_authentication *authentication)
{
    if (authentication->closed == NULL || !password_queue_is_idle(&authentication->hashing))
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
    password_queue_refuse_waiting(&authentication->hashing); /* nobody is there for the answer */
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
        password_method_init(&authentication->hashing.method, ds_value_text(hash, (slice){0}),
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
        if (user->password.length > password_hash_length(&authentication->hashing.method))
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
    password_queue_init(&authentication->hashing, services->loop);
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
