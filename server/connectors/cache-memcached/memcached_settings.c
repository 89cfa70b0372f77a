#include "cache-memcached/memcached_settings.h"
#include "cache-memcached/item.h"

#include "shared/blocking_store.h"
#include "shared/options.h"

#include <stdio.h>

#define DEFAULT_PORT 11211
#define MOST_SERVERS 64

/* ---- serverLocation ---- */

static bool read_port(ds_slice text, uint16_t *port)
{
    uint32_t number = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] < '0' || text.at[i] > '9' || number > UINT16_MAX)
            return false;
        number = number * 10 + (uint32_t)(text.at[i] - '0');
    }
    *port = (uint16_t)number;
    return number > 0 && number <= UINT16_MAX;
}

static bool add_server(struct memcached_settings *settings, const struct ds_value *option,
                       ds_slice location, double weight, struct ds_error *error)
{
    if (settings->server_count == MOST_SERVERS || !(weight >= 1 && weight <= 1000) ||
        location.length == 0 || location.length > 255 || !item_is_plain(location))
        return option_refuse(error, option,
                             "serverLocation must be `host:port`, a list of such texts, or a map "
                             "from such texts to weights from 1 to 1000, of at most 64 servers");
    struct memcached_server *server = &settings->servers[settings->server_count++];
    *server = (struct memcached_server){.port = DEFAULT_PORT, .weight = (uint32_t)weight};
    if (location.at[0] == '/')
        server->port = 0;
    ds_slice host = location;
    size_t colon = location.length;
    while (colon > 0 && location.at[colon - 1] != ':' && location.at[colon - 1] != ']')
        colon--;
    bool has_port = server->port != 0 && colon > 0 && location.at[colon - 1] == ':';
    if (has_port && !read_port(slice_part(location, colon, location.length), &server->port))
        return option_refuse(error, option,
                             "serverLocation: the port must be a number from 1 to 65535");
    if (has_port)
        host.length = colon - 1;
    if (host.length > 2 && host.at[0] == '[' && host.at[host.length - 1] == ']')
        host = slice_part(host, 1, host.length - 1);
    if (host.length == 0)
        return option_refuse(error, option, "serverLocation: the host is missing");
    server->host = arena_copy(&settings->arena, host).at;
    return true;
}

static bool read_servers(struct memcached_settings *settings, const struct ds_value *location,
                         struct ds_error *error)
{
    enum ds_value_kind kind = ds_value_kind(location);
    settings->servers =
        arena_alloc_zeroed(&settings->arena, MOST_SERVERS * sizeof *settings->servers);
    if (kind == DS_VALUE_TEXT)
        return add_server(settings, location, ds_value_text(location, (ds_slice){0}), 1, error);
    if (kind != DS_VALUE_NULL && kind != DS_VALUE_LIST && kind != DS_VALUE_MAP)
        return add_server(settings, location, (ds_slice){0}, 1, error);
    for (size_t i = 0; i < ds_value_count(location); i++) {
        ds_slice key;
        const struct ds_value *item = ds_value_at(location, i, &key);
        bool is_map = kind == DS_VALUE_MAP;
        if (!add_server(settings, item, is_map ? key : ds_value_text(item, (ds_slice){0}),
                        is_map ? ds_value_number(item, 0) : 1, error))
            return false;
    }
    if (settings->server_count == 0)
        return option_refuse(error, location,
                             "serverLocation is missing: where memcached is, `localhost:11211`");
    return true;
}

static void describe(struct memcached_settings *settings)
{
    ds_slice text = {"memcached at", 12};
    for (size_t i = 0; i < settings->server_count; i++) {
        const struct memcached_server *server = &settings->servers[i];
        text = arena_printf(&settings->arena, "%s%s %s", text.at, i == 0 ? "" : ",", server->host);
        if (server->port != 0)
            text = arena_printf(&settings->arena, "%s:%u", text.at, server->port);
    }
    settings->description = text.at;
}

/* ---- all of them ---- */

static bool read_namespace(struct memcached_settings *settings, const struct ds_value *option,
                           struct ds_error *error)
{
    ds_slice text = ds_value_text(option, (ds_slice){"", 0});
    if (ds_value_kind(option) != DS_VALUE_NULL && ds_value_kind(option) != DS_VALUE_TEXT)
        return option_refuse(error, option, "memcachedOptions.namespace must be a text");
    if (text.length > ITEM_MAX_NAMESPACE_BYTES || !item_is_plain(text))
        return option_refuse(error, option,
                             "memcachedOptions.namespace must be at most 100 bytes, without spaces "
                             "and control characters");
    settings->namespace_ = arena_copy(&settings->arena, text);
    return true;
}

static bool read_all(struct memcached_settings *settings, const struct ds_value *options,
                     struct ds_error *error)
{
    const struct ds_value *library = ds_value_member(options, "memcachedOptions");
    enum ds_value_kind kind = ds_value_kind(library);
    uint64_t timeout_ms, max_item_bytes, threads;
    if (kind != DS_VALUE_NULL && kind != DS_VALUE_MAP)
        return option_refuse(error, library, "memcachedOptions must be a map");
    if (!read_servers(settings, ds_value_member(options, "serverLocation"), error) ||
        !read_namespace(settings, ds_value_member(library, "namespace"), error) ||
        !option_whole(options, "lifetime", 0, UINT32_MAX, 0, &settings->lifetime_s, error) ||
        !option_whole(library, "timeout", 1, 600000, 5000, &timeout_ms, error) ||
        !option_whole(library, "maxValue", 1024, 1 << 30, 1 << 20, &max_item_bytes, error) ||
        !option_whole(library, "poolSize", 1, BLOCKING_MOST_LANES, 4, &threads, error) ||
        !option_max_queue_bytes(options, &settings->max_queue_bytes, error) ||
        !option_boolean(options, "atomic", true, &settings->is_atomic, error))
        return false;
    settings->timeout_ms = (uint32_t)timeout_ms;
    settings->max_item_bytes = (size_t)max_item_bytes;
    settings->threads = (size_t)threads;
    return true;
}

bool memcached_settings_read(struct memcached_settings *settings, const struct ds_value *options,
                             struct ds_error *error)
{
    *settings = (struct memcached_settings){.server_count = 0};
    arena_init(&settings->arena, 0);
    if (!read_all(settings, options, error)) {
        arena_fini(&settings->arena);
        return false;
    }
    describe(settings);
    return true;
}

void memcached_settings_fini(struct memcached_settings *settings)
{
    arena_fini(&settings->arena);
}
