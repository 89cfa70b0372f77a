/* Paths without rules: they look like "nobody may", and change nothing (valve.md 2.2). */

#include "lint.h"

void lint_empty_paths(struct lint_run *run)
{
    const struct compilation *compilation = run->compilation;
    for (size_t i = 0; i < compilation->paths.count; i++) {
        const struct rule_path *path = compilation->paths.items[i];
        bool has_rules = run->path_starts[path->number] < run->path_starts[path->number + 1];
        if (!has_rules && !slice_equal(path->text, SLICE("*")))
            diagnose_text(compilation->diagnostics, DIAG_EMPTY_PATH, &path->mapped, 0,
                          (uint32_t)path->text.length);
    }
}
