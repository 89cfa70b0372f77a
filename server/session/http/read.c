/* Records by GET: `record/NAME` below the path gives {"version":1,"data":{...}}, `head/NAME` the
 * version alone, and what is not there is 404. HEAD asks the same without the body. Who asks is
 * told by `Authorization: Bearer TOKEN` or by `?token=TOKEN`; otherwise it is nobody. */

#include "session/http/request.h"

#include "base/utf8.h"
#include "json.h"

#include <strings.h>

#define SUCCESS "{\"success\":true,"

/* ---- names in targets (RFC 3986 2.1) ---- */

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Every % begins an octet, and all of them are UTF-8. */
static bool decode(struct arena *arena, slice encoded, slice *decoded)
{
    char *out = arena_alloc(arena, encoded.length);
    size_t length = 0;
    for (size_t i = 0; i < encoded.length; i++) {
        if (encoded.at[i] != '%') {
            out[length++] = encoded.at[i];
            continue;
        }
        if (encoded.length - i < 3)
            return false;
        int high = digit_of(encoded.at[i + 1]), low = digit_of(encoded.at[i + 2]);
        if (high < 0 || low < 0)
            return false;
        out[length++] = (char)(high << 4 | low);
        i += 2;
    }
    *decoded = (slice){out, length};
    return utf8_valid(*decoded, false);
}

/* ---- what is asked for ---- */

static bool split(slice text, char mark, slice *before, slice *behind)
{
    const char *at = memchr(text.at, mark, text.length);
    size_t length = at == NULL ? text.length : (size_t)(at - text.at);
    *before = slice_part(text, 0, length);
    *behind = slice_part(text, at == NULL ? length : length + 1, text.length);
    return at != NULL;
}

static bool take_start(slice *text, slice start)
{
    if (!slice_starts_with(*text, start))
        return false;
    *text = slice_part(*text, start.length, text->length);
    return true;
}

/* The action, or 0: there is nothing at the target. */
static uint16_t read_target(struct request *request, slice target, slice *name, slice *query)
{
    slice path, none = {"", 0};
    *query = none;
    split(target, '?', &path, query);
    take_start(&path, request->endpoint->settings->get_path);
    uint16_t action = take_start(&path, SLICE("/record/")) ? RECORD_READ
                      : take_start(&path, SLICE("/head/")) ? RECORD_HEAD
                                                           : 0;
    return path.length > 0 && decode(&request->arena, path, name) ? action : 0;
}

/* The header counts more than the query. False: what is given is none. */
static bool read_token(struct request *request, const struct ds_http_request *asked, slice query,
                       slice *token)
{
    slice header = ds_http_header_find(asked, SLICE("authorization")), part;
    *token = (slice){"", 0};
    if (header.length > 7 && strncasecmp(header.at, "Bearer ", 7) == 0) {
        *token = arena_copy(&request->arena, slice_part(header, 7, header.length));
        return utf8_valid(*token, false);
    }
    while (query.length > 0) {
        slice key, value;
        split(query, '&', &part, &query);
        split(part, '=', &key, &value);
        if (slice_equal(key, SLICE("token")))
            return decode(&request->arena, value, token) && token->length > 0;
    }
    return true;
}

/* ---- the answer ---- */

static int32_t number_of(const struct value_object *item, slice key, int32_t fallback)
{
    const valve_value *value = value_object_find(item, key);
    return value != NULL && value->type == VALUE_NUMBER ? (int32_t)value->as.number : fallback;
}

static unsigned status_of(const struct value_object *item)
{
    const valve_value *topic = value_object_find(item, SLICE("errorTopic"));
    if (topic == NULL || !slice_equal(value_slice(*topic), SLICE("record")))
        return topic != NULL && slice_equal(value_slice(*topic), SLICE("parser")) ? 404 : 504;
    switch (number_of(item, SLICE("errorEvent"), 0)) {
    case RECORD_MESSAGE_DENIED:
    case RECORD_MESSAGE_PERMISSION_ERROR:
        return 403;
    case RECORD_RECORD_NOT_FOUND:
        return 404;
    case RECORD_CACHE_RETRIEVAL_TIMEOUT:
    case RECORD_STORAGE_RETRIEVAL_TIMEOUT:
        return 504;
    default:
        return 500;
    }
}

static void answer_failure(struct request *request, slice result)
{
    valve_value item;
    if (!json_read(result, (struct json_limits){8}, &request->arena, &item, NULL)) {
        request_answer_text(request, 500, SLICE("An error occurred."));
        return;
    }
    const valve_value *error = value_object_find(item.as.object, SLICE("error"));
    request_answer_text(request, status_of(item.as.object), value_slice(*error));
}

static void answer_record(struct request *request, slice result)
{
    struct buf body = BUF_EMPTY;
    buf_append_byte(&body, '{');
    buf_append(&body, slice_part(result, sizeof SUCCESS - 1, result.length));
    buf_append_text(&body, "\r\n\r\n");
    request_answer(request, &(struct ds_http_answer){.status = 200,
                                                     .headers = "Cache-Control: no-store\r\n",
                                                     .body = buf_slice(&body)});
    buf_fini(&body);
}

/* The version of a record that is not there (protocol.md 2.6). */
static bool is_missing(slice result)
{
    return slice_equal(result, SLICE(SUCCESS "\"version\":-1}"));
}

static void answer(struct request *request)
{
    const struct item *item = &request->items[0];
    slice result = buf_slice(&item->result);
    if (is_missing(result))
        request_answer_text(request, 404,
                            arena_printf(&request->arena,
                                         "Record read failed. Record \"" SLICE_FORMAT
                                         "\" could not be found.",
                                         SLICE_ARGUMENTS(item->message.name)));
    else if (answer_is_success(item))
        answer_record(request, result);
    else
        answer_failure(request, result);
}

static const struct request_kind kind = {
    .on_user = request_run, .refusal = "Unsuccessful authentication attempt.", .answer = answer};

void read_on_get(void *context, const struct ds_http_request *asked,
                 struct ds_http_exchange *exchange)
{
    struct request *request = request_new(context, &kind, asked, exchange);
    struct buf auth_data = BUF_EMPTY;
    slice name = {"", 0}, query, token;
    if (request == NULL)
        return;
    uint16_t action = read_target(request, asked->target, &name, &query);
    if (action == 0) {
        request_answer_text(request, 404, SLICE("Endpoint not found."));
        return;
    }
    if (!read_token(request, asked, query, &token)) {
        request_answer_text(request, 401, slice_of(kind.refusal));
        return;
    }
    request_set_items(request, 1);
    request->items[0].message = MESSAGE(TOPIC_RECORD, action);
    MESSAGE_SET(&request->items[0].message, name, name);
    login_write_token(&auth_data, token);
    request_log_in(request, &auth_data);
}
