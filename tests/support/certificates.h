#pragma once
/* Keys and certificates for tests, made in memory: EC keys, since those are quick. */

#include "base/slice.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

struct certificate {
    EVP_PKEY *pair;
    X509 *body;
    slice key, pem; /* of both, in PEM; zero terminated */
};

struct certificate_wish {
    const char *name;                 /* becomes CN=name */
    const struct certificate *issuer; /* NULL: signed by itself */
    long from_days, to_days;          /* from now; both 0: yesterday until tomorrow */
    bool is_authority;
};

void certificate_make(struct certificate *made, const struct certificate_wish *wish);
void certificate_free(struct certificate *made);

/* The key in PEM, encrypted; on the heap. */
slice certificate_encrypted_key(const struct certificate *made, const char *passphrase);
