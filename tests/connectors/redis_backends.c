#include "redis_backends.h"

#include "base/buf.h"
#include "base/check.h"

#include <stdio.h>
#include <sys/socket.h>

#define SERVER                                                                                     \
    "redis-server", "--bind", "127.0.0.1", "--dir", "{folder}", "--save", "", "--appendonly", "no"

static void start(struct redis_backend *redis, const char *const *arguments)
{
    *redis = (struct redis_backend){.count = 1};
    backend_process_make(&redis->nodes[0], "redis", arguments, NULL);
    backend_process_start(&redis->nodes[0]);
}

void redis_backend_start(struct redis_backend *redis)
{
    static const char *const arguments[] = {SERVER, "--port", "{port}", NULL};
    start(redis, arguments);
    snprintf(redis->options, sizeof redis->options, "{\"host\": \"127.0.0.1\", \"port\": %u}",
             redis->nodes[0].port);
}

void redis_backend_start_guarded(struct redis_backend *redis)
{
    static const char *const arguments[] = {SERVER,          "--port",     "{port}",
                                            "--requirepass", "s e:cret/1", NULL};
    start(redis, arguments);
    snprintf(redis->options, sizeof redis->options,
             "{\"url\": \"redis://:s%%20e:cret%%2F1@localhost:%u/3\"}", redis->nodes[0].port);
}

/* Options with the certificate itself as its authority. */
static void trust(struct redis_backend *redis)
{
    char path[128], pem[4096];
    snprintf(path, sizeof path, "%s/cert.pem", redis->nodes[0].child.folder);
    FILE *file = fopen(path, "re");
    CHECK(file != NULL);
    size_t length = fread(pem, 1, sizeof pem, file), size = sizeof redis->options;
    fclose(file);
    size_t at = (size_t)snprintf(redis->options, size,
                                 "{\"host\": \"127.0.0.1\", \"port\": %u, \"tls\": {\"ca\": \"",
                                 redis->nodes[0].port);
    for (size_t i = 0; i < length; i++)
        at +=
            (size_t)snprintf(redis->options + at, size - at, pem[i] == '\n' ? "\\n" : "%c", pem[i]);
    snprintf(redis->options + at, size - at, "\"}}");
}

void redis_backend_start_tls(struct redis_backend *redis)
{
    static const char *const certify[] = {"openssl",  "req",
                                          "-x509",    "-newkey",
                                          "rsa:2048", "-nodes",
                                          "-keyout",  "{folder}/key.pem",
                                          "-out",     "{folder}/cert.pem",
                                          "-subj",    "/CN=redis.test",
                                          "-days",    "2",
                                          "-addext",  "subjectAltName=IP:127.0.0.1",
                                          NULL};
    static const char *const arguments[] = {SERVER,
                                            "--port",
                                            "0",
                                            "--tls-port",
                                            "{port}",
                                            "--tls-auth-clients",
                                            "no",
                                            "--tls-cert-file",
                                            "{folder}/cert.pem",
                                            "--tls-key-file",
                                            "{folder}/key.pem",
                                            NULL};
    *redis = (struct redis_backend){.count = 1};
    backend_process_make(&redis->nodes[0], "redis", arguments, NULL);
    backend_process_run(&redis->nodes[0], certify);
    backend_process_start(&redis->nodes[0]);
    snprintf(redis->untrusting_options, sizeof redis->untrusting_options,
             "{\"url\": \"rediss://127.0.0.1:%u\"}", redis->nodes[0].port);
    trust(redis);
}

static void create_cluster(struct redis_backend *redis)
{
    char addresses[REDIS_CLUSTER_NODES][32];
    const char *words[] = {
        "redis-cli",  "--cluster",          "create", addresses[0],    addresses[1],
        addresses[2], "--cluster-replicas", "0",      "--cluster-yes", NULL};
    struct child_process create;
    for (size_t i = 0; i < redis->count; i++)
        snprintf(addresses[i], sizeof addresses[i], "127.0.0.1:%u", redis->nodes[i].port);
    child_process_make(&create, "create");
    child_process_start(&create, words, NULL);
    if (child_process_wait(&create, 60000) != 0) {
        child_process_print_log(&create, "redis-cli --cluster create");
        abort();
    }
    child_process_remove(&create);
}

void redis_backend_start_cluster(struct redis_backend *redis)
{
    static char bus_ports[REDIS_CLUSTER_NODES][8];
    static const char *arguments[REDIS_CLUSTER_NODES][20];
    *redis = (struct redis_backend){.count = REDIS_CLUSTER_NODES};
    for (size_t i = 0; i < redis->count; i++) {
        const char *all[] = {SERVER, "--port",         "{port}",     "--cluster-enabled",
                             "yes",  "--cluster-port", bus_ports[i], NULL};
        CHECK(sizeof all <= sizeof arguments[i]);
        memcpy(arguments[i], all, sizeof all);
        snprintf(bus_ports[i], sizeof bus_ports[i], "%u", child_process_free_port());
        backend_process_make(&redis->nodes[i], "redis", arguments[i], NULL);
        backend_process_start(&redis->nodes[i]);
    }
    create_cluster(redis);
    snprintf(redis->options, sizeof redis->options,
             "{\"nodes\": [{\"host\": \"127.0.0.1\", \"port\": %u}], \"redisOptions\": {},"
             " \"hashTags\": true}",
             redis->nodes[0].port);
}

void redis_backend_remove(struct redis_backend *redis)
{
    for (size_t i = 0; i < redis->count; i++)
        backend_process_remove(&redis->nodes[i]);
}

void redis_backend_command(struct redis_backend *redis, const char *const *words)
{
    struct child_process command;
    char port[8];
    const char *arguments[16] = {"redis-cli", "-p", port};
    snprintf(port, sizeof port, "%u", redis->nodes[0].port);
    for (size_t i = 0; words[i] != NULL; i++)
        arguments[3 + i] = words[i];
    child_process_make(&command, "redis-cli");
    child_process_start(&command, arguments, NULL);
    CHECK(child_process_wait(&command, 60000) == 0);
    child_process_remove(&command);
}

void redis_backend_cluster_id(struct redis_backend *redis, size_t node,
                              char id[REDIS_CLUSTER_ID + 1])
{
    char command[80];
    snprintf(command, sizeof command, "redis-cli -p %u cluster myid", redis->nodes[node].port);
    FILE *output = popen(command, "re");
    CHECK(output != NULL);
    CHECK(fread(id, 1, REDIS_CLUSTER_ID, output) == REDIS_CLUSTER_ID);
    id[REDIS_CLUSTER_ID] = '\0';
    pclose(output);
}

void redis_backend_begin_reshard(struct redis_backend *redis, struct child_process *move,
                                 const char *from, const char *to, unsigned slots)
{
    char address[32], count[12];
    snprintf(address, sizeof address, "127.0.0.1:%u", redis->nodes[0].port);
    snprintf(count, sizeof count, "%u", slots);
    const char *words[] = {"redis-cli",       "--cluster", "reshard",       address,
                           "--cluster-from",  from,        "--cluster-to",  to,
                           "--cluster-slots", count,       "--cluster-yes", NULL};
    child_process_make(move, "reshard");
    child_process_start(move, words, NULL);
}
