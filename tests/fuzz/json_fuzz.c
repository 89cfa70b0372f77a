/* Any bytes are read or refused; what was read is written as JSON that reads back and is then
 * written the same. Passing over a text finds it as sound as reading does. Little memory makes
 * reading fail, never crash. */

#include "json_scan.h"
#include "base/check.h"

#define MAX_DEPTH 100
#define LITTLE_MEMORY 2048

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool read_bounded(slice text, uint32_t depth, size_t memory, struct buf *written)
{
    struct arena arena;
    arena_init(&arena, memory);
    valve_value value;
    struct json_error error = {0};
    bool is_json = json_read(text, (struct json_limits){depth}, &arena, &value, &error);
    if (is_json)
        json_write(written, value);
    else
        CHECK(error.message != NULL && error.offset <= text.length);
    arena_fini(&arena);
    return is_json;
}

static bool passes_over(slice text)
{
    struct arena arena;
    struct json_scan scan;
    slice value;
    arena_init(&arena, 0);
    json_scan_init(&scan, text, &arena);
    bool is_whole = json_scan_value(&scan, &value) && json_scan_end(&scan);
    arena_fini(&arena);
    return is_whole;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    slice text = {(const char *)data, size};
    struct buf first = BUF_EMPTY, second = BUF_EMPTY, little = BUF_EMPTY;
    bool is_json = read_bounded(text, MAX_DEPTH, 0, &first);
    if (is_json) {
        /* -0 and what overflows are written as objects, one level deeper. */
        CHECK(read_bounded(buf_slice(&first), MAX_DEPTH + 1, 0, &second));
        CHECK(slice_equal(buf_slice(&first), buf_slice(&second)));
    }
    if (read_bounded(text, MAX_DEPTH, LITTLE_MEMORY, &little))
        CHECK(is_json && slice_equal(buf_slice(&first), buf_slice(&little)));
    buf_clear(&second);
    CHECK(passes_over(text) == read_bounded(text, JSON_SCAN_MAX_DEPTH, 0, &second));
    buf_fini(&first);
    buf_fini(&second);
    buf_fini(&little);
    return 0;
}
