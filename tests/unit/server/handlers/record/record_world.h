#pragma once
/* What tests of the record handler begin with: a node alone, a cache and a storage that do what the
 * test says, and short ways to say and to expect messages about records. */

#include "handlers/record/record.h"
#include "support/handler_world.h"
#include "support/store_double.h"

struct record_world {
    struct handler_world node;
    struct store_double cache, storage;
    struct record_settings settings;
    struct record_handler *records;
    bool decides_late;          /* rules wait for allow() and so on */
    const char *denied;         /* a name that nobody may touch, or NULL */
    unsigned denied_action;     /* an action that nobody may do, or 0 */
    const char *undecided_data; /* a payload that no rule can read, or NULL */
};

/* One per test program. */
extern struct record_world world;

/* Setup and teardown of cmocka; hot/ is a hot path, gone/ is excluded from storage. */
int record_world_set_up(void **state);
int record_world_tear_down(void **state);
/* The same without storage, and with deadlines of a few milliseconds. */
int record_world_set_up_without_storage(void **state);
int record_world_set_up_hasty(void **state);

struct memory_client *login(const char *user);
/* Logged in, and subscribed to name without a question. */
struct memory_client *subscribed(const char *user, const char *name);

/* ---- writes: said ---- */

struct said {
    unsigned action;
    const char *name;
    int version;
    const char *path, *data, *id; /* id: with write acknowledgement */
    bool has_no_version;
};

/* say_write(bo, .action = RECORD_UPDATE, .name = "r", .version = 1, .data = "{}"); */
#define say_write(client, ...) say_write_((client), &(struct said){__VA_ARGS__})
void say_write_(struct memory_client *client, const struct said *said);

/* ---- expected: exactly these fields ---- */

struct expected {
    unsigned action;
    const char *name;
    bool has_version, has_write_ack, write_ack, is_error;
    int version;
    const char *path, *data, *id;
    unsigned original_action;
};

#define expect(client, ...) expect_((client), &(struct expected){__VA_ARGS__}, __FILE__, __LINE__)
void expect_(struct memory_client *client, const struct expected *expected, const char *file,
             int line);

/* READ_RESPONSE; HEAD_RESPONSE; an update with isWriteAck false; WRITE_ACKNOWLEDGEMENT */
#define expect_read(client, name_, version_, data_)                                                \
    expect(client, .action = RECORD_READ_RESPONSE, .name = (name_), .has_version = true,           \
           .version = (version_), .data = (data_))
#define expect_head(client, name_, version_)                                                       \
    expect(client, .action = RECORD_HEAD_RESPONSE, .name = (name_), .has_version = true,           \
           .version = (version_))
#define expect_update(client, name_, version_, data_)                                              \
    expect(client, .action = RECORD_UPDATE, .name = (name_), .has_version = true,                  \
           .version = (version_), .data = (data_), .has_write_ack = true)
#define expect_patch(client, name_, version_, path_, data_)                                        \
    expect(client, .action = RECORD_PATCH, .name = (name_), .has_version = true,                   \
           .version = (version_), .path = (path_), .data = (data_), .has_write_ack = true)
#define expect_written(client, name_, id_)                                                         \
    expect(client, .action = RECORD_WRITE_ACKNOWLEDGEMENT, .name = (name_), .id = (id_),           \
           .has_write_ack = true, .write_ack = true)
/* The errors that say by themselves what has failed carry no originalAction (protocol.md 2.6). */
static inline unsigned original_of(unsigned action, unsigned original)
{
    bool names_it = action == RECORD_RECORD_UPDATE_ERROR || action == RECORD_RECORD_DELETE_ERROR;
    return names_it ? 0 : original;
}

#define expect_error(client, action_, name_, original_, id_)                                       \
    expect(client, .action = (action_), .name = (name_), .original_action = original_of(action_, original_),           \
           .id = (id_), .has_write_ack = (id_) != NULL, .write_ack = true, .is_error = true)

/* An acknowledgement with these names (and no others). */
void expect_ack_names(struct memory_client *client, unsigned action, const char *id, ...)
    __attribute__((sentinel));

/* Gives the oldest waiting question its verdict. */
void decide(enum ds_verdict verdict);
/* The question that was asked as number `index`: its action; and its payload. */
unsigned asked_action(size_t index);
const char *asked_data(size_t index);
size_t asked_count(void);

/* What stands in the cache. */
void expect_cached(const char *name, int32_t version, const char *data);
void expect_stored(const char *name, int32_t version, const char *data);

/* Whether the client has a message that was not taken. */
bool has_message(void *client);
/* Runs the loop until it has. */
void wait_for_message(struct memory_client *client);
