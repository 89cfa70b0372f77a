#include "features.h"

#include "services.h"

#include "base/check.h"
#include "deepstream/plugin.h"
#include "metrics/meter.h"

static uint32_t number(const struct config *config, enum config_option option)
{
    return (uint32_t)config_integer(config, option);
}

void features_check(struct config *config)
{
    if (config_integer(config, CONFIG_LISTEN_REMATCH_INTERVAL) <= LISTEN_NO_REMATCH_MS)
        config_warn(config, config_value(config, CONFIG_LISTEN_REMATCH_INTERVAL),
                    "listen.rematchInterval of %d ms and less turns rematching off: a name whose "
                    "search has failed stays without provider",
                    LISTEN_NO_REMATCH_MS);
}

static struct listen_settings listen_settings(const struct config *config)
{
    return (struct listen_settings){
        .shuffle_providers = config_boolean(config, CONFIG_LISTEN_SHUFFLE_PROVIDERS),
        .response_timeout_ms = number(config, CONFIG_LISTEN_RESPONSE_TIMEOUT),
        .rematch_interval_ms = number(config, CONFIG_LISTEN_REMATCH_INTERVAL),
        .match_cooldown_ms = number(config, CONFIG_LISTEN_MATCH_COOLDOWN),
    };
}

static void add(struct features *features, enum topic topic, const struct handler *handler)
{
    pipeline_add_handler(features->pipeline, topic, handler);
}

/* ---- records ---- */

static void copy_texts(slice *to, const struct ds_value *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] = ds_value_text(ds_value_at(list, i, NULL), SLICE(""));
}

static void measure_cache(struct features *features, const struct features_settings *settings,
                          struct record_settings *record)
{
    features->cache_meter = meter_new(settings->loop, settings->metrics->cache);
    record->cache = meter_cache(features->cache_meter, service_operations(settings->cache),
                                settings->cache->self);
    record->cache_self = features->cache_meter;
}

static void measure_storage(struct features *features, const struct features_settings *settings,
                            struct record_settings *record)
{
    const struct ds_storage_operations *operations = service_operations(settings->storage);
    if (operations == NULL)
        return;
    features->storage_meter = meter_new(settings->loop, settings->metrics->storage);
    record->storage = meter_storage(features->storage_meter, operations, settings->storage->self);
    record->storage_self = features->storage_meter;
}

static void start_records(struct features *features, const struct features_settings *settings)
{
    const struct config *config = settings->config;
    const struct ds_value *excluded =
        config_value(config, CONFIG_RECORD_STORAGE_EXCLUSION_PREFIXES);
    const struct ds_value *hot = config_value(config, CONFIG_RECORD_STORAGE_HOT_PATH_PREFIXES);
    size_t excluded_count = ds_value_count(excluded), hot_count = ds_value_count(hot);
    features->prefixes = calloc(excluded_count + hot_count + 1, sizeof *features->prefixes);
    CHECK(features->prefixes != NULL);
    copy_texts(features->prefixes, excluded, excluded_count);
    copy_texts(features->prefixes + excluded_count, hot, hot_count);
    struct record_settings record = {
        .cache_timeout_ms = number(config, CONFIG_RECORD_CACHE_TIMEOUT),
        .storage_timeout_ms = number(config, CONFIG_RECORD_STORAGE_TIMEOUT),
        .storage_exclusion_prefixes = features->prefixes,
        .storage_exclusion_count = excluded_count,
        .storage_hot_path_prefixes = features->prefixes + excluded_count,
        .storage_hot_path_count = hot_count,
        .max_queue_per_record = number(config, CONFIG_RECORD_MAX_QUEUE),
        .max_json_depth = number(config, CONFIG_RECORD_MAX_JSON_DEPTH),
        .listen = listen_settings(config),
    };
    measure_cache(features, settings, &record);
    measure_storage(features, settings, &record);
    features->record = record_handler_new(&features->services, &record);
    add(features, TOPIC_RECORD, record_handler_table(features->record));
}

/* ---- the others ---- */

static void start_events(struct features *features, const struct config *config)
{
    struct listen_settings listen = listen_settings(config);
    features->event = event_handler_new(&features->services, &listen);
    add(features, TOPIC_EVENT, event_handler_table(features->event));
}

static void start_rpc(struct features *features, const struct config *config)
{
    struct rpc_settings rpc = {
        .ack_timeout_ms = number(config, CONFIG_RPC_ACK_TIMEOUT),
        .response_timeout_ms = number(config, CONFIG_RPC_RESPONSE_TIMEOUT),
        .provide_requestor_name = config_boolean(config, CONFIG_RPC_PROVIDE_REQUESTOR_NAME),
        .provide_requestor_data = config_boolean(config, CONFIG_RPC_PROVIDE_REQUESTOR_DATA),
        .max_calls = number(config, CONFIG_RPC_MAX_CALLS),
    };
    features->rpc = rpc_handler_new(&features->services, &rpc);
    add(features, TOPIC_RPC, rpc_handler_table(features->rpc));
}

static void start_presence(struct features *features)
{
    features->presence = presence_handler_new(&features->services);
    add(features, TOPIC_PRESENCE, presence_handler_table(features->presence));
}

void features_start(struct features *features, const struct features_settings *settings)
{
    const struct config *config = settings->config;
    struct pipeline_settings pipeline = {
        .log = settings->log,
        .metrics = settings->metrics,
        .permission = service_operations(settings->permission),
        .permission_self = settings->permission->self,
    };
    features->cluster = settings->cluster;
    features->pipeline = pipeline_new(&pipeline);
    features->services =
        (struct handler_services){.loop = settings->loop,
                                  .log = settings->log,
                                  .pipeline = features->pipeline,
                                  .cluster = features->cluster,
                                  .registry = service_operations(settings->subscriptions),
                                  .registry_self = settings->subscriptions->self};
    if (config_boolean(config, CONFIG_FEATURE_EVENT))
        start_events(features, config);
    if (config_boolean(config, CONFIG_FEATURE_RPC))
        start_rpc(features, config);
    if (config_boolean(config, CONFIG_FEATURE_RECORD))
        start_records(features, settings);
    if (config_boolean(config, CONFIG_FEATURE_PRESENCE))
        start_presence(features);
}

/* ---- the end ---- */

static void on_pipeline_idle(void *context)
{
    struct features *features = context;
    if (features->record != NULL)
        record_handler_drain(features->record, features->on_drained, features->drain_context);
    else
        features->on_drained(features->drain_context);
}

/* Nothing reaches the record handler once the pipeline is idle, so that its drain is the last. */
void features_drain(struct features *features, void (*done)(void *context), void *context)
{
    features->on_drained = done;
    features->drain_context = context;
    pipeline_stop(features->pipeline, on_pipeline_idle, features);
}

/* Records go first: rules that wait for one are answered then, while those who asked are there. */
void features_stop(struct features *features)
{
    if (features->pipeline != NULL)
        pipeline_remove_handlers(features->pipeline);
    if (features->record != NULL)
        record_handler_free(&features->record);
    if (features->presence != NULL)
        presence_handler_free(&features->presence);
    if (features->rpc != NULL)
        rpc_handler_free(&features->rpc);
    if (features->event != NULL)
        event_handler_free(&features->event);
    if (features->pipeline != NULL)
        pipeline_free(&features->pipeline);
    features->cluster = NULL;
    free(features->prefixes);
    features->prefixes = NULL;
}

void features_fini(struct features *features)
{
    meter_free(&features->cache_meter);
    meter_free(&features->storage_meter);
}
