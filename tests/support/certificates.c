#include "support/certificates.h"

#include "base/check.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdlib.h>

#define DAY_S (24L * 60 * 60)

static slice take_text(BIO *bio)
{
    char *text;
    long length = BIO_get_mem_data(bio, &text);
    char *copy = malloc((size_t)length + 1);
    CHECK(length > 0 && copy != NULL);
    memcpy(copy, text, (size_t)length);
    copy[length] = '\0';
    BIO_free(bio);
    return (slice){copy, (size_t)length};
}

static void set_name(X509 *body, const char *name)
{
    X509_NAME *subject = X509_get_subject_name(body);
    CHECK(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1,
                                     -1, 0) == 1);
}

static void allow_issuing(X509 *body)
{
    X509_EXTENSION *extension =
        X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:TRUE");
    CHECK(extension != NULL && X509_add_ext(body, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

void certificate_make(struct certificate *made, const struct certificate_wish *wish)
{
    static long number = 1;
    bool is_fresh = wish->from_days == 0 && wish->to_days == 0;
    made->pair = EVP_EC_gen("P-256");
    made->body = X509_new();
    CHECK(made->pair != NULL && made->body != NULL);
    const struct certificate *issuer = wish->issuer == NULL ? made : wish->issuer;
    X509_set_version(made->body, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made->body), number++);
    X509_gmtime_adj(X509_getm_notBefore(made->body), (is_fresh ? -1 : wish->from_days) * DAY_S);
    X509_gmtime_adj(X509_getm_notAfter(made->body), (is_fresh ? 1 : wish->to_days) * DAY_S);
    set_name(made->body, wish->name);
    X509_set_pubkey(made->body, made->pair);
    if (wish->is_authority)
        allow_issuing(made->body);
    X509_set_issuer_name(made->body, X509_get_subject_name(issuer->body));
    CHECK(X509_sign(made->body, issuer->pair, EVP_sha256()) > 0);
    BIO *key = BIO_new(BIO_s_mem()), *pem = BIO_new(BIO_s_mem());
    CHECK(PEM_write_bio_PrivateKey(key, made->pair, NULL, NULL, 0, NULL, NULL) == 1);
    CHECK(PEM_write_bio_X509(pem, made->body) == 1);
    made->key = take_text(key);
    made->pem = take_text(pem);
}

void certificate_free(struct certificate *made)
{
    EVP_PKEY_free(made->pair);
    X509_free(made->body);
    free((char *)(uintptr_t)made->key.at);
    free((char *)(uintptr_t)made->pem.at);
    *made = (struct certificate){0};
}

slice certificate_encrypted_key(const struct certificate *made, const char *passphrase)
{
    BIO *key = BIO_new(BIO_s_mem());
    CHECK(PEM_write_bio_PrivateKey(key, made->pair, EVP_aes_128_cbc(),
                                   (const unsigned char *)passphrase, (int)strlen(passphrase), NULL,
                                   NULL) == 1);
    return take_text(key);
}
