#pragma once
/* What the answer of a webhook means for a login (server.md 6.5). It comes from outside: whatever
 * it is, there is an outcome. */

#include "deepstream/plugin.h"

#include "base/arena.h"
#include "base/buf.h"

#define WEBHOOK_MAX_ID_BYTES 1024

struct webhook_verdict {
    enum ds_login_outcome outcome; /* accepted or refused */
    bool has_id;
    slice id;
    slice token;
    struct buf client_data; /* JSON; empty: none */
    struct buf server_data;
    const char *problem; /* NULL, or why an answer that would accept cannot */
};

/* is_permitted: the status is one that accepts. Texts live as long as arena and body. Call
 * webhook_verdict_fini. */
void webhook_verdict_init(struct webhook_verdict *verdict, bool is_permitted, slice content_type,
                          slice body, struct arena *arena);
void webhook_verdict_fini(struct webhook_verdict *verdict);
