/* A store made of functions that block, here of one that does what the test says. */

#include "shared/blocking_store.h"
#include "support/plugin_host.h"
#include "support/store_answers.h"

#include "base/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define NAMES 40

/* A backend. All lanes and the test use it, under the lock. */
static struct fake {
    uv_mutex_t mutex;
    uv_cond_t changed;
    enum blocking_outcome outcome; /* of everything */
    bool is_held;                  /* nothing ends */
    size_t calls, opened, closed;
    int32_t last[NAMES]; /* version of "n<i>" */
    bool is_out_of_order;
} fake;

static struct plugin_host host;
static struct blocking_store *store;

static enum blocking_outcome begin(struct ds_error *error)
{
    uv_mutex_lock(&fake.mutex);
    fake.calls++;
    while (fake.is_held)
        uv_cond_wait(&fake.changed, &fake.mutex);
    snprintf(error->text, sizeof error->text, "as the test says");
    return fake.outcome;
}

static enum blocking_outcome end(enum blocking_outcome outcome)
{
    uv_mutex_unlock(&fake.mutex);
    return outcome;
}

static void set_outcome(enum blocking_outcome outcome)
{
    uv_mutex_lock(&fake.mutex);
    fake.outcome = outcome;
    uv_mutex_unlock(&fake.mutex);
}

static void hold(bool is_held)
{
    uv_mutex_lock(&fake.mutex);
    fake.is_held = is_held;
    uv_cond_broadcast(&fake.changed);
    uv_mutex_unlock(&fake.mutex);
}

static size_t calls(void)
{
    uv_mutex_lock(&fake.mutex);
    size_t count = fake.calls;
    uv_mutex_unlock(&fake.mutex);
    return count;
}

static int index_of(ds_slice name)
{
    char text[16];
    snprintf(text, sizeof text, SLICE_FORMAT, SLICE_ARGUMENTS(name));
    return (int)strtol(text + 1, NULL, 10);
}

static void *fake_open(const void *shared)
{
    uv_mutex_lock(&fake.mutex);
    fake.opened++;
    uv_mutex_unlock(&fake.mutex);
    return (void *)(uintptr_t)shared;
}

static void fake_close(const void *shared, void *own)
{
    CHECK(shared == own);
    uv_mutex_lock(&fake.mutex);
    fake.closed++;
    uv_mutex_unlock(&fake.mutex);
}

static enum blocking_outcome fake_probe(const void *shared, void *own, struct ds_error *error)
{
    (void)shared;
    (void)own;
    return end(begin(error));
}

static enum blocking_outcome fake_get(const void *shared, void *own, ds_slice name,
                                      struct blocking_record *found, struct ds_error *error)
{
    enum blocking_outcome outcome = begin(error);
    (void)shared;
    (void)own;
    found->version = fake.last[index_of(name)];
    found->is_there = found->version != DS_MISSING;
    buf_append(&found->data, SLICE("{}"));
    return end(outcome);
}

static enum blocking_outcome fake_set(const void *shared, void *own, ds_slice name,
                                      const struct ds_record *record, int32_t expected,
                                      struct blocking_record *found, struct ds_error *error)
{
    enum blocking_outcome outcome = begin(error);
    int32_t *last = &fake.last[index_of(name)];
    (void)shared;
    (void)own;
    if (outcome == BLOCKING_DONE && expected != DS_ANY_VERSION && expected != *last) {
        found->version = *last;
        found->is_there = *last != DS_MISSING;
        return end(BLOCKING_CONFLICT);
    }
    if (outcome == BLOCKING_DONE) {
        fake.is_out_of_order |= record->version < *last;
        *last = record->version;
    }
    return end(outcome);
}

static enum blocking_outcome fake_heads(const void *shared, void *own, const ds_slice *names,
                                        size_t count, int32_t *versions, struct ds_error *error)
{
    enum blocking_outcome outcome = begin(error);
    (void)shared;
    (void)own;
    for (size_t i = 0; i < count; i++) {
        CHECK(versions[i] == DS_MISSING);
        versions[i] = fake.last[index_of(names[i])];
    }
    return end(outcome);
}

static enum blocking_outcome fake_remove(const void *shared, void *own, const ds_slice *names,
                                         size_t count, struct ds_error *error)
{
    enum blocking_outcome outcome = begin(error);
    (void)shared;
    (void)own;
    for (size_t i = 0; i < count; i++)
        fake.last[index_of(names[i])] = DS_MISSING;
    return end(outcome);
}

static const struct blocking_backend backend = {fake_open, fake_close, fake_probe, fake_get,
                                                fake_set,  fake_heads, fake_remove};

/* ---- the test's side ---- */

static void make_store(size_t lanes, size_t max_queue_bytes)
{
    const struct blocking_settings settings = {.backend = "fake at home",
                                               .lanes = lanes,
                                               .max_queue_bytes = max_queue_bytes,
                                               .waits_when_lost = true};
    store = blocking_store_new(&host.services, &settings, &backend, &fake);
}

static void start(size_t lanes, size_t max_queue_bytes)
{
    struct store_answer answer;
    make_store(lanes, max_queue_bytes);
    blocking_store_start(store, answer_done, store_answer_begin(&answer));
    plugin_host_wait(&host, &answer.is_done);
    assert_null(answer.error);
    store_answer_end(&answer);
}

static void close_store(void)
{
    struct store_answer answer;
    blocking_store_close(store, answer_done, store_answer_begin(&answer));
    store = NULL;
    plugin_host_wait(&host, &answer.is_done);
    assert_null(answer.error);
    store_answer_end(&answer);
    assert_int_equal(fake.opened, fake.closed);
}

static int set_up(void **state)
{
    (void)state;
    fake = (struct fake){.outcome = BLOCKING_DONE};
    for (int i = 0; i < NAMES; i++)
        fake.last[i] = DS_MISSING;
    CHECK(uv_mutex_init(&fake.mutex) == 0 && uv_cond_init(&fake.changed) == 0);
    plugin_host_init(&host);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    hold(false);
    if (store != NULL)
        close_store();
    plugin_host_fini(&host);
    uv_mutex_destroy(&fake.mutex);
    uv_cond_destroy(&fake.changed);
    return 0;
}

static slice name_of(int i)
{
    static char texts[NAMES][8];
    snprintf(texts[i], sizeof texts[i], "n%d", i);
    return slice_of(texts[i]);
}

static void begin_set(int i, int32_t version, struct store_answer *answer)
{
    const struct ds_record record = {.version = version, .data = SLICE("{}")};
    blocking_store_set(store, name_of(i), &record, answer_done, store_answer_begin(answer));
}

/* Returns whether it failed. */
static bool finish(struct store_answer *answer)
{
    plugin_host_wait(&host, &answer->is_done);
    bool has_failed = answer->error != NULL;
    store_answer_end(answer);
    return has_failed;
}

static void wait_until_logged(const char *text)
{
    while (!plugin_host_has_logged(&host, text))
        uv_run(&host.loop, UV_RUN_ONCE);
}

/* ---- the tests ---- */

static void a_start_waits_until_the_backend_is_there(void **state)
{
    struct store_answer answer;
    (void)state;
    set_outcome(BLOCKING_LOST);
    make_store(2, 1 << 20);
    blocking_store_start(store, answer_done, store_answer_begin(&answer));
    wait_until_logged("BACKEND_LOST fake at home: as the test says");
    assert_false(answer.is_done);
    set_outcome(BLOCKING_DONE);
    assert_false(finish(&answer));
    assert_true(plugin_host_has_logged(&host, "BACKEND_REGAINED fake at home"));
}

static void a_backend_that_will_never_do_fails_the_start(void **state)
{
    struct store_answer answer;
    (void)state;
    set_outcome(BLOCKING_UNFIT);
    make_store(2, 1 << 20);
    blocking_store_start(store, answer_done, store_answer_begin(&answer));
    assert_true(finish(&answer));
    assert_false(plugin_host_has_logged(&host, "BACKEND_LOST"));
}

static void a_store_that_was_never_started_can_be_closed(void **state)
{
    (void)state;
    make_store(2, 1 << 20);
    close_store();
    assert_int_equal(fake.opened, 0);
}

static void closing_ends_a_start_that_still_waits(void **state)
{
    struct store_answer answer;
    (void)state;
    set_outcome(BLOCKING_LOST);
    make_store(2, 1 << 20);
    blocking_store_start(store, answer_done, store_answer_begin(&answer));
    close_store();
    assert_true(answer.is_done);
    assert_true(finish(&answer));
}

static void operations_on_a_name_keep_their_order(void **state)
{
    enum { ROUNDS = 50 };
    static struct store_answer answers[ROUNDS][NAMES];
    (void)state;
    start(8, 16 << 20);
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < NAMES; i++)
            begin_set(i, round, &answers[round][i]);
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < NAMES; i++)
            assert_false(finish(&answers[round][i]));
    assert_false(fake.is_out_of_order);
}

static void a_conflict_tells_what_stands_there(void **state)
{
    struct store_answer answer;
    const struct ds_record record = {.version = 9, .data = SLICE("{}")};
    (void)state;
    start(2, 1 << 20);
    begin_set(0, 4, &answer);
    assert_false(finish(&answer));
    blocking_store_set_expected(store, name_of(0), &record, 3, answer_set,
                                store_answer_begin(&answer));
    plugin_host_wait(&host, &answer.is_done);
    assert_true(answer.is_conflict);
    assert_int_equal(answer.version, 4);
    store_answer_end(&answer);
}

static void versions_of_many_names_stand_at_their_places(void **state)
{
    ds_slice names[NAMES];
    struct store_answer answer, removed;
    (void)state;
    start(8, 16 << 20);
    for (int i = 0; i < NAMES; i++) {
        names[i] = name_of(NAMES - 1 - i);
        begin_set(i, i * 3, &answer);
        assert_false(finish(&answer));
    }
    store_answer_begin(&answer);
    answer.head_count = NAMES;
    blocking_store_heads(store, names, NAMES, answer_heads, &answer);
    plugin_host_wait(&host, &answer.is_done);
    for (int i = 0; i < NAMES; i++)
        assert_int_equal(answer.heads[i], (NAMES - 1 - i) * 3);
    store_answer_end(&answer);
    blocking_store_remove(store, names, NAMES, answer_done, store_answer_begin(&removed));
    assert_false(finish(&removed));
    for (int i = 0; i < NAMES; i++)
        assert_int_equal(fake.last[i], DS_MISSING);
}

static void of_parts_that_fail_the_whole_fails_once(void **state)
{
    ds_slice names[NAMES];
    struct store_answer heads, removed;
    (void)state;
    start(8, 16 << 20);
    set_outcome(BLOCKING_FAILED);
    for (int i = 0; i < NAMES; i++)
        names[i] = name_of(i);
    store_answer_begin(&heads);
    heads.head_count = NAMES;
    blocking_store_heads(store, names, NAMES, answer_heads, &heads);
    blocking_store_remove(store, names, NAMES, answer_done, store_answer_begin(&removed));
    assert_true(finish(&heads));
    assert_true(finish(&removed));
    assert_false(plugin_host_has_logged(&host, "BACKEND_LOST"));
}

static void what_waits_is_bounded(void **state)
{
    struct store_answer first, second, third;
    (void)state;
    start(2, 1);
    hold(true);
    begin_set(0, 1, &first); /* one may be larger than all that may wait */
    begin_set(1, 1, &second);
    assert_true(second.is_done);
    assert_non_null(strstr(second.error, "maxQueueBytes"));
    hold(false);
    assert_false(finish(&first));
    assert_true(finish(&second));
    begin_set(1, 1, &third);
    assert_false(finish(&third));
}

static void a_lost_backend_is_not_asked_by_every_operation(void **state)
{
    enum { TRIES = 200 };
    static struct store_answer answers[TRIES];
    struct store_answer answer;
    (void)state;
    start(1, 1 << 20);
    hold(true);
    set_outcome(BLOCKING_LOST);
    size_t before = calls();
    for (int i = 0; i < TRIES; i++)
        begin_set(i % NAMES, 1, &answers[i]);
    hold(false);
    for (int i = 0; i < TRIES; i++)
        assert_true(finish(&answers[i]));
    assert_true(calls() - before < TRIES / 2);
    set_outcome(BLOCKING_DONE);
    wait_until_logged("BACKEND_REGAINED");
    begin_set(0, 1, &answer);
    assert_false(finish(&answer)); /* at once */
}

static void closing_does_what_waits(void **state)
{
    static struct store_answer answers[NAMES];
    (void)state;
    start(4, 1 << 20);
    for (int i = 0; i < NAMES; i++)
        begin_set(i, 7, &answers[i]);
    close_store();
    for (int i = 0; i < NAMES; i++) {
        assert_true(answers[i].is_done);
        assert_false(finish(&answers[i]));
        assert_int_equal(fake.last[i], 7);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_start_waits_until_the_backend_is_there),
        TEST(a_backend_that_will_never_do_fails_the_start),
        TEST(a_store_that_was_never_started_can_be_closed),
        TEST(closing_ends_a_start_that_still_waits),
        TEST(operations_on_a_name_keep_their_order),
        TEST(a_conflict_tells_what_stands_there),
        TEST(versions_of_many_names_stand_at_their_places),
        TEST(of_parts_that_fail_the_whole_fails_once),
        TEST(what_waits_is_bounded),
        TEST(a_lost_backend_is_not_asked_by_every_operation),
        TEST(closing_does_what_waits),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
