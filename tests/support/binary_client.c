/* Frames of a server are never masked and come in one piece each; anything else ends the client. */

#include "support/binary_client.h"

#include "base/check.h"

#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define READ_BYTES ((size_t)256 * 1024)
#define MAX_FRAME_BYTES ((uint64_t)64 * 1024 * 1024)

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- connecting ---- */

static int connected_socket(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool wait_for(int fd, short events, int64_t deadline_ms)
{
    int64_t left = deadline_ms - now_ms();
    struct pollfd poll_fd = {.fd = fd, .events = events};
    return left > 0 && poll(&poll_fd, 1, (int)left) == 1;
}

/* ---- bytes, as send and recv take and give them ---- */

static ssize_t outcome_of(struct binary_client *client, int is_done, size_t length)
{
    if (is_done == 1)
        return (ssize_t)length;
    int error = SSL_get_error(client->tls, is_done);
    bool is_busy = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
    errno = is_busy ? EAGAIN : EPIPE;
    return error == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

static ssize_t put(struct binary_client *client, const void *bytes, size_t size)
{
    size_t length = 0;
    if (client->tls == NULL)
        return send(client->socket, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    int is_done = SSL_write_ex(client->tls, bytes, size, &length);
    return outcome_of(client, is_done, length);
}

static ssize_t get(struct binary_client *client, void *room, size_t size)
{
    size_t length = 0;
    if (client->tls == NULL)
        return recv(client->socket, room, size, MSG_DONTWAIT);
    int is_done = SSL_read_ex(client->tls, room, size, &length);
    return outcome_of(client, is_done, length);
}

/* The socket blocks until the head of the answer is read. */
static const char *shake_hands(struct binary_client *client, SSL_CTX *context)
{
    client->tls = SSL_new(context);
    CHECK(client->tls != NULL && SSL_set_fd(client->tls, client->socket) == 1);
    return SSL_connect(client->tls) == 1 ? NULL : "TLS handshake failed";
}

/* ---- the upgrade ---- */

/* Reads byte by byte up to the end of the head, so that nothing behind it is lost. */
static const char *read_head(struct binary_client *client, int64_t deadline_ms, char *head,
                             size_t size)
{
    size_t length = 0;
    while (length + 1 < size) {
        if (client->tls == NULL && !wait_for(client->socket, POLLIN, deadline_ms))
            return "no answer to the upgrade in time";
        if (get(client, head + length, 1) != 1)
            return "connection ended during the upgrade";
        head[++length] = '\0';
        if (length >= 4 && memcmp(head + length - 4, "\r\n\r\n", 4) == 0)
            return NULL;
    }
    return "head of the answer is too long";
}

static const char *upgrade(struct binary_client *client, const char *path, int64_t deadline_ms)
{
    char request[512], head[4096];
    int length = snprintf(request, sizeof request,
                          "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
                          "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                          path);
    CHECK(length > 0 && (size_t)length < sizeof request);
    if (put(client, request, (size_t)length) != length)
        return "upgrade could not be sent";
    const char *error = read_head(client, deadline_ms, head, sizeof head);
    if (error != NULL)
        return error;
    return strncmp(head, "HTTP/1.1 101", 12) == 0 ? NULL : "upgrade was refused";
}

static const char *reach(struct binary_client *client, SSL_CTX *context, uint16_t port)
{
    *client = (struct binary_client){
        .socket = connected_socket(port), .limits = {.max_names = 100000}, .mask = 0x9d3c5a71};
    arena_init(&client->arena, 0);
    if (client->socket < 0)
        return "nobody listens";
    return context == NULL ? NULL : shake_hands(client, context);
}

static void unblock(struct binary_client *client)
{
    if (client->tls != NULL)
        fcntl(client->socket, F_SETFL, fcntl(client->socket, F_GETFL) | O_NONBLOCK);
}

static const char *connect_client(struct binary_client *client, SSL_CTX *context, uint16_t port,
                                  const char *path, int timeout_ms)
{
    const char *error = reach(client, context, port);
    if (error == NULL)
        error = upgrade(client, path, now_ms() + timeout_ms);
    unblock(client);
    return error;
}

static const char *await_answer(struct binary_client *client, slice expected, int64_t deadline_ms)
{
    for (size_t i = 0; i < expected.length; i++) {
        char byte;
        if (client->tls == NULL && !wait_for(client->socket, POLLIN, deadline_ms))
            return "no answer in time";
        if (get(client, &byte, 1) != 1)
            return "connection ended before the answer";
        if (byte != expected.at[i])
            return "answer is another one";
    }
    return NULL;
}

const char *binary_client_open_foreign(struct binary_client *client, SSL_CTX *context,
                                       uint16_t port, slice request, slice expected, int timeout_ms)
{
    const char *error = reach(client, context, port);
    if (error == NULL && put(client, request.at, request.length) != (ssize_t)request.length)
        error = "request could not be sent";
    if (error == NULL)
        error = await_answer(client, expected, now_ms() + timeout_ms);
    unblock(client);
    return error;
}

const char *binary_client_connect(struct binary_client *client, uint16_t port, const char *path,
                                  int timeout_ms)
{
    return connect_client(client, NULL, port, path, timeout_ms);
}

void binary_client_close(struct binary_client *client)
{
    SSL_free(client->tls);
    client->tls = NULL;
    if (client->socket >= 0)
        close(client->socket);
    client->socket = -1;
    buf_fini(&client->out);
    buf_fini(&client->in);
    arena_fini(&client->arena);
}

/* ---- sending ---- */

static void mask_bytes(char *at, size_t length, uint32_t mask)
{
    unsigned char key[4];
    memcpy(key, &mask, 4);
    for (size_t i = 0; i < length; i++)
        at[i] = (char)((unsigned char)at[i] ^ key[i & 3]);
}

static bool is_text(const struct binary_client *client)
{
    return codec_of(client->protocol)->is_text;
}

/* What a client says in the v3 protocol; the server's codec writes what servers say. */
static void encode_text(const struct message *message, struct buf *out)
{
    if (message->topic == TOPIC_AUTH) {
        buf_printf(out, "A\x1FREQ\x1F" SLICE_FORMAT "\x1E", SLICE_ARGUMENTS(message->data));
        return;
    }
    for (uint32_t i = 0; i < message->name_count; i++)
        buf_printf(out, "E\x1FS\x1F" SLICE_FORMAT "\x1E", SLICE_ARGUMENTS(message->names[i]));
    if (message->name_count == 0)
        text_encode(message, out);
}

static void encode(const struct binary_client *client, const struct message *message,
                   struct buf *out)
{
    if (client->protocol == PROTOCOL_TEXT)
        encode_text(message, out);
    else
        codec_of(client->protocol)->encode(message, out);
}

static size_t put_header(unsigned char *header, bool is_text_frame, size_t length)
{
    header[0] = is_text_frame ? 0x81 : 0x82; /* final */
    if (length < 126) {
        header[1] = (unsigned char)(0x80 | length);
        return 2;
    }
    size_t width = length < 65536 ? 2 : 8;
    header[1] = width == 2 ? 0x80 | 126 : 0x80 | 127;
    for (size_t i = 0; i < width; i++)
        header[2 + i] = (unsigned char)(length >> 8 * (width - 1 - i));
    return 2 + width;
}

#define MOST_HEADER 14

void binary_client_send(struct binary_client *client, const struct message *message)
{
    size_t start = client->out.length;
    buf_extend(&client->out, MOST_HEADER);
    encode(client, message, &client->out);
    size_t length = client->out.length - start - MOST_HEADER;
    unsigned char header[MOST_HEADER];
    size_t header_length = put_header(header, is_text(client), length);
    client->mask = client->mask * 1664525 + 1013904223;
    memcpy(header + header_length, &client->mask, 4);
    header_length += 4;
    char *frame = client->out.at + start;
    mask_bytes(frame + MOST_HEADER, length, client->mask);
    memmove(frame + header_length, frame + MOST_HEADER, length);
    memcpy(frame, header, header_length);
    client->out.length = start + header_length + length;
}

const char *binary_client_flush(struct binary_client *client)
{
    while (!binary_client_is_flushed(client)) {
        ssize_t written = put(client, client->out.at + client->out_written,
                              client->out.length - client->out_written);
        if (written < 0)
            return errno == EAGAIN || errno == EINTR ? NULL : "connection is broken";
        client->out_written += (size_t)written;
    }
    buf_clear(&client->out);
    client->out_written = 0;
    return NULL;
}

/* ---- receiving ---- */

/* The frame at the start of bytes: its payload, and its whole size; size 0 when it is incomplete.
 */
static const char *next_frame(slice bytes, unsigned *opcode, slice *payload, size_t *size)
{
    const unsigned char *at = (const unsigned char *)bytes.at;
    *size = 0;
    if (bytes.length < 2)
        return NULL;
    if ((at[0] & 0xf0) != 0x80 || (at[1] & 0x80) != 0)
        return "frame is a fragment, compressed or masked";
    size_t width = (at[1] & 127) == 127 ? 8 : (at[1] & 127) == 126 ? 2 : 0;
    if (bytes.length < 2 + width)
        return NULL;
    uint64_t length = at[1] & 127;
    if (width > 0) {
        length = 0;
        for (size_t i = 0; i < width; i++)
            length = length << 8 | at[2 + i];
    }
    if (length > MAX_FRAME_BYTES)
        return "frame is too large";
    if (bytes.length < 2 + width + length)
        return NULL;
    *opcode = at[0] & 15;
    *payload = (slice){bytes.at + 2 + width, (size_t)length};
    *size = 2 + width + (size_t)length;
    return NULL;
}

/* What a server says in the v3 protocol is read by the server's codec as far as clients say the
 * same; the rest is logins and acknowledgements. */
static enum decoded decode_text(slice *rest, struct binary_client *client, struct message *message,
                                const char **error)
{
    slice before = *rest;
    enum decoded decoded = text_decode(rest, &client->limits, &client->arena, message, error);
    *error = NULL;
    if (slice_starts_with(before, SLICE("A\x1F"
                                        "A"))) {
        *message = MESSAGE(TOPIC_AUTH, AUTH_AUTH_SUCCESSFUL);
        return DECODED_MESSAGE;
    }
    if (slice_starts_with(before, SLICE("E\x1F"
                                        "A\x1F"))) {
        *message = MESSAGE(TOPIC_EVENT, EVENT_SUBSCRIBE);
        MESSAGE_SET(message, is_ack, true);
        return DECODED_MESSAGE;
    }
    bool is_ping = decoded == DECODED_MESSAGE && message->topic == TOPIC_CONNECTION;
    return is_ping ? DECODED_NOTHING : decoded;
}

static const char *hand_out(struct binary_client *client, slice payload)
{
    struct message message;
    struct arena_mark mark = arena_mark(&client->arena);
    const char *error = NULL;
    slice rest = payload;
    do {
        enum decoded decoded =
            client->protocol == PROTOCOL_TEXT
                ? decode_text(&rest, client, &message, &error)
                : codec_of(client->protocol)
                      ->decode(&rest, &client->limits, &client->arena, &message, &error);
        if (decoded == DECODED_MESSAGE && client->on_message != NULL)
            client->on_message(client->context, client, &message);
        if (decoded == DECODED_MESSAGE)
            error = NULL;
        arena_reset(&client->arena, mark);
    } while (error == NULL && rest.length > 0);
    return error;
}

static const char *take_frames(struct binary_client *client)
{
    for (;;) {
        slice rest = {client->in.at + client->in_consumed, client->in.length - client->in_consumed};
        unsigned opcode = 0;
        slice payload = {0};
        size_t size;
        const char *error = next_frame(rest, &opcode, &payload, &size);
        if (error != NULL || size == 0)
            return error;
        client->in_consumed += size;
        if (opcode == 8)
            return "closed by the server";
        if (opcode != (is_text(client) ? 1 : 2))
            return "frame is of the wrong kind";
        error = hand_out(client, payload);
        if (error != NULL)
            return error;
    }
}

static void keep_rest(struct binary_client *client)
{
    client->in.length -= client->in_consumed;
    if (client->in.length > 0)
        memmove(client->in.at, client->in.at + client->in_consumed, client->in.length);
    client->in_consumed = 0;
}

const char *binary_client_receive(struct binary_client *client)
{
    for (;;) {
        char *space = buf_extend(&client->in, READ_BYTES);
        ssize_t length = get(client, space, READ_BYTES);
        client->in.length -= READ_BYTES - (length > 0 ? (size_t)length : 0);
        if (length < 0)
            return errno == EAGAIN || errno == EINTR ? NULL : "connection is broken";
        if (length == 0)
            return "connection ended";
        const char *error = take_frames(client);
        keep_rest(client);
        if (error != NULL || (client->tls == NULL && (size_t)length < READ_BYTES))
            return error;
    }
}

const char *binary_client_wait(struct binary_client *client, bool (*is_done)(void *context),
                               void *context, int timeout_ms)
{
    int64_t deadline_ms = now_ms() + timeout_ms;
    for (;;) {
        const char *error = binary_client_flush(client);
        if (error != NULL || is_done(context))
            return error;
        short events = (short)(POLLIN | (binary_client_is_flushed(client) ? 0 : POLLOUT));
        if (!wait_for(client->socket, events, deadline_ms))
            return "nothing arrived in time";
        error = binary_client_receive(client);
        if (error != NULL)
            return is_done(context) ? NULL : error;
    }
}

void binary_client_trim(struct binary_client *client)
{
    CHECK(binary_client_is_flushed(client) && client->in.length == 0);
    buf_fini(&client->out);
    buf_fini(&client->in);
    client->out_written = 0;
    arena_fini(&client->arena);
    arena_init(&client->arena, 0);
}

/* ---- handshake ---- */

struct login {
    unsigned topic, action; /* waited for */
    bool has_arrived, was_refused;
};

static void on_handshake(void *context, struct binary_client *client, const struct message *message)
{
    struct login *login = context;
    (void)client;
    login->has_arrived = message->topic == login->topic && message->action == login->action;
    login->was_refused = message->topic == TOPIC_AUTH && !login->has_arrived;
}

static bool login_has_moved(void *context)
{
    const struct login *login = context;
    return login->has_arrived || login->was_refused;
}

static const char *exchange(struct binary_client *client, const struct message *message,
                            struct login *login, int timeout_ms)
{
    binary_client_send(client, message);
    client->context = login;
    client->on_message = on_handshake;
    const char *error = binary_client_wait(client, login_has_moved, login, timeout_ms);
    client->on_message = NULL;
    if (error == NULL && login->was_refused)
        error = "login was refused";
    return error;
}

static const char *challenge(struct binary_client *client, int timeout_ms)
{
    struct message message = MESSAGE(TOPIC_CONNECTION, CONNECTION_CHALLENGE);
    MESSAGE_SET(&message, url, SLICE("ws://127.0.0.1/deepstream"));
    MESSAGE_SET(&message, protocol_version, SLICE("0.1a"));
    MESSAGE_SET(&message, sdk_version, SLICE("7.0.0"));
    MESSAGE_SET(&message, sdk_type, SLICE("c"));
    struct login accepted = {.topic = TOPIC_CONNECTION, .action = CONNECTION_ACCEPT};
    return exchange(client, &message, &accepted, timeout_ms);
}

const char *binary_client_open_as(struct binary_client *client, enum protocol protocol,
                                  struct ssl_ctx_st *context, uint16_t port, const char *auth_data,
                                  int timeout_ms)
{
    static const char *const paths[] = {[PROTOCOL_BINARY] = "/deepstream",
                                        [PROTOCOL_JSON] = "/deepstream-json",
                                        [PROTOCOL_TEXT] = "/deepstream-v3"};
    const char *error = connect_client(client, context, port, paths[protocol], timeout_ms);
    client->protocol = protocol;
    if (error == NULL && protocol != PROTOCOL_TEXT)
        error = challenge(client, timeout_ms);
    if (error != NULL)
        return error;
    struct message request = MESSAGE(TOPIC_AUTH, AUTH_REQUEST);
    MESSAGE_SET(&request, data, slice_of(auth_data));
    struct login successful = {.topic = TOPIC_AUTH, .action = AUTH_AUTH_SUCCESSFUL};
    return exchange(client, &request, &successful, timeout_ms);
}

const char *binary_client_open(struct binary_client *client, uint16_t port, const char *auth_data,
                               int timeout_ms)
{
    return binary_client_open_as(client, PROTOCOL_BINARY, NULL, port, auth_data, timeout_ms);
}
