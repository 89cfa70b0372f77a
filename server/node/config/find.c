/* Where the configuration is: asked for, named by the environment, or in one of the usual places.
 */

#include "internal.h"

#include <stdlib.h>

#define ENVIRONMENT "DEEPSTREAM_CONFIG_DIRECTORY"

static const char *const EXTENSIONS[] = {".yml", ".yaml", ".json", ".js"};

static void found(struct config *config, slice path)
{
    config->file = arena_copy(&config->arena, path);
    config->dir = path_folder(config->file, &config->arena);
}

/* The first file called `start` with one of the extensions. */
static bool try_extensions(struct config *config, slice start)
{
    for (size_t i = 0; i < sizeof EXTENSIONS / sizeof *EXTENSIONS; i++) {
        slice path =
            arena_printf(&config->arena, SLICE_FORMAT "%s", SLICE_ARGUMENTS(start), EXTENSIONS[i]);
        if (path_is_file(path.at)) {
            found(config, path);
            return true;
        }
    }
    return false;
}

static bool try_folder(struct config *config, const char *folder)
{
    static const char *const NAMES[] = {"config", "conf"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        if (try_extensions(config,
                           path_below(slice_of(folder), slice_of(NAMES[i]), &config->arena)))
            return true;
    }
    return false;
}

static void find_named(struct config *config, const char *path, const char *by)
{
    if (path_is_file(path)) {
        found(config, slice_of(path));
        return;
    }
    if (path_is_folder(path) && try_folder(config, path))
        return;
    struct origin origin = {.word = by};
    problem_add(config, DS_ERROR, &origin, "Configuration file not found at: %s", path);
    if (path_is_folder(path))
        problem_hint(config, "this is a folder without config.yml, config.json or conf.yml");
}

static void find_usual(struct config *config, const char *program_dir)
{
    static const char *const STARTS[] = {"/etc/deepstream/conf", "./conf/config", "../conf/config"};
    static const char *const BESIDE_PROGRAM[] = {"../conf/config", "../../conf/config",
                                                 "../etc/deepstream/conf"};
    for (size_t i = 0; i < sizeof STARTS / sizeof *STARTS; i++) {
        if (try_extensions(config, slice_of(STARTS[i])))
            return;
    }
    for (size_t i = 0; program_dir != NULL && i < sizeof BESIDE_PROGRAM / sizeof *BESIDE_PROGRAM;
         i++) {
        if (try_extensions(config, path_below(slice_of(program_dir), slice_of(BESIDE_PROGRAM[i]),
                                              &config->arena)))
            return;
    }
}

void config_find(struct config *config, const struct config_request *request)
{
    const char *named = getenv(ENVIRONMENT);
    config->dir = SLICE(".");
    if (request->file != NULL)
        find_named(config, request->file, "--config");
    else if (named != NULL && *named != '\0')
        find_named(config, named, ENVIRONMENT);
    else
        find_usual(config, request->program_dir);
}
