/* Any bytes as a configuration. What is valid is printed, loaded again, and has to be valid again;
 * every value must be there that a node asks for. Bytes that begin with `=` are one line that is
 * put into a file that is otherwise whole. */

#include "node/config/config.h"
#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct config *load(slice text)
{
    struct config_request request = {.text_name = "fuzz.yml", .text = text};
    return config_load(&request);
}

static void look_at(const struct ds_value *value)
{
    ds_value_json(value);
    ds_value_place(value);
    for (size_t i = 0; i < ds_value_count(value); i++) {
        slice key;
        const struct ds_value *member = ds_value_at(value, i, &key);
        CHECK(ds_value_place(member).length > 0);
    }
}

static void look_at_all(const struct config *config)
{
    for (enum config_option option = 0; option < CONFIG_OPTION_COUNT; option++)
        look_at(config_value(config, option));
    for (enum config_plugin_kind kind = 0; kind < CONFIG_PLUGIN_KIND_COUNT; kind++) {
        for (size_t i = 0; i < config_plugin_count(config, kind); i++)
            look_at(config_plugin(config, kind, i)->options);
    }
    CHECK(config_integer(config, CONFIG_HTTP_PORT) <= 65535);
    CHECK(config_integer(config, CONFIG_START_TIMEOUT) >= 1000);
    config_log_level(config);
}

static bool load_and_print(slice text, struct buf *out)
{
    struct config *config = load(text);
    bool is_valid = config_is_valid(config);
    if (is_valid) {
        look_at_all(config);
        config_print(config, out);
    } else {
        config_print_problems(config, out, false);
        CHECK(out->length > 0);
    }
    config_free(&config);
    return is_valid;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf text = BUF_EMPTY, once = BUF_EMPTY, again = BUF_EMPTY;
    slice input = {(const char *)data, size};
    if (size > 0 && data[0] == '=') {
        buf_append_text(&text, "httpServer:\n  options:\n    ");
        buf_append(&text, slice_part(input, 1, size));
        buf_append_text(&text, "\nauth: [{type: none}]\n");
        input = buf_slice(&text);
    }
    if (load_and_print(input, &once))
        CHECK(load_and_print(buf_slice(&once), &again));
    buf_fini(&text);
    buf_fini(&once);
    buf_fini(&again);
    return 0;
}
