/* What a peer may say before it has shaken hands. The first byte says in what runs the rest comes.
 * Without the keys nobody gets through: the connection never opens, hands nothing on, answers a
 * bounded number of bytes, and is broken for good once it is. */

#include "transport/tls/connection.h"

#include "support/certificates.h"

#include "base/check.h"

#define MOST_ANSWER_BYTES ((size_t)32 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct tls_context *make_context(void)
{
    struct certificate made;
    struct tls_error error;
    certificate_make(&made, &(struct certificate_wish){.name = "server"});
    struct tls_settings settings = {.key = made.key,
                                    .certificate = made.pem,
                                    .ca = made.pem,
                                    .client_certificate = TLS_CLIENT_OPTIONAL};
    struct tls_context *context = tls_context_new(&settings, &error);
    CHECK(context != NULL);
    certificate_free(&made);
    return context;
}

static void give(struct tls_connection *connection, slice run, enum tls_outcome *outcome)
{
    char room[256];
    size_t length;
    bool was_broken = *outcome == TLS_BROKEN;
    char *copy = malloc(run.length);
    CHECK(copy != NULL);
    memcpy(copy, run.at, run.length);
    tls_give(connection, (slice){copy, run.length});
    *outcome = tls_read(connection, room, sizeof room, &length);
    CHECK(length == 0 && *outcome != TLS_FULL && !tls_is_open(connection));
    CHECK(!was_broken || *outcome == TLS_BROKEN);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tls_context *context;
    static struct outq_pool pool;
    enum tls_outcome outcome = TLS_MORE;
    if (context == NULL)
        context = make_context();
    if (size == 0)
        return 0;
    size_t step = 1 + (size_t)data[0] * 4;
    struct tls_connection *connection = tls_connection_new(context, &pool);
    for (size_t start = 1; start < size; start += step) {
        size_t length = size - start < step ? size - start : step;
        give(connection, (slice){(const char *)data + start, length}, &outcome);
    }
    CHECK(outq_bytes(tls_wire(connection)) <= MOST_ANSWER_BYTES);
    tls_connection_free(&connection);
    return 0;
}
