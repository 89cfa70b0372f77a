#pragma once
/* Runs compiled Valve rules. This header is the manual of the rule engine for its host.
 *
 *     struct valve_program *program;               // load once, verified completely
 *     valve_program_load(bytes, &limits, &program, &error);
 *     ...
 *     struct valve_request request = {.kind = ..., .name = ..., .user = user, ...};
 *     do {                                          // per check
 *         valve_evaluate(program, &request, &options, arena, &result);
 *         if (result.decision == VALVE_NEEDS) load result.needs and add them to request.records;
 *     } while (result.decision == VALVE_NEEDS);
 *
 * Evaluation is a pure function of program, request and options: no input or output, no global
 * state, memory only from the arena passed, and every run ends within its budgets. Whatever is
 * undecided is an error, and an error denies.
 *
 * Threads: a program and a user never change after they are made; any number of threads may
 * evaluate with them at once, each with an arena of its own. */

#include "base/arena.h"
#include "base/slice.h"
#include "value.h"

#include <stdint.h>

/* ---- kinds of rules and actions ---- */

enum valve_section {
    VALVE_SECTION_record,
    VALVE_SECTION_event,
    VALVE_SECTION_rpc,
    VALVE_SECTION_presence,
    VALVE_SECTION_COUNT,
};

enum valve_rule_kind {
#define RULE_KIND(name, section, type, data, old_data) VALVE_##name,
#include "rule_kinds.def"
#undef RULE_KIND
    VALVE_RULE_KIND_COUNT,
};

struct valve_rule_kind_info {
    enum valve_section section;
    const char *section_name; /* "record" */
    const char *type;         /* "create" */
    bool may_use_data;
    bool may_use_old_data;
};

/* The table of rule_kinds.def; kind < VALVE_RULE_KIND_COUNT. */
const struct valve_rule_kind_info *valve_rule_kind_info(enum valve_rule_kind kind);

/* Finds a kind by the names used in rule files. False when there is none. */
bool valve_rule_kind_find(slice section, slice type, enum valve_rule_kind *kind);

/* Finds the rule kind that an action of a section asks, by its name ("EMIT") or number (valve.md
 * 3.1), and the action's number. False when the section has no such action. */
bool valve_action_find(slice section, slice name, enum valve_rule_kind *kind, uint32_t *number);
bool valve_action_find_number(slice section, uint32_t number, enum valve_rule_kind *kind);

/* The number a rule of this kind sees when the caller names no action (its first in actions.def).
 */
uint32_t valve_rule_kind_default_action(enum valve_rule_kind kind);

/* ---- programs ---- */

struct valve_program;

struct valve_load_error {
    char message[160]; /* "not a compiled rule program", "checksum does not match", ... */
};

/* Verifies and loads a compiled program (.vbc). bytes are copied. Returns false and fills error
 * when anything at all is wrong with it: nothing of a damaged file is ever run. The new program has
 * one reference, which the caller holds. */
bool valve_program_load(slice bytes, struct valve_program **program,
                        struct valve_load_error *error);
bool valve_program_load_file(const char *path, struct valve_program **program,
                             struct valve_load_error *error);

struct valve_program *valve_program_retain(struct valve_program *program);

/* Gives the reference back and sets *program to NULL; the last one frees it. NULL is ignored. */
void valve_program_release(struct valve_program **program);

/* The place of the rules in force. Threads may read and swap at any time: evaluations under way
 * keep the program they acquired, later ones get the new one. */
struct valve_ruleset;
struct valve_ruleset *valve_ruleset_new(struct valve_program *program); /* takes the reference */
void valve_ruleset_free(struct valve_ruleset **ruleset);
struct valve_program *valve_ruleset_acquire(struct valve_ruleset *ruleset); /* release it after */
void valve_ruleset_swap(struct valve_ruleset *ruleset, struct valve_program *program); /* takes */

/* ---- who asks ---- */

struct valve_user;

/* Prepares a user, once per login. data is JSON text (server data of the login), or empty for none;
 * id and data are copied. Returns NULL when data is not JSON. */
struct valve_user *valve_user_new(slice id, bool is_authenticated, slice data);
void valve_user_free(struct valve_user **user);

/* The id it was made with, for messages; lives as long as the user. */
slice valve_user_id(const struct valve_user *user);

/* ---- one check ---- */

enum valve_payload {
    VALVE_PAYLOAD_NONE, /* data is undefined */
    VALVE_PAYLOAD_JSON, /* data is JSON text; read only for rules that name data, and an error to
                           all of them when it is not JSON (valve.md 4.1, H5) */
    VALVE_PAYLOAD_TEXT, /* data is that text itself (MQTT) */
};

struct valve_record {
    slice name;
    slice json;  /* the record's data; ignored when missing */
    bool exists; /* a record that does not exist is null to the rule */
};

struct valve_request {
    enum valve_rule_kind kind;
    uint32_t action; /* the number that the rule sees as `action` */
    slice name;
    bool has_name; /* false only for presence to all: then the root rule alone is asked (H25) */
    const struct valve_user *user;
    enum valve_payload payload;
    slice data;
    double now_ms;
    const struct valve_record *records; /* those known so far; oldData is the one named `name` */
    size_t record_count;
};

/* Limits of one evaluation. valve_options_default() gives the defaults named here. */
struct valve_options {
    uint32_t max_rule_iterations; /* 3; nesting of cross references is at most this less 1; 0: no
                                     limit */
    uint32_t max_loads;           /* 32 records per check */
    uint64_t max_steps;       /* 100,000 instructions, plus one per 16 bytes that a builtin reads */
    uint32_t max_text_bytes;  /* 1 MiB for a text that the rule makes */
    size_t max_memory_bytes;  /* 16 MiB from the arena */
    uint32_t max_json_depth;  /* 128 levels of a payload or record */
    uint64_t max_regex_steps; /* 100,000 per match */
    uint32_t max_computed_regex_units; /* 256, of a pattern that is not a literal */
    bool strict;                       /* false; true: only the value `true` allows */
    const struct valve_trace *trace;   /* NULL; see below */
};

struct valve_options valve_options_default(void);

enum valve_decision {
    VALVE_ALLOW,
    VALVE_DENY,
    VALVE_ERROR, /* counts as deny */
    VALVE_NEEDS, /* not decided: evaluate again with the records in needs */
};

struct valve_result {
    enum valve_decision decision;
    valve_value value; /* final value of the rule; undefined when there was no rule or an error */
    slice pattern;     /* path of the rule that decided; empty when no rule covers the name */
    uint32_t rule;     /* its number in the program (program.h), or UINT32_MAX */
    uint32_t line; /* where in the rule file: of the rule, for an error of the place that failed */
    uint32_t column;
    slice message; /* of an error: "TypeError: Cannot read properties of null (reading 'owner')" */
    const slice *needs; /* VALVE_NEEDS: names of records, in the arena */
    size_t need_count;
    uint64_t steps;
};

/* Decides one request, or says which records it needs first. Everything in result lives in arena or
 * in the program. */
void valve_evaluate(const struct valve_program *program, const struct valve_request *request,
                    const struct valve_options *options, struct arena *arena,
                    struct valve_result *result);

/* What evaluating a request of this kind and name may read, so that a host fetches nothing in vain.
 */
struct valve_needs {
    bool data, old_data, records, now;
};
struct valve_needs valve_program_needs(const struct valve_program *program,
                                       enum valve_rule_kind kind, slice name,
                                       struct arena *scratch);

/* ---- watching an evaluation ---- */

/* Called after each instruction that made a value, with the part of the rule text it came from. */
struct valve_trace {
    void (*on_value)(void *context, uint32_t start, uint32_t end, valve_value value);
    void *context;
};
