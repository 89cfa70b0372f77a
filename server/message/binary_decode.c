/* ws-binary, reading: a cursor over the bytes of a frame, and a table that says what each field is.
 *
 * Everything is checked before it is used: no length goes beyond the bytes that hold it, lists are
 * counted before they are allocated, skipping what is unknown does not recurse. Of a message whose
 * list is too long the rest is read all the same: its sender is told which message it was. */

#include "message/codec.h"

#include "message/binary_fields.h"

#include "base/utf8.h"

enum {
    GROUP_DEPTH = 100, /* of groups inside groups, which no client sends */
};

static const char cut_short[] = "message is cut short";
static const char wrong_type[] = "field has the wrong type";
static const char not_utf8[] = "text is not UTF-8";
static const char too_many[] = "too many names in one message";
static const char no_memory[] = "message needs too much memory";
static const char bad_varint[] = "number is longer than 64 bits";
static const char bad_tag[] = "field is not of protobuf";

struct reader {
    const unsigned char *at;
    const unsigned char *end;
};

struct decoder {
    const struct message_limits *limits;
    struct arena *arena;
    struct message *message;
    slice *names; /* what message->names points to, while it is filled */
    struct message_version *versions;
    const char *misfit; /* why a list cannot be used; NULL: all can */
};

static const char *read_long_varint(struct reader *reader, uint64_t *value)
{
    uint64_t sum = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (reader->at == reader->end)
            return cut_short;
        uint64_t byte = *reader->at++;
        if (shift == 63 && byte > 1)
            return bad_varint;
        sum |= (byte & 0x7F) << shift;
        if (byte < 0x80) {
            *value = sum;
            return NULL;
        }
    }
    return bad_varint;
}

static inline const char *read_varint(struct reader *reader, uint64_t *value)
{
    if (reader->at < reader->end && *reader->at < 0x80) {
        *value = *reader->at++;
        return NULL;
    }
    return read_long_varint(reader, value);
}

static inline const char *read_bytes(struct reader *reader, struct reader *bytes)
{
    uint64_t length = 0;
    const char *problem = read_varint(reader, &length);
    if (problem != NULL)
        return problem;
    if (length > (uint64_t)(reader->end - reader->at))
        return cut_short;
    *bytes = (struct reader){reader->at, reader->at + length};
    reader->at += length;
    return NULL;
}

static inline const char *read_text(struct reader *reader, slice *text)
{
    struct reader bytes;
    const char *problem = read_bytes(reader, &bytes);
    if (problem != NULL)
        return problem;
    *text = (slice){(const char *)bytes.at, (size_t)(bytes.end - bytes.at)};
    return utf8_valid(*text, false) ? NULL : not_utf8;
}

/* The low 32 bits, as every protobuf reader takes an int32: so ten bytes and five mean the same. */
static inline const char *read_int32(struct reader *reader, int32_t *number)
{
    uint64_t value = 0;
    const char *problem = read_varint(reader, &value);
    *number = (int32_t)(uint32_t)value;
    return problem;
}

static const char *skip_bytes(struct reader *reader, size_t length)
{
    if (length > (size_t)(reader->end - reader->at))
        return cut_short;
    reader->at += length;
    return NULL;
}

/* Skips the value of a field whose tag has been read. */
static const char *skip_value(struct reader *reader, uint64_t tag)
{
    unsigned depth = 0;
    for (;;) {
        struct reader bytes;
        uint64_t value;
        const char *problem = NULL;
        switch (tag & 7) {
        case TYPE_VARINT:
            problem = read_varint(reader, &value);
            break;
        case TYPE_FIXED64:
            problem = skip_bytes(reader, 8);
            break;
        case TYPE_BYTES:
            problem = read_bytes(reader, &bytes);
            break;
        case TYPE_GROUP_START:
            problem = ++depth > GROUP_DEPTH ? bad_tag : NULL;
            break;
        case TYPE_GROUP_END:
            problem = depth-- == 0 ? bad_tag : NULL;
            break;
        case TYPE_FIXED32:
            problem = skip_bytes(reader, 4);
            break;
        default:
            problem = bad_tag;
        }
        if (problem != NULL || depth == 0)
            return problem;
        problem = read_varint(reader, &tag);
        if (problem != NULL)
            return problem;
    }
}

/* Reads the tag of the next field; number 0 is of none. */
static inline const char *read_tag(struct reader *reader, uint64_t *tag)
{
    const char *problem = read_varint(reader, tag);
    if (problem == NULL && (*tag >> 3 == 0 || *tag > UINT32_MAX))
        return bad_tag;
    return problem;
}

/* How many of the fields from here on have that tag; counts no further than one beyond the limit.
 */
static const char *count_fields(struct reader reader, uint64_t wanted, uint32_t limit,
                                uint32_t *count)
{
    *count = 0;
    while (reader.at < reader.end && *count <= limit) {
        uint64_t tag = 0;
        const char *problem = read_tag(&reader, &tag);
        if (problem == NULL)
            problem = skip_value(&reader, tag);
        if (problem != NULL)
            return problem;
        *count += tag == wanted;
    }
    return NULL;
}

/* Room for all entries of a list, of which the reader stands at the first one's length. NULL when
 * the list cannot be used. */
static const char *make_list(struct decoder *decoder, struct reader rest, uint64_t tag,
                             size_t item_size, void **items)
{
    uint32_t count = 0;
    struct reader first;
    const char *problem = read_bytes(&rest, &first);
    if (problem == NULL)
        problem = count_fields(rest, tag, decoder->limits->max_names, &count);
    if (problem != NULL)
        return problem;
    if (count >= decoder->limits->max_names)
        decoder->misfit = too_many;
    else if ((*items = arena_try_alloc(decoder->arena, ((size_t)count + 1) * item_size)) == NULL)
        decoder->misfit = no_memory;
    return NULL;
}

static const char *read_name(struct decoder *decoder, struct reader *reader, uint64_t tag)
{
    struct message *message = decoder->message;
    if (decoder->names == NULL && decoder->misfit == NULL) {
        void *items = NULL;
        const char *problem = make_list(decoder, *reader, tag, sizeof *decoder->names, &items);
        if (problem != NULL)
            return problem;
        message->names = decoder->names = items;
    }
    if (decoder->misfit != NULL)
        return skip_value(reader, tag);
    return read_text(reader, &decoder->names[message->name_count++]);
}

/* An entry of a map is a message of its own: 1 key, 2 value, either may be left out. */
static const char *read_entry(struct reader entry, struct message_version *version)
{
    *version = (struct message_version){.name = SLICE("")};
    while (entry.at < entry.end) {
        uint64_t tag = 0;
        const char *problem = read_tag(&entry, &tag);
        if (problem != NULL)
            return problem;
        if (tag == TAG(ENTRY_NAME, TYPE_BYTES))
            problem = read_text(&entry, &version->name);
        else if (tag == TAG(ENTRY_VERSION, TYPE_VARINT))
            problem = read_int32(&entry, &version->version);
        else if (tag >> 3 <= ENTRY_VERSION)
            problem = wrong_type;
        else
            problem = skip_value(&entry, tag);
        if (problem != NULL)
            return problem;
    }
    return NULL;
}

static const char *read_version(struct decoder *decoder, struct reader *reader, uint64_t tag)
{
    struct message *message = decoder->message;
    if (decoder->versions == NULL && decoder->misfit == NULL) {
        void *items = NULL;
        const char *problem = make_list(decoder, *reader, tag, sizeof *decoder->versions, &items);
        if (problem != NULL)
            return problem;
        message->versions = decoder->versions = items;
    }
    if (decoder->misfit != NULL)
        return skip_value(reader, tag);
    struct reader entry;
    const char *problem = read_bytes(reader, &entry);
    if (problem != NULL)
        return problem;
    return read_entry(entry, &decoder->versions[message->version_count++]);
}

/* Numbers of actions that do not fit are none of ours, whatever their low bits. */
static const char *read_action(struct reader *reader, struct message *message)
{
    int32_t action = 0;
    const char *problem = read_int32(reader, &action);
    message->action = action < 0 || action > UINT16_MAX ? UINT16_MAX : (uint16_t)action;
    return problem;
}

static inline const char *read_flag(struct reader *reader, bool *flag)
{
    uint64_t value = 0;
    const char *problem = read_varint(reader, &value);
    *flag = value != 0;
    return problem;
}

static inline const char *read_field(struct decoder *decoder, struct reader *reader, uint64_t tag,
                                     const struct wire_field *field)
{
    char *place = (char *)decoder->message + field->offset;
    unsigned expected =
        field->kind == WIRE_NUMBER || field->kind == WIRE_FLAG ? TYPE_VARINT : TYPE_BYTES;
    if ((tag & 7) != expected)
        return wrong_type;
    decoder->message->present |= UINT32_C(1) << field->field;
    switch (field->kind) {
    case WIRE_TEXT:
        return read_text(reader, (slice *)(void *)place);
    case WIRE_NUMBER:
        return read_int32(reader, (int32_t *)(void *)place);
    case WIRE_FLAG:
        return read_flag(reader, (bool *)place);
    case WIRE_NAMES:
        return read_name(decoder, reader, tag);
    default:
        return read_version(decoder, reader, tag);
    }
}

static const char *read_message(struct decoder *decoder, struct reader reader)
{
    const struct wire_field *fields = binary_fields[decoder->message->topic];
    while (reader.at < reader.end) {
        uint64_t tag = 0;
        const char *problem = read_tag(&reader, &tag);
        if (problem != NULL)
            return problem;
        uint64_t number = tag >> 3;
        if (number == NUMBER_OF_ACTION)
            problem = tag == TAG(NUMBER_OF_ACTION, TYPE_VARINT)
                          ? read_action(&reader, decoder->message)
                          : wrong_type;
        else if (number < FIELD_NUMBERS && fields[number].kind != WIRE_UNKNOWN)
            problem = read_field(decoder, &reader, tag, &fields[number]);
        else
            problem = skip_value(&reader, tag);
        if (problem != NULL)
            return problem;
    }
    return NULL;
}

/* The outer Message: which topic, and the bytes of the inner one. */
static const char *read_envelope(struct reader reader, uint64_t *topic, struct reader *inner)
{
    while (reader.at < reader.end) {
        uint64_t tag = 0;
        const char *problem = read_tag(&reader, &tag);
        if (problem != NULL)
            return problem;
        if (tag == TAG(ENVELOPE_TOPIC, TYPE_VARINT))
            problem = read_varint(&reader, topic);
        else if (tag == TAG(ENVELOPE_MESSAGE, TYPE_BYTES))
            problem = read_bytes(&reader, inner);
        else if (tag >> 3 == ENVELOPE_TOPIC || tag >> 3 == ENVELOPE_MESSAGE)
            problem = wrong_type;
        else
            problem = skip_value(&reader, tag);
        if (problem != NULL)
            return problem;
    }
    return NULL;
}

enum decoded binary_decode_any(slice *rest, const struct message_limits *limits,
                               struct arena *arena, struct message *message, const char **problem)
{
    const unsigned char *start = (const unsigned char *)rest->at;
    struct reader reader = {start, start + rest->length}, envelope, inner = {start, start};
    uint64_t topic = 0;
    *rest = (slice){0};
    *problem = read_bytes(&reader, &envelope);
    if (*problem == NULL)
        *problem = read_envelope(envelope, &topic, &inner);
    if (*problem == NULL && !binary_has_topic(topic))
        *problem = "unknown topic";
    if (*problem != NULL)
        return DECODED_UNKNOWN;
    *message = MESSAGE((uint8_t)topic, 0);
    struct decoder decoder = {.limits = limits, .arena = arena, .message = message};
    *problem = read_message(&decoder, inner);
    if (*problem != NULL)
        return DECODED_UNKNOWN;
    *problem = decoder.misfit;
    return decoder.misfit == NULL ? DECODED_MESSAGE : DECODED_INVALID;
}

const char *binary_decode(slice frame, const struct message_limits *limits, struct arena *arena,
                          struct message *message)
{
    const char *problem;
    binary_decode_any(&frame, limits, arena, message, &problem);
    return problem;
}
