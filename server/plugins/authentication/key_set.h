#pragma once
/* A set of public keys as issuers of tokens publish it (RFC 7517): "jwks.json". */

#include "plugins/authentication/token_key.h"

struct key_set;

/* Reads what is fit for signatures of tokens; the rest of the set is left out. NULL when it is no
 * key set at all. The text comes from outside, bounded in length. */
struct key_set *key_set_read(slice json);
void key_set_free(struct key_set **set);

size_t key_set_count(const struct key_set *set);

/* The key that the token names and that its algorithm fits; for a token that names none the only
 * one that fits. NULL when there is none. */
const struct token_key *key_set_find(const struct key_set *set, const struct token *token);
