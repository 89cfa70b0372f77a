#include "running_options.h"

#include "internal.h"
#include "node/config/options.h"

#include <inttypes.h>

static const enum config_option OPTIONS[] = {
#define RUNNING_OPTION(name) CONFIG_##name,
#include "node/running_options.def"
#undef RUNNING_OPTION
};
enum { OPTION_TOTAL = sizeof OPTIONS / sizeof *OPTIONS };

/* "rpc.ackTimeout". */
static void write_name(enum config_option option, struct buf *name)
{
    const struct option_info *info = option_info(option);
    const char *section = section_info(info->section)->key;
    buf_clear(name);
    buf_append_text(name, section);
    if (*section != '\0')
        buf_append_byte(name, '.');
    buf_append_text(name, info->key);
}

static enum config_option find(const char *wanted)
{
    struct buf name = BUF_EMPTY;
    enum config_option found = CONFIG_OPTION_COUNT;
    for (size_t i = 0; i < OPTION_TOTAL && found == CONFIG_OPTION_COUNT; i++) {
        write_name(OPTIONS[i], &name);
        if (slice_equal(buf_slice(&name), slice_of(wanted)))
            found = OPTIONS[i];
    }
    buf_fini(&name);
    return found;
}

static bool is_level(int64_t value)
{
    return (value >= DS_DEBUG && value <= DS_FATAL) || value == DS_OFF;
}

static bool is_in_bounds(enum config_option option, int64_t value)
{
    const struct option_info *info = option_info(option);
    return info->kind == OPTION_LEVEL ? is_level(value)
                                      : (double)value >= info->least && (double)value <= info->most;
}

/* ---- where they are obeyed ---- */

static void set_of_rpc(struct rpc_handler *handler, enum config_option option, uint32_t value)
{
    if (handler == NULL)
        return;
    struct rpc_settings *settings = rpc_handler_settings(handler);
    if (option == CONFIG_RPC_ACK_TIMEOUT)
        settings->ack_timeout_ms = value;
    else
        settings->response_timeout_ms = value;
}

static void set_of_records(struct record_handler *handler, enum config_option option,
                           uint32_t value)
{
    if (handler == NULL)
        return;
    struct record_settings *settings = record_handler_settings(handler);
    if (option == CONFIG_RECORD_CACHE_TIMEOUT)
        settings->cache_timeout_ms = value;
    else
        settings->storage_timeout_ms = value;
}

static void set_in(struct listen_settings *settings, enum config_option option, uint32_t value)
{
    if (option == CONFIG_LISTEN_RESPONSE_TIMEOUT)
        settings->response_timeout_ms = value;
    else
        settings->match_cooldown_ms = value;
}

static void set_of_listening(const struct features *features, enum config_option option,
                             uint32_t value)
{
    if (features->record != NULL)
        set_in(record_handler_listen_settings(features->record), option, value);
    if (features->event != NULL)
        set_in(event_handler_listen_settings(features->event), option, value);
}

static void set(struct ds_node *node, enum config_option option, int64_t value)
{
    switch (option) {
    case CONFIG_LOG_LEVEL:
        node->log.level = (enum ds_log_level)value;
        return;
    case CONFIG_RPC_ACK_TIMEOUT:
    case CONFIG_RPC_RESPONSE_TIMEOUT:
        set_of_rpc(node->features.rpc, option, (uint32_t)value);
        return;
    case CONFIG_RECORD_CACHE_TIMEOUT:
    case CONFIG_RECORD_STORAGE_TIMEOUT:
        set_of_records(node->features.record, option, (uint32_t)value);
        return;
    case CONFIG_LISTEN_RESPONSE_TIMEOUT:
    case CONFIG_LISTEN_MATCH_COOLDOWN:
        set_of_listening(&node->features, option, (uint32_t)value);
        return;
    default:
        CHECK(false); /* a line of running_options.def that nobody obeys */
    }
}

bool running_options_set(struct ds_node *node, const char *option, int64_t value,
                         struct ds_error *error)
{
    enum config_option found = find(option);
    if (found == CONFIG_OPTION_COUNT) {
        snprintf(error->text, sizeof error->text,
                 "`%.100s` cannot be changed while the server runs", option);
        return false;
    }
    if (!is_in_bounds(found, value)) {
        snprintf(error->text, sizeof error->text, "`%s` cannot be %" PRId64, option, value);
        return false;
    }
    set(node, found, value);
    log_line(&node->log, DS_INFO, LOG_INFO, "%s is %" PRId64 " from now on", option, value);
    return true;
}
