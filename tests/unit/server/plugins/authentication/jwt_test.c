/* Logins by token: which are let in as whom and until when, and where keys come from. */

#include "plugins/builtins.h"
#include "support/login_check.h"
#include "support/signer.h"
#include "support/web_double.h"

#include "json.h"

#include "base/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static const struct ds_plugin *const plugin = &ds_authentication_jwt;

static struct plugin_host host;
static struct web_double web;
static struct arena arena;
static struct signer signer;
static void *self;
static struct web_reply reply;

static struct web_reply answer(void *context, const struct web_asked *asked)
{
    (void)context;
    (void)asked;
    return reply;
}

static int set_up(void **state)
{
    (void)state;
    plugin_host_init(&host);
    web_double_init(&web, &host.loop, answer, NULL);
    arena_init(&arena, 0);
    signer = signer_new(TOKEN_ES256);
    self = NULL;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (self != NULL)
        plugin_host_close(&host, plugin, self);
    signer_free(&signer);
    arena_fini(&arena);
    web_double_fini(&web);
    plugin_host_fini(&host);
    return 0;
}

static const char *quoted(const char *text)
{
    struct buf out = BUF_EMPTY;
    json_write_text(&out, slice_of(text));
    const char *kept = arena_copy(&arena, buf_slice(&out)).at;
    buf_fini(&out);
    return kept;
}

static void open_options(const char *options)
{
    self = plugin_host_must_open(&host, plugin, options);
}

/* With the public key of the signer. */
static void open_with(const char *more)
{
    open_options(
        arena_printf(&arena, "{\"publicKey\":%s%s}", quoted(signer_pem(&signer, &arena)), more).at);
}

static struct login_outcome login(const char *token)
{
    return login_check(&host, plugin, self, arena_printf(&arena, "{\"token\":\"%s\"}", token).at);
}

static struct login_outcome login_claiming(const char *claims)
{
    return login(signer_token(&signer, "", claims, &arena));
}

static void expect_refused(struct login_outcome outcome, const char *client_data)
{
    assert_int_equal(outcome.outcome, DS_LOGIN_REFUSED);
    assert_string_equal(outcome.client_data, client_data);
    assert_string_equal(outcome.server_data, "");
}

/* ---- who is let in ---- */

static void a_genuine_token_logs_in_with_all_its_claims(void **state)
{
    (void)state;
    open_with("");
    struct login_outcome outcome = login_claiming("{\"sub\":\"bo\",\"role\":\"admin\"}");
    assert_int_equal(outcome.outcome, DS_LOGIN_ACCEPTED);
    assert_true(outcome.has_id);
    assert_string_equal(outcome.id, "bo");
    assert_string_equal(outcome.client_data, "");
    assert_string_equal(outcome.server_data, "{\"sub\":\"bo\",\"role\":\"admin\"}");
    assert_true(outcome.expires_ms == 0);
}

static void claims_may_be_chosen_for_id_and_data(void **state)
{
    (void)state;
    open_with(",\"idClaim\":\"name\",\"clientDataClaim\":\"https://x/client\","
              "\"serverDataClaim\":\"srv\"");
    struct login_outcome outcome =
        login_claiming("{\"name\":\"al\",\"https://x/client\":{\"a\":[1]},\"srv\":\"s\"}");
    assert_string_equal(outcome.id, "al");
    assert_string_equal(outcome.client_data, "{\"a\":[1]}");
    assert_string_equal(outcome.server_data, "\"s\"");
    outcome = login_claiming("{\"name\":\"al\"}");
    assert_int_equal(outcome.outcome, DS_LOGIN_ACCEPTED);
    assert_string_equal(outcome.client_data, "");
    assert_string_equal(outcome.server_data, "");
}

static double now_s(void)
{
    return (double)time(NULL);
}

static void a_token_that_ends_says_when(void **state)
{
    (void)state;
    open_with(",\"leeway\":0");
    double end_s = now_s() + 3600;
    struct login_outcome outcome =
        login_claiming(arena_printf(&arena, "{\"sub\":\"bo\",\"exp\":%.0f}", end_s).at);
    assert_int_equal(outcome.outcome, DS_LOGIN_ACCEPTED);
    assert_true(outcome.expires_ms == end_s * 1000);
    expect_refused(
        login_claiming(arena_printf(&arena, "{\"sub\":\"bo\",\"exp\":%.0f}", now_s() - 1).at),
        "{\"error\":\"invalid token: it has expired\"}");
    expect_refused(
        login_claiming(arena_printf(&arena, "{\"sub\":\"bo\",\"nbf\":%.0f}", now_s() + 60).at),
        "{\"error\":\"invalid token: it is not valid yet\"}");
}

static void issuer_and_audience_count_when_they_are_set(void **state)
{
    (void)state;
    open_with(",\"issuer\":\"i\",\"audience\":\"us\"");
    assert_int_equal(login_claiming("{\"sub\":\"bo\",\"iss\":\"i\",\"aud\":[\"us\"]}").outcome,
                     DS_LOGIN_ACCEPTED);
    expect_refused(login_claiming("{\"sub\":\"bo\",\"iss\":\"i\",\"aud\":\"them\"}"),
                   "{\"error\":\"invalid token: it is for another audience\"}");
    expect_refused(login_claiming("{\"sub\":\"bo\",\"aud\":\"us\"}"),
                   "{\"error\":\"invalid token: it is from another issuer\"}");
}

/* ---- who is not ---- */

static void a_forged_token_is_refused_and_nobody_is_told_why(void **state)
{
    (void)state;
    static const char INVALID[] = "{\"error\":\"invalid token\"}";
    struct signer stranger = signer_new(TOKEN_ES256);
    open_with("");
    expect_refused(login(signer_token(&stranger, "", "{\"sub\":\"bo\"}", &arena)), INVALID);
    assert_true(plugin_host_has_logged(&host, "a token was refused: its signature is wrong"));
    expect_refused(login("eyJhbGciOiJub25lIn0.eyJzdWIiOiJibyJ9."), INVALID);
    assert_true(plugin_host_has_logged(&host, "a token was refused: its algorithm is not known"));
    expect_refused(login("abc"), INVALID);
    struct signer pem = {.algorithm = TOKEN_HS256, .secret = signer_pem(&signer, &arena)};
    expect_refused(login(signer_token(&pem, "", "{\"sub\":\"bo\"}", &arena)), INVALID);
    assert_true(plugin_host_has_logged(&host, "a token was refused: its algorithm is not allowed"));
    signer_free(&stranger);
}

static void a_token_that_names_nobody_is_refused(void **state)
{
    (void)state;
    open_with("");
    expect_refused(login_claiming("{}"), "{\"error\":\"invalid token\"}");
    expect_refused(login_claiming("{\"sub\":\"\"}"), "{\"error\":\"invalid token\"}");
    expect_refused(login_claiming("{\"sub\":5}"), "{\"error\":\"invalid token\"}");
    expect_refused(login_claiming("{\"sub\":null}"), "{\"error\":\"invalid token\"}");
}

static void without_a_token_it_is_said_what_is_missing(void **state)
{
    (void)state;
    static const char *const data[] = {"{}", "[]", "{\"token\":5}", "{\"username\":\"bo\"}"};
    open_with("");
    for (size_t i = 0; i < sizeof data / sizeof *data; i++)
        expect_refused(login_check(&host, plugin, self, data[i]),
                       "{\"error\":\"missing authentication parameter: token\"}");
}

static void as_one_of_several_it_refuses_nothing(void **state)
{
    (void)state;
    open_with(",\"reportInvalidParameters\":false");
    struct login_outcome outcome = login_check(&host, plugin, self, "{}");
    assert_int_equal(outcome.outcome, DS_LOGIN_NOT_MINE);
    assert_string_equal(outcome.client_data, "");
    assert_int_equal(login("abc").outcome, DS_LOGIN_NOT_MINE);
    assert_int_equal(login_claiming("{\"sub\":\"bo\",\"exp\":1}").outcome, DS_LOGIN_NOT_MINE);
}

static void only_algorithms_of_the_list_count(void **state)
{
    (void)state;
    struct signer rsa = signer_new(TOKEN_RS256);
    struct signer more = {.algorithm = TOKEN_RS512, .key = rsa.key};
    open_options(arena_printf(&arena, "{\"publicKey\":%s,\"algorithms\":[\"RS512\"]}",
                              quoted(signer_pem(&rsa, &arena)))
                     .at);
    expect_refused(login(signer_token(&rsa, "", "{\"sub\":\"bo\"}", &arena)),
                   "{\"error\":\"invalid token\"}");
    assert_int_equal(login(signer_token(&more, "", "{\"sub\":\"bo\"}", &arena)).outcome,
                     DS_LOGIN_ACCEPTED);
    signer_free(&rsa);
}

static void a_secret_is_for_all_of_its_algorithms(void **state)
{
    (void)state;
    struct signer secret = signer_new(TOKEN_HS384);
    open_options(arena_printf(&arena, "{\"secret\":%s}", quoted(secret.secret)).at);
    assert_int_equal(login(signer_token(&secret, "", "{\"sub\":\"bo\"}", &arena)).outcome,
                     DS_LOGIN_ACCEPTED);
    expect_refused(login_claiming("{\"sub\":\"bo\"}"), "{\"error\":\"invalid token\"}");
    assert_false(plugin_host_has_logged(&host, "shorter"));
}

/* ---- key sets ---- */

static void publish(const struct signer *whose, const char *id)
{
    reply = web_reply_of(
        200, "application/json", NULL,
        arena_printf(&arena, "{\"keys\":[%s]}",
                     signer_jwk(whose, arena_printf(&arena, "\"kid\":\"%s\"", id).at, &arena))
            .at);
}

static void open_url(const char *more)
{
    open_options(
        arena_printf(&arena, "{\"jwksUrl\":\"http://127.0.0.1:%u/jwks.json\"%s}", web.port, more)
            .at);
}

static struct login_outcome login_by(const struct signer *whose, const char *id)
{
    return login(signer_token(whose, arena_printf(&arena, "\"kid\":\"%s\"", id).at,
                              "{\"sub\":\"bo\"}", &arena));
}

static void keys_are_fetched_once_for_many_logins(void **state)
{
    (void)state;
    struct login_outcome outcomes[20];
    const char *token = signer_token(&signer, "\"kid\":\"1\"", "{\"sub\":\"bo\"}", &arena);
    const char *data = arena_printf(&arena, "{\"token\":\"%s\"}", token).at;
    open_url("");
    publish(&signer, "1");
    for (size_t i = 0; i < 20; i++)
        login_begin(plugin, self, data, &outcomes[i]);
    for (size_t i = 0; i < 20; i++) {
        plugin_host_wait(&host, &outcomes[i].is_done);
        assert_int_equal(outcomes[i].outcome, DS_LOGIN_ACCEPTED);
    }
    assert_int_equal(login_by(&signer, "1").outcome, DS_LOGIN_ACCEPTED);
    assert_int_equal(web.asked_count, 1);
}

static void a_new_key_is_fetched_when_a_token_names_it(void **state)
{
    (void)state;
    struct signer next = signer_new(TOKEN_ES256);
    open_url(",\"jwksCooldown\":0");
    publish(&signer, "1");
    assert_int_equal(login_by(&signer, "1").outcome, DS_LOGIN_ACCEPTED);
    publish(&next, "2");
    assert_int_equal(login_by(&next, "2").outcome, DS_LOGIN_ACCEPTED);
    assert_int_equal(web.asked_count, 2);
    expect_refused(login_by(&signer, "1"), "{\"error\":\"invalid token\"}"); /* withdrawn */
    signer_free(&next);
}

static void strangers_cannot_have_keys_fetched_all_the_time(void **state)
{
    (void)state;
    open_url("");
    publish(&signer, "1");
    assert_int_equal(login_by(&signer, "1").outcome, DS_LOGIN_ACCEPTED);
    for (int i = 0; i < 20; i++)
        expect_refused(login_by(&signer, "no such key"), "{\"error\":\"invalid token\"}");
    assert_int_equal(web.asked_count, 1);
    assert_true(plugin_host_has_logged(&host, "a token was refused: nobody knows its key"));
}

static void pass_time(uint64_t milliseconds)
{
    uint64_t start = uv_now(&host.loop);
    while (uv_now(&host.loop) - start < milliseconds) {
        uv_sleep(5);
        uv_update_time(&host.loop);
    }
}

static void old_keys_are_fetched_again_and_kept_while_that_fails(void **state)
{
    (void)state;
    struct signer next = signer_new(TOKEN_ES256);
    open_url(",\"jwksCooldown\":0,\"jwksMaxAge\":20");
    publish(&signer, "1");
    assert_int_equal(login_by(&signer, "1").outcome, DS_LOGIN_ACCEPTED);
    pass_time(25);
    reply = web_reply_of(500, NULL, NULL, "");
    expect_refused(login_by(&next, "2"), "{\"error\":\"invalid token\"}");
    publish(&next, "2");
    pass_time(25);
    expect_refused(login_by(&signer, "1"), "{\"error\":\"invalid token\"}");
    assert_int_equal(login_by(&next, "2").outcome, DS_LOGIN_ACCEPTED);
    signer_free(&next);
}

static void with_the_source_down_those_who_are_known_still_log_in(void **state)
{
    (void)state;
    open_url(",\"jwksCooldown\":3600000,\"jwksMaxAge\":20");
    publish(&signer, "1");
    assert_int_equal(login_by(&signer, "1").outcome, DS_LOGIN_ACCEPTED);
    web_double_vanish(&web);
    pass_time(25);
    assert_int_equal(login_by(&signer, "1").outcome, DS_LOGIN_ACCEPTED);
}

static void key_sets_that_are_none_are_logged(void **state)
{
    (void)state;
    static char many[1001];
    memset(many, ' ', 1000);
    const struct web_reply replies[] = {
        web_reply_of(404, NULL, NULL, "gone"),
        web_reply_of(200, "application/json", NULL, "{\"keys\":[]}"),
        web_reply_of(200, "application/json", NULL, "<html>"),
        {.hang_up = true},
        {.text = "HTTP/1.1 200 OK\r\n\r\n", .again = many},
    };
    static const char *const reasons[] = {
        "the answer is not 200 OK", "the answer holds no keys for tokens",
        "the answer holds no keys for tokens", "could not be", "the answer is too large"};
    open_url(",\"jwksCooldown\":0");
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
        buf_clear(&host.log);
        reply = replies[i];
        expect_refused(login_by(&signer, "1"), "{\"error\":\"invalid token\"}");
        assert_true(plugin_host_has_logged(&host, "AUTH_ERROR the keys of http://127.0.0.1:"));
        assert_true(plugin_host_has_logged(&host, reasons[i]));
    }
}

static void closing_refuses_those_who_wait_for_keys(void **state)
{
    (void)state;
    struct login_outcome outcome;
    const char *token = signer_token(&signer, "", "{\"sub\":\"bo\"}", &arena);
    open_url("");
    reply = (struct web_reply){.text = NULL};
    login_begin(plugin, self, arena_printf(&arena, "{\"token\":\"%s\"}", token).at, &outcome);
    while (web.asked_count == 0)
        uv_run(&host.loop, UV_RUN_ONCE);
    assert_int_equal(outcome.count, 0);
    plugin_host_close(&host, plugin, self);
    self = NULL;
    assert_int_equal(outcome.count, 1);
    assert_int_equal(outcome.outcome, DS_LOGIN_REFUSED);
}

/* ---- settings ---- */

static void expect_error(const char *options, const char *text)
{
    plugin_host_must_refuse(&host, plugin, options, text);
}

static void what_is_wrong_at_the_start_is_said_with_its_place(void **state)
{
    (void)state;
    const char *pem = quoted(signer_pem(&signer, &arena));
    expect_error("{}", "exactly one of secret, publicKey and jwksUrl is needed");
    expect_error("{\"secret\":\"a\",\"publicKey\":\"b\"}",
                 "exactly one of secret, publicKey and jwksUrl is needed");
    expect_error("{\"secret\":\"\"}",
                 "test.yml:/secret: secret is empty, so that anybody could sign tokens");
    expect_error("{\"secret\":\"s\",\"issuer\":\"\"}",
                 "test.yml:/issuer: issuer is empty, so that tokens of any would do: leave it out "
                 "if they shall");
    expect_error("{\"secret\":\"s\",\"audience\":\"\"}",
                 "test.yml:/audience: audience is empty, so that tokens of any would do: leave it "
                 "out if they shall");
    expect_error(arena_printf(&arena, "{\"secret\":%s}", pem).at,
                 "test.yml:/secret: secret is a key in PEM: this is what publicKey is for");
    expect_error("{\"publicKey\":\"x\"}",
                 "test.yml:/publicKey: it is no public key or certificate in PEM");
    expect_error("{\"jwksUrl\":\"file:///x\"}",
                 "test.yml:/jwksUrl: jwksUrl is no URL of http or https");
    expect_error(
        arena_printf(&arena, "{\"publicKey\":%s,\"algorithms\":[\"none\"]}", pem).at,
        "test.yml:/algorithms/item: algorithms: there are HS256, HS384, HS512, RS256, RS384, "
        "RS512, ES256, ES384 and ES512");
    expect_error(arena_printf(&arena, "{\"publicKey\":%s,\"algorithms\":[\"HS256\"]}", pem).at,
                 "test.yml:/algorithms/item: algorithms: the key is not for this one");
    expect_error(arena_printf(&arena, "{\"publicKey\":%s,\"algorithms\":[]}", pem).at,
                 "test.yml:/algorithms: algorithms: none is left; without the option, all that the "
                 "key is for are");
    expect_error("{\"jwksUrl\":\"https://x/\",\"algorithms\":[\"ES256\",\"HS256\"]}",
                 "test.yml:/algorithms/item: algorithms: the key is not for this one");
}

static void what_is_risky_is_warned_about(void **state)
{
    (void)state;
    open_options("{\"secret\":\"short\"}");
    assert_true(plugin_host_has_logged(&host, "shorter than 32 bytes"));
    plugin_host_close(&host, plugin, self);
    open_options("{\"jwksUrl\":\"http://example.org/jwks.json\"}");
    assert_true(plugin_host_has_logged(&host, "jwksUrl is not https"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_genuine_token_logs_in_with_all_its_claims),
        TEST(claims_may_be_chosen_for_id_and_data),
        TEST(a_token_that_ends_says_when),
        TEST(issuer_and_audience_count_when_they_are_set),
        TEST(a_forged_token_is_refused_and_nobody_is_told_why),
        TEST(a_token_that_names_nobody_is_refused),
        TEST(without_a_token_it_is_said_what_is_missing),
        TEST(as_one_of_several_it_refuses_nothing),
        TEST(only_algorithms_of_the_list_count),
        TEST(a_secret_is_for_all_of_its_algorithms),
        TEST(keys_are_fetched_once_for_many_logins),
        TEST(a_new_key_is_fetched_when_a_token_names_it),
        TEST(strangers_cannot_have_keys_fetched_all_the_time),
        TEST(old_keys_are_fetched_again_and_kept_while_that_fails),
        TEST(with_the_source_down_those_who_are_known_still_log_in),
        TEST(key_sets_that_are_none_are_logged),
        TEST(closing_refuses_those_who_wait_for_keys),
        TEST(what_is_wrong_at_the_start_is_said_with_its_place),
        TEST(what_is_risky_is_warned_about),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
