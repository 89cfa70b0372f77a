#pragma once
/* Records in one SQLite file: what the worker of the default storage does, one call after another.
 *
 * The file is in WAL mode. Beside it lies PATH-lock, which keeps a second server away as long as
 * this one lives; other programs may read and back up the file meanwhile. One thread. */

#include "deepstream/plugin.h"

#include <sqlite3.h>
#include <sys/types.h>

enum database_synchronous {
    DATABASE_SYNC_OFF,
    DATABASE_SYNC_NORMAL, /* survives the end of the process */
    DATABASE_SYNC_FULL,   /* survives the loss of power */
};

/* Which file a path leads to. */
struct database_file {
    dev_t device;
    ino_t number; /* 0: none */
};

struct database {
    sqlite3 *connection;
    sqlite3_stmt *begin, *begin_reading, *commit, *rollback, *get, *set, *remove;
    int lock; /* descriptor of PATH-lock */
    const char *path;
    const char *log_path;           /* of its WAL; SQLite's own */
    struct database_file main, log; /* as they were opened */
};

/* Opens the file; makes it, and the folders it is in, when they are missing. Returns false and
 * fills error with the path and the cause. database_close is due in either case. path lives until
 * then. */
bool database_open(struct database *database, const char *path,
                   enum database_synchronous synchronous, struct ds_error *error);
void database_close(struct database *database);

/* All that follow return NULL, or a static text that says why it failed. */

const char *database_begin(struct database *database);
/* What is read until database_end_reading costs less: the file is locked once for all of it. Where
 * that is not possible, each is read for itself. */
void database_begin_reading(struct database *database);
void database_end_reading(struct database *database);
/* Also fails when the file that was opened is not there any more under its name: what is written
 * would be gone with the process. So does database_begin; what was read stays as it was. */
const char *database_commit(struct database *database);
/* Undoes what was done since begin, also when SQLite has done that by itself. */
void database_rollback(struct database *database);

/* version gets DS_MISSING when there is no such record. *data is the caller's to free; NULL when it
 * is empty. */
const char *database_get(struct database *database, ds_slice name, int32_t *version, char **data,
                         size_t *length);
const char *database_set(struct database *database, ds_slice name, const struct ds_record *record);
const char *database_remove(struct database *database, ds_slice name);
