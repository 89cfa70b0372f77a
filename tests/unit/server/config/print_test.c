/* --print-config: what is in effect, with its origin, and a configuration itself. */

#include "config_support.h"

static void expect_part(const struct config *config, const char *part)
{
    struct buf out = BUF_EMPTY;
    config_print(config, &out);
    buf_append_byte(&out, '\0');
    if (strstr(out.at, part) == NULL)
        fail_msg("there is no\n%s\nin\n%s", part, out.at);
    buf_fini(&out);
}

static void each_line_says_where_its_value_is_from(void **state)
{
    (void)state;
    const struct config_override override = {CONFIG_HTTP_PORT, "7", "--port"};
    struct config_request request = {.text_name = "config.yml",
                                     .text = SLICE("httpServer:\n  options:\n    host: ::1\n"),
                                     .overrides = &override,
                                     .override_count = 1};
    struct config *config = config_load(&request);
    expect_part(config, "\n    host: \"::1\"                                 # config.yml:3:11\n"
                        "    port: 7                                     # --port\n"
                        "    allowAllOrigins: true                       # default\n");
    config_free(&config);
}

static void lists_of_maps_begin_at_their_dash(void **state)
{
    (void)state;
    struct config *config = load_valid("plugins: {p: {name: p, options: {a: [{b: 1, c: [2, [3]]},"
                                       " [], 'x: y']}}}\n");
    expect_part(config, "      a:\n"
                        "        - b: 1                                  # config.yml:1:42\n"
                        "          c:\n"
                        "            - 2                                 # config.yml:1:49\n"
                        "            - - 3                               # config.yml:1:53\n"
                        "        - []                                    # config.yml:1:59\n"
                        "        - \"x: y\"                                # config.yml:1:63\n");
    config_free(&config);
}

static void passwords_are_hidden(void **state)
{
    (void)state;
    struct config *config =
        load_valid("auth: [{type: file, options: {users: {bob: {password: hunter2}}}}]\n");
    struct buf out = BUF_EMPTY;
    config_print(config, &out);
    buf_append_byte(&out, '\0');
    assert_null(strstr(out.at, "hunter2"));
    assert_non_null(strstr(out.at, "password: \"***\""));
    buf_fini(&out);
    config_free(&config);
}

/* Loads what was printed, and what that prints; but for places the two are the same. */
static void expect_stable(const char *text)
{
    struct buf first = BUF_EMPTY, second = BUF_EMPTY;
    struct config *config = load_valid(text);
    config_print(config, &first);
    buf_append_byte(&first, '\0');
    config_free(&config);
    config = load_valid(first.at);
    config_print(config, &second);
    config_free(&config);
    size_t i = 0, j = 0;
    while (i < first.length - 1 && j < second.length) {
        if (first.at[i] == '#' && second.at[j] == '#') {
            i += strcspn(first.at + i, "\n");
            while (j < second.length && second.at[j] != '\n')
                j++;
            continue;
        }
        assert_int_equal(first.at[i++], second.at[j++]);
    }
    assert_int_equal(j, second.length);
    buf_fini(&first);
    buf_fini(&second);
}

static void what_is_printed_can_be_loaded_again(void **state)
{
    (void)state;
    expect_stable("");
    expect_stable(
        "serverName: \"12\"\nlibDir: 'null'\nhttpServer: {options: {hostUrl: \"a \\\"b\\\" "
        "\\t: c\"}}\n");
    expect_stable("plugins: {p: {name: p, options: {a: [{b: .inf, c: [2, [3]]}, [], 'x: y', 0x10, "
                  "-1.5, ~, 'true', '', '- ', 2026-01-01]}}, 'q r': {path: ./q.so}}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_line_says_where_its_value_is_from),
        cmocka_unit_test(lists_of_maps_begin_at_their_dash),
        cmocka_unit_test(passwords_are_hidden),
        cmocka_unit_test(what_is_printed_can_be_loaded_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
