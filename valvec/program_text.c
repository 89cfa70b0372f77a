/* Rules of one path need not stand together in a program, so each path has a list of its rules. */

#include "program_text.h"

#include "json.h"
#include "base/vec.h"

#define NO_RULE UINT32_MAX

struct rule_lists {
    uint32_t *first; /* of each pattern */
    uint32_t *next;  /* of each rule */
};

static uint32_t *new_list(uint32_t count)
{
    uint32_t *list = malloc((count + (size_t)1) * sizeof *list);
    CHECK(list != NULL);
    for (uint32_t i = 0; i < count; i++)
        list[i] = NO_RULE;
    return list;
}

static struct rule_lists list_rules(const struct program *program)
{
    struct rule_lists lists = {new_list(program->pattern_count), new_list(program->rule_count)};
    for (uint32_t i = program->rule_count; i-- > 0;) {
        uint32_t pattern = program->rules[i].pattern;
        lists.next[i] = lists.first[pattern];
        lists.first[pattern] = i;
    }
    return lists;
}

static void append_rule(const struct program_rule *rule, struct buf *out)
{
    bool is_literal =
        slice_equal(rule->source, SLICE("true")) || slice_equal(rule->source, SLICE("false"));
    buf_printf(out, "      \"%s\": ", valve_rule_kind_info(rule->kind)->type);
    if (is_literal)
        buf_append(out, rule->source);
    else
        json_write_text(out, rule->source);
}

static void append_path(const struct program *program, uint32_t pattern,
                        const struct rule_lists *lists, struct buf *out)
{
    buf_append_text(out, "    ");
    json_write_text(out, program->patterns[pattern].text);
    buf_append_text(out, ": {");
    for (uint32_t i = lists->first[pattern]; i != NO_RULE; i = lists->next[i]) {
        buf_append_text(out, i == lists->first[pattern] ? "\n" : ",\n");
        append_rule(&program->rules[i], out);
    }
    buf_append_text(out, lists->first[pattern] == NO_RULE ? "}" : "\n    }");
}

static void append_section(const struct program *program, enum valve_section section,
                           const struct rule_lists *lists, struct buf *out)
{
    bool is_first = true;
    for (uint32_t i = 0; i < program->pattern_count; i++) {
        if (program->patterns[i].section != section)
            continue;
        buf_append_text(out, is_first ? "\n" : ",\n");
        append_path(program, i, lists, out);
        is_first = false;
    }
    buf_append_text(out, is_first ? "}" : "\n  }");
}

void program_text_append(const struct program *program, struct buf *out)
{
    static const struct {
        const char *name;
        enum valve_section section;
    } sections[] = {{"record", VALVE_SECTION_record},
                    {"event", VALVE_SECTION_event},
                    {"rpc", VALVE_SECTION_rpc},
                    {"presence", VALVE_SECTION_presence}};
    struct rule_lists lists = list_rules(program);
    buf_append_text(out, "{");
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        buf_printf(out, "%s\n  \"%s\": {", i == 0 ? "" : ",", sections[i].name);
        append_section(program, sections[i].section, &lists, out);
    }
    buf_append_text(out, "\n}\n");
    free(lists.first);
    free(lists.next);
}
