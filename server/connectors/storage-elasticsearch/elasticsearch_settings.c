#include "storage-elasticsearch/elasticsearch_settings.h"

#include "shared/options.h"
#include "web/web_client.h"

#include "base/utf8.h"

#include <jansson.h>

#include <stdio.h>

/* ---- host, hosts ---- */

static bool add_host(struct elasticsearch_settings *settings, const struct ds_value *option,
                     struct ds_error *error)
{
    ds_slice host = ds_value_text(option, (ds_slice){0});
    static const char advice[] = "host must be `localhost:9200` or a URL without a path, hosts a "
                                 "list of at most 32 of them";
    bool is_safe, has_scheme = slice_starts_with(host, SLICE("http://")) ||
                               slice_starts_with(host, SLICE("https://"));
    while (host.length > 0 && host.at[host.length - 1] == '/')
        host.length--;
    if (settings->host_count == MOST_HOSTS || host.length == 0 || host.length > 255 ||
        memchr(host.at, '\0', host.length) != NULL)
        return option_refuse(error, option, advice);
    const char *url = arena_printf(&settings->arena, "%s" SLICE_FORMAT, has_scheme ? "" : "http://",
                                   SLICE_ARGUMENTS(host))
                          .at;
    const char *address = strstr(url, "://") + 3;
    if (!web_url_is_valid(url, &is_safe) || strpbrk(address, "/?#@") != NULL)
        return option_refuse(error, option,
                             strchr(address, '@') != NULL
                                 ? "user and password belong to `auth`, not into host"
                                 : advice);
    settings->hosts[settings->host_count++] = url;
    return true;
}

static bool read_hosts(struct elasticsearch_settings *settings, const struct ds_value *options,
                       struct ds_error *error)
{
    const struct ds_value *hosts = ds_value_member(options, "hosts");
    ds_slice host;
    if (!option_text(options, "host", (ds_slice){0}, &host, error) ||
        (host.length > 0 && !add_host(settings, ds_value_member(options, "host"), error)))
        return false;
    if (ds_value_kind(hosts) != DS_VALUE_NULL && ds_value_kind(hosts) != DS_VALUE_LIST)
        return option_refuse(error, hosts, "hosts must be a list");
    for (size_t i = 0; i < ds_value_count(hosts); i++)
        if (!add_host(settings, ds_value_at(hosts, i, NULL), error))
            return false;
    if (settings->host_count == 0)
        return option_refuse(error, NULL,
                             "host is missing: where Elasticsearch is, `localhost:9200`");
    ds_slice text = {"elasticsearch at", 16};
    for (size_t i = 0; i < settings->host_count; i++)
        text = arena_printf(&settings->arena, "%s%s %s", text.at, i == 0 ? "" : ",",
                            settings->hosts[i]);
    settings->description = text.at;
    return true;
}

/* ---- indexes ---- */

static bool read_rules(struct elasticsearch_settings *settings, const struct ds_value *options,
                       struct ds_error *error)
{
    struct place_rules *rules = &settings->rules;
    ds_slice database, table, split_char;
    struct buf index = BUF_EMPTY;
    if (!option_text(options, "database", slice_of("deepstream"), &database, error) ||
        !option_text(options, "defaultTable", slice_of("deepstream_records"), &table, error) ||
        !option_text(options, "splitChar", (ds_slice){"", 0}, &split_char, error))
        return false;
    if (!place_is_index(database))
        return option_refuse(error, ds_value_member(options, "database"),
                             "database must be made of a-z, 0-9, - and _, and begin with a letter "
                             "or digit");
    if (split_char.length > 0 && (!utf8_valid(split_char, false) || utf8_count(split_char) != 1))
        return option_refuse(error, ds_value_member(options, "splitChar"),
                             "splitChar must be one character");
    rules->database = arena_copy(&settings->arena, database);
    rules->default_table = arena_copy(&settings->arena, table);
    rules->split_char = arena_copy(&settings->arena, split_char);
    bool fits = place_append_index(rules, rules->default_table, &index);
    buf_fini(&index);
    return fits ? true
                : option_refuse(error, ds_value_member(options, "defaultTable"),
                                "database and defaultTable are too long for an index");
}

/* A map of the file, or a text that is JSON, as the Node.js connector wants it. */
static bool read_json(struct elasticsearch_settings *settings, const struct ds_value *options,
                      const char *key, ds_slice *json, struct ds_error *error)
{
    const struct ds_value *option = ds_value_member(options, key);
    enum ds_value_kind kind = ds_value_kind(option);
    json_error_t problem;
    if (kind == DS_VALUE_NULL)
        return true;
    *json = arena_copy(&settings->arena, kind == DS_VALUE_TEXT
                                             ? ds_value_text(option, (ds_slice){"", 0})
                                             : ds_value_json(option));
    json_t *root = json_loadb(json->at, json->length, 0, &problem);
    bool is_object = json_is_object(root);
    json_decref(root);
    if (is_object)
        return true;
    snprintf(error->text, sizeof error->text, "%s must be a map, or a text of a JSON object", key);
    error->value = option;
    return false;
}

static bool read_credentials(struct elasticsearch_settings *settings,
                             const struct ds_value *options, struct ds_error *error)
{
    ds_slice auth;
    if (!option_text(options, "auth", (ds_slice){"", 0}, &auth, error))
        return false;
    if (auth.length == 0)
        return true;
    if (memchr(auth.at, ':', auth.length) == NULL)
        return option_refuse(error, ds_value_member(options, "auth"),
                             "auth must be `user:password`");
    settings->credentials = arena_copy(&settings->arena, auth).at;
    return true;
}

static bool read_all(struct elasticsearch_settings *settings, const struct ds_value *options,
                     struct ds_error *error)
{
    uint64_t ping_ms, request_ms;
    if (!read_hosts(settings, options, error) || !read_credentials(settings, options, error) ||
        !read_rules(settings, options, error) ||
        !read_json(settings, options, "settings", &settings->settings, error) ||
        !read_json(settings, options, "mappings", &settings->mappings, error) ||
        !option_whole(options, "pingTimeout", 1, 600000, 1000, &ping_ms, error) ||
        !option_whole(options, "requestTimeout", 1, 600000, 30000, &request_ms, error) ||
        !option_max_queue_bytes(options, &settings->max_queue_bytes, error))
        return false;
    settings->ping_timeout_ms = (uint32_t)ping_ms;
    settings->request_timeout_ms = (uint32_t)request_ms;
    return true;
}

bool elasticsearch_settings_read(struct elasticsearch_settings *settings,
                                 const struct ds_value *options, struct ds_error *error)
{
    *settings = (struct elasticsearch_settings){.host_count = 0};
    arena_init(&settings->arena, 0);
    if (read_all(settings, options, error))
        return true;
    arena_fini(&settings->arena);
    return false;
}

void elasticsearch_settings_fini(struct elasticsearch_settings *settings)
{
    arena_fini(&settings->arena);
}
