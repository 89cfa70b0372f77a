#include "service_files.h"

/* A word of a unit file: quoted, and without meaning for systemd. */
static void append_unit_word(struct buf *out, const char *text)
{
    buf_append_byte(out, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            buf_append_byte(out, '\\');
        if (*text == '%' || *text == '$')
            buf_append_byte(out, *text);
        buf_append_byte(out, *text);
    }
    buf_append_byte(out, '"');
}

/* A path that stands alone on its line: only specifiers have a meaning there. */
static void append_unit_path(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '%')
            buf_append_byte(out, '%');
        buf_append_byte(out, *text);
    }
}

static void append_shell_word(struct buf *out, const char *text)
{
    buf_append_byte(out, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            buf_append_text(out, "'\\'");
        buf_append_byte(out, *text);
    }
    buf_append_byte(out, '\'');
}

static void append_log(struct buf *out, const char *key, const struct service_file *file,
                       const char *kind)
{
    buf_printf(out, "%s=append:", key);
    append_unit_path(out, file->log_dir);
    buf_printf(out, "/%s-%s.log\n", file->name, kind);
}

void append_systemd_unit(struct buf *out, const struct service_file *file)
{
    buf_printf(out,
               "[Unit]\n"
               "Description=%s\n"
               "After=network.target\n"
               "\n"
               "[Service]\n"
               "Type=simple\n",
               file->name);
    append_log(out, "StandardOutput", file, "out");
    append_log(out, "StandardError", file, "err");
    buf_append_text(out, "ExecStart=");
    append_unit_word(out, file->program);
    buf_append_text(out, " daemon -c ");
    append_unit_word(out, file->config);
    buf_append_text(out, "\n"
                         "ExecReload=/bin/kill -HUP $MAINPID\n"
                         "Restart=always\n"
                         "LimitNOFILE=1048576\n"
                         "User=root\n"
                         "Group=root\n"
                         "\n"
                         "[Install]\n"
                         "WantedBy=multi-user.target\n");
}

static void append_variable(struct buf *out, const char *name, const char *value)
{
    buf_printf(out, "%s=", name);
    append_shell_word(out, value);
    buf_append_byte(out, '\n');
}

static const char INITD_ACTIONS[] =
    "running() {\n"
    "    [ -f \"$pid_file\" ] && kill -0 \"$(cat \"$pid_file\")\" 2>/dev/null\n"
    "}\n"
    "\n"
    "start() {\n"
    "    if running; then\n"
    "        echo \"$name is already started\"\n"
    "        return 0\n"
    "    fi\n"
    "    mkdir -p \"$log_dir\" \"$(dirname \"$pid_file\")\"\n"
    "    \"$program\" daemon -c \"$config\" >>\"$log_dir/$name-out.log\" "
    "2>>\"$log_dir/$name-err.log\" "
    "</dev/null &\n"
    "    echo $! >\"$pid_file\"\n"
    "    sleep 1\n"
    "    if running; then\n"
    "        echo \"started $name\"\n"
    "    else\n"
    "        echo \"failed to start $name, see $log_dir/$name-err.log\"\n"
    "        return 1\n"
    "    fi\n"
    "}\n"
    "\n"
    "stop() {\n"
    "    if ! running; then\n"
    "        echo \"$name is already stopped\"\n"
    "        return 0\n"
    "    fi\n"
    "    kill \"$(cat \"$pid_file\")\"\n"
    "    tries=30\n"
    "    while running && [ $tries -gt 0 ]; do\n"
    "        sleep 1\n"
    "        tries=$((tries - 1))\n"
    "    done\n"
    "    if running; then\n"
    "        echo \"failed to stop $name\"\n"
    "        return 1\n"
    "    fi\n"
    "    rm -f \"$pid_file\"\n"
    "    echo \"stopped $name\"\n"
    "}\n"
    "\n"
    "case \"$1\" in\n"
    "start) start ;;\n"
    "stop) stop ;;\n"
    "restart) stop && start ;;\n"
    "status)\n"
    "    if running; then\n"
    "        echo \"$name is running\"\n"
    "    else\n"
    "        echo \"$name is not running\"\n"
    "        exit 1\n"
    "    fi\n"
    "    ;;\n"
    "*)\n"
    "    echo \"usage: $0 {start|stop|restart|status}\"\n"
    "    exit 2\n"
    "    ;;\n"
    "esac\n";

void append_initd_script(struct buf *out, const struct service_file *file)
{
    buf_printf(out,
               "#!/bin/sh\n"
               "### BEGIN INIT INFO\n"
               "# Provides:          %s\n"
               "# Required-Start:    $network $local_fs\n"
               "# Required-Stop:     $network $local_fs\n"
               "# Default-Start:     2 3 4 5\n"
               "# Default-Stop:      0 1 6\n"
               "# Short-Description: %s\n"
               "### END INIT INFO\n\n",
               file->name, file->name);
    struct buf pid_file = BUF_EMPTY;
    buf_printf(&pid_file, "%s/%s.pid", file->pid_dir, file->name);
    buf_append_byte(&pid_file, '\0');
    append_variable(out, "name", file->name);
    append_variable(out, "program", file->program);
    append_variable(out, "config", file->config);
    append_variable(out, "log_dir", file->log_dir);
    append_variable(out, "pid_file", pid_file.at);
    buf_fini(&pid_file);
    buf_append_byte(out, '\n');
    buf_append_text(out, INITD_ACTIONS);
}
