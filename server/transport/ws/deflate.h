#pragma once
/* permessage-deflate (RFC 7692): one message at a time, nothing kept between messages, so one pair
 * of compressors serves all connections of a server. */

#include "base/buf.h"

#define WS_WINDOW_BITS_MIN 8
#define WS_WINDOW_BITS_MAX 15

/* What zlib cannot do: a window of 256 bytes. Such peers get what is longer plain. */
#define WS_WINDOW_BYTES_MIN 256

struct ws_deflate;

struct ws_deflate *ws_deflate_new(void);
void ws_deflate_free(struct ws_deflate **deflate);

/* Appends the compressed message. False, and nothing is appended, when that is not shorter, or the
 * window of the peer is too small. */
bool ws_deflate_message(struct ws_deflate *deflate, slice message, unsigned window_bits,
                        struct buf *out);

enum ws_inflated { WS_INFLATED, WS_INFLATED_TOO_LARGE, WS_INFLATED_BAD };

/* Appends what a compressed message means, of at most max_bytes; memory is used for no more. */
enum ws_inflated ws_inflate_message(struct ws_deflate *deflate, slice compressed, size_t max_bytes,
                                    struct buf *out);
