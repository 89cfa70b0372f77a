#include "plugins/authentication/token.h"

#include "json.h"
#include "plugins/authentication/base64url.h"

#include <math.h>
#include <openssl/evp.h>

#define MAX_DEPTH 32

static const struct token_algorithm ALGORITHMS[] = {
#define ALGORITHM(name, family, digest, group, curve, bytes)                                       \
    {#name, FAMILY_##family, digest, group, curve, bytes},
#include "plugins/authentication/token_algorithms.def"
#undef ALGORITHM
};

const struct token_algorithm *token_algorithm(enum token_algorithm_id id)
{
    return &ALGORITHMS[id];
}

enum token_algorithm_id token_algorithm_of(slice name)
{
    unsigned id = 0;
    while (id < TOKEN_ALGORITHM_COUNT && !slice_equal(slice_of(ALGORITHMS[id].name), name))
        id++;
    return (enum token_algorithm_id)id;
}

/* ---- reading ---- */

/* The part before the next dot, which *text moves past; false when there is no dot. */
static bool take_part(slice *text, slice *part)
{
    const char *dot = memchr(text->at, '.', text->length);
    if (dot == NULL)
        return false;
    *part = slice_part(*text, 0, (size_t)(dot - text->at));
    *text = slice_part(*text, part->length + 1, text->length);
    return true;
}

static bool read_object(slice part, struct arena *arena, const struct value_object **object,
                        slice *json)
{
    valve_value value;
    if (!base64url_decode(part, arena, json) ||
        !json_read(*json, (struct json_limits){MAX_DEPTH}, arena, &value, NULL) ||
        value.type != VALUE_OBJECT)
        return false;
    *object = value.as.object;
    return true;
}

static const char *read_header(slice part, struct arena *arena, struct token *token)
{
    const struct value_object *header;
    slice json;
    if (!read_object(part, arena, &header, &json))
        return "its header is no JSON object";
    if (value_object_find(header, SLICE("crit")) != NULL)
        return "it demands what nobody here understands (crit)";
    const valve_value *algorithm = value_object_find(header, SLICE("alg"));
    const valve_value *key_id = value_object_find(header, SLICE("kid"));
    if (algorithm == NULL || algorithm->type != VALUE_TEXT)
        return "it names no algorithm";
    token->algorithm = token_algorithm_of(value_slice(*algorithm));
    if (token->algorithm == TOKEN_ALGORITHM_COUNT)
        return "its algorithm is not known";
    token->has_key_id = key_id != NULL && key_id->type == VALUE_TEXT;
    if (token->has_key_id)
        token->key_id = value_slice(*key_id);
    return NULL;
}

const char *token_read(slice text, struct arena *arena, struct token *token)
{
    slice rest = text, header, claims;
    *token = (struct token){.algorithm = TOKEN_ALGORITHM_COUNT};
    if (text.length == 0 || text.length > TOKEN_MAX_BYTES)
        return "it is empty or too long";
    if (!take_part(&rest, &header) || !take_part(&rest, &claims))
        return "it has not three parts";
    const char *problem = read_header(header, arena, token);
    if (problem != NULL)
        return problem;
    token->signed_part = slice_part(text, 0, header.length + 1 + claims.length);
    if (!read_object(claims, arena, &token->claims, &token->claims_json))
        return "its claims are no JSON object";
    if (!base64url_decode(rest, arena, &token->signature))
        return "its signature is not base64url";
    return NULL;
}

/* ---- claims ---- */

static bool is_text(const valve_value *value, slice text)
{
    return value != NULL && value->type == VALUE_TEXT && slice_equal(value_slice(*value), text);
}

/* One text, or a list that holds it. */
static bool is_for(const valve_value *audience, slice wanted)
{
    if (audience == NULL || audience->type != VALUE_ARRAY)
        return is_text(audience, wanted);
    for (uint32_t i = 0; i < audience->as.array->count; i++) {
        if (is_text(&audience->as.array->items[i], wanted))
            return true;
    }
    return false;
}

/* False when the claim is there and no number. Absent: *seconds stays. */
static bool read_seconds(const struct value_object *claims, slice key, double *seconds)
{
    const valve_value *value = value_object_find(claims, key);
    if (value != NULL && value->type == VALUE_NUMBER)
        *seconds = value->as.number;
    return value == NULL || value->type == VALUE_NUMBER;
}

static const char *check_times(const struct value_object *claims, double leeway_ms, double now_ms,
                               double *expires_ms)
{
    double from_s = -HUGE_VAL, until_s = HUGE_VAL;
    if (!read_seconds(claims, SLICE("nbf"), &from_s) ||
        !read_seconds(claims, SLICE("exp"), &until_s))
        return "a time in it is no number";
    if (now_ms < from_s * 1000 - leeway_ms)
        return "it is not valid yet";
    if (now_ms >= until_s * 1000 + leeway_ms)
        return "it has expired";
    *expires_ms = until_s == HUGE_VAL ? 0 : until_s * 1000 + leeway_ms;
    return NULL;
}

const char *token_check(const struct token *token, const struct token_rules *rules, double now_ms,
                        double *expires_ms)
{
    const struct value_object *claims = token->claims;
    if (rules->issuer.length > 0 &&
        !is_text(value_object_find(claims, SLICE("iss")), rules->issuer))
        return "it is from another issuer";
    if (rules->audience.length > 0 &&
        !is_for(value_object_find(claims, SLICE("aud")), rules->audience))
        return "it is for another audience";
    return check_times(claims, rules->leeway_ms, now_ms, expires_ms);
}
