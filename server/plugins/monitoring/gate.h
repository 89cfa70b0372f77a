#pragma once
/* Who may see the counters over HTTP: those who know a secret that a header has to say. */

#include "deepstream/plugin.h"

#include "base/slice.h"

struct gate {
    slice key; /* in lower case; empty: everybody may */
    slice value;
};

/* Reads headerKey and headerValue, which it copies. Returns false when only one is given. */
bool gate_init(struct gate *gate, const struct ds_value *options, struct ds_error *error);
void gate_fini(struct gate *gate);

bool gate_lets_in(const struct gate *gate, const struct ds_http_request *request);

/* As if there were nothing at the path. */
void gate_turn_away(const struct ds_services *services, struct ds_http_exchange *exchange);
