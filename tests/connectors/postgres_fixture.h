#pragma once
/* A PostgreSQL of the test's own, with and without TLS, and the connector as the server opens it.
 * The certificate is signed by itself: <folder of the server>/certificate.pem, for localhost. */

#include "support/backend_process.h"
#include "support/store_fixture.h"

#include "node/plugin_library.h"

#define POSTGRES_MOST_OPTIONS 16

struct postgres_fixture {
    struct backend_process server;
    struct plugin_library *library;
    const struct ds_plugin *plugin;
    char options[POSTGRES_MOST_OPTIONS][500];
    size_t option_count;
};

void postgres_fixture_begin(struct postgres_fixture *fixture);
void postgres_fixture_end(struct postgres_fixture *fixture);

/* Options of the connector that lead to this server, with more members; live as long as the
 * fixture. */
const char *postgres_fixture_options(struct postgres_fixture *fixture, const char *more);

/* Ends the server and all its processes at once, as a machine does that loses its power. */
void postgres_fixture_kill(struct postgres_fixture *fixture);
/* Starts it again, and waits until it answers queries. */
void postgres_fixture_restart(struct postgres_fixture *fixture);
/* Waits until it answers queries, after backend_process_launch; starts it again when it has ended.
 */
void postgres_fixture_await(struct postgres_fixture *fixture);

/* Runs SQL past the connector and waits. Values of rows, each followed by a blank; static. Ends the
 * process when it fails. */
const char *postgres_query(struct postgres_fixture *fixture, const char *sql);
