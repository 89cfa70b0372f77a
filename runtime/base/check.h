#pragma once
/* CHECK states what a caller or we ourselves promised. It is always on, has no side effects and
 * ends the process with file and line: a broken promise is a bug, never bad input. */

#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                                           \
    ((condition) ? (void)0 : check_failed(#condition, __FILE__, __LINE__))

_Noreturn static inline void check_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "%s:%d: broken promise: %s\n", file, line, condition);
    abort();
}
