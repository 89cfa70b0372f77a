/* Topic names and filters (MQTT 3.1.1, 4.7): levels between slashes, `+` for one of them, `#` for
 * all that are left. */

#include "message/mqtt.h"

#include "base/utf8.h"

static bool is_text(slice text)
{
    return text.length > 0 && text.length <= MQTT_MAX_TEXT &&
           memchr(text.at, '\0', text.length) == NULL && utf8_valid(text, false);
}

bool mqtt_has_wildcard(slice filter)
{
    return filter.length > 0 && (memchr(filter.at, '+', filter.length) != NULL ||
                                 memchr(filter.at, '#', filter.length) != NULL);
}

bool mqtt_is_topic(slice text)
{
    return is_text(text) && !mqtt_has_wildcard(text);
}

/* A wildcard is a level of its own; `#` is the last one. */
static bool is_well_placed(slice text, size_t at)
{
    bool begins = at == 0 || text.at[at - 1] == '/';
    bool is_last = at + 1 == text.length;
    return begins && (is_last || (text.at[at] == '+' && text.at[at + 1] == '/'));
}

bool mqtt_is_filter(slice text)
{
    if (!is_text(text))
        return false;
    for (size_t i = 0; i < text.length; i++) {
        bool is_wildcard = text.at[i] == '+' || text.at[i] == '#';
        if (is_wildcard && !is_well_placed(text, i))
            return false;
    }
    return true;
}

slice mqtt_level_next(slice text, size_t *position)
{
    size_t start = *position;
    const char *slash = memchr(text.at + start, '/', text.length - start);
    size_t end = slash == NULL ? text.length : (size_t)(slash - text.at);
    *position = end + 1;
    return slice_part(text, start, end);
}

bool mqtt_matches(slice filter, slice topic)
{
    size_t in_filter = 0, in_topic = 0;
    bool is_hidden = topic.at[0] == '$' && (filter.at[0] == '+' || filter.at[0] == '#');
    if (is_hidden)
        return false;
    while (in_filter <= filter.length) {
        slice wanted = mqtt_level_next(filter, &in_filter);
        if (slice_equal(wanted, SLICE("#")))
            return true;
        if (in_topic > topic.length)
            return false;
        slice level = mqtt_level_next(topic, &in_topic);
        if (!slice_equal(wanted, SLICE("+")) && !slice_equal(wanted, level))
            return false;
    }
    return in_topic > topic.length;
}
