/* Three lines: a document, a path, a value ("" deletes; a list of {path, data} with the path "*" is
 * a multi patch). Any of them is set or refused; the document itself never changes; what comes out
 * is JSON that reads back; little memory makes it fail, never crash and never give something else.
 */

#include "json_path.h"
#include "base/check.h"

#define MAX_DEPTH 100
#define MUCH_MEMORY ((size_t)64 << 20)
#define LITTLE_MEMORY 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static slice next_line(slice *rest)
{
    size_t length = 0;
    while (length < rest->length && rest->at[length] != '\n')
        length++;
    slice line = slice_part(*rest, 0, length);
    *rest = slice_part(*rest, length < rest->length ? length + 1 : length, rest->length);
    return line;
}

static bool read_json(slice text, struct arena *arena, valve_value *value)
{
    return json_read(text, (struct json_limits){MAX_DEPTH}, arena, value, NULL);
}

static bool set(valve_value root, slice path, valve_value value, size_t memory, struct buf *written)
{
    struct arena arena;
    arena_init(&arena, memory);
    valve_value result;
    const char *error = NULL;
    bool done = slice_equal(path, SLICE("*"))
                    ? json_path_set_all(root, value, &arena, &result, &error)
                    : json_path_set(root, path, value, &arena, &result, &error);
    CHECK(done == (error == NULL));
    if (done)
        json_write_plain(written, result);
    arena_fini(&arena);
    return done;
}

static void check_written(slice written)
{
    struct arena arena;
    arena_init(&arena, 0);
    valve_value value;
    CHECK(json_read(written, (struct json_limits){1000000}, &arena, &value, NULL));
    arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    slice rest = {(const char *)data, size};
    slice document = next_line(&rest), path = next_line(&rest), payload = next_line(&rest);
    struct arena arena;
    arena_init(&arena, 0);
    struct buf before = BUF_EMPTY, after = BUF_EMPTY, much = BUF_EMPTY, little = BUF_EMPTY;
    valve_value root, value = value_undefined();
    if (read_json(document, &arena, &root) &&
        (payload.length == 0 || read_json(payload, &arena, &value))) {
        json_write(&before, root);
        bool done = set(root, path, value, MUCH_MEMORY, &much);
        if (done)
            check_written(buf_slice(&much));
        if (set(root, path, value, LITTLE_MEMORY, &little))
            CHECK(done && slice_equal(buf_slice(&much), buf_slice(&little)));
        json_write(&after, root);
        CHECK(slice_equal(buf_slice(&before), buf_slice(&after)));
    }
    buf_fini(&before);
    buf_fini(&after);
    buf_fini(&much);
    buf_fini(&little);
    arena_fini(&arena);
    return 0;
}
