#include "options.h"

#include "shared/options.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/slice.h"

#include <stdlib.h>

#define DEFAULT_URL "nats://127.0.0.1:4222"
#define DEFAULT_PREFIX "deepstream"
#define MOST_SERVERS 100
#define RECONNECT_WAIT_MS 250
#define PING_INTERVAL_MS 5000
#define PINGS_UNANSWERED 2

const char *const bus_option_names[] = {"url",    "servers",    "user",         "password",
                                        "token",  "tls.caFile", "tls.certFile", "tls.keyFile",
                                        "prefix", NULL};

/* ---- texts ---- */

static bool is_given(const struct ds_value *map, const char *key)
{
    return ds_value_kind(ds_value_member(map, key)) != DS_VALUE_NULL;
}

/* On the heap; NULL when it is not given. False: it is given, and no text. */
static bool read_text(const struct ds_value *map, const char *key, char **text,
                      struct ds_error *error)
{
    slice given;
    *text = NULL;
    if (!option_text(map, key, (slice){0}, &given, error))
        return false;
    if (is_given(map, key))
        *text = slice_to_text(given);
    return true;
}

/* ---- where ---- */

/* Without what comes before the host: it may be a password. */
static void add_place(struct buf *places, slice address)
{
    slice scheme = SLICE("://");
    const char *end = address.at + address.length, *host = address.at;
    for (const char *at = address.at; at < end; at++) {
        if (*at == '@')
            host = at + 1;
        else if (slice_starts_with((slice){at, (size_t)(end - at)}, scheme))
            host = at + scheme.length;
    }
    buf_append(places, places->length == 0 ? SLICE("") : SLICE(", "));
    buf_append(places, (slice){host, (size_t)(end - host)});
}

static char *read_places(const struct ds_value *options)
{
    struct buf places = BUF_EMPTY;
    const struct ds_value *servers = ds_value_member(options, "servers");
    for (size_t i = 0; i < ds_value_count(servers); i++)
        add_place(&places, ds_value_text(ds_value_at(servers, i, NULL), (slice){0}));
    if (ds_value_count(servers) == 0)
        add_place(&places, ds_value_text(ds_value_member(options, "url"), SLICE(DEFAULT_URL)));
    char *text = slice_to_text(buf_slice(&places));
    buf_fini(&places);
    return text;
}

static bool set_url(natsOptions *to, const struct ds_value *options, struct ds_error *error)
{
    char *url;
    if (!read_text(options, "url", &url, error))
        return false;
    natsStatus status = natsOptions_SetURL(to, url == NULL ? DEFAULT_URL : url);
    free(url);
    return status == NATS_OK || option_refuse(error, ds_value_member(options, "url"),
                                              "url must be an address, such as nats://host:4222");
}

static bool are_texts(const struct ds_value *list)
{
    size_t count = ds_value_count(list);
    for (size_t i = 0; i < count; i++) {
        if (ds_value_kind(ds_value_at(list, i, NULL)) != DS_VALUE_TEXT)
            return false;
    }
    return ds_value_kind(list) == DS_VALUE_LIST && count > 0 && count <= MOST_SERVERS;
}

static bool set_servers(natsOptions *to, const struct ds_value *servers, struct ds_error *error)
{
    char *urls[MOST_SERVERS];
    const char *borrowed[MOST_SERVERS];
    size_t count = ds_value_count(servers);
    natsStatus status = NATS_INVALID_ARG;
    if (are_texts(servers)) {
        for (size_t i = 0; i < count; i++)
            borrowed[i] = urls[i] =
                slice_to_text(ds_value_text(ds_value_at(servers, i, NULL), (slice){0}));
        status = natsOptions_SetServers(to, borrowed, (int)count);
        while (count > 0)
            free(urls[--count]);
    }
    return status == NATS_OK ||
           option_refuse(error, servers,
                         "servers must be a list of addresses, at most %d, such as "
                         "nats://host:4222",
                         MOST_SERVERS);
}

/* ---- who ---- */

static bool set_user(natsOptions *to, const struct ds_value *options, struct ds_error *error)
{
    char *user = NULL, *password = NULL;
    bool is_good = read_text(options, "user", &user, error) &&
                   read_text(options, "password", &password, error);
    if (is_good && user == NULL && password != NULL)
        is_good =
            option_refuse(error, ds_value_member(options, "password"), "password needs a user");
    if (is_good && user != NULL)
        CHECK(natsOptions_SetUserInfo(to, user, password == NULL ? "" : password) == NATS_OK);
    free(user);
    free(password);
    return is_good;
}

static bool set_token(natsOptions *to, const struct ds_value *options, struct ds_error *error)
{
    char *token;
    if (!read_text(options, "token", &token, error))
        return false;
    if (token != NULL)
        CHECK(natsOptions_SetToken(to, token) == NATS_OK);
    free(token);
    return true;
}

/* ---- TLS ---- */

static bool set_authority(natsOptions *to, const struct ds_value *tls, struct ds_error *error)
{
    char *path;
    if (!read_text(tls, "caFile", &path, error))
        return false;
    bool is_good = path == NULL || natsOptions_LoadCATrustedCertificates(to, path) == NATS_OK;
    if (!is_good)
        option_refuse(error, ds_value_member(tls, "caFile"), "tls: caFile %.300s cannot be read",
                      path);
    free(path);
    return is_good;
}

static bool set_identity(natsOptions *to, const struct ds_value *tls, struct ds_error *error)
{
    char *certificate = NULL, *key = NULL;
    bool is_good =
        read_text(tls, "certFile", &certificate, error) && read_text(tls, "keyFile", &key, error);
    if (is_good && (certificate == NULL) != (key == NULL))
        is_good = option_refuse(error, tls, "tls: certFile and keyFile belong together");
    if (is_good && certificate != NULL &&
        natsOptions_LoadCertificatesChain(to, certificate, key) != NATS_OK)
        is_good = option_refuse(
            error, tls, "tls: certFile and keyFile cannot be read, or do not fit each other");
    free(certificate);
    free(key);
    return is_good;
}

static bool set_tls(natsOptions *to, const struct ds_value *options, struct ds_error *error)
{
    const struct ds_value *tls = ds_value_member(options, "tls");
    bool is_map = ds_value_kind(tls) == DS_VALUE_MAP;
    if (is_given(options, "tls") && !is_map && ds_value_kind(tls) != DS_VALUE_BOOLEAN)
        return option_refuse(error, tls,
                             "tls must be true, false or a map of caFile, certFile, keyFile");
    if (!is_map && !ds_value_boolean(tls, false))
        return true;
    CHECK(natsOptions_SetSecure(to, true) == NATS_OK);
    return set_authority(to, tls, error) && set_identity(to, tls, error);
}

/* ---- the rest ---- */

/* One thread hands out what comes, so that it stays in order. */
static void set_habits(natsOptions *to)
{
    natsOptions_UseGlobalMessageDelivery(to, true);
    natsOptions_SetNoEcho(to, true);
    natsOptions_SetMaxReconnect(to, -1);
    natsOptions_SetReconnectWait(to, RECONNECT_WAIT_MS);
    natsOptions_SetReconnectJitter(to, RECONNECT_WAIT_MS, RECONNECT_WAIT_MS);
    natsOptions_SetPingInterval(to, PING_INTERVAL_MS);
    natsOptions_SetMaxPingsOut(to, PINGS_UNANSWERED);
}

static bool is_prefix(const char *text)
{
    size_t length = strlen(text);
    return length > 0 && strpbrk(text, "*> \t\r\n") == NULL && text[0] != '.' &&
           text[length - 1] != '.';
}

static bool read_prefix(char **prefix, const struct ds_value *options, struct ds_error *error)
{
    if (!read_text(options, "prefix", prefix, error))
        return false;
    if (*prefix == NULL)
        *prefix = slice_to_text(SLICE(DEFAULT_PREFIX));
    return is_prefix(*prefix) ||
           option_refuse(error, ds_value_member(options, "prefix"),
                         "prefix must be the beginning of a subject, such as deepstream");
}

static bool read_all(struct bus_options *read, const struct ds_value *options,
                     struct ds_error *error)
{
    bool has_servers = is_given(options, "servers");
    return read_prefix(&read->prefix, options, error) &&
           (has_servers ? set_servers(read->library, ds_value_member(options, "servers"), error)
                        : set_url(read->library, options, error)) &&
           set_user(read->library, options, error) && set_token(read->library, options, error) &&
           set_tls(read->library, options, error);
}

bool bus_options_read(struct bus_options *read, const struct ds_value *options,
                      struct ds_error *error)
{
    *read = (struct bus_options){0};
    CHECK(natsOptions_Create(&read->library) == NATS_OK);
    set_habits(read->library);
    if (read_all(read, options, error)) {
        read->places = read_places(options);
        return true;
    }
    natsOptions_Destroy(read->library);
    free(read->prefix);
    return false;
}
