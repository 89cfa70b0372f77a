#include "position.h"

#include "base/utf8.h"
#include "base/vec.h"

void position_cursor_init(struct position_cursor *cursor, const struct source *source)
{
    *cursor = (struct position_cursor){source, 0, {1, 1}};
}

struct source_position position_cursor_find(struct position_cursor *cursor, uint32_t offset)
{
    const struct source *source = cursor->source;
    uint32_t line = cursor->position.line;
    bool is_on_line = offset >= cursor->offset &&
                      (line == source->line_count || offset < source->line_starts[line]);
    if (is_on_line) {
        slice between = slice_part(source->text, cursor->offset, offset);
        cursor->position.column += (uint32_t)utf8_count(between);
    } else {
        cursor->position = source_position(source, offset);
    }
    cursor->offset = offset;
    return cursor->position;
}

typedef VEC(struct text_position) text_positions;

static void add_position(struct position_cursor *cursor, text_positions *list, uint32_t text_offset,
                         uint32_t file_offset)
{
    struct source_position position = position_cursor_find(cursor, file_offset);
    VEC_PUSH(list, ((struct text_position){text_offset, position.line, position.column}));
}

/* A piece may run over line ends, where a position of its own begins. */
static void add_piece(struct position_cursor *cursor, text_positions *list,
                      const struct mapped_text *text, uint32_t i)
{
    const struct text_piece *piece = &text->pieces[i];
    uint32_t end =
        i + 1 < text->piece_count ? text->pieces[i + 1].text_offset : (uint32_t)text->text.length;
    add_position(cursor, list, piece->text_offset, piece->file_offset);
    for (uint32_t at = piece->text_offset; at + 1 < end; at++) {
        if (text->text.at[at] == '\n')
            add_position(cursor, list, at + 1, piece->file_offset + (at + 1 - piece->text_offset));
    }
}

const struct text_position *position_list(struct position_cursor *cursor,
                                          const struct mapped_text *text, struct arena *arena,
                                          uint32_t *count)
{
    text_positions list = {0};
    for (uint32_t i = 0; i < text->piece_count; i++)
        add_piece(cursor, &list, text, i);
    size_t size = list.count * sizeof *list.items;
    struct text_position *kept = memcpy(arena_alloc(arena, size), list.items, size);
    *count = (uint32_t)list.count;
    VEC_FREE(&list);
    return kept;
}
