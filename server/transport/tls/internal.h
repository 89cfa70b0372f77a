#pragma once
/* What the files of this folder share. Private to tls/. */

#include "transport/tls/connection.h"

#include <openssl/ssl.h>

/* ---- context.c ---- */

/* The library's side of a connection, which reads and writes through tls_bio_* with connection as
 * BIO_get_data; NULL when there is no memory for it. */
SSL *tls_context_connect(struct tls_context *context, struct tls_connection *connection);

/* ---- connection.c ---- */

/* For BIO_meth_set_read_ex, _write_ex and _ctrl. */
int tls_bio_read(BIO *bio, char *room, size_t size, size_t *length);
int tls_bio_write(BIO *bio, const char *bytes, size_t length, size_t *written);
long tls_bio_control(BIO *bio, int command, long number, void *pointer);

/* Of an open connection; else NULL. */
const SSL *tls_session(const struct tls_connection *connection);
