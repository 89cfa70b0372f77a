#include "base/slice.h"

#include "base/check.h"

#include <stdlib.h>

char *slice_to_text(slice s)
{
    char *text = malloc(s.length + 1);
    CHECK(text != NULL);
    if (s.length > 0)
        memcpy(text, s.at, s.length);
    text[s.length] = '\0';
    return text;
}

slice slice_copy(slice s)
{
    return (slice){slice_to_text(s), s.length};
}

void slice_free(slice *s)
{
    free((char *)(uintptr_t)s->at);
    *s = (slice){NULL, 0};
}
