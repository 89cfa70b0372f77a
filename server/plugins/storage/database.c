#include "database.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUSY_TIMEOUT_MS 1000
#define PRIVATE 0600              /* records are for nobody but the server's user */
#define APPLICATION_ID 0x64737472 /* "dstr", where SQLite keeps whose file it is */
#define SCHEMA_VERSION 1
#define TEXT_OF_(number) #number
#define TEXT_OF(number) TEXT_OF_(number)

static const char make_schema[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE records (name BLOB PRIMARY KEY NOT NULL, version INTEGER NOT NULL,"
    "                      data BLOB NOT NULL);"
    "PRAGMA application_id = " TEXT_OF(APPLICATION_ID) ";"
                                                       "PRAGMA user_version = " TEXT_OF(
                                                           SCHEMA_VERSION) ";"
                                                                           "COMMIT";

/* Our words for what can happen to a file that was fine when it was opened. */
static const char *text_of(int code)
{
    switch (code & 0xFF) {
    case SQLITE_FULL:
        return "the disk is full";
    case SQLITE_IOERR:
        return "the storage file cannot be read or written";
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return "the storage file is not writable";
    case SQLITE_CANTOPEN:
        return "a part of the storage file cannot be opened";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return "the storage file is damaged";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return "the storage file is locked by another program";
    case SQLITE_TOOBIG:
        return "the record is too large for the storage";
    default:
        return sqlite3_errstr(code);
    }
}

static bool refuse(struct ds_error *error, const char *path, const char *what, const char *cause)
{
    snprintf(error->text, sizeof error->text, "%s %s%s%s", path, what, cause == NULL ? "" : ": ",
             cause == NULL ? "" : cause);
    return false;
}

/* ---- whether the file is still there ---- */

static struct database_file file_at(const char *path)
{
    struct stat found;
    if (path == NULL || stat(path, &found) != 0)
        return (struct database_file){0};
    return (struct database_file){found.st_dev, found.st_ino};
}

static bool is_same(struct database_file a, struct database_file b)
{
    return a.number != 0 && a.number == b.number && a.device == b.device;
}

/* SQLite keeps both open, and writes on after somebody has deleted or replaced them. */
static const char *check_place(const struct database *database)
{
    return is_same(database->main, file_at(database->path)) &&
                   is_same(database->log, file_at(database->log_path))
               ? NULL
               : "it was deleted, moved or replaced while the server runs: put it back with the "
                 "files beside it, or restart the server";
}

/* ---- opening ---- */

/* Every folder on the way to the file. */
static bool make_folders(const char *path, struct ds_error *error)
{
    char *folder = strdup(path);
    bool made = folder != NULL;
    for (char *slash = made ? strchr(folder + 1, '/') : NULL; slash != NULL && made;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        made = mkdir(folder, 0777) == 0 || errno == EEXIST || errno == EISDIR;
        if (!made)
            refuse(error, path, "cannot be made, since its folder cannot", strerror(errno));
        *slash = '/';
    }
    free(folder);
    return made;
}

static bool lock_file(struct database *database, const char *path, struct ds_error *error)
{
    char *lock_path = sqlite3_mprintf("%s-lock", path);
    if (lock_path == NULL)
        return refuse(error, path, "cannot be opened", "out of memory");
    database->lock = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, PRIVATE);
    sqlite3_free(lock_path);
    if (database->lock < 0)
        return refuse(error, path, "cannot be locked", strerror(errno));
    if (flock(database->lock, LOCK_EX | LOCK_NB) == 0)
        return true;
    return errno == EWOULDBLOCK
               ? refuse(error, path, "is in use by another server; give each its own storage.path",
                        NULL)
               : refuse(error, path, "cannot be locked", strerror(errno));
}

/* A new file, so that SQLite does not make it for everybody; what goes wrong SQLite meets too. A
 * file that is there keeps its mode, which SQLite gives to the files beside it. */
static void make_file(const char *path)
{
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, PRIVATE);
    if (file >= 0)
        close(file);
}

/* The first column of the first row. */
static int query_number(struct database *database, const char *query, int *number)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(database->connection, query, -1, &statement, NULL);
    if (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        *number = sqlite3_column_int(statement, 0);
        code = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    return code;
}

static int run(struct database *database, const char *sql)
{
    return sqlite3_exec(database->connection, sql, NULL, NULL, NULL);
}

static int choose_durability(struct database *database, enum database_synchronous synchronous)
{
    static const char *const levels[] = {
        [DATABASE_SYNC_OFF] = "PRAGMA synchronous = OFF",
        [DATABASE_SYNC_NORMAL] = "PRAGMA synchronous = NORMAL",
        [DATABASE_SYNC_FULL] = "PRAGMA synchronous = FULL",
    };
    int code = run(database, "PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 67108864;"
                             "PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY");
    return code == SQLITE_OK ? run(database, levels[synchronous]) : code;
}

/* A new file gets its table; one that was there must be ours. */
static bool check_schema(struct database *database, const char *path, struct ds_error *error)
{
    int tables = 0, application = 0, version = 0;
    int code = query_number(database, "SELECT count(*) FROM sqlite_schema", &tables);
    if (code == SQLITE_OK)
        code = query_number(database, "PRAGMA application_id", &application);
    if (code == SQLITE_OK)
        code = query_number(database, "PRAGMA user_version", &version);
    if (code == SQLITE_OK && tables == 0)
        code = run(database, make_schema);
    else if (code == SQLITE_OK && application != APPLICATION_ID)
        return refuse(error, path, "is a database of another program", NULL);
    else if (code == SQLITE_OK && version != SCHEMA_VERSION)
        return refuse(error, path, "was written by another version of this server", NULL);
    if (code == SQLITE_NOTADB)
        return refuse(error, path, "is not a database", NULL);
    return code == SQLITE_OK || refuse(error, path, "cannot be used", text_of(code));
}

static bool prepare(struct database *database, const char *path, struct ds_error *error)
{
    const struct {
        sqlite3_stmt **statement;
        const char *sql;
    } statements[] = {
        {&database->begin, "BEGIN IMMEDIATE"},
        {&database->begin_reading, "BEGIN"},
        {&database->commit, "COMMIT"},
        {&database->rollback, "ROLLBACK"},
        {&database->get, "SELECT version, data FROM records WHERE name = ?"},
        {&database->set, "INSERT INTO records (name, version, data) VALUES (?, ?, ?)"
                         " ON CONFLICT (name) DO UPDATE SET version = excluded.version,"
                         " data = excluded.data WHERE excluded.version >= version"},
        {&database->remove, "DELETE FROM records WHERE name = ?"},
    };
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        int code = sqlite3_prepare_v3(database->connection, statements[i].sql, -1,
                                      SQLITE_PREPARE_PERSISTENT, statements[i].statement, NULL);
        if (code != SQLITE_OK)
            return refuse(error, path, "cannot be used", sqlite3_errmsg(database->connection));
    }
    return true;
}

static bool note_place(struct database *database, const char *path, struct ds_error *error)
{
    int tables = 0; /* the log is opened by the first transaction */
    int code = query_number(database, "SELECT count(*) FROM sqlite_schema", &tables);
    if (code != SQLITE_OK)
        return refuse(error, path, "cannot be used", text_of(code));
    const char *opened = sqlite3_db_filename(database->connection, "main"); /* no link any more */
    database->log_path = sqlite3_filename_wal(opened);
    database->main = file_at(path);
    database->log = file_at(database->log_path);
    const char *problem = check_place(database);
    return problem == NULL || refuse(error, path, "cannot be used", problem);
}

bool database_open(struct database *database, const char *path,
                   enum database_synchronous synchronous, struct ds_error *error)
{
    *database = (struct database){.lock = -1, .path = path};
    if (!make_folders(path, error) || !lock_file(database, path, error))
        return false;
    make_file(path);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int code = sqlite3_open_v2(path, &database->connection, flags, NULL);
    if (code != SQLITE_OK) {
        int cause = sqlite3_system_errno(database->connection);
        return refuse(error, path, "cannot be opened",
                      cause != 0 ? strerror(cause) : sqlite3_errstr(code));
    }
    sqlite3_busy_timeout(database->connection, BUSY_TIMEOUT_MS);
    if (sqlite3_db_readonly(database->connection, "main") == 1)
        return refuse(error, path, "is not writable", NULL);
    if (!check_schema(database, path, error))
        return false;
    code = choose_durability(database, synchronous);
    if (code != SQLITE_OK)
        return refuse(error, path, "cannot be used", text_of(code));
    return prepare(database, path, error) && note_place(database, path, error);
}

void database_close(struct database *database)
{
    sqlite3_stmt *statements[] = {database->begin,    database->begin_reading, database->commit,
                                  database->rollback, database->get,           database->set,
                                  database->remove};
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        sqlite3_finalize(statements[i]);
    sqlite3_close(database->connection);
    if (database->lock >= 0)
        close(database->lock);
    *database = (struct database){.lock = -1};
}

/* ---- working ---- */

/* Runs a statement that returns no rows, and makes it ready for the next time. */
static const char *finish(sqlite3_stmt *statement, int bound)
{
    int code = bound != SQLITE_OK ? bound : sqlite3_step(statement);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return code == SQLITE_DONE ? NULL : text_of(code);
}

const char *database_begin(struct database *database)
{
    const char *problem = check_place(database);
    return problem != NULL ? problem : finish(database->begin, SQLITE_OK);
}

const char *database_commit(struct database *database)
{
    const char *problem = finish(database->commit, SQLITE_OK);
    return problem != NULL ? problem : check_place(database);
}

void database_rollback(struct database *database)
{
    if (!sqlite3_get_autocommit(database->connection))
        finish(database->rollback, SQLITE_OK);
}

void database_begin_reading(struct database *database)
{
    finish(database->begin_reading, SQLITE_OK);
}

void database_end_reading(struct database *database)
{
    if (!sqlite3_get_autocommit(database->connection))
        finish(database->commit, SQLITE_OK);
    database_rollback(database); /* nothing is left open */
}

/* An empty blob, not NULL, also for an empty slice that points nowhere. */
static int bind_bytes(sqlite3_stmt *statement, int index, ds_slice bytes)
{
    return sqlite3_bind_blob64(statement, index, bytes.length == 0 ? "" : bytes.at, bytes.length,
                               SQLITE_STATIC);
}

static const char *copy_row(sqlite3_stmt *statement, int32_t *version, char **data, size_t *length)
{
    const void *bytes = sqlite3_column_blob(statement, 1);
    *length = (size_t)sqlite3_column_bytes(statement, 1);
    *version = sqlite3_column_int(statement, 0);
    if (*length == 0)
        return NULL;
    *data = malloc(*length);
    if (*data == NULL || bytes == NULL)
        return text_of(SQLITE_NOMEM);
    memcpy(*data, bytes, *length);
    return NULL;
}

const char *database_get(struct database *database, ds_slice name, int32_t *version, char **data,
                         size_t *length)
{
    sqlite3_stmt *get = database->get;
    *version = DS_MISSING;
    *data = NULL;
    *length = 0;
    int code = bind_bytes(get, 1, name);
    if (code == SQLITE_OK)
        code = sqlite3_step(get);
    const char *problem = code == SQLITE_DONE  ? NULL
                          : code == SQLITE_ROW ? copy_row(get, version, data, length)
                                               : text_of(code);
    sqlite3_reset(get);
    sqlite3_clear_bindings(get);
    return problem;
}

const char *database_set(struct database *database, ds_slice name, const struct ds_record *record)
{
    sqlite3_stmt *set = database->set;
    int code = bind_bytes(set, 1, name);
    if (code == SQLITE_OK)
        code = sqlite3_bind_int(set, 2, record->version);
    if (code == SQLITE_OK)
        code = bind_bytes(set, 3, record->data);
    return finish(set, code);
}

const char *database_remove(struct database *database, ds_slice name)
{
    return finish(database->remove, bind_bytes(database->remove, 1, name));
}
