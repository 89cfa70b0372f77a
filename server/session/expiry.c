/* Logins that end at a time of their own, as those by token do: a heap by that time and one timer,
 * however many there are. The time is the wall clock's, which may be set; so the timer never sleeps
 * long. */

#include "session/endpoint.h"

#include "metrics/metrics.h"

#include "base/check.h"

#include <time.h>

#define LONGEST_SLEEP_MS 60000.0

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1000000;
}

/* ---- the heap: nobody ends before who stands at half its place, counted from 1 ---- */

static struct session *at(const struct session_endpoint *endpoint, size_t place)
{
    return endpoint->expiring.items[place - 1];
}

static void put(struct session_endpoint *endpoint, size_t place, struct session *session)
{
    endpoint->expiring.items[place - 1] = session;
    session->expiry_place = (uint32_t)place;
}

static void rise(struct session_endpoint *endpoint, size_t place, struct session *session)
{
    while (place > 1 && at(endpoint, place / 2)->expires_ms > session->expires_ms) {
        put(endpoint, place, at(endpoint, place / 2));
        place /= 2;
    }
    put(endpoint, place, session);
}

static void sink(struct session_endpoint *endpoint, size_t place, struct session *session)
{
    size_t count = endpoint->expiring.count;
    for (size_t child; (child = place * 2) <= count; place = child) {
        if (child < count && at(endpoint, child + 1)->expires_ms < at(endpoint, child)->expires_ms)
            child++;
        if (at(endpoint, child)->expires_ms >= session->expires_ms)
            break;
        put(endpoint, place, at(endpoint, child));
    }
    put(endpoint, place, session);
}

static void take_out(struct session_endpoint *endpoint, struct session *session)
{
    size_t place = session->expiry_place;
    struct session *last = endpoint->expiring.items[--endpoint->expiring.count];
    session->expiry_place = 0;
    if (last == session)
        return;
    if (last->expires_ms < session->expires_ms)
        rise(endpoint, place, last);
    else
        sink(endpoint, place, last);
}

/* ---- the timer ---- */

static void on_timer(uv_timer_t *timer);

static void sleep_until_next(struct session_endpoint *endpoint)
{
    if (endpoint->expiring.count == 0) {
        uv_timer_stop(&endpoint->expiry_timer);
        return;
    }
    double left_ms = at(endpoint, 1)->expires_ms - now_ms();
    left_ms = left_ms < 0 ? 0 : left_ms > LONGEST_SLEEP_MS ? LONGEST_SLEEP_MS : left_ms;
    uv_update_time(endpoint->settings->loop);
    uv_timer_start(&endpoint->expiry_timer, on_timer, (uint64_t)left_ms + 1, 0);
}

static void on_timer(uv_timer_t *timer)
{
    struct session_endpoint *endpoint = timer->data;
    double now = now_ms();
    while (endpoint->expiring.count > 0 && at(endpoint, 1)->expires_ms <= now) {
        struct session *session = at(endpoint, 1);
        take_out(endpoint, session);
        session->closing = CLOSING_LOGIN_EXPIRED;
        session_close(session, DS_CLOSE_NORMAL, "its login has expired");
    }
    sleep_until_next(endpoint);
}

/* ---- entry points ---- */

void expiry_watch(struct session *session, double expires_ms)
{
    struct session_endpoint *endpoint = session->endpoint;
    if (!(expires_ms > 0))
        return;
    CHECK(session->expiry_place == 0 && endpoint->expiring.count < UINT32_MAX);
    session->expires_ms = expires_ms;
    VEC_PUSH(&endpoint->expiring, session);
    rise(endpoint, endpoint->expiring.count, session);
    if (session->expiry_place == 1)
        sleep_until_next(endpoint);
}

void expiry_forget(struct session *session)
{
    if (session->expiry_place != 0)
        take_out(session->endpoint, session);
}
