#pragma once
/* Base64 as tokens write it (RFC 4648, section 5, without padding). */

#include "base/arena.h"

/* Decodes into arena. False when text is anything but the one spelling of some bytes. Text is of
 * bounded length. */
bool base64url_decode(slice text, struct arena *arena, slice *bytes);
