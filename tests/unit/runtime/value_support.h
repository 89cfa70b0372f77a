#pragma once
/* Values for tests, written as JSON. What JSON cannot say is an object with the one key "$", as
 * json_write writes it: {"$":"undefined"}, {"$":"NaN"}, {"$":"-0"} and so on. */

#include "evaluation.h"
#include "json.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define MAX_VALUES 32

static struct arena memory;
static struct valve_options limits;
static struct evaluation run;
static struct buf shown_text;

static inline void begin_evaluation(void)
{
    limits = valve_options_default();
    run = (struct evaluation){.arena = &memory, .options = &limits};
}

static inline int begin(void **unused)
{
    (void)unused;
    arena_init(&memory, 0);
    begin_evaluation();
    return 0;
}

static inline int end(void **unused)
{
    (void)unused;
    arena_fini(&memory);
    buf_fini(&shown_text);
    return 0;
}

static inline valve_value decoded(valve_value v)
{
    const valve_value *word = NULL;
    if (v.type == VALUE_OBJECT && v.as.object->count == 1)
        word = value_object_find(v.as.object, SLICE("$"));
    if (word == NULL)
        return v;
    slice name = value_slice(*word);
    if (slice_equal(name, SLICE("undefined")))
        return value_undefined();
    if (slice_equal(name, SLICE("NaN")))
        return value_number(NAN);
    if (slice_equal(name, SLICE("-0")))
        return value_number(-0.0);
    assert_true(slice_equal(name, SLICE("Infinity")) || slice_equal(name, SLICE("-Infinity")));
    return value_number(name.at[0] == '-' ? -INFINITY : INFINITY);
}

/* The value of JSON text. Elements of an outermost array may be what JSON cannot say. */
static inline valve_value value_of(const char *json)
{
    valve_value v;
    struct json_error error;
    if (!json_read(slice_of(json), (struct json_limits){300}, &memory, &v, &error))
        fail_msg("%s at %zu of %s", error.message, error.offset, json);
    if (v.type != VALUE_ARRAY)
        return decoded(v);
    assert_true(v.as.array->count <= MAX_VALUES);
    valve_value items[MAX_VALUES];
    for (uint32_t i = 0; i < v.as.array->count; i++)
        items[i] = decoded(v.as.array->items[i]);
    v.as.array = value_array_new(&memory, items, v.as.array->count);
    return v;
}

/* The elements of a JSON array, and how many. */
static inline const valve_value *values_of(const char *json, uint32_t *count)
{
    valve_value list = value_of(json);
    assert_int_equal(list.type, VALUE_ARRAY);
    *count = list.as.array->count;
    return list.as.array->items;
}

/* The value as JSON, or the error text of the evaluation when `done` is false. Until the next call.
 */
static inline const char *shown(bool done, valve_value v)
{
    buf_clear(&shown_text);
    if (done)
        json_write(&shown_text, v);
    else
        buf_append(&shown_text, run.error);
    buf_append_byte(&shown_text, '\0');
    return shown_text.at;
}
