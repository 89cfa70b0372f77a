/* Texts of tokens, genuine and forged, and what they claim. */

#include "plugins/authentication/base64url.h"
#include "plugins/authentication/key_set.h"
#include "support/signer.h"

#include "base/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static struct token read_token(const char *text)
{
    struct token token;
    const char *problem = token_read(slice_of(text), &arena, &token);
    if (problem != NULL)
        fail_msg("%s", problem);
    return token;
}

static void expect_problem(const char *text, const char *expected)
{
    struct token token;
    const char *problem = token_read(slice_of(text), &arena, &token);
    assert_non_null(problem);
    assert_string_equal(problem, expected);
}

static const char *parts(const char *header, const char *claims, const char *signature)
{
    slice first = base64url_encode(slice_of(header), &arena);
    slice second = base64url_encode(slice_of(claims), &arena);
    return arena_printf(&arena, "%s.%s.%s", first.at, second.at, signature).at;
}

/* ---- base64url ---- */

static bool decodes(const char *text, const char *expected)
{
    slice bytes;
    if (!base64url_decode(slice_of(text), &arena, &bytes))
        return false;
    assert_true(slice_equal(bytes, slice_of(expected)));
    return true;
}

static void base64url_has_one_spelling(void **state)
{
    (void)state;
    assert_true(decodes("", ""));
    assert_true(decodes("Zg", "f"));
    assert_true(decodes("Zm8", "fo"));
    assert_true(decodes("Zm9v", "foo"));
    assert_true(decodes("_-_-", "\xff\xef\xfe"));
    assert_false(decodes("Zg==", "f"));
    assert_false(decodes("Zh", "f"));
    assert_false(decodes("Z", ""));
    assert_false(decodes("Zm9v\n", "foo"));
    assert_false(decodes("+/+/", ""));
    assert_false(decodes("Zm9vZ", "foo"));
}

/* ---- texts ---- */

static void a_token_says_its_algorithm_its_key_and_its_claims(void **state)
{
    (void)state;
    struct token token = read_token(
        parts("{\"alg\":\"RS384\",\"kid\":\"k1\",\"typ\":\"JWT\"}", "{\"sub\":\"bo\"}", "AAAA"));
    assert_int_equal(token.algorithm, TOKEN_RS384);
    assert_true(token.has_key_id);
    assert_true(slice_equal(token.key_id, SLICE("k1")));
    assert_true(slice_equal(token.claims_json, SLICE("{\"sub\":\"bo\"}")));
    assert_int_equal(token.signature.length, 3);
}

static void what_is_no_token_is_said(void **state)
{
    (void)state;
    static char long_text[TOKEN_MAX_BYTES + 2];
    memset(long_text, 'A', sizeof long_text - 1);
    expect_problem("", "it is empty or too long");
    expect_problem(long_text, "it is empty or too long");
    expect_problem("abc", "it has not three parts");
    expect_problem("a.b", "it has not three parts");
    expect_problem("..", "its header is no JSON object");
    expect_problem("!.AAAA.AAAA", "its header is no JSON object");
    expect_problem(parts("[]", "{}", ""), "its header is no JSON object");
    expect_problem(parts("{\"alg\":\"HS256\"}", "5", ""), "its claims are no JSON object");
    expect_problem(parts("{\"alg\":\"HS256\"}", "{} ", "A"), "its signature is not base64url");
    expect_problem(parts("{\"alg\":\"HS256\"}", "{}", "AAAA.AAAA"),
                   "its signature is not base64url");
}

static void no_algorithm_is_none(void **state)
{
    (void)state;
    expect_problem(parts("{}", "{}", ""), "it names no algorithm");
    expect_problem(parts("{\"alg\":5}", "{}", ""), "it names no algorithm");
    expect_problem(parts("{\"alg\":\"none\"}", "{}", ""), "its algorithm is not known");
    expect_problem(parts("{\"alg\":\"None\"}", "{}", ""), "its algorithm is not known");
    expect_problem(parts("{\"alg\":\"hs256\"}", "{}", ""), "its algorithm is not known");
    expect_problem(parts("{\"alg\":\"\"}", "{}", ""), "its algorithm is not known");
    expect_problem(parts("{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", "{}", ""),
                   "it demands what nobody here understands (crit)");
}

/* ---- signatures ---- */

#define JOE                                                                                        \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl" \
    "fQ"

static void the_examples_of_rfc_7515_are_genuine(void **state)
{
    (void)state;
    slice secret;
    assert_true(base64url_decode(
        SLICE("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CA"
              "ow"),
        &arena, &secret));
    struct token_key *key = token_key_new_secret(secret);
    struct token token = read_token("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." JOE
                                    ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    assert_true(token_key_verifies(key, &token));
    token_key_free(&key);
    struct key_set *set =
        key_set_read(SLICE("{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
                           "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
                           "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}"));
    token =
        read_token("eyJhbGciOiJFUzI1NiJ9." JOE ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfT"
                   "jDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
    assert_true(token_key_verifies(key_set_find(set, &token), &token));
    key_set_free(&set);
}

static struct token_key *key_of(const struct signer *signer)
{
    const char *problem;
    struct token_key *key = signer->key == NULL
                                ? token_key_new_secret(slice_of(signer->secret))
                                : token_key_new_pem(slice_of(signer_pem(signer, &arena)), &problem);
    assert_non_null(key);
    return key;
}

static void every_algorithm_tells_genuine_from_forged(void **state)
{
    (void)state;
    for (unsigned id = 0; id < TOKEN_ALGORITHM_COUNT; id++) {
        struct signer signer = signer_new((enum token_algorithm_id)id);
        struct token_key *key = key_of(&signer);
        struct token token = read_token(signer_token(&signer, "", "{\"sub\":\"bo\"}", &arena));
        assert_true(token_key_verifies(key, &token));
        char *signed_part = (char *)(uintptr_t)token.signed_part.at;
        signed_part[token.signed_part.length - 1] ^= 1;
        assert_false(token_key_verifies(key, &token));
        signed_part[token.signed_part.length - 1] ^= 1;
        char *signature = (char *)(uintptr_t)token.signature.at;
        signature[0] ^= 1;
        assert_false(token_key_verifies(key, &token));
        signature[0] ^= 1;
        token.signature.length--;
        assert_false(token_key_verifies(key, &token));
        token.signature.length = 0;
        assert_false(token_key_verifies(key, &token));
        token_key_free(&key);
        signer_free(&signer);
    }
}

/* The secret of HS256 is whoever asks; the text of a public key is known to everybody. */
static void a_public_key_is_never_taken_for_a_secret(void **state)
{
    (void)state;
    struct signer issuer = signer_new(TOKEN_RS256);
    struct token_key *key = key_of(&issuer);
    struct signer forger = {.algorithm = TOKEN_HS256, .secret = signer_pem(&issuer, &arena)};
    struct token token = read_token(signer_token(&forger, "", "{\"sub\":\"admin\"}", &arena));
    assert_false(token_key_fits(key, token.algorithm));
    assert_false(token_key_verifies(key, &token));
    token = read_token(signer_raw_token(&forger, "{\"alg\":\"RS256\"}", "{}", &arena));
    assert_false(token_key_verifies(key, &token));
    token_key_free(&key);
    signer_free(&issuer);
}

static void a_key_is_for_its_own_curve_alone(void **state)
{
    (void)state;
    struct signer signer = signer_new(TOKEN_ES256);
    struct token_key *key = key_of(&signer);
    assert_true(token_key_fits(key, TOKEN_ES256));
    assert_false(token_key_fits(key, TOKEN_ES384));
    assert_false(token_key_fits(key, TOKEN_ES512));
    assert_false(token_key_fits(key, TOKEN_RS256));
    assert_false(token_key_fits(key, TOKEN_HS256));
    token_key_free(&key);
    signer_free(&signer);
}

/* r = s = 0 was taken for genuine by several implementations. */
static void a_signature_of_zeros_is_forged(void **state)
{
    (void)state;
    struct signer signer = signer_new(TOKEN_ES256);
    struct token_key *key = key_of(&signer);
    struct token token = read_token(signer_token(&signer, "", "{}", &arena));
    memset((char *)(uintptr_t)token.signature.at, 0, token.signature.length);
    assert_false(token_key_verifies(key, &token));
    token_key_free(&key);
    signer_free(&signer);
}

/* ---- keys ---- */

static void expect_no_key(const char *pem, const char *expected)
{
    const char *problem;
    assert_null(token_key_new_pem(slice_of(pem), &problem));
    assert_string_equal(problem, expected);
}

static void keys_that_are_weak_or_none_are_refused(void **state)
{
    (void)state;
    expect_no_key("", "it is no public key or certificate in PEM");
    expect_no_key("secret", "it is no public key or certificate in PEM");
    expect_no_key("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
                  "it is no public key or certificate in PEM");
    struct signer weak = signer_new_rsa(TOKEN_RS256, 1024);
    expect_no_key(signer_pem(&weak, &arena), "an RSA key must have 2048 to 8192 bits");
    signer_free(&weak);
}

static struct key_set *set_of(const char *keys)
{
    return key_set_read(arena_printf(&arena, "{\"keys\":[%s]}", keys));
}

static void key_sets_are_searched_by_id_and_algorithm(void **state)
{
    (void)state;
    struct signer rsa = signer_new(TOKEN_RS256), curve = signer_new(TOKEN_ES384);
    struct key_set *set = set_of(
        arena_printf(&arena, "%s,%s", signer_jwk(&rsa, "\"kid\":\"r\",\"use\":\"sig\"", &arena),
                     signer_jwk(&curve, "\"kid\":\"e\",\"alg\":\"ES384\"", &arena))
            .at);
    assert_int_equal(key_set_count(set), 2);
    struct token token = read_token(signer_token(&rsa, "\"kid\":\"r\"", "{}", &arena));
    assert_true(token_key_verifies(key_set_find(set, &token), &token));
    token = read_token(signer_token(&curve, "\"kid\":\"e\"", "{}", &arena));
    assert_true(token_key_verifies(key_set_find(set, &token), &token));
    token = read_token(signer_token(&curve, "", "{}", &arena)); /* the only one that fits */
    assert_true(token_key_verifies(key_set_find(set, &token), &token));
    token = read_token(signer_token(&curve, "\"kid\":\"r\"", "{}", &arena));
    assert_null(key_set_find(set, &token));
    token = read_token(signer_token(&curve, "\"kid\":\"x\"", "{}", &arena));
    assert_null(key_set_find(set, &token));
    token = read_token(signer_raw_token(&rsa, "{\"alg\":\"HS256\",\"kid\":\"r\"}", "{}", &arena));
    assert_null(key_set_find(set, &token));
    key_set_free(&set);
    signer_free(&rsa);
    signer_free(&curve);
}

static void without_an_id_one_of_several_is_not_guessed(void **state)
{
    (void)state;
    struct signer one = signer_new(TOKEN_ES256), other = signer_new(TOKEN_ES256);
    struct key_set *set =
        set_of(arena_printf(&arena, "%s,%s", signer_jwk(&one, "\"kid\":\"1\"", &arena),
                            signer_jwk(&other, "\"kid\":\"2\"", &arena))
                   .at);
    struct token token = read_token(signer_token(&one, "", "{}", &arena));
    assert_null(key_set_find(set, &token));
    key_set_free(&set);
    signer_free(&one);
    signer_free(&other);
}

static void keys_of_another_kind_are_left_out(void **state)
{
    (void)state;
    struct signer signer = signer_new(TOKEN_ES256), weak = signer_new_rsa(TOKEN_RS256, 1024);
    static const char *const others[] = {
        "{\"kty\":\"oct\",\"k\":\"AAAA\"}",
        "{\"kty\":\"RSA\",\"n\":\"AAAA\",\"e\":\"AQAB\"}",
        "{\"kty\":\"RSA\",\"n\":5,\"e\":\"AQAB\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAA\",\"y\":\"AAAA\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\","
        "\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\","
        "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\"}", /* not on the curve */
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}",
        "{\"kty\":\"EC\"}",
        "{}",
        "5",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct key_set *set = set_of(others[i]);
        assert_int_equal(key_set_count(set), 0);
        key_set_free(&set);
    }
    static const char *const unfit[] = {"\"use\":\"enc\"", "\"alg\":\"ECDH-ES\""};
    for (size_t i = 0; i < 2; i++) {
        struct key_set *set = set_of(signer_jwk(&signer, unfit[i], &arena));
        assert_int_equal(key_set_count(set), 0);
        key_set_free(&set);
    }
    struct key_set *set = set_of(signer_jwk(&weak, "", &arena));
    assert_int_equal(key_set_count(set), 0);
    key_set_free(&set);
    assert_null(key_set_read(SLICE("")));
    assert_null(key_set_read(SLICE("[]")));
    assert_null(key_set_read(SLICE("{\"keys\":{}}")));
    signer_free(&signer);
    signer_free(&weak);
}

/* ---- claims ---- */

static const char *check(const char *claims, const struct token_rules *rules, double *expires_ms)
{
    struct token token = read_token(parts("{\"alg\":\"HS256\"}", claims, ""));
    *expires_ms = -1;
    return token_check(&token, rules, 1000000, expires_ms);
}

static void expect_claims(const char *claims, const struct token_rules *rules, const char *expected)
{
    double expires_ms;
    const char *problem = check(claims, rules, &expires_ms);
    if (expected == NULL)
        assert_null(problem);
    else
        assert_string_equal(problem, expected);
}

static void times_bound_a_token_with_some_leeway(void **state)
{
    (void)state;
    struct token_rules strict = {0}, lenient = {.leeway_ms = 5000};
    double expires_ms;
    assert_null(check("{\"exp\":1000.5}", &strict, &expires_ms));
    assert_true(expires_ms == 1000500);
    assert_null(check("{\"exp\":1001}", &lenient, &expires_ms));
    assert_true(expires_ms == 1006000);
    assert_null(check("{}", &strict, &expires_ms));
    assert_true(expires_ms == 0);
    expect_claims("{\"exp\":1000}", &strict, "it has expired");
    expect_claims("{\"exp\":996}", &lenient, NULL);
    expect_claims("{\"exp\":995}", &lenient, "it has expired");
    expect_claims("{\"nbf\":1000}", &strict, NULL);
    expect_claims("{\"nbf\":1001}", &strict, "it is not valid yet");
    expect_claims("{\"nbf\":1005}", &lenient, NULL);
    expect_claims("{\"nbf\":1006}", &lenient, "it is not valid yet");
    expect_claims("{\"exp\":\"2000\"}", &strict, "a time in it is no number");
    expect_claims("{\"nbf\":null}", &strict, "a time in it is no number");
    expect_claims("{\"exp\":-1e308}", &strict, "it has expired");
}

static void issuer_and_audience_are_asked_for(void **state)
{
    (void)state;
    struct token_rules rules = {.issuer = SLICE("https://i/"), .audience = SLICE("us")};
    expect_claims("{\"iss\":\"https://i/\",\"aud\":\"us\"}", &rules, NULL);
    expect_claims("{\"iss\":\"https://i/\",\"aud\":[\"them\",\"us\"]}", &rules, NULL);
    expect_claims("{\"iss\":\"https://i\",\"aud\":\"us\"}", &rules, "it is from another issuer");
    expect_claims("{\"aud\":\"us\"}", &rules, "it is from another issuer");
    expect_claims("{\"iss\":[\"https://i/\"],\"aud\":\"us\"}", &rules, "it is from another issuer");
    expect_claims("{\"iss\":\"https://i/\"}", &rules, "it is for another audience");
    expect_claims("{\"iss\":\"https://i/\",\"aud\":\"u\"}", &rules, "it is for another audience");
    expect_claims("{\"iss\":\"https://i/\",\"aud\":[5]}", &rules, "it is for another audience");
    expect_claims("{\"iss\":\"https://i/\",\"aud\":{\"us\":1}}", &rules,
                  "it is for another audience");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(base64url_has_one_spelling),
        TEST(a_token_says_its_algorithm_its_key_and_its_claims),
        TEST(what_is_no_token_is_said),
        TEST(no_algorithm_is_none),
        TEST(the_examples_of_rfc_7515_are_genuine),
        TEST(every_algorithm_tells_genuine_from_forged),
        TEST(a_public_key_is_never_taken_for_a_secret),
        TEST(a_key_is_for_its_own_curve_alone),
        TEST(a_signature_of_zeros_is_forged),
        TEST(keys_that_are_weak_or_none_are_refused),
        TEST(key_sets_are_searched_by_id_and_algorithm),
        TEST(without_an_id_one_of_several_is_not_guessed),
        TEST(keys_of_another_kind_are_left_out),
        TEST(times_bound_a_token_with_some_leeway),
        TEST(issuer_and_audience_are_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
