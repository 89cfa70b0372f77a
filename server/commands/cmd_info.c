/* deepstream info: what this program is, as JSON. */

#include "commands.h"

#include "node_options.h"

#include "node/plugin_loader.h"
#include "terminal/output.h"

#include "base/check.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

static const struct command_line LINE = {
    .command = "info",
    .about =
        "Prints version, build, platform, and the plugins of their folder, which is that of\n"
        "--lib-dir, or of the configuration, or that of this installation: kind, name, version of\n"
        "the header they were built with, description, options, or why one cannot be loaded.\n",
    .options = node_options,
    .option_count = NODE_OPTIONS_OF_MOST,
};

#define MOST_LISTED 1000

static const char *text_member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text == NULL ? "" : text;
}

/* "name:version" of a folder's package.json, when it has one. */
static void add_package(json_t *packages, const char *folder, const char *name)
{
    struct buf text = BUF_EMPTY;
    buf_printf(&text, "%s/%s/package.json", folder, name);
    buf_append_byte(&text, '\0');
    json_t *package = json_load_file(text.at, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(package)) {
        buf_clear(&text);
        buf_printf(&text, "%s:%s", text_member(package, "name"), text_member(package, "version"));
        json_array_append_new(packages, json_stringn(text.at, text.length));
    }
    json_decref(package);
    buf_fini(&text);
}

static json_t *list_texts(const char *const *texts)
{
    json_t *list = json_array();
    for (; *texts != NULL; texts++)
        json_array_append_new(list, json_string(*texts));
    return list;
}

/* What a shared object holds, or why it is of no use. */
static json_t *describe_plugin(const char *path, const char *name)
{
    struct ds_error error;
    struct plugin_library *library = plugin_library_open(path, &error);
    if (library == NULL)
        return json_pack("{s:o?, s:o?}", "file", json_string(name), "error",
                         json_string(error.text));
    const struct ds_plugin *plugin = plugin_library_plugin(library);
    json_t *described =
        json_pack("{s:o?, s:s, s:o?, s:i, s:o?}", "file", json_string(name), "kind",
                  plugin_kind_word(plugin->kind), "name", json_string(plugin->name), "version",
                  (int)plugin->version, "description", json_string(plugin->description));
    if (plugin->options != NULL)
        json_object_set_new(described, "options", list_texts(plugin->options));
    plugin_library_close(&library);
    return described;
}

static void add_plugin(json_t *plugins, const char *folder, const char *name)
{
    struct buf path = BUF_EMPTY;
    size_t length = strlen(name);
    if (length < 4 || strcmp(name + length - 3, ".so") != 0)
        return;
    buf_printf(&path, "%s/%s", folder, name);
    buf_append_byte(&path, '\0');
    json_array_append_new(plugins, describe_plugin(path.at, name));
    buf_fini(&path);
}

/* What add finds at the entries of a folder, in the order of their names. */
static json_t *list_folder(const char *folder,
                           void (*add)(json_t *list, const char *folder, const char *name))
{
    json_t *list = json_array();
    struct dirent **names = NULL;
    int count = scandir(folder, &names, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        if (names[i]->d_name[0] != '.' && json_array_size(list) < MOST_LISTED)
            add(list, folder, names[i]->d_name);
        free(names[i]);
    }
    free(names);
    return list;
}

static json_t *describe(const char *lib_dir)
{
    struct utsname system;
    CHECK(uname(&system) == 0);
    for (char *at = system.sysname; *at != '\0'; at++)
        *at = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;
    const char *arch = strcmp(system.machine, "x86_64") == 0    ? "x64"
                       : strcmp(system.machine, "aarch64") == 0 ? "arm64"
                                                                : system.machine;
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:n, s:o, s:o?, s:o}", "deepstreamVersion",
                     DEEPSTREAM_VERSION, "ref", DEEPSTREAM_REF, "buildTime", DEEPSTREAM_BUILD_TIME,
                     "platform", system.sysname, "arch", arch, "nodeVersion", "libs",
                     list_folder(lib_dir, add_package), "libDir", json_string(lib_dir), "plugins",
                     list_folder(lib_dir, add_plugin));
}

static enum exit_status print_info(const char *lib_dir, enum colour_choice colour)
{
    struct output output;
    json_t *info = describe(lib_dir);
    char *text = json_dumps(info, JSON_INDENT(2));
    CHECK(text != NULL);
    output_open(&output, colour);
    buf_append_text(&output.text, text);
    buf_append_byte(&output.text, '\n');
    free(text);
    json_decref(info);
    return output_close(&output, EXIT_FINE);
}

/* The folder to look at, which is the caller's; NULL when there is nothing to go by. */
static char *find_folder(const struct node_options *options, enum colour_choice colour)
{
    char *folder = NULL;
    if (options->lib_dir != NULL)
        return strdup(options->lib_dir);
    struct config *config = node_options_load_valid(options, colour);
    if (config == NULL)
        return NULL;
    folder = plugin_loader_folder(config);
    if (config_file(config).length == 0 && access(folder, R_OK) != 0) {
        free(folder);
        folder = NULL;
    }
    config_free(&config);
    return folder;
}

static enum exit_status act(const struct node_options *options, enum colour_choice colour)
{
    char *folder = find_folder(options, colour);
    if (folder == NULL) {
        fputs("Please provide a libDir or a configFile to provide the relevant install "
              "information\n",
              stderr);
        return EXIT_FINDINGS;
    }
    enum exit_status status = print_info(folder, colour);
    free(folder);
    return status;
}

enum exit_status cmd_info(int argc, char **argv)
{
    struct node_options options = {0};
    struct arguments arguments;
    enum exit_status status;
    if (!command_line_parse(&LINE, argc, argv, &options, &arguments, &status))
        return status;
    status = act(&options, arguments.colour);
    arguments_fini(&arguments);
    return status;
}
