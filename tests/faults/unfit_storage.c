/* A storage that cannot be opened stops the start of the server, with a sentence that names file
 * and cause:  unfit_storage PROGRAM */

#include "support/server_process.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int failures;

static void expect(const struct server_process *server, bool is_so, const char *what)
{
    if (is_so)
        return;
    fprintf(stderr, "not so: %s\n", what);
    server_process_print_log(server);
    failures++;
}

static void expect_refused(const char *program, const char *path, const char *sentence)
{
    struct server_process server;
    char yaml[256];
    snprintf(yaml, sizeof yaml, "storage:\n  type: default\n  options:\n    path: %s\n", path);
    server_process_make(&server, program, yaml);
    snprintf(yaml, sizeof yaml, "%s/folder", server.child.folder);
    mkdir(yaml, 0555);
    server_process_start(&server);
    expect(&server, server_process_wait(&server) == 1, "the server ends with 1");
    expect(&server, server_process_has_logged(&server, sentence), sentence);
    server_process_remove(&server);
}

static void expect_second_refused(const char *program)
{
    struct server_process first, second;
    struct binary_client client;
    char yaml[256];
    server_process_make(&first, program, "storage:\n  type: default\n");
    server_process_start(&first);
    expect(&first, server_process_connect(&first, &client, "a") == NULL, "the first one starts");
    snprintf(yaml, sizeof yaml,
             "storage:\n  type: default\n  options:\n    path: %s/deepstream.sqlite\n",
             first.child.folder);
    server_process_make(&second, program, yaml);
    server_process_start(&second);
    expect(&second, server_process_wait(&second) == 1, "the second one ends with 1");
    expect(&second, server_process_has_logged(&second, "is in use by another server"),
           "it says that the file is in use");
    binary_client_close(&client);
    expect(&first, server_process_stop(&first) == 0, "the first one goes on and ends well");
    server_process_remove(&first);
    server_process_remove(&second);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    expect_refused(argv[1], "config.yml", "config.yml is not a database");
    expect_refused(argv[1], "config.yml/below", "Not a directory");
    expect_refused(argv[1], "folder", "folder cannot be opened");
    if (geteuid() != 0) /* whom no folder refuses */
        expect_refused(argv[1], "folder/records.sqlite", "Permission denied");
    expect_second_refused(argv[1]);
    return failures == 0 ? 0 : 1;
}
