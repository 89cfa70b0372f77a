#pragma once
/* TLS over somebody else's bytes: OpenSSL between two buffers in memory. What comes from the socket
 * is fed, what is to be sent there is taken out. The certificate of the other side is checked,
 * against the system's authorities or those of the option `ca`, and its name too. */

#include "deepstream/plugin.h"

#include "base/buf.h"

struct redis_tls_context; /* shared by all connections of a connector */
struct redis_tls;         /* one connection */

/* options: the map of `tls`, or anything else for the usual settings. ca, cert and key are PEM
 * texts. Returns NULL and fills error. */
struct redis_tls_context *redis_tls_context_new(const struct ds_value *options,
                                                struct ds_error *error);
void redis_tls_context_free(struct redis_tls_context **context);

/* host: whom the certificate has to name, unless the options say another name. */
struct redis_tls *redis_tls_new(struct redis_tls_context *context, const char *host);
void redis_tls_free(struct redis_tls **tls);

/* Goes on as far as it can: bytes from the socket in, what came decrypted is appended to `plain`,
 * what has to be sent to `wire`. The first call, without bytes, begins the handshake. Returns NULL,
 * or why the connection has to end; lives as long as tls. */
const char *redis_tls_receive(struct redis_tls *tls, slice bytes, struct buf *plain,
                              struct buf *wire);

bool redis_tls_is_open(const struct redis_tls *tls); /* the handshake is over */

/* The other side's certificate was found wanting. */
bool redis_tls_is_refused(const struct redis_tls *tls);

/* Encrypts; only once it is open. */
const char *redis_tls_send(struct redis_tls *tls, slice plain, struct buf *wire);
