/* Rule types that no path of a section has: every such request is denied (valve.md 2.2). `notify`
 * is left out, since hardly anyone uses it. */

#include "lint.h"

static const struct rule_path *find_root(const struct compilation *compilation,
                                         enum valve_section section)
{
    for (size_t i = 0; i < compilation->paths.count; i++) {
        const struct rule_path *path = compilation->paths.items[i];
        if (path->section == section && slice_equal(path->text, SLICE("*")))
            return path;
    }
    return NULL;
}

static uint32_t kinds_present(const struct compilation *compilation)
{
    uint32_t kinds = 0;
    for (size_t i = 0; i < compilation->rules.count; i++)
        kinds |= 1u << compilation->rules.items[i]->kind;
    return kinds;
}

static void report(struct lint_run *run, enum valve_rule_kind kind)
{
    const struct valve_rule_kind_info *info = valve_rule_kind_info(kind);
    const struct rule_path *root = find_root(run->compilation, info->section);
    if (root != NULL)
        diagnose_text(run->compilation->diagnostics, DIAG_MISSING_RULE_TYPE, &root->mapped, 0,
                      (uint32_t)root->text.length, info->section_name, info->type);
}

void lint_missing_types(struct lint_run *run)
{
    uint32_t present = kinds_present(run->compilation);
    for (uint32_t kind = 0; kind < VALVE_RULE_KIND_COUNT; kind++) {
        if ((present & 1u << kind) == 0 && kind != VALVE_RECORD_NOTIFY)
            report(run, (enum valve_rule_kind)kind);
    }
}
