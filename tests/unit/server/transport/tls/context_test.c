/* Contexts from good parts and from bad ones, which are blamed by name. */

#include "transport/tls/tls.h"

#include "support/certificates.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static struct certificate authority, server, other;

static int make_certificates(void **state)
{
    (void)state;
    certificate_make(&authority,
                     &(struct certificate_wish){.name = "authority", .is_authority = true});
    certificate_make(&server, &(struct certificate_wish){.name = "server", .issuer = &authority});
    certificate_make(&other, &(struct certificate_wish){.name = "other", .issuer = &authority});
    return 0;
}

static int free_certificates(void **state)
{
    (void)state;
    certificate_free(&authority);
    certificate_free(&server);
    certificate_free(&other);
    return 0;
}

static struct tls_settings good_settings(void)
{
    return (struct tls_settings){.key = server.key, .certificate = server.pem};
}

static struct tls_context *expect_context(const struct tls_settings *settings)
{
    struct tls_error error = {.text = ""};
    struct tls_context *context = tls_context_new(settings, &error);
    if (context == NULL)
        fail_msg("%s", error.text);
    return context;
}

static void expect_refusal(const struct tls_settings *settings, enum tls_part part,
                           const char *text)
{
    struct tls_error error = {.text = ""};
    assert_null(tls_context_new(settings, &error));
    assert_int_equal(error.part, part);
    if (strncmp(error.text, text, strlen(text)) != 0)
        fail_msg("\"%s\" instead of \"%s\"", error.text, text);
}

static slice broken(slice pem, char *room, size_t size)
{
    assert_true(pem.length < size);
    memcpy(room, pem.at, pem.length + 1);
    memset(room + pem.length / 2, '!', 8);
    return (slice){room, pem.length};
}

static void a_key_and_its_certificate_are_enough(void **state)
{
    (void)state;
    struct tls_settings settings = good_settings();
    struct tls_context *context = expect_context(&settings);
    assert_null(tls_context_warning(context));
    assert_int_equal(strncmp(tls_context_description(context), "CN=server, valid until ", 23), 0);
    struct tls_context *same = tls_context_retain(context);
    tls_context_release(&context);
    assert_null(context);
    tls_context_release(&same);
    tls_context_release(&same);
}

static void a_bad_certificate_is_named(void **state)
{
    (void)state;
    char room[4096];
    struct tls_settings settings = good_settings();
    settings.certificate = SLICE("");
    expect_refusal(&settings, TLS_PART_CERTIFICATE, "holds no certificate in PEM");
    settings.certificate = server.key;
    expect_refusal(&settings, TLS_PART_CERTIFICATE, "holds no certificate in PEM");
    settings.certificate = broken(server.pem, room, sizeof room);
    expect_refusal(&settings, TLS_PART_CERTIFICATE, "holds a broken certificate: ");
    settings.certificate = slice_part(server.pem, 0, server.pem.length / 2);
    expect_refusal(&settings, TLS_PART_CERTIFICATE, "holds a broken certificate: ");
}

static void a_bad_key_is_named(void **state)
{
    (void)state;
    char room[4096];
    struct tls_settings settings = good_settings();
    settings.key = SLICE("");
    expect_refusal(&settings, TLS_PART_KEY, "holds no private key in PEM");
    settings.key = server.pem;
    expect_refusal(&settings, TLS_PART_KEY, "holds no private key in PEM");
    settings.key = broken(server.key, room, sizeof room);
    expect_refusal(&settings, TLS_PART_KEY, "holds no private key in PEM");
    settings.key = other.key;
    expect_refusal(&settings, TLS_PART_KEY, "does not belong to the certificate");
}

static void an_encrypted_key_needs_its_passphrase(void **state)
{
    (void)state;
    struct tls_settings settings = good_settings();
    settings.key = certificate_encrypted_key(&server, "sesame");
    expect_refusal(&settings, TLS_PART_PASSPHRASE, "is missing");
    settings.passphrase = SLICE("barley");
    expect_refusal(&settings, TLS_PART_PASSPHRASE, "does not open the key");
    settings.passphrase = SLICE("sesame");
    struct tls_context *context = expect_context(&settings);
    tls_context_release(&context);
    free((char *)(uintptr_t)settings.key.at);
}

static void an_expired_certificate_is_used_with_a_warning(void **state)
{
    (void)state;
    struct certificate expired, early;
    certificate_make(&expired,
                     &(struct certificate_wish){.name = "expired", .from_days = -3, .to_days = -2});
    certificate_make(&early,
                     &(struct certificate_wish){.name = "early", .from_days = 2, .to_days = 3});
    struct tls_settings settings = {.key = expired.key, .certificate = expired.pem};
    struct tls_context *context = expect_context(&settings);
    assert_non_null(strstr(tls_context_warning(context), "CN=expired expired at "));
    tls_context_release(&context);
    settings = (struct tls_settings){.key = early.key, .certificate = early.pem};
    context = expect_context(&settings);
    assert_non_null(strstr(tls_context_warning(context), "CN=early is not valid before "));
    tls_context_release(&context);
    certificate_free(&expired);
    certificate_free(&early);
}

static void certificates_of_clients_need_an_authority(void **state)
{
    (void)state;
    struct tls_settings settings = good_settings();
    settings.client_certificate = TLS_CLIENT_REQUIRED;
    expect_refusal(&settings, TLS_PART_CA, "is missing");
    settings.client_certificate = TLS_CLIENT_OPTIONAL;
    expect_refusal(&settings, TLS_PART_CA, "is missing");
    settings.ca = SLICE("nothing");
    expect_refusal(&settings, TLS_PART_CA, "holds no certificate in PEM");
    settings.ca = authority.pem;
    struct tls_context *context = expect_context(&settings);
    tls_context_release(&context);
}

static void ciphers_of_both_versions_may_be_named(void **state)
{
    (void)state;
    static const char *const GOOD[] = {"TLS_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256",
                                       "TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES128-GCM-SHA256:HIGH"};
    static const char *const BAD[] = {"TLS_NONE", "NONE", "TLS_AES_128_GCM_SHA256:NONE"};
    struct tls_settings settings = good_settings();
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++) {
        settings.ciphers = slice_of(GOOD[i]);
        struct tls_context *context = expect_context(&settings);
        tls_context_release(&context);
    }
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        settings.ciphers = slice_of(BAD[i]);
        expect_refusal(&settings, TLS_PART_CIPHERS, "names no ciphers: ");
    }
}

static void parameters_of_diffie_hellman_are_checked(void **state)
{
    (void)state;
    /* RFC 7919, ffdhe2048 */
    static const char GOOD[] = "-----BEGIN DH PARAMETERS-----\n"
                               "MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz\n"
                               "+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a\n"
                               "87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7\n"
                               "YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi\n"
                               "7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD\n"
                               "ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==\n"
                               "-----END DH PARAMETERS-----\n";
    struct tls_settings settings = good_settings();
    settings.dh_parameters = slice_of(GOOD);
    struct tls_context *context = expect_context(&settings);
    tls_context_release(&context);
    settings.dh_parameters = server.pem;
    expect_refusal(&settings, TLS_PART_DH_PARAMETERS, "holds no DH parameters in PEM");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_and_its_certificate_are_enough),
        cmocka_unit_test(a_bad_certificate_is_named),
        cmocka_unit_test(a_bad_key_is_named),
        cmocka_unit_test(an_encrypted_key_needs_its_passphrase),
        cmocka_unit_test(an_expired_certificate_is_used_with_a_warning),
        cmocka_unit_test(certificates_of_clients_need_an_authority),
        cmocka_unit_test(ciphers_of_both_versions_may_be_named),
        cmocka_unit_test(parameters_of_diffie_hellman_are_checked),
    };
    return cmocka_run_group_tests(tests, make_certificates, free_certificates);
}
