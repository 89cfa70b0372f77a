#include "plugin_values.h"

#include "base/check.h"

#include <jansson.h>
#include <string.h>

/* A value is a jansson value under another name. */
static const json_t *json_of(const struct ds_value *value)
{
    return (const json_t *)(const void *)value;
}

static const struct ds_value *value_of(const json_t *json)
{
    return (const struct ds_value *)(const void *)json;
}

const struct ds_value *plugin_values_new(const char *json)
{
    if (json[0] == '\0')
        return NULL;
    const json_t *parsed = json_loads(json, JSON_DECODE_ANY, NULL);
    CHECK(parsed != NULL);
    return value_of(parsed);
}

void plugin_values_free(const struct ds_value *values)
{
    json_decref((json_t *)(uintptr_t)values);
}

enum ds_value_kind ds_value_kind(const struct ds_value *value)
{
    const json_t *json = json_of(value);
    if (json_is_boolean(json))
        return DS_VALUE_BOOLEAN;
    if (json_is_number(json))
        return DS_VALUE_NUMBER;
    if (json_is_string(json))
        return DS_VALUE_TEXT;
    if (json_is_array(json))
        return DS_VALUE_LIST;
    return json_is_object(json) ? DS_VALUE_MAP : DS_VALUE_NULL;
}

const struct ds_value *ds_value_member(const struct ds_value *map, const char *key)
{
    return value_of(json_object_get(json_of(map), key));
}

size_t ds_value_count(const struct ds_value *value)
{
    return json_is_array(json_of(value)) ? json_array_size(json_of(value))
                                         : json_object_size(json_of(value));
}

const struct ds_value *ds_value_at(const struct ds_value *value, size_t index, ds_slice *key)
{
    if (json_is_array(json_of(value)))
        return value_of(json_array_get(json_of(value), index));
    json_t *map = (json_t *)(uintptr_t)value;
    void *at = json_object_iter(map);
    while (index-- > 0)
        at = json_object_iter_next(map, at);
    if (key != NULL)
        *key = (ds_slice){json_object_iter_key(at), strlen(json_object_iter_key(at))};
    return value_of(json_object_iter_value(at));
}

bool ds_value_boolean(const struct ds_value *value, bool fallback)
{
    return json_is_boolean(json_of(value)) ? json_is_true(json_of(value)) : fallback;
}

double ds_value_number(const struct ds_value *value, double fallback)
{
    return json_is_number(json_of(value)) ? json_number_value(json_of(value)) : fallback;
}

ds_slice ds_value_text(const struct ds_value *value, ds_slice fallback)
{
    const json_t *json = json_of(value);
    return json_is_string(json) ? (ds_slice){json_string_value(json), json_string_length(json)}
                                : fallback;
}

ds_slice ds_value_place(const struct ds_value *value)
{
    (void)value;
    return (ds_slice){"test", 4};
}

ds_slice ds_value_file(const struct ds_value *value)
{
    (void)value;
    return (ds_slice){"", 0};
}

ds_slice ds_value_json(const struct ds_value *value)
{
    (void)value;
    return (ds_slice){"null", 4};
}
