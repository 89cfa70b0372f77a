/* What is in front of a cache or a storage: it hands everything on, and counts the answers. */

#include "metrics/meter.h"

#include "base/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* A store that answers when it is told, and remembers what it was asked. */
struct store {
    const char *asked;
    char name[16];
    int32_t version;
    ds_record_done *record_done;
    ds_set_done *set_done;
    ds_heads_done *heads_done;
    ds_done *done;
    void *context;
};

static void note(struct store *store, const char *asked, slice name, void *context)
{
    store->asked = asked;
    memcpy(store->name, name.at, name.length);
    store->name[name.length] = '\0';
    store->context = context;
}

static void get(void *self, slice name, ds_record_done *done, void *context)
{
    struct store *store = self;
    note(store, "get", name, context);
    store->record_done = done;
}

static void set(void *self, slice name, const struct ds_record *record, int32_t expected,
                ds_set_done *done, void *context)
{
    struct store *store = self;
    note(store, "set", name, context);
    store->version = record->version * 100 + expected;
    store->set_done = done;
}

static void heads(void *self, const slice *names, size_t count, ds_heads_done *done, void *context)
{
    struct store *store = self;
    assert_int_equal(count, 2);
    note(store, "heads", names[1], context);
    store->heads_done = done;
}

static void take_out(void *self, const slice *names, size_t count, ds_done *done, void *context)
{
    struct store *store = self;
    assert_int_equal(count, 2);
    note(store, "remove", names[0], context);
    store->done = done;
}

static void stored(void *self, slice name, int32_t version)
{
    struct store *store = self;
    note(store, "stored", name, NULL);
    store->version = version;
}

static void storage_set(void *self, slice name, const struct ds_record *record, ds_done *done,
                        void *context)
{
    struct store *store = self;
    note(store, "set", name, context);
    store->version = record->version;
    store->done = done;
}

static const struct ds_cache_operations CACHE = {
    .get = get, .set = set, .heads = heads, .remove = take_out, .stored = stored};
static const struct ds_storage_operations STORAGE = {get, storage_set, take_out};

/* ---- who asks ---- */

struct answer {
    unsigned count;
    bool has_error;
    int32_t version;
};

static void on_record(void *context, const char *error, const struct ds_record *record)
{
    struct answer *answer = context;
    answer->count++;
    answer->has_error = error != NULL;
    answer->version = record == NULL ? DS_MISSING : record->version;
}

static void on_set(void *context, const char *error, const struct ds_record *conflict)
{
    on_record(context, error, conflict);
}

static void on_heads(void *context, const char *error, const int32_t *versions)
{
    struct answer *answer = context;
    answer->count++;
    answer->has_error = error != NULL;
    answer->version = versions[1];
}

static void on_done(void *context, const char *error)
{
    struct answer *answer = context;
    answer->count++;
    answer->has_error = error != NULL;
}

static struct metrics metrics;
static uv_loop_t loop;
static struct meter *meter;
static struct store store;

static int set_up(void **state)
{
    (void)state;
    metrics = (struct metrics){0};
    store = (struct store){0};
    assert_int_equal(uv_loop_init(&loop), 0);
    meter = meter_new(&loop, metrics.cache);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    meter_free(&meter);
    assert_null(meter);
    return uv_loop_close(&loop);
}

static void everything_is_handed_on_and_back(void **state)
{
    (void)state;
    const struct ds_cache_operations *cache = meter_cache(meter, &CACHE, &store);
    const slice names[] = {SLICE("a"), SLICE("b")};
    const int32_t versions[] = {1, 2};
    struct ds_record record = {.version = 7};
    struct answer answer = {0};

    cache->get(meter, SLICE("x"), on_record, &answer);
    assert_string_equal(store.asked, "get");
    assert_string_equal(store.name, "x");
    store.record_done(store.context, NULL, &record);
    assert_int_equal(answer.version, 7);
    cache->set(meter, SLICE("y"), &record, 3, on_set, &answer);
    assert_string_equal(store.name, "y");
    assert_int_equal(store.version, 703);
    store.set_done(store.context, NULL, &(struct ds_record){.version = 9});
    assert_int_equal(answer.version, 9);
    cache->heads(meter, names, 2, on_heads, &answer);
    assert_string_equal(store.name, "b");
    store.heads_done(store.context, NULL, versions);
    assert_int_equal(answer.version, 2);
    cache->remove(meter, names, 2, on_done, &answer);
    assert_string_equal(store.asked, "remove");
    store.done(store.context, NULL);
    cache->stored(meter, SLICE("z"), 4);
    assert_string_equal(store.asked, "stored");
    assert_int_equal(store.version, 4);
    assert_int_equal(answer.count, 4);

    for (enum meter_operation i = 0; i < METER_OPERATION_COUNT; i++) {
        assert_int_equal(metrics.cache[i].calls, 1);
        assert_int_equal(metrics.cache[i].errors, 0);
        assert_int_equal(metrics.cache[i].time.count, 1);
    }
}

static void a_storage_is_handed_on_as_well(void **state)
{
    (void)state;
    const struct ds_storage_operations *storage = meter_storage(meter, &STORAGE, &store);
    const slice names[] = {SLICE("a"), SLICE("b")};
    struct answer answer = {0};
    storage->get(meter, SLICE("x"), on_record, &answer);
    store.record_done(store.context, "broken", NULL);
    assert_true(answer.has_error);
    storage->set(meter, SLICE("y"), &(struct ds_record){.version = 5}, on_done, &answer);
    assert_int_equal(store.version, 5);
    store.done(store.context, NULL);
    assert_false(answer.has_error);
    storage->remove(meter, names, 2, on_done, &answer);
    store.done(store.context, "broken");
    assert_int_equal(answer.count, 3);
    assert_int_equal(metrics.cache[METER_GET].errors, 1);
    assert_int_equal(metrics.cache[METER_SET].errors, 0);
    assert_int_equal(metrics.cache[METER_REMOVE].errors, 1);
}

static void a_cache_that_drops_nothing_is_told_nothing(void **state)
{
    (void)state;
    const struct ds_cache_operations forgetful = {.get = get, .set = set};
    assert_null(meter_cache(meter, &forgetful, &store)->stored);
}

static void many_at_once_keep_their_own_contexts_and_few_are_timed(void **state)
{
    (void)state;
    const struct ds_cache_operations *cache = meter_cache(meter, &CACHE, &store);
    struct answer answers[3] = {{0}};
    void *contexts[3];
    for (int i = 0; i < 3; i++) {
        cache->get(meter, SLICE("x"), on_record, &answers[i]);
        contexts[i] = store.context;
    }
    for (int i = 2; i >= 0; i--)
        store.record_done(contexts[i], i == 1 ? "broken" : NULL,
                          i == 1 ? NULL : &(struct ds_record){.version = i});
    for (int i = 0; i < 3; i++)
        assert_int_equal(answers[i].count, 1);
    assert_int_equal(answers[2].version, 2);
    assert_true(answers[1].has_error);
    assert_int_equal(metrics.cache[METER_GET].calls, 3);
    assert_int_equal(metrics.cache[METER_GET].errors, 1);
    assert_int_equal(metrics.cache[METER_GET].time.count, 1); /* the loop's clock stands still */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(everything_is_handed_on_and_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_storage_is_handed_on_as_well, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_cache_that_drops_nothing_is_told_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(many_at_once_keep_their_own_contexts_and_few_are_timed,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
