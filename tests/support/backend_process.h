#pragma once
/* A real backend, a database or a bus, as a child process: on a free port, with a scratch folder;
 * killed, paused and started again on the same data.
 *
 *     static const char *const redis[] = {"redis-server", "--bind", "127.0.0.1", "--port",
 *                                         "{port}",       "--dir",  "{folder}",  NULL};
 *     struct backend_process backend;
 *     backend_process_make(&backend, "redis", redis, NULL);
 *     backend_process_start(&backend);        // waits until it accepts connections
 *     ... backend.port
 *     backend_process_kill(&backend);
 *     backend_process_start(&backend);
 *     backend_process_remove(&backend);
 *
 * What cannot be started ends the test, with what the backend has printed. It never outlives the
 * test. */

#include "support/child_process.h"

#define BACKEND_MOST_ARGUMENTS 31

struct backend_process {
    const char *name;
    const char *const *arguments; /* up to NULL; borrowed */
    const char *user;             /* whom it runs as when the test is root's, or NULL */
    struct child_process child;
    uint16_t port;
};

/* Makes the folder and chooses a port. In the arguments "{port}" and "{folder}" stand for them. */
void backend_process_make(struct backend_process *backend, const char *name,
                          const char *const *arguments, const char *user);
/* Kills it if it runs, and removes the folder. */
void backend_process_remove(struct backend_process *backend);

/* Runs a command to its end in the same way, as preparation: `initdb`. Fails unless it succeeds. */
void backend_process_run(struct backend_process *backend, const char *const *arguments);

/* Waits until the port accepts a connection: whether the backend then answers is for the caller to
 * find out. */
void backend_process_start(struct backend_process *backend);

/* The same without waiting: for tests of what happens meanwhile. */
void backend_process_launch(struct backend_process *backend);
void backend_process_await(struct backend_process *backend);

/* Ends the test, with what the backend has printed. */
_Noreturn void backend_process_give_up(struct backend_process *backend, const char *problem);

void backend_process_kill(struct backend_process *backend);   /* SIGKILL */
void backend_process_stop(struct backend_process *backend);   /* SIGTERM, and waits */
void backend_process_pause(struct backend_process *backend);  /* SIGSTOP: connected, but silent */
void backend_process_resume(struct backend_process *backend); /* SIGCONT */
