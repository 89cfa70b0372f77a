#include "postgres_fixture.h"

#include "base/check.h"

#include <libpq-fe.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum {
    READY_MS = 60000,
    RETRY_MS = 10,
    MOST_CHILDREN = 100,
};

static const char *const initialise[] = {POSTGRES_PROGRAMS "/initdb",
                                         "-D",
                                         "{folder}/data",
                                         "-U",
                                         "postgres",
                                         "-A",
                                         "trust",
                                         "-E",
                                         "UTF8",
                                         "-N",
                                         "--locale=C",
                                         NULL};
static const char *const certify[] = {"openssl",  "req",
                                      "-x509",    "-newkey",
                                      "rsa:2048", "-nodes",
                                      "-days",    "2",
                                      "-subj",    "/CN=localhost",
                                      "-addext",  "subjectAltName=DNS:localhost",
                                      "-keyout",  "{folder}/key.pem",
                                      "-out",     "{folder}/certificate.pem",
                                      NULL};
/* Without fsync: what is killed is the server, not the machine. Shared memory in files of its
 * folder: a killed server leaves what it had in /dev/shm. */
static const char *const serve[] = {POSTGRES_PROGRAMS "/postgres",
                                    "-D",
                                    "{folder}/data",
                                    "-p",
                                    "{port}",
                                    "-k",
                                    "{folder}",
                                    "-c",
                                    "listen_addresses=127.0.0.1",
                                    "-c",
                                    "ssl=on",
                                    "-c",
                                    "fsync=off",
                                    "-c",
                                    "dynamic_shared_memory_type=mmap",
                                    "-c",
                                    "ssl_cert_file={folder}/certificate.pem",
                                    "-c",
                                    "ssl_key_file={folder}/key.pem",
                                    NULL};

static PGconn *connect_to(const struct postgres_fixture *fixture)
{
    char conninfo[160];
    snprintf(conninfo, sizeof conninfo,
             "host=127.0.0.1 port=%u user=postgres dbname=postgres"
             " sslmode=disable",
             fixture->server.port);
    return PQconnectdb(conninfo);
}

static bool answers_queries(const struct postgres_fixture *fixture)
{
    PGconn *connection = connect_to(fixture);
    bool does = PQstatus(connection) == CONNECTION_OK;
    PQfinish(connection);
    return does;
}

/* PostgreSQL listens before it finds out whether it may start at all: one that has accepted a
 * connection may still end, and is then started again. */
void postgres_fixture_await(struct postgres_fixture *fixture)
{
    int64_t deadline_ms = child_process_now_ms() + READY_MS;
    for (;;) {
        backend_process_await(&fixture->server);
        if (answers_queries(fixture))
            return;
        if (child_process_now_ms() > deadline_ms)
            backend_process_give_up(&fixture->server, "did not answer queries in time");
        poll(NULL, 0, RETRY_MS); /* nothing tells when it is done with its recovery */
    }
}

void postgres_fixture_begin(struct postgres_fixture *fixture)
{
    struct ds_error error;
    *fixture = (struct postgres_fixture){0};
    CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0); /* whose processes postgres_fixture_kill awaits */
    backend_process_make(&fixture->server, "postgres", serve, "postgres");
    backend_process_run(&fixture->server, initialise);
    backend_process_run(&fixture->server, certify);
    backend_process_launch(&fixture->server);
    postgres_fixture_await(fixture);
    fixture->library = plugin_library_open_kind(POSTGRES_LIBRARY, DS_PLUGIN_STORAGE, &error);
    CHECK(fixture->library != NULL);
    fixture->plugin = plugin_library_plugin(fixture->library);
}

void postgres_fixture_end(struct postgres_fixture *fixture)
{
    plugin_library_close(&fixture->library);
    backend_process_stop(&fixture->server); /* which gives its shared memory back */
    backend_process_remove(&fixture->server);
}

const char *postgres_fixture_options(struct postgres_fixture *fixture, const char *more)
{
    CHECK(fixture->option_count < POSTGRES_MOST_OPTIONS);
    char *options = fixture->options[fixture->option_count++];
    int length = snprintf(options, sizeof *fixture->options,
                          "{\"host\": \"localhost\", \"port\": %u, \"user\": \"postgres\", "
                          "\"database\": \"postgres\", %s}",
                          fixture->server.port, more);
    CHECK(length > 0 && (size_t)length < sizeof *fixture->options);
    return options;
}

const char *postgres_query(struct postgres_fixture *fixture, const char *sql)
{
    static char text[4096];
    size_t length = 0;
    PGconn *connection = connect_to(fixture);
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        fprintf(stderr, "%s: %s", sql, PQresultErrorMessage(result));
    CHECK(status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK);
    text[0] = '\0';
    for (int row = 0; row < PQntuples(result); row++)
        for (int column = 0; column < PQnfields(result) && length < sizeof text; column++)
            length += (size_t)snprintf(text + length, sizeof text - length, "%s ",
                                       PQgetvalue(result, row, column));
    PQclear(result);
    PQfinish(connection);
    return text;
}

/* Kills the processes that `parent` has started, which is stopped. Returns how many. */
static size_t kill_children(pid_t parent, pid_t children[MOST_CHILDREN])
{
    char path[64];
    size_t count = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", parent, parent);
    FILE *file = fopen(path, "re");
    CHECK(file != NULL);
    for (int pid; fscanf(file, "%d", &pid) == 1; count++) {
        CHECK(count < MOST_CHILDREN && kill(pid, SIGKILL) == 0);
        children[count] = pid;
    }
    fclose(file);
    return count;
}

/* While one of its processes lives, the server cannot be started again. Without their parent they
 * are ours to wait for. */
void postgres_fixture_kill(struct postgres_fixture *fixture)
{
    pid_t children[MOST_CHILDREN];
    backend_process_pause(&fixture->server); /* it starts no others meanwhile */
    size_t count = kill_children(fixture->server.child.pid, children);
    backend_process_kill(&fixture->server);
    for (size_t i = 0; i < count; i++)
        CHECK(waitpid(children[i], NULL, 0) == children[i]);
}

void postgres_fixture_restart(struct postgres_fixture *fixture)
{
    backend_process_launch(&fixture->server);
    postgres_fixture_await(fixture);
}
