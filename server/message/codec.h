#pragma once
/* How the messages of one protocol travel: frames of the wire <-> messages. One constant for each
 * protocol; what carries a session picks its own by codec_of.
 *
 *     slice rest = frame;
 *     do {
 *         switch (codec->decode(&rest, &limits, &arena, &message, &problem)) ...
 *     } while (rest.length > 0);
 *
 * Pure functions without state: what a reply needs to know of its request travels in the message.
 */

#include "message/message.h"

struct buf;

enum protocol {
    PROTOCOL_BINARY, /* protocol.md 2 */
    PROTOCOL_JSON,   /* 4 */
    PROTOCOL_TEXT,   /* 5 */
    PROTOCOL_MQTT,   /* 7 */
    PROTOCOL_HTTP,   /* 6 */
    PROTOCOL_COUNT,
};

/* What a decoder bounds before it allocates. */
struct message_limits {
    uint32_t max_names; /* entries of `names`, or of `versions` */
};

/* What decoding found, and by that how the peer is answered. */
enum decoded {
    DECODED_MESSAGE,
    DECODED_NOTHING, /* what the protocol drops without an answer; problem may be NULL */
    DECODED_INVALID, /* one of our messages with a field that cannot be used; topic and action are
                        set, and name and correlation_id if they were found: INVALID_MESSAGE_DATA */
    DECODED_UNKNOWN, /* no message of ours: UNKNOWN_TOPIC */
    DECODED_BROKEN,  /* not even the form of the protocol: the connection is closed */
};

struct codec {
    const char *name; /* "binary" */
    bool is_text;     /* what is sent, and what is taken (F8) */

    /* Takes one message off the front of *rest, which is a frame at first and empty in the end; it
     * always gets shorter, unless it was empty. Lists are allocated from arena, and texts that had
     * to be rewritten; other texts are slices of the frame. They are UTF-8. Unless it is
     * DECODED_MESSAGE, *problem is what is wrong (static text); message is then not to be used
     * beyond what enum decoded says. A frame of text is UTF-8 already. NULL: its frames are decoded
     * by what carries them. */
    enum decoded (*decode)(slice *rest, const struct message_limits *limits, struct arena *arena,
                           struct message *message, const char **problem);

    /* Appends the frame of a message, or nothing when the message has no form in the protocol: then
     * nothing is sent (F13). */
    void (*encode)(const struct message *message, struct buf *out);
};

extern const struct codec binary_codec, json_codec, text_codec, mqtt_codec;

/* Never NULL. */
const struct codec *codec_of(enum protocol protocol);

/* ---- binary_decode.c, binary_encode.c ---- */

/* Reads one frame of ws-binary (protocol.md 2): varint length, Message; what follows it is
 * ignored, so that *rest is empty then. Lists are allocated from arena, texts are slices of frame. Strings must be UTF-8. A
 * message with more names than the limit, or than the arena has room for, is DECODED_INVALID;
 * whatever else is wrong makes it DECODED_UNKNOWN. */
enum decoded binary_decode_any(slice *rest, const struct message_limits *limits,
                               struct arena *arena, struct message *message, const char **problem);

/* The same for who needs no reason to answer: returns NULL, or what is wrong (static text); message
 * is then not to be used. */
const char *binary_decode(slice frame, const struct message_limits *limits, struct arena *arena,
                          struct message *message);

/* Appends the frame of a message: exactly the fields that are present and that the topic's message
 * type has; `action`, and every present scalar, also when it is 0, false or empty; but never an
 * empty `data` (protocol.md 2.2). */
void binary_encode(const struct message *message, struct buf *out);

/* ---- json_decode.c, json_encode.c ---- */

/* As the functions of a codec. What is not sent to clients is JSON on the bus of a cluster, too:
 * every topic, and every field that is present. */
enum decoded json_decode(slice *rest, const struct message_limits *limits, struct arena *arena,
                         struct message *message, const char **problem);
void json_encode(const struct message *message, struct buf *out);

/* ---- text_decode.c, text_encode.c ---- */

enum decoded text_decode(slice *rest, const struct message_limits *limits, struct arena *arena,
                         struct message *message, const char **problem);
void text_encode(const struct message *message, struct buf *out);
