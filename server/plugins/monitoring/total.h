#pragma once
/* The sum of what several nodes have counted: messages, logins and log lines. What nodes share,
 * such as registries, is that of the first one. */

#include "deepstream/plugin.h"

#include "base/vec.h"

struct total {
    struct ds_statistics view;
    VEC(struct ds_message_count) messages;
    VEC(struct ds_login_count) logins;
    VEC(struct ds_log_count) log;
};

/* Into a zeroed total. */
void total_take(struct total *total, const struct ds_statistics *const *nodes, size_t count);
void total_fini(struct total *total);
