/* Finds where each byte of a decoded scalar stands: walks the raw scalar and the decoded text side
 * by side. The YAML reader has decided already what the text is; here its steps are only retraced,
 * and where they cannot be, the walk stops at the last certain place, which keeps the line right.
 */

#include "document/scalar.h"

#include "document/text_map.h"
#include "base/utf8.h"

struct walk {
    struct text_map map;
    slice raw; /* the whole origin */
    slice decoded;
    uint32_t at, end; /* in raw */
    uint32_t done;    /* of decoded */
};

static char raw_at(const struct walk *walk, uint32_t i)
{
    return i < walk->end ? walk->raw.at[i] : '\0';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_break(char c)
{
    return c == '\n' || c == '\r';
}

static uint32_t skip_blanks(const struct walk *walk, uint32_t i)
{
    while (is_blank(raw_at(walk, i)))
        i++;
    return i;
}

/* Past one line break at i. */
static uint32_t skip_break(const struct walk *walk, uint32_t i)
{
    return i + (raw_at(walk, i) == '\r' && raw_at(walk, i + 1) == '\n' ? 2 : 1);
}

static uint32_t line_end(const struct walk *walk, uint32_t i)
{
    while (i < walk->end && !is_break(walk->raw.at[i]))
        i++;
    return i;
}

/* Takes the equal bytes of both texts, at most up to raw offset `stop`. */
static void take_equal(struct walk *walk, uint32_t stop)
{
    uint32_t length = 0;
    while (walk->at + length < stop && walk->done + length < walk->decoded.length &&
           walk->raw.at[walk->at + length] == walk->decoded.at[walk->done + length])
        length++;
    text_map_run(&walk->map, walk->done, walk->at, length);
    walk->at += length;
    walk->done += length;
}

/* The decoded side of a fold: one space, or the line feeds that blank lines became. */
static void take_folded(struct walk *walk, uint32_t place)
{
    text_map_run(&walk->map, walk->done, place, 0);
    if (walk->done < walk->decoded.length && walk->decoded.at[walk->done] == ' ') {
        walk->done++;
        return;
    }
    while (walk->done < walk->decoded.length && walk->decoded.at[walk->done] == '\n')
        walk->done++;
}

/* Past breaks, blank lines and the indentation of the next line with text. */
static uint32_t skip_fold(const struct walk *walk, uint32_t i)
{
    for (;;) {
        i = skip_blanks(walk, i);
        if (i >= walk->end || !is_break(walk->raw.at[i]))
            return i;
        i = skip_break(walk, i);
    }
}

/* ---- plain and quoted ---- */

/* Takes blanks, and the fold that they are part of when a break follows them. */
static void take_blanks(struct walk *walk)
{
    uint32_t after = skip_blanks(walk, walk->at);
    if (after >= walk->end || !is_break(walk->raw.at[after])) {
        take_equal(walk, after);
        return;
    }
    take_folded(walk, after);
    walk->at = skip_fold(walk, after);
}

static uint32_t escape_length(char kind)
{
    return kind == 'x' ? 4 : kind == 'u' ? 6 : kind == 'U' ? 10 : 2;
}

static void take_escape(struct walk *walk)
{
    uint32_t place = walk->at;
    char kind = raw_at(walk, walk->at + 1);
    if (is_break(kind)) {
        walk->at = skip_fold(walk, walk->at + 1);
        return;
    }
    size_t next = walk->done;
    utf8_next(walk->decoded, &next);
    text_map_run(&walk->map, walk->done, place, 1);
    walk->done = (uint32_t)next;
    walk->at += escape_length(kind);
}

static bool take_step(struct walk *walk, enum scalar_style style)
{
    uint32_t start = walk->at, before = walk->done;
    char c = raw_at(walk, walk->at);
    if (style == SCALAR_DOUBLE_QUOTED && c == '\\') {
        take_escape(walk);
        return walk->at <= walk->end;
    }
    if (is_blank(c) || is_break(c)) {
        take_blanks(walk);
        return walk->at > start;
    }
    take_equal(walk, walk->at + 1);
    if (style == SCALAR_SINGLE_QUOTED && c == '\'')
        walk->at++;
    return walk->done > before;
}

static void walk_flow(struct walk *walk, enum scalar_style style)
{
    text_map_run(&walk->map, 0, walk->at, 0);
    while (walk->done < walk->decoded.length && walk->at < walk->end) {
        if (!take_step(walk, style))
            return;
    }
}

/* ---- literal and folded ---- */

/* A line of a literal block is a line of its text, less the indentation. */
static void walk_literal(struct walk *walk)
{
    while (walk->done < walk->decoded.length && walk->at < walk->end) {
        const char *rest = walk->decoded.at + walk->done;
        const char *feed = memchr(rest, '\n', walk->decoded.length - walk->done);
        uint32_t length =
            feed == NULL ? (uint32_t)walk->decoded.length - walk->done : (uint32_t)(feed - rest);
        uint32_t stop = line_end(walk, walk->at);
        if (length > stop - walk->at)
            return;
        text_map_run(&walk->map, walk->done, stop - length, length);
        walk->done += length + 1;
        walk->at = skip_break(walk, stop);
    }
}

static uint32_t count_spaces(slice text, uint32_t from)
{
    uint32_t count = 0;
    while (from + count < text.length && text.at[from + count] == ' ')
        count++;
    return count;
}

static void walk_folded(struct walk *walk)
{
    if (walk->done < walk->decoded.length && walk->decoded.at[walk->done] == '\n')
        take_folded(walk, walk->at);
    walk->at = skip_fold(walk, walk->at);
    uint32_t kept = count_spaces(walk->decoded, walk->done);
    for (;;) {
        walk->at -= kept;
        uint32_t stop = line_end(walk, walk->at);
        take_equal(walk, stop);
        if (walk->at < stop || walk->done >= walk->decoded.length)
            return;
        uint32_t next = skip_fold(walk, stop);
        take_folded(walk, stop);
        if (next >= walk->end)
            return;
        walk->at = next;
        kept = count_spaces(walk->decoded, walk->done);
    }
}

/* ---- all ---- */

/* Past `&anchor` and `!tag` before the scalar. */
static void skip_properties(struct walk *walk)
{
    while (raw_at(walk, walk->at) == '&' || raw_at(walk, walk->at) == '!') {
        while (walk->at < walk->end && !is_blank(walk->raw.at[walk->at]) &&
               !is_break(walk->raw.at[walk->at]))
            walk->at++;
        walk->at = skip_fold(walk, walk->at);
    }
}

struct mapped_text scalar_map(const struct mapped_text *origin, uint32_t start, uint32_t end,
                              enum scalar_style style, slice decoded, struct arena *arena)
{
    struct walk walk = {.raw = origin->text, .decoded = decoded, .at = start, .end = end};
    text_map_init(&walk.map, origin);
    skip_properties(&walk);
    text_map_run(&walk.map, 0, walk.at, 0);
    switch (style) {
    case SCALAR_SINGLE_QUOTED:
    case SCALAR_DOUBLE_QUOTED:
        walk.at++;
        walk_flow(&walk, style);
        break;
    case SCALAR_PLAIN:
        walk_flow(&walk, style);
        break;
    case SCALAR_LITERAL:
    case SCALAR_FOLDED:
        walk.at = skip_break(&walk, line_end(&walk, walk.at));
        if (style == SCALAR_LITERAL)
            walk_literal(&walk);
        else
            walk_folded(&walk);
        break;
    }
    return text_map_finish(&walk.map, decoded, arena);
}
