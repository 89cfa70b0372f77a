/* Writes a YAML rule file anew: block style, two spaces for each level, one blank line between
 * sections, at most one where the author left some. A comment that stands alone keeps its place in
 * the order and is indented like the entries of the level it was written at; one beside text stays
 * on that line. */

#include "format.h"

#include "base/check.h"

struct frame {
    const struct layout_node *next_key; /* NULL: no more entries */
    uint32_t column; /* of the first key, in the original: where comments of this level stand */
    uint32_t indent;
    bool first; /* no entry was written yet */
};

struct writer {
    slice text;
    struct buf *out;
    struct comments comments;
    size_t next_comment;
    struct frame frames[LAYOUT_MAX_DEPTH];
    uint32_t depth;
    bool line_has_comment;
};

static bool is_break(char c)
{
    return c == '\n' || c == '\r';
}

static uint32_t line_start(slice text, uint32_t offset)
{
    while (offset > 0 && !is_break(text.at[offset - 1]))
        offset--;
    return offset;
}

static uint32_t column_of(slice text, uint32_t offset)
{
    return offset - line_start(text, offset);
}

/* Whether the line above the one of this byte is blank. */
static bool follows_blank(slice text, uint32_t offset)
{
    uint32_t i = line_start(text, offset);
    if (i == 0)
        return false;
    i -= i > 1 && text.at[i - 1] == '\n' && text.at[i - 2] == '\r' ? 2 : 1;
    while (i > 0 && (text.at[i - 1] == ' ' || text.at[i - 1] == '\t'))
        i--;
    return i == 0 || is_break(text.at[i - 1]);
}

/* ---- lines ---- */

static void start_line(struct writer *writer, uint32_t indent, bool blank)
{
    if (writer->out->length > 0)
        buf_append_text(writer->out, blank ? "\n\n" : "\n");
    buf_printf(writer->out, "%*s", (int)indent, "");
    writer->line_has_comment = false;
}

/* ---- comments ---- */

static slice comment_text(const struct writer *writer, const struct comment *comment)
{
    uint32_t end = comment->end;
    while (end > comment->start &&
           (writer->text.at[end - 1] == ' ' || writer->text.at[end - 1] == '\t'))
        end--;
    return slice_part(writer->text, comment->start, end);
}

static const struct comment *comment_before(const struct writer *writer, uint32_t limit)
{
    if (writer->next_comment == writer->comments.list.count)
        return NULL;
    const struct comment *comment = &writer->comments.list.items[writer->next_comment];
    return comment->start < limit ? comment : NULL;
}

/* Writes the comments beside text, as far as they come next. */
static void write_comments_beside(struct writer *writer, uint32_t limit)
{
    const struct comment *comment = comment_before(writer, limit);
    if (comment == NULL || comment->alone || writer->line_has_comment)
        return;
    buf_append_byte(writer->out, ' ');
    buf_append(writer->out, comment_text(writer, comment));
    writer->line_has_comment = true;
    writer->next_comment++;
}

/* Writes the comments before `limit` that stand at `column` or right of it, as lines of their own.
 * With `separate` the first of them starts a section. Returns whether there were any. */
static bool write_comments(struct writer *writer, uint32_t limit, uint32_t column, uint32_t indent,
                           bool separate)
{
    bool any = false;
    write_comments_beside(writer, limit);
    for (;;) {
        const struct comment *comment = comment_before(writer, limit);
        if (comment == NULL || (comment->alone && column_of(writer->text, comment->start) < column))
            return any;
        bool blank = comment->alone && follows_blank(writer->text, comment->start);
        start_line(writer, indent, any ? blank : blank || separate);
        buf_append(writer->out, comment_text(writer, comment));
        writer->next_comment++;
        any = true;
    }
}

/* ---- entries ---- */

/* Where the next entry of any open map starts, or the end of the file. */
static uint32_t next_start(const struct writer *writer)
{
    for (uint32_t i = writer->depth; i > 0; i--) {
        if (writer->frames[i - 1].next_key != NULL)
            return writer->frames[i - 1].next_key->start;
    }
    return (uint32_t)writer->text.length;
}

static bool push_map(struct writer *writer, const struct layout_node *map, uint32_t indent)
{
    if (writer->depth == LAYOUT_MAX_DEPTH)
        return false;
    writer->frames[writer->depth++] = (struct frame){
        .next_key = map->first,
        .column = map->first == NULL ? 0 : column_of(writer->text, map->first->start),
        .indent = indent,
        .first = true};
    return true;
}

static void pop_map(struct writer *writer)
{
    const struct frame *frame = &writer->frames[writer->depth - 1];
    write_comments(writer, next_start(writer), frame->column, frame->indent, false);
    writer->depth--;
}

static void append_properties(const struct layout_node *node, struct buf *out)
{
    if (node->anchor.length > 0)
        buf_printf(out, " &" SLICE_FORMAT, SLICE_ARGUMENTS(node->anchor));
    if (node->tag.length > 0)
        buf_printf(out, " " SLICE_FORMAT, SLICE_ARGUMENTS(node->tag));
}

static bool write_map(struct writer *writer, const struct layout_node *map, uint32_t indent)
{
    append_properties(map, writer->out);
    if (map->first != NULL)
        return push_map(writer, map, indent + 2);
    buf_append_text(writer->out, " {}");
    return true;
}

/* Only `<<` takes a list, and only of aliases. */
static bool write_list(struct writer *writer, const struct layout_node *list)
{
    const char *separator = " [";
    append_properties(list, writer->out);
    for (const struct layout_node *item = list->first; item != NULL; item = item->next) {
        if (item->kind != LAYOUT_ALIAS)
            return false;
        buf_printf(writer->out, "%s*" SLICE_FORMAT, separator, SLICE_ARGUMENTS(item->value));
        separator = ", ";
    }
    buf_append_text(writer->out, list->first == NULL ? " []" : "]");
    return true;
}

static void write_scalar(struct writer *writer, const struct layout_node *value, uint32_t indent)
{
    bool is_nothing = value->style == SCALAR_PLAIN && value->value.length == 0 &&
                      value->anchor.length == 0 && value->tag.length == 0;
    if (is_nothing)
        return;
    uint32_t column = (uint32_t)writer->out->length -
                      line_start(buf_slice(writer->out), (uint32_t)writer->out->length);
    enum format_shape shape = format_value_shape(writer->text, value, column + 1);
    buf_append_byte(writer->out, ' ');
    format_value(writer->text, value, shape, writer->out);
    if (shape == FORMAT_LINE)
        return;
    /* What stands beside the end of the value moves up beside its indicator. */
    write_comments_beside(writer, next_start(writer));
    format_block_lines(writer->text, value, indent + 2, writer->out);
    writer->line_has_comment = true;
}

static bool write_value(struct writer *writer, const struct layout_node *value, uint32_t indent)
{
    switch (value->kind) {
    case LAYOUT_MAP:
        return write_map(writer, value, indent);
    case LAYOUT_LIST:
        return write_list(writer, value);
    case LAYOUT_ALIAS:
        buf_printf(writer->out, " *" SLICE_FORMAT, SLICE_ARGUMENTS(value->value));
        return true;
    case LAYOUT_SCALAR:
        write_scalar(writer, value, indent);
        return true;
    }
    return false;
}

static bool write_entry(struct writer *writer)
{
    struct frame *frame = &writer->frames[writer->depth - 1];
    const struct layout_node *key = frame->next_key, *value = key->next;
    bool is_section = writer->depth == 1;
    bool separate = is_section && !frame->first;
    bool follows_comment = write_comments(writer, key->start, 0, frame->indent, separate);
    bool blank = follows_blank(writer->text, key->start) && !(frame->first && !is_section);
    start_line(writer, frame->indent, blank || (separate && !follows_comment));
    if (key->kind != LAYOUT_SCALAR)
        return false;
    uint32_t indent = frame->indent;
    frame->next_key = value->next;
    frame->first = false;
    format_key(key, writer->depth == 2, writer->out);
    buf_append_byte(writer->out, ':');
    return write_value(writer, value, indent);
}

static void write_start(struct writer *writer, const struct layout *layout)
{
    if (!layout->explicit_start)
        return;
    if (layout->version.length > 0) {
        start_line(writer, 0, false);
        buf_append(writer->out, layout->version);
    }
    write_comments(writer, layout->start, 0, 0, false);
    start_line(writer, 0, false);
    buf_append_text(writer->out, "---");
}

static bool write_all(struct writer *writer, const struct layout *layout)
{
    if (layout->root == NULL || layout->root->kind != LAYOUT_MAP ||
        layout->root->anchor.length > 0 || layout->root->tag.length > 0)
        return false;
    write_start(writer, layout);
    if (!push_map(writer, layout->root, 0))
        return false;
    while (writer->depth > 0) {
        if (writer->frames[writer->depth - 1].next_key == NULL)
            pop_map(writer);
        else if (!write_entry(writer))
            return false;
    }
    write_comments(writer, (uint32_t)writer->text.length, 0, 0, false);
    buf_append_byte(writer->out, '\n');
    return true;
}

bool format_yaml(slice text, struct arena *arena, struct buf *out)
{
    struct layout layout;
    if (!yaml_layout_read(text, arena, &layout))
        return false;
    struct writer writer = {.text = text, .out = out, .line_has_comment = true};
    comments_find(&writer.comments, text);
    bool written = write_all(&writer, &layout);
    comments_fini(&writer.comments);
    return written;
}
