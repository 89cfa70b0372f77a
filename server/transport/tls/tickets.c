#include "transport/tls/tickets.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <string.h>
#include <time.h>

static int64_t age_s(const struct ticket_key *key, int64_t now_s)
{
    return now_s - key->made_s;
}

static bool make_key(struct ticket_key *key, int64_t now_s)
{
    key->made_s = now_s;
    return RAND_bytes(key->name, sizeof key->name) == 1 &&
           RAND_priv_bytes(key->cipher, sizeof key->cipher) == 1 &&
           RAND_priv_bytes(key->mac, sizeof key->mac) == 1;
}

bool tickets_rotate(struct tickets *tickets, int64_t now_s)
{
    if (tickets->current.made_s != 0 && age_s(&tickets->current, now_s) < TICKET_KEY_SECONDS)
        return true;
    struct ticket_key fresh;
    if (!make_key(&fresh, now_s))
        return false;
    tickets->previous = tickets->current;
    tickets->current = fresh;
    OPENSSL_cleanse(&fresh, sizeof fresh);
    return true;
}

const struct ticket_key *tickets_find(const struct tickets *tickets, const unsigned char name[16],
                                      int64_t now_s)
{
    const struct ticket_key *keys[] = {&tickets->current, &tickets->previous};
    for (size_t i = 0; i < 2; i++) {
        if (keys[i]->made_s != 0 && age_s(keys[i], now_s) < 2 * (int64_t)TICKET_KEY_SECONDS &&
            memcmp(keys[i]->name, name, sizeof keys[i]->name) == 0)
            return keys[i];
    }
    return NULL;
}

static int64_t seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec + 1; /* never 0 */
}

static bool set_mac(EVP_MAC_CTX *mac, const struct ticket_key *key)
{
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)(uintptr_t)key->mac,
                                          sizeof key->mac),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char[]){"SHA256"}, 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_MAC_CTX_set_params(mac, parameters) == 1;
}

static int seal(const struct ticket_key *key, unsigned char name[16], unsigned char *iv,
                EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac)
{
    const EVP_CIPHER *aes = EVP_aes_256_cbc();
    memcpy(name, key->name, sizeof key->name);
    bool is_ready = RAND_bytes(iv, EVP_CIPHER_get_iv_length(aes)) == 1 &&
                    EVP_EncryptInit_ex(cipher, aes, NULL, key->cipher, iv) == 1 &&
                    set_mac(mac, key);
    return is_ready ? 1 : -1;
}

/* Who brings a ticket of the older key gets a new one: 2. */
static int open_ticket(const struct ticket_key *key, bool is_current, unsigned char *iv,
                       EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac)
{
    if (EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->cipher, iv) != 1 ||
        !set_mac(mac, key))
        return -1;
    return is_current ? 1 : 2;
}

/* Of SSL_CTX_set_tlsext_ticket_key_evp_cb: 0 means that there is no such key, and the handshake is
 * a whole one. */
static int on_ticket(SSL *ssl, unsigned char name[16], unsigned char *iv, EVP_CIPHER_CTX *cipher,
                     EVP_MAC_CTX *mac, int is_sealing)
{
    struct tickets *tickets = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    int64_t now_s = seconds_now();
    if (!tickets_rotate(tickets, now_s))
        return 0;
    if (is_sealing)
        return seal(&tickets->current, name, iv, cipher, mac);
    const struct ticket_key *key = tickets_find(tickets, name, now_s);
    return key == NULL ? 0 : open_ticket(key, key == &tickets->current, iv, cipher, mac);
}

void tickets_install(struct tickets *tickets, SSL_CTX *context)
{
    SSL_CTX_set_app_data(context, tickets);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket);
    SSL_CTX_set_timeout(context, TICKET_KEY_SECONDS);
    SSL_CTX_set_num_tickets(context, 1);
}
