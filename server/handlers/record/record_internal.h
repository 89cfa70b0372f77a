#pragma once
/* The inside of the record handler, for the files of this folder alone.
 *
 * A request is one message; a step is what it does to one record. Steps that change a record are
 * exclusive: of one name they run one after the other, in a queue that exists only while one of
 * them waits for something. A step that is answered at once by cache, storage and permission leaves
 * no trace.
 *
 * Every answer of others comes to a function that begins with step_answered and ends with
 * step_release: the step may be over by then (a deadline, the end of the handler), and its memory
 * stays until the last answer has come. What a step awaits is the last thing a function does. */

#include "handlers/listen.h"
#include "handlers/record/record.h"
#include "handlers/subscriptions.h"
#include "logging/log.h"

#include "base/buf.h"
#include "base/hashmap.h"
#include "base/vec.h"

struct step;
struct queue;
struct save;
struct sequence;
struct missed;
struct deletions;

/* Whose answer is awaited, with its own deadline. */
enum wait_kind { WAIT_CACHE, WAIT_STORAGE, WAIT_PAUSE, WAIT_KIND_COUNT };

struct drain {
    void (*done)(void *context);
    void *context;
};

/* Records that are read from the storage: load.c. */
struct record_reads {
    struct list_link line; /* of steps that are not asked for yet */
    uint32_t under_way;
    bool is_asking;
    uint64_t answered_ms; /* when the storage gave the last answer */
};

struct record_handler {
    const struct handler_services *services;
    struct record_settings settings;
    struct handler table;
    struct subscriptions *subscriptions;
    struct listen *listen;
    struct sequence *sequence;
    struct missed *missed;
    struct deletions *deletions;
    bool is_closing;

    struct hashmap queues;  /* name -> struct queue, which holds the key */
    struct list_link steps; /* all, also those that are over and wait for a late answer */
    struct list_link deadlines[WAIT_KIND_COUNT]; /* of steps, the next one first */
    uv_timer_t *timer;
    bool has_waited_a_turn; /* since the timer went off: answers that are there have been taken */
    struct record_reads reads;
    struct list_link saves;
    size_t save_bytes; /* of writes that the storage has not confirmed */
    size_t save_count;
    uint32_t exclusive_count;
    uint32_t removing; /* deletions and purges under way ... */
    uint64_t removals; /* ... and how many there were: see promote() in load.c */
    VEC(struct drain) drains;

    struct step *spare_steps;
    uint32_t spare_step_count;
    struct request *spare_requests;
    uint32_t spare_request_count;
    struct arena scratch; /* of one computation */
};

/* ---- requests: request.c ---- */

/* One message of a client or of another node, while any of its steps is under way. */
struct request {
    struct request *next_spare;
    struct record_handler *handler;
    struct session *session;       /* retained; NULL: from another node */
    const struct message *message; /* borrowed while on_message runs, then a copy */
    struct message *copy;
    void (*on_done)(struct request *request); /* after its last step; may be NULL */
    uint32_t pending;                         /* steps under way, and record_request_open itself */
    bool is_held;
};

struct request *record_request_open(struct record_handler *handler, struct session *session,
                                    const struct message *message);

/* The end of the call that brought the message: if steps are still under way, the message is copied
 * and the session held until they are done. */
void record_request_close(struct request *request);

void record_request_step_done(struct request *request);
void record_request_free_spares(struct record_handler *handler);

/* ---- steps: step.c ---- */

/* step->current is what was found: version DS_MISSING when there is nothing. error is 0, or the
 * action to answer with. */
typedef void step_loaded(struct step *step, uint16_t error);
typedef void step_verdict(struct step *step, enum ds_verdict verdict);
/* The call failed (text says why) or the deadline has passed; error is the action to answer with.
 */
typedef void step_failed(struct step *step, uint16_t error);

struct step_work {
    void (*run)(struct step *step);
    bool is_exclusive;
    bool is_ordered;  /* waits behind exclusive steps of its name */
    uint16_t refusal; /* what is answered when it cannot be taken on */
};

enum write_form { WRITE_UPDATE, WRITE_PATCH, WRITE_ERASE, WRITE_MULTI };
enum write_version { VERSION_FITS, VERSION_TAKEN, VERSION_TOO_HIGH, VERSION_EXHAUSTED };

struct step {
    struct list_link in_steps;
    struct list_link in_queue;
    struct list_link in_deadlines;
    struct list_link in_reads;
    uint64_t deadline_ms;
    struct step *next_spare;
    struct record_handler *handler; /* NULL once it is gone; the step is over then */
    const struct step_work *work;
    struct request *request; /* NULL: a look-up of record_handler_read */
    struct queue *queue;     /* whose turn it is, or where it waits */
    slice name;              /* empty of steps about many records */
    char *own_name;
    uint32_t references;
    bool is_over;
    bool is_exclusive;
    step_failed *on_failed;
    void (*after_pause)(struct step *step);

    /* load.c */
    step_loaded *on_loaded;
    uint64_t removals_seen;
    uint64_t unheard_seen; /* when it began to read */
    struct ds_record current;
    bool is_fresh; /* current is borrowed, and as it is now */
    bool is_cached;
    uint32_t rereads; /* read.c */
    struct buf current_text;

    step_verdict *on_verdict;

    /* write.c */
    uint32_t pauses; /* delete.c */
    enum write_form form;
    enum write_version judgement;
    bool is_scalar; /* the payload of an update is no object or list */
    uint32_t conflicts;
    int32_t next_version;
    struct buf result; /* of a patch: the resulting document */

    /* record_handler_read */
    ds_record_done *done;
    void *context;
};

/* A step of a request (or of none); name is borrowed until step_begin. */
struct step *step_new(struct record_handler *handler, struct request *request, slice name,
                      const struct step_work *work);

/* Runs it now, or puts it behind others of its name. */
void step_begin(struct step *step);

/* It has had its effect; the step is not to be used after. */
void step_end(struct step *step);

/* Answers with an error, and ends it. */
void step_fail(struct step *step, uint16_t action);

/* Before a call to cache or storage, whose deadline starts now. */
void step_await(struct step *step, enum wait_kind kind, step_failed *on_failed);
/* Before a call that has no deadline. */
void step_await_long(struct step *step);
/* After the call, with the handler: step may be gone. */
void step_deadlines_arm(struct record_handler *handler);

/* Calls then after a moment. */
void step_pause(struct step *step, void (*then)(struct step *step));

/* First thing when an answer comes; false: too late, only release it. */
bool step_answered(struct step *step);
void step_release(struct step *step);

/* Asks whether the step's session may; record may be NULL. */
void step_ask(struct step *step, uint16_t action, enum ds_payload payload, slice data,
              const struct ds_record *record, step_verdict *then);

const struct message *step_message(const struct step *step);
struct session *step_session(const struct step *step);

void step_all_fail(struct record_handler *handler);
void step_free_spares(struct record_handler *handler);

void step_deadlines_open(struct record_handler *handler);
void step_deadlines_close(struct record_handler *handler);

/* Has those told, from the loop, who wait until no write is under way. */
void record_drain_check(struct record_handler *handler);

/* ---- queues: queue.c ---- */

struct queue *record_queue_find(const struct record_handler *handler, slice name);
void record_queue_adopt(struct step *step); /* it is pending and alone: its queue begins */
bool record_queue_append(struct queue *queue, struct step *step); /* false: too many wait */
/* A step has ended, or needs its turn no more; runs the next ones. */
void record_queue_leave(struct queue *queue, const struct step *step);
/* Fails every waiting step of this kind of work: they would meet the same. */
void record_queue_fail_waiting(struct queue *queue, const struct step_work *work, uint16_t action);

/* ---- load.c ---- */

/* Whether the storage keeps this record at all; whether it may be overwritten unseen. */
bool record_is_stored(const struct record_handler *handler, slice name);
bool record_is_hot(const struct record_handler *handler, slice name);

/* The read path (behaviour.md 5.1): cache, storage, promotion. */
void step_load(struct step *step, step_loaded *then);
/* The same of a record that the cache is known not to have. */
void step_load_stored(struct step *step, step_loaded *then);
/* Goes on with `then` as if record had been loaded just now; NULL: missing. */
void step_see(struct step *step, const struct ds_record *record, bool is_cached, step_loaded *then,
              uint16_t error);

/* ---- save.c ---- */

/* Hands a version that the cache has accepted to the storage, if the storage keeps such records.
 * The author is told then, when message (NULL: none) wants an acknowledgement. */
void save_start(struct record_handler *handler, struct session *session,
                const struct message *message, slice name, const struct ds_record *record);
/* Copies what storage holds into the cache, unless something is there. */
void save_promote(struct record_handler *handler, slice name, const struct ds_record *record);
void save_all_fail(struct record_handler *handler);

/* ---- updates on their way to subscribers of this node: sequence.c ---- */

struct sequence *sequence_new(struct record_handler *handler);
/* After it, the loop has to turn once. */
void sequence_free(struct sequence **sequence);

/* An update with its version, made here or at another node. Its turn may come later. */
void sequence_send(struct sequence *sequence, const struct message *update,
                   const struct session *except);

/* Whether subscribers here were told of a later version than this one a moment ago. */
bool sequence_is_past(const struct sequence *sequence, slice name, int32_t version);

/* What was read because an update may have been missed: goes through if it is newer than the last
 * that did, and takes the place of those before it. */
void sequence_catch_up(struct sequence *sequence, const struct message *update);

/* What was read of a record that was deleted and made again: goes through whatever version it is,
 * but once for all who tell of the same. */
void sequence_restart(struct sequence *sequence, const struct message *update);

/* A subscription was answered with this version. If nobody else subscribes here, that is the last
 * that subscribers know. */
void sequence_answered(struct sequence *sequence, slice name, int32_t version);

/* Whether subscribers here are known to have this version, or a later one. */
bool sequence_reaches(const struct sequence *sequence, slice name, int32_t version);

/* Messages of other nodes about records that nobody subscribes to here are counted. */
void sequence_note_unheard(struct sequence *sequence, slice name);
uint64_t sequence_unheard(const struct sequence *sequence);
/* Whether one may have been about this name since the count was `since`: what was read before is
 * perhaps not the last then. */
bool sequence_may_have_missed(const struct sequence *sequence, slice name, uint64_t since);

/* The record is another one now, or none: what waits is dropped, versions begin anew. */
void sequence_forget(struct sequence *sequence, slice name);

/* ---- changes that other nodes may have missed: missed.c ---- */

struct missed *missed_new(struct record_handler *handler);
/* After it, the loop has to turn once. */
void missed_free(struct missed **missed);

/* This node has written the record, or deleted it. */
void missed_note_write(struct missed *missed, slice name, int32_t version);
void missed_note_deletion(struct missed *missed, slice name);

/* The version that this node wrote last, if that was not long ago; else DS_MISSING. */
int32_t missed_written(const struct missed *missed, slice name);

/* Whether a NOTIFY of another node is about that; then its subscribers here are told. */
bool missed_is(const struct message *message);
void missed_look(struct request *request);

/* Another node tells those who have just subscribed which versions it wrote last. */
void missed_compare(struct request *request);

/* Reads the record, and tells subscribers what they do not know of it. */
extern const struct step_work work_look;

/* Reads the record of a message of another node, and tells subscribers what they do not know. */
void missed_read(struct record_handler *handler, const struct message *message);

/* ---- what was deleted a moment ago: deletions.c ---- */

struct deletions *deletions_new(uv_loop_t *loop);
void deletions_free(struct deletions **deletions);

/* name is copied. */
void deletions_note(struct deletions *deletions, slice name);
bool deletions_have(struct deletions *deletions, slice name);

/* ---- writes that a deletion at another node has overtaken: overtaken.c ---- */

/* Another node has deleted the record: a write of this node may come to the storage after that. */
void overtaken_check(struct record_handler *handler, slice name);

/* ---- what messages do ---- */

/* read.c */
extern const struct step_work work_lookup, work_read, work_head, work_heads, work_subscribe_read;
void read_answer_subscription(struct step *step, enum ds_verdict verdict);
/* The session is subscribed now; record is what it was read to be. */
void read_answer_subscribed(struct step *step, const struct ds_record *record);

/* create.c, delete.c, notify.c, write.c */
extern const struct step_work work_create_read, work_delete, work_purge, work_notify, work_write,
    work_hot_write;
void write_start(struct request *request);
void notify_start(struct request *request);
void notify_names(struct request *request);
/* A step for each name of the message that somebody subscribes to here. */
void record_each_subscribed(struct request *request, const struct step_work *work);
/* Subscribers at this node, who are none any more then. */
void record_tell_deleted(struct record_handler *handler, slice name, const struct session *except);

/* patch.c: the one computation behind what is checked and what is written. */
enum computed { COMPUTED, COMPUTED_SCALAR, MALFORMED, UNREADABLE_RECORD };
/* Whether a write is sound; the document that a patch makes of `current` (JSON text) goes to
 * result. What an update makes is its payload. */
enum computed patch_compute(struct record_handler *handler, const struct message *message,
                            enum write_form form, slice current, struct buf *result);

bool is_json(struct record_handler *handler, slice text);

/* ---- replies: reply.c ---- */

void record_reply_error(struct session *session, const struct message *message, slice name,
                        uint16_t action);
void record_reply_malformed(struct record_handler *handler, struct session *session,
                            const struct message *message);
void record_reply_version_exists(struct session *session, const struct message *message,
                                 int32_t version, slice data);
void record_reply_invalid_version(struct session *session, const struct message *message,
                                  int32_t version);
void record_reply_written(struct session *session, const struct message *message);
void record_reply_read(struct session *session, slice name, int32_t version, slice data);
void record_reply_head(struct session *session, slice name, int32_t version);
void record_reply_ack(struct session *session, const struct message *message, bool with_names);
