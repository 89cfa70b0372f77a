#include "storage-mongodb/document.h"

#include "shared/json_text.h"

#include <jansson.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define KEY "ds_key"
#define VERSION "ds_version"
#define LIST "ds_list"
#define MOST_EXACT ((int64_t)1 << 53) /* whole numbers up to here are doubles without loss */
#define MOST_DATE_MS 8640000000000000 /* of a Date */

static bool refuse(struct ds_error *error, const char *text)
{
    snprintf(error->text, sizeof error->text, "mongodb: %s", text);
    return false;
}

/* ---- from JSON ---- */

static bool append_value(bson_t *parent, const char *key, size_t key_length, const json_t *value,
                         unsigned depth, struct ds_error *error);

static bool append_double(bson_t *parent, const char *key, int length, double number)
{
    if (number >= INT32_MIN && number <= INT32_MAX && floor(number) == number)
        return bson_append_int32(parent, key, length, (int32_t)number);
    return bson_append_double(parent, key, length, number);
}

static bool append_integer(bson_t *parent, const char *key, int length, int64_t number)
{
    bool is_exact =
        (number >= -MOST_EXACT && number <= MOST_EXACT) ||
        (number != INT64_MAX && (int64_t)(double)number == number && (double)number < 0x1p63);
    if (is_exact)
        return append_double(parent, key, length, (double)number);
    return bson_append_int64(parent, key, length, number);
}

static bool append_members(bson_t *object, const json_t *value, unsigned depth,
                           struct ds_error *error)
{
    const char *key;
    size_t key_length;
    json_t *member;
    json_object_keylen_foreach((json_t *)(uintptr_t)value, key, key_length, member)
    {
        if (!append_value(object, key, key_length, member, depth, error))
            return false;
    }
    return true;
}

static bool append_items(bson_t *array, const json_t *value, unsigned depth, struct ds_error *error)
{
    size_t index;
    json_t *item;
    json_array_foreach(value, index, item)
    {
        char number[16];
        const char *key;
        size_t length = bson_uint32_to_string((uint32_t)index, &key, number, sizeof number);
        if (!append_value(array, key, length, item, depth, error))
            return false;
    }
    return true;
}

static bool append_nested(bson_t *parent, const char *key, int length, const json_t *value,
                          unsigned depth, struct ds_error *error)
{
    bson_t child;
    if (depth == DOCUMENT_MAX_DEPTH)
        return refuse(error, "the record is nested more than 100 levels deep");
    if (json_is_array(value))
        return bson_append_array_begin(parent, key, length, &child) &&
               append_items(&child, value, depth + 1, error) &&
               bson_append_array_end(parent, &child);
    return bson_append_document_begin(parent, key, length, &child) &&
           append_members(&child, value, depth + 1, error) &&
           bson_append_document_end(parent, &child);
}

static bool append_value(bson_t *parent, const char *key, size_t key_length, const json_t *value,
                         unsigned depth, struct ds_error *error)
{
    int length = (int)key_length; /* of a record, which is smaller */
    switch (json_typeof(value)) {
    case JSON_NULL:
        return bson_append_null(parent, key, length);
    case JSON_TRUE:
    case JSON_FALSE:
        return bson_append_bool(parent, key, length, json_is_true(value));
    case JSON_INTEGER:
        return append_integer(parent, key, length, json_integer_value(value));
    case JSON_REAL:
        return append_double(parent, key, length, json_real_value(value));
    case JSON_STRING:
        return bson_append_utf8(parent, key, length, json_string_value(value),
                                (int)json_string_length(value));
    default:
        return append_nested(parent, key, length, value, depth, error);
    }
}

/* Whole numbers beyond 64 bits become doubles, and with them those beside them. */
static json_t *parse(ds_slice data, struct ds_error *error)
{
    json_error_t problem;
    json_t *root = json_loadb(data.at, data.length, JSON_ALLOW_NUL, &problem);
    if (root == NULL && json_error_code(&problem) == json_error_numeric_overflow)
        root = json_loadb(data.at, data.length, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &problem);
    if (root != NULL)
        return root;
    bool has_zero = json_error_code(&problem) == json_error_null_byte_in_key;
    bool is_large = json_error_code(&problem) == json_error_numeric_overflow;
    refuse(error, has_zero   ? "a member's name has a zero byte in it, which BSON does not allow"
                  : is_large ? "the record has a number that no double holds"
                             : "the record is neither a JSON object nor a list");
    return NULL;
}

static bool has_free_names(const json_t *root, struct ds_error *error)
{
    static const char *const taken[] = {"_id", KEY, VERSION};
    char text[96];
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        if (json_object_get(root, taken[i]) == NULL)
            continue;
        snprintf(text, sizeof text, "a record may not have a member `%s`, which is the connector's",
                 taken[i]);
        return refuse(error, text);
    }
    if (json_is_array(json_object_get(root, LIST)))
        return refuse(error, "a record may not have a list as member `" LIST "`, which means that "
                             "it is one");
    return true;
}

static bool append_root(bson_t *document, const json_t *root, struct ds_error *error)
{
    if (json_is_array(root))
        return append_value(document, LIST, strlen(LIST), root, 1, error);
    return has_free_names(root, error) && append_members(document, root, 1, error);
}

/* data is valid until here, so what else fails is its size. */
bool document_write(bson_t *document, ds_slice key, const struct ds_record *record,
                    struct ds_error *error)
{
    static const char too_large[] = "the record is larger than a document may be (16 MiB)";
    error->text[0] = '\0';
    if (record->data.length > 2u * DOCUMENT_MAX_BYTES || key.length > DOCUMENT_MAX_BYTES)
        return refuse(error, too_large);
    json_t *root = parse(record->data, error);
    if (root == NULL)
        return false;
    bool is_written = append_root(document, root, error) &&
                      bson_append_utf8(document, KEY, -1, key.at, (int)key.length) &&
                      bson_append_int32(document, VERSION, -1, record->version);
    json_decref(root);
    if (!is_written && error->text[0] != '\0')
        return false;
    return is_written && document->len <= DOCUMENT_MAX_BYTES ? true : refuse(error, too_large);
}

/* ---- to JSON ---- */

static bool append_json(struct buf *data, const bson_iter_t *value, unsigned depth);

static bool append_json_object(struct buf *data, bson_iter_t *members, unsigned depth)
{
    const char *between = "";
    buf_append_byte(data, '{');
    while (bson_iter_next(members)) {
        buf_append_text(data, between);
        json_append_text(data, (slice){bson_iter_key(members), bson_iter_key_len(members)});
        buf_append_byte(data, ':');
        if (!append_json(data, members, depth))
            return false;
        between = ",";
    }
    buf_append_byte(data, '}');
    return true;
}

static bool append_json_array(struct buf *data, bson_iter_t *items, unsigned depth)
{
    const char *between = "";
    buf_append_byte(data, '[');
    while (bson_iter_next(items)) {
        buf_append_text(data, between);
        if (!append_json(data, items, depth))
            return false;
        between = ",";
    }
    buf_append_byte(data, ']');
    return true;
}

static bool append_json_nested(struct buf *data, const bson_iter_t *value, unsigned depth)
{
    bson_iter_t inner;
    if (depth > 2 * DOCUMENT_MAX_DEPTH || !bson_iter_recurse(value, &inner))
        return false;
    return BSON_ITER_HOLDS_ARRAY(value) ? append_json_array(data, &inner, depth + 1)
                                        : append_json_object(data, &inner, depth + 1);
}

/* As JSON.stringify() shows a Date. */
static bool append_json_date(struct buf *data, int64_t milliseconds)
{
    if (milliseconds < -MOST_DATE_MS || milliseconds > MOST_DATE_MS)
        return false;
    int64_t of_second = (milliseconds % 1000 + 1000) % 1000;
    time_t seconds = (time_t)((milliseconds - of_second) / 1000);
    struct tm parts;
    if (gmtime_r(&seconds, &parts) == NULL || parts.tm_year < -1900 || parts.tm_year > 9999 - 1900)
        return false;
    buf_printf(data, "\"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ\"", parts.tm_year + 1900,
               parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
               (int)of_second);
    return true;
}

static bool append_json(struct buf *data, const bson_iter_t *value, unsigned depth)
{
    uint32_t length;
    char id[25];
    switch (bson_iter_type(value)) {
    case BSON_TYPE_DOCUMENT:
    case BSON_TYPE_ARRAY:
        return append_json_nested(data, value, depth);
    case BSON_TYPE_UTF8: {
        const char *text = bson_iter_utf8(value, &length);
        json_append_text(data, (slice){text, length});
        return true;
    }
    case BSON_TYPE_INT32:
        buf_printf(data, "%" PRId32, bson_iter_int32(value));
        return true;
    case BSON_TYPE_INT64:
        buf_printf(data, "%" PRId64, bson_iter_int64(value));
        return true;
    case BSON_TYPE_DOUBLE:
        json_append_number(data, bson_iter_double(value));
        return true;
    case BSON_TYPE_BOOL:
        buf_append_text(data, bson_iter_bool(value) ? "true" : "false");
        return true;
    case BSON_TYPE_NULL:
    case BSON_TYPE_UNDEFINED:
        buf_append_text(data, "null");
        return true;
    case BSON_TYPE_OID:
        bson_oid_to_string(bson_iter_oid(value), id);
        json_append_text(data, slice_of(id));
        return true;
    case BSON_TYPE_DATE_TIME:
        return append_json_date(data, bson_iter_date_time(value));
    default:
        return false;
    }
}

static bool is_ours(const char *member)
{
    return strcmp(member, "_id") == 0 || strcmp(member, KEY) == 0 || strcmp(member, VERSION) == 0;
}

static bool append_record(const bson_t *document, struct buf *data)
{
    bson_iter_t member;
    const char *between = "";
    if (bson_iter_init_find(&member, document, LIST) && BSON_ITER_HOLDS_ARRAY(&member))
        return append_json(data, &member, 1);
    if (!bson_iter_init(&member, document))
        return false;
    buf_append_byte(data, '{');
    while (bson_iter_next(&member)) {
        if (is_ours(bson_iter_key(&member)))
            continue;
        buf_append_text(data, between);
        json_append_text(data, (slice){bson_iter_key(&member), bson_iter_key_len(&member)});
        buf_append_byte(data, ':');
        if (!append_json(data, &member, 1))
            return false;
        between = ",";
    }
    buf_append_byte(data, '}');
    return true;
}

static bool read_version(const bson_t *document, int32_t *version)
{
    bson_iter_t member;
    if (!bson_iter_init_find(&member, document, VERSION) || !BSON_ITER_HOLDS_NUMBER(&member))
        return false;
    double number = bson_iter_as_double(&member);
    bool is_version = number >= 0 && number <= INT32_MAX && floor(number) == number;
    *version = is_version ? (int32_t)number : DS_MISSING;
    return is_version;
}

bool document_read(const bson_t *document, int32_t *version, struct buf *data,
                   struct ds_error *error)
{
    if (!bson_validate(document, BSON_VALIDATE_UTF8 | BSON_VALIDATE_UTF8_ALLOW_NULL, NULL))
        return refuse(error, "a document is damaged");
    if (!read_version(document, version))
        return refuse(error, "a document has no `" VERSION "`, so it is not a record");
    if (!append_record(document, data))
        return refuse(error, "a document has a member that JSON cannot show");
    return true;
}
