/* Request lines. What messages say of bad lines is in tests/rules/commands. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/check.h"
#include "request.h"

#define NOW 5000.0

struct line {
    struct arena arena;
    struct request request;
    slice message;
    bool is_read;
};

static struct line *read_line(const char *text)
{
    struct line *line = calloc(1, sizeof *line);
    CHECK(line != NULL);
    arena_init(&line->arena, 0);
    line->is_read = request_read(slice_of(text), NOW, &line->arena, &line->request, &line->message);
    return line;
}

static void done(struct line *line)
{
    request_free(&line->request);
    arena_fini(&line->arena);
    free(line);
}

static void assert_slice(slice said, const char *expected)
{
    assert_int_equal(said.length, strlen(expected));
    assert_memory_equal(said.at, expected, said.length);
}

static void the_rule_alone_gives_its_first_action(void **state)
{
    (void)state;
    struct line *line = read_line("{\"section\":\"record\",\"rule\":\"write\",\"name\":\"a\"}");
    assert_true(line->is_read);
    assert_int_equal(line->request.valve.kind, VALVE_RECORD_WRITE);
    assert_int_equal(line->request.valve.action, 18);
    assert_int_equal(line->request.valve.payload, VALVE_PAYLOAD_NONE);
    assert_true(line->request.valve.now_ms == NOW);
    done(line);
}

static void the_action_alone_gives_its_rule_by_name_or_number(void **state)
{
    (void)state;
    struct line *line = read_line("{\"section\":\"record\",\"action\":\"ERASE\",\"name\":\"a\"}");
    assert_int_equal(line->request.valve.kind, VALVE_RECORD_DELETE);
    assert_int_equal(line->request.valve.action, 20);
    done(line);
    line = read_line("{\"section\":\"record\",\"action\":35,\"name\":\"a\",\"now\":7}");
    assert_int_equal(line->request.valve.kind, VALVE_RECORD_WRITE);
    assert_int_equal(line->request.valve.action, 35);
    assert_true(line->request.valve.now_ms == 7);
    done(line);
}

static void the_payload_is_passed_on_as_it_is_written(void **state)
{
    (void)state;
    struct line *line = read_line("{\"section\":\"event\",\"rule\":\"publish\",\"name\":\"e\","
                                  "\"data\": [ -0, 1e400, \"\\ud800]\" ] }");
    assert_slice(line->request.valve.data, "[ -0, 1e400, \"\\ud800]\" ]");
    done(line);
    line = read_line("{\"section\":\"event\",\"rule\":\"publish\",\"name\":\"e\","
                     "\"dataText\":\"{\\\"a\"}");
    assert_slice(line->request.valve.data, "{\"a");
    assert_int_equal(line->request.valve.payload, VALVE_PAYLOAD_JSON);
    done(line);
}

static void old_data_comes_before_the_record_of_its_name(void **state)
{
    (void)state;
    struct line *line = read_line("{\"section\":\"record\",\"rule\":\"write\",\"name\":\"a\","
                                  "\"records\":{\"a\":1,\"b\":2},\"oldData\":3}");
    assert_slice(request_record(&line->request, SLICE("a")).json, "3");
    assert_slice(request_record(&line->request, SLICE("b")).json, "2");
    assert_false(request_record(&line->request, SLICE("c")).exists);
    done(line);
}

static void null_and_nothing_say_that_a_record_does_not_exist(void **state)
{
    (void)state;
    struct line *line = read_line("{\"section\":\"record\",\"rule\":\"write\",\"name\":\"a\","
                                  "\"records\":{\"a\":1,\"b\":null},\"oldData\":null}");
    assert_false(request_record(&line->request, SLICE("a")).exists);
    assert_false(request_record(&line->request, SLICE("b")).exists);
    done(line);
}

static void of_repeated_keys_the_last_one_counts(void **state)
{
    (void)state;
    struct line *line = read_line("{\"section\":\"rpc\",\"section\":\"event\",\"rule\":\"publish\","
                                  "\"name\":\"e\",\"records\":{\"a\":1,\"a\":2}}");
    assert_int_equal(line->request.valve.kind, VALVE_EVENT_PUBLISH);
    assert_slice(request_record(&line->request, SLICE("a")).json, "2");
    done(line);
}

static void many_records_are_found_like_few(void **state)
{
    (void)state;
    struct buf text = BUF_EMPTY;
    buf_append_text(&text,
                    "{\"section\":\"record\",\"rule\":\"write\",\"name\":\"r3\",\"oldData\":9,"
                    "\"records\":{");
    for (int i = 0; i < 500; i++)
        buf_printf(&text, "%s\"r%d\":%d", i == 0 ? "" : ",", i, i);
    buf_append(&text, (slice){",\"r7\":-7}}", 11});
    struct line *line = read_line(text.at);
    assert_true(line->is_read);
    assert_slice(request_record(&line->request, SLICE("r3")).json, "9");
    assert_slice(request_record(&line->request, SLICE("r7")).json, "-7");
    assert_slice(request_record(&line->request, SLICE("r499")).json, "499");
    assert_false(request_record(&line->request, SLICE("r500")).exists);
    done(line);
    buf_fini(&text);
}

static void only_presence_may_leave_the_name_out(void **state)
{
    (void)state;
    struct line *line = read_line("{\"section\":\"presence\",\"rule\":\"allow\"}");
    assert_true(line->is_read);
    assert_false(line->request.valve.has_name);
    done(line);
    line = read_line("{\"section\":\"rpc\",\"rule\":\"provide\"}");
    assert_false(line->is_read);
    done(line);
}

static void every_beginning_of_a_line_is_refused_with_a_message(void **state)
{
    (void)state;
    const char *text =
        "{\"section\":\"record\",\"action\":18,\"name\":\"a\",\"user\":{\"id\":\"x\","
        "\"data\":{}},\"records\":{\"b\":[\"\\\"\"]}}";
    for (size_t length = 0; length < strlen(text); length++) {
        struct arena arena;
        struct request request;
        slice message = {NULL, 0};
        arena_init(&arena, 0);
        assert_false(request_read((slice){text, length}, NOW, &arena, &request, &message));
        assert_true(message.length > 0);
        request_free(&request);
        arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rule_alone_gives_its_first_action),
        cmocka_unit_test(the_action_alone_gives_its_rule_by_name_or_number),
        cmocka_unit_test(the_payload_is_passed_on_as_it_is_written),
        cmocka_unit_test(old_data_comes_before_the_record_of_its_name),
        cmocka_unit_test(null_and_nothing_say_that_a_record_does_not_exist),
        cmocka_unit_test(of_repeated_keys_the_last_one_counts),
        cmocka_unit_test(many_records_are_found_like_few),
        cmocka_unit_test(only_presence_may_leave_the_name_out),
        cmocka_unit_test(every_beginning_of_a_line_is_refused_with_a_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
