/* Everybody is who he says. */

#include "plugins/builtins.h"

#include "base/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void keep_id(void *context, const struct ds_login_result *result)
{
    char *id = context;
    assert_int_equal(result->outcome, DS_LOGIN_ACCEPTED);
    assert_true(result->has_id && result->id.length < 64);
    assert_int_equal(result->client_data.length, 0);
    memcpy(id, result->id.at, result->id.length);
    id[result->id.length] = '\0';
}

static void note_closed(void *context, const char *error)
{
    assert_null(error);
    *(bool *)context = true;
}

static void the_id_is_the_username_as_text_or_open(void **state)
{
    (void)state;
    static const struct {
        const char *data, *id;
    } cases[] = {
        {"{\"username\":\"bo\"}", "bo"},
        {"{}", "open"},
        {"[]", "open"},
        {"{\"username\":\"\"}", "open"},
        {"{\"username\":null}", "open"},
        {"{\"username\":0}", "open"},
        {"{\"username\":false}", "open"},
        {"{\"username\":12}", "12"},
        {"{\"username\":true}", "true"},
        {"{\"username\":[1,\"a\"]}", "1,a"},
        {"{\"username\":{}}", "[object Object]"},
        {"{\"username\":{\"toString\":1}}", "open"},
        {"{\"username\":\"constructor\"}", "constructor"},
    };
    const struct ds_plugin *plugin = &ds_authentication_none;
    const struct ds_authentication_operations *operations = plugin->operations;
    struct ds_services services = {0};
    struct ds_error error;
    void *self = plugin->create(&services, NULL, &error);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char id[64] = "";
        struct ds_login login = {.auth_data = slice_of(cases[i].data)};
        operations->login(self, &login, keep_id, id);
        assert_string_equal(id, cases[i].id);
    }
    bool is_closed = false;
    plugin->close(self, note_closed, &is_closed);
    assert_true(is_closed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_id_is_the_username_as_text_or_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
