#include "redis/settings.h"
#include "redis/url.h"

#include <stdio.h>

#define MOST_NODES 1000

static bool refuse(struct ds_error *error, const struct ds_value *value, const char *key,
                   const char *problem)
{
    snprintf(error->text, sizeof error->text, "%s %s", key, problem);
    error->value = value;
    return false;
}

bool redis_option_number(const struct ds_value *options, const char *key, uint32_t least,
                         uint32_t most, uint32_t fallback, uint32_t *number, struct ds_error *error)
{
    const struct ds_value *value = ds_value_member(options, key);
    *number = fallback;
    if (ds_value_kind(value) == DS_VALUE_NULL)
        return true;
    double given = ds_value_number(value, -1);
    ds_slice text = ds_value_text(value, SLICE(""));
    if (ds_value_kind(value) == DS_VALUE_TEXT && redis_number_parse(text, UINT32_MAX, number))
        given = *number; /* as ${REDIS_PORT} gives it */
    if (given >= least && given <= most && given == (double)(uint32_t)given) {
        *number = (uint32_t)given;
        return true;
    }
    char problem[80];
    snprintf(problem, sizeof problem, "must be a whole number from %u to %u", least, most);
    return refuse(error, value, key, problem);
}

static bool read_text(const struct ds_value *options, const char *key, slice *text,
                      struct ds_error *error)
{
    const struct ds_value *value = ds_value_member(options, key);
    if (ds_value_kind(value) == DS_VALUE_NULL)
        return true;
    if (ds_value_kind(value) != DS_VALUE_TEXT)
        return refuse(error, value, key, "must be a text");
    *text = ds_value_text(value, SLICE(""));
    return true;
}

static bool set_host(struct redis_address *address, slice host)
{
    if (host.length == 0 || host.length >= sizeof address->host ||
        memchr(host.at, '\0', host.length) != NULL)
        return false;
    memcpy(address->host, host.at, host.length);
    address->host[host.length] = '\0';
    return true;
}

/* What a URL says, over what is there. */
static bool apply_url(struct redis_settings *settings, const struct ds_value *value,
                      struct redis_address *address, bool *is_tls, struct ds_error *error)
{
    struct redis_url url;
    const char *problem = redis_url_parse(ds_value_text(value, SLICE("")), &settings->arena, &url);
    if (problem != NULL)
        return refuse(error, value, "url", problem);
    if (!set_host(address, url.host))
        return refuse(error, value, "url", "has a host that is none");
    address->port = url.port;
    settings->user = url.user;
    settings->password = url.password;
    settings->database = url.database;
    *is_tls = url.is_tls;
    return true;
}

static bool read_address(struct redis_settings *settings, const struct ds_value *options,
                         struct redis_address *address, bool *is_tls, struct ds_error *error)
{
    slice host = SLICE("localhost");
    uint32_t port;
    if (ds_value_kind(options) == DS_VALUE_TEXT)
        return apply_url(settings, options, address, is_tls, error);
    const struct ds_value *url = ds_value_member(options, "url");
    if (ds_value_kind(url) != DS_VALUE_NULL)
        return apply_url(settings, url, address, is_tls, error);
    if (!read_text(options, "host", &host, error) ||
        !redis_option_number(options, "port", 1, 65535, REDIS_DEFAULT_PORT, &port, error))
        return false;
    if (!set_host(address, host))
        return refuse(error, ds_value_member(options, "host"), "host", "is none");
    address->port = (uint16_t)port;
    return true;
}

static bool read_nodes(struct redis_settings *settings, const struct ds_value *options,
                       bool *is_tls, struct ds_error *error)
{
    const struct ds_value *nodes = ds_value_member(options, "nodes");
    settings->is_cluster = ds_value_kind(nodes) != DS_VALUE_NULL;
    settings->node_count = settings->is_cluster ? ds_value_count(nodes) : 1;
    if (settings->is_cluster && (ds_value_kind(nodes) != DS_VALUE_LIST ||
                                 settings->node_count == 0 || settings->node_count > MOST_NODES))
        return refuse(error, nodes, "nodes", "must be a list of {host, port}, or of URLs");
    settings->nodes =
        arena_alloc_zeroed(&settings->arena, settings->node_count * sizeof *settings->nodes);
    for (size_t i = 0; i < settings->node_count; i++)
        if (!read_address(settings, settings->is_cluster ? ds_value_at(nodes, i, NULL) : options,
                          &settings->nodes[i], is_tls, error))
            return false;
    return true;
}

/* Of a cluster all these are in redisOptions, as the original has them. */
static bool read_access(struct redis_settings *settings, const struct ds_value *options,
                        bool is_tls, struct ds_error *error)
{
    const struct ds_value *tls = ds_value_member(options, "tls");
    if (!read_text(options, "username", &settings->user, error) ||
        !read_text(options, "password", &settings->password, error) ||
        !read_text(options, "keyPrefix", &settings->key_prefix, error) ||
        !redis_option_number(options, "db", 0, INT32_MAX, settings->database, &settings->database,
                             error))
        return false;
    if (settings->key_prefix.length > 1000)
        return refuse(error, ds_value_member(options, "keyPrefix"), "keyPrefix", "is too long");
    if (settings->is_cluster && settings->database != 0)
        return refuse(error, ds_value_member(options, "db"), "db",
                      "must be 0, the only one that a cluster has");
    if (ds_value_kind(tls) != DS_VALUE_NULL && ds_value_kind(tls) != DS_VALUE_BOOLEAN &&
        ds_value_kind(tls) != DS_VALUE_MAP)
        return refuse(error, tls, "tls", "must be true, false or a map");
    if (ds_value_kind(tls) == DS_VALUE_MAP || ds_value_boolean(tls, is_tls)) {
        settings->tls = redis_tls_context_new(tls, error);
        return settings->tls != NULL;
    }
    return true;
}

static slice keep(struct redis_settings *settings, slice text)
{
    return arena_copy(&settings->arena, text);
}

static bool read_all(struct redis_settings *settings, const struct ds_value *options,
                     struct ds_error *error)
{
    bool is_tls = false;
    uint32_t most_waiting_mib;
    if (!read_nodes(settings, options, &is_tls, error))
        return false;
    const struct ds_value *inner = ds_value_member(options, "redisOptions");
    bool has_inner = settings->is_cluster && ds_value_kind(inner) == DS_VALUE_MAP;
    if (!read_access(settings, has_inner ? inner : options, is_tls, error) ||
        !redis_option_number(options, "requestTimeout", 10, 3600000, 5000, &settings->timeout_ms,
                             error) ||
        !redis_option_number(options, "maxWaitingMegabytes", 1, 65536, 64, &most_waiting_mib,
                             error))
        return false;
    settings->most_waiting_bytes = (size_t)most_waiting_mib << 20;
    settings->has_hash_tags = ds_value_boolean(ds_value_member(options, "hashTags"), false);
    settings->user = keep(settings, settings->user);
    settings->password = keep(settings, settings->password);
    settings->key_prefix = keep(settings, settings->key_prefix);
    return true;
}

bool redis_settings_init(struct redis_settings *settings, const struct ds_value *options,
                         struct ds_error *error)
{
    *settings =
        (struct redis_settings){.user = SLICE(""), .password = SLICE(""), .key_prefix = SLICE("")};
    arena_init(&settings->arena, 0);
    if (read_all(settings, options, error))
        return true;
    redis_settings_fini(settings);
    return false;
}

void redis_settings_fini(struct redis_settings *settings)
{
    redis_tls_context_free(&settings->tls);
    arena_fini(&settings->arena);
}

void redis_address_print(const struct redis_address *address, char *out, size_t size)
{
    bool is_ipv6 = strchr(address->host, ':') != NULL;
    snprintf(out, size, is_ipv6 ? "[%s]:%u" : "%s:%u", address->host, address->port);
}
