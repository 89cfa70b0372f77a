/* The permission `type: config`: every question is decided by a compiled Valve rule. The one file
 * through which the server knows the rule engine begins here (valve.md 3, 7, 8). */

#include "plugins/permission/rule_permission.h"

#include "plugins/builtins.h"

#include "base/check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_RULE_ITERATIONS 1000

/* ---- users ---- */

static void *user_new(void *self, ds_slice id, bool is_authenticated, ds_slice server_data)
{
    (void)self;
    return valve_user_new(id, is_authenticated, server_data);
}

static void user_free(void *self, void *user)
{
    struct valve_user *freed = user;
    (void)self;
    valve_user_free(&freed);
}

/* ---- life ---- */

static void find_kinds(struct rule_permission *permission)
{
    static const char *const sections[RULE_TOPIC_COUNT] = {
        [4] = "event", [5] = "record", [6] = "rpc", [7] = "presence"};
    for (size_t topic = 0; topic < RULE_TOPIC_COUNT; topic++) {
        for (uint32_t action = 0; action < RULE_ACTION_COUNT; action++) {
            enum valve_rule_kind kind;
            bool is_mapped = sections[topic] != NULL &&
                             valve_action_find_number(slice_of(sections[topic]), action, &kind);
            permission->kinds[topic][action] = is_mapped ? (int8_t)kind : -1;
        }
    }
}

static bool read_iterations(struct rule_permission *permission, const struct ds_value *options,
                            struct ds_error *error)
{
    const struct ds_value *value = ds_value_member(options, "maxRuleIterations");
    double iterations = ds_value_number(value, permission->options.max_rule_iterations);
    slice place = ds_value_place(value);
    if (iterations >= 1 && iterations <= MAX_RULE_ITERATIONS && floor(iterations) == iterations) {
        permission->options.max_rule_iterations = (uint32_t)iterations;
        return true;
    }
    snprintf(error->text, sizeof error->text, SLICE_FORMAT ": %s", SLICE_ARGUMENTS(place),
             iterations < 1 ? "Maximum rule iteration has to be at least one"
                            : "maxRuleIterations must be a whole number up to 1000");
    return false;
}

static void free_it(struct rule_permission *permission)
{
    valve_program_release(&permission->program);
    rule_source_fini(&permission->source);
    arena_fini(&permission->arena);
    free(permission);
}

static bool set_up(struct rule_permission *permission, const struct ds_value *options,
                   struct ds_error *error)
{
    if (!read_iterations(permission, options, error) ||
        !rule_source_init(&permission->source, permission->services, options,
                          permission->options.max_rule_iterations, error))
        return false;
    permission->program = rule_source_load(&permission->source, error);
    return permission->program != NULL;
}

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    struct rule_permission *permission = calloc(1, sizeof *permission);
    CHECK(permission != NULL);
    permission->services = services;
    permission->options = valve_options_default();
    arena_init(&permission->arena, 0); /* the engine bounds what an evaluation takes */
    find_kinds(permission);
    if (set_up(permission, options, error))
        return permission;
    free_it(permission);
    return NULL;
}

static void close_if_idle(struct rule_permission *permission)
{
    if (permission->closed == NULL || permission->pending > 0)
        return;
    ds_done *closed = permission->closed;
    void *context = permission->closed_context;
    free_it(permission);
    closed(context, NULL);
}

static void close_it(void *self, ds_done *done, void *context)
{
    struct rule_permission *permission = self;
    permission->closed = done;
    permission->closed_context = context;
    close_if_idle(permission);
}

void rule_check_ended(struct rule_permission *permission)
{
    permission->pending--;
    close_if_idle(permission);
}

static bool reload(void *self, struct ds_error *error)
{
    struct rule_permission *permission = self;
    struct valve_program *program = rule_source_load(&permission->source, error);
    if (program == NULL)
        return false;
    valve_program_release(&permission->program);
    permission->program = program;
    return true;
}

static bool rule(void *self, uint8_t topic, uint16_t action, const char **section,
                 const char **type)
{
    const struct rule_permission *permission = self;
    if (topic >= RULE_TOPIC_COUNT || action >= RULE_ACTION_COUNT ||
        permission->kinds[topic][action] < 0)
        return false;
    const struct valve_rule_kind_info *info =
        valve_rule_kind_info((enum valve_rule_kind)permission->kinds[topic][action]);
    *section = info->section_name;
    *type = info->type;
    return true;
}

static const struct ds_permission_operations operations = {
    .user_new = user_new,
    .user_free = user_free,
    .check = rule_check,
    .reload = reload,
    .rule = rule,
};

const struct ds_plugin ds_permission_config = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_PERMISSION,
    .name = "config",
    .description = "config: Valve rules",
    .create = create,
    .close = close_it,
    .operations = &operations,
};
