#pragma once
/* Which paths have to be looked at together. Two paths can only match the same name when what all
 * names of one begin with also begins those of the other; so paths are grouped by these beginnings,
 * and a path meets the groups whose beginning starts its own. The work on one file is bounded. */

#include "lint.h"
#include "base/hashmap.h"

struct path_groups {
    const struct lint_run *run;
    struct path_form *forms; /* by the number of the path */
    struct hashmap by_prefix[VALVE_SECTION_COUNT];
    VEC(const struct rule_path *) rivals;
    uint64_t work;
};

/* Lives as long as the run's arena; close it in any case. */
void path_groups_open(struct path_groups *groups, const struct lint_run *run);
void path_groups_close(struct path_groups *groups);

/* Fills groups->rivals with the paths of the same section, in file order, that may match a name of
 * `path` and whose beginning is not longer than its own. False when the bound of work is reached.
 */
bool path_groups_find_rivals(struct path_groups *groups, const struct rule_path *path);

/* Whether the beginnings of two rivals are as long, so that each is a rival of the other. */
bool path_groups_are_mutual(const struct path_groups *groups, const struct rule_path *a,
                            const struct rule_path *b);

/* What looking closer at two paths takes, in units of finding that they are rivals. */
#define PATH_SAMPLE_WORK 64       /* matching one name that is made for both */
#define PATH_COMPARISON_WORK 2048 /* comparing their patterns */

/* Asked before such work is done. False when the bound of work is reached. */
bool path_groups_may_spend(struct path_groups *groups, uint64_t work);

/* Reports that `path` and those after it were not all looked at; `what` says what for. */
void path_groups_report_rest(const struct path_groups *groups, const struct rule_path *path,
                             const char *what);
