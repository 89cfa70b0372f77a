/* What answers of a webhook mean, friendly, sloppy and hostile ones (server.md 6.5, S14). */

#include "plugins/authentication/webhook_answer.h"

#include "base/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define JSON "application/json; charset=utf-8"

static struct arena arena;
static struct webhook_verdict verdict;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 0);
    verdict = (struct webhook_verdict){0};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    webhook_verdict_fini(&verdict);
    arena_fini(&arena);
    return 0;
}

static void read_answer(bool is_permitted, const char *type, const char *body)
{
    webhook_verdict_fini(&verdict);
    webhook_verdict_init(&verdict, is_permitted, slice_of(type), arena_copy(&arena, slice_of(body)),
                         &arena);
}

static void expect(slice text, const char *expected)
{
    if (!slice_equal(text, slice_of(expected)))
        fail_msg("\"" SLICE_FORMAT "\" is not \"%s\"", SLICE_ARGUMENTS(text), expected);
}

static void expect_accepted(const char *type, const char *body, const char *id)
{
    read_answer(true, type, body);
    assert_int_equal(verdict.outcome, DS_LOGIN_ACCEPTED);
    assert_null(verdict.problem);
    assert_int_equal(verdict.has_id, id != NULL);
    if (id != NULL)
        expect(verdict.id, id);
}

static void a_text_is_the_id(void **state)
{
    (void)state;
    expect_accepted("text/plain", "bo", "bo");
    expect_accepted("text/html; charset=utf-8", "b\xc3\xb6", "b\xc3\xb6");
    expect_accepted(JSON, "\"bo\"", "bo");
    expect(buf_slice(&verdict.client_data), "");
    expect(buf_slice(&verdict.server_data), "");
}

static void s14_an_unknown_type_is_text_too(void **state)
{
    (void)state;
    expect_accepted("", "bo", "bo");
    expect_accepted("application/octet-stream", "bo", "bo");
    expect_accepted("application/jsonx", "{}", "{}");
    expect_accepted(";", "bo", "bo");
}

static void an_object_has_members_for_everything(void **state)
{
    (void)state;
    expect_accepted(
        JSON, "{\"id\":\"bo\",\"clientData\":{\"a\":1},\"serverData\":[2],\"token\":\"t\"}", "bo");
    expect(buf_slice(&verdict.client_data), "{\"a\":1}");
    expect(buf_slice(&verdict.server_data), "[2]");
    expect(verdict.token, "t");
}

static void every_spelling_of_json_is_known(void **state)
{
    (void)state;
    expect_accepted("APPLICATION/JSON", "{\"id\":\"bo\"}", "bo");
    expect_accepted("application/vnd.api+json", "{\"id\":\"bo\"}", "bo");
    expect_accepted("text/javascript", "{\"id\":\"bo\"}", "bo");
    expect_accepted("application/json;charset=x", "{\"id\":\"bo\"}", "bo");
}

static void nothing_is_a_login_without_an_id(void **state)
{
    (void)state;
    expect_accepted("text/plain", "", NULL);
    expect_accepted("", "", NULL);
    expect_accepted(JSON, "", NULL);
    expect_accepted(JSON, "{}", NULL);
    expect_accepted(JSON, "null", NULL);
    expect_accepted(JSON, "{\"id\":null}", NULL);
    expect_accepted(JSON, "{\"id\":\"\"}", NULL);
}

static void s14_is_valid_is_not_looked_at(void **state)
{
    (void)state;
    expect_accepted(JSON, "{\"isValid\":false,\"id\":\"bo\"}", "bo");
    read_answer(false, JSON, "{\"isValid\":true,\"id\":\"bo\"}");
    assert_int_equal(verdict.outcome, DS_LOGIN_REFUSED);
    assert_false(verdict.has_id);
}

static void a_number_may_be_the_id(void **state)
{
    (void)state;
    expect_accepted(JSON, "{\"id\":42}", "42");
    expect_accepted(JSON, "{\"id\":1.5}", "1.5");
}

static void expect_rejected(const char *type, const char *body, const char *problem)
{
    read_answer(true, type, body);
    assert_int_equal(verdict.outcome, DS_LOGIN_REFUSED);
    assert_string_equal(verdict.problem, problem);
    assert_false(verdict.has_id);
    expect(buf_slice(&verdict.client_data), "");
    expect(buf_slice(&verdict.server_data), "");
}

static void an_answer_of_wrong_types_accepts_nobody(void **state)
{
    (void)state;
    expect_rejected(JSON, "true", "the answer is neither a text nor an object");
    expect_rejected(JSON, "[\"bo\"]", "the answer is neither a text nor an object");
    expect_rejected(JSON, "5", "the answer is neither a text nor an object");
    expect_rejected(JSON, "{\"id\":{},\"clientData\":1}", "the id is neither a text nor a number");
    expect_rejected(JSON, "{\"id\":true}", "the id is neither a text nor a number");
    expect_rejected(JSON, "{\"id\":\"bo\"", "the answer says that it is JSON, but it is not");
    expect_rejected(JSON, "bo", "the answer says that it is JSON, but it is not");
    expect_rejected(JSON, "{\"id\":\"\\ud800\"}", "the id is not UTF-8");
    expect_rejected("text/plain", "\xff\xfe", "the id is not UTF-8");
}

static void an_id_as_long_as_a_page_accepts_nobody(void **state)
{
    (void)state;
    char page[WEBHOOK_MAX_ID_BYTES + 2];
    memset(page, 'x', sizeof page);
    page[WEBHOOK_MAX_ID_BYTES + 1] = '\0';
    expect_rejected("text/html", page, "the id is too long");
    page[WEBHOOK_MAX_ID_BYTES] = '\0';
    expect_accepted("text/html", page, page);
}

static void depth_is_bounded(void **state)
{
    (void)state;
    static char deep[200001];
    memset(deep, '[', sizeof deep - 1);
    expect_rejected(JSON, deep, "the answer says that it is JSON, but it is not");
}

static void expect_refused(const char *type, const char *body, const char *client_data)
{
    read_answer(false, type, body);
    assert_int_equal(verdict.outcome, DS_LOGIN_REFUSED);
    assert_null(verdict.problem);
    expect(buf_slice(&verdict.client_data), client_data);
}

static void the_client_is_told_why_it_is_refused(void **state)
{
    (void)state;
    expect_refused("text/plain", "no \"way\"", "{\"error\":\"no \\\"way\\\"\"}");
    expect_refused("", "no", "{\"error\":\"no\"}");
    expect_refused(JSON, "\"no\"", "{\"error\":\"no\"}");
    expect_refused(JSON, "{\"code\":7}", "{\"code\":7}");
    expect_refused(JSON, "{\"code\":", "{\"error\":\"{\\\"code\\\":\"}");
    expect_refused("text/plain", "", "");
    expect_refused("text/plain", "\xff", "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_text_is_the_id),
        TEST(s14_an_unknown_type_is_text_too),
        TEST(an_object_has_members_for_everything),
        TEST(every_spelling_of_json_is_known),
        TEST(nothing_is_a_login_without_an_id),
        TEST(s14_is_valid_is_not_looked_at),
        TEST(a_number_may_be_the_id),
        TEST(an_answer_of_wrong_types_accepts_nobody),
        TEST(an_id_as_long_as_a_page_accepts_nobody),
        TEST(depth_is_bounded),
        TEST(the_client_is_told_why_it_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
