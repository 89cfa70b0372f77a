#include "storage-mongodb/mongodb_settings.h"

#include "shared/blocking_store.h"
#include "shared/options.h"

#include "base/utf8.h"

#include <stdio.h>

#define DEFAULT_DATABASE "test" /* as the Node.js driver */
#define DEFAULT_COLLECTION "deepstream_docs"
#define DEFAULT_THREADS 8
#define SELECTION_MS 5000
#define CONNECT_MS 5000
#define SOCKET_MS 30000

/* ---- connectionString ---- */

/* Times that suit a server that has others to serve meanwhile, unless the string says others. */
static void set_times(mongoc_uri_t *uri)
{
    static const struct {
        const char *name;
        int32_t milliseconds;
    } times[] = {
        {MONGOC_URI_SERVERSELECTIONTIMEOUTMS, SELECTION_MS},
        {MONGOC_URI_CONNECTTIMEOUTMS, CONNECT_MS},
        {MONGOC_URI_SOCKETTIMEOUTMS, SOCKET_MS},
    };
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        if (!mongoc_uri_has_option(uri, times[i].name))
            mongoc_uri_set_option_as_int32(uri, times[i].name, times[i].milliseconds);
}

static void describe(struct mongodb_settings *settings)
{
    ds_slice text = {"mongodb at", 10};
    const char *between = "";
    for (const mongoc_host_list_t *host = mongoc_uri_get_hosts(settings->uri); host != NULL;
         host = host->next) {
        text = arena_printf(&settings->arena, "%s%s %s", text.at, between, host->host_and_port);
        between = ",";
    }
    settings->description = text.at;
}

static bool read_uri(struct mongodb_settings *settings, const struct ds_value *options,
                     struct ds_error *error)
{
    ds_slice text, database;
    bson_error_t problem;
    if (!option_text(options, "connectionString", (ds_slice){0}, &text, error) ||
        !option_text(options, "db", (ds_slice){0}, &database, error))
        return false;
    if (text.length == 0)
        return option_refuse(error, NULL,
                             "connectionString is missing: where MongoDB is, "
                             "`mongodb://localhost:27017`");
    const char *whole = arena_copy(&settings->arena, text).at;
    settings->uri = mongoc_uri_new_with_error(whole, &problem);
    if (settings->uri == NULL) {
        snprintf(error->text, sizeof error->text, "connectionString: %.400s", problem.message);
        error->value = ds_value_member(options, "connectionString");
        return false;
    }
    set_times(settings->uri);
    describe(settings);
    const char *of_uri = mongoc_uri_get_database(settings->uri);
    settings->database = database.length > 0 ? arena_copy(&settings->arena, database).at
                         : of_uri != NULL    ? of_uri
                                             : DEFAULT_DATABASE;
    return true;
}

static bool make_pool(struct mongodb_settings *settings, const struct ds_value *option,
                      struct ds_error *error)
{
    bson_error_t problem;
    int32_t threads =
        mongoc_uri_get_option_as_int32(settings->uri, MONGOC_URI_MAXPOOLSIZE, DEFAULT_THREADS);
    if (threads < 1 || threads > (int32_t)BLOCKING_MOST_LANES)
        return option_refuse(error, option, "connectionString: maxPoolSize must be from 1 to 64");
    settings->threads = (size_t)threads;
    settings->pool = mongoc_client_pool_new_with_error(settings->uri, &problem);
    if (settings->pool == NULL) {
        snprintf(error->text, sizeof error->text, "connectionString: %.400s", problem.message);
        error->value = option;
        return false;
    }
    mongoc_client_pool_max_size(settings->pool, (uint32_t)threads);
    mongoc_client_pool_set_error_api(settings->pool, MONGOC_ERROR_API_VERSION_2);
    mongoc_client_pool_set_appname(settings->pool, "deepstream");
    return true;
}

/* ---- where records live ---- */

static bool read_rules(struct mongodb_settings *settings, const struct ds_value *options,
                       struct ds_error *error)
{
    struct place_rules *rules = &settings->rules;
    ds_slice split_char, collection;
    if (!option_text(options, "splitChar", (ds_slice){"/", 1}, &split_char, error) ||
        !option_text(options, "defaultCollection", slice_of(DEFAULT_COLLECTION), &collection,
                     error))
        return false;
    if (!utf8_valid(split_char, false) || utf8_count(split_char) != 1)
        return option_refuse(error, ds_value_member(options, "splitChar"),
                             "splitChar must be one character");
    if (!place_is_collection(collection))
        return option_refuse(error, ds_value_member(options, "defaultCollection"),
                             "defaultCollection must be the name of a collection");
    rules->split_char = arena_copy(&settings->arena, split_char);
    rules->default_collection = arena_copy(&settings->arena, collection);
    return true;
}

static bool read_all(struct mongodb_settings *settings, const struct ds_value *options,
                     struct ds_error *error)
{
    if (!read_rules(settings, options, error) ||
        !option_max_queue_bytes(options, &settings->max_queue_bytes, error))
        return false;
    return read_uri(settings, options, error) &&
           make_pool(settings, ds_value_member(options, "connectionString"), error);
}

bool mongodb_settings_read(struct mongodb_settings *settings, const struct ds_value *options,
                           struct ds_error *error)
{
    *settings = (struct mongodb_settings){.uri = NULL};
    arena_init(&settings->arena, 0);
    if (read_all(settings, options, error))
        return true;
    mongodb_settings_fini(settings);
    return false;
}

void mongodb_settings_fini(struct mongodb_settings *settings)
{
    if (settings->pool != NULL)
        mongoc_client_pool_destroy(settings->pool);
    mongoc_uri_destroy(settings->uri);
    arena_fini(&settings->arena);
}
