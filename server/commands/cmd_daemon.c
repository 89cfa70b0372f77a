/* deepstream daemon: runs `deepstream start` as a child and starts it again when it dies.
 *
 * A child that dies is started again after a pause, which doubles from 10 ms to 1 s while children
 * die young. Ten children that lived less than five seconds together mean that it cannot run at
 * all: what they lived counts, not the pauses nor how busy the machine is. */

#include "commands.h"

#include "node_options.h"
#include "paths.h"

#include "base/check.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FIRST_PAUSE_MS 10
#define LONGEST_PAUSE_MS 1000
#define QUICK_MS 5000
#define MOST_QUICK_RESTARTS 10

static const struct command_line LINE = {
    .command = "daemon",
    .about =
        "Runs a server, and starts it again when it dies, after a pause of up to a second. It\n"
        "gives up when ten servers in a row lived less than 5 seconds together. SIGTERM and\n"
        "SIGINT stop the server and end the daemon; SIGHUP is passed on.\n",
    .options = node_options,
    .option_count = NODE_OPTIONS_OF_DAEMON,
};

struct daemon {
    char **argv; /* of the child */
    const char *program;
    sigset_t signals;
    sigset_t signals_before;
    pid_t child;                            /* 0: none */
    uint64_t lives_ms[MOST_QUICK_RESTARTS]; /* of the last children; a ring */
    size_t restart_count;
    uint32_t pause_ms;
};

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- the child ---- */

/* A server must not outlive the daemon that would restart it, however that ends. */
static _Noreturn void become_server(const struct daemon *daemon, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    sigprocmask(SIG_SETMASK, &daemon->signals_before, NULL);
    if (getppid() != parent)
        _exit(1);
    execv(daemon->program, daemon->argv);
    fprintf(stderr, "deepstream daemon: cannot run %s: %s\n", daemon->program, strerror(errno));
    _exit(1);
}

static bool spawn(struct daemon *daemon)
{
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0)
        become_server(daemon, parent);
    if (child < 0)
        fprintf(stderr, "deepstream daemon: cannot make a process: %s\n", strerror(errno));
    daemon->child = child < 0 ? 0 : child;
    return child > 0;
}

/* Waits for one of the signals, at most so long. 0: time is up. */
static int next_signal(const struct daemon *daemon, uint64_t timeout_ms)
{
    struct timespec timeout = {.tv_sec = (time_t)(timeout_ms / 1000),
                               .tv_nsec = (long)(timeout_ms % 1000) * 1000000};
    int number;
    do {
        number = sigtimedwait(&daemon->signals, NULL, &timeout);
    } while (number < 0 && errno == EINTR);
    return number < 0 ? 0 : number;
}

static bool is_stop(int number)
{
    return number == SIGTERM || number == SIGINT;
}

static bool has_ended(struct daemon *daemon, int *status)
{
    if (waitpid(daemon->child, status, WNOHANG) != daemon->child)
        return false;
    daemon->child = 0;
    return true;
}

/* Passes signals on until the child has ended. Returns whether it was asked to. */
static bool watch(struct daemon *daemon, int *status)
{
    bool stopping = false;
    while (!has_ended(daemon, status)) {
        int number = next_signal(daemon, LONGEST_PAUSE_MS);
        if (number == SIGHUP || is_stop(number))
            kill(daemon->child, number);
        stopping = stopping || is_stop(number);
    }
    return stopping;
}

/* ---- restarts ---- */

static void report_end(int status)
{
    if (WIFSIGNALED(status))
        fprintf(stderr, "deepstream daemon: the server died of signal %d\n", WTERMSIG(status));
    else
        fprintf(stderr, "deepstream daemon: the server ended with status %d\n",
                WEXITSTATUS(status));
}

/* Whether ten restarts have led to children that died too soon. */
static bool died_too_soon(const struct daemon *daemon)
{
    uint64_t together_ms = 0;
    for (size_t i = 0; i < MOST_QUICK_RESTARTS; i++)
        together_ms += daemon->lives_ms[i];
    return daemon->restart_count > MOST_QUICK_RESTARTS && together_ms < QUICK_MS;
}

/* Notes how long a child has lived. False: another one would do no better. */
static bool may_restart(struct daemon *daemon, uint64_t lived_ms)
{
    daemon->lives_ms[daemon->restart_count++ % MOST_QUICK_RESTARTS] = lived_ms;
    if (!died_too_soon(daemon))
        return true;
    fprintf(stderr, "Too many restarts within the last %d seconds\n", QUICK_MS / 1000);
    return false;
}

/* Returns whether the daemon was told to stop meanwhile. */
static bool take_a_break(struct daemon *daemon, uint64_t child_lived_ms)
{
    if (child_lived_ms >= QUICK_MS)
        daemon->pause_ms = FIRST_PAUSE_MS;
    uint64_t end = now_ms() + daemon->pause_ms;
    daemon->pause_ms *= 2;
    if (daemon->pause_ms > LONGEST_PAUSE_MS)
        daemon->pause_ms = LONGEST_PAUSE_MS;
    for (uint64_t now = now_ms(); now < end; now = now_ms()) {
        if (is_stop(next_signal(daemon, end - now)))
            return true;
    }
    return false;
}

static enum exit_status supervise(struct daemon *daemon)
{
    for (;;) {
        int status = 0;
        uint64_t born = now_ms();
        if (!spawn(daemon))
            return EXIT_FINDINGS;
        if (watch(daemon, &status))
            return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? EXIT_FINE : EXIT_FINDINGS;
        report_end(status);
        uint64_t lived_ms = now_ms() - born;
        if (!may_restart(daemon, lived_ms))
            return EXIT_FINDINGS;
        if (take_a_break(daemon, lived_ms))
            return EXIT_FINE;
    }
}

/* ---- the command ---- */

static void block_signals(struct daemon *daemon)
{
    sigemptyset(&daemon->signals);
    sigaddset(&daemon->signals, SIGCHLD);
    sigaddset(&daemon->signals, SIGHUP);
    sigaddset(&daemon->signals, SIGINT);
    sigaddset(&daemon->signals, SIGTERM);
    CHECK(sigprocmask(SIG_BLOCK, &daemon->signals, &daemon->signals_before) == 0);
}

/* The child gets the arguments of the daemon: "deepstream start -c FILE ...". */
static enum exit_status run(int argc, char **argv)
{
    char name[] = "deepstream", start[] = "start";
    struct daemon daemon = {.pause_ms = FIRST_PAUSE_MS};
    char *program = program_path();
    daemon.program = program;
    daemon.argv = calloc((size_t)argc + 2, sizeof *daemon.argv);
    CHECK(daemon.argv != NULL);
    daemon.argv[0] = name;
    daemon.argv[1] = start;
    for (int i = 1; i < argc; i++)
        daemon.argv[i + 1] = argv[i];
    block_signals(&daemon);
    enum exit_status status = supervise(&daemon);
    free(daemon.argv);
    free(program);
    return status;
}

enum exit_status cmd_daemon(int argc, char **argv)
{
    struct node_options options = {0};
    struct arguments arguments;
    enum exit_status status;
    if (!command_line_parse(&LINE, argc, argv, &options, &arguments, &status))
        return status;
    arguments_fini(&arguments);
    return node_options_check(&options) ? run(argc, argv) : EXIT_FINDINGS;
}
