#include "services.h"

#include "guard/plugin_guard.h"
#include "plugin_loader.h"

#include "logging/log.h"

#include "base/check.h"

void services_init(struct services *services, struct log *log)
{
    *services = (struct services){.log = log};
}

static void service_free(struct service *service)
{
    plugin_guard_free(&service->guard);
    plugin_library_close(&service->library);
    free(service);
}

void services_fini(struct services *services)
{
    for (size_t i = 0; i < services->all.count; i++) {
        if (services->all.items[i]->self == NULL)
            service_free(services->all.items[i]);
    }
    VEC_FREE(&services->all);
}

/* ---- making ---- */

static void refuse_uncreated(enum ds_plugin_kind kind, const char *name, struct config *config,
                             const struct config_plugin *wanted, const struct loaded_plugin *found,
                             const struct ds_error *error)
{
    struct buf text = BUF_EMPTY;
    const struct ds_value *blamed = error->value != NULL ? error->value : wanted->value;
    const char *reason = error->text[0] != '\0' ? error->text : "it gave no reason";
    if (found->library == NULL) {
        config_refuse(config, blamed, "%s of type %s: %s", name, found->plugin->name, reason);
        return;
    }
    plugin_loader_describe(kind, wanted, &text);
    config_refuse(config, blamed, "Error loading " SLICE_FORMAT ": %s: %s", SLICE_ARGUMENTS(text),
                  plugin_library_path(found->library), reason);
    buf_fini(&text);
}

static void guard_service(struct service *service)
{
    service->guard = plugin_guard_new(service->plugin, service->self,
                                      plugin_library_path(service->library), service->group->log);
    if (service->guard != NULL)
        service->self = service->guard;
}

struct service *services_add(struct services *services, const struct ds_services *host,
                             enum ds_plugin_kind kind, const char *name, struct config *config,
                             const struct config_plugin *wanted)
{
    struct ds_error error = {.text = ""};
    struct loaded_plugin found;
    if (!plugin_loader_find(kind, config, wanted, &found))
        return NULL;
    if (found.plugin->options != NULL)
        config_warn_of_unknown(config, wanted, found.plugin->options);
    void *self = found.plugin->create(host, wanted->options, &error);
    error.text[sizeof error.text - 1] = '\0';
    if (self == NULL) {
        refuse_uncreated(kind, name, config, wanted, &found, &error);
        plugin_library_close(&found.library);
        return NULL;
    }
    if (error.text[0] != '\0')
        config_warn(config, error.value != NULL ? error.value : wanted->value, "%s", error.text);
    struct service *service = calloc(1, sizeof *service);
    CHECK(service != NULL);
    *service = (struct service){.plugin = found.plugin,
                                .self = self,
                                .name = name,
                                .group = services,
                                .library = found.library};
    if (found.library != NULL)
        guard_service(service);
    VEC_PUSH(&services->all, service);
    return service;
}

const void *service_operations(const struct service *service)
{
    return service->guard != NULL ? plugin_guard_operations(service->guard)
                                  : service->plugin->operations;
}

/* What create returned. */
static void *instance(const struct service *service)
{
    return service->guard != NULL ? plugin_guard_self(service->guard) : service->self;
}

/* Where the code of it is from: "" or ", /x/cache-a.so". */
static const char *service_file(const struct service *service)
{
    return service->library == NULL ? "" : plugin_library_path(service->library);
}

static const char *before_file(const struct service *service)
{
    return service->library == NULL ? "" : ", ";
}

/* Also when the logger is gone already. */
static void blame(const struct service *service, const char *what)
{
    struct log *log = service->group->log;
    if (log->operations == NULL)
        fprintf(stderr, "%s %s%s%s; this is ignored\n", service->name, what, before_file(service),
                service_file(service));
    else
        log_line(log, DS_ERROR, LOG_PLUGIN_ERROR, "%s %s%s%s; this is ignored", service->name, what,
                 before_file(service), service_file(service));
}

/* ---- starting ---- */

static void end_start(struct services *services, bool ready)
{
    void (*on_started)(void *, bool) = services->on_started;
    services->on_started = NULL;
    if (on_started != NULL)
        on_started(services->context, ready);
}

static void end_start_when_all_answered(struct services *services)
{
    bool ready = true;
    if (services->starting > 0)
        return;
    for (size_t i = 0; i < services->all.count; i++)
        ready = ready && services->all.items[i]->is_started;
    end_start(services, ready);
}

static void on_start(void *context, const char *error)
{
    struct service *service = context;
    struct services *services = service->group;
    if (service->is_started || service->has_failed) {
        blame(service, "said once more how its start ended");
        return;
    }
    services->starting--;
    service->is_started = error == NULL;
    service->has_failed = error != NULL;
    if (services->on_started == NULL)
        return;
    if (error != NULL)
        log_line(services->log, DS_FATAL, LOG_PLUGIN_INITIALIZATION_ERROR, "%s (%s%s%s): %s",
                 service->name, service->plugin->description, before_file(service),
                 service_file(service), error);
    else
        log_line(services->log, DS_INFO, LOG_INFO, "%s ready: %s", service->name,
                 service->plugin->description);
    end_start_when_all_answered(services);
}

void services_start(struct services *services, void (*on_started)(void *context, bool ready),
                    void *context)
{
    services->on_started = on_started;
    services->context = context;
    services->starting = services->all.count + 1; /* one for this function */
    for (size_t i = 0; i < services->all.count; i++) {
        struct service *service = services->all.items[i];
        if (service->plugin->start != NULL)
            service->plugin->start(instance(service), on_start, service);
        else
            on_start(service, NULL);
    }
    services->starting--;
    end_start_when_all_answered(services);
}

void services_give_up_start(struct services *services)
{
    for (size_t i = 0; i < services->all.count; i++) {
        const struct service *service = services->all.items[i];
        if (!service->is_started && !service->has_failed)
            log_line(services->log, DS_FATAL, LOG_PLUGIN_INITIALIZATION_TIMEOUT,
                     "%s wasn't initialised in time%s%s", service->name, before_file(service),
                     service_file(service));
    }
    end_start(services, false);
}

void services_forget_start(struct services *services)
{
    services->on_started = NULL;
}

/* ---- closing ---- */

static void end_close(struct services *services)
{
    void (*on_closed)(void *) = services->on_closed;
    services->on_closed = NULL;
    if (on_closed != NULL)
        on_closed(services->context);
}

static void close_next(struct services *services);

static void on_close(void *context, const char *error)
{
    struct service *service = context;
    struct services *services = service->group;
    if (service->self == NULL) {
        blame(service, "said once more that it is closed");
        return;
    }
    service->self = NULL;
    if (service->guard != NULL)
        plugin_guard_end(service->guard);
    if (error != NULL)
        log_line(services->log, DS_ERROR, LOG_PLUGIN_ERROR, "%s did not close well%s%s: %s",
                 service->name, before_file(service), service_file(service), error);
    close_next(services); /* also when nobody waits any more: what is open keeps the loop alive */
}

/* Plugins are few, so that one closing inside the close of another is no matter of depth. */
static void close_next(struct services *services)
{
    for (size_t i = services->all.count; i-- > 0;) {
        struct service *service = services->all.items[i];
        if (service->self != NULL) {
            service->plugin->close(instance(service), on_close, service);
            return;
        }
    }
    end_close(services);
}

static size_t count_open(const struct services *services)
{
    size_t count = 0;
    for (size_t i = 0; i < services->all.count; i++)
        count += services->all.items[i]->self != NULL;
    return count;
}

void services_close(struct services *services, void (*on_closed)(void *context), void *context)
{
    services->on_closed = on_closed;
    services->context = context;
    services->open = count_open(services);
    close_next(services);
}

bool services_are_closing(struct services *services)
{
    size_t before = services->open;
    services->open = count_open(services);
    return services->open < before;
}

void services_give_up_close(struct services *services)
{
    for (size_t i = 0; i < services->all.count; i++) {
        const struct service *service = services->all.items[i];
        if (service->self != NULL)
            log_line(services->log, DS_ERROR, LOG_PLUGIN_ERROR, "%s did not close in time%s%s",
                     service->name, before_file(service), service_file(service));
    }
    end_close(services);
}

void services_when_closed(struct services *services, void (*on_closed)(void *context),
                          void *context)
{
    services->on_closed = on_closed;
    services->context = context;
}

bool services_are_open(const struct services *services)
{
    return count_open(services) > 0;
}
