/* Offers of extensions (RFC 6455 9.1, RFC 7692 7.1): names with parameters, in lists. An offer that
 * cannot be agreed on is passed over; a header that is not a list fails the handshake. */

#include "transport/ws/deflate.h"
#include "transport/ws/handshake.h"

struct cursor {
    const char *at, *end;
};

static void skip_spaces(struct cursor *cursor)
{
    while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t'))
        cursor->at++;
}

static bool take(struct cursor *cursor, char wanted)
{
    skip_spaces(cursor);
    if (cursor->at == cursor->end || *cursor->at != wanted)
        return false;
    cursor->at++;
    skip_spaces(cursor);
    return true;
}

static bool is_token_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool take_token(struct cursor *cursor, slice *token)
{
    skip_spaces(cursor);
    token->at = cursor->at;
    while (cursor->at < cursor->end && is_token_character(*cursor->at))
        cursor->at++;
    token->length = (size_t)(cursor->at - token->at);
    return token->length > 0;
}

/* A value: a token, also in quotes. */
static bool take_value(struct cursor *cursor, slice *value)
{
    bool is_quoted = take(cursor, '"');
    return take_token(cursor, value) && (!is_quoted || take(cursor, '"'));
}

/* 8 to 15, without a leading zero; 0 for anything else. */
static uint8_t read_bits(slice value)
{
    unsigned bits = 0;
    if (value.length == 0 || value.length > 2 || value.at[0] == '0')
        return 0;
    for (size_t i = 0; i < value.length; i++) {
        if (value.at[i] < '0' || value.at[i] > '9')
            return 0;
        bits = bits * 10 + (unsigned)(value.at[i] - '0');
    }
    return bits >= WS_WINDOW_BITS_MIN && bits <= WS_WINDOW_BITS_MAX ? (uint8_t)bits : 0;
}

struct offer {
    bool is_acceptable;
    unsigned seen; /* bits of the parameters that came */
    uint8_t server_window_bits;
};

enum { SERVER_NO_CONTEXT = 1, CLIENT_NO_CONTEXT = 2, SERVER_BITS = 4, CLIENT_BITS = 8 };

static unsigned parameter_of(slice name)
{
    static const slice names[] = {SLICE("server_no_context_takeover"),
                                  SLICE("client_no_context_takeover"),
                                  SLICE("server_max_window_bits"), SLICE("client_max_window_bits")};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (slice_equal(name, names[i]))
            return 1u << i;
    return 0;
}

/* The client's own window needs no answer: messages are read with the largest. */
static void weigh(struct offer *offer, slice name, bool has_value, slice value)
{
    unsigned parameter = parameter_of(name);
    uint8_t bits = has_value ? read_bits(value) : 0;
    bool may_have_value = (parameter & (SERVER_BITS | CLIENT_BITS)) != 0;
    bool must_have_value = parameter == SERVER_BITS;
    if (parameter == 0 || (offer->seen & parameter) != 0 || (has_value && !may_have_value) ||
        (!has_value && must_have_value) || (has_value && bits == 0))
        offer->is_acceptable = false;
    offer->seen |= parameter;
    if (parameter == SERVER_BITS)
        offer->server_window_bits = bits;
}

static bool read_offer(struct cursor *cursor, struct offer *offer)
{
    slice name, value = {"", 0};
    if (!take_token(cursor, &name))
        return false;
    offer->is_acceptable = slice_equal(name, SLICE("permessage-deflate"));
    while (take(cursor, ';')) {
        if (!take_token(cursor, &name))
            return false;
        bool has_value = take(cursor, '=');
        if (has_value && !take_value(cursor, &value))
            return false;
        weigh(offer, name, has_value, value);
    }
    return true;
}

enum ws_extensions ws_extensions_choose(slice header, uint8_t *window_bits, bool *names_window_bits)
{
    struct cursor cursor = {header.at, header.at + header.length};
    enum ws_extensions chosen = WS_EXTENSIONS_NONE;
    do {
        struct offer offer = {.server_window_bits = WS_WINDOW_BITS_MAX};
        if (!read_offer(&cursor, &offer))
            return WS_EXTENSIONS_MALFORMED;
        if (offer.is_acceptable && chosen == WS_EXTENSIONS_NONE) {
            chosen = WS_EXTENSIONS_DEFLATE;
            *window_bits = offer.server_window_bits;
            *names_window_bits = (offer.seen & SERVER_BITS) != 0;
        }
    } while (take(&cursor, ','));
    return cursor.at == cursor.end ? chosen : WS_EXTENSIONS_MALFORMED;
}
