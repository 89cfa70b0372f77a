/* The line table is built once; positions are found by halving it. */

#include "source.h"

#include "base/check.h"
#include "base/utf8.h"

static uint32_t line_end_length(slice text, uint32_t i)
{
    if (text.at[i] == '\n')
        return 1;
    if (text.at[i] == '\r')
        return i + 1 < text.length && text.at[i + 1] == '\n' ? 2 : 1;
    return 0;
}

/* Counts the lines; writes their starts when `starts` is not NULL. */
static uint32_t find_lines(slice text, uint32_t *starts)
{
    uint32_t count = 0;
    if (starts != NULL)
        starts[0] = 0;
    count++;
    for (uint32_t i = 0; i < text.length;) {
        uint32_t length = line_end_length(text, i);
        i += length == 0 ? 1 : length;
        if (length == 0)
            continue;
        if (starts != NULL)
            starts[count] = i;
        count++;
    }
    return count;
}

void source_init(struct source *source, slice name, slice text, struct arena *arena)
{
    CHECK(text.length < UINT32_MAX);
    uint32_t count = find_lines(text, NULL);
    uint32_t *starts = arena_alloc(arena, count * sizeof *starts);
    find_lines(text, starts);
    *source = (struct source){name, text, starts, count};
}

/* The number, from 0, of the line that holds offset. */
static uint32_t line_of(const struct source *source, uint32_t offset)
{
    uint32_t low = 0, high = source->line_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (source->line_starts[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    return low;
}

struct source_position source_position(const struct source *source, uint32_t offset)
{
    uint32_t length = (uint32_t)source->text.length;
    if (offset > length)
        offset = length;
    uint32_t line = line_of(source, offset);
    slice before = slice_part(source->text, source->line_starts[line], offset);
    return (struct source_position){line + 1, (uint32_t)utf8_count(before) + 1};
}

slice source_line(const struct source *source, uint32_t line)
{
    CHECK(line >= 1 && line <= source->line_count);
    uint32_t start = source->line_starts[line - 1];
    uint32_t end = start;
    while (end < source->text.length && line_end_length(source->text, end) == 0)
        end++;
    return slice_part(source->text, start, end);
}

uint32_t mapped_text_piece(const struct mapped_text *text, uint32_t text_offset)
{
    uint32_t low = 0, high = text->piece_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (text->pieces[middle].text_offset <= text_offset)
            low = middle;
        else
            high = middle;
    }
    return low;
}

uint32_t mapped_text_file_offset(const struct mapped_text *text, uint32_t text_offset)
{
    const struct text_piece *piece = &text->pieces[mapped_text_piece(text, text_offset)];
    return piece->file_offset + (text_offset - piece->text_offset);
}
