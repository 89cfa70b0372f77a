/* Counted frames: what a fan-out shares among its receivers (connections.h). */

#include "deepstream/plugin/connections.h"

#include "base/check.h"

#include <stdlib.h>

struct ds_frame *ds_frame_new(size_t length)
{
    CHECK(length <= SIZE_MAX / 2);
    struct ds_frame *frame = malloc(sizeof *frame + length);
    CHECK(frame != NULL);
    *frame = (struct ds_frame){.references = 1, .length = length};
    return frame;
}

struct ds_frame *ds_frame_retain(struct ds_frame *frame)
{
    frame->references++;
    return frame;
}

void ds_frame_release(struct ds_frame **frame)
{
    struct ds_frame *released = *frame;
    *frame = NULL;
    if (released == NULL || --released->references > 0)
        return;
    if (released->deflated != NULL && released->deflated != released &&
        --released->deflated->references == 0)
        free(released->deflated);
    free(released);
}
