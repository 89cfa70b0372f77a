#pragma once
/* From an option `ssl` of the configuration to the TLS context of a listener. */

#include "node/config/config.h"
#include "transport/tls/tls.h"

/* Why there is no context. */
struct encryption_fault {
    const struct ds_value *value; /* what is to blame; of the configuration */
    char text[1024];              /* "ssl: `cert` (server.pem) holds no certificate in PEM" */
};

/* The context that ssl describes, with the files as they are now; NULL, with fault filled, when
 * that is not possible. Relative paths start at config_dir. ssl is a map. */
struct tls_context *encryption_new(const char *config_dir, const struct ds_value *ssl,
                                   struct encryption_fault *fault);
