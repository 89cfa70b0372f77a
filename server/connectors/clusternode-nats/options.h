#pragma once
/* What the configuration says about the bus, as the library of NATS wants it. */

#include "deepstream/plugin.h"

#include <nats/nats.h>

struct bus_options {
    natsOptions *library; /* all the caller's */
    char *prefix;
    char *places; /* of the servers, as they may stand in the log: "host:4222, other:4222" */
};

/* For struct ds_plugin. */
extern const char *const bus_option_names[];

/* Returns false and fills error, which names the option, when a value cannot be used. */
bool bus_options_read(struct bus_options *read, const struct ds_value *options,
                      struct ds_error *error);
