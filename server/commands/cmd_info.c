/* deepstream info: what this program is, as JSON. */

#include "commands.h"

#include "node_options.h"

#include "terminal/output.h"

#include "base/check.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/utsname.h>

static const struct command_line LINE = {
    .command = "info",
    .about =
        "Prints version, build, platform, and the libraries of the plugin folder, which is that\n"
        "of --lib-dir or of the configuration.\n",
    .options = node_options,
    .option_count = NODE_OPTIONS_OF_MOST,
};

#define MOST_LIBRARIES 1000

static const char *text_member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text == NULL ? "" : text;
}

/* "name:version" of a folder's package.json, when it has one. */
static void add_library(json_t *libraries, const char *folder, const char *name)
{
    struct buf text = BUF_EMPTY;
    buf_printf(&text, "%s/%s/package.json", folder, name);
    buf_append_byte(&text, '\0');
    json_t *package = json_load_file(text.at, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(package)) {
        buf_clear(&text);
        buf_printf(&text, "%s:%s", text_member(package, "name"), text_member(package, "version"));
        json_array_append_new(libraries, json_stringn(text.at, text.length));
    }
    json_decref(package);
    buf_fini(&text);
}

static json_t *find_libraries(const char *folder)
{
    json_t *libraries = json_array();
    struct dirent **names = NULL;
    int count = folder == NULL ? 0 : scandir(folder, &names, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        if (names[i]->d_name[0] != '.' && json_array_size(libraries) < MOST_LIBRARIES)
            add_library(libraries, folder, names[i]->d_name);
        free(names[i]);
    }
    free(names);
    return libraries;
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
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:n, s:o}", "deepstreamVersion", DEEPSTREAM_VERSION,
                     "ref", DEEPSTREAM_REF, "buildTime", DEEPSTREAM_BUILD_TIME, "platform",
                     system.sysname, "arch", arch, "nodeVersion", "libs", find_libraries(lib_dir));
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

static char *configured_lib_dir(const struct config *config)
{
    slice folder = config_text(config, CONFIG_LIB_DIR);
    struct buf path = BUF_EMPTY;
    if (folder.length > 0 && folder.at[0] != '/')
        buf_printf(&path, "%s/", config_dir(config));
    buf_append(&path, folder);
    buf_append_byte(&path, '\0');
    return path.at;
}

static enum exit_status act(const struct node_options *options, enum colour_choice colour)
{
    if (options->lib_dir != NULL)
        return print_info(options->lib_dir, colour);
    struct config *config = node_options_load_valid(options, colour);
    if (config == NULL || config_file(config).length == 0) {
        fputs("Please provide a libDir or a configFile to provide the relevant install "
              "information\n",
              stderr);
        if (config != NULL)
            config_free(&config);
        return EXIT_FINDINGS;
    }
    char *folder = configured_lib_dir(config);
    enum exit_status status = print_info(folder[0] == '\0' ? NULL : folder, colour);
    free(folder);
    config_free(&config);
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
