/* JSON with one member or item a line, indented by two spaces. Texts and numbers stay as written.
 */

#include "format.h"

struct writer {
    slice text;
    size_t at;
    uint32_t depth;
    struct buf *out;
};

static void new_line(struct writer *writer)
{
    buf_printf(writer->out, "\n%*s", (int)(writer->depth * 2), "");
}

static size_t text_end(slice text, size_t start)
{
    size_t i = start + 1;
    while (i < text.length && text.at[i] != '"')
        i += text.at[i] == '\\' ? 2 : 1;
    return i + 1 < text.length ? i + 1 : text.length;
}

static size_t skip_space(slice text, size_t i)
{
    while (i < text.length && strchr(" \t\r\n", text.at[i]) != NULL && text.at[i] != '\0')
        i++;
    return i;
}

static void write_open(struct writer *writer)
{
    size_t next = skip_space(writer->text, writer->at + 1);
    bool empty = next < writer->text.length &&
                 (writer->text.at[next] == '}' || writer->text.at[next] == ']');
    buf_append_byte(writer->out, writer->text.at[writer->at]);
    if (empty) {
        buf_append_byte(writer->out, writer->text.at[next]);
        writer->at = next + 1;
        return;
    }
    writer->depth++;
    new_line(writer);
    writer->at++;
}

static void write_close(struct writer *writer)
{
    if (writer->depth > 0)
        writer->depth--;
    new_line(writer);
    buf_append_byte(writer->out, writer->text.at[writer->at++]);
}

static void write_token(struct writer *writer)
{
    size_t end;
    switch (writer->text.at[writer->at]) {
    case '{':
    case '[':
        write_open(writer);
        return;
    case '}':
    case ']':
        write_close(writer);
        return;
    case ',':
        buf_append_byte(writer->out, ',');
        new_line(writer);
        writer->at++;
        return;
    case ':':
        buf_append_text(writer->out, ": ");
        writer->at++;
        return;
    case '"':
        end = text_end(writer->text, writer->at);
        buf_append(writer->out, slice_part(writer->text, writer->at, end));
        writer->at = end;
        return;
    default:
        buf_append_byte(writer->out, writer->text.at[writer->at++]);
    }
}

void format_json(slice text, struct buf *out)
{
    struct writer writer = {.text = text, .out = out};
    if (slice_starts_with(text, SLICE("\xEF\xBB\xBF")))
        writer.at = 3;
    for (;;) {
        writer.at = skip_space(text, writer.at);
        if (writer.at >= text.length)
            break;
        write_token(&writer);
    }
    buf_append_byte(out, '\n');
}
