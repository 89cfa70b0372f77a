/* Any bytes as the answer of Elasticsearch: whatever it is, each operation has one outcome, an
 * error says something, and what is found is a record. */

#include "storage-elasticsearch/body.h"

#include "base/check.h"

#define ITEMS 2

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_items(slice body)
{
    struct body_answer *answer = body_parse_items(body, ITEMS);
    for (size_t i = 0; answer != NULL && i < ITEMS; i++) {
        struct ds_error error = {.text = ""};
        enum body_outcome outcome = body_write_outcome(answer, i, &error);
        CHECK(outcome == BODY_DONE || error.text[0] != '\0');
    }
    if (answer != NULL)
        body_answer_free(answer);
}

static void try_documents(slice body)
{
    struct body_answer *answer = body_parse_documents(body, ITEMS);
    for (size_t i = 0; answer != NULL && i < ITEMS; i++) {
        struct ds_error error = {.text = ""};
        struct ds_record record;
        enum body_outcome outcome = body_read_outcome(answer, i, SLICE("n"), &record, &error);
        CHECK(outcome == BODY_DONE || error.text[0] != '\0');
        CHECK(outcome != BODY_DONE || record.version >= DS_MISSING);
    }
    if (answer != NULL)
        body_answer_free(answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    slice body = {size == 0 ? "" : (const char *)data, size};
    struct ds_error error = {.text = ""};
    try_items(body);
    try_documents(body);
    body_error_reason(body, 500, &error);
    CHECK(error.text[0] != '\0');
    (void)body_says_index_exists(body);
    CHECK(body_major_version(body) < 1000);
    return 0;
}
