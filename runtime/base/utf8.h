#pragma once
/* UTF-8, in the generalised form that also encodes lone surrogates (three bytes each), because a text
 * of the rule language is a sequence of UTF-16 units that need not be paired (valve.md 5.1). A high
 * surrogate followed by a low one is always stored as the four bytes of the one character they mean,
 * so equal texts are equal bytes. Callers pass well-formed text unless a function says otherwise. */

#include "base/slice.h"

#include <stdint.h>

/* The code point that starts at *position, which moves past it. Malformed bytes give U+FFFD and move
 * by one; so the function is safe on any bytes. */
uint32_t utf8_next(slice text, size_t *position);

/* Writes code_point (at most 0x10FFFF, surrogates allowed) to out, up to 4 bytes; returns how many. */
size_t utf8_encode(uint32_t code_point, char *out);

/* Whether text is well formed. With surrogates false, RFC 3629 strictly; with true, lone surrogates
 * pass and a pair spelt as two surrogates does not. */
bool utf8_valid(slice text, bool allow_surrogates);

/* Number of code points of well-formed text. */
size_t utf8_count(slice text);
