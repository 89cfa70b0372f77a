#include "link.h"

#include "subject.h"

#include "base/check.h"

#include <signal.h>
#include <stdio.h>

#define RETRY_NANOSECONDS UINT64_C(250000000)
#define FLUSH_MS 1000
#define MOST_PENDING_TEXTS 100000
#define MOST_PENDING_BYTES (64 << 20)

static void wake_loop(struct link *link)
{
    uv_async_send(&link->wake);
}

static void note_error(struct link *link, const char *what, const char *why)
{
    uv_mutex_lock(&link->lock);
    snprintf(link->news.error, sizeof link->news.error, "%s: %s", what, why);
    uv_mutex_unlock(&link->lock);
    wake_loop(link);
}

/* ---- called by the library, on its threads ---- */

static void on_text(natsConnection *connection, natsSubscription *subscription, natsMsg *message,
                    void *closure)
{
    struct link *link = closure;
    (void)connection;
    (void)subscription;
    int topic = subject_topic(slice_of(natsMsg_GetSubject(message)), link->prefix);
    slice text = {natsMsg_GetData(message), (size_t)natsMsg_GetDataLength(message)};
    if (topic >= 0) {
        struct parcel *parcel = parcel_new((slice){0}, (uint8_t)topic, text);
        uv_mutex_lock(&link->lock);
        parcels_put(&link->news.incoming, parcel);
        uv_mutex_unlock(&link->lock);
        wake_loop(link);
    }
    natsMsg_Destroy(message);
}

static void on_subscription_over(void *closure)
{
    struct link *link = closure;
    uv_mutex_lock(&link->lock);
    link->subscriptions--;
    uv_cond_signal(&link->changed);
    uv_mutex_unlock(&link->lock);
}

static void on_lost(natsConnection *connection, void *closure)
{
    struct link *link = closure;
    (void)connection;
    uv_mutex_lock(&link->lock);
    link->is_connected = false;
    link->news.was_lost = !link->is_stopping;
    link->news.was_regained = false;
    uv_mutex_unlock(&link->lock);
    wake_loop(link);
}

static void on_regained(natsConnection *connection, void *closure)
{
    struct link *link = closure;
    (void)connection;
    uv_mutex_lock(&link->lock);
    link->is_connected = true;
    link->news.was_regained = true;
    uv_mutex_unlock(&link->lock);
    wake_loop(link);
}

static void on_closed(natsConnection *connection, void *closure)
{
    struct link *link = closure;
    (void)connection;
    uv_mutex_lock(&link->lock);
    link->is_closed = true;
    uv_cond_signal(&link->changed);
    uv_mutex_unlock(&link->lock);
}

/* A slow consumer is one whose texts were dropped by the library. */
static void on_error(natsConnection *connection, natsSubscription *subscription, natsStatus status,
                     void *closure)
{
    struct link *link = closure;
    (void)connection;
    (void)subscription;
    if (status == NATS_SLOW_CONSUMER) {
        uv_mutex_lock(&link->lock);
        link->news.was_regained = true;
        uv_mutex_unlock(&link->lock);
    }
    note_error(link, "NATS", natsStatus_GetText(status));
}

/* ---- the worker ---- */

static natsStatus subscribe(struct link *link, const char *subject)
{
    natsSubscription *subscription;
    natsStatus status =
        natsConnection_Subscribe(&subscription, link->connection, subject, on_text, link);
    if (status != NATS_OK)
        return status;
    uv_mutex_lock(&link->lock);
    link->subscriptions++;
    uv_mutex_unlock(&link->lock);
    natsSubscription_SetOnCompleteCB(subscription, on_subscription_over, link);
    natsSubscription_SetPendingLimits(subscription, MOST_PENDING_TEXTS, MOST_PENDING_BYTES);
    VEC_PUSH(&link->all_subscriptions, subscription);
    return NATS_OK;
}

static bool is_connected(struct link *link)
{
    uv_mutex_lock(&link->lock);
    bool connected = link->is_connected;
    uv_mutex_unlock(&link->lock);
    return connected;
}

/* Texts are dropped while the connection is lost. */
static void publish(struct link *link, const struct parcel *parcel)
{
    natsStatus status = NATS_OK;
    if (is_connected(link))
        status = natsConnection_Publish(link->connection, parcel->subject, parcel->text.at,
                                        (int)parcel->text.length);
    if (status != NATS_OK)
        note_error(link, parcel->subject, natsStatus_GetText(status));
}

static void subscribe_for(struct link *link, const struct parcel *parcel)
{
    natsStatus status = subscribe(link, parcel->subject);
    if (status != NATS_OK)
        note_error(link, parcel->subject, natsStatus_GetText(status));
}

/* Subscriptions are kept for the next connection. */
static void do_parcels(struct link *link, struct parcels *parcels)
{
    for (struct parcel *parcel = parcels->first, *next; parcel != NULL; parcel = next) {
        next = parcel->next;
        if (parcel->is_subscription) {
            subscribe_for(link, parcel);
            parcels_put(&link->wanted, parcel);
        } else {
            publish(link, parcel);
            free(parcel);
        }
    }
}

/* Waits for something to do; false when this connection has nothing to do any more. */
static bool take_outgoing(struct link *link, struct parcels *parcels)
{
    uv_mutex_lock(&link->lock);
    while (link->outgoing.first == NULL && !link->is_stopping && !link->is_closed)
        uv_cond_wait(&link->changed, &link->lock);
    bool has_more = link->outgoing.first != NULL && !link->is_closed;
    if (has_more) {
        *parcels = parcels_take(&link->outgoing);
        link->news.was_regained = link->news.was_regained || parcels->has_lost;
    }
    uv_mutex_unlock(&link->lock);
    return has_more;
}

/* ---- connecting ---- */

static bool is_refusal(natsStatus status)
{
    return status == NATS_CONNECTION_AUTH_FAILED || status == NATS_NOT_PERMITTED ||
           status == NATS_SSL_ERROR || status == NATS_SECURE_CONNECTION_REQUIRED ||
           status == NATS_SECURE_CONNECTION_WANTED;
}

/* The library's own words say more than those of the status: which certificate, for example. Before
 * them may stand the line of its source. */
static const char *reason_of(natsStatus status)
{
    const char *text = nats_GetLastError(NULL);
    const char *end = text != NULL && *text == '(' ? strstr(text, "): ") : NULL;
    if (end != NULL)
        text = end + 3;
    return text == NULL || *text == '\0' ? natsStatus_GetText(status) : text;
}

static void note_failure(struct link *link, natsStatus status)
{
    uv_mutex_lock(&link->lock);
    if (!link->has_been_connected && is_refusal(status))
        link->news.is_refused = true;
    uv_mutex_unlock(&link->lock);
    char what[128];
    snprintf(what, sizeof what, "cannot connect to NATS at %s", link->places);
    note_error(link, what, reason_of(status));
}

static natsStatus try_to_connect(struct link *link)
{
    uv_mutex_lock(&link->lock);
    link->is_connected = true; /* until on_lost says otherwise */
    link->is_closed = false;
    uv_mutex_unlock(&link->lock);
    natsStatus status = natsConnection_Connect(&link->connection, link->options);
    if (status != NATS_OK) {
        uv_mutex_lock(&link->lock);
        link->is_connected = false;
        uv_mutex_unlock(&link->lock);
    }
    return status;
}

/* False: there is no time left to try again. */
static bool wait_for_retry(struct link *link)
{
    uv_mutex_lock(&link->lock);
    if (!link->is_stopping)
        uv_cond_timedwait(&link->changed, &link->lock, RETRY_NANOSECONDS);
    bool is_stopping = link->is_stopping;
    uv_mutex_unlock(&link->lock);
    return !is_stopping;
}

/* Whether there is a connection, after however many tries. The same failure is told once. */
static bool connect_at_last(struct link *link)
{
    natsStatus told = NATS_OK, status = try_to_connect(link);
    while (status != NATS_OK) {
        if (status != told)
            note_failure(link, status);
        told = status;
        if (!wait_for_retry(link))
            return false;
        status = try_to_connect(link);
    }
    return true;
}

/* What was sent while there was no connection is older than what nodes then tell each other. */
static void drop_texts(struct link *link)
{
    struct parcels parcels, kept = {0};
    uv_mutex_lock(&link->lock);
    parcels = parcels_take(&link->outgoing);
    for (struct parcel *parcel = parcels.first, *next; parcel != NULL; parcel = next) {
        next = parcel->next;
        if (parcel->is_subscription)
            parcels_put(&kept, parcel);
        else
            free(parcel);
    }
    link->outgoing = kept;
    uv_mutex_unlock(&link->lock);
}

/* The server knows of the subscriptions that were wanted until now. */
static void tell_connected(struct link *link)
{
    natsConnection_FlushTimeout(link->connection, FLUSH_MS);
    uv_mutex_lock(&link->lock);
    link->news.is_ready = !link->has_been_connected;
    link->news.was_regained = link->news.was_regained || link->has_been_connected;
    uv_mutex_unlock(&link->lock);
    link->has_been_connected = true;
    wake_loop(link);
}

static void begin(struct link *link)
{
    struct parcels parcels;
    if (link->has_been_connected)
        drop_texts(link);
    for (const struct parcel *parcel = link->wanted.first; parcel != NULL; parcel = parcel->next)
        subscribe_for(link, parcel);
    uv_mutex_lock(&link->lock);
    parcels = parcels_take(&link->outgoing);
    uv_mutex_unlock(&link->lock);
    do_parcels(link, &parcels);
    tell_connected(link);
}

/* Nothing of the library may call with this link once it is gone. */
static void disconnect(struct link *link)
{
    if (is_connected(link))
        natsConnection_FlushTimeout(link->connection, FLUSH_MS);
    natsConnection_Close(link->connection);
    uv_mutex_lock(&link->lock);
    while (!link->is_closed || link->subscriptions > 0)
        uv_cond_wait(&link->changed, &link->lock);
    uv_mutex_unlock(&link->lock);
    for (size_t i = 0; i < link->all_subscriptions.count; i++)
        natsSubscription_Destroy(link->all_subscriptions.items[i]);
    VEC_FREE(&link->all_subscriptions);
    natsConnection_Destroy(link->connection);
    link->connection = NULL;
}

/* Whether the library has given up, although nobody wants that. */
static bool has_to_go_on(struct link *link)
{
    uv_mutex_lock(&link->lock);
    bool goes_on = !link->is_stopping;
    uv_mutex_unlock(&link->lock);
    return goes_on;
}

static void work(void *argument)
{
    struct link *link = argument;
    struct parcels parcels;
    while (has_to_go_on(link) && connect_at_last(link)) {
        begin(link);
        while (take_outgoing(link, &parcels))
            do_parcels(link, &parcels);
        disconnect(link);
    }
    uv_mutex_lock(&link->lock);
    link->news.has_ended = true;
    uv_mutex_unlock(&link->lock);
    wake_loop(link);
}

/* ---- the loop's side ---- */

static void set_callbacks(struct link *link)
{
    natsOptions_SetDisconnectedCB(link->options, on_lost, link);
    natsOptions_SetReconnectedCB(link->options, on_regained, link);
    natsOptions_SetClosedCB(link->options, on_closed, link);
    natsOptions_SetErrorHandler(link->options, on_error, link);
}

/* Signals are the business of the loop's thread: the worker, which inherits the mask, gets none. */
static void start_thread(struct link *link)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    CHECK(uv_thread_create(&link->thread, work, link) == 0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void link_init(struct link *link, const struct link_settings *settings)
{
    *link = (struct link){
        .prefix = settings->prefix, .places = settings->places, .options = settings->options};
    CHECK(uv_mutex_init(&link->lock) == 0 && uv_cond_init(&link->changed) == 0);
}

void link_start(struct link *link, uv_loop_t *loop, uv_async_cb on_wake, void *context)
{
    CHECK(uv_async_init(loop, &link->wake, on_wake) == 0);
    link->wake.data = context;
    set_callbacks(link);
    start_thread(link);
}

static void put(struct link *link, struct parcel *parcel)
{
    uv_mutex_lock(&link->lock);
    parcels_put(&link->outgoing, parcel);
    uv_cond_signal(&link->changed);
    uv_mutex_unlock(&link->lock);
}

static struct parcel *parcel_to(const struct link *link, uint8_t topic, slice server, slice text)
{
    struct buf subject = BUF_EMPTY;
    subject_write(&subject, link->prefix, topic, server);
    struct parcel *parcel = parcel_new(buf_slice(&subject), topic, text);
    buf_fini(&subject);
    return parcel;
}

void link_subscribe(struct link *link, uint8_t topic, slice server)
{
    struct parcel *parcel = parcel_to(link, topic, server, (slice){0});
    parcel->is_subscription = true;
    put(link, parcel);
}

void link_send(struct link *link, uint8_t topic, slice server, slice text)
{
    put(link, parcel_to(link, topic, server, text));
}

struct link_news link_take(struct link *link)
{
    uv_mutex_lock(&link->lock);
    struct link_news news = link->news;
    link->news = (struct link_news){0};
    uv_mutex_unlock(&link->lock);
    return news;
}

void link_stop(struct link *link)
{
    uv_mutex_lock(&link->lock);
    link->is_stopping = true;
    uv_cond_signal(&link->changed);
    uv_mutex_unlock(&link->lock);
}

void link_join(struct link *link)
{
    uv_thread_join(&link->thread);
}

void link_fini(struct link *link)
{
    parcels_free(&link->outgoing);
    parcels_free(&link->wanted);
    parcels_free(&link->news.incoming);
    natsOptions_Destroy(link->options);
    uv_mutex_destroy(&link->lock);
    uv_cond_destroy(&link->changed);
}
