#pragma once
/* How passwords of users.yml are kept: base64(PBKDF2-HMAC) and right behind it the salt, which is
 * itself base64 text and is used as that text (server.md 6.3). The authentication plugin checks
 * with it, `deepstream hash` makes with it. Any thread. */

#include "base/buf.h"

struct evp_md_st; /* EVP_MD of OpenSSL */

struct password_method {
    const struct evp_md_st *digest;
    int iterations;
    int key_bytes;
};

#define PASSWORD_MAX_ITERATIONS 100000000
#define PASSWORD_MAX_KEY_BYTES 1024

/* Returns NULL, or what is wrong with the parameters (static). digest: "md5", "sha512", ... */
const char *password_method_init(struct password_method *method, slice digest, double iterations,
                                 double key_bytes);

/* Characters of a hash before its salt. */
size_t password_hash_length(const struct password_method *method);

/* Appends the hash and the salt. False when OpenSSL cannot compute it. */
bool password_hash(const struct password_method *method, slice password, slice salt,
                   struct buf *out);

/* Whether stored, a hash with its salt, is of this password. Takes as long for a wrong password as
 * for the right one. */
bool password_matches(const struct password_method *method, slice password, slice stored);

/* Whether two texts are equal, in a time that does not say where they differ. */
bool password_equals(slice a, slice b);

/* Random: base64 of 16 bytes, and a terminating zero. */
#define PASSWORD_SALT_LENGTH 24
void password_salt(char salt[PASSWORD_SALT_LENGTH + 1]);
