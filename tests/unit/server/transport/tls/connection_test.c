/* The TLS of a stream against a client of OpenSSL's own, byte by byte or at once; no sockets. */

#include "transport/tls/connection.h"

#include "support/certificates.h"

#include "base/buf.h"
#include "base/check.h"

#include <openssl/ssl.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define ROOM_BYTES ((size_t)64 * 1024)
#define LARGE_BYTES ((size_t)1 << 20)

static struct certificate authority, server, client, stranger;

struct fixture {
    struct outq_pool pool;
    struct outq plain; /* what the server has to send */
    struct tls_connection *connection;
    enum tls_outcome outcome;
    struct buf received; /* by the server */
    SSL_CTX *context;
    SSL *client;
    BIO *to_client, *from_client;
    struct buf read; /* by the client */
    size_t step;     /* bytes that a side gets at a time */
};

/* ---- certificates ---- */

static int make_certificates(void **state)
{
    (void)state;
    certificate_make(&authority,
                     &(struct certificate_wish){.name = "authority", .is_authority = true});
    certificate_make(&server, &(struct certificate_wish){.name = "server", .issuer = &authority});
    certificate_make(&client,
                     &(struct certificate_wish){.name = "b\xc3\xb6", .issuer = &authority});
    certificate_make(&stranger, &(struct certificate_wish){.name = "stranger"});
    return 0;
}

static int free_certificates(void **state)
{
    (void)state;
    certificate_free(&authority);
    certificate_free(&server);
    certificate_free(&client);
    certificate_free(&stranger);
    return 0;
}

/* ---- both sides ---- */

static void open_server(struct fixture *fixture, enum tls_version least,
                        enum tls_client_certificate wanted)
{
    struct tls_error error;
    struct tls_settings settings = {.key = server.key,
                                    .certificate = server.pem,
                                    .ca = authority.pem,
                                    .least_version = least,
                                    .client_certificate = wanted};
    struct tls_context *context = tls_context_new(&settings, &error);
    CHECK(context != NULL);
    fixture->connection = tls_connection_new(context, &fixture->pool);
    tls_context_release(&context);
}

static void open_client(struct fixture *fixture, int version, const struct certificate *shown)
{
    fixture->context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_security_level(fixture->context, 0);
    SSL_CTX_set_min_proto_version(fixture->context, version);
    SSL_CTX_set_max_proto_version(fixture->context, version);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(fixture->context), authority.body);
    SSL_CTX_set_verify(fixture->context, SSL_VERIFY_PEER, NULL);
    if (shown != NULL) {
        CHECK(SSL_CTX_use_certificate(fixture->context, shown->body) == 1);
        CHECK(SSL_CTX_use_PrivateKey(fixture->context, shown->pair) == 1);
    }
    fixture->client = SSL_new(fixture->context);
    fixture->to_client = BIO_new(BIO_s_mem());
    fixture->from_client = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(fixture->to_client, -1);
    SSL_set_bio(fixture->client, fixture->to_client, fixture->from_client);
    SSL_set_connect_state(fixture->client);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    CHECK(fixture != NULL);
    fixture->step = SIZE_MAX;
    fixture->outcome = TLS_MORE;
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    tls_connection_free(&fixture->connection);
    outq_fini(&fixture->plain, &fixture->pool);
    assert_int_equal(fixture->pool.queued_bytes, 0);
    outq_pool_fini(&fixture->pool);
    SSL_free(fixture->client);
    SSL_CTX_free(fixture->context);
    buf_fini(&fixture->received);
    buf_fini(&fixture->read);
    free(fixture);
    return 0;
}

/* What a stream does with bytes of its socket. */
static void give(struct fixture *fixture, slice bytes)
{
    char *room = malloc(ROOM_BYTES);
    CHECK(room != NULL);
    tls_give(fixture->connection, bytes);
    do {
        size_t length;
        fixture->outcome = tls_read(fixture->connection, room, ROOM_BYTES, &length);
        buf_append(&fixture->received, (slice){room, length});
    } while (fixture->outcome == TLS_FULL);
    free(room);
}

static bool carry_to_server(struct fixture *fixture)
{
    char *bytes;
    long length = BIO_get_mem_data(fixture->from_client, &bytes);
    size_t part = (size_t)length < fixture->step ? (size_t)length : fixture->step;
    if (part == 0)
        return false;
    char *copy = malloc(part);
    CHECK(copy != NULL && BIO_read(fixture->from_client, copy, (int)part) == (int)part);
    give(fixture, (slice){copy, part});
    free(copy);
    return true;
}

static void read_client(struct fixture *fixture)
{
    char room[4096];
    size_t length;
    while (SSL_read_ex(fixture->client, room, sizeof room, &length) == 1)
        buf_append(&fixture->read, (slice){room, length});
}

static bool carry_to_client(struct fixture *fixture)
{
    uv_buf_t run;
    size_t total;
    tls_seal(fixture->connection, &fixture->plain);
    if (outq_runs(tls_wire(fixture->connection), &run, 1, &total) == 0)
        return false;
    size_t part = run.len < fixture->step ? run.len : fixture->step;
    CHECK(BIO_write(fixture->to_client, run.base, (int)part) == (int)part);
    outq_consume(tls_wire(fixture->connection), &fixture->pool, part);
    read_client(fixture);
    return true;
}

/* Until nobody has anything to say. */
static void talk(struct fixture *fixture)
{
    bool has_moved = true;
    read_client(fixture);
    while (has_moved) {
        has_moved = carry_to_server(fixture);
        has_moved |= carry_to_client(fixture);
    }
}

static void shake_hands(struct fixture *fixture, int version, const struct certificate *shown)
{
    open_client(fixture, version, shown);
    talk(fixture);
}

static void say(struct fixture *fixture, slice bytes)
{
    size_t written;
    CHECK(SSL_write_ex(fixture->client, bytes.at, bytes.length, &written) == 1);
    CHECK(written == bytes.length);
}

static void queue(struct fixture *fixture, slice bytes)
{
    outq_append(&fixture->plain, &fixture->pool, bytes);
}

static void expect(const struct buf *bytes, slice wanted)
{
    assert_int_equal(bytes->length, wanted.length);
    assert_memory_equal(bytes->at, wanted.at, wanted.length);
}

static void expect_broken(struct fixture *fixture, const char *why)
{
    const char *more;
    assert_int_equal(fixture->outcome, TLS_BROKEN);
    assert_false(tls_is_open(fixture->connection));
    assert_string_equal(tls_why(fixture->connection, &more), why);
}

static struct buf pattern(size_t length)
{
    struct buf bytes = BUF_EMPTY;
    for (size_t i = 0; i < length; i++)
        buf_append_byte(&bytes, (char)(i * 131 >> 3));
    return bytes;
}

/* ---- tests ---- */

static void converse(struct fixture *fixture, int version)
{
    open_server(fixture, TLS_1_2, TLS_CLIENT_NONE);
    assert_false(tls_is_shaking_hands(fixture->connection));
    shake_hands(fixture, version, NULL);
    assert_true(tls_is_open(fixture->connection));
    say(fixture, SLICE("good "));
    say(fixture, SLICE("morning"));
    queue(fixture, SLICE("how do you do"));
    talk(fixture);
    expect(&fixture->received, SLICE("good morning"));
    expect(&fixture->read, SLICE("how do you do"));
}

static void both_versions_are_spoken(void **state)
{
    struct fixture *fixture = *state;
    converse(fixture, TLS1_3_VERSION);
    assert_null(tls_peer_new(fixture->connection));
    tear_down(state);
    set_up(state);
    converse(*state, TLS1_2_VERSION);
}

static void bytes_may_come_and_leave_one_at_a_time(void **state)
{
    struct fixture *fixture = *state;
    fixture->step = 1;
    converse(fixture, TLS1_3_VERSION);
    tear_down(state);
    set_up(state);
    fixture = *state;
    fixture->step = 1;
    converse(fixture, TLS1_2_VERSION);
}

static void large_messages_arrive_whole(void **state)
{
    struct fixture *fixture = *state;
    struct buf bytes = pattern(LARGE_BYTES);
    converse(fixture, TLS1_3_VERSION);
    buf_clear(&fixture->received);
    buf_clear(&fixture->read);
    say(fixture, buf_slice(&bytes));
    struct ds_frame *frame = ds_frame_new(bytes.length);
    memcpy(frame->bytes, bytes.at, bytes.length);
    outq_append_frame(&fixture->plain, &fixture->pool, frame);
    ds_frame_release(&frame);
    talk(fixture);
    expect(&fixture->received, buf_slice(&bytes));
    expect(&fixture->read, buf_slice(&bytes));
    buf_fini(&bytes);
}

static void small_messages_share_records(void **state)
{
    struct fixture *fixture = *state;
    converse(fixture, TLS1_3_VERSION);
    for (int i = 0; i < 1000; i++)
        queue(fixture, SLICE("0123456789"));
    size_t plain = outq_bytes(&fixture->plain);
    tls_seal(fixture->connection, &fixture->plain);
    assert_int_equal(outq_bytes(&fixture->plain), 0);
    assert_in_range(outq_bytes(tls_wire(fixture->connection)), plain, plain + 2 * 64);
}

static void no_more_is_sealed_than_may_wait(void **state)
{
    struct fixture *fixture = *state;
    struct buf bytes = pattern(LARGE_BYTES);
    converse(fixture, TLS1_3_VERSION);
    queue(fixture, buf_slice(&bytes));
    tls_seal(fixture->connection, &fixture->plain);
    tls_seal(fixture->connection, &fixture->plain);
    assert_in_range(outq_bytes(tls_wire(fixture->connection)), TLS_SEALED_BYTES,
                    TLS_SEALED_BYTES + 17000);
    assert_in_range(outq_bytes(&fixture->plain), LARGE_BYTES - TLS_SEALED_BYTES - 17000,
                    LARGE_BYTES - TLS_SEALED_BYTES);
    buf_fini(&bytes);
}

static void nothing_is_sealed_before_the_handshake(void **state)
{
    struct fixture *fixture = *state;
    open_server(fixture, TLS_1_2, TLS_CLIENT_NONE);
    queue(fixture, SLICE("too early"));
    tls_seal(fixture->connection, &fixture->plain);
    assert_int_equal(outq_bytes(tls_wire(fixture->connection)), 0);
    shake_hands(fixture, TLS1_3_VERSION, NULL);
    expect(&fixture->read, SLICE("too early"));
}

static void a_goodbye_is_heard_on_both_sides(void **state)
{
    struct fixture *fixture = *state;
    converse(fixture, TLS1_3_VERSION);
    queue(fixture, SLICE("."));
    talk(fixture);
    tls_say_goodbye(fixture->connection);
    tls_say_goodbye(fixture->connection);
    queue(fixture, SLICE("never sent"));
    talk(fixture);
    assert_int_equal(SSL_get_shutdown(fixture->client), SSL_RECEIVED_SHUTDOWN);
    expect(&fixture->read, SLICE("how do you do."));
    SSL_shutdown(fixture->client);
    talk(fixture);
    assert_int_equal(fixture->outcome, TLS_ENDED);
}

static void old_versions_are_refused(void **state)
{
    static const int OLD[] = {TLS1_VERSION, TLS1_1_VERSION};
    for (size_t i = 0; i < 2; i++) {
        struct fixture *fixture = *state;
        open_server(fixture, TLS_1_2, TLS_CLIENT_NONE);
        shake_hands(fixture, OLD[i], NULL);
        expect_broken(fixture, "unsupported protocol");
        assert_false(SSL_is_init_finished(fixture->client));
        tear_down(state);
        set_up(state);
    }
    struct fixture *fixture = *state;
    open_server(fixture, TLS_1_3, TLS_CLIENT_NONE);
    shake_hands(fixture, TLS1_2_VERSION, NULL);
    expect_broken(fixture, "unsupported protocol");
}

static void plain_http_is_recognized(void **state)
{
    struct fixture *fixture = *state;
    open_server(fixture, TLS_1_2, TLS_CLIENT_NONE);
    give(fixture, SLICE("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    expect_broken(fixture, "the peer speaks plain HTTP");
    give(fixture, SLICE("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    expect_broken(fixture, "the peer speaks plain HTTP");
}

static void a_changed_record_breaks_the_connection(void **state)
{
    struct fixture *fixture = *state;
    converse(fixture, TLS1_3_VERSION);
    buf_clear(&fixture->received);
    say(fixture, SLICE("a message"));
    char *bytes;
    long length = BIO_get_mem_data(fixture->from_client, &bytes);
    bytes[length - 1] = (char)(bytes[length - 1] ^ 1);
    talk(fixture);
    expect_broken(fixture, "decryption failed or bad record mac");
    assert_int_equal(fixture->received.length, 0);
}

static void renegotiation_is_refused(void **state)
{
    struct fixture *fixture = *state;
    converse(fixture, TLS1_2_VERSION);
    assert_int_equal(SSL_renegotiate(fixture->client), 1);
    (void)SSL_do_handshake(fixture->client);
    talk(fixture);
    assert_false(SSL_is_init_finished(fixture->client));
    expect_broken(fixture, "sslv3 alert handshake failure"); /* the client leaves for it */
}

static void keys_may_change_while_it_lasts(void **state)
{
    struct fixture *fixture = *state;
    fixture->step = 3;
    converse(fixture, TLS1_3_VERSION);
    assert_int_equal(SSL_key_update(fixture->client, SSL_KEY_UPDATE_REQUESTED), 1);
    say(fixture, SLICE("!"));
    queue(fixture, SLICE("?"));
    talk(fixture);
    expect(&fixture->received, SLICE("good morning!"));
    expect(&fixture->read, SLICE("how do you do?"));
}

/* ---- certificates of clients ---- */

static void expect_peer(struct fixture *fixture, const char *subject, const char *issuer,
                        bool is_verified)
{
    struct ds_tls_peer *peer = tls_peer_new(fixture->connection);
    assert_non_null(peer);
    assert_true(slice_equal(peer->subject, slice_of(subject)));
    assert_true(slice_equal(peer->issuer, slice_of(issuer)));
    assert_int_equal(peer->fingerprint.length, 32 * 3 - 1);
    assert_int_equal(peer->is_verified, is_verified);
    free(peer);
}

static void a_required_certificate_lets_in_whom_the_authority_knows(void **state)
{
    static const int VERSIONS[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    for (size_t i = 0; i < 2; i++) {
        struct fixture *fixture = *state;
        open_server(fixture, TLS_1_2, TLS_CLIENT_REQUIRED);
        shake_hands(fixture, VERSIONS[i], &client);
        expect_peer(fixture, "CN=b\xc3\xb6", "CN=authority", true);
        tear_down(state);
        set_up(state);
        fixture = *state;
        open_server(fixture, TLS_1_2, TLS_CLIENT_REQUIRED);
        shake_hands(fixture, VERSIONS[i], NULL);
        expect_broken(fixture, "peer did not return a certificate");
        tear_down(state);
        set_up(state);
        fixture = *state;
        open_server(fixture, TLS_1_2, TLS_CLIENT_REQUIRED);
        shake_hands(fixture, VERSIONS[i], &stranger);
        expect_broken(fixture, "certificate verify failed");
        const char *more;
        tls_why(fixture->connection, &more);
        assert_string_equal(more, "self-signed certificate");
        tear_down(state);
        set_up(state);
    }
}

static void an_optional_certificate_is_told_of(void **state)
{
    struct fixture *fixture = *state;
    open_server(fixture, TLS_1_2, TLS_CLIENT_OPTIONAL);
    shake_hands(fixture, TLS1_3_VERSION, &client);
    expect_peer(fixture, "CN=b\xc3\xb6", "CN=authority", true);
    tear_down(state);
    set_up(state);
    fixture = *state;
    open_server(fixture, TLS_1_2, TLS_CLIENT_OPTIONAL);
    shake_hands(fixture, TLS1_3_VERSION, &stranger);
    expect_peer(fixture, "CN=stranger", "CN=stranger", false);
    tear_down(state);
    set_up(state);
    fixture = *state;
    open_server(fixture, TLS_1_2, TLS_CLIENT_OPTIONAL);
    shake_hands(fixture, TLS1_3_VERSION, NULL);
    assert_true(tls_is_open(fixture->connection));
    assert_null(tls_peer_new(fixture->connection));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(both_versions_are_spoken),
        TEST(bytes_may_come_and_leave_one_at_a_time),
        TEST(large_messages_arrive_whole),
        TEST(small_messages_share_records),
        TEST(no_more_is_sealed_than_may_wait),
        TEST(nothing_is_sealed_before_the_handshake),
        TEST(a_goodbye_is_heard_on_both_sides),
        TEST(old_versions_are_refused),
        TEST(plain_http_is_recognized),
        TEST(a_changed_record_breaks_the_connection),
        TEST(renegotiation_is_refused),
        TEST(keys_may_change_while_it_lasts),
        TEST(a_required_certificate_lets_in_whom_the_authority_knows),
        TEST(an_optional_certificate_is_told_of),
    };
    return cmocka_run_group_tests(tests, make_certificates, free_certificates);
}
