/* deepstream hash: what users.yml keeps of a password. */

#include "commands.h"

#include "node_options.h"

#include "plugins/authentication/password.h"
#include "terminal/output.h"

#include <stdio.h>

static const struct command_line LINE = {
    .command = "hash",
    .about =
        "Prints the hash of PASSWORD as the first `auth` entry of type file wants it, with a new\n"
        "salt.\n",
    .options = node_options,
    .option_count = 1,
    .most = 1,
};

static enum exit_status complain(const char *text)
{
    fprintf(stderr, "Error: %s\n", text);
    return EXIT_FINDINGS;
}

static const struct config_plugin *find_file_authentication(const struct config *config)
{
    for (size_t i = 0; i < config_plugin_count(config, CONFIG_PLUGIN_AUTHENTICATION); i++) {
        const struct config_plugin *entry = config_plugin(config, CONFIG_PLUGIN_AUTHENTICATION, i);
        if (slice_equal(entry->type, SLICE("file")))
            return entry;
    }
    return NULL;
}

static enum exit_status print_hash(const struct password_method *method, const char *password,
                                   enum colour_choice colour)
{
    char salt[PASSWORD_SALT_LENGTH + 1];
    struct output output;
    output_open(&output, colour);
    buf_append_text(&output.text, "Password hash: ");
    password_salt(salt);
    bool made = password_hash(method, slice_of(password), slice_of(salt), &output.text);
    buf_append_byte(&output.text, '\n');
    if (!made)
        buf_clear(&output.text);
    enum exit_status status = output_close(&output, EXIT_FINE);
    return made ? status : complain("Hash could not be created");
}

static enum exit_status hash(const struct config *config, const char *password,
                             enum colour_choice colour)
{
    struct password_method method;
    const struct config_plugin *entry = find_file_authentication(config);
    if (entry == NULL)
        return complain("Can only use hash with file authentication as auth type");
    slice digest = config_text_in(entry->options, CONFIG_AUTH_FILE_HASH);
    if (digest.length == 0)
        return complain("Can only use hash with file authentication");
    if (password == NULL || password[0] == '\0')
        return complain("Must provide password to hash");
    const char *problem = password_method_init(
        &method, digest, (double)config_integer_in(entry->options, CONFIG_AUTH_FILE_ITERATIONS),
        (double)config_integer_in(entry->options, CONFIG_AUTH_FILE_KEY_LENGTH));
    return problem == NULL ? print_hash(&method, password, colour) : complain(problem);
}

enum exit_status cmd_hash(int argc, char **argv)
{
    struct node_options options = {0};
    struct arguments arguments;
    enum exit_status status;
    if (!command_line_parse(&LINE, argc, argv, &options, &arguments, &status))
        return status;
    struct config *config = node_options_load_valid(&options, arguments.colour);
    const char *password = arguments.operands.count > 0 ? arguments.operands.items[0] : NULL;
    status = config == NULL ? EXIT_FINDINGS : hash(config, password, arguments.colour);
    if (config != NULL)
        config_free(&config);
    arguments_fini(&arguments);
    return status;
}
