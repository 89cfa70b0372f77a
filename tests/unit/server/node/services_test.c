/* Plugins start side by side and close one by one; what fails or never answers is named. */

#include "node/plugin_loader.h"
#include "node/services.h"

#include "logging/log.h"

#include "base/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- a plugin that answers when the test says so ---- */

struct slow {
    const char *name;
    ds_done *start_done, *close_done;
    void *start_context, *close_context;
    unsigned starts, closes;
};

static void slow_start(void *self, ds_done *done, void *context)
{
    struct slow *slow = self;
    slow->start_done = done;
    slow->start_context = context;
    slow->starts++;
}

static void slow_close(void *self, ds_done *done, void *context)
{
    struct slow *slow = self;
    slow->close_done = done;
    slow->close_context = context;
    slow->closes++;
}

static const struct ds_plugin SLOW = {.version = DS_PLUGIN_VERSION,
                                      .kind = DS_PLUGIN_CACHE,
                                      .name = "slow",
                                      .description = "slow one",
                                      .start = slow_start,
                                      .close = slow_close};

static const struct ds_plugin READY_AT_ONCE = {.version = DS_PLUGIN_VERSION,
                                               .kind = DS_PLUGIN_CACHE,
                                               .name = "ready",
                                               .description = "ready one",
                                               .close = slow_close};

/* ---- a log that is kept ---- */

static char log_text[2048];

static void keep(void *self, const struct ds_log_line *line)
{
    (void)self;
    size_t length = strlen(log_text);
    snprintf(log_text + length, sizeof log_text - length, SLICE_FORMAT " | " SLICE_FORMAT "\n",
             SLICE_ARGUMENTS(line->event), SLICE_ARGUMENTS(line->text));
}

static const struct ds_logger_operations KEEPING = {keep};

/* ---- the world ---- */

static struct log kept_log;
static struct services services;
static struct slow one, two;
static unsigned started_calls, closed_calls;
static bool was_ready;

static void add(const struct ds_plugin *plugin, struct slow *self, const char *name)
{
    struct service *service = calloc(1, sizeof *service);
    CHECK(service != NULL);
    *service = (struct service){.plugin = plugin, .self = self, .name = name, .group = &services};
    VEC_PUSH(&services.all, service);
}

static int set_up(void **state)
{
    (void)state;
    kept_log = (struct log){.operations = &KEEPING};
    log_text[0] = '\0';
    one = two = (struct slow){.name = NULL};
    started_calls = closed_calls = 0;
    services_init(&services, &kept_log);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < services.all.count; i++)
        services.all.items[i]->self = NULL;
    services_fini(&services);
    return 0;
}

static void on_started(void *context, bool ready)
{
    (void)context;
    started_calls++;
    was_ready = ready;
}

static void on_closed(void *context)
{
    (void)context;
    closed_calls++;
}

static void answer_start(struct slow *slow, const char *error)
{
    slow->start_done(slow->start_context, error);
}

static void answer_close(struct slow *slow)
{
    slow->close_done(slow->close_context, NULL);
}

/* ---- tests ---- */

static void nothing_to_start_is_ready_at_once(void **state)
{
    (void)state;
    services_start(&services, on_started, NULL);
    assert_int_equal(started_calls, 1);
    assert_true(was_ready);
}

static void all_start_before_any_has_answered(void **state)
{
    (void)state;
    add(&SLOW, &one, "storage");
    add(&SLOW, &two, "cache");
    services_start(&services, on_started, NULL);
    assert_int_equal(one.starts + two.starts, 2);
    answer_start(&two, NULL);
    assert_int_equal(started_calls, 0);
    answer_start(&one, NULL);
    assert_int_equal(started_calls, 1);
    assert_true(was_ready);
    assert_non_null(strstr(log_text, "INFO | cache ready: slow one\nINFO | storage ready:"));
}

static void a_failure_is_told_with_its_reason_once_all_have_answered(void **state)
{
    (void)state;
    add(&SLOW, &one, "storage");
    add(&SLOW, &two, "cache");
    services_start(&services, on_started, NULL);
    answer_start(&one, "no such folder");
    assert_int_equal(started_calls, 0);
    answer_start(&two, NULL);
    assert_int_equal(started_calls, 1);
    assert_false(was_ready);
    assert_non_null(
        strstr(log_text, "PLUGIN_INITIALIZATION_ERROR | storage (slow one): no such folder\n"));
}

static void who_is_late_is_named_and_may_answer_later(void **state)
{
    (void)state;
    add(&READY_AT_ONCE, &one, "storage");
    add(&SLOW, &two, "cache");
    services_start(&services, on_started, NULL);
    services_give_up_start(&services);
    assert_int_equal(started_calls, 1);
    assert_false(was_ready);
    assert_non_null(
        strstr(log_text, "PLUGIN_INITIALIZATION_TIMEOUT | cache wasn't initialised in time\n"));
    assert_null(strstr(log_text, "storage wasn't"));
    answer_start(&two, NULL);
    assert_int_equal(started_calls, 1);
}

static void they_close_one_by_one_from_the_last(void **state)
{
    (void)state;
    add(&READY_AT_ONCE, &one, "storage");
    add(&READY_AT_ONCE, &two, "cache");
    services_start(&services, on_started, NULL);
    services_close(&services, on_closed, NULL);
    assert_int_equal(two.closes, 1);
    assert_int_equal(one.closes, 0);
    answer_close(&two);
    assert_int_equal(one.closes, 1);
    assert_true(services_are_open(&services));
    answer_close(&one);
    assert_int_equal(closed_calls, 1);
    assert_false(services_are_open(&services));
}

static void who_does_not_close_is_named_and_left_behind(void **state)
{
    (void)state;
    add(&READY_AT_ONCE, &one, "storage");
    services_start(&services, on_started, NULL);
    services_close(&services, on_closed, NULL);
    services_give_up_close(&services);
    assert_int_equal(closed_calls, 1);
    assert_true(services_are_open(&services));
    assert_non_null(strstr(log_text, "PLUGIN_ERROR | storage did not close in time\n"));
    answer_close(&one);
    assert_int_equal(closed_calls, 1);
    assert_false(services_are_open(&services));
}

static void what_comes_before_one_who_closes_late_is_closed_after_it(void **state)
{
    (void)state;
    add(&READY_AT_ONCE, &one, "storage");
    add(&READY_AT_ONCE, &two, "cache");
    services_start(&services, on_started, NULL);
    services_close(&services, on_closed, NULL);
    services_give_up_close(&services);
    assert_int_equal(closed_calls, 1);
    assert_int_equal(one.closes, 0);
    services_when_closed(&services, on_closed, NULL);
    answer_close(&two);
    assert_int_equal(one.closes, 1);
    assert_int_equal(closed_calls, 1);
    answer_close(&one);
    assert_int_equal(closed_calls, 2);
    assert_false(services_are_open(&services));
}

static void whether_they_close_one_after_the_other_can_be_seen(void **state)
{
    (void)state;
    add(&READY_AT_ONCE, &one, "storage");
    add(&READY_AT_ONCE, &two, "cache");
    services_start(&services, on_started, NULL);
    services_close(&services, on_closed, NULL);
    assert_false(services_are_closing(&services));
    answer_close(&two);
    assert_true(services_are_closing(&services));
    assert_false(services_are_closing(&services));
    answer_close(&one);
}

static void built_in_plugins_are_found_by_kind_and_type(void **state)
{
    (void)state;
    assert_non_null(plugin_loader_builtin(DS_PLUGIN_STORAGE, SLICE("none")));
    assert_non_null(plugin_loader_builtin(DS_PLUGIN_AUTHENTICATION, SLICE("none")));
    assert_null(plugin_loader_builtin(DS_PLUGIN_CACHE, SLICE("none")));
    assert_null(plugin_loader_builtin(DS_PLUGIN_CACHE, SLICE("redis")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_to_start_is_ready_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(all_start_before_any_has_answered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failure_is_told_with_its_reason_once_all_have_answered,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_is_late_is_named_and_may_answer_later, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(they_close_one_by_one_from_the_last, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_does_not_close_is_named_and_left_behind, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_comes_before_one_who_closes_late_is_closed_after_it,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(whether_they_close_one_after_the_other_can_be_seen, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(built_in_plugins_are_found_by_kind_and_type, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
