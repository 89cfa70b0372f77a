#include "envelope.h"

#include "json.h"
#include "json_scan.h"

void envelope_begin(struct buf *out, slice from_server, slice to_server)
{
    buf_append_text(out, "{\"fromServer\":");
    json_write_text(out, from_server);
    if (to_server.at != NULL) {
        buf_append_text(out, ",\"toServer\":");
        json_write_text(out, to_server);
    }
    buf_append_text(out, ",\"message\":");
}

void envelope_result(struct buf *out, slice json)
{
    buf_append_text(out, ",\"result\":");
    buf_append(out, json);
}

/* Whether it can be used; a member that nobody knows can always. */
static bool read_member(struct json_scan *scan, slice key, struct envelope *envelope)
{
    slice value;
    if (slice_equal(key, SLICE("fromServer")))
        return json_scan_text(scan, &envelope->from_server);
    if (slice_equal(key, SLICE("toServer")))
        return json_scan_text(scan, &envelope->to_server);
    if (!json_scan_value(scan, &value))
        return false;
    if (slice_equal(key, SLICE("message")))
        envelope->message = value;
    else if (slice_equal(key, SLICE("result")))
        envelope->result = value;
    return true;
}

bool envelope_read(slice text, struct arena *arena, struct envelope *envelope)
{
    struct json_scan scan;
    slice key;
    bool is_good = true;
    *envelope = (struct envelope){0};
    json_scan_init(&scan, text, arena);
    if (!json_scan_enter(&scan, '{'))
        return false;
    while (is_good && json_scan_more(&scan, '}') && json_scan_key(&scan, &key))
        is_good = read_member(&scan, key, envelope);
    return is_good && json_scan_end(&scan) && envelope->from_server.at != NULL &&
           envelope->message.length > 0 && envelope->message.at[0] == '{';
}
