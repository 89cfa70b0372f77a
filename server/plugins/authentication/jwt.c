/* The authentication `type: jwt`: a token that somebody else has signed says who logs in, as whom,
 * and until when.
 *
 * One kind of key is configured, and only algorithms of that kind are ever tried with it: what the
 * token says of its algorithm chooses among those, never the kind of key. */

#include "plugins/authentication/key_source.h"
#include "plugins/authentication/login_data.h"
#include "web/web_client.h"
#include "plugins/builtins.h"

#include "json.h"

#include "base/check.h"
#include "base/list.h"

#include <stdlib.h>
#include <time.h>

#define MAX_WAITING 10000 /* logins, for keys that are being fetched */
#define MAX_ID_BYTES 1024
#define LEAST_SECRET_BYTES 32 /* RFC 7518, section 3.2 */

struct jwt_authentication {
    const struct ds_services *services;
    struct arena arena;        /* of the settings */
    struct token_key *key;     /* NULL: keys come from a source */
    struct key_source *source; /* NULL: there is one key */
    bool allows[TOKEN_ALGORITHM_COUNT];
    struct token_rules rules;
    slice id_claim, client_data_claim, server_data_claim; /* the last two may be empty */
    bool reports; /* a wrong token is refused here; else the next entry of `auth` is asked */
    struct list_link waiting;
    size_t waiting_count;
    ds_done *closed;
    void *closed_context;
};

struct attempt {
    struct list_link link;
    slice token; /* behind this struct */
    ds_login_done *done;
    void *context;
};

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1000000;
}

/* ---- outcomes ---- */

static void refuse(const struct jwt_authentication *authentication, const char *reason,
                   slice client_data, ds_login_done *done, void *context)
{
    const struct ds_services *services = authentication->services;
    struct ds_login_result result = {.outcome = DS_LOGIN_NOT_MINE};
    struct buf line = BUF_EMPTY;
    if (authentication->reports) {
        result.outcome = DS_LOGIN_REFUSED;
        result.client_data = client_data;
    }
    buf_printf(&line, "a token was refused: %s", reason);
    services->log(services->host, DS_INFO, "AUTH_UNSUCCESSFUL", buf_slice(&line));
    buf_fini(&line);
    done(context, &result);
}

static void refuse_token(const struct jwt_authentication *authentication, const char *reason,
                         ds_login_done *done, void *context)
{
    refuse(authentication, reason, SLICE("{\"error\":\"invalid token\"}"), done, context);
}

static slice claim_json(const struct token *token, slice claim, struct buf *out)
{
    const valve_value *value = claim.length == 0 ? NULL : value_object_find(token->claims, claim);
    if (value != NULL)
        json_write_plain(out, *value);
    return buf_slice(out);
}

static void accept_token(const struct jwt_authentication *authentication, const struct token *token,
                         double expires_ms, ds_login_done *done, void *context)
{
    const valve_value *id = value_object_find(token->claims, authentication->id_claim);
    if (id == NULL || id->type != VALUE_TEXT || id->length == 0 || id->length > MAX_ID_BYTES) {
        refuse_token(authentication, "it names nobody", done, context);
        return;
    }
    struct buf client_data = BUF_EMPTY, server_data = BUF_EMPTY;
    bool has_all_claims = authentication->server_data_claim.length == 0;
    struct ds_login_result result = {
        .outcome = DS_LOGIN_ACCEPTED,
        .has_id = true,
        .id = value_slice(*id),
        .client_data = claim_json(token, authentication->client_data_claim, &client_data),
        .server_data = has_all_claims
                           ? token->claims_json
                           : claim_json(token, authentication->server_data_claim, &server_data),
        .expires_ms = expires_ms,
    };
    done(context, &result);
    buf_fini(&client_data);
    buf_fini(&server_data);
}

/* ---- deciding ---- */

/* The token is believed from here on. */
static void judge_claims(const struct jwt_authentication *authentication, const struct token *token,
                         ds_login_done *done, void *context)
{
    double expires_ms = 0;
    const char *problem = token_check(token, &authentication->rules, now_ms(), &expires_ms);
    if (problem == NULL) {
        accept_token(authentication, token, expires_ms, done, context);
        return;
    }
    char told[128]; /* whoever has a genuine token may know */
    snprintf(told, sizeof told, "{\"error\":\"invalid token: %s\"}", problem);
    refuse(authentication, problem, slice_of(told), done, context);
}

static enum key_answer find_key(const struct jwt_authentication *authentication,
                                const struct token *token, bool may_wait,
                                const struct token_key **key)
{
    if (authentication->source != NULL)
        return key_source_find(authentication->source, token, may_wait, key);
    *key = authentication->key;
    return KEY_FOUND;
}

/* False when the key has to be waited for, if that is allowed; nothing has been answered then. */
static bool judge_token(const struct jwt_authentication *authentication, slice text, bool may_wait,
                        struct arena *arena, ds_login_done *done, void *context)
{
    const struct token_key *key = NULL;
    struct token token;
    const char *problem = token_read(text, arena, &token);
    if (problem == NULL && !authentication->allows[token.algorithm])
        problem = "its algorithm is not allowed";
    enum key_answer answer =
        problem == NULL ? find_key(authentication, &token, may_wait, &key) : KEY_UNKNOWN;
    if (answer == KEY_IS_ASKED_FOR)
        return false;
    if (problem == NULL && answer == KEY_UNKNOWN)
        problem = "nobody knows its key";
    if (problem == NULL && !token_key_verifies(key, &token))
        problem = "its signature is wrong";
    if (problem == NULL)
        judge_claims(authentication, &token, done, context);
    else
        refuse_token(authentication, problem, done, context);
    return true;
}

static bool judge(const struct jwt_authentication *authentication, slice text, bool may_wait,
                  ds_login_done *done, void *context)
{
    struct arena arena;
    arena_init(&arena, 0); /* a token is short */
    bool is_answered = judge_token(authentication, text, may_wait, &arena, done, context);
    arena_fini(&arena);
    return is_answered;
}

/* ---- waiting for keys ---- */

static void wait_for_key(struct jwt_authentication *authentication, slice text, ds_login_done *done,
                         void *context)
{
    if (authentication->waiting_count == MAX_WAITING) {
        refuse_token(authentication, "too many wait for their keys", done, context);
        return;
    }
    struct attempt *attempt = malloc(sizeof *attempt + text.length);
    CHECK(attempt != NULL);
    *attempt = (struct attempt){.done = done, .context = context};
    attempt->token = (slice){memcpy(attempt + 1, text.at, text.length), text.length};
    list_append(&authentication->waiting, &attempt->link);
    authentication->waiting_count++;
}

static struct attempt *take_waiting(struct jwt_authentication *authentication)
{
    struct attempt *attempt = LIST_ITEM(authentication->waiting.next, struct attempt, link);
    list_remove(&attempt->link);
    authentication->waiting_count--;
    return attempt;
}

/* Each has waited once: for a key that is still not there it does not wait again. */
static void on_fetched(void *context)
{
    struct jwt_authentication *authentication = context;
    for (size_t left = authentication->waiting_count; left > 0 && authentication->waiting_count > 0;
         left--) {
        struct attempt *attempt = take_waiting(authentication);
        judge(authentication, attempt->token, false, attempt->done, attempt->context);
        free(attempt);
    }
}

/* ---- operations ---- */

static void login(void *self, const struct ds_login *login, ds_login_done *done, void *context)
{
    struct jwt_authentication *authentication = self;
    struct login_data data;
    slice text;
    login_data_read(&data, login->auth_data);
    if (!login_data_text(&data, SLICE("token"), &text))
        refuse(authentication, "there is none",
               SLICE("{\"error\":\"missing authentication parameter: token\"}"), done, context);
    else if (!judge(authentication, text, true, done, context))
        wait_for_key(authentication, text, done, context);
    login_data_fini(&data);
}

static const struct ds_authentication_operations operations = {.login = login};

/* ---- the end ---- */

static void free_it(struct jwt_authentication *authentication)
{
    token_key_free(&authentication->key);
    arena_fini(&authentication->arena);
    free(authentication);
}

static void on_source_closed(void *context)
{
    struct jwt_authentication *authentication = context;
    ds_done *closed = authentication->closed;
    void *closed_context = authentication->closed_context;
    free_it(authentication);
    closed(closed_context, NULL);
}

static void close_it(void *self, ds_done *done, void *context)
{
    struct jwt_authentication *authentication = self;
    authentication->closed = done;
    authentication->closed_context = context;
    while (authentication->waiting_count > 0) {
        struct attempt *attempt = take_waiting(authentication);
        refuse_token(authentication, "the server stops", attempt->done, attempt->context);
        free(attempt);
    }
    if (authentication->source != NULL)
        key_source_close(&authentication->source, on_source_closed, authentication);
    else
        on_source_closed(authentication);
}

/* ---- settings ---- */

static bool refuse_settings(struct ds_error *error, const struct ds_value *value, const char *what)
{
    slice place = ds_value_place(value);
    snprintf(error->text, sizeof error->text, SLICE_FORMAT "%s%s", SLICE_ARGUMENTS(place),
             place.length > 0 ? ": " : "", what);
    return false;
}

static void warn(const struct jwt_authentication *authentication, const char *text)
{
    const struct ds_services *services = authentication->services;
    services->log(services->host, DS_WARN, "AUTH_ERROR", slice_of(text));
}

static bool read_secret(struct jwt_authentication *authentication, const struct ds_value *value,
                        struct ds_error *error)
{
    slice secret = ds_value_text(value, (slice){0});
    if (secret.length == 0)
        return refuse_settings(error, value, "secret is empty, so that anybody could sign tokens");
    if (slice_starts_with(secret, SLICE("-----BEGIN")))
        return refuse_settings(error, value,
                               "secret is a key in PEM: this is what publicKey is for");
    if (secret.length < LEAST_SECRET_BYTES)
        warn(authentication, "the secret of tokens is shorter than 32 bytes and may be guessed");
    authentication->key = token_key_new_secret(secret);
    return true;
}

static bool read_public_key(struct jwt_authentication *authentication, const struct ds_value *value,
                            struct ds_error *error)
{
    const char *problem;
    authentication->key = token_key_new_pem(ds_value_text(value, SLICE("")), &problem);
    return authentication->key != NULL || refuse_settings(error, value, problem);
}

static uint32_t read_number(const struct ds_value *options, const char *key, uint32_t fallback)
{
    double number = ds_value_number(ds_value_member(options, key), fallback);
    return number >= 0 && number <= INT32_MAX ? (uint32_t)number : fallback;
}

/* The last step: a source cannot be taken back at once. */
static bool read_url(struct jwt_authentication *authentication, const struct ds_value *options,
                     struct ds_error *error)
{
    const struct ds_value *value = ds_value_member(options, "jwksUrl");
    if (authentication->key != NULL)
        return true;
    slice url = arena_copy(&authentication->arena, ds_value_text(value, SLICE("")));
    bool is_safe;
    if (strlen(url.at) != url.length || !web_url_is_valid(url.at, &is_safe))
        return refuse_settings(error, value, "jwksUrl is no URL of http or https");
    if (!is_safe)
        warn(authentication, "jwksUrl is not https: who is on the way may sign tokens");
    struct key_source_settings settings = {
        .url = url.at,
        .timeout_ms = read_number(options, "requestTimeout", 5000),
        .max_age_ms = read_number(options, "jwksMaxAge", 600000),
        .cooldown_ms = read_number(options, "jwksCooldown", 30000),
    };
    const char *problem;
    authentication->source =
        key_source_new(authentication->services, &settings, on_fetched, authentication, &problem);
    return authentication->source != NULL || refuse_settings(error, value, problem);
}

static bool read_key(struct jwt_authentication *authentication, const struct ds_value *options,
                     struct ds_error *error)
{
    const struct ds_value *secret = ds_value_member(options, "secret");
    const struct ds_value *public_key = ds_value_member(options, "publicKey");
    const struct ds_value *url = ds_value_member(options, "jwksUrl");
    int count = (ds_value_kind(secret) != DS_VALUE_NULL) +
                (ds_value_kind(public_key) != DS_VALUE_NULL) +
                (ds_value_kind(url) != DS_VALUE_NULL);
    if (count != 1)
        return refuse_settings(error, NULL,
                               "exactly one of secret, publicKey and jwksUrl is needed");
    if (ds_value_kind(secret) != DS_VALUE_NULL)
        return read_secret(authentication, secret, error);
    if (ds_value_kind(public_key) != DS_VALUE_NULL)
        return read_public_key(authentication, public_key, error);
    return true;
}

/* Whether a key of what is configured can be for the algorithm at all. */
static bool is_possible(const struct jwt_authentication *authentication,
                        enum token_algorithm_id algorithm)
{
    if (authentication->key != NULL)
        return token_key_fits(authentication->key, algorithm);
    return token_algorithm(algorithm)->family != FAMILY_SECRET;
}

static bool read_algorithms(struct jwt_authentication *authentication, const struct ds_value *list,
                            struct ds_error *error)
{
    if (list != NULL && ds_value_count(list) == 0)
        return refuse_settings(error, list,
                               "algorithms: none is left; without the option, all "
                               "that the key is for are");
    for (unsigned id = 0; list == NULL && id < TOKEN_ALGORITHM_COUNT; id++)
        authentication->allows[id] = is_possible(authentication, (enum token_algorithm_id)id);
    for (size_t i = 0; i < ds_value_count(list); i++) {
        const struct ds_value *item = ds_value_at(list, i, NULL);
        enum token_algorithm_id id = token_algorithm_of(ds_value_text(item, SLICE("")));
        if (id == TOKEN_ALGORITHM_COUNT)
            return refuse_settings(error, item,
                                   "algorithms: there are HS256, HS384, HS512, RS256, "
                                   "RS384, RS512, ES256, ES384 and ES512");
        if (!is_possible(authentication, id))
            return refuse_settings(error, item, "algorithms: the key is not for this one");
        authentication->allows[id] = true;
    }
    return true;
}

static slice keep_text(struct jwt_authentication *authentication, const struct ds_value *options,
                       const char *key, slice fallback)
{
    return arena_copy(&authentication->arena,
                      ds_value_text(ds_value_member(options, key), fallback));
}

/* As a variable of the environment leaves it that is not set. */
static bool is_not_empty(const struct ds_value *options, const char *key, struct ds_error *error)
{
    const struct ds_value *value = ds_value_member(options, key);
    char problem[128];
    if (ds_value_kind(value) != DS_VALUE_TEXT || ds_value_text(value, (slice){0}).length > 0)
        return true;
    snprintf(problem, sizeof problem,
             "%s is empty, so that tokens of any would do: leave it out if they shall", key);
    return refuse_settings(error, value, problem);
}

static bool read_claims(struct jwt_authentication *authentication, const struct ds_value *options,
                        struct ds_error *error)
{
    if (!is_not_empty(options, "issuer", error) || !is_not_empty(options, "audience", error))
        return false;
    authentication->rules = (struct token_rules){
        .issuer = keep_text(authentication, options, "issuer", SLICE("")),
        .audience = keep_text(authentication, options, "audience", SLICE("")),
        .leeway_ms = read_number(options, "leeway", 5000),
    };
    authentication->id_claim = keep_text(authentication, options, "idClaim", SLICE("sub"));
    authentication->client_data_claim =
        keep_text(authentication, options, "clientDataClaim", SLICE(""));
    authentication->server_data_claim =
        keep_text(authentication, options, "serverDataClaim", SLICE(""));
    authentication->reports =
        ds_value_boolean(ds_value_member(options, "reportInvalidParameters"), true);
    return true;
}

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    struct jwt_authentication *authentication = calloc(1, sizeof *authentication);
    CHECK(authentication != NULL);
    authentication->services = services;
    arena_init(&authentication->arena, 0);
    list_init(&authentication->waiting);
    if (read_claims(authentication, options, error) && read_key(authentication, options, error) &&
        read_algorithms(authentication, ds_value_member(options, "algorithms"), error) &&
        read_url(authentication, options, error))
        return authentication;
    free_it(authentication);
    return NULL;
}

const struct ds_plugin ds_authentication_jwt = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_AUTHENTICATION,
    .name = "jwt",
    .description = "jwt: tokens that an issuer has signed",
    .create = create,
    .close = close_it,
    .operations = &operations,
};
