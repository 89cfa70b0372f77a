/* Any bytes are a head, the beginning of one, or refused; whatever came before, a head that is read
 * once more with the same bytes is the same, and the beginnings of a good head are never refused.
 */

#include "transport/http/head.h"

#include "base/check.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In memory of its own and of that size, so that the sanitizer sees reads beyond it. */
static enum http_head_result read_copy(const uint8_t *data, size_t size, struct http_head *head,
                                       char **copy)
{
    *copy = malloc(size == 0 ? 1 : size);
    CHECK(*copy != NULL);
    if (size > 0)
        memcpy(*copy, data, size);
    return http_head_read(*copy, size, head);
}

static void check_inside(slice part, const char *bytes, size_t length)
{
    CHECK(part.length == 0 || (part.at >= bytes && part.at + part.length <= bytes + length));
}

static void check_complete(const struct http_head *head, const char *copy, size_t size)
{
    CHECK(head->length <= size && head->header_count <= HTTP_MAX_HEADERS);
    CHECK(memcmp(copy + head->length - 4, "\r\n\r\n", 4) == 0);
    CHECK(!head->is_chunked || head->content_length == 0);
    check_inside(head->method, copy, head->length);
    check_inside(head->target, copy, head->length);
    for (size_t i = 0; i < head->header_count; i++) {
        const struct ds_http_header *header = &head->headers[i];
        check_inside(header->name, copy, head->length);
        check_inside(header->value, copy, head->length);
        CHECK(memchr(header->name.at, '\n', header->name.length) == NULL);
        CHECK(header->value.length == 0 ||
              memchr(header->value.at, '\n', header->value.length) == NULL);
    }
}

static void check_beginnings(const uint8_t *data, size_t length)
{
    for (size_t i = 0; i < length; i += 1 + length / 16) {
        struct http_head head;
        char *copy;
        CHECK(read_copy(data, i, &head, &copy) == HTTP_HEAD_INCOMPLETE);
        free(copy);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_head head, again;
    char *copy;
    enum http_head_result result = read_copy(data, size, &head, &copy);
    if (result == HTTP_HEAD_COMPLETE) {
        check_complete(&head, copy, size);
        check_beginnings(data, head.length);
    } else if (result == HTTP_HEAD_REFUSED) {
        CHECK(head.status >= 400 && head.reason != NULL);
    }
    CHECK(http_head_read(copy, size, &again) == result);
    CHECK(result != HTTP_HEAD_COMPLETE || again.length == head.length);
    free(copy);
    return 0;
}
