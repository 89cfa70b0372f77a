#pragma once
/* The TLS of one stream: sealed bytes in, plain bytes out, and the other way round. It knows no
 * socket; stream.c reads and writes.
 *
 *     handshake ---> open ---> (said goodbye)
 *          \____________\____> broken: an alert may be left in tls_wire, nothing else will come
 *
 * Before the first byte of a peer it is a few pointers. While it is idle it holds what the library
 * keeps of a connection, and no buffer. */

#include "deepstream/plugin/http.h"
#include "transport/outq.h"
#include "transport/tls/tls.h"

struct tls_connection;

/* More is not sealed ahead of what the socket takes: until then large frames stay shared. */
#define TLS_SEALED_BYTES ((size_t)64 * 1024)

/* context is retained, pool borrowed. */
struct tls_connection *tls_connection_new(struct tls_context *context, struct outq_pool *pool);
void tls_connection_free(struct tls_connection **connection); /* and sets it to NULL; may be NULL */

/* ---- in ---- */

/* What the peer sent. It is borrowed until tls_read has returned anything but TLS_FULL; what is not
 * taken by then is dropped. */
void tls_give(struct tls_connection *connection, slice bytes);

enum tls_outcome {
    TLS_MORE,   /* all that was given is read */
    TLS_FULL,   /* room is full: call again */
    TLS_ENDED,  /* the peer said goodbye */
    TLS_BROKEN, /* tls_why says what happened */
};

/* Opens what was given, as far as room reaches, and shakes hands on the way. *length is set in any
 * case. Answers of the protocol are left in tls_wire. */
enum tls_outcome tls_read(struct tls_connection *connection, char *room, size_t size,
                          size_t *length);

/* ---- out ---- */

/* Seals what is queued in plain, up to TLS_SEALED_BYTES, and takes it from there. Does nothing
 * while the handshake lasts. */
void tls_seal(struct tls_connection *connection, struct outq *plain);

/* close_notify, behind what is sealed. */
void tls_say_goodbye(struct tls_connection *connection);

/* What goes to the socket; of the pool that was given. */
struct outq *tls_wire(struct tls_connection *connection);

/* ---- state ---- */

bool tls_is_open(const struct tls_connection *connection);

/* The peer has begun a handshake that is neither complete nor broken. */
bool tls_is_shaking_hands(const struct tls_connection *connection);

/* No more of it; why is a static text. */
void tls_give_up(struct tls_connection *connection, const char *why);

/* Of a broken one: a static text, and another that says more, or NULL. */
const char *tls_why(const struct tls_connection *connection, const char **more);

/* ---- who the peer is (certificate.c) ---- */

/* The certificate that the peer of an open connection has shown; NULL when there is none. Ended by
 * free. */
struct ds_tls_peer *tls_peer_new(const struct tls_connection *connection);
