#include "support/server_process.h"

#include "base/check.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
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
    START_MS = 30000,
    STOP_MS = 30000,
    RETRY_MS = 1,
};

static uint16_t free_port(void)
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

void server_process_make(struct server_process *server, const char *program, const char *yaml)
{
    *server = (struct server_process){.program = program, .port = free_port()};
    const char *temporary = getenv("TMPDIR");
    snprintf(server->folder, sizeof server->folder, "%s/server-XXXXXX",
             temporary == NULL || strlen(temporary) > 40 ? "/tmp" : temporary);
    CHECK(mkdtemp(server->folder) != NULL);
    snprintf(server->config, sizeof server->config, "%s/config.yml", server->folder);
    snprintf(server->log, sizeof server->log, "%s/log", server->folder);
    FILE *file = fopen(server->config, "we");
    CHECK(file != NULL);
    fprintf(file,
            "showLogo: false\n"
            "logLevel: WARN\n"
            "httpServer:\n  type: default\n  options:\n    host: 127.0.0.1\n    port: %u\n"
            "connectionEndpoints:\n  - type: ws-binary\n"
            "logger:\n  type: default\n  options:\n    colors: false\n"
            "auth:\n  - type: none\n"
            "permission:\n  type: none\n"
            "%s",
            server->port, yaml);
    CHECK(fclose(file) == 0);
}

/* Files of the folder, and of the folders in it. */
static void remove_files(const char *folder, unsigned depth)
{
    DIR *listing = opendir(folder);
    for (struct dirent *entry; listing != NULL && (entry = readdir(listing)) != NULL;) {
        char path[512];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (unlink(path) != 0 && depth > 0)
            remove_files(path, depth - 1);
    }
    if (listing != NULL)
        closedir(listing);
    rmdir(folder);
}

void server_process_remove(struct server_process *server)
{
    if (server->pid != 0)
        server_process_kill(server);
    remove_files(server->folder, 1);
}

static _Noreturn void run_child(const struct server_process *server)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int log = open(server->log, O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (log < 0 || dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0)
        _exit(126);
    execl(server->program, server->program, "start", "-c", server->config, (char *)NULL);
    _exit(127);
}

void server_process_start(struct server_process *server)
{
    CHECK(server->pid == 0);
    server->pid = fork();
    CHECK(server->pid >= 0);
    if (server->pid == 0)
        run_child(server);
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool has_ended(struct server_process *server, int *status)
{
    if (waitpid(server->pid, status, WNOHANG) != server->pid)
        return false;
    server->pid = 0;
    return true;
}

static int exit_status(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

const char *server_process_connect(struct server_process *server, struct binary_client *client,
                                   const char *user)
{
    char auth_data[96];
    snprintf(auth_data, sizeof auth_data, "{\"username\":\"%s\"}", user);
    int64_t deadline_ms = now_ms() + START_MS;
    for (;;) {
        int status;
        const char *problem = binary_client_open(client, server->port, auth_data, START_MS);
        if (problem == NULL)
            return NULL;
        binary_client_close(client);
        if (has_ended(server, &status))
            return "the server has ended";
        if (now_ms() > deadline_ms)
            return problem;
        poll(NULL, 0, RETRY_MS); /* nothing tells when another process listens */
    }
}

void server_process_kill(struct server_process *server)
{
    kill(server->pid, SIGKILL);
    CHECK(waitpid(server->pid, NULL, 0) == server->pid);
    server->pid = 0;
}

int server_process_wait(struct server_process *server)
{
    int64_t deadline_ms = now_ms() + STOP_MS;
    for (int status; now_ms() < deadline_ms; poll(NULL, 0, RETRY_MS))
        if (has_ended(server, &status))
            return exit_status(status);
    server_process_kill(server);
    return -1;
}

int server_process_stop(struct server_process *server)
{
    kill(server->pid, SIGTERM);
    return server_process_wait(server);
}

static struct buf read_log(const struct server_process *server)
{
    struct buf text = BUF_EMPTY;
    char part[4096];
    FILE *file = fopen(server->log, "re");
    for (size_t count; file != NULL && (count = fread(part, 1, sizeof part, file)) > 0;)
        buf_append(&text, (slice){part, count});
    if (file != NULL)
        fclose(file);
    buf_append_byte(&text, '\0');
    return text;
}

bool server_process_has_logged(const struct server_process *server, const char *text)
{
    struct buf log = read_log(server);
    bool has = strstr(log.at, text) != NULL;
    buf_fini(&log);
    return has;
}

void server_process_print_log(const struct server_process *server)
{
    struct buf log = read_log(server);
    fprintf(stderr, "---- the server's log ----\n%s----\n", log.at);
    buf_fini(&log);
}
