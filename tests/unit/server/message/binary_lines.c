/* The codec as a filter, for binary_codec.mjs: a line of JSON becomes the frame of that message in
 * hexadecimal digits, a line of such digits the message as JSON, with the fields that are present.
 * The members are called as in struct message. */

#include "message/codec.h"

#include "base/check.h"
#include "hex.h"

#include <jansson.h>
#include <stdio.h>

#define MAX_NAMES 100

static const struct message_limits limits = {.max_names = MAX_NAMES};

static slice text_of(const json_t *value)
{
    return (slice){json_string_value(value), json_string_length(value)};
}

static void set_names(struct message *message, const json_t *list, slice *names)
{
    size_t count = json_array_size(list);
    CHECK(count <= MAX_NAMES);
    for (size_t i = 0; i < count; i++)
        names[i] = text_of(json_array_get(list, i));
    if (list != NULL)
        message_set_names(message, names, count);
}

static void set_versions(struct message *message, json_t *map, struct message_version *versions)
{
    size_t count = 0;
    const char *key;
    json_t *value;
    json_object_foreach(map, key, value)
    {
        CHECK(count < MAX_NAMES);
        versions[count++] =
            (struct message_version){slice_of(key), (int32_t)json_integer_value(value)};
    }
    if (map != NULL)
        message_set_versions(message, versions, count);
}

static void encode_line(const char *line)
{
    json_t *it = json_loads(line, 0, NULL);
    CHECK(it != NULL);
    slice names[MAX_NAMES];
    struct message_version versions[MAX_NAMES];
    struct message message = MESSAGE((uint8_t)json_integer_value(json_object_get(it, "topic")),
                                     (uint16_t)json_integer_value(json_object_get(it, "action")));
    const json_t *value;
#define TEXT_FIELD(field)                                                                          \
    if ((value = json_object_get(it, #field)) != NULL)                                             \
        MESSAGE_SET(&message, field, text_of(value));
#define NUMBER_FIELD(field)                                                                        \
    if ((value = json_object_get(it, #field)) != NULL)                                             \
        MESSAGE_SET(&message, field, (int32_t)json_integer_value(value));
#define FLAG_FIELD(field)                                                                          \
    if ((value = json_object_get(it, #field)) != NULL)                                             \
        MESSAGE_SET(&message, field, json_is_true(value));
#include "message/fields.def"
    set_names(&message, json_object_get(it, "names"), names);
    set_versions(&message, json_object_get(it, "versions"), versions);

    struct buf frame = BUF_EMPTY;
    binary_encode(&message, &frame);
    struct buf hex = hex_of_bytes(buf_slice(&frame));
    printf(SLICE_FORMAT "\n", SLICE_ARGUMENTS(hex));
    buf_fini(&hex);
    buf_fini(&frame);
    json_decref(it);
}

static json_t *json_text(slice text)
{
    return json_stringn(text.at, text.length);
}

static json_t *json_of(const struct message *message)
{
    json_t *it = json_object();
    json_object_set_new(it, "topic", json_integer(message->topic));
    json_object_set_new(it, "action", json_integer(message->action));
#define PUT(field, value)                                                                          \
    if (MESSAGE_HAS(message, field))                                                               \
        json_object_set_new(it, #field, value);
#define TEXT_FIELD(field) PUT(field, json_text(message->field))
#define NUMBER_FIELD(field) PUT(field, json_integer(message->field))
#define FLAG_FIELD(field) PUT(field, json_boolean(message->field))
#include "message/fields.def"
    json_t *names = json_array(), *versions = json_object();
    for (size_t i = 0; i < message->name_count; i++)
        json_array_append_new(names, json_text(message->names[i]));
    for (size_t i = 0; i < message->version_count; i++) {
        const struct message_version *version = &message->versions[i];
        json_object_setn_new(versions, version->name.at, version->name.length,
                             json_integer(version->version));
    }
    json_object_set_new(it, "names", names);
    json_object_set_new(it, "versions", versions);
    return it;
}

static void decode_line(const char *line)
{
    struct buf frame = bytes_of_hex(line);
    struct arena arena;
    arena_init(&arena, 0);
    struct message message;
    const char *problem = binary_decode(buf_slice(&frame), &limits, &arena, &message);
    json_t *it = problem != NULL ? json_pack("{ss}", "problem", problem) : json_of(&message);
    json_dumpf(it, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(it);
    arena_fini(&arena);
    buf_fini(&frame);
}

int main(void)
{
    static char line[1 << 20];
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '{')
            encode_line(line);
        else
            decode_line(line);
    }
    return 0;
}
