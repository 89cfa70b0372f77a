#include "transport/ws/utf8.h"

#define HIGH_BITS UINT64_C(0x8080808080808080)

/* The first index from i on whose byte is not ASCII. */
static size_t skip_ascii(slice piece, size_t i)
{
    for (uint64_t word; piece.length - i >= sizeof word; i += sizeof word) {
        memcpy(&word, piece.at + i, sizeof word);
        if ((word & HIGH_BITS) != 0)
            break;
    }
    while (i < piece.length && (unsigned char)piece.at[i] < 0x80)
        i++;
    return i;
}

/* The second byte decides whether a character is overlong, a surrogate or too large. */
static bool start_character(struct ws_utf8 *state, unsigned char lead)
{
    if (lead < 0xC2 || lead > 0xF4)
        return false;
    state->missing = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    state->low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    state->high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    return true;
}

bool ws_utf8_check(struct ws_utf8 *state, slice piece)
{
    for (size_t i = 0; i < piece.length; i++) {
        unsigned char byte = (unsigned char)piece.at[i];
        if (state->missing > 0) {
            if (byte < state->low || byte > state->high)
                return false;
            state->missing--;
            state->low = 0x80;
            state->high = 0xBF;
            continue;
        }
        i = skip_ascii(piece, i);
        if (i < piece.length && !start_character(state, (unsigned char)piece.at[i]))
            return false;
    }
    return true;
}
