/* Batches of messages by POST (protocol.md 6.3): checked as a whole before any of them is sent;
 * then all are sent in their order, and each has a result in the answer. */

#include "session/http/request.h"

#include "message/jif.h"

#include "json.h"

/* ---- the answer ---- */

static const char *result_of(const struct request *request)
{
    size_t successes = 0;
    for (size_t i = 0; i < request->item_count; i++)
        successes += answer_is_success(&request->items[i]);
    return successes == request->item_count ? "SUCCESS"
           : successes == 0                 ? "FAILURE"
                                            : "PARTIAL_SUCCESS";
}

static void answer(struct request *request)
{
    struct buf body = BUF_EMPTY;
    buf_printf(&body, "{\"result\":\"%s\",\"body\":[", result_of(request));
    for (size_t i = 0; i < request->item_count; i++) {
        if (i > 0)
            buf_append_byte(&body, ',');
        buf_append(&body, buf_slice(&request->items[i].result));
    }
    buf_append_text(&body, "]}\r\n\r\n");
    request_answer(request, &(struct ds_http_answer){.status = 200, .body = buf_slice(&body)});
    buf_fini(&body);
}

/* ---- its items ---- */

static void refuse_item(struct request *request, size_t index, const struct buf *reason)
{
    struct buf text = BUF_EMPTY;
    buf_printf(&text, "Failed to parse JIF object at index %zu.", index);
    if (reason->length > 0) {
        buf_append_text(&text, " Reason: ");
        buf_append(&text, buf_slice(reason));
    }
    request_answer_text(request, 400, buf_slice(&text));
    buf_fini(&text);
}

static bool read_items(struct request *request)
{
    const struct value_array *batch = request->batch.as.array;
    request_set_items(request, batch->count);
    for (uint32_t i = 0; i < batch->count; i++) {
        struct buf reason = BUF_EMPTY;
        bool is_good =
            jif_decode(batch->items[i], &request->arena, &request->items[i].message, &reason);
        if (!is_good)
            refuse_item(request, i, &reason);
        buf_fini(&reason);
        if (!is_good)
            return false;
    }
    return true;
}

static const valve_value *member(valve_value body, const char *key)
{
    return body.type == VALUE_OBJECT ? value_object_find(body.as.object, slice_of(key)) : NULL;
}

/* What was dropped while authentication was asked is read once more. */
static bool has_batch(struct request *request)
{
    valve_value body;
    if (request->batch.type == VALUE_ARRAY)
        return true;
    if (!answer_read_body(request, &body))
        return false;
    request->batch = *member(body, "body");
    return true;
}

static void on_user(struct request *request, const struct ds_login_result *user)
{
    if (has_batch(request) && read_items(request))
        request_run(request, user);
}

static const struct request_kind kind = {
    .on_user = on_user, .refusal = "Unsuccessful authentication attempt.", .answer = answer};

/* ---- the request ---- */

static bool refuse(struct request *request, slice text)
{
    request_answer_text(request, 400, text);
    return false;
}

static bool check_batch(struct request *request, const valve_value *batch)
{
    uint32_t max_items = request->endpoint->settings->max_items;
    if (batch == NULL || !value_truth(*batch))
        return refuse(request, SLICE("Invalid message: the \"body\" parameter must exist."));
    if (batch->type != VALUE_ARRAY || batch->as.array->count == 0)
        return refuse(request, SLICE("Invalid message: the \"body\" parameter must be a non-empty "
                                     "array of Objects."));
    if (batch->as.array->count <= max_items) {
        request->batch = *batch;
        return true;
    }
    return refuse(request, arena_printf(&request->arena,
                                        "Invalid message: the \"body\" parameter has more than "
                                        "%u items (maxItems).",
                                        (unsigned)max_items));
}

static bool write_auth_data(struct request *request, const valve_value *given,
                            struct buf *auth_data)
{
    if (!request->endpoint->settings->allows_auth_data)
        return refuse(request, SLICE("Authentication using authData is disabled. Try using a token "
                                     "instead."));
    if (given->type != VALUE_OBJECT && given->type != VALUE_ARRAY)
        return refuse(request,
                      SLICE("Invalid message: the \"authData\" parameter must be an object"));
    json_write_plain(auth_data, *given);
    return true;
}

static bool write_token(struct request *request, const valve_value *given, struct buf *auth_data)
{
    if (given != NULL && (given->type != VALUE_TEXT || given->length == 0))
        return refuse(request, SLICE("Invalid message: the \"token\" parameter must be a non-empty "
                                     "string"));
    login_write_token(auth_data, given == NULL ? SLICE("") : value_slice(*given));
    return true;
}

static bool write_login(struct request *request, valve_value body, struct buf *auth_data)
{
    const valve_value *given = member(body, "authData");
    return given != NULL ? write_auth_data(request, given, auth_data)
                         : write_token(request, member(body, "token"), auth_data);
}

void batch_on_post(void *context, const struct ds_http_request *asked,
                   struct ds_http_exchange *exchange)
{
    struct request *request = request_new(context, &kind, asked, exchange);
    struct buf auth_data = BUF_EMPTY;
    valve_value body;
    if (request != NULL && answer_check_type(request, asked) && answer_read_body(request, &body) &&
        check_batch(request, member(body, "body")) && write_login(request, body, &auth_data))
        request_log_in(request, &auth_data);
}
