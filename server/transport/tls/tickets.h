#pragma once
/* Session tickets (RFC 5077, RFC 8446 4.6.1): what a client brings to resume is sealed by keys that
 * only this process knows. Keys change every TICKET_KEY_SECONDS; one that was replaced still opens
 * tickets for as long again, so that what was sealed with it can be opened for no more than twice
 * that time, whoever gets hold of the memory. */

#include <openssl/ssl.h>

#include <stdbool.h>
#include <stdint.h>

#define TICKET_KEY_SECONDS 3600

struct ticket_key {
    int64_t made_s; /* 0: there is none */
    unsigned char name[16];
    unsigned char cipher[32];
    unsigned char mac[32];
};

struct tickets {
    struct ticket_key current, previous;
};

/* The keys that may be used at a time, which is in seconds; makes a new one when it is due. Returns
 * false when the system has no randomness, and there is no key then. */
bool tickets_rotate(struct tickets *tickets, int64_t now_s);

/* The key of a name, or NULL. */
const struct ticket_key *tickets_find(const struct tickets *tickets, const unsigned char name[16],
                                      int64_t now_s);

/* Lets a context seal and open tickets. tickets is borrowed until the last connection of the
 * context is gone. */
void tickets_install(struct tickets *tickets, SSL_CTX *context);
