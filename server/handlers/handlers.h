#pragma once
/* What every handler is made with. */

#include "handlers/cluster/cluster.h"
#include "pipeline/pipeline.h"

#include "deepstream/plugin.h"

#include <uv.h>

/* Borrowed until the handler is freed. */
struct handler_services {
    uv_loop_t *loop;
    struct log *log;
    struct pipeline *pipeline;
    struct cluster *cluster;
    const struct ds_subscription_registry_operations *registry;
    void *registry_self;
};

/* The original rematches only from here on, and configurations rely on it. */
#define LISTEN_NO_REMATCH_MS 1000

struct listen_settings {
    bool shuffle_providers;
    uint32_t response_timeout_ms;
    uint32_t rematch_interval_ms; /* LISTEN_NO_REMATCH_MS and less: none */
    uint32_t match_cooldown_ms;
};
