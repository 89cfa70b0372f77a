#pragma once
/* A value of the rule language: one of JSON's, or undefined, or a match result (valve.md 5.3).
 *
 * Values are 16 bytes, passed by value and never change. What they point to lives in the arena of
 * the evaluation, in the message, in the program or in the user: whoever made the value knows
 * which, and no value outlives its evaluation. Two arrays or objects are the same value when they
 * are the same node; equal content from two places is not the same value. */

#include "base/arena.h"
#include "base/slice.h"

#include <stdint.h>

enum value_type {
    VALUE_UNDEFINED,
    VALUE_NULL,
    VALUE_BOOLEAN,
    VALUE_NUMBER,
    VALUE_TEXT,
    VALUE_ARRAY,
    VALUE_OBJECT,
    VALUE_MATCH, /* what match() returns: an array with index, input, groups */
};

enum value_flag {
    VALUE_ASCII = 1, /* text: known to hold only ASCII, so units are bytes; unset means not known */
    VALUE_BARE = 2, /* object: one without inherited conversions (groups of a match), has no text */
};

typedef struct valve_value {
    union {
        bool boolean;
        double number;
        const char *text; /* utf8.h, `length` bytes */
        const struct value_array *array;
        const struct value_object *object;
        const struct value_match *match;
    } as;
    uint32_t length; /* of a text, in bytes */
    uint8_t type;
    uint8_t flags;
    uint16_t reserved;
} valve_value;

_Static_assert(sizeof(valve_value) == 16, "values are passed in two registers");

struct value_array {
    uint32_t count;
    const valve_value *items;
};

struct value_member {
    valve_value key; /* a text */
    valve_value value;
};

/* Members in order of first appearance, keys unique (of duplicates the last value wins). Large
 * objects carry an index; always look up through value_object_find. */
struct value_object {
    uint32_t count;
    uint32_t index_capacity; /* power of two, or 0 when there is no index */
    const struct value_member *members;
    const uint32_t
        *index; /* member number + 1, or 0; open addressing by hash_bytes(key, index_seed) */
    uint64_t index_seed;
};

struct value_match {
    struct value_array items; /* whole match, then groups; undefined where a group took no part */
    valve_value index;        /* undefined with flag g */
    valve_value input;        /* undefined with flag g */
    valve_value groups;       /* object, or undefined */
};

static inline valve_value value_undefined(void)
{
    return (valve_value){.type = VALUE_UNDEFINED};
}

static inline valve_value value_null(void)
{
    return (valve_value){.type = VALUE_NULL};
}

static inline valve_value value_boolean(bool boolean)
{
    return (valve_value){.as.boolean = boolean, .type = VALUE_BOOLEAN};
}

static inline valve_value value_number(double number)
{
    return (valve_value){.as.number = number, .type = VALUE_NUMBER};
}

/* text.length must be below 4 GiB. The bytes of an empty text may be NULL; those of a value never
 * are. */
static inline valve_value value_text(slice text)
{
    return (valve_value){.as.text = text.at == NULL ? "" : text.at,
                         .length = (uint32_t)text.length,
                         .type = VALUE_TEXT};
}

/* As value_text, of a text that is known to hold only ASCII. */
static inline valve_value value_ascii(slice text)
{
    valve_value value = value_text(text);
    value.flags = VALUE_ASCII;
    return value;
}

static inline slice value_slice(valve_value text)
{
    return (slice){text.as.text, text.length};
}

static inline bool value_is_absent(valve_value v)
{
    return v.type <= VALUE_NULL;
}

static inline valve_value value_object(const struct value_object *object)
{
    return (valve_value){.as.object = object, .type = VALUE_OBJECT};
}

/* The elements of an array or of a match result; NULL for any other value. */
static inline const struct value_array *value_items(valve_value v)
{
    return v.type == VALUE_ARRAY ? v.as.array : v.type == VALUE_MATCH ? &v.as.match->items : NULL;
}

/* Copies an array of count values into arena; NULL when the arena is exhausted. */
const struct value_array *value_array_new(struct arena *arena, const valve_value *items,
                                          uint32_t count);

/* Makes an object of members in the order given, in which keys may repeat (the last value of a key
 * wins, at the place of the first). Takes `members`, changes it, and keeps it as long as the
 * object, which is allocated from arena; NULL when the arena is exhausted. */
const struct value_object *value_object_new(struct arena *arena, struct value_member *members,
                                            uint32_t count);

const valve_value *value_object_find_slow(const struct value_object *object, slice key);

/* The own member `key` of an object, or NULL. */
static inline const valve_value *value_object_find(const struct value_object *object, slice key)
{
    if (object->index_capacity != 0 || key.length > BYTES_SHORT)
        return value_object_find_slow(object, key);
    const struct value_member *member = object->members, *end = member + object->count;
    for (; member < end; member++) {
        if (member->key.length == key.length &&
            bytes_equal_short(member->key.as.text, key.at, key.length))
            return &member->value;
    }
    return NULL;
}

/* Whether key is the canonical text of an array index (0 to 2^32 - 2), and which. */
bool value_array_index(slice key, uint32_t *index);

/* The truth of a value (valve.md 5.3, column "truth"). */
bool value_truth(valve_value v);

/* `typeof v` as a static text: "undefined", "object", "boolean", "number" or "string". */
slice value_type_of(valve_value v);
