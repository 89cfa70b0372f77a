#include "connectors/redis/command.h"
#include "connectors/redis/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void replies_come_out_whole_however_their_bytes_come(void **state)
{
    (void)state;
    slice bytes = SLICE("+OK\r\n:7\r\n*2\r\n$3\r\na\0b\r\n$-1\r\n-ERR no\r\n");
    static const int types[] = {REDIS_REPLY_STATUS, REDIS_REPLY_INTEGER, REDIS_REPLY_ARRAY,
                                REDIS_REPLY_ERROR};
    struct redis_reader reader;
    redis_reader_init(&reader);
    size_t count = 0;
    for (size_t i = 0; i < bytes.length; i++) {
        redisReply *reply;
        assert_null(redis_reader_feed(&reader, slice_part(bytes, i, i + 1)));
        assert_null(redis_reader_next(&reader, &reply));
        if (reply == NULL)
            continue;
        assert_int_equal(reply->type, types[count++]);
        if (reply->type == REDIS_REPLY_ARRAY) {
            assert_true(slice_equal(redis_reply_text(redis_reply_at(reply, 0)), SLICE("a\0b")));
            assert_int_equal(redis_reply_at(reply, 1)->type, REDIS_REPLY_NIL);
            assert_null(redis_reply_at(reply, 2));
        }
        freeReplyObject(reply);
    }
    assert_int_equal(count, 4);
    redis_reader_fini(&reader);
}

static void what_is_no_reply_or_too_large_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "HTTP/1.1 400 Bad Request\r\n",
        "*2000000000\r\n",
        "*100001\r\n",
        "$99999999999999999999\r\nx\r\n",
        ":12a\r\n",
        "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct redis_reader reader;
        redisReply *reply = NULL;
        redis_reader_init(&reader);
        assert_null(redis_reader_feed(&reader, slice_of(texts[i])));
        const char *problem = redis_reader_next(&reader, &reply);
        if (problem == NULL)
            fprintf(stderr, "%s\n", texts[i]);
        assert_non_null(problem);
        assert_null(reply);
        redis_reader_fini(&reader);
    }
}

static void a_reply_without_an_end_is_given_up(void **state)
{
    (void)state;
    struct redis_reader reader;
    const char *problem = NULL;
    size_t length = 1 << 24, fed = 0;
    char *part = malloc(length);
    assert_non_null(part);
    memset(part, 'x', length);
    redis_reader_init(&reader);
    assert_null(redis_reader_feed(&reader, SLICE("+")));
    for (; problem == NULL && fed < 2 * REDIS_MOST_REPLY_BYTES; fed += length)
        problem = redis_reader_feed(&reader, (slice){part, length});
    assert_string_equal(problem, "it sent a reply that is too large");
    redis_reader_fini(&reader);
    free(part);
}

static void commands_are_arrays_of_whatever_bytes(void **state)
{
    (void)state;
    struct buf out = BUF_EMPTY;
    redis_command_append(&out, (slice[]){SLICE("SET"), SLICE("a\r\n\0"), SLICE("")}, 3);
    assert_true(
        slice_equal(buf_slice(&out), SLICE("*3\r\n$3\r\nSET\r\n$4\r\na\r\n\0\r\n$0\r\n\r\n")));
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_come_out_whole_however_their_bytes_come),
        cmocka_unit_test(what_is_no_reply_or_too_large_is_refused),
        cmocka_unit_test(a_reply_without_an_end_is_given_up),
        cmocka_unit_test(commands_are_arrays_of_whatever_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
