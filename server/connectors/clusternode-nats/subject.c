#include "subject.h"

static bool is_plain(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '_';
}

void subject_write(struct buf *out, slice prefix, uint8_t topic, slice server)
{
    buf_append(out, prefix);
    buf_printf(out, ".%u", topic);
    if (server.at != NULL)
        buf_append_byte(out, '.');
    for (size_t i = 0; i < server.length; i++) {
        if (is_plain(server.at[i]))
            buf_append_byte(out, server.at[i]);
        else
            buf_printf(out, "%%%02X", (unsigned char)server.at[i]);
    }
    buf_append_byte(out, '\0');
}

int subject_topic(slice subject, slice prefix)
{
    int topic = 0;
    size_t at = prefix.length + 1;
    if (!slice_starts_with(subject, prefix) || at >= subject.length ||
        subject.at[prefix.length] != '.')
        return -1;
    for (; at < subject.length && subject.at[at] >= '0' && subject.at[at] <= '9'; at++) {
        topic = topic * 10 + (subject.at[at] - '0');
        if (topic > UINT8_MAX)
            return -1;
    }
    bool has_ended = at == subject.length || subject.at[at] == '.';
    return has_ended && subject.at[at - 1] != '.' ? topic : -1;
}
