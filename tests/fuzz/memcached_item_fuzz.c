/* A name up to the first newline, and what stands in memcached under its key: what is read as a
 * record is written the same, and what is written is read. */

#include "cache-memcached/item.h"

#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_write(const struct item_key *key, slice name, slice data)
{
    struct buf value = BUF_EMPTY;
    int32_t version;
    slice again;
    item_write(&value, key, name, 7, data);
    CHECK(item_read(buf_slice(&value), key, name, &version, &again) == (data.length > 0));
    if (data.length > 0)
        CHECK(version == 7 && slice_equal(again, data));
    buf_fini(&value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    slice input = {(const char *)data, size}, found;
    const char *newline = size == 0 ? NULL : memchr(input.at, '\n', size);
    size_t length = newline == NULL ? 0 : (size_t)(newline - input.at);
    slice name = slice_part(input, 0, length);
    slice value = slice_part(input, length + (newline != NULL), size);
    struct item_key key;
    int32_t version;
    item_key_of(&key, SLICE(""), name);
    CHECK(key.length > 0 && item_is_plain((slice){key.text, key.length}));
    if (item_read(value, &key, name, &version, &found)) {
        struct buf again = BUF_EMPTY;
        int32_t second;
        CHECK(version >= 0);
        item_write(&again, &key, name, version, found);
        CHECK(item_read(buf_slice(&again), &key, name, &second, &found) && second == version);
        buf_fini(&again);
    }
    try_write(&key, name, value);
    return 0;
}
