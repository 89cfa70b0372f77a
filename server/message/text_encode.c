/* The v3 protocol, writing (protocol.md 5.3). Nothing can be escaped in it: a message with a name
 * that holds one of its separators has no form and is not written, lest it be taken for several
 * messages. The id of a reply is what text_decode.c has put there. */

#include "message/codec.h"
#include "message/decimal.h"
#include "message/text_actions.h"

#include "base/utf8.h"
#include "json_scan.h"

#define FIRST_ERROR 100 /* numbers of actions from here on are errors */

struct writer {
    struct buf *out;
    const struct message *message;
    bool is_fit;
};

/* ---- fields ---- */

static bool is_fit(slice text)
{
    return text.length == 0 || (memchr(text.at, DIVIDER_BYTE, text.length) == NULL &&
                                memchr(text.at, TERMINATOR_BYTE, text.length) == NULL);
}

static void append(struct writer *writer, slice text)
{
    writer->is_fit = writer->is_fit && is_fit(text);
    buf_append(writer->out, text);
}

static void field(struct writer *writer, slice text)
{
    buf_append_byte(writer->out, DIVIDER_BYTE);
    append(writer, text);
}

static void begin(struct writer *writer)
{
    buf_append_byte(writer->out, text_letter_of_topic(writer->message->topic));
}

static void end(struct writer *writer)
{
    buf_append_byte(writer->out, TERMINATOR_BYTE);
}

static void version_field(struct writer *writer)
{
    buf_append_byte(writer->out, DIVIDER_BYTE);
    decimal_append(writer->out, writer->message->version);
}

static void write_ack_marker(struct writer *writer)
{
    if (writer->message->is_write_ack)
        field(writer, SLICE(WRITE_ACK_MARKER));
}

/* ---- typed values ---- */

/* A text that cannot stand for itself is written as JSON, which clients read as well. */
static void typed_text(struct writer *writer, slice json)
{
    struct arena arena;
    struct json_scan scan;
    slice text;
    arena_init(&arena, 0);
    json_scan_init(&scan, json, &arena);
    if (!json_scan_text(&scan, &text) || !json_scan_end(&scan)) {
        writer->is_fit = false;
    } else if (is_fit(text) && utf8_valid(text, false)) {
        buf_append_byte(writer->out, 'S');
        append(writer, text);
    } else {
        buf_append_byte(writer->out, 'O');
        append(writer, json);
    }
    arena_fini(&arena);
}

static void typed_field(struct writer *writer)
{
    slice json = writer->message->data;
    struct json_scan scan;
    json_scan_init(&scan, json, NULL);
    int first = json_scan_peek(&scan);
    json = slice_part(json, (size_t)(scan.cursor.at - json.at), json.length);
    buf_append_byte(writer->out, DIVIDER_BYTE);
    switch (first) {
    case -1:
        buf_append_byte(writer->out, 'U');
        break;
    case '"':
        typed_text(writer, json);
        break;
    case '{':
    case '[':
        buf_append_byte(writer->out, 'O');
        append(writer, json);
        break;
    case 't':
    case 'f':
        buf_append_byte(writer->out, first == 't' ? 'T' : 'F');
        break;
    case 'n':
        buf_append_byte(writer->out, 'L');
        break;
    default:
        buf_append_byte(writer->out, 'N');
        append(writer, json);
        break;
    }
}

/* ---- what is no error ---- */

/* A hostile name is left out and does not hide the others. */
static void names_fields(struct writer *writer)
{
    for (uint32_t i = 0; i < writer->message->name_count; i++)
        if (is_fit(writer->message->names[i]))
            field(writer, writer->message->names[i]);
}

static void written_fields(struct writer *writer, slice outcome)
{
    field(writer, writer->message->name);
    field(writer, SLICE("["));
    append(writer, writer->message->correlation_id);
    buf_append_byte(writer->out, ']');
    field(writer, outcome);
}

static void record_fields(struct writer *writer, enum text_form form)
{
    const struct message *message = writer->message;
    field(writer, message->name);
    version_field(writer);
    switch (form) {
    case TEXT_NAME_VERSION_NULL:
        field(writer, SLICE("null"));
        return;
    case TEXT_NAME_VERSION_RESULT:
        writer->is_fit = writer->is_fit && message->result.length > 0;
        field(writer, message->result);
        return;
    case TEXT_PATCH:
        field(writer, message->path);
        typed_field(writer);
        break;
    default:
        field(writer, message->data);
        break;
    }
    write_ack_marker(writer);
}

static void call_fields(struct writer *writer, enum text_form form)
{
    if (form == TEXT_ERROR_NAME_ID)
        typed_field(writer);
    field(writer, writer->message->name);
    field(writer, writer->message->correlation_id);
    if (form == TEXT_NAME_ID_TYPED)
        typed_field(writer);
}

static void fields_of(struct writer *writer, enum text_form form)
{
    const struct message *message = writer->message;
    switch (form) {
    case TEXT_NOTHING:
        return;
    case TEXT_SOME_TYPED:
        if (message->data.length > 0)
            typed_field(writer);
        return;
    case TEXT_NAMES:
        names_fields(writer);
        return;
    case TEXT_ID_DATA:
        field(writer, message->correlation_id);
        field(writer, message->data);
        return;
    case TEXT_WRITTEN:
        written_fields(writer, SLICE("L"));
        return;
    case TEXT_NAME_ID:
    case TEXT_NAME_ID_TYPED:
    case TEXT_ERROR_NAME_ID:
        call_fields(writer, form);
        return;
    case TEXT_NAME_VERSION_DATA:
    case TEXT_NAME_VERSION_NULL:
    case TEXT_NAME_VERSION_RESULT:
    case TEXT_PATCH:
        record_fields(writer, form);
        return;
    default:
        field(writer, message->name);
        break;
    }
    if (form == TEXT_NAME_TYPED)
        typed_field(writer);
    else if (form == TEXT_NAME_SUBSCRIPTION)
        field(writer, message->subscription);
    else if (form == TEXT_NAME_TRUE || form == TEXT_NAME_FALSE)
        field(writer, form == TEXT_NAME_TRUE ? SLICE("T") : SLICE("F"));
}

/* ---- acknowledgements ---- */

static bool is_presence(const struct message *message)
{
    return message->topic == TOPIC_PRESENCE;
}

static bool is_about_all(const struct message *message)
{
    return message->action == PRESENCE_SUBSCRIBE_ALL || message->action == PRESENCE_UNSUBSCRIBE_ALL;
}

/* Opening a record subscribes to it, and is acknowledged as that. */
static slice acknowledged_letters(const struct message *message, slice letters)
{
    bool opens = message->topic == TOPIC_RECORD && message->action == RECORD_SUBSCRIBECREATEANDREAD;
    return opens ? SLICE("S") : letters;
}

static void write_ack(struct writer *writer, const struct text_action *action)
{
    const struct message *message = writer->message;
    slice letters = acknowledged_letters(message, action->letters);
    field(writer, SLICE("A"));
    field(writer, letters);
    if (is_presence(message)) {
        if (!is_about_all(message) && MESSAGE_HAS(message, correlation_id))
            field(writer, message->correlation_id);
        field(writer, is_about_all(message) ? letters : SLICE("undefined"));
    } else {
        field(writer,
              MESSAGE_HAS(message, correlation_id) ? message->correlation_id : message->name);
    }
}

/* ---- errors ---- */

static bool is(const struct message *message, unsigned topic, unsigned action)
{
    return message->topic == topic && message->action == action;
}

/* As the v3 protocol calls it. */
static slice error_name(const struct message *message)
{
    if (is(message, TOPIC_CONNECTION, CONNECTION_AUTHENTICATION_TIMEOUT))
        return SLICE("CONNECTION_AUTHENTICATION_TIMEOUT");
    if (is(message, TOPIC_AUTH, AUTH_AUTH_UNSUCCESSFUL) ||
        is(message, TOPIC_AUTH, AUTH_INVALID_MESSAGE_DATA))
        return SLICE("INVALID_AUTH_DATA");
    if (is(message, TOPIC_RPC, RPC_MULTIPLE_PROVIDERS))
        return SLICE("MULTIPLE_SUBSCRIPTIONS");
    if (is(message, TOPIC_RPC, RPC_NOT_PROVIDED))
        return SLICE("NOT_SUBSCRIBED");
    return action_name(message->topic, message->action);
}

static bool is_write(const struct message *message, unsigned action)
{
    const struct text_action *written =
        message->topic == TOPIC_RECORD ? text_action_written(TOPIC_RECORD, action) : NULL;
    return written != NULL && (action == RECORD_ERASE || action == RECORD_CREATEANDPATCH ||
                               written->reading == TEXT_UPDATE || written->reading == TEXT_PATCH ||
                               written->reading == TEXT_UPSERT);
}

/* Whether the id of the request is one that the client knows. */
static bool has_known_id(const struct message *message)
{
    if (!MESSAGE_HAS(message, correlation_id))
        return false;
    switch (message->topic) {
    case TOPIC_RPC:
        return message->original_action != RPC_PROVIDE && message->original_action != RPC_UNPROVIDE;
    case TOPIC_RECORD:
        return is_write(message, (unsigned)message->original_action);
    default:
        return is_presence(message);
    }
}

static void denied_fields(struct writer *writer)
{
    const struct message *message = writer->message;
    const struct text_action *original =
        text_action_written(message->topic, (unsigned)message->original_action);
    field(writer, message->name);
    if (original != NULL) {
        buf_append_byte(writer->out, DIVIDER_BYTE);
        buf_append(writer->out, original->letters);
    }
    if (has_known_id(message))
        field(writer, message->correlation_id);
}

static bool is_denial(const struct message *message)
{
    return is(message, TOPIC_EVENT, EVENT_MESSAGE_DENIED) ||
           is(message, TOPIC_RECORD, RECORD_MESSAGE_DENIED) ||
           is(message, TOPIC_RPC, RPC_MESSAGE_DENIED) ||
           is(message, TOPIC_PRESENCE, PRESENCE_MESSAGE_DENIED);
}

static void topic_field(struct writer *writer)
{
    char letter = text_letter_of_topic((unsigned)writer->message->original_topic);
    if (letter != '\0')
        field(writer, (slice){&letter, 1});
}

/* Invalid data is shown, if it can be; anything else is named. */
static void subject_field(struct writer *writer)
{
    const struct message *message = writer->message;
    bool shows_data =
        message->data.length > 0 && slice_equal(error_name(message), SLICE("INVALID_MESSAGE_DATA"));
    if (shows_data)
        field(writer, message->data);
    else if (MESSAGE_HAS(message, name))
        field(writer, message->name);
    else if (MESSAGE_HAS(message, subscription))
        field(writer, message->subscription);
}

/* What stands behind the name of an error. */
static void error_fields(struct writer *writer)
{
    const struct message *message = writer->message;
    if (message->topic == TOPIC_AUTH) {
        if (message->action != AUTH_INVALID_MESSAGE &&
            message->action != AUTH_TOO_MANY_AUTH_ATTEMPTS)
            typed_field(writer);
    } else if (message->topic == TOPIC_PARSER) {
        topic_field(writer);
    } else if (is_denial(message)) {
        denied_fields(writer);
    } else if (is(message, TOPIC_RECORD, RECORD_VERSION_EXISTS)) {
        record_fields(writer, TEXT_NAME_VERSION_DATA);
    } else {
        subject_field(writer);
        if (message->topic != TOPIC_RECORD && has_known_id(message))
            field(writer, message->correlation_id);
    }
}

/* Whoever wants to know of a write is told of its failure where a client looks for it, unless it
 * looks for the error itself. */
static void failed_write(struct writer *writer)
{
    const struct message *message = writer->message;
    if (message->topic != TOPIC_RECORD || !message->is_write_ack || is_denial(message) ||
        message->action == RECORD_VERSION_EXISTS || !MESSAGE_HAS(message, name))
        return;
    begin(writer);
    field(writer, SLICE("WA"));
    written_fields(writer, SLICE("S"));
    append(writer, error_name(message));
    end(writer);
}

static void write_error(struct writer *writer)
{
    failed_write(writer);
    begin(writer);
    field(writer, SLICE("E"));
    field(writer, error_name(writer->message));
    error_fields(writer);
    end(writer);
}

/* ---- messages ---- */

static bool is_error(const struct message *message)
{
    return message->action >= FIRST_ERROR || message->topic == TOPIC_PARSER ||
           is(message, TOPIC_AUTH, AUTH_AUTH_UNSUCCESSFUL);
}

static void write_message(struct writer *writer)
{
    const struct message *message = writer->message;
    const struct text_action *action = text_action_written(message->topic, message->action);
    bool has_form = action != NULL && (message->is_ack || action->writing != TEXT_NONE);
    if (!has_form) {
        writer->is_fit = false;
        return;
    }
    begin(writer);
    if (message->is_ack) {
        write_ack(writer, action);
    } else {
        buf_append_byte(writer->out, DIVIDER_BYTE);
        buf_append(writer->out, action->letters);
        fields_of(writer, (enum text_form)action->writing);
    }
    end(writer);
}

/* The original keeps such a provider waiting with a sign of life, and so may its clients. */
static void write_pong(struct writer *writer)
{
    const struct message pong = MESSAGE(TOPIC_CONNECTION, CONNECTION_PONG);
    writer->message = &pong;
    write_message(writer);
}

void text_encode(const struct message *message, struct buf *out)
{
    size_t start = out->length;
    struct writer writer = {out, message, true};
    if (is(message, TOPIC_RECORD, RECORD_LISTEN_RESPONSE_TIMEOUT))
        write_pong(&writer);
    else if (is_error(message))
        write_error(&writer);
    else
        write_message(&writer);
    if (!writer.is_fit)
        out->length = start;
}
