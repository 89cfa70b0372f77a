#pragma once
/* The inside of the permission plugin `type: config`, for the files of this folder alone. */

#include "plugins/permission/rule_source.h"

#define RULE_TOPIC_COUNT 8 /* up to presence */
#define RULE_ACTION_COUNT 64

struct rule_permission {
    const struct ds_services *services;
    struct rule_source source;
    struct valve_options options;
    struct valve_program *program; /* in force; checks under way keep the one they began with */
    struct arena arena;            /* of the evaluation that runs now */
    int8_t kinds[RULE_TOPIC_COUNT][RULE_ACTION_COUNT]; /* enum valve_rule_kind, or -1 */
    unsigned pending;                                  /* checks that wait for records */
    ds_done *closed;
    void *closed_context;
};

/* ---- check.c ---- */

/* The question as the engine takes it, without records. False: no rule is asked about it. */
bool rule_request_init(const struct rule_permission *permission,
                       const struct ds_permission_request *question, struct valve_request *request);

void rule_check(void *self, const struct ds_permission_request *question, ds_verdict_done *done,
                void *context);

/* ---- verdict.c ---- */

/* The verdict of a decision; an error is logged as valve.md 7 demands. */
enum ds_verdict rule_verdict(const struct rule_permission *permission,
                             const struct valve_request *request,
                             const struct valve_result *result);

void rule_log_load_error(const struct rule_permission *permission, slice name, const char *reason);

/* ---- load.c ---- */

/* A check that needs records first: they are loaded, and it is evaluated again, until it is
 * decided. result is of VALVE_NEEDS; everything borrowed is copied. */
struct loading_check;
struct loading_check *loading_check_new(struct rule_permission *permission,
                                        const struct valve_request *request,
                                        const struct valve_result *result, ds_verdict_done *done,
                                        void *context);
/* Goes on as far as it can without waiting; it frees itself. */
void loading_check_run(struct loading_check *check);

/* ---- valve.c ---- */

/* A check that waited has ended: the plugin may be gone afterwards. */
void rule_check_ended(struct rule_permission *permission);
