/* The examples of a cache and of a storage keep the contracts of the built-in ones, loaded as the
 * server does:
 *
 *     example_contract CACHE_SO STORAGE_SO */

#include "support/cache_contract.h"
#include "support/storage_contract.h"

#include "base/check.h"
#include "node/plugin_library.h"

#include <stdio.h>

/* Their path would be longer than 4,096 bytes. */
static bool is_too_long(ds_slice name)
{
    return name.length > 3800;
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

int main(int argc, char **argv)
{
    CHECK(argc == 3);
    struct plugin_library *cache = load(argv[1], DS_PLUGIN_CACHE);
    struct plugin_library *storage = load(argv[2], DS_PLUGIN_STORAGE);
    int failed = cache_contract_run(
        &(struct store_subject){.plugin = plugin_library_plugin(cache), .options_json = "{}"});
    failed +=
        storage_contract_run(&(struct store_subject){.plugin = plugin_library_plugin(storage),
                                                     .options_json = "{\"folder\": \"records\"}",
                                                     .refuses_name = is_too_long});
    plugin_library_close(&cache);
    plugin_library_close(&storage);
    return failed;
}
