/* A check that needs records: they are read one after the other, then the rule is evaluated again
 * with them, on the same program and at the same `now`, until it needs no more. */

#include "plugins/permission/rule_permission.h"

#include "base/check.h"

#include <stdlib.h>

#define MAX_CHECK_BYTES ((size_t)64 << 20) /* question and records of one check */

struct loading_check {
    struct rule_permission *permission;
    struct valve_program *program; /* retained: a reload does not change a check under way */
    struct valve_request request;  /* its texts live in arena */
    struct arena arena;
    VEC(struct valve_record) records;
    VEC(slice) needs; /* those of the last evaluation; next_need of them are read */
    size_t next_need;
    const char *failure; /* why a record could not be read */
    bool is_answered;
    bool is_waiting;
    ds_verdict_done *done;
    void *context;
};

static bool try_copy(struct loading_check *check, slice text, slice *copy)
{
    char *bytes = arena_try_alloc(&check->arena, text.length);
    if (bytes == NULL)
        return false;
    if (text.length > 0)
        memcpy(bytes, text.at, text.length);
    *copy = (slice){bytes, text.length};
    return true;
}

static bool add_record(struct loading_check *check, slice name, slice json, bool exists)
{
    struct valve_record record = {.exists = exists};
    if (!try_copy(check, name, &record.name) || !try_copy(check, json, &record.json))
        return false;
    VEC_PUSH(&check->records, record);
    return true;
}

static bool note_needs(struct loading_check *check, const struct valve_result *result)
{
    check->needs.count = 0;
    check->next_need = 0;
    for (size_t i = 0; i < result->need_count; i++) {
        slice name;
        if (!try_copy(check, result->needs[i], &name))
            return false;
        VEC_PUSH(&check->needs, name);
    }
    return true;
}

/* ---- the end ---- */

static void end(struct loading_check *check, enum ds_verdict verdict)
{
    struct rule_permission *permission = check->permission;
    ds_verdict_done *done = check->done;
    void *context = check->context;
    valve_program_release(&check->program);
    VEC_FREE(&check->records);
    VEC_FREE(&check->needs);
    arena_fini(&check->arena);
    free(check);
    done(context, verdict);
    rule_check_ended(permission);
}

static void fail(struct loading_check *check)
{
    slice name = check->request.has_name ? check->request.name : SLICE("");
    rule_log_load_error(check->permission, name, check->failure);
    end(check, DS_UNDECIDED);
}

/* ---- reading ---- */

static void on_record(void *context, const char *error, const struct ds_record *record)
{
    struct loading_check *check = context;
    slice name = check->needs.items[check->next_need++];
    check->is_answered = true;
    if (error != NULL) {
        slice copy;
        check->failure = try_copy(check, (slice){error, strlen(error) + 1}, &copy) ? copy.at : "?";
    } else if (!add_record(check, name, record->data, record->version != DS_MISSING)) {
        check->failure = "the records that the rule needs are too large";
    }
    if (!check->is_waiting)
        return;
    check->is_waiting = false;
    loading_check_run(check);
}

/* Without records in this node every record is missing (B20). */
static void read_next(struct loading_check *check)
{
    static const struct ds_record missing = {.version = DS_MISSING};
    const struct ds_services *services = check->permission->services;
    check->is_answered = false;
    if (services->read_record == NULL)
        on_record(check, NULL, &missing);
    else
        services->read_record(services->host, check->needs.items[check->next_need], on_record,
                              check);
}

/* ---- evaluating again ---- */

/* True when it is decided. */
static bool evaluate(struct loading_check *check, enum ds_verdict *verdict)
{
    struct rule_permission *permission = check->permission;
    struct arena_mark mark = arena_mark(&permission->arena);
    struct valve_result result;
    check->request.records = check->records.items;
    check->request.record_count = check->records.count;
    valve_evaluate(check->program, &check->request, &permission->options, &permission->arena,
                   &result);
    bool is_decided = result.decision != VALVE_NEEDS;
    if (is_decided)
        *verdict = rule_verdict(permission, &check->request, &result);
    else if (!note_needs(check, &result))
        check->failure = "the records that the rule needs are too large";
    arena_reset(&permission->arena, mark);
    return is_decided;
}

void loading_check_run(struct loading_check *check)
{
    enum ds_verdict verdict;
    for (;;) {
        if (check->failure != NULL) {
            fail(check);
            return;
        }
        if (check->next_need < check->needs.count) {
            read_next(check);
            if (!check->is_answered) {
                check->is_waiting = true;
                return;
            }
        } else if (evaluate(check, &verdict)) {
            end(check, verdict);
            return;
        }
    }
}

/* ---- the beginning ---- */

static bool copy_question(struct loading_check *check, const struct valve_request *request)
{
    check->request = *request;
    if (!try_copy(check, request->name, &check->request.name) ||
        !try_copy(check, request->data, &check->request.data))
        return false;
    for (size_t i = 0; i < request->record_count; i++) {
        const struct valve_record *record = &request->records[i];
        if (!add_record(check, record->name, record->json, record->exists))
            return false;
    }
    return true;
}

struct loading_check *loading_check_new(struct rule_permission *permission,
                                        const struct valve_request *request,
                                        const struct valve_result *result, ds_verdict_done *done,
                                        void *context)
{
    struct loading_check *check = calloc(1, sizeof *check);
    CHECK(check != NULL);
    check->permission = permission;
    check->program = valve_program_retain(permission->program);
    check->done = done;
    check->context = context;
    permission->pending++;
    arena_init(&check->arena, MAX_CHECK_BYTES);
    if (!copy_question(check, request) || !note_needs(check, result))
        check->failure = "the question is too large";
    return check;
}
