#include "plugins/bus_message.h"

#include "json.h"

#define MAX_MEMORY ((size_t)256 << 20)
#define MAX_DEPTH 32

void bus_reader_init(struct bus_reader *reader)
{
    arena_init(&reader->arena, MAX_MEMORY);
}

void bus_reader_fini(struct bus_reader *reader)
{
    arena_fini(&reader->arena);
}

const struct value_object *bus_read(struct bus_reader *reader, slice message)
{
    valve_value value;
    arena_reset(&reader->arena, (struct arena_mark){0});
    if (!json_read(message, (struct json_limits){MAX_DEPTH}, &reader->arena, &value, NULL) ||
        value.type != VALUE_OBJECT)
        return NULL;
    return value.as.object;
}

static const valve_value *find(const struct value_object *message, slice key, enum value_type type)
{
    const valve_value *value = value_object_find(message, key);
    return value != NULL && value->type == type ? value : NULL;
}

double bus_number(const struct value_object *message, slice key, double fallback)
{
    const valve_value *value = find(message, key, VALUE_NUMBER);
    return value == NULL ? fallback : value->as.number;
}

unsigned bus_action(const struct value_object *message)
{
    double action = bus_number(message, SLICE("action"), 0);
    return action >= 0 && action < 256 ? (unsigned)action : 0;
}

bool bus_boolean(const struct value_object *message, slice key, bool fallback)
{
    const valve_value *value = find(message, key, VALUE_BOOLEAN);
    return value == NULL ? fallback : value->as.boolean;
}

slice bus_text(const struct value_object *message, slice key)
{
    const valve_value *value = find(message, key, VALUE_TEXT);
    return value == NULL ? (slice){0} : value_slice(*value);
}

const struct value_array *bus_array(const struct value_object *message, slice key)
{
    const valve_value *value = find(message, key, VALUE_ARRAY);
    return value == NULL ? NULL : value->as.array;
}

void bus_begin(struct buf *out, unsigned topic, unsigned action)
{
    buf_printf(out, "{\"topic\":%u,\"action\":%u", topic, action);
}

void bus_add_text(struct buf *out, const char *key, slice text)
{
    buf_printf(out, ",\"%s\":", key);
    json_write_text(out, text);
}
