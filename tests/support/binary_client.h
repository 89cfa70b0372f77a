#pragma once
/* A client of ws-binary for tests and benchmarks: one connection, one thread, messages in and out.
 * It speaks ws-json and ws-text too, as far as logging in, subscribing and events go.
 *
 *     struct binary_client client;
 *     if (binary_client_open(&client, port, "{\"username\":\"bo\"}", 5000) != NULL) ...
 *     binary_client_send(&client, &message);           // collected ...
 *     binary_client_flush(&client);                    // ... and written
 *     binary_client_receive(&client);                  // what has arrived -> on_message
 *
 * The socket does not block once the client is open; wait for it with poll, or with
 * binary_client_wait. Functions that can fail return NULL or a static text that says why. */

#include "message/codec.h"

#include "base/buf.h"

struct ssl_st;     /* SSL of OpenSSL */
struct ssl_ctx_st; /* SSL_CTX */

struct binary_client {
    int socket;
    struct ssl_st *tls; /* NULL: nothing is encrypted */
    struct buf out;
    size_t out_written;
    struct buf in;
    size_t in_consumed;
    struct arena arena; /* of the message being handed out */
    struct message_limits limits;
    uint32_t mask;
    enum protocol protocol;
    void *context;
    /* Each message that arrives; borrowed for the call. */
    void (*on_message)(void *context, struct binary_client *client, const struct message *message);
};

/* Connects to 127.0.0.1, upgrades on `path`, and stops there: no message was sent. */
const char *binary_client_connect(struct binary_client *client, uint16_t port, const char *path,
                                  int timeout_ms);

/* The same on /deepstream, then the handshake and a login with auth_data (JSON). */
const char *binary_client_open(struct binary_client *client, uint16_t port, const char *auth_data,
                               int timeout_ms);

/* The same on the path of that protocol, and over TLS unless context is NULL, which is borrowed
 * until the client is closed. */
const char *binary_client_open_as(struct binary_client *client, enum protocol protocol,
                                  struct ssl_ctx_st *context, uint16_t port, const char *auth_data,
                                  int timeout_ms);

/* Of another protocol: connects, says request, and reads what must be expected, byte by byte. The
 * functions below that have to do with messages are not for it. */
const char *binary_client_open_foreign(struct binary_client *client, struct ssl_ctx_st *context,
                                       uint16_t port, slice request, slice expected,
                                       int timeout_ms);

/* Closes the socket without a goodbye and frees. */
void binary_client_close(struct binary_client *client);

/* Collects a message as a masked frame. */
void binary_client_send(struct binary_client *client, const struct message *message);

/* Writes what the socket takes; NULL also when something is left, which binary_client_is_flushed
 * tells. */
const char *binary_client_flush(struct binary_client *client);
static inline bool binary_client_is_flushed(const struct binary_client *client)
{
    return client->out_written == client->out.length;
}

/* Reads what has arrived and hands out every whole message. */
const char *binary_client_receive(struct binary_client *client);

/* Gives buffers back while nothing is under way: for tests with thousands of idle clients. */
void binary_client_trim(struct binary_client *client);

/* Flushes, and receives until is_done says so: for tests that do one thing at a time. */
const char *binary_client_wait(struct binary_client *client, bool (*is_done)(void *context),
                               void *context, int timeout_ms);
