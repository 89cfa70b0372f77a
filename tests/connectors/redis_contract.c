/* The contracts of caches and storages, kept by the connectors to Redis as the server loads them:
 *
 *     redis_contract CACHE_SO STORAGE_SO plain|guarded|tls|cluster */

#include "redis_backends.h"
#include "support/cache_contract.h"
#include "support/storage_contract.h"

#include "base/check.h"
#include "node/plugin_library.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In a cluster, which needs a tag: see server/connectors/redis/README.md. */
static bool is_refused(ds_slice name)
{
    return name.length == 0 || name.at[0] == '}';
}

static struct plugin_library *load(const char *path, enum ds_plugin_kind kind)
{
    struct ds_error error;
    struct plugin_library *library = plugin_library_open_kind(path, kind, &error);
    if (library == NULL)
        fprintf(stderr, "%s\n", error.text);
    CHECK(library != NULL);
    return library;
}

static struct store_subject subject_of(const struct plugin_library *library, const char *options,
                                       bool is_cluster)
{
    return (struct store_subject){.plugin = plugin_library_plugin(library),
                                  .options_json = options,
                                  .library = plugin_library_path(library),
                                  .refuses_name = is_cluster ? is_refused : NULL};
}

int main(int argc, char **argv)
{
    static const struct {
        const char *word;
        void (*start)(struct redis_backend *redis);
    } kinds[] = {
        {"plain", redis_backend_start},
        {"guarded", redis_backend_start_guarded},
        {"tls", redis_backend_start_tls},
        {"cluster", redis_backend_start_cluster},
    };
    struct redis_backend redis;
    CHECK(argc == 4);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(argv[3], kinds[i].word) == 0)
            kinds[i].start(&redis);
    bool is_cluster = strcmp(argv[3], "cluster") == 0;
    struct plugin_library *cache = load(argv[1], DS_PLUGIN_CACHE);
    struct plugin_library *storage = load(argv[2], DS_PLUGIN_STORAGE);
    struct store_subject cache_subject = subject_of(cache, redis.options, is_cluster);
    struct store_subject storage_subject = subject_of(storage, redis.options, is_cluster);
    int failed = cache_contract_run(&cache_subject) + storage_contract_run(&storage_subject);
    plugin_library_close(&cache);
    plugin_library_close(&storage);
    redis_backend_remove(&redis);
    return failed;
}
