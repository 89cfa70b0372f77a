#include "support/signer.h"

#include "base/check.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#define SECRET "a secret that is as long as the RFC wants it to be, and longer"

slice base64url_encode(slice bytes, struct arena *arena)
{
    char *text = arena_alloc(arena, (bytes.length + 2) / 3 * 4 + 1);
    int length =
        EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)bytes.at, (int)bytes.length);
    while (length > 0 && text[length - 1] == '=')
        text[--length] = '\0';
    for (int i = 0; i < length; i++)
        text[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
    return (slice){text, (size_t)length};
}

/* ---- keys ---- */

struct signer signer_new_rsa(enum token_algorithm_id algorithm, int bits)
{
    return (struct signer){.algorithm = algorithm, .key = EVP_RSA_gen((unsigned)bits)};
}

struct signer signer_new(enum token_algorithm_id algorithm)
{
    const struct token_algorithm *info = token_algorithm(algorithm);
    if (info->family == FAMILY_SECRET)
        return (struct signer){.algorithm = algorithm, .secret = SECRET};
    if (info->family == FAMILY_RSA)
        return signer_new_rsa(algorithm, 2048);
    return (struct signer){.algorithm = algorithm, .key = EVP_EC_gen(info->group)};
}

void signer_free(struct signer *signer)
{
    EVP_PKEY_free(signer->key);
    *signer = (struct signer){.key = NULL};
}

const char *signer_pem(const struct signer *signer, struct arena *arena)
{
    char *text;
    BIO *bio = BIO_new(BIO_s_mem());
    CHECK(PEM_write_bio_PUBKEY(bio, signer->key) == 1);
    long length = BIO_get_mem_data(bio, &text);
    const char *kept = arena_copy(arena, (slice){text, (size_t)length}).at;
    BIO_free(bio);
    return kept;
}

static slice number_text(const struct signer *signer, const char *name, size_t bytes,
                         struct arena *arena)
{
    unsigned char out[2048];
    BIGNUM *number = NULL;
    CHECK(EVP_PKEY_get_bn_param(signer->key, name, &number) == 1);
    size_t length = bytes > 0 ? bytes : (size_t)BN_num_bytes(number);
    CHECK(BN_bn2binpad(number, out, (int)length) == (int)length);
    BN_free(number);
    return base64url_encode((slice){(char *)out, length}, arena);
}

const char *signer_jwk(const struct signer *signer, const char *more, struct arena *arena)
{
    const struct token_algorithm *info = token_algorithm(signer->algorithm);
    const char *comma = *more == '\0' ? "" : ",";
    if (info->family == FAMILY_RSA) {
        slice n = number_text(signer, OSSL_PKEY_PARAM_RSA_N, 0, arena);
        slice e = number_text(signer, OSSL_PKEY_PARAM_RSA_E, 0, arena);
        return arena_printf(arena, "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"%s%s}", n.at, e.at,
                            comma, more)
            .at;
    }
    size_t half = info->signature_bytes / 2;
    slice x = number_text(signer, OSSL_PKEY_PARAM_EC_PUB_X, half, arena);
    slice y = number_text(signer, OSSL_PKEY_PARAM_EC_PUB_Y, half, arena);
    return arena_printf(arena, "{\"kty\":\"EC\",\"crv\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"%s%s}",
                        info->curve, x.at, y.at, comma, more)
        .at;
}

/* ---- signing ---- */

static slice sign_secret(const struct signer *signer, slice text, struct arena *arena)
{
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    CHECK(HMAC(token_algorithm(signer->algorithm)->digest(), signer->secret,
               (int)strlen(signer->secret), (const unsigned char *)text.at, text.length, out,
               &length) != NULL);
    return arena_copy(arena, (slice){(char *)out, length});
}

static slice from_der(slice der, size_t half, struct arena *arena)
{
    const unsigned char *at = (const unsigned char *)der.at;
    unsigned char *out = arena_alloc(arena, 2 * half);
    ECDSA_SIG *numbers = d2i_ECDSA_SIG(NULL, &at, (long)der.length);
    CHECK(numbers != NULL);
    CHECK(BN_bn2binpad(ECDSA_SIG_get0_r(numbers), out, (int)half) == (int)half);
    CHECK(BN_bn2binpad(ECDSA_SIG_get0_s(numbers), out + half, (int)half) == (int)half);
    ECDSA_SIG_free(numbers);
    return (slice){(char *)out, 2 * half};
}

static slice sign(const struct signer *signer, slice text, struct arena *arena)
{
    const struct token_algorithm *info = token_algorithm(signer->algorithm);
    if (signer->key == NULL)
        return sign_secret(signer, text, arena);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t length = 2048;
    char *out = arena_alloc(arena, length);
    CHECK(EVP_DigestSignInit(context, NULL, info->digest(), NULL, signer->key) == 1);
    CHECK(EVP_DigestSign(context, (unsigned char *)out, &length, (const unsigned char *)text.at,
                         text.length) == 1);
    EVP_MD_CTX_free(context);
    slice signature = {out, length};
    return info->family == FAMILY_CURVE ? from_der(signature, info->signature_bytes / 2, arena)
                                        : signature;
}

const char *signer_raw_token(const struct signer *signer, const char *header, const char *claims,
                             struct arena *arena)
{
    slice first = base64url_encode(slice_of(header), arena);
    slice second = base64url_encode(slice_of(claims), arena);
    slice text = arena_printf(arena, "%s.%s", first.at, second.at);
    slice signature = base64url_encode(sign(signer, text, arena), arena);
    return arena_printf(arena, "%s.%s", text.at, signature.at).at;
}

const char *signer_token(const struct signer *signer, const char *more, const char *claims,
                         struct arena *arena)
{
    slice header =
        arena_printf(arena, "{\"alg\":\"%s\"%s%s}", token_algorithm(signer->algorithm)->name,
                     *more == '\0' ? "" : ",", more);
    return signer_raw_token(signer, header.at, claims, arena);
}
