#include "support/server_process.h"

#include "base/check.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>

enum {
    START_MS = 30000,
    STOP_MS = 30000,
    RETRY_MS = 1,
};

void server_process_make(struct server_process *server, const char *program, const char *yaml)
{
    *server = (struct server_process){.program = program, .port = child_process_free_port()};
    child_process_make(&server->child, "server");
    snprintf(server->config, sizeof server->config, "%s/config.yml", server->child.folder);
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

void server_process_remove(struct server_process *server)
{
    child_process_remove(&server->child);
}

void server_process_start(struct server_process *server)
{
    const char *arguments[] = {server->program, "start", "-c", server->config, NULL};
    child_process_start(&server->child, arguments, NULL);
}

const char *server_process_connect(struct server_process *server, struct binary_client *client,
                                   const char *user)
{
    char auth_data[96];
    snprintf(auth_data, sizeof auth_data, "{\"username\":\"%s\"}", user);
    int64_t deadline_ms = child_process_now_ms() + START_MS;
    for (;;) {
        const char *problem = binary_client_open(client, server->port, auth_data, START_MS);
        if (problem == NULL)
            return NULL;
        binary_client_close(client);
        if (child_process_has_ended(&server->child, NULL))
            return "the server has ended";
        if (child_process_now_ms() > deadline_ms)
            return problem;
        poll(NULL, 0, RETRY_MS); /* nothing tells when another process listens */
    }
}

void server_process_kill(struct server_process *server)
{
    child_process_kill(&server->child);
}

int server_process_wait(struct server_process *server)
{
    return child_process_wait(&server->child, STOP_MS);
}

int server_process_stop(struct server_process *server)
{
    kill(server->child.pid, SIGTERM);
    return server_process_wait(server);
}

bool server_process_has_logged(const struct server_process *server, const char *text)
{
    return child_process_has_logged(&server->child, text);
}

void server_process_print_log(const struct server_process *server)
{
    child_process_print_log(&server->child, "the server");
}
