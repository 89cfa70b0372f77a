/* Any text as a token and any text as a key set: what is read holds together, and nothing that the
 * fuzzer comes up with is genuine, for it knows no key. */

#include "plugins/authentication/key_set.h"

#include "base/check.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CURVE_KEY                                                                                  \
    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","                                                \
    "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","                                       \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}"

static void try_token(slice text)
{
    static struct key_set *known;
    static struct token_key *secret;
    struct token_rules rules = {.issuer = SLICE("i"), .audience = SLICE("a"), .leeway_ms = 5000};
    struct arena arena;
    struct token token;
    double expires_ms = 0;
    if (known == NULL) {
        known = key_set_read(SLICE(CURVE_KEY));
        secret = token_key_new_secret(SLICE("nobody can guess this, least of all a fuzzer"));
    }
    arena_init(&arena, 0);
    if (token_read(text, &arena, &token) == NULL) {
        CHECK(token.algorithm < TOKEN_ALGORITHM_COUNT && token.claims != NULL);
        const struct token_key *key = key_set_find(known, &token);
        CHECK(key == NULL || !token_key_verifies(key, &token));
        CHECK(!token_key_verifies(secret, &token));
        if (token_check(&token, &rules, 1000000, &expires_ms) == NULL)
            CHECK(expires_ms == 0 || expires_ms > 1000000);
    }
    arena_fini(&arena);
}

static void try_key_set(slice text)
{
    struct key_set *set = key_set_read(text);
    struct token token = {.signed_part = SLICE("a.b"), .signature = SLICE("c")};
    for (unsigned id = 0; set != NULL && id < TOKEN_ALGORITHM_COUNT; id++) {
        token.algorithm = (enum token_algorithm_id)id;
        const struct token_key *key = key_set_find(set, &token);
        CHECK(key == NULL || !token_key_verifies(key, &token));
    }
    key_set_free(&set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    slice text = {(const char *)data, size};
    try_token(text);
    try_key_set(text);
    return 0;
}
