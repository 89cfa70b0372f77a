#include "support/child_process.h"
#include "support/scratch_folder.h"

#include "base/buf.h"
#include "base/check.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    RETRY_MS = 1,
};

void child_process_make(struct child_process *child, const char *word)
{
    *child = (struct child_process){.pid = 0};
    scratch_folder_make(child->folder, sizeof child->folder, word);
    snprintf(child->log, sizeof child->log, "%s/log", child->folder);
}

void child_process_remove(struct child_process *child)
{
    if (child->pid != 0)
        child_process_kill(child);
    scratch_folder_remove(child->folder);
}

uint16_t child_process_free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(listener >= 0);
    CHECK(bind(listener, (struct sockaddr *)&address, length) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&address, &length) == 0);
    close(listener);
    return ntohs(address.sin_port);
}

/* ---- the child's side ---- */

static bool become(const struct passwd *user)
{
    return initgroups(user->pw_name, user->pw_gid) == 0 && setgid(user->pw_gid) == 0 &&
           setuid(user->pw_uid) == 0;
}

static _Noreturn void run_child(const struct child_process *child, const char *const *arguments,
                                const struct passwd *user, pid_t parent)
{
    int log = open(child->log, O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (log < 0 || dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0)
        _exit(126);
    if (user != NULL && !become(user))
        _exit(126);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* after the user was changed, which forgets it */
    if (getppid() != parent)
        _exit(126);
    execvp(arguments[0], (char *const *)arguments);
    fprintf(stderr, "%s cannot be started\n", arguments[0]);
    _exit(127);
}

/* ---- the test's side ---- */

void child_process_start(struct child_process *child, const char *const *arguments,
                         const char *user)
{
    CHECK(child->pid == 0);
    struct passwd *entry = user != NULL && geteuid() == 0 ? getpwnam(user) : NULL;
    CHECK(user == NULL || geteuid() != 0 || entry != NULL);
    if (entry != NULL)
        CHECK(chown(child->folder, entry->pw_uid, entry->pw_gid) == 0);
    pid_t parent = getpid();
    child->pid = fork();
    CHECK(child->pid >= 0);
    if (child->pid == 0)
        run_child(child, arguments, entry, parent);
}

static int exit_status(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool child_process_has_ended(struct child_process *child, int *status)
{
    int raw;
    if (waitpid(child->pid, &raw, WNOHANG) != child->pid)
        return false;
    child->pid = 0;
    if (status != NULL)
        *status = exit_status(raw);
    return true;
}

int64_t child_process_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int child_process_wait(struct child_process *child, int milliseconds)
{
    int64_t deadline_ms = child_process_now_ms() + milliseconds;
    for (int status; child_process_now_ms() < deadline_ms; poll(NULL, 0, RETRY_MS))
        if (child_process_has_ended(child, &status))
            return status;
    child_process_kill(child);
    return -1;
}

void child_process_kill(struct child_process *child)
{
    kill(child->pid, SIGKILL);
    CHECK(waitpid(child->pid, NULL, 0) == child->pid);
    child->pid = 0;
}

static struct buf read_log(const struct child_process *child)
{
    struct buf text = BUF_EMPTY;
    char part[4096];
    FILE *file = fopen(child->log, "re");
    for (size_t count; file != NULL && (count = fread(part, 1, sizeof part, file)) > 0;)
        buf_append(&text, (slice){part, count});
    if (file != NULL)
        fclose(file);
    buf_append_byte(&text, '\0');
    return text;
}

bool child_process_has_logged(const struct child_process *child, const char *text)
{
    struct buf log = read_log(child);
    bool has = strstr(log.at, text) != NULL;
    buf_fini(&log);
    return has;
}

void child_process_print_log(const struct child_process *child, const char *what)
{
    struct buf log = read_log(child);
    fprintf(stderr, "---- the log of %s ----\n%s----\n", what, log.at);
    buf_fini(&log);
}
