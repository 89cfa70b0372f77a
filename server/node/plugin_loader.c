#include "plugin_loader.h"

#include "plugins/builtins.h"

#include "base/check.h"

#include <limits.h>
#include <sys/stat.h>
#include <uv.h>

static const struct ds_plugin *const BUILTINS[] = {
#define BUILTIN(symbol) &symbol,
#include "plugins/builtins.def"
#undef BUILTIN
};

const struct ds_plugin *plugin_loader_builtin(enum ds_plugin_kind kind, slice type)
{
    for (size_t i = 0; i < sizeof BUILTINS / sizeof *BUILTINS; i++) {
        if (BUILTINS[i]->kind == kind && slice_equal(slice_of(BUILTINS[i]->name), type))
            return BUILTINS[i];
    }
    return NULL;
}

/* ---- folders ---- */

static char *finish_path(struct buf *path)
{
    buf_append_byte(path, '\0');
    return path->at;
}

static char *path_below(slice folder, slice path)
{
    struct buf text = BUF_EMPTY;
    while (slice_starts_with(path, SLICE("./")))
        path = slice_part(path, 2, path.length);
    if (path.length == 0 || path.at[0] != '/') {
        buf_append(&text, folder);
        buf_append_byte(&text, '/');
    }
    buf_append(&text, path);
    return finish_path(&text);
}

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static slice parent_of(slice path)
{
    while (path.length > 0 && path.at[path.length - 1] != '/')
        path.length--;
    return path.length > 1 ? slice_part(path, 0, path.length - 1) : path;
}

char *plugin_loader_usual_folder(void)
{
    char program[PATH_MAX];
    size_t length = sizeof program;
    if (uv_exepath(program, &length) != 0)
        length = 0;
    slice folder = parent_of((slice){program, length});
    char *installed = path_below(parent_of(folder), SLICE("lib/deepstream"));
    char *built = path_below(folder, SLICE("connectors"));
    bool is_built = is_folder(built) && !is_folder(installed);
    free(is_built ? installed : built);
    return is_built ? built : installed;
}

char *plugin_loader_folder(const struct config *config)
{
    slice folder = config_text(config, CONFIG_LIB_DIR);
    return folder.length == 0 ? plugin_loader_usual_folder()
                              : path_below(slice_of(config_dir(config)), folder);
}

/* ---- names ---- */

static slice without_prefix(slice text, const char *prefix)
{
    slice known = slice_of(prefix);
    return slice_starts_with(text, known) ? slice_part(text, known.length, text.length) : text;
}

/* "@deepstream/cache-redis" -> "redis". */
static slice short_name(enum ds_plugin_kind kind, slice name)
{
    slice package = without_prefix(name, "@deepstream/");
    if (package.length == name.length)
        package = without_prefix(name, "deepstream.io-");
    if (package.length == name.length)
        return name;
    slice rest = without_prefix(package, plugin_kind_word(kind));
    return rest.length == package.length ? package : without_prefix(rest, "-");
}

static char *path_of_name(enum ds_plugin_kind kind, const struct config *config, slice name)
{
    struct buf path = BUF_EMPTY;
    slice plain = short_name(kind, name);
    char *folder = plugin_loader_folder(config);
    if (plain.length > 0 && memchr(plain.at, '/', plain.length) == NULL) {
        buf_printf(&path, "%s/%s-" SLICE_FORMAT ".so", folder, plugin_kind_word(kind),
                   SLICE_ARGUMENTS(plain));
        buf_append_byte(&path, '\0');
    }
    free(folder);
    return path.at;
}

void plugin_loader_describe(enum ds_plugin_kind kind, const struct config_plugin *wanted,
                            struct buf *out)
{
    slice word = wanted->type.length > 0   ? wanted->type
                 : wanted->name.length > 0 ? wanted->name
                                           : wanted->path;
    const char *way = wanted->type.length > 0   ? "of type"
                      : wanted->name.length > 0 ? "via name"
                                                : "via path";
    buf_printf(out, "%s plugin %s " SLICE_FORMAT, plugin_kind_word(kind), way,
               SLICE_ARGUMENTS(word));
}

/* ---- finding ---- */

static bool refuse(enum ds_plugin_kind kind, struct config *config,
                   const struct config_plugin *wanted, const char *cause)
{
    struct buf text = BUF_EMPTY;
    plugin_loader_describe(kind, wanted, &text);
    config_refuse(config, wanted->value, "Error loading " SLICE_FORMAT ": %s",
                  SLICE_ARGUMENTS(text), cause);
    buf_fini(&text);
    return false;
}

static bool find_builtin(enum ds_plugin_kind kind, struct config *config,
                         const struct config_plugin *wanted, struct loaded_plugin *found)
{
    found->plugin = plugin_loader_builtin(kind, wanted->type);
    return found->plugin != NULL ||
           refuse(kind, config, wanted, "it is not built into this server");
}

bool plugin_loader_find(enum ds_plugin_kind kind, struct config *config,
                        const struct config_plugin *wanted, struct loaded_plugin *found)
{
    struct ds_error error = {.text = ""};
    *found = (struct loaded_plugin){0};
    if (wanted->type.length > 0)
        return find_builtin(kind, config, wanted, found);
    char *path = wanted->name.length > 0 ? path_of_name(kind, config, wanted->name)
                                         : path_below(slice_of(config_dir(config)), wanted->path);
    if (path == NULL)
        return refuse(kind, config, wanted, "this cannot be a name: a file is named by `path`");
    found->library = plugin_library_open_kind(path, kind, &error);
    free(path);
    if (found->library == NULL)
        return refuse(kind, config, wanted, error.text);
    found->plugin = plugin_library_plugin(found->library);
    return true;
}
