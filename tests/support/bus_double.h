#pragma once
/* Nodes that are only a bus: for the plugins on top of one, several to a loop. The bus delivers
 * when the test says so, and loses and mixes up messages as the test wants. Who is a member and who
 * leads is said by the test too, unless a registry under test does.
 *
 *     struct bus_double bus;
 *     bus_double_init(&bus);
 *     struct double_node *a = bus_double_add(&bus, "a");
 *     void *states = double_node_open(a, &ds_state_registry_default, "{}");
 *     bus_double_meet(&bus);                       // all are members from now on
 *     ...
 *     double_node_close(a, &ds_state_registry_default, states);
 *     bus_double_fini(&bus);
 */

#include "deepstream/plugin.h"

#include "base/buf.h"
#include "base/vec.h"

#include <uv.h>

struct bus_double;

struct double_node {
    struct bus_double *bus;
    struct ds_services services;
    const char *name;
    VEC(const struct ds_bus_listener *) listeners;
    VEC(const struct ds_cluster_watcher *) watchers;
    const char *leader; /* as this node sees it */
    bool is_cut_off;    /* nothing goes, nothing comes */
    struct buf log;     /* "EVENT text\n" of each line */
};

struct double_text {
    const struct double_node *from;
    struct double_node *to;
    uint8_t topic;
    slice text;
};

struct bus_double {
    uv_loop_t loop;
    VEC(struct double_node *) nodes;
    VEC(struct double_text) posted;
    unsigned loss_percent;
    bool is_mixed_up; /* messages come in any order */
    uint64_t chance;  /* state of the test's own dice */
    size_t sent;      /* to all or to one */
    /* Asked before each text is handed over, if it is there: whether it is lost. */
    bool (*loses)(void *context, const struct double_text *text);
    void *loses_context;
};

void bus_double_init(struct bus_double *bus);
/* All plugins are closed. */
void bus_double_fini(struct bus_double *bus);

struct double_node *bus_double_add(struct bus_double *bus, const char *name);

void *double_node_open(struct double_node *node, const struct ds_plugin *plugin,
                       const char *options_json);
void double_node_close(struct double_node *node, const struct ds_plugin *plugin, void *self);

/* Tells the watchers of a node. */
void double_node_sees(struct double_node *node, const char *server);
void double_node_misses(struct double_node *node, const char *server);
void double_node_follows(struct double_node *node, const char *leader);
/* The bus is there again, for this node. */
void double_node_reconnect(struct double_node *node);
/* Every node sees every other one. */
void bus_double_meet(struct bus_double *bus);

/* Delivers what is on the bus, and what that causes. */
void bus_double_deliver(struct bus_double *bus);

/* Delivers one text. Returns whether there was one. */
bool bus_double_deliver_one(struct bus_double *bus);

/* Lets time go on and delivers, until it is true; ends the process after 30 s. */
void bus_double_run_until(struct bus_double *bus, bool (*is_true)(void *context), void *context);

/* A number below limit. */
unsigned bus_double_dice(struct bus_double *bus, unsigned limit);

bool double_node_has_logged(const struct double_node *node, const char *text);
