/* Tokens (protocol.md 6.2): authentication is asked with the body of a POST, and what it gives is
 * handed out. */

#include "session/http/request.h"

#include "json.h"

void login_write_token(struct buf *auth_data, slice token)
{
    buf_append_byte(auth_data, '{');
    if (token.length > 0) {
        buf_append_text(auth_data, "\"token\":");
        json_write_text(auth_data, token);
    }
    buf_append_byte(auth_data, '}');
}

static void on_user(struct request *request, const struct ds_login_result *user)
{
    struct buf body = BUF_EMPTY;
    buf_append_byte(&body, '{');
    if (user->token.length > 0) {
        buf_append_text(&body, "\"token\":");
        json_write_text(&body, user->token);
    }
    if (user->client_data.length > 0) {
        buf_append_text(&body, user->token.length > 0 ? ",\"clientData\":" : "\"clientData\":");
        buf_append(&body, user->client_data);
    }
    buf_append_text(&body, "}\r\n\r\n");
    request_answer(request, &(struct ds_http_answer){.status = 200,
                                                     .headers = "Cache-Control: no-store\r\n",
                                                     .body = buf_slice(&body)});
    buf_fini(&body);
}

/* Nothing is sent, so there is nothing to answer. */
static void answer(struct request *request)
{
    (void)request;
}

static const struct request_kind kind = {
    .on_user = on_user, .refusal = "Invalid authentication data.", .answer = answer};

void login_on_post(void *context, const struct ds_http_request *asked,
                   struct ds_http_exchange *exchange)
{
    struct request *request = request_new(context, &kind, asked, exchange);
    struct buf auth_data = BUF_EMPTY;
    valve_value body;
    if (request == NULL || !answer_check_type(request, asked) || !answer_read_body(request, &body))
        return;
    json_write_plain(&auth_data, body);
    request_log_in(request, &auth_data);
}
