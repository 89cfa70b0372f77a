/* Lines on their way to a logger: levels, counts, and what could fool who reads them. */

#include "logging/log.h"
#include "base/buf.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

struct kept {
    struct buf text; /* "LEVEL EVENT | text\n" of each line */
    char scope[32];
    double time_ms;
};

static void keep(void *self, const struct ds_log_line *line)
{
    struct kept *kept = self;
    buf_printf(&kept->text, "%d " SLICE_FORMAT " | ", (int)line->level,
               SLICE_ARGUMENTS(line->event));
    buf_append(&kept->text, line->text);
    buf_append_byte(&kept->text, '\n');
    snprintf(kept->scope, sizeof kept->scope, SLICE_FORMAT, SLICE_ARGUMENTS(line->scope));
    kept->time_ms = line->time_ms;
}

static const struct ds_logger_operations OPERATIONS = {.write = keep};

static struct log log_to(struct kept *kept, enum ds_log_level level)
{
    return (struct log){.level = level, .operations = &OPERATIONS, .logger = kept};
}

static void expect_kept(struct kept *kept, const char *expected)
{
    buf_append_byte(&kept->text, '\0');
    assert_string_equal(kept->text.at, expected);
    buf_fini(&kept->text);
}

static void lines_below_the_level_are_only_counted(void **state)
{
    (void)state;
    struct kept kept = {0};
    struct log log = log_to(&kept, DS_WARN);
    log_line(&log, DS_DEBUG, LOG_INFO, "no");
    log_line(&log, DS_INFO, LOG_INFO, "no");
    log_line(&log, DS_WARN, LOG_SLOW_RECEIVER, "%d bytes", 12);
    log_line(&log, DS_ERROR, LOG_INFO, "yes");
    assert_int_equal(log.counts[LOG_INFO][DS_DEBUG], 1);
    assert_int_equal(log.counts[LOG_INFO][DS_INFO], 1);
    assert_int_equal(log.counts[LOG_INFO][DS_ERROR], 1);
    assert_int_equal(log.counts[LOG_SLOW_RECEIVER][DS_WARN], 1);
    expect_kept(&kept, "2 SLOW_RECEIVER | 12 bytes\n3 INFO | yes\n");
}

static void a_log_that_is_off_says_nothing(void **state)
{
    (void)state;
    struct kept kept = {0};
    struct log log = log_to(&kept, DS_OFF);
    log_line(&log, DS_FATAL, LOG_FATAL_EXCEPTION, "no");
    assert_false(log_wants(&log, DS_FATAL));
    expect_kept(&kept, "");
}

static void a_log_without_logger_takes_lines(void **state)
{
    (void)state;
    struct log log = {.level = DS_DEBUG};
    log_line(&log, DS_ERROR, LOG_ERROR, "into nothing");
    log_named(&log, DS_ERROR, SLICE("ERROR"), SLICE("into nothing"));
    assert_int_equal(log.counts[LOG_ERROR][DS_ERROR], 2);
}

static void expect_shown(const char *text, const char *shown)
{
    struct kept kept = {0};
    struct log log = log_to(&kept, DS_DEBUG);
    struct buf expected = BUF_EMPTY;
    log_line(&log, DS_INFO, LOG_INFO, "%s", text);
    buf_printf(&expected, "1 INFO | %s\n", shown);
    buf_append_byte(&expected, '\0');
    expect_kept(&kept, expected.at);
    buf_fini(&expected);
}

static void nothing_from_outside_can_end_a_line_or_steer_a_terminal(void **state)
{
    (void)state;
    expect_shown("a\nINFO | forged\r\t\x1b[31m\x7f", "a\\nINFO | forged\\r\\t\\x1B[31m\\x7F");
    expect_shown("\xc2\x85 \xc2\x9b \xe2\x80\xa8 \xe2\x80\xae \xef\xbb\xbf",
                 "\\u0085 \\u009B \\u2028 \\u202E \\uFEFF");
    expect_shown("gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80", "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80");
    expect_shown("\xff\xc3(\xed\xa0\x80", "\\xFF\\xC3(\\uD800");
}

static void a_zero_in_a_name_is_shown_and_does_not_end_it(void **state)
{
    (void)state;
    struct kept kept = {0};
    struct log log = log_to(&kept, DS_DEBUG);
    slice name = SLICE("a\0b\x01");
    log_line(&log, DS_INFO, LOG_INFO, "[" SLICE_FORMAT "] of %s, %d %u %zu %llu %5.1f|%s",
             SLICE_ARGUMENTS(name), "bo", -1, 2u, (size_t)3, 4ull, 0.5, "end");
    log_line(&log, DS_INFO, LOG_INFO, "100%% " SLICE_FORMAT, SLICE_ARGUMENTS(SLICE("x")));
    expect_kept(&kept, "1 INFO | [a\\x00b\\x01] of bo, -1 2 3 4   0.5|end\n1 INFO | 100% x\n");
}

static void a_line_is_cut_at_a_character(void **state)
{
    (void)state;
    struct kept kept = {0};
    struct log log = log_to(&kept, DS_DEBUG);
    char *text = malloc(100001);
    assert_non_null(text);
    for (size_t i = 0; i < 100000; i += 2)
        memcpy(text + i, "\xc3\xbc", 2);
    text[100000] = '\0';
    log_line(&log, DS_INFO, LOG_INFO, "x%s", text);
    log_line(&log, DS_INFO, LOG_INFO, "xy%s", text);
    memset(text, '\n', 100000);
    log_line(&log, DS_INFO, LOG_INFO, "%s", text);
    assert_true(kept.text.length < 3 * 8300);
    assert_true(utf8_valid(buf_slice(&kept.text), false));
    buf_append_byte(&kept.text, '\0');
    assert_non_null(strstr(kept.text.at, "\xc3\xbc...\n"));
    assert_non_null(strstr(kept.text.at, "\\n...\n"));
    buf_fini(&kept.text);
    free(text);
}

static void plugins_may_bring_events_of_their_own(void **state)
{
    (void)state;
    struct kept kept = {0};
    struct log log = log_to(&kept, DS_INFO);
    log_named(&log, DS_INFO, SLICE("MY_EVENT\n"), SLICE("text"));
    log_named(&log, DS_DEBUG, SLICE("STORAGE_ERROR"), SLICE("text"));
    log_named(&log, DS_ERROR, SLICE("STORAGE_ERROR"), SLICE("a\nb"));
    assert_int_equal(log.counts[LOG_STORAGE_ERROR][DS_DEBUG], 1);
    assert_int_equal(log.counts[LOG_STORAGE_ERROR][DS_ERROR], 1);
    assert_int_equal(log.counts[LOG_EVENT_COUNT][DS_INFO], 1);
    assert_true(kept.time_ms > 1.6e12);
    expect_kept(&kept, "1 MY_EVENT\\n | text\n3 STORAGE_ERROR | a\\nb\n");
}

static void a_plugin_may_put_a_namespace_before_its_line(void **state)
{
    (void)state;
    struct kept kept = {0};
    struct log log = log_to(&kept, DS_INFO);
    log_scoped(&log, SLICE("MY_PLUGIN"), DS_INFO, SLICE("INFO"), SLICE("text"));
    assert_string_equal(kept.scope, "MY_PLUGIN");
    expect_kept(&kept, "1 INFO | text\n");
}

struct troubles {
    struct log *log;
    unsigned count;
    enum ds_log_level last;
};

static void note_trouble(void *context, const struct ds_log_line *line)
{
    struct troubles *troubles = context;
    troubles->count++;
    troubles->last = line->level;
    log_line(troubles->log, DS_ERROR, LOG_ERROR, "told of %u", troubles->count);
}

static void who_watches_is_told_of_warnings_whatever_the_level_but_not_of_its_own(void **state)
{
    (void)state;
    struct kept kept = {0};
    struct log log = log_to(&kept, DS_FATAL);
    struct troubles troubles = {.log = &log};
    log.on_trouble = note_trouble;
    log.trouble_context = &troubles;
    log_line(&log, DS_INFO, LOG_INFO, "no trouble");
    log_line(&log, DS_WARN, LOG_SLOW_RECEIVER, "%d bytes", 12);
    assert_int_equal(troubles.count, 1);
    assert_int_equal(troubles.last, DS_WARN);
    log_named(&log, DS_ERROR, SLICE("MINE"), SLICE("text"));
    assert_int_equal(troubles.count, 2);
    expect_kept(&kept, "");
}

static void every_event_has_its_name(void **state)
{
    (void)state;
    for (enum log_event event = 0; event < LOG_EVENT_COUNT; event++)
        assert_true(log_event_name(event).length > 3);
    assert_true(slice_equal(log_event_name(LOG_INCOMING_CONNECTION), SLICE("INCOMING_CONNECTION")));
}

static size_t count_lines(const struct kept *kept, const char *line)
{
    size_t count = 0;
    for (const char *at = kept->text.at; at != NULL && (at = strstr(at, line)) != NULL; at++)
        count++;
    return count;
}

/* Lines of one event within one second of the log's clock. */
static void flood(struct log *log, struct kept *kept, enum ds_log_level level, size_t count)
{
    int64_t second;
    do {
        buf_fini(&kept->text);
        *log = log_to(kept, log->level);
        log_line(log, DS_INFO, LOG_INFO, "begins");
        second = log->second;
        for (size_t i = 0; i < count; i++)
            log_line(log, level, LOG_INVALID_MESSAGE, "line %zu.", i);
        log_line(log, DS_WARN, LOG_SLOW_RECEIVER, "ends");
    } while (log->second != second);
    buf_append_byte(&kept->text, '\0');
    kept->text.length--;
}

static void an_event_has_a_bounded_number_of_lines_in_a_second(void **state)
{
    (void)state;
    struct kept kept = {0};
    struct log log = log_to(&kept, DS_INFO);
    flood(&log, &kept, DS_WARN, 100000);
    assert_int_equal(count_lines(&kept, "INVALID_MESSAGE"), LOG_LINES_PER_SECOND);
    assert_int_equal(count_lines(&kept, "line 0."), 1);
    assert_int_equal(count_lines(&kept, "ends"), 1); /* of another event */
    assert_int_equal(log.counts[LOG_INVALID_MESSAGE][DS_WARN], 100000);

    buf_fini(&kept.text);
    log.second--; /* it has passed */
    log_line(&log, DS_INFO, LOG_INFO, "later");
    log_line(&log, DS_WARN, LOG_INVALID_MESSAGE, "again");
    log.second--;
    log_line(&log, DS_INFO, LOG_INFO, "last");
    expect_kept(&kept, "2 INVALID_MESSAGE | 99900 more lines of this event were left out: it has "
                       "at most 100 in a second\n"
                       "1 INFO | later\n2 INVALID_MESSAGE | again\n1 INFO | last\n");
}

static void errors_are_all_written(void **state)
{
    (void)state;
    struct kept kept = {0};
    struct log log = log_to(&kept, DS_INFO);
    flood(&log, &kept, DS_ERROR, 1000);
    assert_int_equal(count_lines(&kept, "INVALID_MESSAGE"), 1000);
    buf_fini(&kept.text);
}

static void at_level_debug_every_line_is_written(void **state)
{
    (void)state;
    struct kept kept = {0};
    struct log log = log_to(&kept, DS_DEBUG);
    flood(&log, &kept, DS_WARN, 1000);
    assert_int_equal(count_lines(&kept, "INVALID_MESSAGE"), 1000);
    buf_fini(&kept.text);
}

static void count_trouble(void *context, const struct ds_log_line *line)
{
    (void)line;
    ++*(size_t *)context;
}

static void who_watches_is_told_of_lines_that_are_left_out(void **state)
{
    (void)state;
    size_t told = 0;
    struct kept kept = {0};
    struct log log = log_to(&kept, DS_INFO);
    log.on_trouble = count_trouble;
    log.trouble_context = &told;
    for (size_t i = 0; i < 1000; i++)
        log_line(&log, DS_WARN, LOG_INVALID_MESSAGE, "bad");
    assert_true(told >= 1000);
    buf_fini(&kept.text);
}

static void log_again(void *self, const struct ds_log_line *line)
{
    (void)line;
    log_line(self, DS_ERROR, LOG_ERROR, "again");
}

static void a_logger_that_logs_is_not_asked_to_write_that(void **state)
{
    (void)state;
    static const struct ds_logger_operations logs_again = {.write = log_again};
    struct log log = {.level = DS_INFO, .operations = &logs_again};
    log.logger = &log;
    log_line(&log, DS_ERROR, LOG_ERROR, "once");
    log_line(&log, DS_ERROR, LOG_ERROR, "twice");
    assert_int_equal(log.counts[LOG_ERROR][DS_ERROR], 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_below_the_level_are_only_counted),
        cmocka_unit_test(a_log_that_is_off_says_nothing),
        cmocka_unit_test(a_log_without_logger_takes_lines),
        cmocka_unit_test(nothing_from_outside_can_end_a_line_or_steer_a_terminal),
        cmocka_unit_test(a_zero_in_a_name_is_shown_and_does_not_end_it),
        cmocka_unit_test(a_line_is_cut_at_a_character),
        cmocka_unit_test(plugins_may_bring_events_of_their_own),
        cmocka_unit_test(a_plugin_may_put_a_namespace_before_its_line),
        cmocka_unit_test(who_watches_is_told_of_warnings_whatever_the_level_but_not_of_its_own),
        cmocka_unit_test(an_event_has_a_bounded_number_of_lines_in_a_second),
        cmocka_unit_test(errors_are_all_written),
        cmocka_unit_test(a_logger_that_logs_is_not_asked_to_write_that),
        cmocka_unit_test(at_level_debug_every_line_is_written),
        cmocka_unit_test(who_watches_is_told_of_lines_that_are_left_out),
        cmocka_unit_test(every_event_has_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
