#include "redis/tls.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

struct redis_tls_context {
    SSL_CTX *openssl;
    char *server_name; /* NULL: that of the host */
};

struct redis_tls {
    SSL *openssl;
    BIO *from_wire, *to_wire; /* owned by openssl */
    char problem[256];
};

static BIO *bio_of(slice text)
{
    BIO *bio = BIO_new_mem_buf(text.at, (int)text.length);
    CHECK(bio != NULL);
    return bio;
}

/* ---- options ---- */

static bool add_authorities(SSL_CTX *openssl, slice pem)
{
    BIO *bio = bio_of(pem);
    size_t count = 0;
    for (X509 *one; (one = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL; X509_free(one))
        count += X509_STORE_add_cert(SSL_CTX_get_cert_store(openssl), one) == 1;
    BIO_free(bio);
    ERR_clear_error();
    return count > 0;
}

static bool use_certificate(SSL_CTX *openssl, slice pem)
{
    BIO *bio = bio_of(pem);
    X509 *own = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    bool used = own != NULL && SSL_CTX_use_certificate(openssl, own) == 1;
    X509_free(own);
    for (X509 *one; used && (one = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL;)
        used = SSL_CTX_add0_chain_cert(openssl, one) == 1;
    BIO_free(bio);
    ERR_clear_error();
    return used;
}

static bool use_key(SSL_CTX *openssl, slice pem)
{
    BIO *bio = bio_of(pem);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)(uintptr_t) "");
    bool used = key != NULL && SSL_CTX_use_PrivateKey(openssl, key) == 1;
    EVP_PKEY_free(key);
    BIO_free(bio);
    ERR_clear_error();
    return used;
}

static bool apply(SSL_CTX *openssl, const struct ds_value *options, struct ds_error *error)
{
    const struct {
        const char *key;
        bool (*use)(SSL_CTX *openssl, slice pem);
    } parts[] = {{"ca", add_authorities}, {"cert", use_certificate}, {"key", use_key}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const struct ds_value *value = ds_value_member(options, parts[i].key);
        slice pem = ds_value_text(value, SLICE(""));
        if (ds_value_kind(value) == DS_VALUE_NULL)
            continue;
        if (pem.length == 0 || pem.length > 1 << 20 || !parts[i].use(openssl, pem)) {
            snprintf(error->text, sizeof error->text,
                     "tls.%s must be PEM text that fits the others, such as "
                     "fileLoad(redis-%s.pem)",
                     parts[i].key, parts[i].key);
            error->value = value;
            return false;
        }
    }
    if (ds_value_member(options, "ca") == NULL)
        SSL_CTX_set_default_verify_paths(openssl);
    bool is_checked = ds_value_boolean(ds_value_member(options, "rejectUnauthorized"), true);
    SSL_CTX_set_verify(openssl, is_checked ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
    return true;
}

struct redis_tls_context *redis_tls_context_new(const struct ds_value *options,
                                                struct ds_error *error)
{
    struct redis_tls_context *context = calloc(1, sizeof *context);
    CHECK(context != NULL);
    context->openssl = SSL_CTX_new(TLS_client_method());
    CHECK(context->openssl != NULL);
    SSL_CTX_set_min_proto_version(context->openssl, TLS1_2_VERSION);
    if (!apply(context->openssl, options, error)) {
        redis_tls_context_free(&context);
        return NULL;
    }
    slice name = ds_value_text(ds_value_member(options, "servername"), SLICE(""));
    if (name.length > 0)
        context->server_name = strndup(name.at, name.length);
    return context;
}

void redis_tls_context_free(struct redis_tls_context **context)
{
    if (*context == NULL)
        return;
    SSL_CTX_free((*context)->openssl);
    free((*context)->server_name);
    free(*context);
    *context = NULL;
}

/* ---- a connection ---- */

static bool is_address(const char *name)
{
    struct in6_addr address;
    return inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1;
}

struct redis_tls *redis_tls_new(struct redis_tls_context *context, const char *host)
{
    const char *name = context->server_name != NULL ? context->server_name : host;
    struct redis_tls *tls = calloc(1, sizeof *tls);
    CHECK(tls != NULL);
    tls->openssl = SSL_new(context->openssl);
    tls->from_wire = BIO_new(BIO_s_mem());
    tls->to_wire = BIO_new(BIO_s_mem());
    CHECK(tls->openssl != NULL && tls->from_wire != NULL && tls->to_wire != NULL);
    SSL_set_bio(tls->openssl, tls->from_wire, tls->to_wire);
    SSL_set_connect_state(tls->openssl);
    if (is_address(name)) {
        CHECK(X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls->openssl), name) == 1);
    } else {
        CHECK(SSL_set1_host(tls->openssl, name) == 1);
        SSL_set_tlsext_host_name(tls->openssl, name);
    }
    return tls;
}

void redis_tls_free(struct redis_tls **tls)
{
    if (*tls == NULL)
        return;
    SSL_free((*tls)->openssl);
    free(*tls);
    *tls = NULL;
}

bool redis_tls_is_open(const struct redis_tls *tls)
{
    return SSL_is_init_finished(tls->openssl);
}

bool redis_tls_is_refused(const struct redis_tls *tls)
{
    return SSL_get_verify_mode(tls->openssl) != SSL_VERIFY_NONE &&
           SSL_get_verify_result(tls->openssl) != X509_V_OK;
}

static const char *failure(struct redis_tls *tls, int result)
{
    int kind = SSL_get_error(tls->openssl, result);
    if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE)
        return NULL;
    if (kind == SSL_ERROR_ZERO_RETURN)
        return "it closed the connection";
    long verified = SSL_get_verify_result(tls->openssl);
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    if (verified != X509_V_OK)
        snprintf(tls->problem, sizeof tls->problem, "its certificate is refused: %s",
                 X509_verify_cert_error_string(verified));
    else
        snprintf(tls->problem, sizeof tls->problem, "TLS failed: %s",
                 reason == NULL ? "unexpected end" : reason);
    ERR_clear_error();
    return tls->problem;
}

static void take_wire(struct redis_tls *tls, struct buf *wire)
{
    char part[4096];
    for (int count; (count = BIO_read(tls->to_wire, part, sizeof part)) > 0;)
        buf_append(wire, (slice){part, (size_t)count});
}

static const char *decrypt(struct redis_tls *tls, struct buf *plain)
{
    char part[16384];
    int result = redis_tls_is_open(tls) ? 1 : SSL_do_handshake(tls->openssl);
    if (result != 1)
        return failure(tls, result);
    while ((result = SSL_read(tls->openssl, part, sizeof part)) > 0)
        buf_append(plain, (slice){part, (size_t)result});
    return failure(tls, result);
}

const char *redis_tls_receive(struct redis_tls *tls, slice bytes, struct buf *plain,
                              struct buf *wire)
{
    ERR_clear_error();
    CHECK(bytes.length <= INT32_MAX);
    if (bytes.length > 0)
        CHECK(BIO_write(tls->from_wire, bytes.at, (int)bytes.length) == (int)bytes.length);
    const char *problem = decrypt(tls, plain);
    take_wire(tls, wire);
    return problem;
}

const char *redis_tls_send(struct redis_tls *tls, slice plain, struct buf *wire)
{
    size_t written = 0;
    ERR_clear_error();
    if (plain.length == 0)
        return NULL;
    int result = SSL_write_ex(tls->openssl, plain.at, plain.length, &written);
    take_wire(tls, wire);
    if (result == 1 && written == plain.length)
        return NULL;
    const char *problem = failure(tls, result);
    return problem == NULL ? "TLS failed: it does not take what is sent" : problem;
}
