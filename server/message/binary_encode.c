/* ws-binary, writing: the present fields are measured first, then written once into room of exactly
 * that size. Only lengths are looked at before the texts are copied. */

#include "message/codec.h"

#include "message/binary_fields.h"

#include "base/buf.h"
#include "base/check.h"

struct part { /* a field that will be written */
    const struct wire_field *field;
    unsigned char tag;
};

static inline size_t varint_size(uint64_t value)
{
    return value < 0x80 ? 1 : (size_t)(63 - __builtin_clzll(value)) / 7 + 1;
}

static inline char *write_varint(char *out, uint64_t value)
{
    while (value >= 0x80) {
        *out++ = (char)(value | 0x80);
        value >>= 7;
    }
    *out++ = (char)value;
    return out;
}

/* Negative numbers take ten bytes, as the wire demands. */
static inline uint64_t wide(int32_t number)
{
    return (uint64_t)(int64_t)number;
}

/* With its tag. */
static inline size_t text_size(slice text)
{
    return 1 + varint_size(text.length) + text.length;
}

static inline char *write_text(char *out, unsigned char tag, slice text)
{
    *out++ = (char)tag;
    out = write_varint(out, text.length);
    if (text.length > 0)
        memcpy(out, text.at, text.length);
    return out + text.length;
}

static size_t entry_size(const struct message_version *version)
{
    return text_size(version->name) + 1 + varint_size(wide(version->version));
}

static size_t names_size(const struct message *message)
{
    size_t size = 0;
    for (size_t i = 0; i < message->name_count; i++)
        size += text_size(message->names[i]);
    return size;
}

static size_t versions_size(const struct message *message)
{
    size_t size = 0;
    for (size_t i = 0; i < message->version_count; i++) {
        size_t entry = entry_size(&message->versions[i]);
        size += 1 + varint_size(entry) + entry;
    }
    return size;
}

static char *write_versions(char *out, unsigned char tag, const struct message *message)
{
    for (size_t i = 0; i < message->version_count; i++) {
        const struct message_version *version = &message->versions[i];
        *out++ = (char)tag;
        out = write_varint(out, entry_size(version));
        out = write_text(out, TAG(ENTRY_NAME, TYPE_BYTES), version->name);
        *out++ = (char)TAG(ENTRY_VERSION, TYPE_VARINT);
        out = write_varint(out, wide(version->version));
    }
    return out;
}

static inline const void *place_of(const struct message *message, const struct wire_field *field)
{
    return (const char *)message + field->offset;
}

static inline size_t field_size(const struct message *message, const struct wire_field *field)
{
    switch (field->kind) {
    case WIRE_TEXT:
        return text_size(*(const slice *)place_of(message, field));
    case WIRE_NUMBER:
        return 1 + varint_size(wide(*(const int32_t *)place_of(message, field)));
    case WIRE_FLAG:
        return 2;
    case WIRE_NAMES:
        return names_size(message);
    default:
        return versions_size(message);
    }
}

static inline char *write_field(char *out, unsigned char tag, const struct message *message,
                                const struct wire_field *field)
{
    switch (field->kind) {
    case WIRE_TEXT:
        return write_text(out, tag, *(const slice *)place_of(message, field));
    case WIRE_NUMBER:
        *out++ = (char)tag;
        return write_varint(out, wide(*(const int32_t *)place_of(message, field)));
    case WIRE_FLAG:
        *out++ = (char)tag;
        *out++ = (char)*(const bool *)place_of(message, field);
        return out;
    case WIRE_NAMES:
        for (size_t i = 0; i < message->name_count; i++)
            out = write_text(out, tag, message->names[i]);
        return out;
    default:
        return write_versions(out, tag, message);
    }
}

static inline unsigned char tag_of(unsigned number, const struct wire_field *field)
{
    bool is_number = field->kind == WIRE_NUMBER || field->kind == WIRE_FLAG;
    return TAG(number, is_number ? TYPE_VARINT : TYPE_BYTES);
}

/* What of the message goes to the wire, in the order of field numbers; returns their size. */
static size_t choose_parts(const struct message *message, struct part *parts, unsigned *count)
{
    const struct wire_field *fields = binary_fields[message->topic];
    uint32_t present = message->present;
    if (message->data.length == 0)
        present &= ~(UINT32_C(1) << FIELD_data);
    size_t size = 0;
    unsigned chosen = 0;
    for (unsigned number = NUMBER_OF_ACTION + 1; number < FIELD_NUMBERS; number++) {
        const struct wire_field *field = &fields[number];
        if (field->kind == WIRE_UNKNOWN || (present >> field->field & 1) == 0)
            continue;
        parts[chosen++] = (struct part){field, tag_of(number, field)};
        size += field_size(message, field);
    }
    *count = chosen;
    return size;
}

void binary_encode(const struct message *message, struct buf *out)
{
    CHECK(binary_has_topic(message->topic));
    struct part parts[FIELD_NUMBERS];
    unsigned count = 0;
    size_t inner = choose_parts(message, parts, &count) + 1 + varint_size(message->action);
    size_t envelope = 2 + 1 + varint_size(inner) + inner; /* topics are below 128 */

    char *at = buf_extend(out, varint_size(envelope) + envelope);
    at = write_varint(at, envelope);
    *at++ = (char)TAG(ENVELOPE_TOPIC, TYPE_VARINT);
    *at++ = (char)message->topic;
    *at++ = (char)TAG(ENVELOPE_MESSAGE, TYPE_BYTES);
    at = write_varint(at, inner);
    *at++ = (char)TAG(NUMBER_OF_ACTION, TYPE_VARINT);
    at = write_varint(at, message->action);
    for (unsigned i = 0; i < count; i++)
        at = write_field(at, parts[i].tag, message, parts[i].field);
}
