#pragma once
/* One client: bytes that come become lines, messages that leave become lines. */

#include <deepstream/plugin.h>

#include <stdbool.h>
#include <uv.h>

struct line_connection;

/* All of them: what they share, and what the plugin knows of them. */
struct line_host {
    uv_loop_t *loop;
    const struct ds_endpoint *endpoint;
    struct line_connection *first;
    struct ds_transport_counters counters;
    size_t queued_bytes;
    uv_idle_t at_end_of_turn;                 /* active while there is something to do then */
    char input[64 * 1024];                    /* what one read brings */
    void (*on_empty)(struct line_host *host); /* the last one is gone; may be NULL */
};

/* Takes the connection that waits at the listener. */
void line_connection_accept(struct line_host *host, uv_stream_t *listener);

/* Writes what was queued in this turn; the callback of at_end_of_turn. */
void line_host_flush(uv_idle_t *at_end_of_turn);

/* Ends all of them with a goodbye behind what is queued. */
void line_host_say_goodbye(struct line_host *host);

/* Cuts off those that have not left: all, or those alone that were asked before the last call. */
enum line_cut { CUT_ALL, CUT_LATE };
void line_host_cut_off(struct line_host *host, enum line_cut whom);
