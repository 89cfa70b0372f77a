#pragma once
/* The handlers of a node, as enabledFeatures says, and the pipeline that leads to them. */

#include "handlers/event.h"
#include "handlers/presence.h"
#include "handlers/record/record.h"
#include "handlers/rpc/rpc.h"

struct config;
struct meter;
struct metrics;
struct service;

struct features {
    struct cluster *cluster;
    struct pipeline *pipeline;
    struct handler_services services;
    struct record_handler *record; /* NULL when it is off, as the others */
    struct event_handler *event;
    struct rpc_handler *rpc;
    struct presence_handler *presence;
    slice *prefixes;                           /* of records: the texts of two lists */
    struct meter *cache_meter, *storage_meter; /* in front of cache and storage */
    void (*on_drained)(void *context);
    void *drain_context;
};

struct features_settings {
    uv_loop_t *loop;
    struct log *log;
    struct metrics *metrics;
    struct cluster *cluster; /* borrowed */
    const struct config *config;
    const struct service *cache, *storage, *permission, *subscriptions;
};

/* Warns of what is allowed and probably not meant. */
void features_check(struct config *config);

void features_start(struct features *features, const struct features_settings *settings);

/* Takes no more messages. done is called once those that were taken have been answered and their
 * writes are done. */
void features_drain(struct features *features, void (*done)(void *context), void *context);

/* Once no connection is left. Also when features_start was not called, for a zeroed struct. */
void features_stop(struct features *features);

/* Once cache and storage are closed: until then they may answer what was asked. */
void features_fini(struct features *features);
