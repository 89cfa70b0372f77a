/* Logs in who sends one of the tokens of the configuration: {"token": "..."}. What stands beside
 * the token there is who that is. */

#include <deepstream/plugin.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct user {
    char *token, *id, *server_data;
};

struct tokens {
    struct user *users;
    size_t count;
};

static ds_slice slice_of(const char *text)
{
    return (ds_slice){text, strlen(text)};
}

static char *copy_of(ds_slice text)
{
    char *copy = malloc(text.length + 1);
    if (copy == NULL)
        abort();
    memcpy(copy, text.at, text.length);
    copy[text.length] = '\0';
    return copy;
}

static void tokens_free(struct tokens *tokens)
{
    for (size_t i = 0; i < tokens->count; i++) {
        free(tokens->users[i].token);
        free(tokens->users[i].id);
        free(tokens->users[i].server_data);
    }
    free(tokens->users);
    free(tokens);
}

/* token: {id: ..., serverData: ...} */
static bool read_user(const struct ds_value *users, size_t index, struct user *user,
                      struct ds_error *error)
{
    ds_slice token;
    const struct ds_value *value = ds_value_at(users, index, &token);
    ds_slice id = ds_value_text(ds_value_member(value, "id"), (ds_slice){"", 0});
    const struct ds_value *data = ds_value_member(value, "serverData");
    ds_slice place = ds_value_place(value);
    if (token.length == 0 || id.length == 0) {
        snprintf(error->text, sizeof error->text, "%.*s: a token and its `id` are not empty",
                 (int)place.length, place.at);
        return false;
    }
    user->token = copy_of(token);
    user->id = copy_of(id);
    user->server_data = copy_of(data == NULL ? (ds_slice){"", 0} : ds_value_json(data));
    return true;
}

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    const struct ds_value *users = ds_value_member(options, "tokens");
    size_t count = ds_value_count(users);
    struct tokens *tokens = calloc(1, sizeof *tokens);
    (void)services;
    if (ds_value_kind(users) != DS_VALUE_MAP || count == 0) {
        snprintf(error->text, sizeof error->text, "`tokens` is a map: token: {id, serverData}");
        free(tokens);
        return NULL;
    }
    tokens->users = calloc(count, sizeof *tokens->users);
    for (size_t i = 0; i < count; i++) {
        if (!read_user(users, i, &tokens->users[i], error)) {
            tokens_free(tokens);
            return NULL;
        }
        tokens->count++;
    }
    return tokens;
}

static void close_it(void *self, ds_done *done, void *context)
{
    tokens_free(self);
    done(context, NULL);
}

/* As long for every token of the same length, so that none can be guessed letter by letter. */
static bool is_same(const char *known, const char *given, size_t length)
{
    unsigned difference = 0;
    if (strlen(known) != length)
        return false;
    for (size_t i = 0; i < length; i++)
        difference |= (unsigned)(unsigned char)known[i] ^ (unsigned char)given[i];
    return difference == 0;
}

static const struct user *find(const struct tokens *tokens, const json_t *token)
{
    const struct user *found = NULL;
    if (!json_is_string(token))
        return NULL;
    for (size_t i = 0; i < tokens->count; i++) {
        if (is_same(tokens->users[i].token, json_string_value(token), json_string_length(token)))
            found = &tokens->users[i];
    }
    return found;
}

static void login(void *self, const struct ds_login *login, ds_login_done *done, void *context)
{
    json_t *data = json_loadb(login->auth_data.at, login->auth_data.length, 0, NULL);
    const json_t *token = json_object_get(data, "token");
    const struct user *user = find(self, token);
    struct ds_login_result result = {.outcome =
                                         token == NULL ? DS_LOGIN_NOT_MINE : DS_LOGIN_REFUSED};
    if (user != NULL)
        result = (struct ds_login_result){.outcome = DS_LOGIN_ACCEPTED,
                                          .has_id = true,
                                          .id = slice_of(user->id),
                                          .server_data = slice_of(user->server_data)};
    done(context, &result);
    json_decref(data);
}

static const struct ds_authentication_operations operations = {.login = login};
static const char *const options[] = {"tokens", NULL};

static const struct ds_plugin plugin = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_AUTHENTICATION,
    .name = "token",
    .description = "tokens of the configuration",
    .create = create,
    .close = close_it,
    .operations = &operations,
    .options = options,
};

DS_PLUGIN_EXPORT const struct ds_plugin *deepstream_plugin(void)
{
    return &plugin;
}
