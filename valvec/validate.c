/* From the tree of a rule file to its paths and rules: every check of valve.md 1.4 that needs no
 * look into the expressions. Unlike the original, which stops at the first failure, all are
 * reported. */

#include "passes.h"

#include "document/suggest.h"
#include "text.h"

#define MAX_RULE_BYTES (8u << 20) /* of all rule texts together */

static const char *const SECTIONS[VALVE_SECTION_COUNT] = {
    [VALVE_SECTION_record] = "record",
    [VALVE_SECTION_event] = "event",
    [VALVE_SECTION_rpc] = "rpc",
    [VALVE_SECTION_presence] = "presence",
};

/* For messages that name one thing: a section, or a kind of value. */
static void report(struct compilation *compilation, enum diagnostic_id id,
                   const struct tree_node *node, const char *name)
{
    diagnose(compilation->diagnostics, id, compilation->source, node->start, node->end, name, name);
}

/* ---- rules ---- */

static bool is_text_or_boolean(const struct tree_node *node)
{
    return node->kind == TREE_TEXT || node->kind == TREE_BOOLEAN;
}

/* Aliases repeat rules without repeating their text, so that is bounded here and not by the size of
 * the file. Said once, of the first rule that is too much. */
static bool has_room(struct compilation *compilation, const struct tree_node *node)
{
    uint32_t length = (uint32_t)node->text.text.length;
    if (length > MAX_RULE_BYTES - compilation->rule_bytes) {
        if (!compilation->rules_are_too_large)
            diagnose(compilation->diagnostics, DIAG_RULES_TOO_LARGE, compilation->source,
                     node->start, node->end, MAX_RULE_BYTES >> 20);
        compilation->rules_are_too_large = true;
        return false;
    }
    compilation->rule_bytes += length;
    return true;
}

static void add_rule(struct compilation *compilation, struct rule_path *path,
                     enum valve_rule_kind kind, const struct tree_node *node)
{
    if (node->kind == TREE_TEXT && !has_room(compilation, node))
        return;
    struct rule *rule = arena_alloc_zeroed(compilation->arena, sizeof *rule);
    rule->kind = kind;
    rule->path = path;
    rule->boolean = node->boolean;
    rule->text = node->kind == TREE_TEXT ? &node->text : NULL;
    rule->file_offset =
        node->kind == TREE_TEXT ? mapped_text_file_offset(&node->text, 0) : node->start;
    rule->file_end = node->end;
    VEC_PUSH(&compilation->rules, rule);
}

/* What the author probably meant, or all that there is. */
static slice rule_type_hint(struct compilation *compilation, enum valve_section section, slice type)
{
    struct suggestion suggestion = suggestion_for(type);
    struct buf types = BUF_EMPTY;
    for (uint32_t i = 0; i < VALVE_RULE_KIND_COUNT; i++) {
        const struct valve_rule_kind_info *info = valve_rule_kind_info((enum valve_rule_kind)i);
        if (info->section != section)
            continue;
        suggestion_consider(&suggestion, slice_of(info->type));
        buf_printf(&types, "%s%s", types.length > 0 ? ", " : "", info->type);
    }
    slice hint = suggestion.best.length > 0
                     ? arena_printf(compilation->arena, "did you mean `" SLICE_FORMAT "`?",
                                    SLICE_ARGUMENTS(suggestion.best))
                     : arena_printf(compilation->arena, "%s has the rule types " SLICE_FORMAT,
                                    SECTIONS[section], SLICE_ARGUMENTS(buf_slice(&types)));
    buf_fini(&types);
    return hint;
}

static void check_rule(struct compilation *compilation, struct rule_path *path,
                       const struct tree_member *member)
{
    enum valve_rule_kind kind;
    const char *section = SECTIONS[path->section];
    slice type = member->key.text;
    if (!valve_rule_kind_find(slice_of(section), type, &kind)) {
        slice hint = rule_type_hint(compilation, path->section, type);
        diagnose(compilation->diagnostics, DIAG_UNKNOWN_RULE_TYPE, compilation->source,
                 member->key_node->start, member->key_node->end, SLICE_ARGUMENTS(type), section,
                 SLICE_ARGUMENTS(hint));
        return;
    }
    const struct tree_node *value = member->value;
    if (is_text_or_boolean(value))
        add_rule(compilation, path, kind, value);
    else if (value->kind == TREE_LIST || value->kind == TREE_MAP)
        report(compilation, DIAG_RULE_UNQUOTED, value, NULL);
    else
        report(compilation, DIAG_RULE_NOT_TEXT, value, tree_kind_name(value->kind));
}

/* ---- paths ---- */

static void check_ruleset(struct compilation *compilation, struct rule_path *path,
                          const struct tree_node *ruleset)
{
    const char *section = SECTIONS[path->section];
    if (ruleset->kind == TREE_MAP) {
        for (uint32_t i = 0; i < ruleset->count; i++)
            check_rule(compilation, path, &ruleset->members[i]);
    } else if (ruleset->kind == TREE_TEXT || ruleset->kind == TREE_LIST) {
        diagnose(compilation->diagnostics, DIAG_RULESET_UNNAMED, compilation->source,
                 ruleset->start, ruleset->end, section);
    } else if (ruleset->kind != TREE_NULL) {
        diagnose(compilation->diagnostics, DIAG_RULESET_NOT_MAP, compilation->source,
                 ruleset->start, ruleset->end, SLICE_ARGUMENTS(path->text), section,
                 tree_kind_name(ruleset->kind));
    }
}

static void parse_path(struct compilation *compilation, struct rule_path *path)
{
    struct pattern_error error;
    path->pattern = pattern_parse(path->text, compilation->arena, &error);
    if (path->pattern != NULL)
        return;
    uint32_t start = (uint32_t)error.offset;
    diagnose_text(compilation->diagnostics, DIAG_PATH_INVALID, &path->mapped, start,
                  start + (uint32_t)error.length, error.message, SLICE_ARGUMENTS(path->text),
                  SECTIONS[path->section]);
}

static void check_path(struct compilation *compilation, enum valve_section section,
                       const struct tree_member *member)
{
    struct rule_path *path = arena_alloc_zeroed(compilation->arena, sizeof *path);
    path->section = section;
    path->text = member->key.text;
    path->mapped = member->key;
    path->number = (uint32_t)compilation->paths.count;
    VEC_PUSH(&compilation->paths, path);
    parse_path(compilation, path);
    check_ruleset(compilation, path, member->value);
}

/* ---- sections ---- */

static bool is_zero(slice number)
{
    return text_to_number(number) == 0;
}

/* null, false, 0 and "" under `"*"` are as good as no root entry. */
static bool is_nothing(const struct tree_node *node)
{
    switch (node->kind) {
    case TREE_NULL:
        return true;
    case TREE_BOOLEAN:
        return !node->boolean;
    case TREE_NUMBER:
        return is_zero(node->text.text);
    case TREE_TEXT:
        return node->text.text.length == 0;
    default:
        return false;
    }
}

static void check_section(struct compilation *compilation, enum valve_section section,
                          const struct tree_member *member)
{
    const char *name = SECTIONS[section];
    const struct tree_node *paths = member->value;
    if (paths->kind != TREE_MAP) {
        report(compilation, DIAG_SECTION_NOT_MAP, paths, name);
        return;
    }
    if (paths->count == 0)
        report(compilation, DIAG_EMPTY_SECTION, member->key_node, name);
    const struct tree_member *root = tree_find(paths, SLICE("*"));
    if (root == NULL || is_nothing(root->value))
        report(compilation, DIAG_MISSING_ROOT, root == NULL ? member->key_node : root->key_node,
               name);
    for (uint32_t i = 0; i < paths->count; i++)
        check_path(compilation, section, &paths->members[i]);
}

static bool find_section(slice name, enum valve_section *section)
{
    for (uint32_t i = 0; i < VALVE_SECTION_COUNT; i++) {
        if (slice_equal(name, slice_of(SECTIONS[i]))) {
            *section = (enum valve_section)i;
            return true;
        }
    }
    return false;
}

static void report_unknown_section(struct compilation *compilation,
                                   const struct tree_member *member)
{
    struct suggestion suggestion = suggestion_for(member->key.text);
    for (uint32_t i = 0; i < VALVE_SECTION_COUNT; i++)
        suggestion_consider(&suggestion, slice_of(SECTIONS[i]));
    slice hint = suggestion.best.length == 0
                     ? SLICE("the sections are record, event, rpc and presence")
                     : arena_printf(compilation->arena, "did you mean `" SLICE_FORMAT "`?",
                                    SLICE_ARGUMENTS(suggestion.best));
    diagnose(compilation->diagnostics, DIAG_UNEXPECTED_SECTION, compilation->source,
             member->key_node->start, member->key_node->end, SLICE_ARGUMENTS(member->key.text),
             SLICE_ARGUMENTS(hint));
}

static void report_missing_sections(struct compilation *compilation, const struct tree_node *root)
{
    bool has_members = root->kind == TREE_MAP && root->count > 0;
    uint32_t end = has_members ? root->members[0].key_node->end : root->end;
    for (uint32_t i = 0; i < VALVE_SECTION_COUNT; i++) {
        enum diagnostic_id id =
            i == VALVE_SECTION_presence ? DIAG_MISSING_PRESENCE : DIAG_MISSING_SECTION;
        if (tree_find(root, slice_of(SECTIONS[i])) == NULL)
            diagnose(compilation->diagnostics, id, compilation->source, root->start, end,
                     SECTIONS[i], SECTIONS[i]);
    }
}

static void check_sections(struct compilation *compilation, const struct tree_node *root)
{
    report_missing_sections(compilation, root);
    for (uint32_t i = 0; i < root->count; i++) {
        enum valve_section section;
        if (find_section(root->members[i].key.text, &section))
            check_section(compilation, section, &root->members[i]);
        else
            report_unknown_section(compilation, &root->members[i]);
    }
}

void validate(struct compilation *compilation, const struct tree_node *root)
{
    if (root == NULL) {
        diagnose(compilation->diagnostics, DIAG_NOT_AN_OBJECT, compilation->source, 0, 0,
                 "undefined");
    } else if (root->kind == TREE_MAP) {
        check_sections(compilation, root);
    } else if (root->kind == TREE_LIST || root->kind == TREE_DATE) {
        report_missing_sections(compilation, root);
    } else {
        report(compilation, DIAG_NOT_AN_OBJECT, root, tree_kind_name(root->kind));
    }
}
