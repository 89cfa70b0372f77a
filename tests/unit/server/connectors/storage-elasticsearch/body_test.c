/* What is sent, to the byte, and answers of all kinds. */

#include "storage-elasticsearch/body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct ds_error error;

static void assert_body(struct buf *body, const char *expected)
{
    buf_append_byte(body, '\0');
    assert_string_equal(body->at, expected);
    buf_fini(body);
}

static struct operation *set_of(slice data)
{
    const struct ds_record record = {.version = 5, .data = data};
    return operation_new(OPERATION_SET, SLICE("a\"b"), SLICE("i"), SLICE("a\"b"), &record);
}

static void a_set_is_two_lines(void **state)
{
    struct buf body = BUF_EMPTY;
    struct operation *set = set_of(SLICE("{\"x\":\"y\\n\",\n \"z\": 1}"));
    (void)state;
    assert_true(body_append_write(&body, set, false, &error));
    assert_body(&body,
                "{\"update\":{\"_index\":\"i\",\"_id\":\"a\\\"b\",\"retry_on_conflict\":5}}\n"
                "{\"scripted_upsert\":true,\"upsert\":{},\"script\":{\"lang\":\"painless\","
                "\"source\":\"if (ctx._source.ds_version == null || ctx._source.ds_version <= "
                "params.d.ds_version) { ctx._source.clear(); ctx._source.putAll(params.d) } else "
                "{ ctx.op = 'none' }\",\"params\":{\"d\":{\"ds_name\":\"a\\\"b\",\"ds_version\":5,"
                "\"ds_data\":\"{\\\"x\\\":\\\"y\\\\n\\\",\\n \\\"z\\\": 1}\"}}}}\n");
    free(set);
}

static void with_mappings_the_record_is_there_too_on_one_line(void **state)
{
    struct buf body = BUF_EMPTY;
    struct operation *set = set_of(SLICE("{\"x\":\n1}")), *list = set_of(SLICE("[1,\n2]"));
    (void)state;
    assert_true(body_append_write(&body, set, true, &error));
    assert_true(body_append_write(&body, list, true, &error));
    buf_append_byte(&body, '\0');
    assert_non_null(strstr(body.at, "\"ds_data\":\"{\\\"x\\\":\\n1}\",\"record\":{\"x\":1}}}}}\n"));
    assert_non_null(strstr(body.at, ",\"record\":{\"ds_list\":[1,2]}}}}}\n"));
    buf_fini(&body);
    free(set);
    free(list);
}

static void what_cannot_be_a_document_appends_nothing(void **state)
{
    struct buf body = BUF_EMPTY;
    struct operation *broken = set_of(SLICE("{\"x\":")), *bytes = set_of(SLICE("\"\xff\""));
    (void)state;
    assert_false(body_append_write(&body, broken, true, &error));
    assert_non_null(strstr(error.text, "neither a JSON object nor a list"));
    assert_false(body_append_write(&body, bytes, false, &error));
    assert_non_null(strstr(error.text, "not UTF-8"));
    assert_int_equal(body.length, 0);
    buf_fini(&body);
    free(broken);
    free(bytes);
}

static void a_removal_is_one_line_and_a_get_one_place(void **state)
{
    struct buf body = BUF_EMPTY;
    struct operation *removal =
        operation_new(OPERATION_REMOVE, SLICE("a"), SLICE("i"), SLICE("a"), NULL);
    (void)state;
    assert_true(body_append_write(&body, removal, true, &error));
    assert_body(&body, "{\"delete\":{\"_index\":\"i\",\"_id\":\"a\"}}\n");
    body = BUF_EMPTY;
    body_append_read(&body, removal);
    assert_body(&body, "{\"_index\":\"i\",\"_id\":\"a\"}");
    free(removal);
}

static void an_index_does_not_read_records_unless_it_is_told_how(void **state)
{
    struct buf body = BUF_EMPTY;
    (void)state;
    body_append_index(&body, SLICE(""), SLICE(""));
    assert_body(&body,
                "{\"settings\":{},\"mappings\":{\"dynamic\":false,\"properties\":{"
                "\"ds_name\":{\"type\":\"keyword\",\"ignore_above\":8191},"
                "\"ds_version\":{\"type\":\"long\"},"
                "\"ds_data\":{\"type\":\"keyword\",\"index\":false,\"doc_values\":false}}}}");
    body = BUF_EMPTY;
    body_append_index(&body, SLICE("{\"number_of_shards\":2}"), SLICE("{\"dynamic\":true}"));
    buf_append_byte(&body, '\0');
    assert_non_null(strstr(body.at, "{\"settings\":{\"number_of_shards\":2},"));
    assert_non_null(strstr(body.at, ",\"record\":{\"dynamic\":true}}}}"));
    buf_fini(&body);
}

static void each_item_of_a_bulk_ends_for_itself(void **state)
{
    struct body_answer *answer = body_parse_items(
        SLICE("{\"items\":[{\"update\":{\"status\":201}},{\"update\":{\"status\":200}},"
              "{\"delete\":{\"status\":404}},{\"update\":{\"status\":404,\"error\":{\"type\":\"t\","
              "\"reason\":\"r\"}}},{\"update\":{\"status\":429}},{\"delete\":{\"status\":503}},"
              "{\"update\":{}},{\"index\":{\"status\":200}},7]}"),
        9);
    static const enum body_outcome expected[] = {BODY_DONE,   BODY_DONE,   BODY_DONE,
                                                 BODY_FAILED, BODY_LATER,  BODY_LATER,
                                                 BODY_FAILED, BODY_FAILED, BODY_FAILED};
    (void)state;
    assert_non_null(answer);
    for (size_t i = 0; i < 9; i++) {
        assert_int_equal(body_write_outcome(answer, i, &error), expected[i]);
        if (i == 3)
            assert_string_equal(error.text, "elasticsearch: t: r");
    }
    body_answer_free(answer);
}

static void assert_read(const char *document, enum body_outcome outcome, int32_t version,
                        const char *data)
{
    struct buf body = BUF_EMPTY;
    struct ds_record record;
    buf_printf(&body, "{\"docs\":[%s]}", document);
    struct body_answer *answer = body_parse_documents(buf_slice(&body), 1);
    assert_non_null(answer);
    assert_int_equal(body_read_outcome(answer, 0, SLICE("n"), &record, &error), outcome);
    if (outcome == BODY_DONE) {
        assert_int_equal(record.version, version);
        assert_true(slice_equal(record.data, slice_of(data)));
    }
    body_answer_free(answer);
    buf_fini(&body);
}

static void each_document_is_a_record_or_missing_or_an_error(void **state)
{
    (void)state;
    assert_read("{\"found\":true,\"_source\":{\"ds_name\":\"n\",\"ds_version\":5,"
                "\"ds_data\":\"{\\\"a\\\":1}\"}}",
                BODY_DONE, 5, "{\"a\":1}");
    assert_read("{\"found\":false}", BODY_DONE, DS_MISSING, "");
    assert_read("{\"error\":{\"type\":\"index_not_found_exception\"}}", BODY_DONE, DS_MISSING, "");
    assert_read("{\"error\":{\"type\":\"no_shard_available_action_exception\"}}", BODY_LATER, 0,
                "");
    assert_read("{}", BODY_LATER, 0, "");
    static const char *const foreign[] = {
        "{}",
        "{\"ds_name\":\"m\",\"ds_version\":5,\"ds_data\":\"{}\"}",
        "{\"ds_name\":\"n\",\"ds_version\":\"5\",\"ds_data\":\"{}\"}",
        "{\"ds_name\":\"n\",\"ds_version\":-1,\"ds_data\":\"{}\"}",
        "{\"ds_name\":\"n\",\"ds_version\":2147483648,\"ds_data\":\"{}\"}",
        "{\"ds_name\":\"n\",\"ds_version\":5,\"ds_data\":{}}",
    };
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        char document[128];
        snprintf(document, sizeof document, "{\"found\":true,\"_source\":%s}", foreign[i]);
        assert_read(document, BODY_FAILED, 0, "");
    }
}

static void answers_of_another_shape_are_none(void **state)
{
    (void)state;
    assert_null(body_parse_items(SLICE(""), 1));
    assert_null(body_parse_items(SLICE("{\"items\":[]}"), 1));
    assert_null(body_parse_items(SLICE("{\"items\":{}}"), 0));
    assert_null(body_parse_documents(SLICE("[]"), 0));
    assert_null(body_parse_documents(SLICE("{\"docs\":[1,2]}"), 1));
    body_error_reason(SLICE("<html>"), 500, &error);
    assert_string_equal(error.text, "elasticsearch: status 500");
    body_error_reason(SLICE("{\"error\":\"just a text\"}"), 400, &error);
    assert_string_equal(error.text, "elasticsearch: just a text");
}

static void versions_are_told_from_the_greeting(void **state)
{
    (void)state;
    assert_int_equal(body_major_version(SLICE("{\"version\":{\"number\":\"8.11.0\"}}")), 8);
    assert_int_equal(body_major_version(SLICE("{\"version\":{\"number\":\"6.8.1\"}}")), 6);
    assert_int_equal(body_major_version(SLICE(
                         "{\"version\":{\"distribution\":\"opensearch\",\"number\":\"2.1.0\"}}")),
                     7);
    assert_int_equal(body_major_version(SLICE("{}")), 0);
    assert_int_equal(body_major_version(SLICE("hello")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_is_two_lines),
        cmocka_unit_test(with_mappings_the_record_is_there_too_on_one_line),
        cmocka_unit_test(what_cannot_be_a_document_appends_nothing),
        cmocka_unit_test(a_removal_is_one_line_and_a_get_one_place),
        cmocka_unit_test(an_index_does_not_read_records_unless_it_is_told_how),
        cmocka_unit_test(each_item_of_a_bulk_ends_for_itself),
        cmocka_unit_test(each_document_is_a_record_or_missing_or_an_error),
        cmocka_unit_test(answers_of_another_shape_are_none),
        cmocka_unit_test(versions_are_told_from_the_greeting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
