#include "redis/url.h"

#include "base/numeral.h"

bool redis_number_parse(slice text, uint32_t most, uint32_t *number)
{
    uint64_t value = 0;
    if (text.length == 0 || text.length > 10)
        return false;
    for (size_t i = 0; i < text.length; i++) {
        if (!numeral_is_digit(text.at[i]))
            return false;
        value = value * 10 + (uint64_t)(text.at[i] - '0');
    }
    *number = (uint32_t)value;
    return value <= most;
}

static int hex_digit(char c)
{
    if (numeral_is_digit(c))
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static bool decode(struct arena *arena, slice text, slice *decoded)
{
    char *out = arena_alloc(arena, text.length + 1);
    size_t length = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] != '%') {
            out[length++] = text.at[i];
            continue;
        }
        if (text.length - i < 3 || hex_digit(text.at[i + 1]) < 0 || hex_digit(text.at[i + 2]) < 0)
            return false;
        out[length++] = (char)(hex_digit(text.at[i + 1]) * 16 + hex_digit(text.at[i + 2]));
        i += 2;
    }
    *decoded = (slice){out, length};
    return true;
}

/* Splits at the first (or last) `mark`; false, and everything in *before, when there is none. */
static bool split(slice text, const char *at, slice *before, slice *after)
{
    *before = text;
    if (at == NULL)
        return false;
    size_t position = (size_t)(at - text.at);
    *before = slice_part(text, 0, position);
    *after = slice_part(text, position + 1, text.length);
    return true;
}

static const char *find(slice text, char mark)
{
    return text.length == 0 ? NULL : memchr(text.at, mark, text.length);
}

const char *redis_find_last(slice text, char mark)
{
    for (size_t i = text.length; i > 0; i--)
        if (text.at[i - 1] == mark)
            return text.at + i - 1;
    return NULL;
}

static const char *parse_user(slice text, struct arena *arena, struct redis_url *url)
{
    slice user, password = SLICE("");
    split(text, find(text, ':'), &user, &password);
    bool decoded = decode(arena, user, &url->user) && decode(arena, password, &url->password);
    return decoded ? NULL : "has a % that no two hexadecimal digits follow";
}

static const char *parse_host(slice text, struct redis_url *url)
{
    slice port = SLICE("");
    uint32_t number = REDIS_DEFAULT_PORT;
    const char *end = text.length > 0 && text.at[0] == '[' ? find(text, ']') : NULL;
    if (end != NULL) {
        url->host = slice_part(text, 1, (size_t)(end - text.at));
        port = slice_part(text, (size_t)(end - text.at) + 1, text.length);
        if (port.length > 0 && port.at[0] != ':')
            return "has something between the address and the port";
        port = port.length > 0 ? slice_part(port, 1, port.length) : port;
    } else {
        split(text, find(text, ':'), &url->host, &port);
    }
    if (url->host.length == 0 || url->host.length > 255)
        return "has no host, or one that is too long";
    if (port.length > 0 && (!redis_number_parse(port, 65535, &number) || number == 0))
        return "has a port that is none";
    url->port = (uint16_t)number;
    return NULL;
}

const char *redis_url_parse(slice text, struct arena *arena, struct redis_url *url)
{
    *url = (struct redis_url){.port = REDIS_DEFAULT_PORT};
    slice rest = text, user = SLICE(""), database = SLICE("");
    url->is_tls = slice_starts_with(text, SLICE("rediss://"));
    if (!url->is_tls && !slice_starts_with(text, SLICE("redis://")))
        return "does not begin with redis:// or rediss://";
    rest = slice_part(text, url->is_tls ? 9 : 8, text.length);
    split(rest, find(rest, '?'), &rest, &database);
    database = SLICE("");
    slice whole = rest;
    if (split(whole, redis_find_last(whole, '@'), &user, &rest)) {
        const char *problem = parse_user(user, arena, url);
        if (problem != NULL)
            return problem;
    }
    whole = rest;
    split(whole, find(whole, '/'), &rest, &database);
    if (database.length > 0 && !redis_number_parse(database, INT32_MAX, &url->database))
        return "has a database that is no number";
    return parse_host(rest, url);
}
