#include "plugins/authentication/password.h"

#include "base/check.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <limits.h>
#include <math.h>

#define SALT_BYTES 16
#define MAX_DIGEST_NAME 64

static bool is_whole(double number, double most)
{
    return number >= 1 && number <= most && floor(number) == number;
}

static const EVP_MD *find_digest(slice name)
{
    char terminated[MAX_DIGEST_NAME + 1];
    if (name.length == 0 || name.length > MAX_DIGEST_NAME)
        return NULL;
    memcpy(terminated, name.at, name.length);
    terminated[name.length] = '\0';
    return EVP_get_digestbyname(terminated);
}

const char *password_method_init(struct password_method *method, slice digest, double iterations,
                                 double key_bytes)
{
    const EVP_MD *found = find_digest(digest);
    if (found == NULL)
        return "hash is not the name of a digest such as md5, sha256 or sha512";
    if (!is_whole(iterations, PASSWORD_MAX_ITERATIONS))
        return "iterations must be a whole number from 1 to 100000000";
    if (!is_whole(key_bytes, PASSWORD_MAX_KEY_BYTES))
        return "keyLength must be a whole number from 1 to 1024";
    *method = (struct password_method){found, (int)iterations, (int)key_bytes};
    return NULL;
}

size_t password_hash_length(const struct password_method *method)
{
    return ((size_t)method->key_bytes + 2) / 3 * 4;
}

bool password_hash(const struct password_method *method, slice password, slice salt,
                   struct buf *out)
{
    unsigned char key[PASSWORD_MAX_KEY_BYTES];
    char encoded[(PASSWORD_MAX_KEY_BYTES + 2) / 3 * 4 + 1];
    if (password.length > INT_MAX || salt.length > INT_MAX ||
        PKCS5_PBKDF2_HMAC(password.length > 0 ? password.at : "", (int)password.length,
                          (const unsigned char *)salt.at, (int)salt.length, method->iterations,
                          method->digest, method->key_bytes, key) != 1)
        return false;
    int length = EVP_EncodeBlock((unsigned char *)encoded, key, method->key_bytes);
    buf_append(out, (slice){encoded, (size_t)length});
    buf_append(out, salt);
    OPENSSL_cleanse(key, sizeof key);
    OPENSSL_cleanse(encoded, sizeof encoded);
    return true;
}

bool password_equals(slice a, slice b)
{
    return a.length == b.length && CRYPTO_memcmp(a.at, b.at, a.length) == 0;
}

bool password_matches(const struct password_method *method, slice password, slice stored)
{
    size_t split = password_hash_length(method);
    if (stored.length < split)
        split = stored.length; /* no hash: computed all the same, and equal to none */
    struct buf computed = BUF_EMPTY;
    bool matches =
        password_hash(method, password, slice_part(stored, split, stored.length), &computed) &&
        password_equals(buf_slice(&computed), stored);
    buf_fini(&computed);
    return matches;
}

void password_salt(char salt[PASSWORD_SALT_LENGTH + 1])
{
    unsigned char bytes[SALT_BYTES];
    CHECK(RAND_bytes(bytes, sizeof bytes) == 1);
    CHECK(EVP_EncodeBlock((unsigned char *)salt, bytes, sizeof bytes) == PASSWORD_SALT_LENGTH);
}
