#include "output.h"

#include "base/check.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#define RETRY_MS 20
#define CLOSE_MS 1000

/* ---- writing without waiting ---- */

/* Whether PIPE_BUF bytes can be written now: what poll promises of a pipe. */
static bool is_writable(const struct log_output *output, int timeout_ms)
{
    struct pollfd wanted = {.fd = output->descriptor, .events = POLLOUT};
    return poll(&wanted, 1, timeout_ms) > 0;
}

/* Writes as much as goes without waiting, after at most timeout_ms; returns how much. */
static size_t write_some(struct log_output *output, slice bytes, int timeout_ms)
{
    size_t done = 0;
    while (done < bytes.length && !output->is_gone && is_writable(output, timeout_ms)) {
        size_t left = bytes.length - done;
        ssize_t count =
            write(output->descriptor, bytes.at + done, left < PIPE_BUF ? left : PIPE_BUF);
        if (count >= 0)
            done += (size_t)count;
        else if (errno == EAGAIN)
            break;
        else if (errno != EINTR)
            output->is_gone = errno == EPIPE || errno == EBADF || errno == EIO;
        if (count < 0 && errno != EINTR && !output->is_gone)
            return bytes.length; /* a full disk: this is lost, later lines may not be */
    }
    return output->is_gone ? bytes.length : done;
}

/* ---- the queue ---- */

static void note_dropped(struct log_output *output)
{
    if (output->dropped == 0)
        return;
    char note[96];
    int length = snprintf(note, sizeof note, "ERROR | %llu log lines were dropped\n",
                          (unsigned long long)output->dropped);
    output->dropped = 0;
    buf_append(&output->queue, (slice){note, (size_t)length});
}

static void empty_queue(struct log_output *output, int timeout_ms)
{
    slice left = slice_part(buf_slice(&output->queue), output->written, output->queue.length);
    output->written += write_some(output, left, timeout_ms);
    if (output->written < output->queue.length)
        return;
    buf_clear(&output->queue);
    output->written = 0;
    note_dropped(output);
}

static void on_retry(uv_timer_t *timer)
{
    struct log_output *output = timer->data;
    empty_queue(output, 0);
    if (output->queue.length == 0)
        uv_timer_stop(timer);
}

static void enqueue(struct log_output *output, slice bytes)
{
    if (output->queue.length - output->written + bytes.length > OUTPUT_QUEUE_BYTES) {
        output->dropped++;
        return;
    }
    if (output->queue.length + bytes.length > 2 * OUTPUT_QUEUE_BYTES) {
        output->queue.length -= output->written;
        memmove(output->queue.at, output->queue.at + output->written, output->queue.length);
        output->written = 0;
    }
    buf_append(&output->queue, bytes);
    if (!uv_is_active((uv_handle_t *)&output->timer))
        uv_timer_start(&output->timer, on_retry, RETRY_MS, RETRY_MS);
}

void log_output_write(struct log_output *output, slice line)
{
    if (output->is_gone)
        return;
    if (output->queue.length > 0)
        empty_queue(output, 0);
    size_t done = output->queue.length > 0 ? 0 : write_some(output, line, 0);
    if (done < line.length)
        enqueue(output, slice_part(line, done, line.length));
}

/* ---- its life ---- */

/* A write to a pipe without reader would end the process; here it is an error like others. A host
 * that handles the signal itself keeps its way. */
static void ignore_broken_pipes(void)
{
    struct sigaction action;
    if (sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL) {
        action = (struct sigaction){.sa_handler = SIG_IGN};
        sigaction(SIGPIPE, &action, NULL);
    }
}

void log_output_open(struct log_output *output, uv_loop_t *loop, int descriptor)
{
    ignore_broken_pipes();
    *output = (struct log_output){.descriptor = descriptor};
    CHECK(uv_timer_init(loop, &output->timer) == 0);
    uv_unref((uv_handle_t *)&output->timer);
    output->timer.data = output;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct log_output *output = handle->data;
    buf_fini(&output->queue);
    output->on_closed(output->context);
}

void log_output_close(struct log_output *output, void (*on_closed)(void *context), void *context)
{
    uint64_t until = uv_hrtime() + CLOSE_MS * UINT64_C(1000000);
    while (output->queue.length > 0 && !output->is_gone && uv_hrtime() < until)
        empty_queue(output, RETRY_MS);
    output->on_closed = on_closed;
    output->context = context;
    uv_close((uv_handle_t *)&output->timer, on_timer_closed);
}
