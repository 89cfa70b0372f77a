/* Values of the configuration, and the functions of plugin.h that read them. */

#include "setting.h"

#include "document/scalar.h"
#include "json.h"
#include "base/check.h"
#include "base/vec.h"

#include <math.h>

/* ---- making ---- */

struct ds_value *setting_new(struct arena *arena, enum ds_value_kind kind, struct origin origin)
{
    struct ds_value *value = arena_alloc_zeroed(arena, sizeof *value);
    value->kind = kind;
    value->origin = origin;
    value->arena = arena;
    return value;
}

struct ds_value *setting_new_text(struct arena *arena, slice text, struct origin origin)
{
    struct ds_value *value = setting_new(arena, DS_VALUE_TEXT, origin);
    value->text = text;
    return value;
}

void setting_add(struct ds_value *container, slice key, struct ds_value *value)
{
    CHECK(container->kind >= DS_VALUE_LIST);
    if (container->count == container->capacity) {
        size_t grown = container->capacity == 0 ? 4 : (size_t)container->capacity * 2;
        struct setting_member *members = arena_alloc(container->arena, grown * sizeof *members);
        if (container->count > 0)
            memcpy(members, container->members, container->count * sizeof *members);
        container->members = members;
        container->capacity = (uint32_t)grown;
    }
    container->members[container->count++] = (struct setting_member){key, value};
}

static struct setting_member *find_member(const struct ds_value *map, slice key)
{
    if (map == NULL || map->kind != DS_VALUE_MAP)
        return NULL;
    for (uint32_t i = 0; i < map->count; i++) {
        if (slice_equal(map->members[i].key, key))
            return &map->members[i];
    }
    return NULL;
}

void setting_put(struct ds_value *map, slice key, struct ds_value *value)
{
    struct setting_member *member = find_member(map, key);
    if (member != NULL)
        member->value = value;
    else
        setting_add(map, key, value);
}

struct ds_value *setting_find(const struct ds_value *map, slice key)
{
    const struct setting_member *member = find_member(map, key);
    return member == NULL ? NULL : member->value;
}

void setting_settle(struct ds_value *value)
{
    static const enum ds_value_kind KINDS[] = {
        [TREE_NULL] = DS_VALUE_NULL,     [TREE_BOOLEAN] = DS_VALUE_BOOLEAN,
        [TREE_NUMBER] = DS_VALUE_NUMBER, [TREE_DATE] = DS_VALUE_TEXT,
        [TREE_TEXT] = DS_VALUE_TEXT,
    };
    value->kind = KINDS[scalar_kind(value->text, &value->boolean)];
    if (value->kind == DS_VALUE_NUMBER)
        value->number = scalar_number(value->text);
}

slice origin_text(const struct origin *origin, struct arena *arena)
{
    if (origin->source == NULL)
        return slice_of(origin->word);
    struct source_position position = source_position(origin->source, origin->start);
    return arena_printf(arena, SLICE_FORMAT ":%u:%u", SLICE_ARGUMENTS(origin->source->name),
                        position.line, position.column);
}

/* ---- plugin.h ---- */

enum ds_value_kind ds_value_kind(const struct ds_value *value)
{
    return value == NULL ? DS_VALUE_NULL : value->kind;
}

const struct ds_value *ds_value_member(const struct ds_value *map, const char *key)
{
    return setting_find(map, slice_of(key));
}

size_t ds_value_count(const struct ds_value *value)
{
    return value == NULL ? 0 : value->count;
}

const struct ds_value *ds_value_at(const struct ds_value *value, size_t index, ds_slice *key)
{
    CHECK(index < ds_value_count(value));
    if (key != NULL)
        *key = value->members[index].key;
    return value->members[index].value;
}

bool ds_value_boolean(const struct ds_value *value, bool fallback)
{
    return ds_value_kind(value) == DS_VALUE_BOOLEAN ? value->boolean : fallback;
}

double ds_value_number(const struct ds_value *value, double fallback)
{
    return ds_value_kind(value) == DS_VALUE_NUMBER ? value->number : fallback;
}

ds_slice ds_value_text(const struct ds_value *value, ds_slice fallback)
{
    return ds_value_kind(value) == DS_VALUE_TEXT ? value->text : fallback;
}

/* What is computed once on demand is kept in the value, which stays the same to who looks at it. */
static struct ds_value *behind(const struct ds_value *value)
{
    return (struct ds_value *)(uintptr_t)value;
}

ds_slice ds_value_place(const struct ds_value *value)
{
    if (value == NULL)
        return (slice){0};
    if (value->place.length == 0)
        behind(value)->place = origin_text(&value->origin, value->arena);
    return value->place;
}

ds_slice ds_value_file(const struct ds_value *value)
{
    return value == NULL ? (slice){0} : value->file;
}

/* ---- as JSON ---- */

static void write_number(struct buf *out, double number)
{
    if (isfinite(number))
        json_write(out, value_number(number));
    else
        buf_append_text(out, "null");
}

static void write_scalar(struct buf *out, const struct ds_value *value)
{
    switch (value->kind) {
    case DS_VALUE_BOOLEAN:
        buf_append_text(out, value->boolean ? "true" : "false");
        break;
    case DS_VALUE_NUMBER:
        write_number(out, value->number);
        break;
    case DS_VALUE_TEXT:
        json_write_text(out, value->text);
        break;
    default:
        buf_append_text(out, "null");
    }
}

struct open_container {
    const struct ds_value *value;
    uint32_t next;
};

static void write_key(struct buf *out, const struct open_container *open)
{
    if (open->next > 0)
        buf_append_byte(out, ',');
    if (open->value->kind != DS_VALUE_MAP)
        return;
    json_write_text(out, open->value->members[open->next].key);
    buf_append_byte(out, ':');
}

static void write_json(struct buf *out, const struct ds_value *root)
{
    VEC(struct open_container) open = {0};
    const struct ds_value *value = root;
    for (;;) {
        if (value->kind >= DS_VALUE_LIST) {
            buf_append_byte(out, value->kind == DS_VALUE_MAP ? '{' : '[');
            VEC_PUSH(&open, ((struct open_container){value, 0}));
        } else {
            write_scalar(out, value);
        }
        while (open.count > 0 &&
               open.items[open.count - 1].next == open.items[open.count - 1].value->count) {
            bool is_map = open.items[--open.count].value->kind == DS_VALUE_MAP;
            buf_append_byte(out, is_map ? '}' : ']');
        }
        if (open.count == 0)
            break;
        struct open_container *top = &open.items[open.count - 1];
        write_key(out, top);
        value = top->value->members[top->next++].value;
    }
    VEC_FREE(&open);
}

ds_slice ds_value_json(const struct ds_value *value)
{
    if (value == NULL)
        return SLICE("null");
    if (value->json.length == 0) {
        struct buf out = BUF_EMPTY;
        write_json(&out, value);
        behind(value)->json = arena_copy(value->arena, buf_slice(&out));
        buf_fini(&out);
    }
    return value->json;
}
