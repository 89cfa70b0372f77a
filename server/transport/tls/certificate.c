/* What a certificate of a peer says, as texts. */

#include "transport/tls/internal.h"

#include "base/buf.h"
#include "base/check.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

/* Appends a name in the order of RFC 4514, with characters beyond ASCII as they are. */
static void append_name(struct buf *out, const X509_NAME *name)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text;
    CHECK(bio != NULL);
    X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
    long length = BIO_get_mem_data(bio, &text);
    if (length > 0)
        buf_append(out, (slice){text, (size_t)length});
    BIO_free(bio);
}

static void append_fingerprint(struct buf *out, const X509 *certificate)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (X509_digest(certificate, EVP_sha256(), digest, &length) != 1)
        return;
    for (unsigned i = 0; i < length; i++)
        buf_printf(out, "%s%02X", i > 0 ? ":" : "", digest[i]);
}

/* A resumed connection has the certificate, and what was found about it, from its ticket. */
struct ds_tls_peer *tls_peer_new(const struct tls_connection *connection)
{
    const SSL *ssl = tls_session(connection);
    const X509 *certificate = ssl == NULL ? NULL : SSL_get0_peer_certificate(ssl);
    if (certificate == NULL)
        return NULL;
    struct buf texts = BUF_EMPTY;
    append_name(&texts, X509_get_subject_name(certificate));
    size_t issuer = texts.length;
    append_name(&texts, X509_get_issuer_name(certificate));
    size_t fingerprint = texts.length;
    append_fingerprint(&texts, certificate);
    struct ds_tls_peer *peer = malloc(sizeof *peer + texts.length);
    CHECK(peer != NULL);
    memcpy(peer + 1, texts.at, texts.length);
    slice all = {(const char *)(peer + 1), texts.length};
    buf_fini(&texts);
    *peer = (struct ds_tls_peer){
        .subject = slice_part(all, 0, issuer),
        .issuer = slice_part(all, issuer, fingerprint),
        .fingerprint = slice_part(all, fingerprint, all.length),
        .is_verified = SSL_get_verify_result(ssl) == X509_V_OK,
    };
    return peer;
}
