/* The storage that keeps nothing. */

#include "plugins/builtins.h"
#include "support/store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void everything_succeeds_and_nothing_is_kept(void **state)
{
    struct store_fixture *it = *state;
    const struct ds_storage_operations *storage = it->operations;
    struct ds_record record = store_record(1, SLICE("{}"));
    slice name = SLICE("a");
    struct store_answer set, removed, got;
    storage->set(it->self, name, &record, answer_done, store_answer_begin(&set));
    storage->get(it->self, name, answer_record, store_answer_begin(&got));
    storage->remove(it->self, &name, 1, answer_done, store_answer_begin(&removed));
    assert_true(set.is_done && got.is_done && removed.is_done);
    assert_null(set.error);
    assert_null(removed.error);
    assert_null(got.error);
    assert_int_equal(got.version, DS_MISSING);
    store_answer_end(&set);
    store_answer_end(&removed);
    store_answer_end(&got);
}

int main(void)
{
    struct store_subject subject = {&ds_storage_none, ""};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate_setup_teardown(everything_succeeds_and_nothing_is_kept,
                                                 store_fixture_setup, store_fixture_teardown,
                                                 &subject),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
