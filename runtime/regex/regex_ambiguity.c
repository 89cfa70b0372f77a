#include "regex/regex_internal.h"
bool regex_is_catastrophic(slice pattern, slice flags, size_t *offset, size_t *length)
{
    (void)pattern;
    (void)flags;
    (void)offset;
    (void)length;
    return false;
}
