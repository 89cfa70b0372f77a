/* Objects that nodes of one process share, asked for on several threads at once. */

#include "node/process.h"

#include "base/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <cmocka.h>
#include <uv.h>

enum { THREADS = 8, TURNS = 200 };

static struct ds_process *process;
static atomic_int made, freed, users;

static void *make(void *context)
{
    CHECK(atomic_load(&users) == 0);
    atomic_fetch_add(&made, 1);
    return context;
}

static void *make_nothing(void *context)
{
    (void)context;
    return NULL;
}

static void free_object(void *object)
{
    (void)object;
    atomic_fetch_add(&freed, 1);
}

static void the_first_makes_it_and_the_last_frees_it(void **state)
{
    (void)state;
    int a, b;
    process = ds_process_new(1);
    atomic_store(&made, 0);
    atomic_store(&freed, 0);
    assert_ptr_equal(process_share(process, "x", make, &a), &a);
    assert_ptr_equal(process_share(process, "x", make, &b), &a);
    assert_ptr_equal(process_share(process, "y", make, &b), &b);
    assert_null(process_share(process, "z", make_nothing, NULL));
    process_unshare(process, "x", free_object);
    assert_int_equal(atomic_load(&freed), 0);
    process_unshare(process, "x", free_object);
    process_unshare(process, "y", free_object);
    assert_int_equal(atomic_load(&freed), 2);
    ds_process_free(&process);
    assert_null(process);
}

static void share_often(void *context)
{
    for (int i = 0; i < TURNS; i++) {
        CHECK(process_share(process, "x", make, context) != NULL);
        atomic_fetch_add(&users, 1);
        atomic_fetch_sub(&users, 1);
        process_unshare(process, "x", free_object);
    }
}

static void threads_that_ask_at_once_get_the_same(void **state)
{
    (void)state;
    uv_thread_t threads[THREADS];
    int object;
    process = ds_process_new(1);
    atomic_store(&made, 0);
    atomic_store(&freed, 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(uv_thread_create(&threads[i], share_often, &object), 0);
    for (size_t i = 0; i < THREADS; i++)
        uv_thread_join(&threads[i]);
    assert_int_equal(atomic_load(&made), atomic_load(&freed));
    ds_process_free(&process);
}

static void it_is_ready_when_all_of_its_nodes_are(void **state)
{
    (void)state;
    process = ds_process_new(2);
    assert_false(process_is_ready(process));
    process_node_ready(process);
    assert_false(process_is_ready(process));
    process_node_ready(process);
    assert_true(process_is_ready(process));
    process_node_unready(process);
    assert_false(process_is_ready(process));
    ds_process_free(&process);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_makes_it_and_the_last_frees_it),
        cmocka_unit_test(threads_that_ask_at_once_get_the_same),
        cmocka_unit_test(it_is_ready_when_all_of_its_nodes_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
