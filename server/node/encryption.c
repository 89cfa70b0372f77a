#include "encryption.h"

#include <stdarg.h>
#include <stdio.h>

static struct tls_context *blame(struct encryption_fault *fault, const struct ds_value *value,
                                 const char *format, ...) __attribute__((format(printf, 3, 4)));

static struct tls_context *blame(struct encryption_fault *fault, const struct ds_value *value,
                                 const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fault->value = value;
    vsnprintf(fault->text, sizeof fault->text, format, arguments);
    va_end(arguments);
    return NULL;
}

/* A member is blamed together with its file, or without it the whole option is. */
static struct tls_context *blame_member(struct encryption_fault *fault, const struct ds_value *ssl,
                                        enum config_ssl member, const char *what)
{
    const struct ds_value *value = config_ssl_value(ssl, member);
    const char *key = config_ssl_key(member);
    slice file = ds_value_file(value);
    if (file.length > 0)
        return blame(fault, value, "ssl: `%s` (" SLICE_FORMAT ") %s", key, SLICE_ARGUMENTS(file),
                     what);
    return blame(fault, value == NULL ? ssl : value, "ssl: `%s` %s", key, what);
}

/* ---- texts ---- */

static bool read_texts(const char *config_dir, const struct ds_value *ssl,
                       slice texts[CONFIG_SSL_COUNT], struct encryption_fault *fault)
{
    for (enum config_ssl member = 0; member < CONFIG_SSL_COUNT; member++) {
        const char *error = config_ssl_text(config_dir, ssl, member, &texts[member]);
        if (error == NULL)
            continue;
        slice path = ds_value_text(config_ssl_value(ssl, member), SLICE(""));
        blame(fault, config_ssl_value(ssl, member), "ssl: `%s` cannot be read from %.*s: %s",
              config_ssl_key(member), (int)(path.length < 400 ? path.length : 400), path.at, error);
        return false;
    }
    return true;
}

static enum tls_client_certificate client_certificate(slice word)
{
    return slice_equal(word, SLICE("required"))   ? TLS_CLIENT_REQUIRED
           : slice_equal(word, SLICE("optional")) ? TLS_CLIENT_OPTIONAL
                                                  : TLS_CLIENT_NONE;
}

static struct tls_settings settings_of(const slice texts[CONFIG_SSL_COUNT])
{
    return (struct tls_settings){
        .key = texts[CONFIG_SSL_KEY],
        .passphrase = texts[CONFIG_SSL_PASSPHRASE],
        .certificate = texts[CONFIG_SSL_CERT],
        .ca = texts[CONFIG_SSL_CA],
        .dh_parameters = texts[CONFIG_SSL_DH_PARAMS],
        .ciphers = texts[CONFIG_SSL_CIPHERS],
        .least_version =
            slice_equal(texts[CONFIG_SSL_MIN_VERSION], SLICE("TLSv1.3")) ? TLS_1_3 : TLS_1_2,
        .client_certificate = client_certificate(texts[CONFIG_SSL_CLIENT_CERTIFICATE]),
    };
}

/* ---- the context ---- */

struct tls_context *encryption_new(const char *config_dir, const struct ds_value *ssl,
                                   struct encryption_fault *fault)
{
    static const enum config_ssl NEEDED[] = {CONFIG_SSL_KEY, CONFIG_SSL_CERT};
    static const enum config_ssl MEMBERS[] = {
        [TLS_PART_KEY] = CONFIG_SSL_KEY,
        [TLS_PART_CERTIFICATE] = CONFIG_SSL_CERT,
        [TLS_PART_CA] = CONFIG_SSL_CA,
        [TLS_PART_DH_PARAMETERS] = CONFIG_SSL_DH_PARAMS,
        [TLS_PART_PASSPHRASE] = CONFIG_SSL_PASSPHRASE,
        [TLS_PART_CIPHERS] = CONFIG_SSL_CIPHERS,
    };
    slice texts[CONFIG_SSL_COUNT];
    struct tls_error error;
    for (size_t i = 0; i < sizeof NEEDED / sizeof *NEEDED; i++) {
        if (config_ssl_value(ssl, NEEDED[i]) == NULL)
            return blame_member(fault, ssl, NEEDED[i],
                                "is missing; leave `ssl` out to serve without encryption");
    }
    if (!read_texts(config_dir, ssl, texts, fault))
        return NULL;
    struct tls_settings settings = settings_of(texts);
    struct tls_context *context = tls_context_new(&settings, &error);
    if (context == NULL)
        blame_member(fault, ssl, MEMBERS[error.part], error.text);
    return context;
}
