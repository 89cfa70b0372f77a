/* Any bytes behind a head are a body, the beginning of one, or refused, and it is the same however
 * they are cut into pieces; nothing grows beyond its bound. The first byte says which head. */

#include "transport/http/body.h"

#include "base/check.h"

#include <stdlib.h>

#define MAX_BYTES ((size_t)4096)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const heads[] = {
    "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n",
    "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ncontent-encoding: gzip\r\n\r\n",
    "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ncontent-encoding: deflate\r\n\r\n",
    "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 64\r\n\r\n",
    "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 64\r\ncontent-encoding: gzip\r\n\r\n",
};

/* In pieces of so many bytes, each in memory of its own. */
static enum http_body_result read_in_pieces(struct http_body *body, const uint8_t *data,
                                            size_t size, size_t piece, size_t *taken)
{
    enum http_body_result result = HTTP_BODY_INCOMPLETE;
    *taken = 0;
    while (*taken < size && result == HTTP_BODY_INCOMPLETE) {
        size_t length = size - *taken < piece ? size - *taken : piece;
        char *copy = malloc(length);
        CHECK(copy != NULL);
        memcpy(copy, data + *taken, length);
        slice rest = {copy, length};
        result = http_body_read(body, &rest);
        CHECK(rest.length <= length && (result != HTTP_BODY_INCOMPLETE || rest.length == 0));
        CHECK(body->content.length <= MAX_BYTES + 1);
        *taken += length - rest.length;
        free(copy);
    }
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_head head;
    struct http_body whole, pieces;
    char bytes[256];
    size_t taken, taken_again;
    if (size == 0)
        return 0;
    const char *text = heads[data[0] % (sizeof heads / sizeof *heads)];
    memcpy(bytes, text, strlen(text));
    CHECK(http_head_read(bytes, strlen(text), &head) == HTTP_HEAD_COMPLETE);
    CHECK(http_body_begin(&whole, &head, MAX_BYTES) == HTTP_BODY_INCOMPLETE);
    CHECK(http_body_begin(&pieces, &head, MAX_BYTES) == HTTP_BODY_INCOMPLETE);
    enum http_body_result result = read_in_pieces(&whole, data + 1, size - 1, size, &taken);
    CHECK(read_in_pieces(&pieces, data + 1, size - 1, 1 + data[0] / 64, &taken_again) == result);
    if (result != HTTP_BODY_REFUSED) {
        CHECK(taken == taken_again);
        CHECK(slice_equal(buf_slice(&whole.content), buf_slice(&pieces.content)));
    }
    http_body_fini(&whole);
    http_body_fini(&pieces);
    return 0;
}
