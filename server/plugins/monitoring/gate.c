#include "gate.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

/* Names of headers come in lower case. */
static slice copy_lower(slice text)
{
    char *copy = slice_to_text(text);
    for (size_t i = 0; i < text.length; i++) {
        char c = text.at[i];
        copy[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    return (slice){copy, text.length};
}

bool gate_init(struct gate *gate, const struct ds_value *options, struct ds_error *error)
{
    slice key = ds_value_text(ds_value_member(options, "headerKey"), SLICE(""));
    slice value = ds_value_text(ds_value_member(options, "headerValue"), SLICE(""));
    if ((key.length == 0) != (value.length == 0)) {
        snprintf(error->text, sizeof error->text, "Missing \"%s\"",
                 key.length == 0 ? "headerKey" : "headerValue");
        return false;
    }
    *gate = (struct gate){copy_lower(key), slice_copy(value)};
    return true;
}

void gate_fini(struct gate *gate)
{
    slice_free(&gate->key);
    slice_free(&gate->value);
}

/* Takes as long for each text of the right length, whatever it says. */
static bool is_secret(slice text, slice secret)
{
    unsigned char difference = 0;
    if (text.length != secret.length)
        return false;
    for (size_t i = 0; i < secret.length; i++)
        difference |= (unsigned char)(text.at[i] ^ secret.at[i]);
    return difference == 0;
}

bool gate_lets_in(const struct gate *gate, const struct ds_http_request *request)
{
    if (gate->key.length == 0)
        return true;
    for (size_t i = 0; i < request->header_count; i++) {
        if (slice_equal(request->headers[i].name, gate->key))
            return is_secret(request->headers[i].value, gate->value);
    }
    return false;
}

void gate_turn_away(const struct ds_services *services, struct ds_http_exchange *exchange)
{
    struct ds_http_answer answer = {.status = 404,
                                    .content_type = SLICE("text/plain; charset=utf-8"),
                                    .body = SLICE("Endpoint not found.\r\n\r\n")};
    services->http_answer(services->host, exchange, &answer);
}
