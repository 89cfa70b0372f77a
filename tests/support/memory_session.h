#pragma once
/* Sessions whose clients live in memory: real session code, real pipeline, no sockets.
 *
 *     struct memory_world world;
 *     memory_world_init(&world);
 *     struct event_handler *events = event_handler_new(&(struct handler_services){
 *         .loop = &world.loop, .log = &world.log, .pipeline = world.pipeline, ...}, ...);
 *     pipeline_add_handler(world.pipeline, TOPIC_EVENT, event_handler_table(events));
 *
 *     struct memory_client *bo = memory_login(&world, "bo");
 *     memory_send(bo, &message);                   // as if it had come from the client bo
 *     const struct message *reply = memory_take(bo); // what bo was sent, one by one; NULL: no more
 *     memory_disconnect(bo);
 *     ...
 *     memory_disconnect_all(&world);
 *     event_handler_free(&events);
 *     memory_world_fini(&world);   // runs the loop until every handle is closed */

#include "pipeline/pipeline.h"
#include "logging/log.h"
#include "metrics/metrics.h"
#include "session/session.h"
#include "transport/ws/ws.h"

#include "base/buf.h"
#include "base/vec.h"

/* ---- a permission plugin that does what a test says ---- */

enum double_answer { ANSWER_ALLOW, ANSWER_DENY, ANSWER_UNDECIDED, ANSWER_LATER };

struct double_wait {
    ds_verdict_done *done;
    void *context;
};

/* What was asked, with copies of its texts. */
struct double_question {
    struct ds_permission_request request;
    char name[64]; /* cut */
    char data[64];
};

struct permission_double {
    /* NULL: allow all. Borrowed arguments. */
    enum double_answer (*answer)(void *context, const struct ds_permission_request *request);
    void *context;
    VEC(struct double_wait) waiting;
    VEC(struct double_question *) asked; /* every question so far */
    size_t user_count;                   /* users made and not freed */
};

extern const struct ds_permission_operations permission_double_operations;

/* Gives the oldest waiting question its verdict; false when none waits. */
bool permission_double_decide(struct permission_double *permission, enum ds_verdict verdict);

/* ---- a logger that remembers ---- */

struct memory_log_line {
    enum ds_log_level level;
    char event[48];
    char text[512];
};

/* ---- the world and its clients ---- */

struct memory_world {
    uv_loop_t loop;
    struct log log;
    struct metrics metrics;
    VEC(struct memory_log_line) log_lines;
    struct permission_double permission;
    struct session_authentication authentication;
    struct session_settings settings;
    struct pipeline *pipeline;
    struct session_endpoint *endpoint;
    struct list_link clients;
};

/* Settings are those of the shipped configuration. */
void memory_world_init(struct memory_world *world);
/* For other settings: memory_world_prepare, change world->settings, memory_world_open. */
void memory_world_prepare(struct memory_world *world);
void memory_world_open(struct memory_world *world);
void memory_world_fini(struct memory_world *world);

/* Whether a line of this event was logged whose text contains part. */
bool memory_logged(const struct memory_world *world, const char *event, const char *part);

/* Runs the loop until condition holds; the test fails after five seconds. */
void memory_run_until(struct memory_world *world, bool (*condition)(void *context), void *context);

struct memory_client {
    struct ds_outlet outlet;
    struct memory_world *world;
    struct list_link in_world;
    struct session *session; /* valid while is_connected */
    bool is_connected;
    bool is_closing; /* the server has closed it, with close_code */
    enum ds_close_code close_code;
    bool is_paused; /* the server reads nothing from it */
    VEC(struct message *) sent;
    size_t taken;
    struct buf text; /* of an endpoint of text: what was sent instead, one frame behind the other */
};

/* Connects, before any handshake. headers may be NULL. */
struct memory_client *memory_connect(struct memory_world *world);
/* Connects and logs in as user_id ("" for a login without an id). */
struct memory_client *memory_login(struct memory_world *world, const char *user_id);

/* A message, or bytes of a frame, from the client. */
void memory_send(struct memory_client *client, const struct message *message);
void memory_send_bytes(struct memory_client *client, enum ds_frame_kind kind, slice bytes);

/* The next message that the client was sent, or NULL; valid until the world ends. */
const struct message *memory_take(struct memory_client *client);

/* The same, which must be of this topic and action: else the test fails. */
const struct message *memory_expect(struct memory_client *client, unsigned topic, unsigned action);

/* Fails the test when the client was sent anything that was not taken. */
void memory_expect_nothing(struct memory_client *client);

/* The connection ends. The client stays readable until the world ends. */
void memory_disconnect(struct memory_client *client);
void memory_disconnect_all(struct memory_world *world);
