/* From PEM texts to a context: each part read, checked, and blamed by name when it is of no use. */

#include "transport/tls/internal.h"
#include "transport/tls/tickets.h"

#include "base/buf.h"
#include "base/check.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdarg.h>
#include <stdio.h>

#define MOST_CERTIFICATES 1000
#define DESCRIPTION_BYTES 512

/* Of TLS 1.2, when none are named: those with forward secrecy whose records are authenticated as a
 * whole (RFC 9325 4.2). */
#define USUAL_CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20"

struct tls_context {
    SSL_CTX *ssl;
    BIO_METHOD *method;
    uint32_t references;
    struct tickets tickets;
    bool has_warning;
    char warning[DESCRIPTION_BYTES];
    char description[DESCRIPTION_BYTES];
};

/* One context that is being made. */
struct making {
    struct tls_context *context;
    const struct tls_settings *settings;
    struct tls_error *error;
};

/* ---- what is wrong ---- */

static bool refuse(struct making *making, enum tls_part part, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool refuse(struct making *making, enum tls_part part, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    making->error->part = part;
    vsnprintf(making->error->text, sizeof making->error->text, format, arguments);
    va_end(arguments);
    return false;
}

static const char *library_reason(void)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    return reason == NULL ? "unknown reason" : reason;
}

/* The end of a text in PEM is reported as an error, too. */
static bool is_at_end(void)
{
    unsigned long error = ERR_peek_last_error();
    return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

/* ---- texts in PEM ---- */

static BIO *open_text(slice text)
{
    ERR_clear_error();
    BIO *bio = BIO_new_mem_buf(text.length > 0 ? text.at : "", (int)text.length);
    CHECK(bio != NULL);
    return bio;
}

/* For what is never encrypted; without it the library would ask at the terminal. */
static int no_passphrase(char *room, int size, int is_writing, void *context)
{
    (void)room, (void)size, (void)is_writing, (void)context;
    return -1;
}

/* Every certificate of a text; NULL when there is none, or one is broken, which is refused. */
static STACK_OF(X509) * read_certificates(struct making *making, enum tls_part part, slice text)
{
    STACK_OF(X509) *all = sk_X509_new_null();
    BIO *bio = open_text(text);
    X509 *one;
    CHECK(all != NULL);
    while (sk_X509_num(all) < MOST_CERTIFICATES &&
           (one = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)) != NULL)
        CHECK(sk_X509_push(all, one) > 0);
    bool is_whole = is_at_end() && sk_X509_num(all) > 0;
    if (!is_whole && is_at_end())
        refuse(making, part, "holds no certificate in PEM");
    else if (!is_whole && sk_X509_num(all) == MOST_CERTIFICATES)
        refuse(making, part, "holds %d certificates or more", MOST_CERTIFICATES);
    else if (!is_whole)
        refuse(making, part, "holds a broken certificate: %s", library_reason());
    BIO_free(bio);
    ERR_clear_error();
    if (is_whole)
        return all;
    sk_X509_pop_free(all, X509_free);
    return NULL;
}

/* ---- the server's own certificate ---- */

static void write_name(BIO *out, const X509 *certificate)
{
    X509_NAME_print_ex(out, X509_get_subject_name(certificate), 0,
                       XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
}

static void take_text(BIO *bio, char *room, size_t size)
{
    char *text;
    long length = BIO_get_mem_data(bio, &text);
    snprintf(room, size, "%.*s", (int)length, length > 0 ? text : "");
    BIO_free(bio);
}

static void describe(struct tls_context *context, const X509 *certificate)
{
    BIO *out = BIO_new(BIO_s_mem());
    CHECK(out != NULL);
    write_name(out, certificate);
    BIO_puts(out, ", valid until ");
    ASN1_TIME_print(out, X509_get0_notAfter(certificate));
    take_text(out, context->description, sizeof context->description);
}

static void warn_of(struct tls_context *context, const X509 *certificate)
{
    bool is_over = X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0;
    bool is_early = X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0;
    if (context->has_warning || (!is_over && !is_early))
        return;
    BIO *out = BIO_new(BIO_s_mem());
    CHECK(out != NULL);
    BIO_puts(out, "the certificate of ");
    write_name(out, certificate);
    BIO_puts(out, is_over ? " expired at " : " is not valid before ");
    ASN1_TIME_print(out,
                    is_over ? X509_get0_notAfter(certificate) : X509_get0_notBefore(certificate));
    context->has_warning = true;
    take_text(out, context->warning, sizeof context->warning);
}

static bool use_certificates(struct making *making)
{
    SSL_CTX *ssl = making->context->ssl;
    STACK_OF(X509) *all =
        read_certificates(making, TLS_PART_CERTIFICATE, making->settings->certificate);
    if (all == NULL)
        return false;
    bool is_used = SSL_CTX_use_certificate(ssl, sk_X509_value(all, 0)) == 1;
    for (int i = 1; is_used && i < sk_X509_num(all); i++)
        is_used = SSL_CTX_add1_chain_cert(ssl, sk_X509_value(all, i)) == 1;
    for (int i = 0; i < sk_X509_num(all); i++)
        warn_of(making->context, sk_X509_value(all, i));
    describe(making->context, sk_X509_value(all, 0));
    sk_X509_pop_free(all, X509_free);
    return is_used || refuse(making, TLS_PART_CERTIFICATE, "cannot be used: %s", library_reason());
}

/* ---- its key ---- */

struct passphrase {
    slice text;
    bool was_asked;
};

static int give_passphrase(char *room, int size, int is_writing, void *context)
{
    struct passphrase *passphrase = context;
    (void)is_writing;
    passphrase->was_asked = true;
    if (passphrase->text.length == 0 || passphrase->text.length > (size_t)size)
        return -1;
    memcpy(room, passphrase->text.at, passphrase->text.length);
    return (int)passphrase->text.length;
}

static bool refuse_key(struct making *making, const struct passphrase *passphrase)
{
    if (passphrase->was_asked && passphrase->text.length == 0)
        return refuse(making, TLS_PART_PASSPHRASE, "is missing: the key is encrypted");
    if (passphrase->was_asked)
        return refuse(making, TLS_PART_PASSPHRASE, "does not open the key");
    return refuse(making, TLS_PART_KEY, "holds no private key in PEM that can be read");
}

static bool use_key(struct making *making)
{
    SSL_CTX *ssl = making->context->ssl;
    struct passphrase passphrase = {.text = making->settings->passphrase};
    BIO *bio = open_text(making->settings->key);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, &passphrase);
    bool is_used = false;
    if (key == NULL)
        refuse_key(making, &passphrase);
    else if (X509_check_private_key(SSL_CTX_get0_certificate(ssl), key) != 1)
        refuse(making, TLS_PART_KEY, "does not belong to the certificate");
    else if (SSL_CTX_use_PrivateKey(ssl, key) != 1)
        refuse(making, TLS_PART_KEY, "cannot be used: %s", library_reason());
    else
        is_used = true;
    EVP_PKEY_free(key);
    BIO_free(bio);
    ERR_clear_error();
    return is_used;
}

/* ---- whom it believes ---- */

static bool use_authorities(struct making *making)
{
    SSL_CTX *ssl = making->context->ssl;
    STACK_OF(X509) *all = read_certificates(making, TLS_PART_CA, making->settings->ca);
    if (all == NULL)
        return false;
    for (int i = 0; i < sk_X509_num(all); i++) {
        CHECK(X509_STORE_add_cert(SSL_CTX_get_cert_store(ssl), sk_X509_value(all, i)) == 1);
        CHECK(SSL_CTX_add_client_CA(ssl, sk_X509_value(all, i)) == 1);
    }
    sk_X509_pop_free(all, X509_free);
    return true;
}

/* The chain is made once here, as far as it can be, and not in every handshake. */
static void complete_chain(SSL_CTX *ssl)
{
    STACK_OF(X509) *chain = NULL;
    SSL_CTX_get0_chain_certs(ssl, &chain);
    if (sk_X509_num(chain) <= 0)
        SSL_CTX_build_cert_chain(ssl, SSL_BUILD_CHAIN_FLAG_NO_ROOT |
                                          SSL_BUILD_CHAIN_FLAG_IGNORE_ERROR |
                                          SSL_BUILD_CHAIN_FLAG_CLEAR_ERROR);
    ERR_clear_error();
}

/* The result of the check stays readable; who is asked, authentication, decides. */
static int let_in(int is_trusted, X509_STORE_CTX *store)
{
    (void)is_trusted, (void)store;
    return 1;
}

static bool ask_clients(struct making *making)
{
    SSL_CTX *ssl = making->context->ssl;
    bool has_authorities = making->settings->ca.length > 0;
    enum tls_client_certificate wanted = making->settings->client_certificate;
    if (has_authorities && !use_authorities(making))
        return false;
    if (has_authorities)
        complete_chain(ssl);
    if (wanted != TLS_CLIENT_NONE && !has_authorities)
        return refuse(making, TLS_PART_CA,
                      "is missing: it says whose certificates of clients are trusted");
    static const unsigned char ID[] = "deepstream";
    SSL_CTX_set_session_id_context(ssl, ID, sizeof ID - 1);
    if (wanted == TLS_CLIENT_OPTIONAL)
        SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, let_in);
    else if (wanted == TLS_CLIENT_REQUIRED)
        SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return true;
}

/* ---- ciphers ---- */

static bool use_dh_parameters(struct making *making)
{
    if (making->settings->dh_parameters.length == 0)
        return true;
    BIO *bio = open_text(making->settings->dh_parameters);
    EVP_PKEY *parameters = PEM_read_bio_Parameters(bio, NULL);
    bool is_used = false;
    if (parameters == NULL)
        refuse(making, TLS_PART_DH_PARAMETERS, "holds no DH parameters in PEM");
    else if (SSL_CTX_set0_tmp_dh_pkey(making->context->ssl, parameters) != 1)
        refuse(making, TLS_PART_DH_PARAMETERS, "cannot be used: %s", library_reason());
    else
        is_used = true;
    if (!is_used)
        EVP_PKEY_free(parameters);
    BIO_free(bio);
    ERR_clear_error();
    return is_used;
}

static void add_word(struct buf *list, slice word)
{
    if (list->length > 0)
        buf_append_byte(list, ':');
    buf_append(list, word);
}

/* Parts names of TLS 1.3 from the others, which go to functions of their own. */
static void sort_ciphers(slice names, struct buf *suites, struct buf *others)
{
    size_t start = 0;
    for (size_t i = 0; names.length > 0 && i <= names.length; i++) {
        if (i < names.length && names.at[i] != ':')
            continue;
        slice name = slice_part(names, start, i);
        if (name.length > 0)
            add_word(slice_starts_with(name, SLICE("TLS_")) ? suites : others, name);
        start = i + 1;
    }
    buf_append_byte(suites, '\0');
    buf_append_byte(others, '\0');
}

static bool use_ciphers(struct making *making)
{
    SSL_CTX *ssl = making->context->ssl;
    struct buf suites = BUF_EMPTY, others = BUF_EMPTY;
    sort_ciphers(making->settings->ciphers, &suites, &others);
    const char *list = others.length == 1 ? USUAL_CIPHERS : others.at;
    bool is_known = (suites.length == 1 || SSL_CTX_set_ciphersuites(ssl, suites.at) == 1) &&
                    SSL_CTX_set_cipher_list(ssl, list) == 1;
    buf_fini(&suites);
    buf_fini(&others);
    return is_known || refuse(making, TLS_PART_CIPHERS, "names no ciphers: %s", library_reason());
}

/* ---- the context ---- */

static void set_habits(SSL_CTX *ssl, enum tls_version least)
{
    SSL_CTX_set_min_proto_version(ssl, least == TLS_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_options(ssl, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
}

static void make_method(struct tls_context *context)
{
    context->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "stream");
    CHECK(context->method != NULL);
    BIO_meth_set_read_ex(context->method, tls_bio_read);
    BIO_meth_set_write_ex(context->method, tls_bio_write);
    BIO_meth_set_ctrl(context->method, tls_bio_control);
}

struct tls_context *tls_context_new(const struct tls_settings *settings, struct tls_error *error)
{
    struct tls_context *context = calloc(1, sizeof *context);
    CHECK(context != NULL);
    context->references = 1;
    context->ssl = SSL_CTX_new(TLS_server_method());
    CHECK(context->ssl != NULL);
    make_method(context);
    set_habits(context->ssl, settings->least_version);
    tickets_install(&context->tickets, context->ssl);
    struct making making = {context, settings, error};
    ERR_clear_error();
    if (!use_ciphers(&making) || !use_certificates(&making) || !use_key(&making) ||
        !ask_clients(&making) || !use_dh_parameters(&making))
        tls_context_release(&context);
    ERR_clear_error();
    return context;
}

struct tls_context *tls_context_retain(struct tls_context *context)
{
    context->references++;
    return context;
}

void tls_context_release(struct tls_context **context)
{
    struct tls_context *released = *context;
    *context = NULL;
    if (released == NULL || --released->references > 0)
        return;
    SSL_CTX_free(released->ssl);
    BIO_meth_free(released->method);
    OPENSSL_cleanse(&released->tickets, sizeof released->tickets);
    free(released);
}

const char *tls_context_warning(const struct tls_context *context)
{
    return context->has_warning ? context->warning : NULL;
}

const char *tls_context_description(const struct tls_context *context)
{
    return context->description;
}

SSL *tls_context_connect(struct tls_context *context, struct tls_connection *connection)
{
    SSL *ssl = SSL_new(context->ssl);
    BIO *bio = BIO_new(context->method);
    if (ssl == NULL || bio == NULL) {
        SSL_free(ssl);
        BIO_free(bio);
        return NULL;
    }
    BIO_set_data(bio, connection);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    SSL_set_accept_state(ssl);
    return ssl;
}
