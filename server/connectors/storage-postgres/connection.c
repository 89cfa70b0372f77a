#include "connection.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

#define LEAST_SERVER_VERSION 90500 /* ON CONFLICT */

enum state { CONNECTION_LOOKING_UP, CONNECTION_CONNECTING, CONNECTION_READY, CONNECTION_CLOSED };

struct connection {
    uv_loop_t *loop;
    const struct options *options;
    struct connection_owner owner;
    enum state state;
    size_t users;  /* handles and callbacks that still know it */
    PGconn *libpq; /* NULL before and after */
    uv_poll_t *poll;
    int poll_socket;
    struct address_lookup lookup;
    struct request_list sent;
    size_t load;
    bool is_broken;       /* sending failed: connection_check ends it */
    uint64_t progress_ms; /* when something happened last */
};

/* ---- the end ---- */

/* Not inlined: gcc would see two in a row, and no count between them. */
static __attribute__((noinline)) void release(struct connection *connection)
{
    if (--connection->users > 0)
        return;
    struct connection_owner owner = connection->owner;
    free(connection);
    owner.on_gone(owner.context);
}

static void on_poll_closed(uv_handle_t *handle)
{
    struct connection *connection = handle->data;
    free(handle);
    release(connection);
}

static void stop_poll(struct connection *connection)
{
    if (connection->poll == NULL)
        return;
    uv_close((uv_handle_t *)connection->poll, on_poll_closed);
    connection->poll = NULL;
}

/* The polling ends before libpq closes the socket. */
static void shut(struct connection *connection, const char *reason)
{
    struct failure failure = {.is_lost = true};
    snprintf(failure.text, sizeof failure.text, "%.180s: %.200s", connection->options->backend,
             reason);
    bool is_looking_up = connection->state == CONNECTION_LOOKING_UP;
    connection->state = CONNECTION_CLOSED;
    stop_poll(connection);
    if (is_looking_up)
        address_cancel(&connection->lookup);
    PQfinish(connection->libpq);
    connection->libpq = NULL;
    struct request_list sent = connection->sent;
    connection->sent = (struct request_list){0};
    connection->load = 0;
    for (struct request *request; (request = request_list_take(&sent)) != NULL;)
        request_fail(request, &failure);
}

static void lose(struct connection *connection, const char *reason)
{
    if (connection->state == CONNECTION_CLOSED)
        return;
    connection->users++;
    shut(connection, reason);
    connection->owner.on_lost(connection->owner.context, connection, reason);
    release(connection); /* of the moment */
    release(connection); /* the owner's */
}

/* libpq's words on one line, without the lines of advice, which begin with a tab. */
static void one_line(const char *message, char *line, size_t size)
{
    size_t used = 0;
    line[0] = '\0';
    for (; *message != '\0' && used < size - 1; message += *message == '\n') {
        size_t length = strcspn(message, "\n");
        if (*message != '\t' && length > 0)
            used += (size_t)snprintf(line + used, size - used, "%s%.*s", used == 0 ? "" : "; ",
                                     (int)length, message);
        message += length;
    }
}

static void lose_with_message(struct connection *connection)
{
    char line[400];
    one_line(PQerrorMessage(connection->libpq), line, sizeof line);
    lose(connection, line[0] == '\0' ? "the connection has ended" : line);
}

/* ---- results ---- */

static void keep_failure(struct request *request, const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE),
               *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (request->has_failed)
        return;
    request->has_failed = true;
    request->failure = (struct failure){0};
    snprintf(request->failure.sqlstate, sizeof request->failure.sqlstate, "%s",
             state == NULL ? "" : state);
    one_line(text == NULL ? PQresultErrorMessage(result) : text, request->failure.text,
             sizeof request->failure.text);
}

static void end_first(struct connection *connection)
{
    struct request *request = request_list_take(&connection->sent);
    connection->load--;
    connection->users++;
    request_end(request);
    if (connection->state == CONNECTION_READY)
        connection->owner.on_room(connection->owner.context, connection);
    release(connection);
}

static void on_result(struct connection *connection, const PGresult *result)
{
    struct request *request = connection->sent.first;
    switch (PQresultStatus(result)) {
    case PGRES_TUPLES_OK:
        if (request->on_rows != NULL && !request->has_failed)
            request->on_rows(request, result);
        break;
    case PGRES_COMMAND_OK:
    case PGRES_PIPELINE_ABORTED:
        break;
    case PGRES_PIPELINE_SYNC:
        end_first(connection);
        break;
    default:
        keep_failure(request, result);
    }
}

/* A NULL stands behind the results of each statement; two in a row say that there is no more. */
static void take_results(struct connection *connection)
{
    int nulls = 0;
    while (connection->state == CONNECTION_READY && connection->sent.first != NULL && nulls < 2 &&
           !PQisBusy(connection->libpq)) {
        PGresult *result = PQgetResult(connection->libpq);
        nulls = result == NULL ? nulls + 1 : 0;
        if (result != NULL && PQstatus(connection->libpq) != CONNECTION_BAD)
            on_result(connection, result);
        PQclear(result);
        if (connection->state == CONNECTION_READY && PQstatus(connection->libpq) == CONNECTION_BAD)
            lose_with_message(connection);
    }
}

/* ---- the socket ---- */

static void on_poll(uv_poll_t *poll, int status, int events);

/* libpq may go on with another socket while it connects. */
static bool wait_for(struct connection *connection, int events)
{
    int socket = PQsocket(connection->libpq);
    if (connection->poll != NULL && socket != connection->poll_socket)
        stop_poll(connection);
    if (connection->poll == NULL) {
        connection->poll = calloc(1, sizeof *connection->poll);
        CHECK(connection->poll != NULL);
        connection->poll->data = connection;
        connection->poll_socket = socket;
        if (socket < 0 || uv_poll_init(connection->loop, connection->poll, socket) != 0) {
            free(connection->poll);
            connection->poll = NULL;
            return false;
        }
        connection->users++;
    }
    return uv_poll_start(connection->poll, events, on_poll) == 0;
}

static void wait_or_lose(struct connection *connection, int events)
{
    if (!wait_for(connection, events))
        lose(connection, "the socket cannot be watched");
}

/* What to wait for while so much is left to be sent. */
static int events_of(int left)
{
    return left > 0 ? UV_READABLE | UV_WRITABLE : UV_READABLE;
}

static void flush(struct connection *connection)
{
    int left = PQflush(connection->libpq);
    if (left < 0)
        lose_with_message(connection);
    else
        wait_or_lose(connection, events_of(left));
}

static void begin_work(struct connection *connection)
{
    if (PQserverVersion(connection->libpq) < LEAST_SERVER_VERSION) {
        lose(connection, "the server is older than PostgreSQL 9.5");
        return;
    }
    if (PQsetnonblocking(connection->libpq, 1) != 0 ||
        PQenterPipelineMode(connection->libpq) != 1) {
        lose_with_message(connection);
        return;
    }
    connection->state = CONNECTION_READY;
    connection->progress_ms = uv_now(connection->loop);
    connection->users++;
    flush(connection);
    if (connection->state == CONNECTION_READY)
        connection->owner.on_ready(connection->owner.context, connection);
    release(connection);
}

static void go_on_connecting(struct connection *connection)
{
    if (connection->poll != NULL) /* libpq may close the socket */
        uv_poll_stop(connection->poll);
    switch (PQconnectPoll(connection->libpq)) {
    case PGRES_POLLING_READING:
        wait_or_lose(connection, UV_READABLE);
        break;
    case PGRES_POLLING_WRITING:
        wait_or_lose(connection, UV_WRITABLE);
        break;
    case PGRES_POLLING_OK:
        begin_work(connection);
        break;
    default:
        lose_with_message(connection);
    }
}

static void work(struct connection *connection, int status, int events)
{
    connection->progress_ms = uv_now(connection->loop);
    if (status == 0 && (events & UV_READABLE) == 0) {
        flush(connection);
        return;
    }
    if (!PQconsumeInput(connection->libpq)) {
        take_results(connection); /* what came before the end */
        if (connection->state == CONNECTION_READY)
            lose_with_message(connection);
        return;
    }
    take_results(connection);
    if (connection->state == CONNECTION_READY)
        flush(connection);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct connection *connection = poll->data;
    connection->users++;
    if (connection->state == CONNECTION_CONNECTING)
        go_on_connecting(connection);
    else if (connection->state == CONNECTION_READY)
        work(connection, status, events);
    release(connection);
}

/* ---- opening ---- */

static void ignore_notice(void *context, const PGresult *notice)
{
    (void)context;
    (void)notice;
}

static void connect_to(struct connection *connection, const struct conninfo *hosts)
{
    struct conninfo all = {0};
    const struct conninfo *parts[] = {&connection->options->conninfo, hosts};
    for (size_t part = 0; part < 2; part++)
        for (size_t i = 0; i < parts[part]->count; i++)
            conninfo_set(&all, parts[part]->keywords[i], slice_of(parts[part]->values[i]));
    connection->libpq =
        PQconnectStartParams((const char *const *)all.keywords, (const char *const *)all.values, 0);
    conninfo_fini(&all);
    CHECK(connection->libpq != NULL);
    PQsetNoticeReceiver(connection->libpq, ignore_notice, NULL);
    connection->state = CONNECTION_CONNECTING;
    if (PQstatus(connection->libpq) == CONNECTION_BAD)
        lose_with_message(connection);
    else
        wait_or_lose(connection, UV_WRITABLE);
}

static void on_found(void *context, const struct conninfo *hosts, const char *error)
{
    struct connection *connection = context;
    if (connection->state == CONNECTION_LOOKING_UP) {
        connection->state = CONNECTION_CONNECTING;
        if (error != NULL)
            lose(connection, error);
        else
            connect_to(connection, hosts);
    }
    release(connection);
}

struct connection *connection_new(uv_loop_t *loop, const struct options *options,
                                  const struct connection_owner *owner)
{
    struct connection *connection = calloc(1, sizeof *connection);
    CHECK(connection != NULL);
    connection->loop = loop;
    connection->options = options;
    connection->owner = *owner;
    connection->users = 2; /* the owner and the search for addresses */
    connection->progress_ms = uv_now(loop);
    connection->lookup.context = connection;
    connection->lookup.on_found = on_found;
    return connection;
}

void connection_start(struct connection *connection)
{
    address_find(&connection->lookup, connection->loop, &connection->options->conninfo);
}

/* ---- work ---- */

static bool send_statement(struct connection *connection, const struct statement *statement)
{
    Oid types[STATEMENT_MOST_PARAMETERS];
    const char *values[STATEMENT_MOST_PARAMETERS];
    int lengths[STATEMENT_MOST_PARAMETERS], formats[STATEMENT_MOST_PARAMETERS];
    for (int i = 0; i < statement->parameter_count; i++) {
        const struct parameter *parameter = &statement->parameters[i];
        types[i] = (Oid)parameter->type;
        values[i] = parameter->bytes.length == 0 ? "" : parameter->bytes.at;
        lengths[i] = (int)parameter->bytes.length;
        formats[i] = 1;
    }
    return PQsendQueryParams(connection->libpq, statement->sql.at, statement->parameter_count,
                             types, values, lengths, formats, 0) == 1;
}

void connection_send(struct connection *connection, struct request *request)
{
    CHECK(connection->state == CONNECTION_READY);
    if (connection->sent.first == NULL)
        connection->progress_ms = uv_now(connection->loop);
    request_list_append(&connection->sent, request);
    connection->load++;
    bool is_sent = true;
    for (size_t i = 0; i < request->count && is_sent; i++)
        is_sent = send_statement(connection, &request->statements[i]);
    int left = is_sent && PQpipelineSync(connection->libpq) == 1 ? PQflush(connection->libpq) : -1;
    if (left < 0 || !wait_for(connection, events_of(left)))
        connection->is_broken = true;
}

bool connection_is_ready(const struct connection *connection)
{
    return connection->state == CONNECTION_READY && !connection->is_broken;
}

size_t connection_load(const struct connection *connection)
{
    return connection->load;
}

uint64_t connection_idle_since_ms(const struct connection *connection)
{
    return connection->progress_ms;
}

void connection_check(struct connection *connection)
{
    const struct options *options = connection->options;
    bool is_ready = connection->state == CONNECTION_READY;
    uint64_t silent_ms = uv_now(connection->loop) - connection->progress_ms;
    char text[100];
    if (connection->is_broken) {
        lose_with_message(connection);
    } else if (is_ready && connection->load > 0 && silent_ms >= options->query_ms) {
        snprintf(text, sizeof text, "no answer within %u ms", options->query_ms);
        lose(connection, text);
    } else if (!is_ready && silent_ms >= options->connect_ms) {
        snprintf(text, sizeof text, "no connection within %u ms", options->connect_ms);
        lose(connection, text);
    }
}

void connection_close(struct connection *connection)
{
    if (connection->state == CONNECTION_CLOSED)
        return;
    shut(connection, "the storage is closing");
    release(connection);
}
