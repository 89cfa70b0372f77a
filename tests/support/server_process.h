#pragma once
/* The program deepstream as a child process: with a scratch folder, a configuration of its own and
 * a free port; killed, stopped and started again on the same data.
 *
 *     struct server_process server;
 *     server_process_make(&server, program, "storage:\n  type: default\n");
 *     server_process_start(&server);
 *     server_process_connect(&server, &client)        // waits until it accepts
 *     server_process_kill(&server);
 *     server_process_remove(&server);
 *
 * Functions that can fail return NULL, or a static text that says why. */

#include "support/binary_client.h"
#include "support/child_process.h"

struct server_process {
    const char *program;
    struct child_process child;
    char config[96];
    uint16_t port;
};

/* Makes the folder and the configuration: users and rules none, the port, warnings, and these lines
 * of YAML. */
void server_process_make(struct server_process *server, const char *program, const char *yaml);
/* Removes the folder; kills the server if it runs. */
void server_process_remove(struct server_process *server);

/* Starts it and does not wait. It dies with this process. */
void server_process_start(struct server_process *server);

/* Waits until it accepts a connection, and logs in as `user`; says so when it has ended instead. */
const char *server_process_connect(struct server_process *server, struct binary_client *client,
                                   const char *user);

void server_process_kill(struct server_process *server); /* SIGKILL */

/* SIGTERM; returns its exit status, or -1 when a signal ended it. */
int server_process_stop(struct server_process *server);

/* Waits for its end; as server_process_stop. */
int server_process_wait(struct server_process *server);

bool server_process_has_logged(const struct server_process *server, const char *text);
/* To stderr, for a test that failed. */
void server_process_print_log(const struct server_process *server);
