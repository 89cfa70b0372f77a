#pragma once
/* Builds the map from a decoded text back to the file it was decoded from, run by run. */

#include "source.h"
#include "base/vec.h"

/* Between text_map_init and text_map_finish. `origin` is what was decoded from: the file, or the
 * file after environment variables were put in; offsets of runs are offsets of origin's text. */
struct text_map {
    const struct mapped_text *origin;
    VEC(struct text_piece) pieces;
};

void text_map_init(struct text_map *map, const struct mapped_text *origin);

/* From text_offset on, `length` bytes of the decoded text stand one for one in the origin. Runs
 * come in ascending order of text_offset. A run of length 0 only fixes where its offset stands. */
void text_map_run(struct text_map *map, uint32_t text_offset, uint32_t origin_offset,
                  uint32_t length);

/* Returns the mapped text, which borrows `text` and keeps its pieces in arena. Frees what the map
 * held. There must have been a run at 0. */
struct mapped_text text_map_finish(struct text_map *map, slice text, struct arena *arena);

/* A text of which every byte is said to stand at one place. */
struct mapped_text text_map_point(const struct mapped_text *origin, uint32_t origin_offset,
                                  slice text, struct arena *arena);

/* The text of a file as it is. */
struct mapped_text text_map_whole(const struct source *source, struct arena *arena);
