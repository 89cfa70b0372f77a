/* The v3 protocol, reading (protocol.md 5.1, 5.2). A frame holds any number of messages; what is no
 * message is dropped without an answer, as that protocol does.
 *
 * Its requests have no id of their own. What their answers need is given to them as correlation id,
 * which comes back in the answer and in nothing else: subscriptions get their name, writes the
 * version as the client wrote it. So nothing is kept between request and answer. */

#include "message/codec.h"
#include "message/decimal.h"
#include "message/json_lists.h"
#include "message/text_actions.h"

#include "json.h"
#include "json_scan.h"

#define MAX_FIELDS 8     /* no message has more; further ones are not looked at */
#define SHORTEST_BYTES 3 /* shorter ones are noise */

struct decoder {
    const struct message_limits *limits;
    struct arena *arena;
    struct message *message;
    slice letters;            /* of the action */
    slice fields[MAX_FIELDS]; /* behind the letters */
    unsigned count;
    const char *problem; /* static; NULL: none */
};

static const char no_number[] = "the version is no whole number";
static const char no_type[] = "a value of an unknown type";
static const char no_json[] = "a value that is no JSON";
static const char no_memory[] = "message needs too much memory";
static const char too_few[] = "message lacks fields";

static bool blame(struct decoder *decoder, const char *problem)
{
    decoder->problem = problem;
    return false;
}

/* ---- fields ---- */

/* Takes what is before the byte off the front of rest, and the byte; all if it is not there. */
static slice take_until(slice *rest, char byte)
{
    const char *found = rest->length > 0 ? memchr(rest->at, byte, rest->length) : NULL;
    size_t length = found == NULL ? rest->length : (size_t)(found - rest->at);
    slice taken = {rest->at, length};
    *rest = slice_part(*rest, found == NULL ? length : length + 1, rest->length);
    return taken;
}

/* text begins with a divider. */
static void split_fields(struct decoder *decoder, slice text)
{
    while (text.length > 0 && decoder->count < MAX_FIELDS) {
        text = slice_part(text, 1, text.length);
        const char *end = text.length > 0 ? memchr(text.at, DIVIDER_BYTE, text.length) : NULL;
        size_t length = end == NULL ? text.length : (size_t)(end - text.at);
        decoder->fields[decoder->count++] = slice_part(text, 0, length);
        text = slice_part(text, length, text.length);
    }
}

static bool has_fields(struct decoder *decoder, unsigned count)
{
    return decoder->count >= count || blame(decoder, too_few);
}

static slice field(const struct decoder *decoder, unsigned index)
{
    return index < decoder->count ? decoder->fields[index] : (slice){0};
}

static void set_name(struct decoder *decoder)
{
    if (decoder->count > 0)
        MESSAGE_SET(decoder->message, name, decoder->fields[0]);
}

static void set_id(struct decoder *decoder, slice id)
{
    MESSAGE_SET(decoder->message, correlation_id, id);
}

/* ---- typed values ---- */

static bool needs_no_escape(slice text)
{
    for (size_t i = 0; i < text.length; i++)
        if ((unsigned char)text.at[i] < 0x20 || text.at[i] == '"' || text.at[i] == '\\')
            return false;
    return true;
}

static bool quote(struct decoder *decoder, slice text, slice *json)
{
    struct buf out = BUF_EMPTY;
    char *copy;
    if (needs_no_escape(text)) {
        copy = arena_try_alloc(decoder->arena, text.length + 2);
        if (copy == NULL)
            return blame(decoder, no_memory);
        copy[0] = copy[text.length + 1] = '"';
        memcpy(copy + 1, text.at, text.length);
        *json = (slice){copy, text.length + 2};
        return true;
    }
    json_write_text(&out, text);
    copy = arena_try_alloc(decoder->arena, out.length);
    if (copy != NULL)
        memcpy(copy, out.at, out.length);
    *json = (slice){copy, out.length};
    buf_fini(&out);
    return copy != NULL || blame(decoder, no_memory);
}

static bool is_json(struct decoder *decoder, slice text)
{
    struct json_scan scan;
    slice value;
    json_scan_init(&scan, text, decoder->arena);
    return (json_scan_value(&scan, &value) && json_scan_end(&scan)) || blame(decoder, no_json);
}

/* What JavaScript writes for a number is JSON, but for three. */
static bool read_number(struct decoder *decoder, slice text, slice *json)
{
    static const char *const others[] = {"NaN", "Infinity", "-Infinity"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (slice_equal(text, slice_of(others[i]))) {
            *json = SLICE("null");
            return true;
        }
    *json = text;
    bool may_be_one = text.length > 0 && (text.at[0] == '-' || numeral_is_digit(text.at[0]));
    return may_be_one ? is_json(decoder, text) : blame(decoder, no_json);
}

static bool read_word(struct decoder *decoder, slice text, slice word, slice *json)
{
    *json = word;
    return text.length == 1 || blame(decoder, no_type);
}

/* Of a value that is there and not undefined. */
static bool read_typed(struct decoder *decoder, slice text, slice *json)
{
    slice value = slice_part(text, 1, text.length);
    switch (text.at[0]) {
    case 'S':
        return quote(decoder, value, json);
    case 'O':
        *json = value;
        return is_json(decoder, value);
    case 'N':
        return read_number(decoder, value, json);
    case 'T':
        return read_word(decoder, text, SLICE("true"), json);
    case 'F':
        return read_word(decoder, text, SLICE("false"), json);
    case 'L':
        return read_word(decoder, text, SLICE("null"), json);
    default:
        return blame(decoder, no_type);
    }
}

static bool is_undefined(slice text)
{
    return text.length == 0 || slice_equal(text, SLICE("U"));
}

static bool set_typed(struct decoder *decoder, slice text)
{
    slice json;
    if (is_undefined(text))
        return true;
    if (!read_typed(decoder, text, &json))
        return false;
    MESSAGE_SET(decoder->message, data, json);
    return true;
}

/* ---- writes ---- */

/* The version and who wants to know; `marker` is the field that may be the marker. */
static bool read_write(struct decoder *decoder, unsigned marker)
{
    struct message *message = decoder->message;
    slice version = field(decoder, 1);
    if (slice_equal(field(decoder, marker), SLICE(WRITE_ACK_MARKER)))
        MESSAGE_SET(message, is_write_ack, true);
    set_id(decoder, version);
    if (!decimal_read(version, &message->version))
        return blame(decoder, no_number);
    MESSAGE_SET(message, version, message->version);
    return true;
}

static bool read_update(struct decoder *decoder)
{
    if (!has_fields(decoder, 3) || !read_write(decoder, 3))
        return false;
    MESSAGE_SET(decoder->message, data, decoder->fields[2]);
    return true;
}

/* A path without a value is erased. */
static bool read_patch(struct decoder *decoder)
{
    if (!has_fields(decoder, 4) || !read_write(decoder, 4))
        return false;
    MESSAGE_SET(decoder->message, path, decoder->fields[2]);
    if (is_undefined(decoder->fields[3]))
        decoder->message->action = RECORD_ERASE;
    return set_typed(decoder, decoder->fields[3]);
}

static bool read_upsert(struct decoder *decoder)
{
    if (decoder->count < 5)
        return read_update(decoder);
    decoder->message->action = RECORD_CREATEANDPATCH;
    return read_patch(decoder);
}

/* ---- presence ---- */

static bool read_users(struct decoder *decoder, slice text)
{
    const char *problem = json_read_names(text, decoder->limits, decoder->arena, decoder->message);
    return problem == NULL || blame(decoder, problem);
}

/* "S" of a subscription to all may be "U"; all is what the letters say once more. */
static bool is_all(const struct decoder *decoder)
{
    slice only = field(decoder, 0);
    return decoder->count == 1 &&
           (slice_equal(only, decoder->letters) ||
            (slice_equal(decoder->letters, SLICE("S")) && slice_equal(only, SLICE("U"))));
}

static bool read_presence(struct decoder *decoder, uint16_t action_of_all)
{
    if (is_all(decoder)) {
        decoder->message->action = action_of_all;
        return true;
    }
    if (!has_fields(decoder, 1))
        return false;
    if (decoder->count > 1)
        set_id(decoder, decoder->fields[0]);
    return read_users(decoder, decoder->fields[decoder->count > 1]);
}

static bool read_subscription_to_users(struct decoder *decoder)
{
    return read_presence(decoder, decoder->message->action == PRESENCE_SUBSCRIBE
                                      ? PRESENCE_SUBSCRIBE_ALL
                                      : PRESENCE_UNSUBSCRIBE_ALL);
}

/* ---- the others ---- */

static bool read_names(struct decoder *decoder)
{
    if (!has_fields(decoder, 1))
        return false;
    slice *names = arena_alloc(decoder->arena, sizeof *names);
    *names = decoder->fields[0];
    message_set_names(decoder->message, names, 1);
    set_id(decoder, decoder->fields[0]);
    return true;
}

static bool read_name_and(struct decoder *decoder, enum text_form form)
{
    struct message *message = decoder->message;
    set_name(decoder);
    switch (form) {
    case TEXT_NAME_SUBSCRIPTION:
        if (decoder->count > 1)
            MESSAGE_SET(message, subscription, decoder->fields[1]);
        return true;
    case TEXT_NAME_TYPED:
        return set_typed(decoder, field(decoder, 1));
    case TEXT_NAME_ID:
    case TEXT_NAME_ID_TYPED:
        if (decoder->count > 1)
            set_id(decoder, decoder->fields[1]);
        return form == TEXT_NAME_ID || set_typed(decoder, field(decoder, 2));
    case TEXT_UPDATE:
        return read_update(decoder);
    case TEXT_PATCH:
        return read_patch(decoder);
    case TEXT_UPSERT:
        return read_upsert(decoder);
    default:
        return true;
    }
}

/* The text of a failed call comes first. */
static bool read_call_error(struct decoder *decoder)
{
    slice json;
    if (!has_fields(decoder, 3))
        return false;
    MESSAGE_SET(decoder->message, name, decoder->fields[1]);
    set_id(decoder, decoder->fields[2]);
    if (!quote(decoder, decoder->fields[0], &json))
        return false;
    MESSAGE_SET(decoder->message, data, json);
    return true;
}

static bool read_fields(struct decoder *decoder, enum text_form form)
{
    switch (form) {
    case TEXT_NOTHING:
        return true;
    case TEXT_DATA:
        MESSAGE_SET(decoder->message, data, field(decoder, 0));
        return true;
    case TEXT_NAMES:
        return read_names(decoder);
    case TEXT_ERROR_NAME_ID:
        return read_call_error(decoder);
    case TEXT_USERS:
        return read_subscription_to_users(decoder);
    case TEXT_QUERY:
        return read_presence(decoder, PRESENCE_QUERY_ALL);
    default:
        return read_name_and(decoder, form);
    }
}

/* ---- messages ---- */

static enum decoded read_message(struct decoder *decoder, slice text)
{
    unsigned topic = text_topic_of_letter(take_until(&text, DIVIDER_BYTE));
    const struct text_action *action = text_action_read(topic, text);
    if (action == NULL) {
        blame(decoder, topic == 0 ? "unknown topic" : "unknown action");
        return DECODED_NOTHING;
    }
    if (action->reading == TEXT_DROPPED)
        return DECODED_NOTHING;
    *decoder->message = MESSAGE((uint8_t)topic, action->action);
    decoder->letters = action->letters;
    split_fields(decoder, slice_part(text, action->letters.length, text.length));
    return read_fields(decoder, (enum text_form)action->reading) ? DECODED_MESSAGE
                                                                 : DECODED_INVALID;
}

enum decoded text_decode(slice *rest, const struct message_limits *limits, struct arena *arena,
                         struct message *message, const char **problem)
{
    struct decoder decoder = {.limits = limits, .arena = arena, .message = message};
    enum decoded decoded = DECODED_NOTHING;
    slice text = take_until(rest, TERMINATOR_BYTE);
    if (text.length >= SHORTEST_BYTES)
        decoded = read_message(&decoder, text);
    *problem = decoder.problem;
    return decoded;
}
