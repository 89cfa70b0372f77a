#include "storage-elasticsearch/body.h"

#include "shared/json_text.h"

#include "base/check.h"
#include "base/utf8.h"

#include <jansson.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* In one step at the shard: only what is not older than what stands there is written. */
#define SCRIPT                                                                                     \
    "{\"lang\":\"painless\",\"source\":\"if (ctx._source.ds_version == null || "                   \
    "ctx._source.ds_version <= params.d.ds_version) { ctx._source.clear(); "                       \
    "ctx._source.putAll(params.d) } else { ctx.op = 'none' }\",\"params\":{\"d\":"
#define CONFLICTS 5 /* that the server tries again by itself */

struct body_answer {
    json_t *root;
    const json_t *items;
};

static bool refuse(struct ds_error *error, const char *text)
{
    snprintf(error->text, sizeof error->text, "elasticsearch: %s", text);
    return false;
}

/* ---- requests ---- */

static void append_place(struct buf *body, const struct operation *operation)
{
    buf_append_text(body, "{\"_index\":");
    json_append_text(body, operation->index);
    buf_append_text(body, ",\"_id\":");
    json_append_text(body, operation->id);
}

/* The record as JSON, on one line whatever the text looks like. */
static bool append_record(struct buf *body, ds_slice data, struct ds_error *error)
{
    json_error_t problem;
    json_t *record = json_loadb(data.at, data.length, JSON_ALLOW_NUL, &problem);
    char *text = record == NULL ? NULL : json_dumps(record, JSON_COMPACT);
    bool is_list = json_is_array(record);
    json_decref(record);
    if (text == NULL)
        return refuse(error, "the record is neither a JSON object nor a list, or has a number that "
                             "cannot be searched");
    buf_append_text(body, is_list ? ",\"record\":{\"ds_list\":" : ",\"record\":");
    buf_append_text(body, text);
    buf_append_text(body, is_list ? "}" : "");
    free(text);
    return true;
}

static bool append_set(struct buf *body, const struct operation *operation, bool has_mappings,
                       struct ds_error *error)
{
    if (!utf8_valid(operation->record.data, false))
        return refuse(error, "the record is not UTF-8");
    buf_append_text(body, "{\"update\":");
    append_place(body, operation);
    buf_printf(body, ",\"retry_on_conflict\":%d}}\n", CONFLICTS);
    buf_append_text(body,
                    "{\"scripted_upsert\":true,\"upsert\":{},\"script\":" SCRIPT "{\"ds_name\":");
    json_append_text(body, operation->name);
    buf_printf(body, ",\"ds_version\":%" PRId32 ",\"ds_data\":", operation->record.version);
    json_append_text(body, operation->record.data);
    if (has_mappings && !append_record(body, operation->record.data, error))
        return false;
    buf_append_text(body, "}}}}\n");
    return true;
}

bool body_append_write(struct buf *body, const struct operation *operation, bool has_mappings,
                       struct ds_error *error)
{
    size_t before = body->length;
    if (operation->kind == OPERATION_SET) {
        if (append_set(body, operation, has_mappings, error))
            return true;
        body->length = before;
        return false;
    }
    buf_append_text(body, "{\"delete\":");
    append_place(body, operation);
    buf_append_text(body, "}}\n");
    return true;
}

void body_append_read(struct buf *body, const struct operation *operation)
{
    append_place(body, operation);
    buf_append_byte(body, '}');
}

void body_append_index(struct buf *body, ds_slice settings, ds_slice mappings)
{
    buf_append_text(body, "{\"settings\":");
    buf_append(body, settings.length > 0 ? settings : SLICE("{}"));
    buf_append_text(body, ",\"mappings\":{\"dynamic\":false,\"properties\":{"
                          "\"ds_name\":{\"type\":\"keyword\",\"ignore_above\":8191},"
                          "\"ds_version\":{\"type\":\"long\"},"
                          "\"ds_data\":{\"type\":\"keyword\",\"index\":false,"
                          "\"doc_values\":false}");
    if (mappings.length > 0) {
        buf_append_text(body, ",\"record\":");
        buf_append(body, mappings);
    }
    buf_append_text(body, "}}}");
}

/* ---- answers ---- */

bool body_is_later(uint32_t status)
{
    return status == 409 || status == 429 || (status >= 502 && status <= 504);
}

static struct body_answer *parse(slice body, const char *member, size_t count)
{
    json_error_t problem;
    json_t *root = json_loadb(body.at, body.length, JSON_ALLOW_NUL, &problem);
    const json_t *items = json_object_get(root, member);
    if (!json_is_array(items) || json_array_size(items) != count) {
        json_decref(root);
        return NULL;
    }
    struct body_answer *answer = malloc(sizeof *answer);
    CHECK(answer != NULL);
    *answer = (struct body_answer){root, items};
    return answer;
}

struct body_answer *body_parse_items(slice body, size_t count)
{
    return parse(body, "items", count);
}

struct body_answer *body_parse_documents(slice body, size_t count)
{
    return parse(body, "docs", count);
}

void body_answer_free(struct body_answer *answer)
{
    json_decref(answer->root);
    free(answer);
}

static const char *text_of(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));
    return text == NULL ? "" : text;
}

static void describe(const json_t *problem, uint32_t status, struct ds_error *error)
{
    const char *type = text_of(problem, "type"), *reason = text_of(problem, "reason");
    if (json_is_string(problem))
        reason = json_string_value(problem);
    if (type[0] == '\0' && reason[0] == '\0')
        snprintf(error->text, sizeof error->text, "elasticsearch: status %" PRIu32, status);
    else
        snprintf(error->text, sizeof error->text, "elasticsearch: %.100s%s%.300s", type,
                 type[0] == '\0' || reason[0] == '\0' ? "" : ": ", reason);
}

static uint32_t status_of(const json_t *item)
{
    json_int_t status = json_integer_value(json_object_get(item, "status"));
    return status >= 100 && status < 600 ? (uint32_t)status : 0;
}

/* An item is {"update": {...}} or {"delete": {...}}; removing what is not there is done. */
enum body_outcome body_write_outcome(const struct body_answer *answer, size_t position,
                                     struct ds_error *error)
{
    const json_t *whole = json_array_get(answer->items, position);
    const json_t *removed = json_object_get(whole, "delete");
    const json_t *item = removed != NULL ? removed : json_object_get(whole, "update");
    uint32_t status = status_of(item);
    if (status == 200 || status == 201 || (removed != NULL && status == 404))
        return BODY_DONE;
    describe(json_object_get(item, "error"), status, error);
    return body_is_later(status) ? BODY_LATER : BODY_FAILED;
}

static enum body_outcome read_source(const json_t *source, ds_slice name, struct ds_record *record,
                                     struct ds_error *error)
{
    const json_t *version = json_object_get(source, "ds_version");
    const json_t *data = json_object_get(source, "ds_data");
    const json_t *of = json_object_get(source, "ds_name");
    json_int_t number = json_integer_value(version);
    slice stored = {json_string_value(of), json_string_length(of)};
    if (json_is_integer(version) && number >= 0 && number <= INT32_MAX && json_is_string(data) &&
        json_is_string(of) && slice_equal(stored, name)) {
        *record = (struct ds_record){(int32_t)number,
                                     {json_string_value(data), json_string_length(data)}};
        return BODY_DONE;
    }
    refuse(error, "what has the id of the record was not written by this connector");
    return BODY_FAILED;
}

enum body_outcome body_read_outcome(const struct body_answer *answer, size_t position,
                                    ds_slice name, struct ds_record *record, struct ds_error *error)
{
    const json_t *document = json_array_get(answer->items, position);
    const json_t *problem = json_object_get(document, "error");
    const json_t *found = json_object_get(document, "found");
    *record = (struct ds_record){.version = DS_MISSING};
    if (strcmp(text_of(problem, "type"), "index_not_found_exception") == 0 || json_is_false(found))
        return BODY_DONE;
    if (json_is_true(found))
        return read_source(json_object_get(document, "_source"), name, record, error);
    describe(problem, 0, error);
    return BODY_LATER; /* of a shard that is away: the request as a whole was well */
}

void body_error_reason(slice body, uint32_t status, struct ds_error *error)
{
    json_error_t problem;
    json_t *root = json_loadb(body.at, body.length, JSON_ALLOW_NUL, &problem);
    describe(json_object_get(root, "error"), status, error);
    json_decref(root);
}

bool body_says_index_exists(slice body)
{
    json_error_t problem;
    json_t *root = json_loadb(body.at, body.length, JSON_ALLOW_NUL, &problem);
    const char *type = text_of(json_object_get(root, "error"), "type");
    bool exists = strcmp(type, "resource_already_exists_exception") == 0;
    json_decref(root);
    return exists;
}

unsigned body_major_version(slice body)
{
    json_error_t problem;
    json_t *root = json_loadb(body.at, body.length, JSON_ALLOW_NUL, &problem);
    const json_t *version = json_object_get(root, "version");
    unsigned long major = strtoul(text_of(version, "number"), NULL, 10);
    if (strcmp(text_of(version, "distribution"), "opensearch") == 0 && major > 0)
        major = 7;
    json_decref(root);
    return major < 1000 ? (unsigned)major : 0;
}
