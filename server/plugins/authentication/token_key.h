#pragma once
/* Keys that tell whether a token is genuine: a secret, or somebody's public key. */

#include "plugins/authentication/token.h"

struct token_key;

/* A secret for FAMILY_SECRET; copied. */
struct token_key *token_key_new_secret(slice secret);

/* A public key or a certificate in PEM. NULL, and a static text in *problem, when it is not fit. */
struct token_key *token_key_new_pem(slice pem, const char **problem);

/* An entry of a key set (RFC 7517). NULL when it is of a kind that is not used here. */
struct token_key *token_key_new_jwk(const struct value_object *jwk, struct arena *arena);

void token_key_free(struct token_key **key);

/* Whether the key is for this algorithm: of its family, and of its curve. */
bool token_key_fits(const struct token_key *key, enum token_algorithm_id algorithm);

/* Whether the token was signed with it. False for every algorithm that the key does not fit. */
bool token_key_verifies(const struct token_key *key, const struct token *token);
