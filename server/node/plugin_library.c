#include "plugin_library.h"

#include "base/check.h"
#include "base/slice.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reports of a sanitizer name functions by what is loaded when the process ends. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define STAYS_LOADED true
#elif defined __has_feature
#define STAYS_LOADED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define STAYS_LOADED false
#endif

typedef const struct ds_plugin *plugin_entry(void);

struct plugin_library {
    void *handle;
    const struct ds_plugin *plugin;
    char *path;
};

static const struct {
    const char *word;
    bool needs_operations;
    size_t required; /* so many operations, the first ones of its table, have to be there */
} KINDS[] = {
    [DS_PLUGIN_AUTHENTICATION] = {"authentication", true, 1},
    [DS_PLUGIN_PERMISSION] = {"permission", true, 3},
    [DS_PLUGIN_CACHE] = {"cache", true, 4},
    [DS_PLUGIN_STORAGE] = {"storage", false, 3},
    [DS_PLUGIN_LOGGER] = {"logger", true, 1},
    [DS_PLUGIN_MONITORING] = {"monitoring", false, 0},
    [DS_PLUGIN_CUSTOM] = {"plugin", false, 0},
    [DS_PLUGIN_CONNECTION_ENDPOINT] = {"connection", true, 4},
    [DS_PLUGIN_HTTP_SERVICE] = {"httpserver", true, 9},
    [DS_PLUGIN_TELEMETRY] = {"telemetry", false, 0},
    [DS_PLUGIN_SUBSCRIPTION_REGISTRY] = {"subscriptions", true, 9},
    [DS_PLUGIN_LOCKS] = {"locks", true, 3},
    [DS_PLUGIN_CLUSTER_NODE] = {"clusternode", true, 4},
    [DS_PLUGIN_CLUSTER_REGISTRY] = {"clusterregistry", true, 7},
    [DS_PLUGIN_STATE_REGISTRY] = {"clusterstates", true, 7},
};
#define KIND_COUNT (sizeof KINDS / sizeof *KINDS)

const char *plugin_kind_word(enum ds_plugin_kind kind)
{
    return (size_t)kind < KIND_COUNT ? KINDS[kind].word : "unknown";
}

/* ---- what can be wrong with a file ---- */

static bool refuse(struct ds_error *error, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool refuse(struct ds_error *error, const char *path, const char *format, ...)
{
    char cause[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(cause, sizeof cause, format, arguments);
    va_end(arguments);
    snprintf(error->text, sizeof error->text, "%.250s: %s", path, cause);
    return false;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), wanted = strlen(end);
    return length >= wanted && strcmp(text + length - wanted, end) == 0;
}

/* Libraries of other kinds would be told apart by dlopen too, but not in words for everybody. */
static bool check_bytes(const char *path, int descriptor, struct ds_error *error)
{
    struct stat status;
    char magic[4];
    if (fstat(descriptor, &status) != 0)
        return refuse(error, path, "%s", strerror(errno));
    if (!S_ISREG(status.st_mode))
        return refuse(error, path, "it is not a file");
    if (pread(descriptor, magic, sizeof magic, 0) == sizeof magic &&
        memcmp(magic, "\177ELF", sizeof magic) == 0)
        return true;
    if (ends_with(path, ".js") || ends_with(path, ".ts"))
        return refuse(error, path, "plugins in JavaScript are of no use here: see plugin.h");
    return refuse(error, path, "it is not a shared object");
}

static bool check_file(const char *path, struct ds_error *error)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0 && (errno == ENOENT || errno == ENOTDIR))
        return refuse(error, path, "there is no such file");
    if (descriptor < 0)
        return refuse(error, path, "it cannot be read: %s", strerror(errno));
    bool is_good = check_bytes(path, descriptor, error);
    close(descriptor);
    return is_good;
}

/* dlopen looks for a path without a slash in places of its own. */
static void *open_handle(const char *path, struct ds_error *error)
{
    char below[4096];
    snprintf(below, sizeof below, "%s%s", strchr(path, '/') == NULL ? "./" : "", path);
    void *handle = dlopen(below, RTLD_NOW | RTLD_LOCAL);
    if (handle != NULL)
        return handle;
    const char *cause = dlerror();
    size_t length = strlen(below);
    if (strncmp(cause, below, length) == 0 && strncmp(cause + length, ": ", 2) == 0)
        cause += length + 2;
    refuse(error, path, "it cannot be loaded: %s", cause);
    return NULL;
}

/* The tables hold functions only. */
static bool has_required(const struct ds_plugin *plugin)
{
    void (*const *operations)(void) = plugin->operations;
    for (size_t i = 0; operations != NULL && i < KINDS[plugin->kind].required; i++) {
        if (operations[i] == NULL)
            return false;
    }
    return operations != NULL || !KINDS[plugin->kind].needs_operations;
}

static bool check_members(const char *path, const struct ds_plugin *plugin, struct ds_error *error)
{
    if ((size_t)plugin->kind >= KIND_COUNT)
        return refuse(error, path, "it is a plugin of kind %d, which this server does not have",
                      (int)plugin->kind);
    if (plugin->name == NULL || plugin->description == NULL)
        return refuse(error, path, "it has no name, or no description");
    if (plugin->create == NULL || plugin->close == NULL)
        return refuse(error, path, "it has no create, or no close");
    if (!has_required(plugin))
        return refuse(error, path, "it lacks operations that a %s plugin has to have",
                      KINDS[plugin->kind].word);
    return true;
}

/* The version is read first: nothing else of a plugin of another one is touched. */
static bool find_plugin(struct plugin_library *library, struct ds_error *error)
{
    plugin_entry *entry;
    void *symbol = dlsym(library->handle, DS_PLUGIN_SYMBOL);
    if (symbol == NULL)
        return refuse(error, library->path,
                      "it is not a plugin: it does not export " DS_PLUGIN_SYMBOL);
    memcpy(&entry, &symbol, sizeof entry); /* ISO C has no cast between the two */
    library->plugin = entry();
    if (library->plugin == NULL)
        return refuse(error, library->path, "its " DS_PLUGIN_SYMBOL " returned NULL");
    if (library->plugin->version != DS_PLUGIN_VERSION)
        return refuse(error, library->path,
                      "it was built for version %u of plugins, this server has version %u",
                      library->plugin->version, (unsigned)DS_PLUGIN_VERSION);
    return check_members(library->path, library->plugin, error);
}

/* ---- open and close ---- */

struct plugin_library *plugin_library_open(const char *path, struct ds_error *error)
{
    if (!check_file(path, error))
        return NULL;
    void *handle = open_handle(path, error);
    if (handle == NULL)
        return NULL;
    struct plugin_library *library = calloc(1, sizeof *library);
    CHECK(library != NULL);
    library->handle = handle;
    library->path = strdup(path);
    CHECK(library->path != NULL);
    if (!find_plugin(library, error))
        plugin_library_close(&library);
    return library;
}

struct plugin_library *plugin_library_open_kind(const char *path, enum ds_plugin_kind kind,
                                                struct ds_error *error)
{
    struct plugin_library *library = plugin_library_open(path, error);
    if (library != NULL && library->plugin->kind != kind) {
        refuse(error, path, "it is a %s plugin, not a %s plugin",
               plugin_kind_word(library->plugin->kind), plugin_kind_word(kind));
        plugin_library_close(&library);
    }
    return library;
}

const struct ds_plugin *plugin_library_plugin(const struct plugin_library *library)
{
    return library->plugin;
}

const char *plugin_library_path(const struct plugin_library *library)
{
    return library->path;
}

void plugin_library_close(struct plugin_library **library)
{
    struct plugin_library *closed = *library;
    *library = NULL;
    if (closed == NULL)
        return;
    if (!STAYS_LOADED)
        dlclose(closed->handle);
    free(closed->path);
    free(closed);
}
