/* The key of a test that asks: the rule type or action, and the section. */

#include "casefile_reader.h"

#include "document/scalar.h"
#include "text.h"

struct action {
    const char *name;
    const char *section;
    enum valve_rule_kind kind;
};

static const struct action ACTIONS[] = {
#define ACTION(section, name, number, kind) {#name, #section, VALVE_##kind},
#include "actions.def"
#undef ACTION
};

#define ACTION_COUNT (sizeof ACTIONS / sizeof *ACTIONS)

static void consider_all(struct case_reader *reader, struct suggestion *near)
{
    struct arena *arena = &reader->file->arena;
    for (unsigned i = 0; i < VALVE_RULE_KIND_COUNT; i++) {
        const struct valve_rule_kind_info *info = valve_rule_kind_info((enum valve_rule_kind)i);
        suggestion_consider(near, arena_printf(arena, "%s %s", info->type, info->section_name));
    }
    for (size_t i = 0; i < ACTION_COUNT; i++)
        suggestion_consider(near,
                            arena_printf(arena, "%s %s", ACTIONS[i].name, ACTIONS[i].section));
}

static bool unknown_question(struct case_reader *reader, const struct tree_member *member)
{
    struct suggestion near = suggestion_for(member->key.text);
    consider_all(reader, &near);
    slice hint = case_hint(reader, &near,
                           "a test asks with a rule type or an action and a section, for example "
                           "`write record` or `EMIT event`");
    diagnose(&reader->file->diagnostics, DIAG_TEST_UNKNOWN_QUESTION, &reader->file->source,
             member->key_node->start, member->key_node->end, SLICE_ARGUMENTS(member->key.text),
             SLICE_ARGUMENTS(hint));
    return false;
}

bool case_read_question(struct case_reader *reader, const struct tree_member *member,
                        struct valve_request *request)
{
    slice key = member->key.text;
    const char *space = memchr(key.at, ' ', key.length);
    CHECK(space != NULL);
    slice verb = slice_part(key, 0, (size_t)(space - key.at));
    slice section = slice_part(key, verb.length + 1, key.length);
    if (valve_rule_kind_find(section, verb, &request->kind)) {
        request->action = valve_rule_kind_default_action(request->kind);
        return true;
    }
    return valve_action_find(section, verb, &request->kind, &request->action) ||
           unknown_question(reader, member);
}

static void consider_actions(struct suggestion *near, enum valve_rule_kind kind)
{
    for (size_t i = 0; i < ACTION_COUNT; i++) {
        if (ACTIONS[i].kind == kind)
            suggestion_consider(near, slice_of(ACTIONS[i].name));
    }
}

static slice actions_of(enum valve_rule_kind kind, struct arena *arena)
{
    slice list = SLICE("");
    for (size_t i = 0; i < ACTION_COUNT; i++) {
        if (ACTIONS[i].kind == kind)
            list = arena_printf(arena, SLICE_FORMAT "%s%s", SLICE_ARGUMENTS(list),
                                list.length > 0 ? ", " : "", ACTIONS[i].name);
    }
    return arena_printf(arena, "it is asked by " SLICE_FORMAT, SLICE_ARGUMENTS(list));
}

static bool find_action(slice section, const struct tree_node *node, slice text,
                        enum valve_rule_kind *kind, uint32_t *number)
{
    if (node->kind != TREE_NUMBER)
        return valve_action_find(section, text, kind, number);
    double given = text_to_number(text);
    if (!(given >= 0 && given <= UINT32_MAX) || given != (uint32_t)given)
        return false;
    *number = (uint32_t)given;
    return valve_action_find_number(section, *number, kind);
}

bool case_read_action(struct case_reader *reader, const struct tree_node *node,
                      struct valve_request *request)
{
    struct casefile *file = reader->file;
    const struct valve_rule_kind_info *info = valve_rule_kind_info(request->kind);
    enum valve_rule_kind kind;
    uint32_t number;
    slice text;
    if (!case_read_text(reader, node, "`action`", &text))
        return false;
    if (find_action(slice_of(info->section_name), node, text, &kind, &number) &&
        kind == request->kind) {
        request->action = number;
        return true;
    }
    struct suggestion near = suggestion_for(text);
    consider_actions(&near, request->kind);
    slice hint = case_hint(reader, &near, actions_of(request->kind, &file->arena).at);
    diagnose(&file->diagnostics, DIAG_TEST_UNKNOWN_ACTION, &file->source, node->start, node->end,
             SLICE_ARGUMENTS(text), info->type, info->section_name, SLICE_ARGUMENTS(hint));
    return false;
}
