#pragma once
/* Whoever signs tokens: keys made for a test, and what is published of them. Texts live in the
 * arena given. */

#include "plugins/authentication/token.h"

struct evp_pkey_st;

struct signer {
    enum token_algorithm_id algorithm;
    const char *secret;
    struct evp_pkey_st *key; /* NULL: the secret */
};

struct signer signer_new(enum token_algorithm_id algorithm);
struct signer signer_new_rsa(enum token_algorithm_id algorithm, int bits);
void signer_free(struct signer *signer);

/* The public key in PEM. */
const char *signer_pem(const struct signer *signer, struct arena *arena);

/* The public key as an entry of a key set; more is JSON such as "\"kid\":\"1\"", or "". */
const char *signer_jwk(const struct signer *signer, const char *more, struct arena *arena);

/* A token of these claims. more goes into the header, as above. */
const char *signer_token(const struct signer *signer, const char *more, const char *claims,
                         struct arena *arena);

/* A token of any header and claims, signed as the signer does, whatever the header says. */
const char *signer_raw_token(const struct signer *signer, const char *header, const char *claims,
                             struct arena *arena);

slice base64url_encode(slice bytes, struct arena *arena);
