#include "support/backend_process.h"

#include "base/check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    START_MS = 60000,
    STOP_MS = 60000,
    RETRY_MS = 5,
    RELAUNCH_MS = 200,
    MOST_ENDS = 20,
};

struct command {
    const char *arguments[BACKEND_MOST_ARGUMENTS + 1];
    char texts[BACKEND_MOST_ARGUMENTS][256];
};

_Noreturn void backend_process_give_up(struct backend_process *backend, const char *problem)
{
    fprintf(stderr, "%s %s\n", backend->name, problem);
    child_process_print_log(&backend->child, backend->name);
    backend_process_remove(backend);
    exit(1);
}

/* Copies a text, with `value` in place of each `mark`. */
static void replace(char *out, size_t size, const char *text, const char *mark, const char *value)
{
    size_t length = 0;
    out[0] = '\0';
    for (const char *found; (found = strstr(text, mark)) != NULL; text = found + strlen(mark)) {
        length += (size_t)snprintf(out + length, size - length, "%.*s%s", (int)(found - text), text,
                                   value);
        CHECK(length < size);
    }
    CHECK(length + strlen(text) < size);
    snprintf(out + length, size - length, "%s", text);
}

static void fill_in(struct command *command, const struct backend_process *backend,
                    const char *const *arguments)
{
    char port[8], text[sizeof command->texts[0]];
    size_t count = 0;
    snprintf(port, sizeof port, "%u", backend->port);
    for (; arguments[count] != NULL; count++) {
        CHECK(count < BACKEND_MOST_ARGUMENTS);
        replace(text, sizeof text, arguments[count], "{port}", port);
        replace(command->texts[count], sizeof command->texts[count], text, "{folder}",
                backend->child.folder);
        command->arguments[count] = command->texts[count];
    }
    command->arguments[count] = NULL;
}

void backend_process_make(struct backend_process *backend, const char *name,
                          const char *const *arguments, const char *user)
{
    *backend = (struct backend_process){
        .name = name, .arguments = arguments, .user = user, .port = child_process_free_port()};
    child_process_make(&backend->child, name);
}

void backend_process_remove(struct backend_process *backend)
{
    child_process_remove(&backend->child);
}

void backend_process_run(struct backend_process *backend, const char *const *arguments)
{
    struct command command;
    fill_in(&command, backend, arguments);
    child_process_start(&backend->child, command.arguments, backend->user);
    if (child_process_wait(&backend->child, START_MS) != 0)
        backend_process_give_up(backend, "could not be prepared");
}

void backend_process_launch(struct backend_process *backend)
{
    struct command command;
    fill_in(&command, backend, backend->arguments);
    child_process_start(&backend->child, command.arguments, backend->user);
}

static bool accepts(const struct backend_process *backend)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(backend->port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(client >= 0);
    bool connected = connect(client, (struct sockaddr *)&address, sizeof address) == 0;
    close(client);
    return connected;
}

void backend_process_await(struct backend_process *backend)
{
    int64_t deadline_ms = child_process_now_ms() + START_MS;
    int ends = 0;
    while (!accepts(backend)) {
        if (child_process_has_ended(&backend->child, NULL)) {
            if (++ends == MOST_ENDS)
                backend_process_give_up(backend, "ended before it accepted a connection");
            poll(NULL, 0, RELAUNCH_MS); /* what a killed one held is not free at once */
            backend_process_launch(backend);
        }
        if (child_process_now_ms() > deadline_ms)
            backend_process_give_up(backend, "did not accept a connection in time");
        poll(NULL, 0, RETRY_MS); /* nothing tells when another process listens */
    }
}

void backend_process_start(struct backend_process *backend)
{
    backend_process_launch(backend);
    backend_process_await(backend);
}

void backend_process_kill(struct backend_process *backend)
{
    child_process_kill(&backend->child);
}

void backend_process_stop(struct backend_process *backend)
{
    kill(backend->child.pid, SIGTERM);
    child_process_wait(&backend->child, STOP_MS);
}

void backend_process_pause(struct backend_process *backend)
{
    int status;
    kill(backend->child.pid, SIGSTOP);
    CHECK(waitpid(backend->child.pid, &status, WUNTRACED) == backend->child.pid &&
          WIFSTOPPED(status));
}

void backend_process_resume(struct backend_process *backend)
{
    kill(backend->child.pid, SIGCONT);
}
