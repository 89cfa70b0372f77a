#include "storage-elasticsearch/place.h"

#include "base/check.h"

#include <openssl/evp.h>

#define DIGEST_MARK "sha256:"

static const char hex_digits[] = "0123456789abcdef";

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool place_is_index(ds_slice text)
{
    for (size_t i = 0; i < text.length; i++)
        if (!is_plain(text.at[i]))
            return false;
    return text.length > 0 && text.length < PLACE_MAX_INDEX_BYTES && text.at[0] != '_' &&
           text.at[0] != '-';
}

bool place_append_index(const struct place_rules *rules, ds_slice table, struct buf *index)
{
    size_t start = index->length;
    buf_append(index, rules->database);
    buf_append_byte(index, '-');
    for (size_t i = 0; i < table.length && index->length - start <= PLACE_MAX_INDEX_BYTES; i++) {
        unsigned char byte = (unsigned char)table.at[i];
        if (is_plain(table.at[i]))
            buf_append_byte(index, table.at[i]);
        else
            buf_printf(index, ".%02x", byte);
    }
    bool fits = index->length - start <= PLACE_MAX_INDEX_BYTES;
    if (!fits)
        index->length = start;
    return fits;
}

ds_slice place_table(const struct place_rules *rules, ds_slice name)
{
    size_t split = rules->split_char.length, found = 0, end = 0;
    for (size_t i = 0; split > 0 && i + split <= name.length; i++) {
        if (!slice_starts_with(slice_part(name, i, name.length), rules->split_char))
            continue;
        if (found++ == 0)
            end = i;
    }
    bool is_split = found == 1 && end > 0 && end + split < name.length;
    return is_split ? slice_part(name, 0, end) : rules->default_table;
}

/* A name that looks like a digest gets one too, so no two names share an id. An id may not be
 * empty. */
void place_append_id(ds_slice name, struct buf *id)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (name.length > 0 && name.length <= PLACE_MAX_ID_BYTES &&
        !slice_starts_with(name, SLICE(DIGEST_MARK))) {
        buf_append(id, name);
        return;
    }
    CHECK(EVP_Digest(name.at, name.length, digest, &length, EVP_sha256(), NULL) == 1);
    buf_append_text(id, DIGEST_MARK);
    for (unsigned i = 0; i < length; i++) {
        buf_append_byte(id, hex_digits[digest[i] >> 4]);
        buf_append_byte(id, hex_digits[digest[i] & 15]);
    }
}
