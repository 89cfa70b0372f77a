/* Any bytes as packets of an MQTT client: what is read has filters and topics that are some, and a
 * PUBLISH is written as it was read. Two texts on lines of their own: the tree of filters agrees
 * with the plain comparison. */

#include "handlers/filter_tree.h"
#include "message/mqtt.h"

#include "base/buf.h"
#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_publish(const struct mqtt_packet *packet, slice whole)
{
    const struct mqtt_publish *publish = &packet->publish;
    struct buf written = BUF_EMPTY;
    CHECK(mqtt_is_topic(publish->topic));
    CHECK((packet->id != 0) == (publish->qos > 0));
    mqtt_write_publish_head(&written, publish, packet->id);
    buf_append(&written, publish->payload);
    CHECK(written.length == mqtt_publish_bytes(publish));
    /* a length may have been spelt with more bytes than it needs */
    CHECK(written.length <= whole.length);
    CHECK(written.length < whole.length || slice_equal(buf_slice(&written), whole));
    buf_fini(&written);
}

static void check_filters(const struct mqtt_packet *packet)
{
    struct mqtt_filter filter;
    slice rest = packet->filters;
    size_t count = 0;
    for (; mqtt_filter_next(packet, &rest, &filter); count++)
        CHECK(mqtt_is_filter(filter.text) && filter.qos <= 2);
    CHECK(count > 0 && rest.length == 0 && packet->id != 0);
}

static void check_packets(slice bytes)
{
    struct mqtt_head head;
    while (mqtt_read_head(bytes, &head) == MQTT_COMPLETE &&
           bytes.length - head.bytes >= head.length) {
        struct mqtt_packet packet;
        size_t end = head.bytes + (size_t)head.length;
        if (mqtt_read(&head, slice_part(bytes, head.bytes, end), &packet) != NULL)
            return;
        if (packet.type == MQTT_PUBLISH)
            check_publish(&packet, slice_part(bytes, 0, end));
        else if (packet.type == MQTT_SUBSCRIBE || packet.type == MQTT_UNSUBSCRIBE)
            check_filters(&packet);
        else if (packet.type == MQTT_CONNECT && packet.connect.has_will)
            CHECK(mqtt_is_topic(packet.connect.will.topic));
        bytes = slice_part(bytes, end, bytes.length);
    }
}

static void check_matching(slice text)
{
    const char *line = text.length == 0 ? NULL : memchr(text.at, '\n', text.length);
    if (line == NULL)
        return;
    slice filter = slice_part(text, 0, (size_t)(line - text.at));
    slice topic = slice_part(text, filter.length + 1, text.length);
    if (!mqtt_is_filter(filter) || !mqtt_is_topic(topic))
        return;
    struct filter_tree *tree = filter_tree_new();
    struct filter_matches matches = {0};
    filter_tree_add(tree, filter);
    filter_tree_match(tree, topic, &matches);
    CHECK((matches.filters.count == 1) == mqtt_matches(filter, topic));
    filter_tree_remove(tree, filter);
    CHECK(filter_tree_is_empty(tree));
    filter_tree_free(&tree);
    VEC_FREE(&matches.filters);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    slice input = {(const char *)data, size};
    check_packets(input);
    check_matching(input);
    return 0;
}
