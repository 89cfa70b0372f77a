#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void pieces_are_aligned_and_do_not_overlap(void **unused)
{
    (void)unused;
    struct arena arena;
    arena_init(&arena, 0);
    char *before = NULL;
    for (size_t size = 0; size < 2000; size++) {
        char *piece = arena_alloc(&arena, size);
        assert_int_equal((uintptr_t)piece % 16, 0);
        assert_ptr_not_equal(piece, before);
        memset(piece, (int)size, size);
        if (size > 1)
            assert_int_equal((unsigned char)before[0], (size - 1) & 0xFF);
        before = piece;
    }
    arena_fini(&arena);
}

static void a_piece_of_no_bytes_has_an_address(void **unused)
{
    (void)unused;
    struct arena arena;
    arena_init(&arena, 0);
    void *first = arena_try_alloc(&arena, 0), *second = arena_try_alloc(&arena, 0);
    assert_non_null(first);
    assert_ptr_not_equal(first, second);
    arena_fini(&arena);
}

static void the_limit_counts_what_is_given_out(void **unused)
{
    (void)unused;
    struct arena arena;
    arena_init(&arena, 1000);
    assert_non_null(arena_try_alloc(&arena, 500));
    assert_null(arena_try_alloc(&arena, 500));
    assert_non_null(arena_try_alloc(&arena, 480));
    assert_null(arena_try_alloc(&arena, 16));
    arena_fini(&arena);
}

static void an_impossible_size_is_refused(void **unused)
{
    (void)unused;
    struct arena arena;
    arena_init(&arena, 0);
    assert_null(arena_try_alloc(&arena, SIZE_MAX));
    assert_null(arena_try_alloc(&arena, SIZE_MAX - 20));
    assert_null(arena_try_alloc(&arena, SIZE_MAX / 2));
    arena_fini(&arena);
}

static void reset_gives_back_what_came_after_the_mark(void **unused)
{
    (void)unused;
    struct arena arena;
    arena_init(&arena, 100000);
    char *kept = arena_alloc(&arena, 10);
    memcpy(kept, "123456789", 10);
    struct arena_mark mark = arena_mark(&arena);
    char *first = arena_alloc(&arena, 100);
    arena_alloc(&arena, 50000);
    arena_reset(&arena, mark);
    assert_ptr_equal(arena_alloc(&arena, 100), first);
    assert_string_equal(kept, "123456789");
    assert_int_equal(arena.used_bytes, 16 + 112);
    arena_fini(&arena);
}

static void marks_nest(void **unused)
{
    (void)unused;
    struct arena arena;
    arena_init(&arena, 0);
    struct arena_mark outer = arena_mark(&arena);
    arena_alloc(&arena, 40000);
    struct arena_mark inner = arena_mark(&arena);
    arena_alloc(&arena, 80000);
    arena_reset(&arena, inner);
    assert_int_equal(arena.used_bytes, 40000);
    arena_reset(&arena, outer);
    assert_int_equal(arena.used_bytes, 0);
    arena_fini(&arena);
}

static void steady_use_keeps_one_chunk(void **unused)
{
    (void)unused;
    struct arena arena;
    arena_init(&arena, 0);
    struct arena_mark mark = arena_mark(&arena);
    void *first = arena_alloc(&arena, 5000);
    for (int i = 0; i < 100; i++) {
        arena_reset(&arena, mark);
        assert_ptr_equal(arena_alloc(&arena, 5000), first);
    }
    arena_fini(&arena);
}

static void copies_and_formats_end_with_a_zero_byte(void **unused)
{
    (void)unused;
    struct arena arena;
    arena_init(&arena, 0);
    slice copy = arena_copy(&arena, slice_part(SLICE("abcdef"), 1, 3));
    assert_string_equal(copy.at, "bc");
    assert_int_equal(copy.length, 2);
    slice text = arena_printf(&arena, "%d %s", 42, "x");
    assert_string_equal(text.at, "42 x");
    assert_int_equal(text.length, 4);
    arena_fini(&arena);
}

static void a_small_arena_has_a_small_first_chunk_and_grows(void **unused)
{
    (void)unused;
    struct arena arena;
    arena_init_small(&arena, 0, 60);
    arena_alloc(&arena, 64);
    assert_ptr_equal(arena.next, arena.end);
    char *large = arena_alloc(&arena, 100000);
    memset(large, 'x', 100000);
    arena_fini(&arena);
    arena_alloc(&arena, 64);
    assert_ptr_equal(arena.next, arena.end);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_and_do_not_overlap),
        cmocka_unit_test(a_piece_of_no_bytes_has_an_address),
        cmocka_unit_test(the_limit_counts_what_is_given_out),
        cmocka_unit_test(an_impossible_size_is_refused),
        cmocka_unit_test(reset_gives_back_what_came_after_the_mark),
        cmocka_unit_test(marks_nest),
        cmocka_unit_test(steady_use_keeps_one_chunk),
        cmocka_unit_test(copies_and_formats_end_with_a_zero_byte),
        cmocka_unit_test(a_small_arena_has_a_small_first_chunk_and_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
