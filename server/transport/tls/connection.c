#include "transport/tls/internal.h"

#include "base/check.h"

#include <openssl/err.h>

#define RECORD_BYTES ((size_t)16384) /* the most that fits into one (RFC 8446 5.1) */
#define RECORD_RUNS 64

struct tls_connection {
    struct tls_context *context;
    SSL *ssl; /* NULL: not begun, or broken */
    struct outq wire;
    struct outq_pool *pool;
    slice given;
    const char *why, *more; /* set: broken */
    bool is_open;
    bool has_said_goodbye;
};

struct tls_connection *tls_connection_new(struct tls_context *context, struct outq_pool *pool)
{
    struct tls_connection *connection = calloc(1, sizeof *connection);
    CHECK(connection != NULL);
    connection->context = tls_context_retain(context);
    connection->pool = pool;
    return connection;
}

void tls_connection_free(struct tls_connection **connection)
{
    struct tls_connection *freed = *connection;
    *connection = NULL;
    if (freed == NULL)
        return;
    SSL_free(freed->ssl);
    outq_fini(&freed->wire, freed->pool);
    tls_context_release(&freed->context);
    free(freed);
}

/* ---- the bytes that the library reads and writes ---- */

int tls_bio_read(BIO *bio, char *room, size_t size, size_t *length)
{
    struct tls_connection *connection = BIO_get_data(bio);
    slice *given = &connection->given;
    BIO_clear_retry_flags(bio);
    *length = given->length < size ? given->length : size;
    if (*length == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    memcpy(room, given->at, *length);
    *given = slice_part(*given, *length, given->length);
    return 1;
}

int tls_bio_write(BIO *bio, const char *bytes, size_t length, size_t *written)
{
    struct tls_connection *connection = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    outq_append(&connection->wire, connection->pool, (slice){bytes, length});
    *written = length;
    return 1;
}

long tls_bio_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

/* ---- trouble ---- */

void tls_give_up(struct tls_connection *connection, const char *why)
{
    SSL_free(connection->ssl);
    connection->ssl = NULL;
    connection->given = (slice){0};
    connection->is_open = false;
    connection->why = why;
}

static void give_up_with_reason(struct tls_connection *connection)
{
    unsigned long error = ERR_peek_error();
    long verified = SSL_get_verify_result(connection->ssl);
    const char *why = ERR_reason_error_string(error);
    if (ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) == SSL_R_HTTP_REQUEST)
        why = "the peer speaks plain HTTP";
    if (ERR_GET_LIB(error) == ERR_LIB_SSL &&
        ERR_GET_REASON(error) == SSL_R_CERTIFICATE_VERIFY_FAILED)
        connection->more = X509_verify_cert_error_string(verified);
    tls_give_up(connection, why == NULL ? "unknown reason" : why);
    ERR_clear_error();
}

/* ---- in ---- */

void tls_give(struct tls_connection *connection, slice bytes)
{
    connection->given = bytes;
}

static enum tls_outcome outcome_of(struct tls_connection *connection)
{
    switch (SSL_get_error(connection->ssl, 0)) {
    case SSL_ERROR_WANT_READ:
        return TLS_MORE;
    case SSL_ERROR_ZERO_RETURN:
        return TLS_ENDED;
    default:
        give_up_with_reason(connection);
        return TLS_BROKEN;
    }
}

static bool has_begun(struct tls_connection *connection)
{
    if (connection->ssl == NULL && connection->why == NULL)
        connection->ssl = tls_context_connect(connection->context, connection);
    if (connection->ssl == NULL && connection->why == NULL)
        tls_give_up(connection, "there is no memory for it");
    return connection->ssl != NULL;
}

enum tls_outcome tls_read(struct tls_connection *connection, char *room, size_t size,
                          size_t *length)
{
    *length = 0;
    if (!has_begun(connection))
        return TLS_BROKEN;
    while (*length < size) {
        size_t got = 0;
        ERR_clear_error();
        bool has_more = SSL_read_ex(connection->ssl, room + *length, size - *length, &got) == 1;
        connection->is_open |= SSL_is_init_finished(connection->ssl) == 1;
        if (!has_more)
            return outcome_of(connection);
        *length += got;
    }
    return TLS_FULL;
}

/* ---- out ---- */

/* The next bytes of a queue that fit into one record: where they lie, or gathered in room. */
static slice next_piece(const struct outq *plain, char room[RECORD_BYTES])
{
    uv_buf_t runs[RECORD_RUNS];
    size_t total, length = 0, count = outq_runs(plain, runs, RECORD_RUNS, &total);
    if (count == 1 || runs[0].len >= RECORD_BYTES)
        return (slice){runs[0].base, runs[0].len < RECORD_BYTES ? runs[0].len : RECORD_BYTES};
    for (size_t i = 0; i < count && length < RECORD_BYTES; i++) {
        size_t left = RECORD_BYTES - length;
        size_t part = runs[i].len < left ? runs[i].len : left;
        memcpy(room + length, runs[i].base, part);
        length += part;
    }
    return (slice){room, length};
}

/* While a message of the peer that changes keys has come in part, nothing can be sealed: the rest
 * of it goes on with that. */
void tls_seal(struct tls_connection *connection, struct outq *plain)
{
    char room[RECORD_BYTES];
    while (connection->is_open && !connection->has_said_goodbye && outq_bytes(plain) > 0 &&
           outq_bytes(&connection->wire) < TLS_SEALED_BYTES) {
        slice piece = next_piece(plain, room);
        size_t written;
        ERR_clear_error();
        if (SSL_write_ex(connection->ssl, piece.at, piece.length, &written) == 1)
            outq_consume(plain, connection->pool, written);
        else if (SSL_get_error(connection->ssl, 0) == SSL_ERROR_WANT_READ)
            return;
        else
            give_up_with_reason(connection);
    }
}

void tls_say_goodbye(struct tls_connection *connection)
{
    if (!connection->is_open || connection->has_said_goodbye)
        return;
    connection->has_said_goodbye = true;
    ERR_clear_error();
    (void)SSL_shutdown(connection->ssl);
    ERR_clear_error();
}

struct outq *tls_wire(struct tls_connection *connection)
{
    return &connection->wire;
}

/* ---- state ---- */

bool tls_is_open(const struct tls_connection *connection)
{
    return connection->is_open;
}

bool tls_is_shaking_hands(const struct tls_connection *connection)
{
    return connection->ssl != NULL && !connection->is_open;
}

const char *tls_why(const struct tls_connection *connection, const char **more)
{
    *more = connection->more;
    return connection->why;
}

const SSL *tls_session(const struct tls_connection *connection)
{
    return connection->is_open ? connection->ssl : NULL;
}
