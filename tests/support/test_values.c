/* The functions of plugin.h for options, over values of the rule engine. */

#include "support/test_values.h"

#include "json.h"

#include "base/check.h"

struct ds_value {
    valve_value value;
    struct arena *arena;
    slice place;
    slice file;
    slice member_key, member_file; /* of a map: the member that is from a file, and which */
};

static struct ds_value *make(struct arena *arena, valve_value value, slice place)
{
    struct ds_value *made = arena_alloc(arena, sizeof *made);
    *made = (struct ds_value){.value = value, .arena = arena, .place = place};
    return made;
}

const struct ds_value *test_value_with_file(struct arena *arena, const char *json, const char *key,
                                            const char *path)
{
    valve_value value;
    struct json_limits limits = {.max_depth = 64};
    CHECK(json_read(arena_copy(arena, slice_of(json)), limits, arena, &value, NULL));
    struct ds_value *made = make(arena, value, SLICE("test.yml:1:1"));
    made->member_key = arena_copy(arena, slice_of(key));
    made->member_file = arena_copy(arena, slice_of(path));
    return made;
}

const struct ds_value *test_value(struct arena *arena, const char *json)
{
    return test_value_with_file(arena, json, "", "");
}

enum ds_value_kind ds_value_kind(const struct ds_value *value)
{
    static const enum ds_value_kind kinds[] = {
        [VALUE_UNDEFINED] = DS_VALUE_NULL,  [VALUE_NULL] = DS_VALUE_NULL,
        [VALUE_BOOLEAN] = DS_VALUE_BOOLEAN, [VALUE_NUMBER] = DS_VALUE_NUMBER,
        [VALUE_TEXT] = DS_VALUE_TEXT,       [VALUE_ARRAY] = DS_VALUE_LIST,
        [VALUE_OBJECT] = DS_VALUE_MAP,
    };
    return value == NULL ? DS_VALUE_NULL : kinds[value->value.type];
}

static slice place_below(const struct ds_value *value, slice key)
{
    bool is_root = slice_equal(value->place, SLICE("test.yml:1:1"));
    slice above = is_root ? SLICE("test.yml:") : value->place;
    return arena_printf(value->arena, SLICE_FORMAT "/" SLICE_FORMAT, SLICE_ARGUMENTS(above),
                        SLICE_ARGUMENTS(key));
}

size_t ds_value_count(const struct ds_value *value)
{
    if (ds_value_kind(value) == DS_VALUE_MAP)
        return value->value.as.object->count;
    return ds_value_kind(value) == DS_VALUE_LIST ? value->value.as.array->count : 0;
}

const struct ds_value *ds_value_at(const struct ds_value *value, size_t index, ds_slice *key)
{
    CHECK(index < ds_value_count(value));
    slice name = SLICE("item");
    valve_value item;
    if (ds_value_kind(value) == DS_VALUE_MAP) {
        name = value_slice(value->value.as.object->members[index].key);
        item = value->value.as.object->members[index].value;
    } else {
        item = value->value.as.array->items[index];
    }
    if (key != NULL)
        *key = name;
    struct ds_value *made = make(value->arena, item, place_below(value, name));
    if (slice_equal(name, value->member_key))
        made->file = value->member_file;
    return made;
}

const struct ds_value *ds_value_member(const struct ds_value *map, const char *key)
{
    for (size_t i = 0; ds_value_kind(map) == DS_VALUE_MAP && i < ds_value_count(map); i++) {
        ds_slice name;
        const struct ds_value *member = ds_value_at(map, i, &name);
        if (slice_equal(name, slice_of(key)))
            return member;
    }
    return NULL;
}

bool ds_value_boolean(const struct ds_value *value, bool fallback)
{
    return ds_value_kind(value) == DS_VALUE_BOOLEAN ? value->value.as.boolean : fallback;
}

double ds_value_number(const struct ds_value *value, double fallback)
{
    return ds_value_kind(value) == DS_VALUE_NUMBER ? value->value.as.number : fallback;
}

ds_slice ds_value_text(const struct ds_value *value, ds_slice fallback)
{
    return ds_value_kind(value) == DS_VALUE_TEXT ? value_slice(value->value) : fallback;
}

ds_slice ds_value_place(const struct ds_value *value)
{
    return value == NULL ? (slice){0} : value->place;
}

ds_slice ds_value_file(const struct ds_value *value)
{
    return value == NULL ? (slice){0} : value->file;
}

ds_slice ds_value_json(const struct ds_value *value)
{
    if (value == NULL)
        return SLICE("null");
    struct buf text = BUF_EMPTY;
    json_write(&text, value->value);
    slice copy = arena_copy(value->arena, buf_slice(&text));
    buf_fini(&text);
    return copy;
}
