#pragma once
/* Plugins that log lines go to. */

#include "deepstream/plugin/common.h"

struct ds_log_line {
    enum ds_log_level level;
    ds_slice scope; /* namespace, or empty */
    ds_slice event;
    ds_slice text;  /* control characters are escaped already */
    double time_ms; /* since 1970 */
};

struct ds_logger_operations {
    /* What it logs itself meanwhile, by services->log, is not written. */
    void (*write)(void *self, const struct ds_log_line *line);
};
