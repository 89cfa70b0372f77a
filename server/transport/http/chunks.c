#include "transport/http/chunks.h"

#define MAX_DIGITS 8
#define MAX_OVERHEAD ((uint32_t)16 * 1024)

enum state {
    SIZE_BEGIN,
    SIZE,
    EXTENSION,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER_BEGIN,
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    END_LF,
    END,
    BAD,
};

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static bool is_token(char c)
{
    bool is_alphanumeric = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
    return is_alphanumeric || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* What may stand in a value: no control characters but the tab. */
static bool is_text(char c)
{
    return c == '\t' || ((unsigned char)c >= ' ' && c != 0x7f);
}

static enum state on_size(struct http_chunks *chunks, char c)
{
    int digit = digit_of(c);
    if (digit >= 0) {
        if (chunks->digits == MAX_DIGITS)
            return BAD;
        chunks->digits++;
        chunks->left = chunks->left << 4 | (uint64_t)digit;
        return SIZE;
    }
    if (chunks->digits == 0)
        return BAD;
    return c == '\r' ? SIZE_LF : c == ';' ? EXTENSION : BAD;
}

static enum state on_value(struct http_chunks *chunks, char c, enum state same, enum state next)
{
    if (c == '\r')
        return next;
    return is_text(c) && ++chunks->overhead <= MAX_OVERHEAD ? same : BAD;
}

static enum state on_trailer_name(struct http_chunks *chunks, char c)
{
    if (c == ':' && chunks->state == TRAILER_NAME)
        return TRAILER_VALUE;
    return is_token(c) && ++chunks->overhead <= MAX_OVERHEAD ? TRAILER_NAME : BAD;
}

static enum state on_size_end(struct http_chunks *chunks, char c)
{
    chunks->digits = 0;
    if (c != '\n')
        return BAD;
    return chunks->left > 0 ? DATA : TRAILER_BEGIN;
}

static enum state next_state(struct http_chunks *chunks, char c)
{
    switch ((enum state)chunks->state) {
    case SIZE_BEGIN:
    case SIZE:
        return on_size(chunks, c);
    case EXTENSION:
        return on_value(chunks, c, EXTENSION, SIZE_LF);
    case SIZE_LF:
        return on_size_end(chunks, c);
    case DATA_CR:
        return c == '\r' ? DATA_LF : BAD;
    case DATA_LF:
        return c == '\n' ? SIZE_BEGIN : BAD;
    case TRAILER_BEGIN:
        return c == '\r' ? END_LF : on_trailer_name(chunks, c);
    case TRAILER_NAME:
        return on_trailer_name(chunks, c);
    case TRAILER_VALUE:
        return on_value(chunks, c, TRAILER_VALUE, TRAILER_LF);
    case TRAILER_LF:
        return c == '\n' ? TRAILER_BEGIN : BAD;
    case END_LF:
        return c == '\n' ? END : BAD;
    case DATA:
    case END:
    case BAD:
        break;
    }
    return BAD;
}

static void take_data(struct http_chunks *chunks, slice *bytes, slice *data)
{
    size_t length = bytes->length < chunks->left ? bytes->length : (size_t)chunks->left;
    *data = slice_part(*bytes, 0, length);
    *bytes = slice_part(*bytes, length, bytes->length);
    chunks->left -= length;
    if (chunks->left == 0)
        chunks->state = DATA_CR;
}

enum http_chunks_result http_chunks_next(struct http_chunks *chunks, slice *bytes, slice *data)
{
    while (bytes->length > 0 && chunks->state != END && chunks->state != BAD) {
        if (chunks->state == DATA) {
            take_data(chunks, bytes, data);
            return HTTP_CHUNKS_DATA;
        }
        chunks->state = (uint8_t)next_state(chunks, *bytes->at);
        *bytes = slice_part(*bytes, 1, bytes->length);
    }
    return chunks->state == END   ? HTTP_CHUNKS_END
           : chunks->state == BAD ? HTTP_CHUNKS_BAD
                                  : HTTP_CHUNKS_MORE;
}
