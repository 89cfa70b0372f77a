/* Objects and their look-up. Up to INDEX_FROM members are compared one by one; more get an index,
 * so that neither building nor reading a large object depends on which keys a stranger chose. */

#include "value.h"

#include "base/hashmap.h"

#define INDEX_FROM 17

const struct value_array *value_array_new(struct arena *arena, const valve_value *items,
                                          uint32_t count)
{
    size_t size = (size_t)count * sizeof *items;
    struct value_array *array = arena_try_alloc(arena, sizeof *array + size);
    if (array == NULL)
        return NULL;
    valve_value *copy = (valve_value *)(array + 1);
    if (count > 0)
        memcpy(copy, items, size);
    *array = (struct value_array){.count = count, .items = copy};
    return array;
}

static inline bool key_equal(valve_value key, slice wanted)
{
    return key.length == wanted.length && bytes_equal(key.as.text, wanted.at, wanted.length);
}

static struct value_member *find_among(struct value_member *members, uint32_t count, slice key)
{
    for (uint32_t i = 0; i < count; i++) {
        if (key_equal(members[i].key, key))
            return &members[i];
    }
    return NULL;
}

/* One of 64 bits, the same for equal keys. */
static inline uint64_t key_bit(valve_value key)
{
    unsigned first = key.length > 0 ? (unsigned char)key.as.text[0] : 0;
    return (uint64_t)1 << ((key.length + 5 * first) & 63);
}

/* How many members from the first on certainly have keys of their own: mostly all. */
static uint32_t count_distinct(const struct value_member *members, uint32_t count)
{
    uint64_t seen = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t bit = key_bit(members[i].key);
        if ((seen & bit) != 0)
            return i;
        seen |= bit;
    }
    return count;
}

static uint32_t merge_few(struct value_member *members, uint32_t count)
{
    uint32_t kept = count_distinct(members, count);
    for (uint32_t i = kept; i < count; i++) {
        struct value_member *same = find_among(members, kept, value_slice(members[i].key));
        if (same != NULL)
            same->value = members[i].value;
        else if (kept++ != i)
            members[kept - 1] = members[i];
    }
    return kept;
}

/* The place of key in the index: of the member that has it, or the empty one where it would go. */
static uint32_t index_slot(const uint32_t *index, uint32_t capacity,
                           const struct value_member *members, slice key, uint64_t hash)
{
    uint32_t i = (uint32_t)hash & (capacity - 1);
    while (index[i] != 0 && !key_equal(members[index[i] - 1].key, key))
        i = (i + 1) & (capacity - 1);
    return i;
}

static uint32_t merge_many(struct value_member *members, uint32_t count, uint32_t *index,
                           uint32_t capacity, uint64_t seed)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        slice key = value_slice(members[i].key);
        uint32_t slot = index_slot(index, capacity, members, key, hash_bytes(key, seed));
        if (index[slot] != 0) {
            members[index[slot] - 1].value = members[i].value;
        } else {
            members[kept++] = members[i];
            index[slot] = kept;
        }
    }
    return kept;
}

/* At most three quarters full. */
static uint32_t index_capacity(uint32_t count)
{
    uint32_t capacity = 32;
    while (capacity / 4 * 3 < count)
        capacity *= 2;
    return capacity;
}

static bool build_indexed(struct arena *arena, struct value_member *members, uint32_t count,
                          struct value_object *object)
{
    if (count > UINT32_MAX / 4)
        return false;
    uint32_t capacity = index_capacity(count);
    uint32_t *index = arena_try_alloc(arena, capacity * sizeof *index);
    if (index == NULL)
        return false;
    memset(index, 0, capacity * sizeof *index);
    uint64_t seed = hash_random_seed();
    *object = (struct value_object){
        .count = merge_many(members, count, index, capacity, seed),
        .index_capacity = capacity,
        .members = members,
        .index = index,
        .index_seed = seed,
    };
    return true;
}

const struct value_object *value_object_new(struct arena *arena, struct value_member *members,
                                            uint32_t count)
{
    struct value_object *object = arena_try_alloc(arena, sizeof *object);
    if (object == NULL)
        return NULL;
    if (count >= INDEX_FROM)
        return build_indexed(arena, members, count, object) ? object : NULL;
    *object = (struct value_object){.count = merge_few(members, count), .members = members};
    return object;
}

static const valve_value *find_indexed(const struct value_object *object, slice key)
{
    uint64_t hash = hash_bytes(key, object->index_seed);
    uint32_t slot = index_slot(object->index, object->index_capacity, object->members, key, hash);
    uint32_t number = object->index[slot];
    return number == 0 ? NULL : &object->members[number - 1].value;
}

const valve_value *value_object_find_slow(const struct value_object *object, slice key)
{
    if (object->index_capacity != 0)
        return find_indexed(object, key);
    for (uint32_t i = 0; i < object->count; i++) {
        if (key_equal(object->members[i].key, key))
            return &object->members[i].value;
    }
    return NULL;
}

bool value_array_index(slice key, uint32_t *index)
{
    if (key.length == 0 || key.length > 10 || (key.at[0] == '0' && key.length > 1))
        return false;
    uint64_t number = 0;
    for (size_t i = 0; i < key.length; i++) {
        if (key.at[i] < '0' || key.at[i] > '9')
            return false;
        number = number * 10 + (uint64_t)(key.at[i] - '0');
    }
    *index = (uint32_t)number;
    return number < UINT32_MAX;
}

bool value_truth(valve_value v)
{
    switch ((enum value_type)v.type) {
    case VALUE_UNDEFINED:
    case VALUE_NULL:
        return false;
    case VALUE_BOOLEAN:
        return v.as.boolean;
    case VALUE_NUMBER:
        return v.as.number < 0 || v.as.number > 0;
    case VALUE_TEXT:
        return v.length > 0;
    case VALUE_ARRAY:
    case VALUE_OBJECT:
    case VALUE_MATCH:
        return true;
    }
    return false;
}

slice value_type_of(valve_value v)
{
    switch ((enum value_type)v.type) {
    case VALUE_UNDEFINED:
        return SLICE("undefined");
    case VALUE_BOOLEAN:
        return SLICE("boolean");
    case VALUE_NUMBER:
        return SLICE("number");
    case VALUE_TEXT:
        return SLICE("string");
    case VALUE_NULL:
    case VALUE_ARRAY:
    case VALUE_OBJECT:
    case VALUE_MATCH:
        break;
    }
    return SLICE("object");
}
