#pragma once
/* What processes that tests start have in common: a scratch folder, a free port, a log of all that
 * they print, an end that comes with the test's own. server_process.h and backend_process.h say
 * what is started. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct child_process {
    char folder[64];
    char log[96]; /* what it prints, of all its lives */
    pid_t pid;    /* 0: not running */
};

/* Makes the folder, named after `word`. */
void child_process_make(struct child_process *child, const char *word);
/* Kills it if it runs, and removes the folder with all that is in it. */
void child_process_remove(struct child_process *child);

/* A port of 127.0.0.1 that nobody listened at just now. */
uint16_t child_process_free_port(void);

/* Starts arguments[0], found by PATH, and does not wait. It dies with this process. user, unless
 * NULL: whom it runs as when this process is root's. */
void child_process_start(struct child_process *child, const char *const *arguments,
                         const char *user);

/* Whether it has ended by itself; then *status, unless NULL, is its exit status, -1 after a
 * signal. */
bool child_process_has_ended(struct child_process *child, int *status);

/* Waits for its end at most this long; returns its exit status, or -1 when a signal ended it, which
 * is SIGKILL when the time is over. */
int child_process_wait(struct child_process *child, int milliseconds);

void child_process_kill(struct child_process *child); /* SIGKILL */

bool child_process_has_logged(const struct child_process *child, const char *text);
/* To stderr, for a test that failed. what: "the server". */
void child_process_print_log(const struct child_process *child, const char *what);

/* Of a clock that nobody sets. */
int64_t child_process_now_ms(void);
