/* The host of rule_bench.h. */

#include "rule_bench.h"

#include "base/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct ds_permission_operations *operations(void)
{
    return ds_permission_config.operations;
}

static void keep_log(void *host, enum ds_log_level level, const char *event, ds_slice text)
{
    struct rule_bench *bench = host;
    size_t used = strlen(bench->log);
    (void)level;
    snprintf(bench->log + used, sizeof bench->log - used, "%s | " SLICE_FORMAT "\n", event,
             SLICE_ARGUMENTS(text));
}

static bool wants_all(void *host, enum ds_log_level level)
{
    (void)host;
    (void)level;
    return true;
}

static void give_record(struct rule_bench *bench, slice name, ds_record_done *done, void *context)
{
    struct ds_record record = {.version = DS_MISSING};
    for (size_t i = 0; i < bench->record_count; i++) {
        const struct bench_record *known = &bench->records[i];
        if (!slice_equal(slice_of(known->name), name))
            continue;
        if (known->error != NULL) {
            done(context, known->error, NULL);
            return;
        }
        if (known->json != NULL)
            record = (struct ds_record){.version = 1, .data = slice_of(known->json)};
    }
    /* the data is gone when done returns, as with a real cache */
    char *copy = malloc(record.data.length + 1);
    CHECK(copy != NULL);
    if (record.data.length > 0)
        memcpy(copy, record.data.at, record.data.length);
    record.data.at = copy;
    done(context, NULL, &record);
    free(copy);
}

static void read_record(void *host, ds_slice name, ds_record_done *done, void *context)
{
    struct rule_bench *bench = host;
    bench->read_count++;
    if (!bench->is_slow) {
        give_record(bench, name, done, context);
        return;
    }
    struct bench_read read = {.done = done, .context = context};
    CHECK(name.length < sizeof read.name);
    memcpy(read.name, name.at, name.length);
    VEC_PUSH(&bench->reads, read);
}

void bench_read_next(struct rule_bench *bench)
{
    assert_true(bench->reads.count > 0);
    struct bench_read read = bench->reads.items[0];
    bench->reads.count--;
    memmove(bench->reads.items, bench->reads.items + 1, bench->reads.count * sizeof read);
    give_record(bench, slice_of(read.name), read.done, read.context);
}

void bench_init(struct rule_bench *bench)
{
    *bench = (struct rule_bench){.services = {.host = bench,
                                              .config_dir = ".",
                                              .log = keep_log,
                                              .log_wants = wants_all,
                                              .read_record = read_record}};
    arena_init(&bench->arena, 0);
}

static void note_closed(void *context, const char *error)
{
    assert_null(error);
    *(bool *)context = true;
}

void bench_fini(struct rule_bench *bench)
{
    if (bench->plugin != NULL) {
        bool is_closed = false;
        operations()->user_free(bench->plugin, bench->user);
        ds_permission_config.close(bench->plugin, note_closed, &is_closed);
        assert_true(is_closed);
    }
    VEC_FREE(&bench->reads);
    arena_fini(&bench->arena);
}

bool bench_create_with(struct rule_bench *bench, const struct ds_value *options)
{
    bench->plugin = ds_permission_config.create(&bench->services, options, &bench->error);
    if (bench->plugin == NULL)
        return false;
    bench->user =
        operations()->user_new(bench->plugin, SLICE("bo"), true, SLICE("{\"role\":\"admin\"}"));
    assert_non_null(bench->user);
    return true;
}

bool bench_create(struct rule_bench *bench, const char *options)
{
    return bench_create_with(bench, test_value(&bench->arena, options));
}

const char *bench_rules(struct rule_bench *bench, const char *section, const char *path,
                        const char *type, const char *rule)
{
    static const char *const sections[] = {"record", "event", "rpc", "presence"};
    slice text = SLICE("");
    for (size_t i = 0; i < 4; i++) {
        slice more = SLICE("");
        if (strcmp(section, sections[i]) == 0)
            more = arena_printf(&bench->arena, ",\"%s\":{\"%s\":%s}", path, type, rule);
        text = arena_printf(&bench->arena, SLICE_FORMAT "%s\"%s\":{\"*\":{}" SLICE_FORMAT "}",
                            SLICE_ARGUMENTS(text), i > 0 ? "," : "", sections[i],
                            SLICE_ARGUMENTS(more));
    }
    return arena_printf(&bench->arena, "{" SLICE_FORMAT "}", SLICE_ARGUMENTS(text)).at;
}

bool bench_create_rule(struct rule_bench *bench, const char *section, const char *path,
                       const char *type, const char *rule)
{
    const char *rules = bench_rules(bench, section, path, type, rule);
    return bench_create(bench, arena_printf(&bench->arena, "{\"permissions\":%s}", rules).at);
}

static void note_verdict(void *context, enum ds_verdict verdict)
{
    struct rule_bench *bench = context;
    bench->verdicts++;
    bench->last = verdict;
}

void bench_ask(struct rule_bench *bench, const struct ds_permission_request *request)
{
    struct ds_permission_request question = *request;
    question.user = bench->user;
    operations()->check(bench->plugin, &question, note_verdict, bench);
}

enum ds_verdict bench_decide(struct rule_bench *bench, unsigned topic, unsigned action,
                             const char *name)
{
    struct ds_permission_request request = {.topic = (uint8_t)topic,
                                            .action = (uint16_t)action,
                                            .has_name = name != NULL,
                                            .name = slice_of(name == NULL ? "" : name)};
    unsigned before = bench->verdicts;
    bench_ask(bench, &request);
    assert_int_equal(bench->verdicts, before + 1);
    return bench->last;
}
