#include "plugins/authentication/webhook_answer.h"

#include "base/utf8.h"
#include "json.h"

#include <strings.h>

#define MAX_DEPTH 128

/* ---- what kind of body it is ---- */

/* "application/json; charset=utf-8" -> "application/json" */
static slice media_type(slice content_type)
{
    size_t end = 0;
    while (end < content_type.length && content_type.at[end] != ';' && content_type.at[end] != ' ')
        end++;
    return slice_part(content_type, 0, end);
}

static bool equals_word(slice text, const char *word)
{
    return text.length == strlen(word) && strncasecmp(text.at, word, text.length) == 0;
}

static bool ends_with_word(slice text, const char *word)
{
    size_t length = strlen(word);
    return text.length > length &&
           equals_word(slice_part(text, text.length - length, text.length), word);
}

/* Everything that is not said to be JSON is text (S14). */
static bool is_json_type(slice content_type)
{
    if (content_type.length == 0)
        return false;
    slice type = media_type(content_type);
    return equals_word(type, "application/json") || equals_word(type, "text/json") ||
           equals_word(type, "text/javascript") || ends_with_word(type, "+json");
}

static bool read_json(slice body, struct arena *arena, valve_value *value)
{
    return json_read(body, (struct json_limits){MAX_DEPTH}, arena, value, NULL);
}

/* ---- refused ---- */

static void refuse_with_text(struct webhook_verdict *verdict, slice text)
{
    if (text.length == 0 || !utf8_valid(text, false))
        return;
    buf_append_text(&verdict->client_data, "{\"error\":");
    json_write_text(&verdict->client_data, text);
    buf_append_byte(&verdict->client_data, '}');
}

static void refuse(struct webhook_verdict *verdict, bool is_json, slice body, struct arena *arena)
{
    valve_value value;
    verdict->outcome = DS_LOGIN_REFUSED;
    if (body.length == 0)
        return;
    if (!is_json || !read_json(body, arena, &value))
        refuse_with_text(verdict, body);
    else if (value.type == VALUE_TEXT)
        refuse_with_text(verdict, value_slice(value));
    else
        json_write_plain(&verdict->client_data, value);
}

/* ---- accepted ---- */

/* An answer that was to accept, but is not what it should be, accepts nobody. */
static void reject(struct webhook_verdict *verdict, const char *problem)
{
    verdict->outcome = DS_LOGIN_REFUSED;
    verdict->has_id = false;
    verdict->problem = problem;
    buf_clear(&verdict->client_data);
    buf_clear(&verdict->server_data);
}

static void accept_id(struct webhook_verdict *verdict, slice id)
{
    if (!utf8_valid(id, false))
        reject(verdict, "the id is not UTF-8");
    else if (id.length > WEBHOOK_MAX_ID_BYTES)
        reject(verdict, "the id is too long");
    else {
        verdict->has_id = id.length > 0;
        verdict->id = id;
    }
}

/* Databases have numbers for users. */
static slice number_text(double number, struct arena *arena)
{
    struct buf text = BUF_EMPTY;
    json_write_plain(&text, value_number(number));
    slice kept = arena_copy(arena, buf_slice(&text));
    buf_fini(&text);
    return kept;
}

static void accept_member_id(struct webhook_verdict *verdict, const valve_value *id,
                             struct arena *arena)
{
    if (id == NULL || value_is_absent(*id))
        return;
    if (id->type == VALUE_TEXT)
        accept_id(verdict, value_slice(*id));
    else if (id->type == VALUE_NUMBER)
        accept_id(verdict, number_text(id->as.number, arena));
    else
        reject(verdict, "the id is neither a text nor a number");
}

static void take_json(struct buf *out, const struct value_object *object, slice key)
{
    const valve_value *value = value_object_find(object, key);
    if (value != NULL)
        json_write_plain(out, *value);
}

/* `isValid` is not looked at: the status has said it (S14). */
static void accept_object(struct webhook_verdict *verdict, const struct value_object *object,
                          struct arena *arena)
{
    const valve_value *token = value_object_find(object, SLICE("token"));
    take_json(&verdict->client_data, object, SLICE("clientData"));
    take_json(&verdict->server_data, object, SLICE("serverData"));
    if (token != NULL && token->type == VALUE_TEXT)
        verdict->token = value_slice(*token);
    accept_member_id(verdict, value_object_find(object, SLICE("id")), arena);
}

static void accept_json(struct webhook_verdict *verdict, slice body, struct arena *arena)
{
    valve_value value;
    if (!read_json(body, arena, &value))
        reject(verdict, "the answer says that it is JSON, but it is not");
    else if (value.type == VALUE_OBJECT)
        accept_object(verdict, value.as.object, arena);
    else if (value.type == VALUE_TEXT)
        accept_id(verdict, value_slice(value));
    else if (value.type != VALUE_NULL)
        reject(verdict, "the answer is neither a text nor an object");
}

void webhook_verdict_init(struct webhook_verdict *verdict, bool is_permitted, slice content_type,
                          slice body, struct arena *arena)
{
    bool is_json = is_json_type(content_type);
    *verdict = (struct webhook_verdict){.outcome = DS_LOGIN_ACCEPTED};
    if (!is_permitted)
        refuse(verdict, is_json, body, arena);
    else if (is_json && body.length > 0)
        accept_json(verdict, body, arena);
    else
        accept_id(verdict, body);
}

void webhook_verdict_fini(struct webhook_verdict *verdict)
{
    buf_fini(&verdict->client_data);
    buf_fini(&verdict->server_data);
}
