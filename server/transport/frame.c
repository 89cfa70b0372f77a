/* Counted frames: what a fan-out shares among its receivers (outlet.h). */

#include "transport/outlet.h"

#include "base/check.h"

#include <stdlib.h>

struct frame *frame_new(size_t length)
{
    CHECK(length <= SIZE_MAX / 2);
    struct frame *frame = malloc(sizeof *frame + length);
    CHECK(frame != NULL);
    *frame = (struct frame){.references = 1, .length = length};
    return frame;
}

struct frame *frame_retain(struct frame *frame)
{
    frame->references++;
    return frame;
}

void frame_release(struct frame **frame)
{
    struct frame *released = *frame;
    *frame = NULL;
    if (released == NULL || --released->references > 0)
        return;
    if (released->deflated != NULL && released->deflated != released &&
        --released->deflated->references == 0)
        free(released->deflated);
    free(released);
}
