/* Composition of two maps: decoded text -> origin, and origin -> file. A run of the first is cut
 * where a piece of the second begins, so the pieces of the result lead straight to the file. */

#include "document/text_map.h"

#include "base/check.h"

void text_map_init(struct text_map *map, const struct mapped_text *origin)
{
    *map = (struct text_map){.origin = origin};
}

static void add_piece(struct text_map *map, uint32_t text_offset, uint32_t file_offset)
{
    if (map->pieces.count > 0) {
        struct text_piece *last = &map->pieces.items[map->pieces.count - 1];
        if (last->text_offset == text_offset) {
            last->file_offset = file_offset;
            return;
        }
        if (file_offset - last->file_offset == text_offset - last->text_offset)
            return;
    }
    VEC_PUSH(&map->pieces, ((struct text_piece){text_offset, file_offset}));
}

void text_map_run(struct text_map *map, uint32_t text_offset, uint32_t origin_offset,
                  uint32_t length)
{
    const struct mapped_text *origin = map->origin;
    uint32_t i = mapped_text_piece(origin, origin_offset);
    add_piece(map, text_offset,
              origin->pieces[i].file_offset + (origin_offset - origin->pieces[i].text_offset));
    for (i++; i < origin->piece_count; i++) {
        const struct text_piece *piece = &origin->pieces[i];
        if (piece->text_offset - origin_offset >= length)
            break;
        add_piece(map, text_offset + (piece->text_offset - origin_offset), piece->file_offset);
    }
}

struct mapped_text text_map_finish(struct text_map *map, slice text, struct arena *arena)
{
    size_t size = map->pieces.count * sizeof *map->pieces.items;
    CHECK(map->pieces.count > 0 && map->pieces.items[0].text_offset == 0);
    struct text_piece *pieces = arena_alloc(arena, size);
    memcpy(pieces, map->pieces.items, size);
    struct mapped_text mapped = {text, map->origin->source, pieces, (uint32_t)map->pieces.count};
    VEC_FREE(&map->pieces);
    return mapped;
}

struct mapped_text text_map_point(const struct mapped_text *origin, uint32_t origin_offset,
                                  slice text, struct arena *arena)
{
    struct text_map map;
    text_map_init(&map, origin);
    text_map_run(&map, 0, origin_offset, 0);
    return text_map_finish(&map, text, arena);
}

struct mapped_text text_map_whole(const struct source *source, struct arena *arena)
{
    struct text_piece *piece = arena_alloc(arena, sizeof *piece);
    *piece = (struct text_piece){0, 0};
    return (struct mapped_text){source->text, source, piece, 1};
}
