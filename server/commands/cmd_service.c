/* deepstream service: a server as a service of the system, by systemd or init.d. */

#include "commands.h"

#include "paths.h"
#include "service_files.h"

#include "terminal/output.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct settings {
    const char *config;
    const char *name;
    const char *log_dir;
    const char *pid_dir;
    const char *root;
    bool dry_run;
};

static const struct option OPTIONS[] = {
    {.letter = 'c',
     .name = "config",
     .argument = "FILE",
     .help = "configuration of the server",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct settings, config)},
    {.letter = 'n',
     .name = "service-name",
     .argument = "NAME",
     .help = "what the service is called (deepstream)",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct settings, name)},
    {.letter = 'l',
     .name = "log-dir",
     .argument = "DIR",
     .help = "folder of NAME-out.log and NAME-err.log",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct settings, log_dir)},
    {.letter = 'p',
     .name = "pid-directory",
     .argument = "DIR",
     .help = "folder of NAME.pid, for init.d (/var/run/deepstream)",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct settings, pid_dir)},
    {.name = "dry-run",
     .help = "print the file of the service, and change nothing",
     .kind = OPTION_SWITCH,
     .offset = offsetof(struct settings, dry_run)},
    {.name = "root",
     .argument = "DIR",
     .help = "add and remove below this folder, as for an image of a system; no command\n"
             "of the system is run then",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct settings, root)},
};

static const struct command_line LINE = {
    .command = "service",
    .about = "ACTION is add, remove, start, stop, restart or status. `add` needs --config and\n"
             "--log-dir; it writes a unit of systemd, or a script of init.d where there is none.\n",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .least = 1,
    .most = 1,
};

enum manager { MANAGER_NONE, MANAGER_SYSTEMD, MANAGER_INITD };

/* ---- the system ---- */

/* The path below --root. Owned by the caller. */
static char *rooted(const struct settings *settings, const char *path)
{
    struct buf text = BUF_EMPTY;
    buf_printf(&text, "%s%s", settings->root == NULL ? "" : settings->root, path);
    buf_append_byte(&text, '\0');
    return text.at;
}

static bool exists(const struct settings *settings, const char *path)
{
    char *full = rooted(settings, path);
    bool found = access(full, F_OK) == 0;
    free(full);
    return found;
}

static enum manager find_manager(const struct settings *settings)
{
    if (exists(settings, "/usr/lib/systemd/system") || exists(settings, "/bin/systemctl"))
        return MANAGER_SYSTEMD;
    return exists(settings, "/etc/init.d") ? MANAGER_INITD : MANAGER_NONE;
}

static char *service_path(const struct settings *settings, enum manager manager)
{
    struct buf path = BUF_EMPTY;
    if (manager == MANAGER_SYSTEMD)
        buf_printf(&path, "/etc/systemd/system/%s.service", settings->name);
    else
        buf_printf(&path, "/etc/init.d/%s", settings->name);
    buf_append_byte(&path, '\0');
    char *full = rooted(settings, path.at);
    buf_fini(&path);
    return full;
}

static enum exit_status complain(const char *text)
{
    fprintf(stderr, "%s\n", text);
    return EXIT_FINDINGS;
}

/* Runs a program of the system and waits for it. */
static enum exit_status run_program(const char *const *argv)
{
    pid_t child;
    int status;
    int error = posix_spawnp(&child, argv[0], NULL, NULL, (char *const *)(uintptr_t)argv, environ);
    if (error != 0) {
        fprintf(stderr, "deepstream service: cannot run %s: %s\n", argv[0], strerror(error));
        return EXIT_FINDINGS;
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? EXIT_FINE : EXIT_FINDINGS;
}

static enum exit_status tell_systemd(const struct settings *settings)
{
    static const char *const RELOAD[] = {"systemctl", "daemon-reload", NULL};
    if (settings->root != NULL)
        return EXIT_FINE;
    puts("Running systemctl daemon-reload...");
    fflush(stdout);
    return run_program(RELOAD);
}

/* ---- add ---- */

static void append_file(struct buf *out, const struct settings *settings, enum manager manager)
{
    char *program = program_path();
    char *config = absolute_path(settings->config), *log_dir = absolute_path(settings->log_dir);
    struct service_file file = {
        .name = settings->name,
        .program = program,
        .config = config,
        .log_dir = log_dir,
        .pid_dir = settings->pid_dir,
    };
    if (manager == MANAGER_SYSTEMD)
        append_systemd_unit(out, &file);
    else
        append_initd_script(out, &file);
    free(program);
    free(config);
    free(log_dir);
}

static enum exit_status write_service(const char *path, slice text)
{
    if (output_replace_file(path, text) && chmod(path, 0755) == 0)
        return EXIT_FINE;
    fprintf(stderr, "deepstream service: cannot write %s: %s\n", path, strerror(errno));
    return EXIT_FINDINGS;
}

static enum exit_status install(const struct settings *settings, enum manager manager, slice text)
{
    char *path = service_path(settings, manager);
    enum exit_status status;
    printf("Installing service on: %s\n", path);
    if (access(path, F_OK) == 0)
        status = complain("Service already exists, please uninstall first");
    else
        status = write_service(path, text);
    if (status == EXIT_FINE && manager == MANAGER_SYSTEMD)
        status = tell_systemd(settings);
    if (status == EXIT_FINE)
        printf("%s service registered successfully\n",
               manager == MANAGER_SYSTEMD ? "SystemD" : "init.d");
    free(path);
    return status;
}

static enum exit_status add(const struct settings *settings, enum manager manager)
{
    struct buf text = BUF_EMPTY;
    enum exit_status status = EXIT_FINE;
    if (settings->config == NULL || settings->log_dir == NULL)
        return complain("Please provide the config and log directory when adding a service");
    append_file(&text, settings, manager);
    if (settings->dry_run)
        fwrite(text.at, 1, text.length, stdout);
    else
        status = install(settings, manager, buf_slice(&text));
    buf_fini(&text);
    return status;
}

/* ---- the other actions ---- */

static enum exit_status take_away(const struct settings *settings, enum manager manager)
{
    char *path = service_path(settings, manager);
    enum exit_status status = EXIT_FINE;
    printf("Removing service on: %s\n", path);
    if (access(path, F_OK) != 0) {
        status = complain("Service doesn't exists, nothing to uninstall");
    } else if (!settings->dry_run && unlink(path) != 0) {
        fprintf(stderr, "deepstream service: cannot remove %s: %s\n", path, strerror(errno));
        status = EXIT_FINDINGS;
    } else if (!settings->dry_run) {
        status = manager == MANAGER_SYSTEMD ? tell_systemd(settings) : EXIT_FINE;
        printf("%s service removed successfully\n",
               manager == MANAGER_SYSTEMD ? "SystemD" : "init.d");
    }
    free(path);
    return status;
}

static enum exit_status control(const struct settings *settings, const char *action)
{
    const char *const argv[] = {"service", settings->name, action, NULL};
    if (settings->dry_run || settings->root != NULL) {
        printf("service %s %s\n", settings->name, action);
        return EXIT_FINE;
    }
    return run_program(argv);
}

static bool is_one_of(const char *action, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strcmp(*words, action) == 0)
            return true;
    }
    return false;
}

/* A name becomes part of paths and of a command. */
static bool is_service_name(const char *name)
{
    static const char FIT[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    size_t length = strlen(name);
    return length > 0 && length <= 64 && name[0] != '.' && name[0] != '-' &&
           strspn(name, FIT) == length;
}

static enum exit_status act(const struct settings *settings, const char *action)
{
    static const char *const CONTROLS[] = {"start", "stop", "restart", "status", NULL};
    enum manager manager = find_manager(settings);
    if (!is_service_name(settings->name))
        return usage_error("service", "'%s' cannot be the name of a service", settings->name);
    if (!is_one_of(action, CONTROLS) && strcmp(action, "add") != 0 && strcmp(action, "remove") != 0)
        return usage_error(
            "service",
            "Unknown action '%s', please \"add\", \"remove\", \"start\", \"stop\", \"restart\" or "
            "\"status\"",
            action);
    if (manager == MANAGER_NONE && settings->dry_run)
        manager = MANAGER_SYSTEMD;
    if (manager == MANAGER_NONE)
        return complain("Only systemd and init.d services are currently supported.");
    if (strcmp(action, "add") == 0)
        return add(settings, manager);
    if (strcmp(action, "remove") == 0)
        return take_away(settings, manager);
    return control(settings, action);
}

enum exit_status cmd_service(int argc, char **argv)
{
    struct settings settings = {.name = "deepstream", .pid_dir = "/var/run/deepstream"};
    struct arguments arguments;
    enum exit_status status;
    if (!command_line_parse(&LINE, argc, argv, &settings, &arguments, &status))
        return status;
    status = act(&settings, arguments.operands.items[0]);
    arguments_fini(&arguments);
    return status;
}
