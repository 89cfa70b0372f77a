#pragma once
/* The text of one file, and where its bytes stand: byte offset -> line and column. */

#include "base/arena.h"
#include "base/slice.h"

#include <stdint.h>

#define SOURCE_BLOCK_BYTES 1024u

struct source {
    slice name; /* as messages show it */
    slice text;
    const uint32_t *line_starts; /* byte offset of each line; LF, CRLF and CR end lines */
    uint32_t line_count;
    const uint32_t *characters; /* characters before each block of SOURCE_BLOCK_BYTES */
};

struct source_position {
    uint32_t line, column; /* from 1; columns count characters (code points) */
};

/* name and text are borrowed; the tables live in arena. text must be below 4 GiB. */
void source_init(struct source *source, slice name, slice text, struct arena *arena);

/* Takes about the same time wherever offset is, also in a file of one long line. */
struct source_position source_position(const struct source *source, uint32_t offset);

/* A line (from 1) without its line ending. */
slice source_line(const struct source *source, uint32_t line);

/* ---- text that was decoded from a file ---- */

/* A rule's expression is not a plain slice of its file: YAML folds lines and decodes escapes. Each
 * piece says: from this offset of the decoded text on, bytes stand in the file from `file_offset`
 * on, one for one, up to the next piece. */
struct text_piece {
    uint32_t text_offset;
    uint32_t file_offset;
};

struct mapped_text {
    slice text;
    const struct source *source;
    const struct text_piece *pieces; /* ascending, the first at 0 */
    uint32_t piece_count;
};

/* The number of the piece that holds a byte of the decoded text (or its end). */
uint32_t mapped_text_piece(const struct mapped_text *text, uint32_t text_offset);

/* Where that byte stands in the file. */
uint32_t mapped_text_file_offset(const struct mapped_text *text, uint32_t text_offset);
