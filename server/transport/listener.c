#include "transport/listener.h"

#include "base/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define BACKLOG 1024

static int resolve(uv_loop_t *loop, const char *host, uint16_t port, struct sockaddr_storage *out)
{
    if (uv_ip4_addr(host, port, (struct sockaddr_in *)out) == 0 ||
        uv_ip6_addr(host, port, (struct sockaddr_in6 *)out) == 0)
        return 0;
    uv_getaddrinfo_t request;
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    int status = uv_getaddrinfo(loop, &request, NULL, host, NULL, &hints);
    if (status != 0)
        return status;
    memcpy(out, request.addrinfo->ai_addr, request.addrinfo->ai_addrlen);
    uv_freeaddrinfo(request.addrinfo);
    if (out->ss_family == AF_INET6)
        ((struct sockaddr_in6 *)out)->sin6_port = htons(port);
    else
        ((struct sockaddr_in *)out)->sin_port = htons(port);
    return 0;
}

static int share_port(uv_tcp_t *listener)
{
    uv_os_fd_t socket;
    int yes = 1, status = uv_fileno((uv_handle_t *)listener, &socket);
    if (status == 0 && setsockopt(socket, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes) != 0)
        status = uv_translate_sys_error(errno);
    return status;
}

static int start(uv_tcp_t *listener, const struct listener_settings *settings,
                 const struct sockaddr *address, uv_connection_cb on_connection)
{
    int status = settings->reuse_port ? share_port(listener) : 0;
    if (status == 0)
        status = uv_tcp_bind(listener, address, 0);
    if (status == 0)
        status = uv_listen((uv_stream_t *)listener, BACKLOG, on_connection);
    return status;
}

int listener_open(uv_tcp_t **listener, uv_loop_t *loop, const struct listener_settings *settings,
                  uv_connection_cb on_connection, void *data)
{
    struct sockaddr_storage address = {0};
    *listener = NULL;
    int status = resolve(loop, settings->host, settings->port, &address);
    if (status != 0)
        return status;
    uv_tcp_t *opened = calloc(1, sizeof *opened);
    CHECK(opened != NULL);
    status = uv_tcp_init_ex(loop, opened, address.ss_family);
    if (status != 0) {
        free(opened);
        return status;
    }
    opened->data = data;
    *listener = opened;
    status = start(opened, settings, (struct sockaddr *)&address, on_connection);
    if (status != 0)
        listener_close(listener);
    return status;
}

uint16_t listener_port(const uv_tcp_t *listener)
{
    struct sockaddr_storage address;
    int length = sizeof address;
    if (listener == NULL || uv_tcp_getsockname(listener, (struct sockaddr *)&address, &length) != 0)
        return 0;
    return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                               : ((struct sockaddr_in *)&address)->sin_port);
}

static void on_closed(uv_handle_t *listener)
{
    free(listener);
}

void listener_close(uv_tcp_t **listener)
{
    if (*listener != NULL)
        uv_close((uv_handle_t *)*listener, on_closed);
    *listener = NULL;
}
