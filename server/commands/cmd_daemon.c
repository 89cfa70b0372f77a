/* deepstream daemon: runs `deepstream start` as a child and starts it again when it dies.
 *
 * A child that dies is started again after a pause, which doubles from 10 ms to 1 s while children
 * die young, that is within five seconds. Eleven in a row that did mean that it cannot run at all.
 */

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
        "gives up after ten restarts in a row of servers that lived less than 5 seconds. SIGTERM\n"
        "and SIGINT stop the server and end the daemon; SIGHUP is passed on.\n",
    .options = node_options,
    .option_count = NODE_OPTIONS_OF_DAEMON,
};

struct daemon {
    char **argv; /* of the child */
    const char *program;
    sigset_t signals;
    sigset_t signals_before;
    pid_t child;             /* 0: none */
    uint32_t quick_restarts; /* in a row */
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

/* Notes how long a child has lived. False: another one would do no better. */
static bool may_restart(struct daemon *daemon, uint64_t lived_ms)
{
    if (lived_ms >= QUICK_MS) {
        daemon->quick_restarts = 0;
        daemon->pause_ms = FIRST_PAUSE_MS;
    }
    if (daemon->quick_restarts++ < MOST_QUICK_RESTARTS)
        return true;
    fprintf(stderr, "Too many restarts: %d servers in a row lived less than %d seconds\n",
            MOST_QUICK_RESTARTS + 1, QUICK_MS / 1000);
    return false;
}

/* Returns whether the daemon was told to stop meanwhile. */
static bool take_a_break(struct daemon *daemon)
{
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
        if (!may_restart(daemon, now_ms() - born))
            return EXIT_FINDINGS;
        if (take_a_break(daemon))
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
