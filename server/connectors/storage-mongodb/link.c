#include "storage-mongodb/link.h"
#include "storage-mongodb/document.h"
#include "storage-mongodb/mongodb_settings.h"

#include "base/check.h"
#include "base/hashmap.h"

#include <stdio.h>
#include <stdlib.h>

#define MOST_TRIES 5       /* of a write, while others make the same document */
#define MOST_INDEXED 10000 /* collections whose index is known to be there */
#define NAMES_OF_A_COMMAND 10000
#define BYTES_OF_A_COMMAND (8u << 20)
#define LEAST_WIRE_VERSION 8 /* MongoDB 4.2: updates that look at what is stored */
#define DUPLICATE_KEY 11000

struct link {
    const struct mongodb_settings *settings;
    mongoc_client_t *client;
    struct arena names; /* of the collections in `indexed` */
    struct hashmap indexed;
};

/* ---- errors ---- */

/* Codes with which a server says that it is not in charge (any more). */
static bool is_not_primary(uint32_t code)
{
    static const uint32_t codes[] = {91, 189, 10107, 11600, 11602, 13435, 13436};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i] == code)
            return true;
    return false;
}

static bool is_lost(const bson_error_t *problem)
{
    return problem->domain == MONGOC_ERROR_SERVER_SELECTION ||
           problem->domain == MONGOC_ERROR_STREAM || problem->domain == MONGOC_ERROR_PROTOCOL ||
           is_not_primary(problem->code);
}

static enum blocking_outcome fail(const bson_error_t *problem, struct ds_error *error)
{
    snprintf(error->text, sizeof error->text, "mongodb: %.480s", problem->message);
    return is_lost(problem) ? BLOCKING_LOST : BLOCKING_FAILED;
}

/* ---- a connection ---- */

static void *link_open(const void *shared)
{
    struct link *link = calloc(1, sizeof *link);
    CHECK(link != NULL);
    link->settings = shared;
    link->client = mongoc_client_pool_pop(link->settings->pool); /* there is one for each lane */
    arena_init(&link->names, 0);
    hashmap_init(&link->indexed);
    return link;
}

static void link_close(const void *shared, void *own)
{
    struct link *link = own;
    (void)shared;
    mongoc_client_pool_push(link->settings->pool, link->client);
    hashmap_fini(&link->indexed);
    arena_fini(&link->names);
    free(link);
}

static mongoc_collection_t *collection_of(const struct link *link, ds_slice name)
{
    char text[256];
    CHECK(place_is_collection(name) && name.length < sizeof text);
    snprintf(text, sizeof text, "%.*s", (int)name.length, name.at);
    return mongoc_client_get_collection(link->client, link->settings->database, text);
}

static enum blocking_outcome link_probe(const void *shared, void *own, struct ds_error *error)
{
    const struct mongodb_settings *settings = shared;
    struct link *link = own;
    bson_error_t problem;
    bson_t ping = BSON_INITIALIZER;
    bson_append_int32(&ping, "ping", -1, 1);
    bool has_answered =
        mongoc_client_command_simple(link->client, settings->database, &ping, NULL, NULL, &problem);
    bson_destroy(&ping);
    if (!has_answered)
        return fail(&problem, error) == BLOCKING_LOST ? BLOCKING_LOST : BLOCKING_UNFIT;
    mongoc_server_description_t *server =
        mongoc_client_select_server(link->client, true, NULL, &problem);
    if (server == NULL)
        return fail(&problem, error);
    bson_iter_t wire;
    bool is_new = bson_iter_init_find(&wire, mongoc_server_description_hello_response(server),
                                      "maxWireVersion") &&
                  BSON_ITER_HOLDS_NUMBER(&wire) && bson_iter_as_int64(&wire) >= LEAST_WIRE_VERSION;
    mongoc_server_description_destroy(server);
    if (is_new)
        return BLOCKING_DONE;
    snprintf(error->text, sizeof error->text, "the server is older than MongoDB 4.2");
    return BLOCKING_UNFIT;
}

/* ---- the index ---- */

static enum blocking_outcome create_index(struct link *link, ds_slice collection,
                                          struct ds_error *error)
{
    bson_error_t problem;
    char name[256];
    snprintf(name, sizeof name, "%.*s", (int)collection.length, collection.at);
    bson_t *command = BCON_NEW("createIndexes", BCON_UTF8(name), "indexes", "[", "{", "key", "{",
                               "ds_key", BCON_INT32(1), "}", "name", "ds_key_1", "}", "]");
    bool is_there = mongoc_client_write_command_with_opts(link->client, link->settings->database,
                                                          command, NULL, NULL, &problem);
    bson_destroy(command);
    return is_there ? BLOCKING_DONE : fail(&problem, error);
}

/* Once for each collection and thread: what is there already stays as it is. */
static enum blocking_outcome need_index(struct link *link, ds_slice collection,
                                        struct ds_error *error)
{
    if (hashmap_find(&link->indexed, collection) != NULL)
        return BLOCKING_DONE;
    enum blocking_outcome outcome = create_index(link, collection, error);
    if (outcome != BLOCKING_DONE)
        return outcome;
    if (link->indexed.count == MOST_INDEXED) {
        hashmap_fini(&link->indexed);
        arena_fini(&link->names);
        arena_init(&link->names, 0);
        hashmap_init(&link->indexed);
    }
    hashmap_put(&link->indexed, arena_copy(&link->names, collection), link);
    return BLOCKING_DONE;
}

/* ---- reading ---- */

static void append_key(bson_t *query, ds_slice key)
{
    bson_append_utf8(query, "ds_key", 6, key.at, (int)key.length);
}

static enum blocking_outcome read_first(mongoc_cursor_t *cursor, struct blocking_record *found,
                                        struct ds_error *error)
{
    const bson_t *document;
    bson_error_t problem;
    if (mongoc_cursor_next(cursor, &document)) {
        found->is_there = document_read(document, &found->version, &found->data, error);
        return found->is_there ? BLOCKING_DONE : BLOCKING_FAILED;
    }
    return mongoc_cursor_error(cursor, &problem) ? fail(&problem, error) : BLOCKING_DONE;
}

/* The Node.js connector may have made two documents of one record: the newest counts. */
static enum blocking_outcome link_get(const void *shared, void *own, ds_slice name,
                                      struct blocking_record *found, struct ds_error *error)
{
    const struct mongodb_settings *settings = shared;
    struct place place;
    if (!place_of(&settings->rules, name, &place, error))
        return BLOCKING_FAILED;
    bson_t filter = BSON_INITIALIZER;
    append_key(&filter, place.key);
    bson_t *options = BCON_NEW("sort", "{", "ds_version", BCON_INT32(-1), "}", "limit",
                               BCON_INT64(1), "singleBatch", BCON_BOOL(true));
    mongoc_collection_t *collection = collection_of(own, place.collection);
    mongoc_cursor_t *cursor = mongoc_collection_find_with_opts(collection, &filter, options, NULL);
    enum blocking_outcome outcome = read_first(cursor, found, error);
    mongoc_cursor_destroy(cursor);
    mongoc_collection_destroy(collection);
    bson_destroy(options);
    bson_destroy(&filter);
    return outcome;
}

/* ---- writing ---- */

/* What the document becomes: what it is, when that is newer; else the new one, which keeps its _id,
 * and gets one made of the key when it is the first. So of two that make it at the same time one is
 * told that it is there (DUPLICATE_KEY), and the index on ds_key need not be unique, which the
 * Node.js connector's is not.
 *
 *     [{$replaceWith: {$cond: [{$gt: ["$ds_version", <version>]}, "$$ROOT", {$mergeObjects: [
 *         {_id: {$ifNull: ["$_id", {$literal: <key>}]}}, {$literal: <document>}]}]}}] */
static bson_t *new_update(const bson_t *document, ds_slice key, int32_t version)
{
    bson_t literal = BSON_INITIALIZER;
    bson_append_utf8(&literal, "$literal", -1, key.at, (int)key.length);
    bson_t *pipeline = BCON_NEW(
        "0", "{", "$replaceWith", "{", "$cond", "[",                                     /* */
        "{", "$gt", "[", "$ds_version", BCON_INT32(version), "]", "}",                   /* if */
        "$$ROOT",                                                                        /* then */
        "{", "$mergeObjects", "[",                                                       /* else */
        "{", "_id", "{", "$ifNull", "[", "$_id", BCON_DOCUMENT(&literal), "]", "}", "}", /* */
        "{", "$literal", BCON_DOCUMENT(document), "}",                                   /* */
        "]", "}", "]", "}", "}");
    bson_destroy(&literal);
    return pipeline;
}

static enum blocking_outcome update(mongoc_collection_t *collection, const bson_t *filter,
                                    const bson_t *pipeline, struct ds_error *error)
{
    bson_error_t problem = {0};
    bson_t *options = BCON_NEW("upsert", BCON_BOOL(true));
    bool is_written = false;
    for (unsigned tries = 0; tries < MOST_TRIES && !is_written; tries++) {
        is_written =
            mongoc_collection_update_one(collection, filter, pipeline, options, NULL, &problem);
        if (!is_written && problem.code != DUPLICATE_KEY)
            break;
    }
    bson_destroy(options);
    return is_written ? BLOCKING_DONE : fail(&problem, error);
}

static enum blocking_outcome write_document(struct link *link, const struct place *place,
                                            const bson_t *document, int32_t version,
                                            struct ds_error *error)
{
    enum blocking_outcome outcome = need_index(link, place->collection, error);
    if (outcome != BLOCKING_DONE)
        return outcome;
    bson_t filter = BSON_INITIALIZER;
    append_key(&filter, place->key);
    bson_t *pipeline = new_update(document, place->key, version);
    mongoc_collection_t *collection = collection_of(link, place->collection);
    outcome = update(collection, &filter, pipeline, error);
    mongoc_collection_destroy(collection);
    bson_destroy(pipeline);
    bson_destroy(&filter);
    return outcome;
}

static enum blocking_outcome link_set(const void *shared, void *own, ds_slice name,
                                      const struct ds_record *record, int32_t expected,
                                      struct blocking_record *found, struct ds_error *error)
{
    const struct mongodb_settings *settings = shared;
    struct place place;
    (void)expected;
    (void)found;
    if (!place_of(&settings->rules, name, &place, error))
        return BLOCKING_FAILED;
    bson_t document = BSON_INITIALIZER;
    enum blocking_outcome outcome = BLOCKING_FAILED;
    if (document_write(&document, place.key, record, error))
        outcome = write_document(own, &place, &document, record->version, error);
    bson_destroy(&document);
    return outcome;
}

/* ---- removing ---- */

static int compare_collections(const void *a, const void *b)
{
    const struct place *left = a, *right = b;
    size_t length = left->collection.length < right->collection.length ? left->collection.length
                                                                       : right->collection.length;
    int order = memcmp(left->collection.at, right->collection.at, length);
    if (order != 0)
        return order;
    return (left->collection.length > right->collection.length) -
           (left->collection.length < right->collection.length);
}

/* How many of these are of one collection, and can go in one command. */
static size_t count_of_command(const struct place *places, size_t count)
{
    size_t bytes = 0, taken = 0;
    while (taken < count && taken < NAMES_OF_A_COMMAND && bytes < BYTES_OF_A_COMMAND &&
           slice_equal(places[taken].collection, places[0].collection))
        bytes += places[taken++].key.length;
    return taken;
}

static enum blocking_outcome remove_part(const struct link *link, const struct place *places,
                                         size_t count, struct ds_error *error)
{
    bson_error_t problem;
    bson_t query = BSON_INITIALIZER, member, keys;
    bson_append_document_begin(&query, "ds_key", -1, &member);
    bson_append_array_begin(&member, "$in", -1, &keys);
    for (size_t i = 0; i < count; i++) {
        char number[16];
        const char *index;
        size_t length = bson_uint32_to_string((uint32_t)i, &index, number, sizeof number);
        bson_append_utf8(&keys, index, (int)length, places[i].key.at, (int)places[i].key.length);
    }
    bson_append_array_end(&member, &keys);
    bson_append_document_end(&query, &member);
    mongoc_collection_t *collection = collection_of(link, places[0].collection);
    bool is_done = mongoc_collection_delete_many(collection, &query, NULL, NULL, &problem);
    mongoc_collection_destroy(collection);
    bson_destroy(&query);
    return is_done ? BLOCKING_DONE : fail(&problem, error);
}

static enum blocking_outcome remove_places(const struct link *link, struct place *places,
                                           size_t count, struct ds_error *error)
{
    enum blocking_outcome outcome = BLOCKING_DONE;
    qsort(places, count, sizeof *places, compare_collections);
    for (size_t first = 0, part; first < count && outcome == BLOCKING_DONE; first += part) {
        part = count_of_command(places + first, count - first);
        outcome = remove_part(link, places + first, part, error);
    }
    return outcome;
}

static enum blocking_outcome link_remove(const void *shared, void *own, const ds_slice *names,
                                         size_t count, struct ds_error *error)
{
    const struct mongodb_settings *settings = shared;
    struct place *places = calloc(count, sizeof *places);
    CHECK(places != NULL);
    size_t valid = 0;
    for (; valid < count; valid++)
        if (!place_of(&settings->rules, names[valid], &places[valid], error))
            break;
    enum blocking_outcome outcome =
        valid < count ? BLOCKING_FAILED : remove_places(own, places, count, error);
    free(places);
    return outcome;
}

const struct blocking_backend mongodb_backend = {
    .open = link_open,
    .close = link_close,
    .probe = link_probe,
    .get = link_get,
    .set = link_set,
    .remove = link_remove,
};
