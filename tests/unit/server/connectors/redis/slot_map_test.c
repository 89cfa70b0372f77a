#include "connectors/redis/slot_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct redis_address asked = {.host = "10.0.0.9", .port = 7009};

static void redirects_say_where_to(void **state)
{
    (void)state;
    struct redis_address address;
    uint16_t slot;
    assert_int_equal(
        redis_redirect_read(SLICE("MOVED 3999 127.0.0.1:6381"), &asked, &slot, &address),
        REDIS_MOVED);
    assert_int_equal(slot, 3999);
    assert_string_equal(address.host, "127.0.0.1");
    assert_int_equal(address.port, 6381);
    assert_int_equal(redis_redirect_read(SLICE("ASK 1 ::1:6381"), &asked, &slot, &address),
                     REDIS_ASK);
    assert_string_equal(address.host, "::1");
    assert_int_equal(redis_redirect_read(SLICE("MOVED 5 :6382"), &asked, &slot, &address),
                     REDIS_MOVED);
    assert_string_equal(address.host, "10.0.0.9");
}

static void broken_redirects_are_none(void **state)
{
    (void)state;
    static const char *const texts[] = {"ERR MOVED 1 h:1", "MOVED",        "MOVED ",
                                        "MOVED 16384 h:1", "MOVED 1 h",    "MOVED 1 h:0",
                                        "MOVED 1 h:65536", "MOVED -1 h:1", "MOVED x h:1",
                                        "ASK 1h:1",        "MOVED 1:2 h",  "ASK"};
    struct redis_address address;
    uint16_t slot;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(redis_redirect_read(slice_of(texts[i]), &asked, &slot, &address),
                         REDIS_NO_REDIRECT);
    char text[400] = "MOVED 1 ";
    memset(text + 8, 'h', 300);
    memcpy(text + 308, ":1", 3);
    assert_int_equal(redis_redirect_read(slice_of(text), &asked, &slot, &address),
                     REDIS_NO_REDIRECT);
}

static redisReply *reply_of(const char *text)
{
    struct redis_reader reader;
    redisReply *reply;
    redis_reader_init(&reader);
    assert_null(redis_reader_feed(&reader, slice_of(text)));
    assert_null(redis_reader_next(&reader, &reply));
    assert_non_null(reply);
    redis_reader_fini(&reader);
    return reply;
}

static void ranges_are_read_and_senseless_ones_are_not(void **state)
{
    (void)state;
    redisReply *reply =
        reply_of("*5\r\n"
                 "*4\r\n:0\r\n:5460\r\n*3\r\n$9\r\n127.0.0.1\r\n:7000\r\n$2\r\nid\r\n*0\r\n"
                 "*3\r\n:5461\r\n:16383\r\n*2\r\n$-1\r\n:7001\r\n"
                 "*3\r\n:9\r\n:8\r\n*2\r\n$1\r\nh\r\n:7001\r\n"
                 "*3\r\n:9\r\n:16384\r\n*2\r\n$1\r\nh\r\n:7001\r\n"
                 "*2\r\n:1\r\n:2\r\n");
    struct redis_slot_range range;
    assert_true(redis_slot_range_read(reply, 0, &asked, &range));
    assert_int_equal(range.first, 0);
    assert_int_equal(range.last, 5460);
    assert_string_equal(range.address.host, "127.0.0.1");
    assert_int_equal(range.address.port, 7000);
    assert_true(redis_slot_range_read(reply, 1, &asked, &range));
    assert_string_equal(range.address.host, "10.0.0.9");
    for (size_t i = 2; i < 6; i++)
        assert_false(redis_slot_range_read(reply, i, &asked, &range));
    freeReplyObject(reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(redirects_say_where_to),
        cmocka_unit_test(broken_redirects_are_none),
        cmocka_unit_test(ranges_are_read_and_senseless_ones_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
