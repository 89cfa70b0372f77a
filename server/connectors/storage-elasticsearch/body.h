#pragma once
/* Bodies of requests to Elasticsearch, and of its answers, which are hostile until read. Pure;
 * nothing here talks to a server. Sections are those of the REST API reference.
 *
 * A document is {"ds_name": "<name>", "ds_version": 5, "ds_data": "<JSON text>"}, and with mappings
 * also {"record": <the same as JSON>}; of a list {"record": {"ds_list": <list>}}. */

#include "storage-elasticsearch/operation.h"

#include "base/buf.h"

/* ---- requests ---- */

/* "Bulk API": appends the two lines of a set, or the one of a removal. False and an error when the
 * record cannot be a document; then nothing is appended. */
bool body_append_write(struct buf *body, const struct operation *operation, bool has_mappings,
                       struct ds_error *error);

/* "Multi get API": one of the documents, without what stands between them. */
void body_append_read(struct buf *body, const struct operation *operation);

/* "Create index API". settings and mappings are JSON, or empty; mappings are those of `record`. */
void body_append_index(struct buf *body, ds_slice settings, ds_slice mappings);

/* ---- answers ---- */

enum body_outcome {
    BODY_DONE,
    BODY_LATER, /* too busy: to be tried again */
    BODY_FAILED,
};

struct body_answer; /* one that was parsed */

/* The items of a bulk answer, or the documents of a multi get; NULL when it is none, or not of
 * `count` items. */
struct body_answer *body_parse_items(slice body, size_t count);
struct body_answer *body_parse_documents(slice body, size_t count);
void body_answer_free(struct body_answer *answer);

/* How the write at this position ended; an error unless it is done. */
enum body_outcome body_write_outcome(const struct body_answer *answer, size_t position,
                                     struct ds_error *error);

/* What the get at this position found, of an operation on that name: record->data lives as long as
 * the answer. */
enum body_outcome body_read_outcome(const struct body_answer *answer, size_t position,
                                    ds_slice name, struct ds_record *record,
                                    struct ds_error *error);

/* Whether an HTTP status, or that of an item, means: try again. */
bool body_is_later(uint32_t status);

/* The reason in an answer that is an error: "type: reason"; cut to fit. Whatever it is, something
 * is said. */
void body_error_reason(slice body, uint32_t status, struct ds_error *error);

/* Whether an answer with status 400 to the creation of an index says that it is there. */
bool body_says_index_exists(slice body);

/* The major version in the answer to `GET /`; 0 when it is not Elasticsearch or OpenSearch, which
 * is 7 and above as soon as it is one. */
unsigned body_major_version(slice body);
