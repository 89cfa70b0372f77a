/* From bodies to JSON, and from JSON to texts. */

#include "session/http/request.h"

#include "json.h"

#include <strings.h>

#define MAX_DEPTH 128

static bool equals_any_case(slice a, slice b)
{
    return a.length == b.length && strncasecmp(a.at, b.at, a.length) == 0;
}

static slice trimmed(slice text)
{
    while (text.length > 0 && strchr(" \t", text.at[0]) != NULL)
        text = slice_part(text, 1, text.length);
    while (text.length > 0 && strchr(" \t", text.at[text.length - 1]) != NULL)
        text.length--;
    return text;
}

/* The first part of a list that ; divides; *rest moves behind it. */
static slice next_part(slice *rest)
{
    const char *end = memchr(rest->at, ';', rest->length);
    size_t length = end == NULL ? rest->length : (size_t)(end - rest->at);
    slice part = slice_part(*rest, 0, length);
    *rest = slice_part(*rest, end == NULL ? length : length + 1, rest->length);
    return trimmed(part);
}

/* The charset that a media type names, or an empty slice. */
static slice charset_of(slice parameters)
{
    while (parameters.length > 0) {
        slice part = next_part(&parameters);
        if (part.length < 8 || !equals_any_case(slice_part(part, 0, 8), SLICE("charset=")))
            continue;
        slice charset = slice_part(part, 8, part.length);
        bool is_quoted =
            charset.length >= 2 && charset.at[0] == '"' && charset.at[charset.length - 1] == '"';
        return is_quoted ? slice_part(charset, 1, charset.length - 1) : charset;
    }
    return SLICE("");
}

static void refuse_charset(struct request *request, slice charset)
{
    struct buf text = BUF_EMPTY;
    buf_append_text(&text, "Failed to parse body of request: unsupported charset \"");
    for (size_t i = 0; i < charset.length; i++) {
        char c = charset.at[i];
        buf_append_byte(&text, c >= 'a' && c <= 'z' ? (char)(c & ~0x20) : c);
    }
    buf_append_byte(&text, '"');
    request_answer_text(request, 400, buf_slice(&text));
    buf_fini(&text);
}

bool answer_check_type(struct request *request, const struct ds_http_request *asked)
{
    slice type = ds_http_header_find(asked, SLICE("content-type"));
    slice parameters = type.at == NULL ? SLICE("") : type;
    slice media = next_part(&parameters);
    slice charset = charset_of(parameters);
    if (!equals_any_case(media, SLICE("application/json"))) {
        request_answer_text(request, 415,
                            SLICE("Invalid \"Content-Type\" header. Supported media types: "
                                  "\"application/json\""));
        return false;
    }
    if (charset.length == 0 || equals_any_case(charset, SLICE("utf-8")) ||
        equals_any_case(charset, SLICE("utf8")))
        return true;
    refuse_charset(request, charset);
    return false;
}

/* No body at all is an empty object to the original; what it lacks is told then. */
bool answer_read_body(struct request *request, valve_value *body)
{
    slice text = request->body.length == 0 ? SLICE("{}") : request->body;
    struct json_error error = {.message = "neither an object nor a list"};
    if (json_read(text, (struct json_limits){MAX_DEPTH}, &request->arena, body, &error) &&
        (body->type == VALUE_OBJECT || body->type == VALUE_ARRAY))
        return true;
    request_answer_text(request, 400,
                        arena_printf(&request->arena,
                                     "Failed to parse body of request: %s at byte %zu",
                                     error.message, error.offset));
    return false;
}

slice answer_text_of_json(struct request *request, slice json)
{
    valve_value value;
    if (json.length == 0 || json.at[0] != '"' ||
        !json_read(json, (struct json_limits){1}, &request->arena, &value, NULL))
        return (slice){"", 0};
    return arena_copy(&request->arena, value_slice(value));
}

bool answer_is_success(const struct item *item)
{
    return slice_starts_with(buf_slice(&item->result), SLICE("{\"success\":true"));
}
