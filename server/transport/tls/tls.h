#pragma once
/* TLS contexts: what a listener needs to speak TLS 1.2 and 1.3 (RFC 5246, RFC 8446): its key, its
 * certificates, whom it believes.
 *
 *     struct tls_error error;
 *     struct tls_context *context = tls_context_new(&settings, &error);
 *     if (context == NULL)
 *         say error.text about error.part
 *     stream_host_encrypt(&host, context, timeout_ms);  // takes a reference of its own
 *     tls_context_release(&context);
 *
 * A context never changes. New certificates make a new context; connections keep the one that they
 * were accepted with. Compression and renegotiation are off; resumption is by tickets alone, so
 * nothing is kept of who has left. */

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct tls_context;

enum tls_version { TLS_1_2, TLS_1_3 };

enum tls_client_certificate {
    TLS_CLIENT_NONE,     /* no certificate is asked for */
    TLS_CLIENT_OPTIONAL, /* asked for; a client without one, or with one that is not trusted, is
                            let in, and authentication is told */
    TLS_CLIENT_REQUIRED, /* no handshake without a certificate that ca vouches for */
};

/* What a setting is about, for messages. */
enum tls_part {
    TLS_PART_KEY,
    TLS_PART_CERTIFICATE,
    TLS_PART_CA,
    TLS_PART_DH_PARAMETERS,
    TLS_PART_PASSPHRASE,
    TLS_PART_CIPHERS,
};

struct tls_settings {
    slice key;           /* PEM, perhaps encrypted */
    slice passphrase;    /* of the key; empty: none */
    slice certificate;   /* PEM: the server's, then those between it and a root */
    slice ca;            /* PEM: who vouches for clients, and completes the chain of the server when
                            `certificate` holds nothing but the first; empty: nobody */
    slice dh_parameters; /* PEM: for DHE suites of TLS 1.2; empty: they are off, ECDHE is used */
    slice ciphers; /* names between colons; those of TLS 1.3 begin with TLS_. Of a version that none
                      is named for, those count that RFC 9325 recommends */
    enum tls_version least_version;
    enum tls_client_certificate client_certificate; /* not NONE: ca is needed */
};

struct tls_error {
    enum tls_part part;
    char text[512]; /* "is not a certificate in PEM: bad base64 decode" */
};

/* Everything is copied. Returns NULL and fills error when a part is of no use. */
struct tls_context *tls_context_new(const struct tls_settings *settings, struct tls_error *error);

struct tls_context *tls_context_retain(struct tls_context *context);
void tls_context_release(struct tls_context **context); /* and sets *context to NULL */

/* What clients will complain of, though the server can work: "CN=x expired at ..."; or NULL. It is
 * judged by the time of tls_context_new. Lives as long as the context, like the next one. */
const char *tls_context_warning(const struct tls_context *context);

/* For the log: "CN=example.org, valid until Nov 29 07:45:49 2027 GMT". */
const char *tls_context_description(const struct tls_context *context);
