/* Calls of plugins that answer later: each is remembered until its answer has come, and some time
 * beyond, so that an answer too many is known for one. */

#include "node/guard/internal.h"

#include "node/plugin_library.h"

#include "base/arena.h"
#include "base/check.h"
#include "json.h"
#include "logging/log.h"

#include <stdio.h>
#include <stdlib.h>

/* A call that is over is kept until so many others are, so that it is known when it is answered
 * again, which happens soon or never. */
#define CALLS_REMEMBERED 1024

/* Answers too many that are logged; more of them say nothing new. */
#define FAULTS_LOGGED 10

#define MAX_DEPTH 128 /* of the data of a login */

struct guard_call {
    struct list_link link;
    struct plugin_guard *guard;
    const char *operation;
    bool is_open;
    void *context;
    union guard_answer answer;
};

/* ---- a call, from its beginning to its answer ---- */

static struct guard_call *take_memory(struct plugin_guard *guard)
{
    if (guard->over_count > CALLS_REMEMBERED) {
        struct guard_call *oldest = LIST_ITEM(guard->over.next, struct guard_call, link);
        list_remove(&oldest->link);
        guard->over_count--;
        return oldest;
    }
    struct guard_call *call = malloc(sizeof *call);
    CHECK(call != NULL);
    return call;
}

struct guard_call *guard_call_begin(struct plugin_guard *guard, const char *operation,
                                    void *context, union guard_answer answer)
{
    struct guard_call *call = take_memory(guard);
    *call = (struct guard_call){.guard = guard,
                                .operation = operation,
                                .is_open = true,
                                .context = context,
                                .answer = answer};
    list_append(&guard->open, &call->link);
    return call;
}

_Noreturn static void end_process(const struct guard_call *call)
{
    fprintf(stderr,
            "%s plugin %s: it answered %s on a thread that is not the loop's: nothing is safe any "
            "more\n",
            plugin_kind_word(call->guard->plugin->kind), call->guard->file, call->operation);
    abort();
}

static void report(struct plugin_guard *guard, const struct guard_call *call)
{
    if (guard->faults == FAULTS_LOGGED)
        return;
    guard->faults++;
    log_line(guard->log, DS_ERROR, LOG_PLUGIN_ERROR, "%s plugin %s: it answered %s %s%s",
             plugin_kind_word(guard->plugin->kind), guard->file, call->operation,
             call->is_open ? "after it was closed; this is ignored" : "once more; this is ignored",
             guard->faults == FAULTS_LOGGED ? ", and no longer logged" : "");
}

/* Whether the answer may go on. It may use what it needs of the call until the next one begins. */
static bool end(struct guard_call *call)
{
    struct plugin_guard *guard = call->guard;
    uv_thread_t here = uv_thread_self();
    if (!uv_thread_equal(&guard->thread, &here))
        end_process(call);
    if (!call->is_open || guard->has_ended) {
        report(guard, call);
        return false;
    }
    call->is_open = false;
    list_remove(&call->link);
    list_append(&guard->over, &call->link);
    guard->over_count++;
    return true;
}

/* An answer that is of no use: a failed call to who waits for it. */
static void report_useless(const struct guard_call *call, const char *what)
{
    struct plugin_guard *guard = call->guard;
    if (guard->faults == FAULTS_LOGGED)
        return;
    guard->faults++;
    log_line(guard->log, DS_ERROR, LOG_PLUGIN_ERROR,
             "%s plugin %s: it answered %s with %s; this counts as an error%s",
             plugin_kind_word(guard->plugin->kind), guard->file, call->operation, what,
             guard->faults == FAULTS_LOGGED ? ", and is no longer logged" : "");
}

/* Returns what who waits is told. */
static const char *report_nothing(const struct guard_call *call)
{
    report_useless(call, "neither a result nor an error");
    return "the plugin answered with neither a result nor an error";
}

/* ---- answers ---- */

void guard_on_done(void *context, const char *error)
{
    struct guard_call *call = context;
    if (end(call))
        call->answer.done(call->context, error);
}

static bool is_json(slice text, uint32_t max_depth)
{
    struct arena arena;
    valve_value value;
    arena_init(&arena, 0);
    bool is_valid = json_read(text, (struct json_limits){max_depth}, &arena, &value, NULL);
    arena_fini(&arena);
    return is_valid;
}

void guard_on_record(void *context, const char *error, const struct ds_record *record)
{
    struct guard_call *call = context;
    if (!end(call))
        return;
    if (error == NULL && (record == NULL || record->version < DS_MISSING))
        error = report_nothing(call);
    call->answer.record(call->context, error, error == NULL ? record : NULL);
}

/* Clients get the data as it is, and many at a time in one answer over HTTP. */
void guard_on_stored(void *context, const char *error, const struct ds_record *record)
{
    struct guard_call *call = context;
    bool has_data = error == NULL && record != NULL && record->version > DS_MISSING;
    if (call->is_open && has_data && !is_json(record->data, UINT32_MAX)) {
        report_useless(call, "data that is not JSON");
        error = "what is stored is not JSON";
    }
    guard_on_record(context, error, record);
}

void guard_on_set(void *context, const char *error, const struct ds_record *conflict)
{
    struct guard_call *call = context;
    if (end(call))
        call->answer.set(call->context, error, conflict);
}

void guard_on_heads(void *context, const char *error, const int32_t *versions)
{
    struct guard_call *call = context;
    if (!end(call))
        return;
    if (error == NULL && versions == NULL)
        error = report_nothing(call);
    call->answer.heads(call->context, error, error == NULL ? versions : NULL);
}

static bool is_login_data(slice data)
{
    return data.length == 0 || is_json(data, MAX_DEPTH);
}

void guard_on_login(void *context, const struct ds_login_result *result)
{
    static const struct ds_login_result refused = {.outcome = DS_LOGIN_REFUSED};
    struct guard_call *call = context;
    if (!end(call))
        return;
    if (result == NULL) {
        report_nothing(call);
        result = &refused;
    } else if (!is_login_data(result->client_data) || !is_login_data(result->server_data)) {
        report_useless(call, "data that is not JSON");
        result = &refused;
    }
    call->answer.login(call->context, result);
}

void guard_on_verdict(void *context, enum ds_verdict verdict)
{
    struct guard_call *call = context;
    if (end(call))
        call->answer.verdict(call->context, verdict);
}

void guard_on_lock(void *context, bool got)
{
    struct guard_call *call = context;
    if (end(call))
        call->answer.lock(call->context, got);
}

/* ---- what nobody asked for ---- */

bool guard_hear(struct plugin_guard *guard, const char *what)
{
    struct guard_call call = {.guard = guard, .operation = what};
    uv_thread_t here = uv_thread_self();
    if (!uv_thread_equal(&guard->thread, &here))
        end_process(&call);
    if (guard->has_ended) {
        call.is_open = true;
        report(guard, &call);
    }
    return !guard->has_ended;
}

/* ---- the end ---- */

static void free_list(struct list_link *calls)
{
    while (!list_is_empty(calls)) {
        struct guard_call *call = LIST_ITEM(calls->next, struct guard_call, link);
        list_remove(&call->link);
        free(call);
    }
}

void guard_calls_free(struct plugin_guard *guard)
{
    free_list(&guard->open);
    free_list(&guard->over);
}
