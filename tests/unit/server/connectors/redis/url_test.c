#include "connectors/redis/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct arena arena;

static struct redis_url parsed(const char *text)
{
    struct redis_url url;
    assert_null(redis_url_parse(slice_of(text), &arena, &url));
    return url;
}

#define assert_slice(found, literal) assert_true(slice_equal(found, SLICE(literal)))

static void a_host_is_enough(void **state)
{
    (void)state;
    struct redis_url url = parsed("redis://cache.internal");
    assert_slice(url.host, "cache.internal");
    assert_int_equal(url.port, 6379);
    assert_false(url.is_tls);
    assert_slice(url.user, "");
    assert_slice(url.password, "");
    assert_int_equal(url.database, 0);
}

static void every_part_is_found_and_decoded(void **state)
{
    (void)state;
    struct redis_url url = parsed("rediss://us%3Aer:p%40ss%2fword@h:7000/12?family=4");
    assert_true(url.is_tls);
    assert_slice(url.user, "us:er");
    assert_slice(url.password, "p@ss/word");
    assert_slice(url.host, "h");
    assert_int_equal(url.port, 7000);
    assert_int_equal(url.database, 12);
    url = parsed("redis://:only:password@h/");
    assert_slice(url.user, "");
    assert_slice(url.password, "only:password");
    url = parsed("redis://[::1]:7000");
    assert_slice(url.host, "::1");
    assert_int_equal(url.port, 7000);
    assert_slice(parsed("redis://[::1]").host, "::1");
}

static void what_is_none_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "redis:",
        "http://h",
        "redis://",
        "redis://:6379",
        "redis://h:0",
        "redis://h:65536",
        "redis://h:12x",
        "redis://h/x",
        "redis://h/-1",
        "redis://h/99999999999",
        "redis://u:%zz@h",
        "redis://u:%4@h",
        "redis://[::1]x",
    };
    struct redis_url url;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_non_null(redis_url_parse(slice_of(texts[i]), &arena, &url));
    char long_host[400] = "redis://";
    memset(long_host + 8, 'h', 300);
    assert_non_null(redis_url_parse(slice_of(long_host), &arena, &url));
}

static int init(void **state)
{
    (void)state;
    arena_init(&arena, 0);
    return 0;
}

static int fini(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_is_enough),
        cmocka_unit_test(every_part_is_found_and_decoded),
        cmocka_unit_test(what_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, init, fini);
}
