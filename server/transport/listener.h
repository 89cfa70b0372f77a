#pragma once
/* A TCP port that is listened at: found by address or name, perhaps shared, given up again. */

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct listener_settings {
    const char *host; /* an address, or a name that the system knows */
    uint16_t port;    /* 0: any free one */
    bool reuse_port;  /* several nodes of one process, or several processes, may share it */
};

/* Starts to listen; on_connection is called for each connection, with data in the data of its
 * stream. Returns 0 and a listener, or a negative UV_ error and NULL. */
int listener_open(uv_tcp_t **listener, uv_loop_t *loop, const struct listener_settings *settings,
                  uv_connection_cb on_connection, void *data);

/* The port; 0 of NULL. */
uint16_t listener_port(const uv_tcp_t *listener);

/* Closes it, unless it is NULL, and clears the pointer. It is freed from the loop. */
void listener_close(uv_tcp_t **listener);
