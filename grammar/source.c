/* Two tables are built once: where lines start, and how many characters stand before each block. */

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

static const uint32_t *count_characters(slice text, struct arena *arena)
{
    size_t blocks = text.length / SOURCE_BLOCK_BYTES + 1;
    uint32_t *characters = arena_alloc(arena, blocks * sizeof *characters);
    characters[0] = 0;
    for (size_t i = 1; i < blocks; i++) {
        slice block = slice_part(text, (i - 1) * SOURCE_BLOCK_BYTES, i * SOURCE_BLOCK_BYTES);
        characters[i] = characters[i - 1] + (uint32_t)utf8_count(block);
    }
    return characters;
}

void source_init(struct source *source, slice name, slice text, struct arena *arena)
{
    CHECK(text.length < UINT32_MAX);
    uint32_t count = find_lines(text, NULL);
    uint32_t *starts = arena_alloc(arena, count * sizeof *starts);
    find_lines(text, starts);
    *source = (struct source){name, text, starts, count, count_characters(text, arena)};
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

/* How many characters start before offset. */
static uint32_t characters_before(const struct source *source, uint32_t offset)
{
    uint32_t block = offset / SOURCE_BLOCK_BYTES;
    slice rest = slice_part(source->text, (size_t)block * SOURCE_BLOCK_BYTES, offset);
    return source->characters[block] + (uint32_t)utf8_count(rest);
}

struct source_position source_position(const struct source *source, uint32_t offset)
{
    uint32_t length = (uint32_t)source->text.length;
    if (offset > length)
        offset = length;
    uint32_t line = line_of(source, offset);
    uint32_t before =
        characters_before(source, offset) - characters_before(source, source->line_starts[line]);
    return (struct source_position){line + 1, before + 1};
}

slice source_line(const struct source *source, uint32_t line)
{
    CHECK(line >= 1 && line <= source->line_count);
    uint32_t start = source->line_starts[line - 1];
    uint32_t end =
        line < source->line_count ? source->line_starts[line] : (uint32_t)source->text.length;
    while (end > start && (source->text.at[end - 1] == '\n' || source->text.at[end - 1] == '\r'))
        end--;
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
