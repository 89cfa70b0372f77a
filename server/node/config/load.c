/* The steps from a request to a configuration, in their order, and the ways to look into it. */

#include "internal.h"

#include "base/check.h"

static void refuse_javascript(struct config *config)
{
    problem_add(config, DS_ERROR, NULL,
                "The configuration " SLICE_FORMAT " is JavaScript, which this server does not run",
                SLICE_ARGUMENTS(config->file));
    problem_hint(config,
                 "write it as YAML or JSON; what it exports now is printed by  node -p "
                 "\"JSON.stringify(require('./" SLICE_FORMAT "'), null, 2)\"",
                 SLICE_ARGUMENTS(config->file));
}

static struct ds_value *read_file(struct config *config)
{
    slice bytes;
    if (path_ends_with(config->file, ".js")) {
        refuse_javascript(config);
        return NULL;
    }
    const char *error = path_read_file(config->file.at, &config->arena, &bytes);
    if (error == NULL)
        return config_read(config, config->file, bytes, true);
    problem_add(config, DS_ERROR, NULL, "Configuration file " SLICE_FORMAT " can't be read: %s",
                SLICE_ARGUMENTS(config->file), error);
    return NULL;
}

static struct ds_value *read_given(struct config *config, const struct config_request *request)
{
    if (request->text_name != NULL)
        return config_read(config, slice_of(request->text_name),
                           arena_copy(&config->arena, request->text), true);
    return config->file.length > 0 ? read_file(config) : NULL;
}

/* A file that holds nothing, or no file, gives nothing. */
static void settle_given(struct config *config, struct ds_value *given)
{
    static const struct origin NOWHERE = {.word = "default"};
    if (ds_value_kind(given) == DS_VALUE_MAP) {
        config->given = given;
        return;
    }
    config->given = setting_new(&config->arena, DS_VALUE_MAP, NOWHERE);
    if (ds_value_kind(given) != DS_VALUE_NULL) {
        problem_add(config, DS_ERROR, &given->origin, "type must be object");
        problem_hint(config, "a configuration is a map of options: key: value");
    }
}

struct config *config_load(const struct config_request *request)
{
    struct config *config = calloc(1, sizeof *config);
    CHECK(config != NULL);
    arena_init(&config->arena, 0);
    config->dir = SLICE(".");
    if (request->text_name == NULL)
        config_find(config, request);
    struct ds_value *given = config->error_count == 0 ? read_given(config, request) : NULL;
    settle_given(config, given);
    config_apply_overrides(config, request);
    config_check(config);
    if (config->error_count == 0) {
        config_complete(config);
        config_check_cluster(config, request);
    }
    problems_sort(config);
    return config;
}

void config_free(struct config **config)
{
    if (*config == NULL)
        return;
    VEC_FREE(&(*config)->problems);
    arena_fini(&(*config)->arena);
    free(*config);
    *config = NULL;
}

bool config_is_valid(const struct config *config)
{
    return config->error_count == 0;
}

slice config_file(const struct config *config)
{
    return config->file;
}

const char *config_dir(const struct config *config)
{
    return config->dir.at;
}

/* ---- values ---- */

const struct ds_value *config_value(const struct config *config, enum config_option option)
{
    CHECK(config->root != NULL && option < CONFIG_OPTION_COUNT);
    return config->values[option];
}

static slice as_text(const struct ds_value *value)
{
    return ds_value_text(value, (slice){0});
}

/* false, which some integers may be, is 0. */
static int64_t as_integer(const struct ds_value *value)
{
    return (int64_t)ds_value_number(value, 0);
}

slice config_text(const struct config *config, enum config_option option)
{
    return as_text(config_value(config, option));
}

bool config_boolean(const struct config *config, enum config_option option)
{
    return ds_value_boolean(config_value(config, option), false);
}

int64_t config_integer(const struct config *config, enum config_option option)
{
    return as_integer(config_value(config, option));
}

const struct ds_value *config_value_in(const struct ds_value *options, enum config_option option)
{
    return setting_find(options, slice_of(option_info(option)->key));
}

slice config_text_in(const struct ds_value *options, enum config_option option)
{
    return as_text(config_value_in(options, option));
}

bool config_boolean_in(const struct ds_value *options, enum config_option option)
{
    return ds_value_boolean(config_value_in(options, option), false);
}

int64_t config_integer_in(const struct ds_value *options, enum config_option option)
{
    return as_integer(config_value_in(options, option));
}

/* ---- levels ---- */

static char to_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool is_word(slice text, const char *word)
{
    size_t i = 0;
    while (i < text.length && word[i] != '\0' && to_lower(text.at[i]) == word[i])
        i++;
    return i == text.length && word[i] == '\0';
}

bool config_level_of(slice text, enum ds_log_level *level)
{
    static const struct {
        const char *name, *number;
        enum ds_log_level level;
    } LEVELS[] = {
        {"debug", "0", DS_DEBUG}, {"info", "1", DS_INFO},   {"warn", "2", DS_WARN},
        {"error", "3", DS_ERROR}, {"fatal", "4", DS_FATAL}, {"off", "100", DS_OFF},
    };
    for (size_t i = 0; i < sizeof LEVELS / sizeof *LEVELS; i++) {
        if (is_word(text, LEVELS[i].name) || slice_equal(text, slice_of(LEVELS[i].number))) {
            *level = LEVELS[i].level;
            return true;
        }
    }
    return false;
}

enum ds_log_level config_log_level(const struct config *config)
{
    enum ds_log_level level = DS_INFO;
    const struct ds_value *general = config_value(config, CONFIG_LOG_LEVEL);
    const struct ds_value *own = config_value(config, CONFIG_LOGGER_LEVEL);
    config_level_of((own != NULL ? own : general)->text, &level);
    return level;
}

/* ---- plugins ---- */

size_t config_plugin_count(const struct config *config, enum config_plugin_kind kind)
{
    return config->plugins[kind].count;
}

const struct config_plugin *config_plugin(const struct config *config, enum config_plugin_kind kind,
                                          size_t index)
{
    CHECK(index < config->plugins[kind].count);
    return &config->plugins[kind].items[index];
}
