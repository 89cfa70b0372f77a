#include "shared/json_text.h"

#include "base/numeral.h"

#include <math.h>
#include <stdio.h>

static void append_escaped(struct buf *buf, unsigned char byte)
{
    static const char named[] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    if (byte == '"' || byte == '\\')
        buf_printf(buf, "\\%c", byte);
    else if (byte < sizeof named && named[byte] != '\0')
        buf_printf(buf, "\\%c", named[byte]);
    else
        buf_printf(buf, "\\u%04x", byte);
}

void json_append_text(struct buf *buf, slice text)
{
    size_t start = 0;
    buf_append_byte(buf, '"');
    for (size_t i = 0; i < text.length; i++) {
        unsigned char byte = (unsigned char)text.at[i];
        if (byte >= ' ' && byte != '"' && byte != '\\')
            continue;
        buf_append(buf, slice_part(text, start, i));
        append_escaped(buf, byte);
        start = i + 1;
    }
    buf_append(buf, slice_part(text, start, text.length));
    buf_append_byte(buf, '"');
}

/* printf writes the point as the locale has it. */
static void make_decimal_point(char *text)
{
    for (; *text != '\0'; text++)
        if (!numeral_is_digit(*text) && *text != '-' && *text != '+' && *text != 'e')
            *text = '.';
}

void json_append_number(struct buf *buf, double number)
{
    char text[40];
    if (!isfinite(number)) {
        buf_append_text(buf, "null");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        make_decimal_point(text);
        if (numeral_decimal(slice_of(text)) == number)
            break;
    }
    buf_append_text(buf, text);
}
