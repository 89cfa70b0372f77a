/* `j` and any text as a record: what becomes a document comes back as a record that becomes the
 * same document. `b` and any bytes as a document: whatever it is, what is read from it is such a
 * record, unless its members are the connector's own. */

#include "storage-mongodb/document.h"

#include "base/check.h"
#include "base/slice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool write_record(bson_t *document, slice data)
{
    struct ds_error error = {.text = ""};
    const struct ds_record record = {.version = 3, .data = data};
    bson_init(document);
    bool is_written = document_write(document, SLICE("key"), &record, &error);
    CHECK(is_written || error.text[0] != '\0');
    return is_written;
}

static void try_json(slice text)
{
    bson_t document, again;
    if (write_record(&document, text)) {
        struct ds_error error = {.text = ""};
        struct buf read = BUF_EMPTY;
        int32_t version;
        CHECK(document_read(&document, &version, &read, &error) && version == 3);
        CHECK(write_record(&again, buf_slice(&read)));
        CHECK(bson_equal(&document, &again));
        bson_destroy(&again);
        buf_fini(&read);
    }
    bson_destroy(&document);
}

static void try_bson(slice bytes)
{
    bson_t document;
    struct ds_error error = {.text = ""};
    struct buf read = BUF_EMPTY;
    int32_t version;
    if (!bson_init_static(&document, (const uint8_t *)bytes.at, bytes.length))
        return;
    if (document_read(&document, &version, &read, &error)) {
        CHECK(version >= 0);
        try_json(buf_slice(&read));
    } else {
        CHECK(error.text[0] != '\0');
    }
    buf_fini(&read);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    slice input = {(const char *)data, size};
    if (size == 0)
        return 0;
    if (data[0] == 'j')
        try_json(slice_part(input, 1, size));
    else if (data[0] == 'b')
        try_bson(slice_part(input, 1, size));
    return 0;
}
