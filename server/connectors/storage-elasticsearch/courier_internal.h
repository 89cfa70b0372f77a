#pragma once
/* What the files of the courier share; courier.h is for everybody else. */

#include "storage-elasticsearch/courier.h"
#include "storage-elasticsearch/turns.h"

#include "shared/backoff.h"
#include "shared/outage.h"
#include "web/web_client.h"

#include <uv.h>

/* Of one kind of operation. */
struct lane {
    struct list_link ready;
    size_t under_way, most;
};

struct courier {
    const struct ds_services *services;
    const struct elasticsearch_settings *settings;
    struct web_client *client; /* NULL: closing */
    size_t host;               /* that is asked */
    struct turns turns;
    struct lane writes, reads;
    struct list_link without_index; /* sets whose index is not known to be there */
    struct arena names;             /* of indexes */
    struct hashmap indexes;         /* known to be there */
    char *index;                    /* that is being made, or NULL */
    size_t count;                   /* of operations that are not answered */
    size_t queued_bytes;

    struct outage outage;
    struct ds_error reason; /* of the outage */
    struct backoff probe_backoff, pause_backoff;
    uv_timer_t probe_timer;
    uv_timer_t pause_timer; /* active: the server is too busy */
    bool is_probing;

    bool is_proceeding, must_proceed;
    bool is_closing;
    size_t open_handles;
    struct {
        ds_done *done; /* NULL once it was called */
        void *context;
    } start;
    void (*closed)(void *context);
    void *closed_context;
};

/* One request. */
struct batch {
    struct courier *courier;
    struct lane *lane; /* NULL: not of operations */
    struct list_link operations;
    size_t count;
    struct buf url, body;
};

/* ---- courier.c ---- */

struct batch *batch_new(struct courier *courier, struct lane *lane);
void batch_free(struct batch *batch);

/* Sends what is in url and body; done gets the batch as its context. */
void batch_send(struct batch *batch, const char *method, const char *content_type,
                uint32_t timeout_ms, web_done *done);

/* Answers the operation, and lets the next one of its name have its turn. */
void courier_end(struct courier *courier, struct operation *operation, const char *error,
                 const struct ds_record *record);

/* Puts it back to the front of a list, to be tried when the server is less busy; ends it with the
 * error when that was so too often. */
void courier_try_later(struct courier *courier, struct operation *operation, struct list_link *list,
                       const char *error);

/* Takes whatever steps are due; to be called last. */
void courier_proceed(struct courier *courier);

/* ---- courier_server.c ---- */

/* From now on everything fails with this reason, until the server has answered a probe. */
void courier_note_lost(struct courier *courier, const char *reason);

/* Calls the done of start, once. */
void courier_end_start(struct courier *courier, const char *error);

/* Creates an index; only one at a time. */
void courier_make_index(struct courier *courier, slice index);

/* Asks whether the server is there; the timer is the courier's. */
void courier_probe(uv_timer_t *timer);
