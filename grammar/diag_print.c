/* One diagnostic for a terminal: head, quoted line, caret, hint. What a file holds is shown in a
 * form that cannot steer the terminal. */

#include "diag.h"

#include "base/utf8.h"

/* A quoted line wider than this is cut around the caret. */
#define QUOTE_COLUMNS 120u
#define CONTEXT_BEFORE_CARET 60u

struct palette {
    const char *bold, *severity[3], *dim, *reset;
};

static const struct palette COLOURS = {
    "\033[1m", {"\033[1;31m", "\033[1;35m", "\033[1;36m"}, "\033[34m", "\033[0m"};
static const struct palette PLAIN = {"", {"", "", ""}, "", ""};
static const char *const SEVERITY_NAMES[] = {"error", "warning", "note"};

static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029 ||
           (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

/* Appends one character as it may be shown; returns the columns it takes. */
static uint32_t append_character(struct buf *out, uint32_t c)
{
    if (c == '\t') {
        buf_append_byte(out, ' ');
        return 1;
    }
    if (is_control(c) || (c >= 0xD800 && c < 0xE000)) {
        size_t before = out->length;
        buf_printf(out, "\\u%04X", c);
        return (uint32_t)(out->length - before);
    }
    char bytes[4];
    buf_append(out, (slice){bytes, utf8_encode(c, bytes)});
    return 1;
}

void diagnostic_print_text(slice text, struct buf *out)
{
    for (size_t i = 0; i < text.length;)
        append_character(out, utf8_next(text, &i));
}

/* The part of a line that is quoted, and where in it the caret stands; byte offsets of the line. */
struct quote {
    slice line;
    uint32_t from, to;         /* what is shown */
    uint32_t caret, caret_end; /* what is underlined, within [from, to] */
};

static uint32_t step_back(slice line, uint32_t offset, uint32_t characters)
{
    while (offset > 0 && characters > 0) {
        offset--;
        if (((unsigned char)line.at[offset] & 0xC0) != 0x80)
            characters--;
    }
    return offset;
}

static uint32_t step_on(slice line, uint32_t offset, uint32_t characters)
{
    while (offset < line.length && characters > 0) {
        size_t next = offset;
        utf8_next(line, &next);
        offset = (uint32_t)next;
        characters--;
    }
    return offset;
}

/* Looks no further than that many characters need. */
static bool has_more_characters(slice text, uint32_t characters)
{
    return text.length > (size_t)characters * 4 || utf8_count(text) > characters;
}

/* Quotes the line that `start` is in; underlines from there to `end`. */
static struct quote quote_line(const struct source *source, uint32_t line_number, uint32_t start,
                               uint32_t end)
{
    slice line = source_line(source, line_number);
    uint32_t line_start = source->line_starts[line_number - 1];
    uint32_t length = (uint32_t)line.length;
    uint32_t caret = start - line_start, caret_end = end - line_start;
    caret = caret > length ? length : caret;
    caret_end = caret_end > length ? length : caret_end;
    uint32_t from = 0;
    if (has_more_characters(slice_part(line, 0, caret), CONTEXT_BEFORE_CARET) &&
        has_more_characters(line, QUOTE_COLUMNS))
        from = step_back(line, caret, CONTEXT_BEFORE_CARET);
    uint32_t to = step_on(line, from, QUOTE_COLUMNS);
    return (struct quote){line, from, to, caret, caret_end > to ? to : caret_end};
}

/* Columns that the bytes [from, to) take when shown. */
static uint32_t shown_columns(slice line, uint32_t from, uint32_t to)
{
    struct buf scratch = BUF_EMPTY;
    uint32_t columns = 0;
    for (size_t i = from; i < to;)
        columns += append_character(&scratch, utf8_next(line, &i));
    buf_fini(&scratch);
    return columns;
}

static void print_caret(const struct quote *quote, struct buf *out)
{
    uint32_t indent = shown_columns(quote->line, quote->from, quote->caret);
    uint32_t width = shown_columns(quote->line, quote->caret, quote->caret_end);
    if (quote->from > 0)
        indent += 3; /* the "..." before a cut line */
    for (uint32_t i = 0; i < indent; i++)
        buf_append_byte(out, ' ');
    buf_append_byte(out, '^');
    for (uint32_t i = 1; i < width; i++)
        buf_append_byte(out, '~');
}

void diagnostic_print_line(const struct source *source, uint32_t start, uint32_t end,
                           enum severity severity, struct buf *out, bool colour)
{
    const struct palette *palette = colour ? &COLOURS : &PLAIN;
    uint32_t line_number = source_position(source, start).line;
    struct quote quote = quote_line(source, line_number, start, end);
    buf_printf(out, "%s%5u |%s ", palette->dim, line_number, palette->reset);
    if (quote.from > 0)
        buf_append_text(out, "...");
    diagnostic_print_text(slice_part(quote.line, quote.from, quote.to), out);
    if (quote.to < quote.line.length)
        buf_append_text(out, "...");
    buf_printf(out, "\n%s      |%s %s", palette->dim, palette->reset, palette->severity[severity]);
    print_caret(&quote, out);
    buf_printf(out, "%s\n", palette->reset);
}

void diagnostic_print(const struct diagnostic *diagnostic, struct buf *out, bool colour)
{
    const struct palette *palette = colour ? &COLOURS : &PLAIN;
    const struct diagnostic_info *info = diagnostic_info(diagnostic->id);
    struct source_position position = source_position(diagnostic->source, diagnostic->start);
    buf_append_text(out, palette->bold);
    diagnostic_print_text(diagnostic->source->name, out);
    buf_printf(out, ":%u:%u:%s %s%s:%s %s", position.line, position.column, palette->reset,
               palette->severity[info->severity], SEVERITY_NAMES[info->severity], palette->reset,
               palette->bold);
    diagnostic_print_text(diagnostic->message, out);
    buf_printf(out, "%s [%s]\n", palette->reset, info->id);
    diagnostic_print_line(diagnostic->source, diagnostic->start, diagnostic->end, info->severity,
                          out, colour);
    if (diagnostic->hint.length > 0) {
        buf_append_text(out, "      = hint: ");
        diagnostic_print_text(diagnostic->hint, out);
        buf_append_byte(out, '\n');
    }
}
