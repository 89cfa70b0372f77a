#pragma once
/* The bus of a cluster as the parts of a node use it: handlers send and get messages, plugins JSON
 * objects; below is the cluster node, which carries texts. Everything that comes is read once,
 * however many listen. */

#include "handlers/cluster/cluster.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/vec.h"

struct log;

struct bus_subscriber {
    enum topic topic;
    bus_message *on_message;
    void *context;
};

struct bus {
    struct log *log;
    slice server_name;
    const struct ds_cluster_node_operations *operations; /* of the cluster node; NULL: none */
    void *self;
    struct ds_cluster_node_listener listener;
    VEC(const struct ds_bus_listener *) listeners; /* plugins */
    VEC(struct bus_subscriber) subscribers;        /* handlers */
    bool is_wanted[UINT8_MAX + 1];                 /* topics */
    bool has_left;
    struct arena arena; /* of the message that is read */
    struct buf out;
};

/* log and server_name are borrowed. */
void bus_init(struct bus *bus, struct log *log, slice server_name);
void bus_fini(struct bus *bus);

/* Puts it onto a cluster node that has not started. */
void bus_attach(struct bus *bus, const struct ds_cluster_node_operations *operations, void *self);

/* From now on nothing comes, and nothing goes. */
void bus_leave(struct bus *bus);

/* Of plugins, see struct ds_services. server.at NULL: to all. */
void bus_send_text(struct bus *bus, slice server, uint8_t topic, slice message);
void bus_listen(struct bus *bus, const struct ds_bus_listener *listener);

/* Of handlers. LISTEN_UNSUCCESSFUL travels under topics of its own (server.md 10). */
void bus_send_message(struct bus *bus, slice server, const struct message *message);
void bus_subscribe(struct bus *bus, enum topic topic, bus_message *on_message, void *context);
