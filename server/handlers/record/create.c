/* SUBSCRIBECREATEANDREAD of one name: a step of the queue like any write, so that a record is
 * created only if it is still missing (B2). Both rules are asked before anything is created. */

#include "handlers/record/record_internal.h"

#define MAX_CONFLICTS 16

static const struct ds_record new_record = {.version = 0, .data = {"{}", 2}};

static void create_loaded(struct step *step, uint16_t error);

static void refuse(struct step *step, enum ds_verdict verdict)
{
    pipeline_refuse(step_session(step), step_message(step), step->name, verdict);
    step_end(step);
}

static void created(struct step *step)
{
    struct session *session = step_session(step);
    save_start(step->handler, session, NULL, step->name, &new_record);
    missed_note_write(step->handler->missed, step->name, new_record.version);
    if (subscriptions_add(step->handler->subscriptions, session, step->name, 0))
        read_answer_subscribed(step, &new_record);
    else
        step_end(step);
}

/* Somebody else was faster. */
static void not_missing(struct step *step, const struct ds_record *conflict)
{
    if (++step->conflicts > MAX_CONFLICTS)
        step_fail(step, RECORD_RECORD_CREATE_ERROR);
    else if (conflict->version == DS_MISSING)
        step_load(step, create_loaded);
    else
        step_see(step, conflict, true, create_loaded, 0);
}

static void on_created(void *context, const char *error, const struct ds_record *conflict)
{
    struct step *step = context;
    if (step_answered(step)) {
        if (error != NULL) {
            log_line(step->handler->services->log, DS_ERROR, LOG_RECORD_UPDATE_ERROR,
                     "error when creating " SLICE_FORMAT " in cache: %s",
                     SLICE_ARGUMENTS(step->name), error);
            step_fail(step, RECORD_RECORD_CREATE_ERROR);
        } else if (conflict != NULL) {
            not_missing(step, conflict);
        } else {
            created(step);
        }
    }
    step_release(step);
}

static void may_read(struct step *step, enum ds_verdict verdict)
{
    if (verdict != DS_ALLOW) {
        refuse(step, verdict);
        return;
    }
    const struct record_settings *settings = &step->handler->settings;
    step_await_long(step);
    settings->cache->set(settings->cache_self, step->name, &new_record, DS_MISSING, on_created,
                         step);
}

static void may_create(struct step *step, enum ds_verdict verdict)
{
    if (verdict != DS_ALLOW)
        refuse(step, verdict);
    else
        step_ask(step, RECORD_READ, DS_PAYLOAD_NONE, SLICE(""), &new_record, may_read);
}

/* From here on it only reads, and need not keep others waiting. */
static void only_read(struct step *step)
{
    if (step->queue != NULL || !step->is_exclusive)
        return;
    step->is_exclusive = false;
    step->handler->exclusive_count--;
}

static void create_loaded(struct step *step, uint16_t error)
{
    if (error != 0) {
        step_fail(step, error);
    } else if (step->current.version == DS_MISSING) {
        step_ask(step, RECORD_CREATE, DS_PAYLOAD_NONE, SLICE(""), &step->current, may_create);
    } else {
        only_read(step);
        step_ask(step, RECORD_READ, DS_PAYLOAD_NONE, SLICE(""), &step->current,
                 read_answer_subscription);
    }
}

static void create_run(struct step *step)
{
    step_load(step, create_loaded);
}

const struct step_work work_create_read = {.run = create_run,
                                           .is_exclusive = true,
                                           .is_ordered = true,
                                           .refusal = RECORD_RECORD_CREATE_ERROR};
