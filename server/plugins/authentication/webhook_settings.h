#pragma once
/* The options of the authentication `type: http`. */

#include "deepstream/plugin.h"

#include "base/arena.h"
#include "base/vec.h"

struct webhook_codes {
    VEC(double) all; /* as they are written */
};

struct webhook_settings {
    struct arena arena;
    const char *url;
    struct webhook_codes permitted; /* status codes of answers that let in */
    struct webhook_codes retried;   /* those after which it is asked again */
    VEC(slice) promoted;            /* members of authData that become headers: fit for that */
    uint32_t timeout_ms;
    uint32_t retry_attempts;
    uint32_t retry_interval_ms;
    bool reports; /* a wrong login is refused here; else the next entry of `auth` is asked */
};

/* False: error says why, and there is nothing to fini. */
bool webhook_settings_read(struct webhook_settings *settings, const struct ds_value *options,
                           struct ds_error *error);
void webhook_settings_fini(struct webhook_settings *settings);

bool webhook_codes_have(const struct webhook_codes *codes, uint32_t status);
