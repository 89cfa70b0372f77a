#pragma once
/* The HTTP service of a node, whatever it is made of. */

#include "deepstream/plugin.h"

struct http_service {
    const struct ds_http_service_operations *operations;
    void *self;
};
