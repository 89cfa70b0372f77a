#pragma once
/* The files that make a server a service of the system. */

#include "base/buf.h"

struct service_file {
    const char *name;
    const char *program; /* paths are absolute */
    const char *config;
    const char *log_dir;
    const char *pid_dir;
};

void append_systemd_unit(struct buf *out, const struct service_file *file);
void append_initd_script(struct buf *out, const struct service_file *file);
