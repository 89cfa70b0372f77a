#include "redis/record_keys.h"
#include "redis/url.h"

bool record_keys_fit(const struct record_layout *layout, slice name)
{
    return !layout->has_hash_tags || (name.length > 0 && name.at[0] != '}');
}

static size_t append_key(struct buf *bytes, const struct record_layout *layout, slice name,
                         slice suffix)
{
    size_t before = bytes->length;
    buf_append(bytes, layout->key_prefix);
    if (layout->has_hash_tags)
        buf_append_byte(bytes, '{');
    if (name.length > 0)
        buf_append(bytes, name);
    if (layout->has_hash_tags)
        buf_append_byte(bytes, '}');
    buf_append(bytes, suffix);
    return bytes->length - before;
}

void record_keys_init(struct record_keys *keys, const struct record_layout *layout, slice name)
{
    keys->bytes = BUF_EMPTY;
    size_t length = append_key(&keys->bytes, layout, name, SLICE("_v"));
    append_key(&keys->bytes, layout, name, SLICE("_d"));
    slice both = buf_slice(&keys->bytes);
    keys->version = slice_part(both, 0, length);
    keys->data = slice_part(both, length, both.length);
}

void record_keys_fini(struct record_keys *keys)
{
    buf_fini(&keys->bytes);
}

bool record_version_parse(slice text, int32_t *version)
{
    uint32_t number;
    if (!redis_number_parse(text, INT32_MAX, &number))
        return false;
    *version = (int32_t)number;
    return true;
}
