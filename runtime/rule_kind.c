/* The tables of rule_kinds.def and actions.def: who asks which rule. */

#include "valve.h"

#include "base/check.h"

static const struct valve_rule_kind_info KINDS[VALVE_RULE_KIND_COUNT] = {
#define RULE_KIND(name, section, type, data, old_data)                                             \
    {VALVE_SECTION_##section, #section, type, data, old_data},
#include "rule_kinds.def"
#undef RULE_KIND
};

struct action {
    enum valve_section section;
    uint32_t number;
    enum valve_rule_kind kind;
    const char *section_name;
    const char *name;
};

static const struct action ACTIONS[] = {
#define ACTION(section, name, number, kind)                                                        \
    {VALVE_SECTION_##section, number, VALVE_##kind, #section, #name},
#include "actions.def"
#undef ACTION
};

#define ACTION_COUNT (sizeof ACTIONS / sizeof *ACTIONS)

const struct valve_rule_kind_info *valve_rule_kind_info(enum valve_rule_kind kind)
{
    CHECK(kind < VALVE_RULE_KIND_COUNT);
    return &KINDS[kind];
}

bool valve_rule_kind_find(slice section, slice type, enum valve_rule_kind *kind)
{
    for (uint32_t i = 0; i < VALVE_RULE_KIND_COUNT; i++) {
        if (slice_equal(section, slice_of(KINDS[i].section_name)) &&
            slice_equal(type, slice_of(KINDS[i].type))) {
            *kind = (enum valve_rule_kind)i;
            return true;
        }
    }
    return false;
}

bool valve_action_find(slice section, slice name, enum valve_rule_kind *kind, uint32_t *number)
{
    for (size_t i = 0; i < ACTION_COUNT; i++) {
        if (slice_equal(section, slice_of(ACTIONS[i].section_name)) &&
            slice_equal(name, slice_of(ACTIONS[i].name))) {
            *kind = ACTIONS[i].kind;
            *number = ACTIONS[i].number;
            return true;
        }
    }
    return false;
}

bool valve_action_find_number(slice section, uint32_t number, enum valve_rule_kind *kind)
{
    for (size_t i = 0; i < ACTION_COUNT; i++) {
        if (ACTIONS[i].number == number &&
            slice_equal(section, slice_of(ACTIONS[i].section_name))) {
            *kind = ACTIONS[i].kind;
            return true;
        }
    }
    return false;
}

uint32_t valve_rule_kind_default_action(enum valve_rule_kind kind)
{
    size_t i = 0;
    while (i < ACTION_COUNT && ACTIONS[i].kind != kind)
        i++;
    CHECK(i < ACTION_COUNT);
    return ACTIONS[i].number;
}
