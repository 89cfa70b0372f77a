/* The one computation of a write: what the rule is shown and what is stored is the same text
 * (valve.md 3.4, H8, H9). */

#include "handlers/record/record_internal.h"

#include "json.h"
#include "json_path.h"

/* Memory of one computation: a bound, so that a path cannot grow a document without end. */
#define BASE_BYTES ((size_t)16 << 20)
#define BYTES_PER_BYTE 64 /* of text; what it becomes as values, copied along a path */
#define KEEP_BYTES ((size_t)1 << 20)

/* Gives back what was computed with, and memory beyond what is usual. */
static void tidy(struct arena *scratch, struct arena_mark start)
{
    bool is_large = scratch->used_bytes > KEEP_BYTES;
    arena_reset(scratch, start);
    if (is_large)
        arena_fini(scratch);
}

/* How deep arrays and objects nest in a JSON text that is one. */
static uint32_t depth_of(slice json)
{
    uint32_t depth = 0, deepest = 0;
    bool is_text = false;
    for (size_t i = 0; i < json.length; i++) {
        char c = json.at[i];
        if (is_text && c == '\\')
            i++;
        else if (c == '"')
            is_text = !is_text;
        else if (!is_text && (c == '{' || c == '[') && ++depth > deepest)
            deepest = depth;
        else if (!is_text && (c == '}' || c == ']'))
            depth--;
    }
    return deepest;
}

static bool is_container(valve_value value)
{
    return value.type == VALUE_OBJECT || value.type == VALUE_ARRAY;
}

static bool read_json(struct record_handler *handler, slice json, valve_value *value)
{
    struct json_limits limits = {.max_depth = handler->settings.max_json_depth};
    return json_read(json, limits, &handler->scratch, value, NULL);
}

static enum computed compute_update(struct record_handler *handler, const struct message *message)
{
    valve_value value;
    if (!MESSAGE_HAS(message, data) || !read_json(handler, message->data, &value))
        return MALFORMED;
    return is_container(value) ? COMPUTED : COMPUTED_SCALAR;
}

static bool apply(struct record_handler *handler, const struct message *message,
                  enum write_form form, valve_value root, valve_value *result)
{
    struct arena *arena = &handler->scratch;
    const char *error;
    valve_value data = value_undefined();
    if (MESSAGE_HAS(message, data) && !read_json(handler, message->data, &data))
        return false;
    bool done = form == WRITE_MULTI
                    ? json_path_set_all(root, data, arena, result, &error)
                    : json_path_set(root, message->path, data, arena, result, &error);
    if (!done)
        log_line(handler->services->log, DS_DEBUG, LOG_INVALID_MESSAGE_DATA, SLICE_FORMAT ": %s",
                 SLICE_ARGUMENTS(message->name), error);
    return done;
}

static enum computed compute_patch(struct record_handler *handler, const struct message *message,
                                   enum write_form form, slice current, struct buf *result)
{
    valve_value root, patched;
    if (!read_json(handler, current, &root) || !is_container(root))
        return UNREADABLE_RECORD;
    if (!apply(handler, message, form, root, &patched))
        return MALFORMED;
    buf_clear(result);
    json_write_plain(result, patched);
    return depth_of(buf_slice(result)) > handler->settings.max_json_depth ? MALFORMED : COMPUTED;
}

enum computed patch_compute(struct record_handler *handler, const struct message *message,
                            enum write_form form, slice current, struct buf *result)
{
    struct arena_mark start = arena_mark(&handler->scratch);
    handler->scratch.limit_bytes =
        BASE_BYTES + BYTES_PER_BYTE * (current.length + message->data.length);
    enum computed computed = form == WRITE_UPDATE
                                 ? compute_update(handler, message)
                                 : compute_patch(handler, message, form, current, result);
    tidy(&handler->scratch, start);
    return computed;
}

bool is_json(struct record_handler *handler, slice text)
{
    struct arena_mark start = arena_mark(&handler->scratch);
    valve_value value;
    handler->scratch.limit_bytes = BASE_BYTES + BYTES_PER_BYTE * text.length;
    bool is_read = read_json(handler, text, &value);
    tidy(&handler->scratch, start);
    return is_read;
}
