/* The built-in loggers: what they write, where, and what happens when nobody reads it. */

#define _GNU_SOURCE /* pipe2, F_SETPIPE_SZ */

#include "plugins/builtins.h"
#include "plugins/logger/output.h"
#include "node/config/config.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

/* ---- a logger whose standard output and error are pipes ---- */

struct stream {
    int kept;    /* what the descriptor was */
    int pipe[2]; /* to read from, and what the descriptor is meanwhile */
};

static void redirect(struct stream *stream, int descriptor)
{
    fflush(stdout);
    stream->kept = dup(descriptor);
    assert_int_equal(pipe2(stream->pipe, O_CLOEXEC), 0);
    assert_true(dup2(stream->pipe[1], descriptor) >= 0);
    close(stream->pipe[1]);
}

static void restore(struct stream *stream, int descriptor)
{
    dup2(stream->kept, descriptor);
    close(stream->kept);
}

static void read_all(int descriptor, struct buf *out)
{
    char piece[4096];
    for (ssize_t count; (count = read(descriptor, piece, sizeof piece)) > 0;)
        buf_append(out, (slice){piece, (size_t)count});
    buf_append_byte(out, '\0');
    close(descriptor);
}

static void count_done(void *context, const char *error)
{
    assert_null(error);
    ++*(int *)context;
}

static void finish(const struct ds_plugin *plugin, void *logger, uv_loop_t *loop)
{
    int done = 0;
    plugin->close(logger, count_done, &done);
    uv_run(loop, UV_RUN_DEFAULT);
    assert_int_equal(done, 1);
    assert_int_equal(uv_loop_close(loop), 0);
}

/* Writes lines with a logger of these options; gives back what came out. */
static void log_lines(const struct ds_plugin *plugin, const char *options,
                      const struct ds_log_line *lines, size_t count, struct buf *out,
                      struct buf *error)
{
    char text[256];
    snprintf(text, sizeof text, "plugins: {p: {name: p, options: %s}}\n", options);
    struct config_request request = {.text_name = "config.yml", .text = slice_of(text)};
    struct config *config = config_load(&request);
    uv_loop_t loop;
    struct stream streams[2];
    struct ds_error failure;
    assert_int_equal(uv_loop_init(&loop), 0);
    redirect(&streams[0], STDOUT_FILENO);
    redirect(&streams[1], STDERR_FILENO);
    struct ds_services services = {.loop = &loop, .server_name = SLICE("house-1")};
    void *logger = plugin->create(
        &services, config_plugin(config, CONFIG_PLUGIN_CUSTOM, 0)->options, &failure);
    const struct ds_logger_operations *operations = plugin->operations;
    for (size_t i = 0; logger != NULL && i < count; i++)
        operations->write(logger, &lines[i]);
    if (logger != NULL)
        finish(plugin, logger, &loop);
    restore(&streams[0], STDOUT_FILENO);
    restore(&streams[1], STDERR_FILENO);
    assert_non_null(logger);
    read_all(streams[0].pipe[0], out);
    read_all(streams[1].pipe[0], error);
    config_free(&config);
}

#define LINE(level_, event_, text_)                                                                \
    {                                                                                              \
        .level = level_, .event = SLICE(event_), .text = SLICE(text_), .time_ms = 1700000000123.0  \
    }

static void expect_lines(const struct ds_plugin *plugin, const char *options,
                         const struct ds_log_line *lines, size_t count, const char *out,
                         const char *error)
{
    struct buf on_out = BUF_EMPTY, on_error = BUF_EMPTY;
    log_lines(plugin, options, lines, count, &on_out, &on_error);
    assert_string_equal(on_out.at, out);
    assert_string_equal(on_error.at, error);
    buf_fini(&on_out);
    buf_fini(&on_error);
}

static const struct ds_log_line EACH_LEVEL[] = {
    LINE(DS_DEBUG, "INFO", "d"),  LINE(DS_INFO, "INFO", "i"),   LINE(DS_WARN, "ERROR", "w"),
    LINE(DS_ERROR, "ERROR", "e"), LINE(DS_FATAL, "ERROR", "f"),
};

static void trouble_goes_to_standard_error(void **state)
{
    (void)state;
    expect_lines(&ds_logger_default, "{}", EACH_LEVEL, 5, "INFO | d\nINFO | i\n",
                 "ERROR | w\nERROR | e\nERROR | f\n");
}

static void the_namespace_stands_first(void **state)
{
    (void)state;
    struct ds_log_line line = LINE(DS_INFO, "INFO", "text");
    line.scope = SLICE("PLUGIN");
    expect_lines(&ds_logger_default, "{}", &line, 1, "PLUGIN | INFO | text\n", "");
}

static void pipes_get_colours_only_when_they_are_forced(void **state)
{
    (void)state;
    expect_lines(&ds_logger_default, "{colors: true}", EACH_LEVEL, 2, "INFO | d\nINFO | i\n", "");
    expect_lines(&ds_logger_default, "{colors: false}", EACH_LEVEL, 2, "INFO | d\nINFO | i\n", "");
    expect_lines(&ds_logger_default, "{colors: always}", EACH_LEVEL, 5,
                 "\033[37mINFO | d\033[39m\n\033[32mINFO | i\033[39m\n",
                 "\033[33mERROR | w\033[39m\n\033[31mERROR | e\033[39m\n"
                 "\033[34mERROR | f\033[39m\n");
}

static void json_lines_are_those_of_pino(void **state)
{
    (void)state;
    struct buf out = BUF_EMPTY, error = BUF_EMPTY, expected = BUF_EMPTY;
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    struct ds_log_line lines[] = {LINE(DS_DEBUG, "INFO", "say \"a\\b\""),
                                  LINE(DS_FATAL, "PLUGIN_ERROR", "\xc3\xbc")};
    lines[1].scope = SLICE("ME");
    log_lines(&ds_logger_json, "{}", lines, 2, &out, &error);
    buf_printf(
        &expected,
        "{\"level\":20,\"time\":1700000000123,\"pid\":%d,\"hostname\":\"%s\",\"name\":\"house-1\","
        "\"event\":\"INFO\",\"message\":\"say \\\"a\\\\b\\\"\"}\n"
        "{\"level\":60,\"time\":1700000000123,\"pid\":%d,\"hostname\":\"%s\",\"name\":\"house-1\","
        "\"namespace\":\"ME\",\"event\":\"PLUGIN_ERROR\",\"message\":\"\xc3\xbc\"}\n",
        (int)getpid(), host, (int)getpid(), host);
    buf_append_byte(&expected, '\0');
    assert_string_equal(out.at, expected.at);
    assert_string_equal(error.at, "");
    buf_fini(&out);
    buf_fini(&error);
    buf_fini(&expected);
}

/* ---- outputs that nobody reads ---- */

struct slow {
    uv_loop_t loop;
    struct log_output output;
    int pipe[2];
    bool is_closed;
};

static void slow_init(struct slow *slow)
{
    *slow = (struct slow){0};
    assert_int_equal(uv_loop_init(&slow->loop), 0);
    assert_int_equal(pipe2(slow->pipe, O_CLOEXEC), 0);
    assert_true(fcntl(slow->pipe[1], F_SETPIPE_SZ, 4096) >= 4096);
    log_output_open(&slow->output, &slow->loop, slow->pipe[1]);
}

static void on_closed(void *context)
{
    ((struct slow *)context)->is_closed = true;
}

static void slow_close(struct slow *slow)
{
    log_output_close(&slow->output, on_closed, slow);
    uv_run(&slow->loop, UV_RUN_DEFAULT);
    assert_true(slow->is_closed);
    assert_int_equal(uv_loop_close(&slow->loop), 0);
    close(slow->pipe[1]);
}

static void write_numbers(struct log_output *output, unsigned count)
{
    char line[64];
    for (unsigned i = 0; i < count; i++) {
        int length = snprintf(line, sizeof line, "line number %07u of many lines\n", i);
        log_output_write(output, (slice){line, (size_t)length});
    }
}

struct reading {
    int descriptor;
    struct buf text;
};

static void *read_in_thread(void *context)
{
    struct reading *reading = context;
    read_all(reading->descriptor, &reading->text);
    return NULL;
}

static void lines_that_wait_come_later_in_order(void **state)
{
    (void)state;
    struct slow slow;
    struct reading reading;
    pthread_t reader;
    slow_init(&slow);
    reading = (struct reading){.descriptor = slow.pipe[0]};
    write_numbers(&slow.output, 10000);
    assert_true(slow.output.queue.length > 0);
    assert_int_equal(pthread_create(&reader, NULL, read_in_thread, &reading), 0);
    slow_close(&slow);
    pthread_join(reader, NULL);
    struct buf expected = BUF_EMPTY;
    for (unsigned i = 0; i < 10000; i++)
        buf_printf(&expected, "line number %07u of many lines\n", i);
    buf_append_byte(&expected, '\0');
    assert_int_equal(reading.text.length, expected.length);
    assert_string_equal(reading.text.at, expected.at);
    buf_fini(&expected);
    buf_fini(&reading.text);
}

static void the_timer_writes_what_waits_while_the_loop_runs(void **state)
{
    (void)state;
    struct slow slow;
    char piece[4096];
    slow_init(&slow);
    write_numbers(&slow.output, 200);
    size_t got = 0, all = 200 * strlen("line number 0000000 of many lines\n");
    uv_ref((uv_handle_t *)&slow.output.timer);
    while (got < all) {
        ssize_t count = read(slow.pipe[0], piece, sizeof piece);
        assert_true(count > 0);
        got += (size_t)count;
        uv_run(&slow.loop, UV_RUN_ONCE);
    }
    assert_int_equal(slow.output.queue.length, 0);
    assert_false(uv_is_active((uv_handle_t *)&slow.output.timer));
    close(slow.pipe[0]);
    slow_close(&slow);
}

static void a_reader_that_never_reads_costs_bounded_memory_and_no_waiting(void **state)
{
    (void)state;
    struct slow slow;
    slow_init(&slow);
    uint64_t start = uv_hrtime();
    write_numbers(&slow.output, 100000);
    assert_true(uv_hrtime() - start < UINT64_C(5000000000));
    assert_true(slow.output.queue.length <= 2 * OUTPUT_QUEUE_BYTES);
    assert_true(slow.output.dropped > 50000);
    slow_close(&slow);
    close(slow.pipe[0]);
}

static void lines_that_were_dropped_are_counted_in_the_log(void **state)
{
    (void)state;
    struct slow slow;
    struct reading reading;
    pthread_t reader;
    slow_init(&slow);
    reading = (struct reading){.descriptor = slow.pipe[0]};
    write_numbers(&slow.output, 40000);
    char expected[64];
    snprintf(expected, sizeof expected, "ERROR | %llu log lines were dropped\n",
             (unsigned long long)slow.output.dropped);
    assert_int_equal(pthread_create(&reader, NULL, read_in_thread, &reading), 0);
    slow_close(&slow);
    pthread_join(reader, NULL);
    assert_non_null(strstr(reading.text.at, expected));
    buf_fini(&reading.text);
}

static void a_reader_that_is_gone_does_not_end_the_process(void **state)
{
    (void)state;
    struct slow slow;
    slow_init(&slow);
    close(slow.pipe[0]);
    write_numbers(&slow.output, 1000);
    assert_true(slow.output.is_gone);
    assert_int_equal(slow.output.queue.length, 0);
    slow_close(&slow);
}

static void a_full_disk_does_not_end_the_process(void **state)
{
    (void)state;
    uv_loop_t loop;
    struct slow slow = {0};
    struct log_output output;
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(full >= 0);
    assert_int_equal(uv_loop_init(&loop), 0);
    log_output_open(&output, &loop, full);
    write_numbers(&output, 1000);
    log_output_close(&output, on_closed, &slow);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(slow.is_closed);
    assert_int_equal(uv_loop_close(&loop), 0);
    close(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trouble_goes_to_standard_error),
        cmocka_unit_test(the_namespace_stands_first),
        cmocka_unit_test(pipes_get_colours_only_when_they_are_forced),
        cmocka_unit_test(json_lines_are_those_of_pino),
        cmocka_unit_test(lines_that_wait_come_later_in_order),
        cmocka_unit_test(the_timer_writes_what_waits_while_the_loop_runs),
        cmocka_unit_test(a_reader_that_never_reads_costs_bounded_memory_and_no_waiting),
        cmocka_unit_test(lines_that_were_dropped_are_counted_in_the_log),
        cmocka_unit_test(a_reader_that_is_gone_does_not_end_the_process),
        cmocka_unit_test(a_full_disk_does_not_end_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
