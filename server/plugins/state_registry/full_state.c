#include "plugins/state_registry/full_state.h"

#include "plugins/state_registry/wire.h"

#include "json.h"

#include "base/check.h"

#define PART_BYTES ((size_t)256 << 10)
#define MOST_BYTES ((size_t)1 << 30) /* of one server's names */

/* ---- writing ---- */

struct writer {
    struct buf out;
    unsigned set;
    size_t nodes; /* that the sender knows, with itself */
    uint32_t parts;
    size_t names; /* in this part */
    void (*send)(void *context, slice message);
    void *context;
};

static void begin_part(struct writer *writer)
{
    buf_clear(&writer->out);
    bus_begin(&writer->out, TOPIC_STATE_REGISTRY, STATE_FULL);
    buf_printf(&writer->out, ",\"registryTopic\":%u,\"fullState\":[", writer->set);
    writer->names = 0;
}

static void end_part(struct writer *writer, bool has_more)
{
    buf_append_byte(&writer->out, ']');
    if (has_more || writer->parts > 0)
        buf_printf(&writer->out, ",\"part\":%u", writer->parts);
    if (has_more)
        buf_append_text(&writer->out, ",\"more\":true}");
    else
        buf_printf(&writer->out, ",\"nodes\":%zu}", writer->nodes);
    writer->parts++;
    writer->send(writer->context, buf_slice(&writer->out));
}

static void write_name(void *context, slice name)
{
    struct writer *writer = context;
    if (writer->names > 0 && writer->out.length + name.length > PART_BYTES) {
        end_part(writer, true);
        begin_part(writer);
    }
    if (writer->names++ > 0)
        buf_append_byte(&writer->out, ',');
    json_write_text(&writer->out, name);
}

void full_state_write(const struct state_sets *sets, unsigned set,
                      void (*send)(void *context, slice message), void *context)
{
    struct writer writer = {
        .set = set, .nodes = sets->servers.count + 1, .send = send, .context = context};
    begin_part(&writer);
    state_sets_each_of(sets, sets->self, set, write_name, &writer);
    end_part(&writer, false);
    buf_fini(&writer.out);
}

/* ---- reading ---- */

struct full_state *full_state_new(void)
{
    struct full_state *state = calloc(1, sizeof *state);
    CHECK(state != NULL);
    arena_init(&state->arena, MOST_BYTES);
    hashmap_init(&state->names);
    return state;
}

void full_state_free(struct full_state **state)
{
    struct full_state *freed = *state;
    *state = NULL;
    if (freed == NULL)
        return;
    hashmap_fini(&freed->names);
    arena_fini(&freed->arena);
    free(freed);
}

static bool keep(struct full_state *state, slice name)
{
    char *copy = arena_try_alloc(&state->arena, name.length + 1);
    if (copy == NULL)
        return false;
    if (name.length > 0)
        memcpy(copy, name.at, name.length);
    hashmap_put(&state->names, (slice){copy, name.length}, state);
    return true;
}

enum full_state_news full_state_add(struct full_state *state, const struct value_object *message)
{
    const struct value_array *names = bus_array(message, SLICE("fullState"));
    if (names == NULL || bus_number(message, SLICE("part"), 0) != state->next_part)
        return FULL_STATE_BROKEN;
    state->next_part++;
    for (uint32_t i = 0; i < names->count; i++) {
        if (names->items[i].type != VALUE_TEXT || !keep(state, value_slice(names->items[i])))
            return FULL_STATE_BROKEN;
    }
    return bus_boolean(message, SLICE("more"), false) ? FULL_STATE_MORE : FULL_STATE_COMPLETE;
}
