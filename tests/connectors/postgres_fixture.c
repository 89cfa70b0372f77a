#include "postgres_fixture.h"

#include "base/check.h"

#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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
/* Without fsync: what is killed is the server, not the machine. */
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

static void await_queries(struct postgres_fixture *fixture)
{
    int64_t deadline = child_process_now_ms() + 60000;
    for (bool is_there = false; !is_there;) {
        PGconn *connection = connect_to(fixture);
        is_there = PQstatus(connection) == CONNECTION_OK;
        CHECK(is_there || child_process_now_ms() < deadline);
        PQfinish(connection);
        usleep(is_there ? 0 : 10000); /* nothing tells when it is done with its recovery */
    }
}

void postgres_fixture_begin(struct postgres_fixture *fixture)
{
    struct ds_error error;
    *fixture = (struct postgres_fixture){0};
    backend_process_make(&fixture->server, "postgres", serve, "postgres");
    backend_process_run(&fixture->server, initialise);
    backend_process_run(&fixture->server, certify);
    backend_process_start(&fixture->server);
    await_queries(fixture);
    fixture->library = plugin_library_open_kind(POSTGRES_LIBRARY, DS_PLUGIN_STORAGE, &error);
    CHECK(fixture->library != NULL);
    fixture->plugin = plugin_library_plugin(fixture->library);
}

void postgres_fixture_end(struct postgres_fixture *fixture)
{
    plugin_library_close(&fixture->library);
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

/* Processes of the server outlive the one that started them until they notice. */
void postgres_fixture_kill(struct postgres_fixture *fixture)
{
    const char *pids = postgres_query(fixture, "SELECT pid FROM pg_stat_activity");
    backend_process_kill(&fixture->server);
    for (char *end; *pids != '\0'; pids = end + 1) {
        pid_t pid = (pid_t)strtol(pids, &end, 10);
        if (pid > 0)
            kill(pid, SIGKILL);
    }
}

void postgres_fixture_restart(struct postgres_fixture *fixture)
{
    backend_process_start(&fixture->server);
    await_queries(fixture);
}
