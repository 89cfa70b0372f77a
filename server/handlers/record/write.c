/* Writes: judged, computed and checked when it is their turn, on the outcome of those before (H28);
 * then a compare-and-set at the cache. What the cache refuses is judged anew on what stands there.
 */

#include "handlers/record/record_internal.h"

#include "base/check.h"

#define MAX_CONFLICTS 64 /* each is a write of another node that was accepted */

/* ---- what a message asks for ---- */

static bool has_path(const struct message *message)
{
    return MESSAGE_HAS(message, path) && message->path.length > 0;
}

/* The presence of a path decides, whatever the action says (H9); ERASE has no payload (H10). */
static bool normalise(const struct message *message, enum write_form *form)
{
    switch (message->action) {
    case RECORD_PATCH_MULTI:
        *form = WRITE_MULTI;
        return true;
    case RECORD_ERASE:
        *form = WRITE_ERASE;
        return has_path(message) && !MESSAGE_HAS(message, data);
    default:
        *form = has_path(message) ? WRITE_PATCH : WRITE_UPDATE;
        return true;
    }
}

static bool is_upsert(const struct message *message)
{
    return message->action == RECORD_CREATEANDUPDATE || message->action == RECORD_CREATEANDPATCH;
}

/* The action that the rules are asked with. */
static uint16_t asked_action(enum write_form form)
{
    static const uint16_t actions[] = {
        [WRITE_UPDATE] = RECORD_UPDATE,
        [WRITE_PATCH] = RECORD_PATCH,
        [WRITE_ERASE] = RECORD_ERASE,
        [WRITE_MULTI] = RECORD_PATCH_MULTI,
    };
    return actions[form];
}

/* The one text that is checked, written and stored. */
static slice written_text(const struct step *step)
{
    return step->form == WRITE_UPDATE ? step_message(step)->data : buf_slice(&step->result);
}

/* ---- the outcome ---- */

/* Rebuilt from what it is made of: nothing else of the author's message travels on (F16). */
static void broadcast(struct step *step)
{
    const struct message *message = step_message(step);
    uint16_t action = asked_action(step->form);
    struct message update = MESSAGE(TOPIC_RECORD, action == RECORD_ERASE ? RECORD_PATCH : action);
    MESSAGE_SET(&update, name, step->name);
    MESSAGE_SET(&update, version, step->next_version);
    if (step->form == WRITE_PATCH || step->form == WRITE_ERASE)
        MESSAGE_SET(&update, path, message->path);
    MESSAGE_ECHO(&update, message, data);
    if (step->form == WRITE_MULTI) /* what it made is at hand */
        MESSAGE_SET(&update, result, written_text(step));
    MESSAGE_SET(&update, is_write_ack, false);
    subscriptions_publish(step->handler->subscriptions, step->name, &update);
    sequence_send(step->handler->sequence, &update, step_session(step));
}

static void accepted(struct step *step)
{
    struct ds_record record = {.version = step->next_version, .data = written_text(step)};
    save_start(step->handler, step_session(step), step_message(step), step->name, &record);
    missed_note_write(step->handler->missed, step->name, step->next_version);
    broadcast(step);
    step_end(step);
}

static void fail(struct step *step, const char *reason)
{
    log_line(step->handler->services->log, DS_ERROR, LOG_RECORD_UPDATE_ERROR,
             "error when writing " SLICE_FORMAT ": %s", SLICE_ARGUMENTS(step->name), reason);
    step_fail(step, RECORD_RECORD_UPDATE_ERROR);
}

static void write_loaded(struct step *step, uint16_t error);

static void judge_again(struct step *step, const struct ds_record *conflict)
{
    if (++step->conflicts > MAX_CONFLICTS)
        fail(step, "others were faster each time");
    else if (conflict->version == DS_MISSING)
        step_load(step, write_loaded);
    else
        step_see(step, conflict, true, write_loaded, 0);
}

static void on_set(void *context, const char *error, const struct ds_record *conflict)
{
    struct step *step = context;
    if (step_answered(step)) {
        if (error != NULL)
            fail(step, error);
        else if (conflict != NULL)
            judge_again(step, conflict);
        else
            accepted(step);
    }
    step_release(step);
}

static void set(struct step *step, int32_t expected)
{
    const struct record_settings *settings = &step->handler->settings;
    struct ds_record record = {.version = step->next_version, .data = written_text(step)};
    step_await_long(step);
    settings->cache->set(settings->cache_self, step->name, &record, expected, on_set, step);
}

/* ---- the way of a write ---- */

/* What a missing record is to a write that may create it: version 0, {}. */
static struct ds_record base_of(const struct step *step)
{
    return step->current.version != DS_MISSING
               ? step->current
               : (struct ds_record){.version = 0, .data = SLICE("{}")};
}

static enum write_version judge_version(const struct message *message, int64_t current)
{
    bool is_next = MESSAGE_HAS(message, version) &&
                   (message->version == -1 || message->version == current + 1);
    if (is_next)
        return current >= INT32_MAX ? VERSION_EXHAUSTED : VERSION_FITS;
    bool is_later = MESSAGE_HAS(message, version) && message->version > current;
    return is_later ? VERSION_TOO_HIGH : VERSION_TAKEN;
}

/* Whether there is something to write to. */
static bool has_base(const struct step *step)
{
    return step->current.version != DS_MISSING || is_upsert(step_message(step));
}

static void apply(struct step *step)
{
    struct session *session = step_session(step);
    const struct message *message = step_message(step);
    struct ds_record base = base_of(step);
    switch (step->judgement) {
    case VERSION_FITS:
        step->next_version = base.version + 1;
        set(step, step->is_cached ? base.version : DS_MISSING);
        return;
    case VERSION_EXHAUSTED:
        fail(step, "it has the last version that there is");
        return;
    case VERSION_TAKEN:
        record_reply_version_exists(session, message, base.version, base.data);
        break;
    case VERSION_TOO_HIGH:
        record_reply_invalid_version(session, message, base.version);
        break;
    }
    step_end(step);
}

static void refuse(struct step *step, enum ds_verdict verdict)
{
    pipeline_refuse(step_session(step), step_message(step), step->name, verdict);
    step_end(step);
}

static void malformed(struct step *step)
{
    record_reply_malformed(step->handler, step_session(step), step_message(step));
    step_end(step);
}

static void may_write(struct step *step, enum ds_verdict verdict)
{
    if (verdict != DS_ALLOW)
        refuse(step, verdict);
    else if (step->is_scalar)
        malformed(step);
    else if (!has_base(step))
        fail(step, "there is no such record");
    else
        apply(step);
}

/* A patch of a missing record has no outcome that a rule could judge: one that reads `data` gets a
 * payload that is none, which is an error (valve.md 4.1). */
static void ask_write(struct step *step)
{
    bool has_payload = step->form != WRITE_ERASE;
    bool has_outcome = has_base(step) || step->form == WRITE_UPDATE;
    step_ask(step, asked_action(step->form), has_payload ? DS_PAYLOAD_JSON : DS_PAYLOAD_NONE,
             has_payload && has_outcome ? written_text(step) : SLICE(""), &step->current,
             may_write);
}

static void may_create(struct step *step, enum ds_verdict verdict)
{
    if (verdict != DS_ALLOW)
        refuse(step, verdict);
    else
        ask_write(step);
}

static void ask(struct step *step)
{
    if (is_upsert(step_message(step)))
        step_ask(step, RECORD_CREATE, DS_PAYLOAD_NONE, SLICE(""), &step->current, may_create);
    else
        ask_write(step);
}

static void load_failed(struct step *step, uint16_t error)
{
    if (step->queue != NULL)
        record_queue_fail_waiting(step->queue, step->work, error);
    step_fail(step, error);
}

static void write_loaded(struct step *step, uint16_t error)
{
    if (error != 0) {
        load_failed(step, error);
        return;
    }
    struct ds_record base = base_of(step);
    const struct message *message = step_message(step);
    step->judgement = judge_version(message, base.version);
    enum computed computed =
        patch_compute(step->handler, message, step->form, base.data, &step->result);
    step->is_scalar = computed == COMPUTED_SCALAR;
    if (computed == MALFORMED)
        malformed(step);
    else if (computed == UNREADABLE_RECORD)
        fail(step, "what is stored is no object or list");
    else
        ask(step);
}

static void write_run(struct step *step)
{
    CHECK(normalise(step_message(step), &step->form));
    step_load(step, write_loaded);
}

const struct step_work work_write = {.run = write_run,
                                     .is_exclusive = true,
                                     .is_ordered = true,
                                     .refusal = RECORD_RECORD_UPDATE_ERROR};

/* ---- the hot path (behaviour.md 5.6): written over what is there; loaded only for its version,
 * when the cache has none ---- */

/* Subscribers and the storage need a version that rises: the next one of what there is, else 1
 * (F11). Nothing is compared, so that no writer has to try again. */
static void hot_headed(struct step *step, int32_t version)
{
    if (version == INT32_MAX) {
        fail(step, "it has the last version that there is");
        return;
    }
    step->next_version = version == DS_MISSING ? 1 : version + 1;
    set(step, DS_ANY_VERSION);
}

static void hot_loaded(struct step *step, uint16_t error)
{
    if (error != 0)
        step_fail(step, error);
    else
        hot_headed(step, step->current.version);
}

static void on_hot_head(void *context, const char *error, const int32_t *versions)
{
    struct step *step = context;
    if (step_answered(step)) {
        if (error != NULL)
            fail(step, error);
        else if (versions[0] == DS_MISSING && record_is_stored(step->handler, step->name))
            step_load_stored(step, hot_loaded);
        else
            hot_headed(step, versions[0]);
    }
    step_release(step);
}

static void may_write_hot(struct step *step, enum ds_verdict verdict)
{
    if (verdict != DS_ALLOW) {
        refuse(step, verdict);
        return;
    }
    if (step->is_scalar) {
        malformed(step);
        return;
    }
    struct record_handler *handler = step->handler;
    step_await(step, WAIT_CACHE, step_fail);
    handler->settings.cache->heads(handler->settings.cache_self, &step->name, 1, on_hot_head, step);
    step_deadlines_arm(handler);
}

static void may_create_hot(struct step *step, enum ds_verdict verdict)
{
    if (verdict != DS_ALLOW)
        refuse(step, verdict);
    else
        step_ask(step, RECORD_UPDATE, DS_PAYLOAD_JSON, step_message(step)->data, NULL,
                 may_write_hot);
}

static void hot_write_run(struct step *step)
{
    step->form = WRITE_UPDATE;
    enum computed computed =
        patch_compute(step->handler, step_message(step), WRITE_UPDATE, SLICE(""), &step->result);
    step->is_scalar = computed == COMPUTED_SCALAR;
    if (computed == MALFORMED)
        malformed(step);
    else
        step_ask(step, RECORD_CREATE, DS_PAYLOAD_NONE, SLICE(""), NULL, may_create_hot);
}

const struct step_work work_hot_write = {.run = hot_write_run,
                                         .is_exclusive = true,
                                         .is_ordered = true,
                                         .refusal = RECORD_RECORD_UPDATE_ERROR};

/* ---- messages ---- */

void write_start(struct request *request)
{
    struct record_handler *handler = request->handler;
    const struct message *message = request->message;
    enum write_form form;
    if (!normalise(message, &form)) {
        record_reply_malformed(handler, request->session, message);
        return;
    }
    bool hot = is_upsert(message) && record_is_hot(handler, message->name);
    if (hot && form == WRITE_PATCH)
        record_reply_error(request->session, message, message->name,
                           RECORD_INVALID_PATCH_ON_HOTPATH);
    else
        step_begin(step_new(handler, request, message->name, hot ? &work_hot_write : &work_write));
}
