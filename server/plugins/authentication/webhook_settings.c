#include "plugins/authentication/webhook_settings.h"

#include "web/web_client.h"

#include <stdio.h>
#include <strings.h>

void webhook_settings_fini(struct webhook_settings *settings)
{
    VEC_FREE(&settings->permitted.all);
    VEC_FREE(&settings->retried.all);
    VEC_FREE(&settings->promoted);
    arena_fini(&settings->arena);
}

static bool has_all_keys(const struct ds_value *options, struct ds_error *error)
{
    static const char *const keys[] = {"endpointUrl",      "permittedStatusCodes", "requestTimeout",
                                       "retryStatusCodes", "retryAttempts",        "retryInterval"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (ds_value_kind(ds_value_member(options, keys[i])) == DS_VALUE_NULL) {
            snprintf(error->text, sizeof error->text, "Missing key %s", keys[i]);
            return false;
        }
    }
    return true;
}

static bool read_url(struct webhook_settings *settings, const struct ds_value *options,
                     struct ds_error *error)
{
    slice url = ds_value_text(ds_value_member(options, "endpointUrl"), (slice){0});
    bool is_safe;
    settings->url = arena_copy(&settings->arena, url).at;
    if (strlen(settings->url) == url.length && web_url_is_valid(settings->url, &is_safe))
        return true;
    snprintf(error->text, sizeof error->text, "endpointUrl is no URL of http or https");
    return false;
}

static void read_codes(struct webhook_codes *codes, const struct ds_value *list)
{
    for (size_t i = 0; i < ds_value_count(list); i++)
        VEC_PUSH(&codes->all, ds_value_number(ds_value_at(list, i, NULL), 0));
}

bool webhook_codes_have(const struct webhook_codes *codes, uint32_t status)
{
    for (size_t i = 0; i < codes->all.count; i++) {
        if (codes->all.items[i] == (double)status)
            return true;
    }
    return false;
}

static uint32_t read_number(const struct ds_value *options, const char *key)
{
    double number = ds_value_number(ds_value_member(options, key), 0);
    return number > 0 && number <= INT32_MAX ? (uint32_t)number : 0;
}

static void read_numbers(struct webhook_settings *settings, const struct ds_value *options)
{
    read_codes(&settings->permitted, ds_value_member(options, "permittedStatusCodes"));
    read_codes(&settings->retried, ds_value_member(options, "retryStatusCodes"));
    settings->timeout_ms = read_number(options, "requestTimeout");
    settings->retry_attempts = read_number(options, "retryAttempts");
    settings->retry_interval_ms = read_number(options, "retryInterval");
}

static bool is_header_name(slice name)
{
    for (size_t i = 0; i < name.length; i++) {
        char c = name.at[i];
        bool is_alphanumeric =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_alphanumeric && (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL))
            return false;
    }
    return name.length > 0;
}

/* Headers that say where a request goes or ends are not a client's to choose. */
static bool is_of_the_request_itself(slice name)
{
    static const char *const names[] = {
        "connection", "content-length", "content-type",      "expect", "host", "keep-alive", "te",
        "trailer",    "accept",         "transfer-encoding", "upgrade"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (name.length == strlen(names[i]) && strncasecmp(name.at, names[i], name.length) == 0)
            return true;
    }
    return false;
}

static bool read_promoted(struct webhook_settings *settings, const struct ds_value *options,
                          struct ds_error *error)
{
    const struct ds_value *list = ds_value_member(options, "promoteToHeader");
    for (size_t i = 0; i < ds_value_count(list); i++) {
        slice name = ds_value_text(ds_value_at(list, i, NULL), (slice){0});
        if (!is_header_name(name) || is_of_the_request_itself(name)) {
            snprintf(error->text, sizeof error->text,
                     "promoteToHeader: `" SLICE_FORMAT "` cannot be a header of the webhook",
                     SLICE_ARGUMENTS(name));
            return false;
        }
        VEC_PUSH(&settings->promoted, arena_copy(&settings->arena, name));
    }
    return true;
}

bool webhook_settings_read(struct webhook_settings *settings, const struct ds_value *options,
                           struct ds_error *error)
{
    *settings = (struct webhook_settings){.url = NULL};
    arena_init(&settings->arena, 0);
    if (!has_all_keys(options, error) || !read_url(settings, options, error) ||
        !read_promoted(settings, options, error)) {
        webhook_settings_fini(settings);
        return false;
    }
    read_numbers(settings, options);
    settings->reports = ds_value_boolean(ds_value_member(options, "reportInvalidParameters"), true);
    return true;
}
