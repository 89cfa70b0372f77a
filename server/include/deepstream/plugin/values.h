#pragma once
/* Options of a plugin, as the configuration file has them. */

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A borrowed run of bytes: pointer and length, no terminator. */
#ifndef SLICE_TYPE
#define SLICE_TYPE
typedef struct slice {
    const char *at;
    size_t length;
} slice;
#endif
typedef slice ds_slice;

struct ds_value; /* one value of the configuration: null, boolean, number, text, list or map */

enum ds_value_kind {
    DS_VALUE_NULL,
    DS_VALUE_BOOLEAN,
    DS_VALUE_NUMBER,
    DS_VALUE_TEXT,
    DS_VALUE_LIST,
    DS_VALUE_MAP,
};

/* All take NULL for a value that is absent, which is a null. */
enum ds_value_kind ds_value_kind(const struct ds_value *value);

/* The member of a map, or NULL: of anything but a map always. */
const struct ds_value *ds_value_member(const struct ds_value *map, const char *key);

/* Members of a map or items of a list; 0 of anything else. */
size_t ds_value_count(const struct ds_value *value);
/* index < count. key, unless NULL, gets the key of a map's member. */
const struct ds_value *ds_value_at(const struct ds_value *value, size_t index, ds_slice *key);

/* The content, or the fallback when the value is of another kind. */
bool ds_value_boolean(const struct ds_value *value, bool fallback);
double ds_value_number(const struct ds_value *value, double fallback);
ds_slice ds_value_text(const struct ds_value *value, ds_slice fallback);

/* Where the value stands, for messages: "config.yml:12:3". Lives as long as the value. */
ds_slice ds_value_place(const struct ds_value *value);

/* The path of the file that fileLoad() put here, or empty: for what must be read again later. */
ds_slice ds_value_file(const struct ds_value *value);

/* The value as JSON text ("null" when absent). Lives as long as the configuration. */
ds_slice ds_value_json(const struct ds_value *value);

#ifdef __cplusplus
}
#endif
