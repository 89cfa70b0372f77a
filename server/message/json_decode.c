/* One JSON object to a message (protocol.md 4), in one pass and without a tree: members are found
 * in a table, what nobody knows is passed over. A member of the wrong kind makes the message
 * invalid, but the rest of it is read, so that the answer can name what it answers. */

#include "message/codec.h"
#include "message/decimal.h"
#include "message/json_lists.h"
#include "message/json_members.h"

#include "json_scan.h"

struct decoder {
    struct json_scan scan;
    const struct message_limits *limits;
    struct message *message;
    slice parsed_data;
    bool has_topic;
    const char *problem; /* of a member; static. NULL: none */
};

static const char wrong_kind[] = "a member has the wrong kind";
static const char not_utf8[] = "text is not Unicode";

static bool blame(struct decoder *decoder, const char *problem)
{
    if (decoder->problem == NULL)
        decoder->problem = problem;
    return false;
}

/* ---- values ----
 * Each of these reads one value, whatever it is, and returns whether it can be used. */

static bool pass_over(struct decoder *decoder, const char *problem)
{
    slice ignored;
    json_scan_value(&decoder->scan, &ignored);
    return blame(decoder, problem);
}

static bool read_text(struct decoder *decoder, slice *text)
{
    if (json_scan_peek(&decoder->scan) != '"')
        return pass_over(decoder, wrong_kind);
    return json_scan_text(&decoder->scan, text) &&
           (json_is_unicode(*text) || blame(decoder, not_utf8));
}

static bool read_number(struct decoder *decoder, int32_t *number)
{
    slice text;
    return json_scan_value(&decoder->scan, &text) &&
           (decimal_read(text, number) || blame(decoder, wrong_kind));
}

static bool read_flag(struct decoder *decoder, bool *flag)
{
    slice text;
    if (!json_scan_value(&decoder->scan, &text))
        return false;
    *flag = slice_equal(text, SLICE("true"));
    return *flag || slice_equal(text, SLICE("false")) || blame(decoder, wrong_kind);
}

static bool read_list(struct decoder *decoder, enum member_kind kind)
{
    slice text;
    if (!json_scan_value(&decoder->scan, &text))
        return false;
    struct arena *arena = decoder->scan.cursor.arena;
    const char *problem = kind == MEMBER_NAMES
                              ? json_read_names(text, decoder->limits, arena, decoder->message)
                              : json_read_versions(text, decoder->limits, arena, decoder->message);
    return problem == NULL || blame(decoder, problem);
}

/* ---- members ---- */

static const struct json_member *find_member(slice key)
{
    for (size_t i = 0; i < JSON_MEMBER_COUNT; i++)
        if (slice_equal(json_members[i].name, key))
            return &json_members[i];
    return NULL;
}

static bool read_value(struct decoder *decoder, const struct json_member *member)
{
    void *place = (char *)decoder->message + member->offset;
    switch ((enum member_kind)member->kind) {
    case MEMBER_TEXT:
        return read_text(decoder, place);
    case MEMBER_NUMBER:
        return read_number(decoder, place);
    case MEMBER_FLAG:
        return read_flag(decoder, place);
    case MEMBER_NAMES:
    case MEMBER_VERSIONS:
        return read_list(decoder, (enum member_kind)member->kind);
    }
    return false;
}

/* A member that is null is absent; of one that came twice the last counts. */
static void read_member(struct decoder *decoder, const struct json_member *member)
{
    slice null;
    bool is_present = false;
    if (json_scan_peek(&decoder->scan) == 'n')
        json_scan_value(&decoder->scan, &null);
    else
        is_present = read_value(decoder, member);
    uint32_t bit = UINT32_C(1) << member->field;
    if (is_present)
        decoder->message->present |= bit;
    else
        decoder->message->present &= ~bit;
}

static void read_topic(struct decoder *decoder)
{
    int32_t topic;
    decoder->has_topic = read_number(decoder, &topic) && topic >= 0 && topic <= UINT8_MAX;
    decoder->message->topic = decoder->has_topic ? (uint8_t)topic : 0;
}

/* Numbers of actions that do not fit are none of ours, whatever their low bits. */
static void read_action(struct decoder *decoder)
{
    int32_t action;
    bool fits = read_number(decoder, &action) && action >= 0 && action <= UINT16_MAX;
    decoder->message->action = fits ? (uint16_t)action : UINT16_MAX;
}

static void read_any(struct decoder *decoder, slice key)
{
    slice ignored;
    const struct json_member *member = find_member(key);
    if (member != NULL)
        read_member(decoder, member);
    else if (slice_equal(key, SLICE("topic")))
        read_topic(decoder);
    else if (slice_equal(key, SLICE("action")))
        read_action(decoder);
    else if (slice_equal(key, SLICE("parsedData")))
        json_scan_value(&decoder->scan, &decoder->parsed_data);
    else
        json_scan_value(&decoder->scan, &ignored);
}

/* `data` wins; an empty one is none. */
static void choose_payload(struct decoder *decoder)
{
    struct message *message = decoder->message;
    if (MESSAGE_HAS(message, data) && message->data.length > 0)
        return;
    message->present &= ~(UINT32_C(1) << FIELD_data);
    message->data = (slice){0};
    if (decoder->parsed_data.length > 0)
        MESSAGE_SET(message, data, decoder->parsed_data);
}

static enum decoded read_message(struct decoder *decoder)
{
    struct json_scan *scan = &decoder->scan;
    slice key, other;
    bool is_object = json_scan_peek(scan) == '{';
    if (is_object) {
        json_scan_enter(scan, '{');
        while (json_scan_more(scan, '}') && json_scan_key(scan, &key))
            read_any(decoder, key);
    } else {
        json_scan_value(scan, &other);
    }
    if (!json_scan_end(scan))
        return DECODED_BROKEN;
    choose_payload(decoder);
    if (!is_object || !decoder->has_topic)
        return DECODED_UNKNOWN;
    return decoder->problem == NULL ? DECODED_MESSAGE : DECODED_INVALID;
}

enum decoded json_decode(slice *rest, const struct message_limits *limits, struct arena *arena,
                         struct message *message, const char **problem)
{
    struct decoder decoder = {.limits = limits, .message = message};
    json_scan_init(&decoder.scan, *rest, arena);
    *rest = (slice){0};
    *message = MESSAGE(0, UINT16_MAX);
    enum decoded decoded = read_message(&decoder);
    *problem = decoded == DECODED_BROKEN ? decoder.scan.cursor.message
               : decoder.problem != NULL ? decoder.problem
                                         : "no message";
    return decoded;
}
