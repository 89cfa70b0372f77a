/* Pieces of the input, separated by zero bytes: which paths are wanted, a name, then paths.
 * Look-ups, captures and proofs of inclusion are compared with the reference in tests/support. */

#include "support/pattern_check.h"

#include "base/utf8.h"

#include <stdint.h>
#include <stdlib.h>

#define MAX_PATHS 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static slice next_piece(slice text, size_t *position)
{
    size_t start = *position, end = start;
    while (end < text.length && text.at[end] != '\0')
        end++;
    *position = end < text.length ? end + 1 : end;
    return slice_part(text, start, end);
}

/* No bytes: everything is wanted. */
static uint64_t read_bits(slice bytes)
{
    uint64_t bits = bytes.length == 0 ? UINT64_MAX : 0;
    for (size_t i = 0; i < bytes.length; i++)
        bits = bits << 8 | (unsigned char)bytes.at[i];
    return bits;
}

static void check(slice text)
{
    slice paths[MAX_PATHS];
    size_t position = 0;
    uint32_t count = 0;
    uint64_t wanted = read_bits(next_piece(text, &position));
    slice name = next_piece(text, &position);
    while (position < text.length && count < MAX_PATHS)
        paths[count++] = next_piece(text, &position);
    if (count > 0)
        pattern_check(name, wanted, paths, count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size + 1); /* every piece ends with a zero byte */
    if (copy == NULL)
        return 0;
    memcpy(copy, data, size);
    copy[size] = '\0';
    if (utf8_valid((slice){copy, size}, true))
        check((slice){copy, size});
    free(copy);
    return 0;
}
