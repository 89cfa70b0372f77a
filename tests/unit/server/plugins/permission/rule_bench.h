#pragma once
/* A permission plugin on a bench: made of rules in a test, asked, watched. */

#include "plugins/builtins.h"
#include "support/test_values.h"

#include "base/vec.h"

/* A record that a rule may need; the plugin's host reads it at once, or when told. */
struct bench_record {
    const char *name;
    const char *json; /* NULL: missing */
    const char *error;
};

struct bench_read {
    char name[64];
    ds_record_done *done;
    void *context;
};

struct rule_bench {
    struct arena arena;
    struct ds_services services;
    void *plugin;
    struct ds_error error;
    void *user;
    const struct bench_record *records;
    size_t record_count;
    bool is_slow;                 /* reads wait for bench_read_next */
    VEC(struct bench_read) reads; /* waiting ones */
    unsigned read_count;
    char log[4096]; /* lines, each ended by a line feed */
    unsigned verdicts;
    enum ds_verdict last;
};

void bench_init(struct rule_bench *bench);
void bench_fini(struct rule_bench *bench); /* closes the plugin when there is one */

/* Makes the plugin with these options (JSON), and the user "bo" with data {"role":"admin"}. False:
 * error says why. */
bool bench_create(struct rule_bench *bench, const char *options);

/* The same of options that were made before. */
bool bench_create_with(struct rule_bench *bench, const struct ds_value *options);

/* A whole rule file as JSON: all sections, with one more rule. What it does not say is denied. */
const char *bench_rules(struct rule_bench *bench, const char *section, const char *path,
                        const char *type, const char *rule);

/* The same as options. */
bool bench_create_rule(struct rule_bench *bench, const char *section, const char *path,
                       const char *type, const char *rule);

/* Asks; the verdict is in bench->last when bench->verdicts has grown. */
void bench_ask(struct rule_bench *bench, const struct ds_permission_request *request);

/* Asks, and expects one verdict at once. */
enum ds_verdict bench_decide(struct rule_bench *bench, unsigned topic, unsigned action,
                             const char *name);

/* Answers the oldest waiting read. */
void bench_read_next(struct rule_bench *bench);
