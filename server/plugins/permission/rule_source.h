#pragma once
/* Where the rules of a permission plugin are from: a file (YAML, JSON or a compiled program), or
 * the configuration itself. Makes a program of them, as often as asked. */

#include "deepstream/plugin.h"
#include "valve.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/vec.h"

struct rule_source {
    const struct ds_services *services;
    uint32_t max_rule_iterations;
    struct arena arena;
    const char *path;  /* read at each load; NULL: the rules stand in the configuration */
    struct buf text;   /* then: the rules as JSON, each on a line of its own ... */
    VEC(slice) places; /* ... and where each of these lines stands in the configuration */
};

/* Finds the rules in the options `permissions` or `path`. False, with the reason in error, when
 * there are none. Call rule_source_fini in any case. */
bool rule_source_init(struct rule_source *source, const struct ds_services *services,
                      const struct ds_value *options, uint32_t max_rule_iterations,
                      struct ds_error *error);
void rule_source_fini(struct rule_source *source);

/* Reads and compiles. All that is found is logged, with its place; NULL, with the first errors in
 * error, when the rules are not fit. */
struct valve_program *rule_source_load(const struct rule_source *source, struct ds_error *error);

/* Appends where a line and column of the program stand for people: "permissions.yml:12:14". */
void rule_source_place(const struct rule_source *source, uint32_t line, uint32_t column,
                       struct buf *out);
