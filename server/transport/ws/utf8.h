#pragma once
/* Is a text that comes in pieces UTF-8? Told at the first byte that cannot be (RFC 3629 strictly).
 */

#include "base/slice.h"

struct ws_utf8 {
    uint8_t missing;   /* bytes of the character that is under way */
    uint8_t low, high; /* what the next of them may be */
};

#define WS_UTF8_START ((struct ws_utf8){0})

/* False as soon as the text so far cannot be the beginning of one in UTF-8. */
bool ws_utf8_check(struct ws_utf8 *state, slice piece);

/* Whether the text may end here: no character is under way. */
static inline bool ws_utf8_is_whole(const struct ws_utf8 *state)
{
    return state->missing == 0;
}
