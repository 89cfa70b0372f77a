#include "transport/stream_host.h"

#include "transport/tls/tls.h"

#include "base/check.h"

#include <stdlib.h>

#define LINGER_MS 3000

void stream_host_init(struct stream_host *host, uv_loop_t *loop, struct log *log, void *context)
{
    *host = (struct stream_host){.loop = loop, .log = log, .context = context};
    turn_init(&host->turn, loop);
    deadlines_init(&host->linger, loop, LINGER_MS);
    deadlines_init(&host->handshakes, loop, 0);
    list_init(&host->streams);
    host->read_buffer = malloc(STREAM_READ_BYTES);
    CHECK(host->read_buffer != NULL);
}

void stream_host_encrypt(struct stream_host *host, struct tls_context *context, uint32_t timeout_ms)
{
    tls_context_release(&host->tls);
    host->tls = tls_context_retain(context);
    host->handshakes.after_ms = timeout_ms;
    if (host->opened == NULL)
        host->opened = malloc(STREAM_READ_BYTES);
    CHECK(host->opened != NULL);
}

static void on_part_closed(struct stream_host *host)
{
    if (--host->open_parts > 0)
        return;
    outq_pool_fini(&host->pool);
    tls_context_release(&host->tls);
    free(host->read_buffer);
    free(host->opened);
    host->on_closed(host->context);
}

static void on_turn_closed(struct turn *turn)
{
    on_part_closed(LIST_ITEM(turn, struct stream_host, turn));
}

static void on_linger_closed(uv_handle_t *timer)
{
    on_part_closed(LIST_ITEM(timer, struct stream_host, linger.timer));
}

static void on_handshakes_closed(uv_handle_t *timer)
{
    on_part_closed(LIST_ITEM(timer, struct stream_host, handshakes.timer));
}

void stream_host_close(struct stream_host *host, void (*on_closed)(void *context))
{
    CHECK(host->stream_count == 0);
    host->on_closed = on_closed;
    host->open_parts = 3;
    turn_close(&host->turn, on_turn_closed);
    deadlines_close(&host->linger, on_linger_closed);
    deadlines_close(&host->handshakes, on_handshakes_closed);
}
