/* libjwt of Debian 12 would do this, but takes the algorithm from the token and knows no key sets;
 * OpenSSL's verification takes few lines. */

#include "plugins/authentication/token_key.h"

#include "base/check.h"
#include "plugins/authentication/base64url.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <limits.h>

#define LEAST_RSA_BITS 2048
#define MOST_RSA_BITS 8192 /* what a larger one costs would be somebody else's choice */
#define MAX_POINT_BYTES (1 + 2 * 66)
#define MAX_GROUP_NAME 64
#define MAX_SIGNATURE_BYTES 1024

struct token_key {
    enum token_family family;
    EVP_PKEY *pkey; /* NULL: a secret */
    char group[MAX_GROUP_NAME];
    size_t secret_length; /* behind this struct */
};

/* ---- making ---- */

struct token_key *token_key_new_secret(slice secret)
{
    struct token_key *key = malloc(sizeof *key + secret.length);
    CHECK(key != NULL);
    *key = (struct token_key){.family = FAMILY_SECRET, .secret_length = secret.length};
    memcpy(key + 1, secret.at, secret.length);
    return key;
}

static bool is_known_group(const char *group)
{
    for (unsigned id = 0; id < TOKEN_ALGORITHM_COUNT; id++) {
        const char *known = token_algorithm((enum token_algorithm_id)id)->group;
        if (known != NULL && strcmp(known, group) == 0)
            return true;
    }
    return false;
}

/* Returns what is wrong with the key, or NULL. */
static const char *classify(struct token_key *key)
{
    if (EVP_PKEY_is_a(key->pkey, "RSA")) {
        int bits = EVP_PKEY_get_bits(key->pkey);
        key->family = FAMILY_RSA;
        return bits < LEAST_RSA_BITS || bits > MOST_RSA_BITS
                   ? "an RSA key must have 2048 to 8192 bits"
                   : NULL;
    }
    key->family = FAMILY_CURVE;
    if (EVP_PKEY_is_a(key->pkey, "EC") &&
        EVP_PKEY_get_utf8_string_param(key->pkey, OSSL_PKEY_PARAM_GROUP_NAME, key->group,
                                       sizeof key->group, NULL) == 1 &&
        is_known_group(key->group))
        return NULL;
    return "the key is neither of RSA nor of the curves P-256, P-384 and P-521";
}

/* Takes pkey, which may be NULL. */
static struct token_key *take_public(EVP_PKEY *pkey, const char **problem)
{
    *problem = "it is no public key or certificate in PEM";
    ERR_clear_error();
    if (pkey == NULL)
        return NULL;
    struct token_key *key = malloc(sizeof *key);
    CHECK(key != NULL);
    *key = (struct token_key){.pkey = pkey};
    *problem = classify(key);
    if (*problem != NULL)
        token_key_free(&key);
    return key;
}

static EVP_PKEY *read_certificate(BIO *bio)
{
    X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    EVP_PKEY *pkey = certificate == NULL ? NULL : X509_get_pubkey(certificate);
    X509_free(certificate);
    return pkey;
}

struct token_key *token_key_new_pem(slice pem, const char **problem)
{
    BIO *bio = pem.length > INT_MAX ? NULL : BIO_new_mem_buf(pem.at, (int)pem.length);
    EVP_PKEY *pkey = NULL;
    if (bio != NULL && (pkey = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL)) == NULL &&
        BIO_reset(bio) == 1)
        pkey = read_certificate(bio);
    BIO_free(bio);
    return take_public(pkey, problem);
}

/* ---- from key sets ---- */

static bool decode_member(const struct value_object *jwk, slice key, struct arena *arena,
                          slice *bytes)
{
    const valve_value *value = value_object_find(jwk, key);
    return value != NULL && value->type == VALUE_TEXT &&
           base64url_decode(value_slice(*value), arena, bytes) && bytes->length > 0 &&
           bytes->length <= MOST_RSA_BITS / 8 + 1;
}

static EVP_PKEY *make_public(const char *type, OSSL_PARAM_BLD *builder)
{
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *pkey = NULL;
    if (parameters != NULL && context != NULL && EVP_PKEY_fromdata_init(context) == 1)
        EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, parameters);
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    return pkey;
}

static BIGNUM *number_of(slice bytes)
{
    BIGNUM *number = BN_bin2bn((const unsigned char *)bytes.at, (int)bytes.length, NULL);
    CHECK(number != NULL);
    return number;
}

static EVP_PKEY *make_rsa(const struct value_object *jwk, struct arena *arena)
{
    slice modulus, exponent;
    if (!decode_member(jwk, SLICE("n"), arena, &modulus) ||
        !decode_member(jwk, SLICE("e"), arena, &exponent) || exponent.length > 8)
        return NULL;
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    BIGNUM *n = number_of(modulus), *e = number_of(exponent);
    CHECK(builder != NULL);
    CHECK(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1);
    CHECK(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1);
    EVP_PKEY *pkey = make_public("RSA", builder);
    OSSL_PARAM_BLD_free(builder);
    BN_free(n);
    BN_free(e);
    return pkey;
}

/* The algorithm whose curve the key is on, or NULL. */
static const struct token_algorithm *curve_of(const struct value_object *jwk)
{
    const valve_value *name = value_object_find(jwk, SLICE("crv"));
    for (unsigned id = 0; name != NULL && name->type == VALUE_TEXT && id < TOKEN_ALGORITHM_COUNT;
         id++) {
        const struct token_algorithm *algorithm = token_algorithm((enum token_algorithm_id)id);
        if (algorithm->curve != NULL && slice_equal(slice_of(algorithm->curve), value_slice(*name)))
            return algorithm;
    }
    return NULL;
}

static EVP_PKEY *make_curve(const struct value_object *jwk, struct arena *arena)
{
    const struct token_algorithm *curve = curve_of(jwk);
    unsigned char point[MAX_POINT_BYTES] = {4 /* not compressed */};
    slice x, y;
    size_t half = curve == NULL ? 0 : curve->signature_bytes / 2;
    if (curve == NULL || !decode_member(jwk, SLICE("x"), arena, &x) || x.length != half ||
        !decode_member(jwk, SLICE("y"), arena, &y) || y.length != half)
        return NULL;
    memcpy(point + 1, x.at, half);
    memcpy(point + 1 + half, y.at, half);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    CHECK(builder != NULL);
    CHECK(OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, curve->group, 0) ==
          1);
    CHECK(OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * half) ==
          1);
    EVP_PKEY *pkey = make_public("EC", builder);
    OSSL_PARAM_BLD_free(builder);
    return pkey;
}

/* Secrets in a set that anybody may fetch are no secrets: `oct` is left out. */
struct token_key *token_key_new_jwk(const struct value_object *jwk, struct arena *arena)
{
    const valve_value *type = value_object_find(jwk, SLICE("kty"));
    const char *problem;
    if (type == NULL || type->type != VALUE_TEXT)
        return NULL;
    if (slice_equal(value_slice(*type), SLICE("RSA")))
        return take_public(make_rsa(jwk, arena), &problem);
    if (slice_equal(value_slice(*type), SLICE("EC")))
        return take_public(make_curve(jwk, arena), &problem);
    return NULL;
}

void token_key_free(struct token_key **key)
{
    if (*key == NULL)
        return;
    EVP_PKEY_free((*key)->pkey);
    OPENSSL_cleanse(*key + 1, (*key)->secret_length);
    free(*key);
    *key = NULL;
}

/* ---- verifying ---- */

bool token_key_fits(const struct token_key *key, enum token_algorithm_id id)
{
    const struct token_algorithm *algorithm = token_algorithm(id);
    return key->family == algorithm->family &&
           (key->family != FAMILY_CURVE || strcmp(key->group, algorithm->group) == 0);
}

static bool verify_secret(const struct token_key *key, const struct token_algorithm *algorithm,
                          const struct token *token)
{
    unsigned char expected[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (HMAC(algorithm->digest(), key + 1, (int)key->secret_length,
             (const unsigned char *)token->signed_part.at, token->signed_part.length, expected,
             &length) == NULL)
        return false;
    return token->signature.length == length &&
           CRYPTO_memcmp(token->signature.at, expected, length) == 0;
}

static bool verify_public(const struct token_key *key, const struct token_algorithm *algorithm,
                          slice signed_part, const unsigned char *signature, size_t length)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    CHECK(context != NULL);
    bool is_genuine =
        EVP_DigestVerifyInit(context, NULL, algorithm->digest(), NULL, key->pkey) == 1 &&
        EVP_DigestVerify(context, signature, length, (const unsigned char *)signed_part.at,
                         signed_part.length) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return is_genuine;
}

/* Tokens have the two numbers of a signature side by side, OpenSSL wants them in DER. */
static size_t to_der(slice signature, unsigned char der[MAX_SIGNATURE_BYTES])
{
    size_t half = signature.length / 2;
    ECDSA_SIG *numbers = ECDSA_SIG_new();
    CHECK(numbers != NULL);
    CHECK(ECDSA_SIG_set0(numbers, number_of(slice_part(signature, 0, half)),
                         number_of(slice_part(signature, half, signature.length))) == 1);
    unsigned char *end = der;
    int length = i2d_ECDSA_SIG(numbers, &end);
    CHECK(length > 0 && length <= MAX_SIGNATURE_BYTES);
    ECDSA_SIG_free(numbers);
    return (size_t)length;
}

static bool verify_curve(const struct token_key *key, const struct token_algorithm *algorithm,
                         const struct token *token)
{
    unsigned char der[MAX_SIGNATURE_BYTES];
    if (token->signature.length != algorithm->signature_bytes)
        return false;
    return verify_public(key, algorithm, token->signed_part, der, to_der(token->signature, der));
}

bool token_key_verifies(const struct token_key *key, const struct token *token)
{
    const struct token_algorithm *algorithm = token_algorithm(token->algorithm);
    if (!token_key_fits(key, token->algorithm))
        return false;
    switch (key->family) {
    case FAMILY_SECRET:
        return verify_secret(key, algorithm, token);
    case FAMILY_RSA:
        return verify_public(key, algorithm, token->signed_part,
                             (const unsigned char *)token->signature.at, token->signature.length);
    default:
        return verify_curve(key, algorithm, token);
    }
}
