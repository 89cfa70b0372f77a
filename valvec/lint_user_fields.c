/* Fields that `user` does not have (valve.md 4); what authentication adds is under `user.data`. */

#include "lint.h"
#include "document/suggest.h"

static const char *const FIELDS[] = {"id", "isAuthenticated", "data"};

#define FIELD_COUNT (sizeof FIELDS / sizeof *FIELDS)

static bool is_field(slice name)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (slice_equal(name, slice_of(FIELDS[i])))
            return true;
    }
    return false;
}

/* Names that other versions and other products use. */
static const struct {
    const char *name;
    const char *instead;
} FAMILIAR[] = {
    {"userId", "user.id"},       {"userID", "user.id"},
    {"uid", "user.id"},          {"username", "user.id"},
    {"userName", "user.id"},     {"name", "user.id"},
    {"serverData", "user.data"}, {"authData", "user.data"},
    {"clientData", "user.data"}, {"authenticated", "user.isAuthenticated"},
};

static slice suggest_field(struct arena *arena, slice name)
{
    struct suggestion suggestion = suggestion_for(name);
    for (size_t i = 0; i < sizeof FAMILIAR / sizeof *FAMILIAR; i++) {
        if (slice_equal(name, slice_of(FAMILIAR[i].name)))
            return slice_of(FAMILIAR[i].instead);
    }
    for (size_t i = 0; i < FIELD_COUNT; i++)
        suggestion_consider(&suggestion, slice_of(FIELDS[i]));
    if (suggestion.best.length > 0)
        return arena_printf(arena, "user." SLICE_FORMAT, SLICE_ARGUMENTS(suggestion.best));
    return arena_printf(arena, "user.data." SLICE_FORMAT, SLICE_ARGUMENTS(name));
}

void lint_user_fields(struct lint_run *run, const struct rule *rule, const struct ast_node *node)
{
    slice name;
    if (!shape_member_name(node, &name) || node->first_child->kind != AST_NAME ||
        node->first_child->symbol != SYMBOL_USER || is_field(name))
        return;
    slice suggested = suggest_field(run->arena, name);
    lint_report(run, rule, DIAG_UNKNOWN_USER_FIELD, node, SLICE_ARGUMENTS(name),
                SLICE_ARGUMENTS(suggested));
}
