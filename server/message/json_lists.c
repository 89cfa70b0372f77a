#include "message/json_lists.h"

#include "message/decimal.h"

#include "base/utf8.h"
#include "json_scan.h"

static const char not_unicode[] = "text is not Unicode";
static const char too_many[] = "too many names in one message";
static const char no_memory[] = "message needs too much memory";

/* Surrogates begin with this byte in UTF-8, and little else does. */
bool json_is_unicode(slice text)
{
    return text.length == 0 || memchr(text.at, 0xED, text.length) == NULL ||
           utf8_valid(text, false);
}

/* How many items there are; SIZE_MAX: it is no such container. */
static size_t count_items(slice text, char open, char close, struct arena *arena)
{
    struct json_scan scan;
    struct arena_mark mark = arena_mark(arena);
    slice item;
    size_t count = 0;
    json_scan_init(&scan, text, arena);
    if (json_scan_enter(&scan, open))
        while (json_scan_more(&scan, close) && (open == '[' || json_scan_key(&scan, &item)) &&
               json_scan_value(&scan, &item))
            count++;
    arena_reset(arena, mark);
    return json_scan_end(&scan) ? count : SIZE_MAX;
}

const char *json_read_names(slice text, const struct message_limits *limits, struct arena *arena,
                            struct message *message)
{
    size_t count = count_items(text, '[', ']', arena);
    if (count == SIZE_MAX)
        return "expected a list of texts";
    if (count > limits->max_names)
        return too_many;
    slice *names = arena_try_alloc(arena, count * sizeof *names);
    if (names == NULL)
        return no_memory;
    struct json_scan scan;
    json_scan_init(&scan, text, arena);
    json_scan_enter(&scan, '[');
    for (size_t i = 0; i < count; i++) {
        if (!json_scan_more(&scan, ']') || !json_scan_text(&scan, &names[i]))
            return scan.cursor.message;
        if (!json_is_unicode(names[i]))
            return not_unicode;
    }
    message_set_names(message, names, count);
    return NULL;
}

const char *json_read_versions(slice text, const struct message_limits *limits, struct arena *arena,
                               struct message *message)
{
    size_t count = count_items(text, '{', '}', arena);
    if (count == SIZE_MAX)
        return "expected an object of numbers";
    if (count > limits->max_names)
        return too_many;
    struct message_version *versions = arena_try_alloc(arena, count * sizeof *versions);
    if (versions == NULL)
        return no_memory;
    struct json_scan scan;
    slice number;
    json_scan_init(&scan, text, arena);
    json_scan_enter(&scan, '{');
    for (size_t i = 0; i < count; i++) {
        if (!json_scan_more(&scan, '}') || !json_scan_key(&scan, &versions[i].name) ||
            !json_scan_value(&scan, &number))
            return scan.cursor.message;
        if (!json_is_unicode(versions[i].name))
            return not_unicode;
        if (!decimal_read(number, &versions[i].version))
            return "a version is no whole number";
    }
    message_set_versions(message, versions, count);
    return NULL;
}
