#include "cache-memcached/item.h"

#include "base/check.h"

#include <openssl/evp.h>

#include <inttypes.h>
#include <string.h>

#define DIGEST_MARK "sha256:"
#define DIGEST_BYTES 32

static const char hex_digits[] = "0123456789abcdef";

bool item_is_plain(slice bytes)
{
    for (size_t i = 0; i < bytes.length; i++) {
        unsigned char byte = (unsigned char)bytes.at[i];
        if (byte <= ' ' || byte == 0x7f)
            return false;
    }
    return true;
}

static void append(struct item_key *key, slice bytes)
{
    CHECK(bytes.length <= ITEM_MAX_KEY_BYTES - key->length);
    memcpy(key->text + key->length, bytes.at, bytes.length);
    key->length += bytes.length;
    key->text[key->length] = '\0';
}

static void append_digest(struct item_key *key, slice name)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    CHECK(EVP_Digest(name.at, name.length, digest, &length, EVP_sha256(), NULL) == 1);
    CHECK(length == DIGEST_BYTES);
    append(key, SLICE(DIGEST_MARK));
    for (unsigned i = 0; i < length; i++)
        append(key, (slice){(char[]){hex_digits[digest[i] >> 4], hex_digits[digest[i] & 15]}, 2});
}

/* A name that looks like a digest gets one too, so no two names share a key. */
void item_key_of(struct item_key *key, slice namespace_, slice name)
{
    CHECK(namespace_.length <= ITEM_MAX_NAMESPACE_BYTES);
    *key = (struct item_key){.length = 0};
    append(key, namespace_);
    key->is_digest = name.length == 0 || name.length > ITEM_MAX_KEY_BYTES - namespace_.length ||
                     !item_is_plain(name) || slice_starts_with(name, SLICE(DIGEST_MARK));
    if (key->is_digest)
        append_digest(key, name);
    else
        append(key, name);
}

static void append_hex(struct buf *value, slice bytes)
{
    char *out = buf_extend(value, bytes.length * 2);
    for (size_t i = 0; i < bytes.length; i++) {
        unsigned char byte = (unsigned char)bytes.at[i];
        *out++ = hex_digits[byte >> 4];
        *out++ = hex_digits[byte & 15];
    }
}

void item_write(struct buf *value, const struct item_key *key, slice name, int32_t version,
                slice data)
{
    buf_printf(value, "{\"version\":%" PRId32, version);
    if (key->is_digest) {
        buf_append_text(value, ",\"name\":\"");
        append_hex(value, name);
        buf_append_byte(value, '"');
    }
    buf_append_text(value, ",\"data\":");
    buf_append(value, data);
    buf_append_byte(value, '}');
}

/* ---- reading ---- */

static bool take(slice *rest, slice text)
{
    if (!slice_starts_with(*rest, text))
        return false;
    *rest = slice_part(*rest, text.length, rest->length);
    return true;
}

static bool take_version(slice *rest, int32_t *version)
{
    int64_t number = 0;
    size_t length = 0;
    for (; length < rest->length && rest->at[length] >= '0' && rest->at[length] <= '9'; length++) {
        number = number * 10 + (rest->at[length] - '0');
        if (number > INT32_MAX)
            return false;
    }
    *version = (int32_t)number;
    *rest = slice_part(*rest, length, rest->length);
    return length > 0;
}

static bool take_hex(slice *rest, slice bytes)
{
    if (rest->length / 2 < bytes.length)
        return false;
    for (size_t i = 0; i < bytes.length; i++) {
        unsigned char byte = (unsigned char)bytes.at[i];
        if (rest->at[2 * i] != hex_digits[byte >> 4] ||
            rest->at[2 * i + 1] != hex_digits[byte & 15])
            return false;
    }
    *rest = slice_part(*rest, bytes.length * 2, rest->length);
    return true;
}

bool item_read(slice value, const struct item_key *key, slice name, int32_t *version, slice *data)
{
    slice rest = value;
    if (!take(&rest, SLICE("{\"version\":")) || !take_version(&rest, version))
        return false;
    if (key->is_digest &&
        !(take(&rest, SLICE(",\"name\":\"")) && take_hex(&rest, name) && take(&rest, SLICE("\""))))
        return false;
    if (!take(&rest, SLICE(",\"data\":")) || rest.length < 2 || rest.at[rest.length - 1] != '}')
        return false;
    *data = slice_part(rest, 0, rest.length - 1);
    return true;
}
