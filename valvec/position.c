#include "position.h"

#include "base/vec.h"

typedef VEC(struct text_position) text_positions;

static void add_position(text_positions *list, const struct source *source, uint32_t text_offset,
                         uint32_t file_offset)
{
    struct source_position position = source_position(source, file_offset);
    VEC_PUSH(list, ((struct text_position){text_offset, position.line, position.column}));
}

/* A piece may run over line ends, where a position of its own begins. */
static void add_piece(text_positions *list, const struct mapped_text *text, uint32_t i)
{
    const struct text_piece *piece = &text->pieces[i];
    uint32_t end =
        i + 1 < text->piece_count ? text->pieces[i + 1].text_offset : (uint32_t)text->text.length;
    add_position(list, text->source, piece->text_offset, piece->file_offset);
    for (uint32_t at = piece->text_offset; at + 1 < end; at++) {
        if (text->text.at[at] == '\n')
            add_position(list, text->source, at + 1,
                         piece->file_offset + (at + 1 - piece->text_offset));
    }
}

const struct text_position *position_list(const struct mapped_text *text, struct arena *arena,
                                          uint32_t *count)
{
    text_positions list = {0};
    for (uint32_t i = 0; i < text->piece_count; i++)
        add_piece(&list, text, i);
    size_t size = list.count * sizeof *list.items;
    struct text_position *kept = memcpy(arena_alloc(arena, size), list.items, size);
    *count = (uint32_t)list.count;
    VEC_FREE(&list);
    return kept;
}
