#pragma once
/* The text of a JSON web token (RFC 7519) and what it claims. Reading believes nothing: whether the
 * token is genuine is a matter of its key (token_key.h). Pure; everything lives in the arena given.
 */

#include "value.h"

#define TOKEN_MAX_BYTES 16384

struct evp_md_st; /* EVP_MD of OpenSSL */

enum token_family { FAMILY_SECRET, FAMILY_RSA, FAMILY_CURVE };

struct token_algorithm {
    const char *name;
    enum token_family family;
    const struct evp_md_st *(*digest)(void);
    const char *group, *curve; /* of FAMILY_CURVE */
    size_t signature_bytes;    /* of FAMILY_CURVE */
};

enum token_algorithm_id {
#define ALGORITHM(name, ...) TOKEN_##name,
#include "token_algorithms.def"
#undef ALGORITHM
    TOKEN_ALGORITHM_COUNT,
};

const struct token_algorithm *token_algorithm(enum token_algorithm_id id);
/* ... or TOKEN_ALGORITHM_COUNT: "none" is no algorithm. */
enum token_algorithm_id token_algorithm_of(slice name);

struct token {
    slice signed_part;
    slice signature;
    enum token_algorithm_id algorithm; /* what the token says; ask an allow-list before its key */
    bool has_key_id;
    slice key_id;
    const struct value_object *claims;
    slice claims_json;
};

/* Returns NULL, or what is wrong with it (static). text must live as long as the token. */
const char *token_read(slice text, struct arena *arena, struct token *token);

/* ---- claims ---- */

struct token_rules {
    slice issuer, audience; /* empty: whatever the token says */
    double leeway_ms;       /* how far clocks may differ */
};

/* Returns NULL, or why the claims are not good enough (static). expires_ms gets the time since 1970
 * when they end, or 0. */
const char *token_check(const struct token *token, const struct token_rules *rules, double now_ms,
                        double *expires_ms);
