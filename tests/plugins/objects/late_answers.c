/* A plugin of one's own that answers over HTTP: `/echo` at once, `/late` when `/release` is asked
 * for, and what is open then in close. It also does what it must not: `/twice` is answered twice,
 * `/unfit` with what its body says and no answer may hold, `/elsewhere` logs a line on a thread of
 * its own. */

#include <deepstream/plugin.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct waiting {
    struct waiting *next;
    struct ds_http_exchange *exchange;
    size_t length;
    char body[];
};

struct hook {
    const struct ds_services *services;
    struct waiting *waiting;
};

static void answer(const struct hook *hook, struct ds_http_exchange *exchange, unsigned status,
                   ds_slice body)
{
    struct ds_http_answer answer = {
        .status = status, .content_type = {"text/plain", 10}, .body = body};
    hook->services->http_answer(hook->services->host, exchange, &answer);
}

static void on_echo(void *context, const struct ds_http_request *request,
                    struct ds_http_exchange *exchange)
{
    answer(context, exchange, 0, request->body);
}

static void on_late(void *context, const struct ds_http_request *request,
                    struct ds_http_exchange *exchange)
{
    struct hook *hook = context;
    struct waiting *waiting = malloc(sizeof *waiting + request->body.length);
    if (waiting == NULL)
        abort();
    *waiting = (struct waiting){hook->waiting, exchange, request->body.length};
    if (request->body.length > 0)
        memcpy(waiting->body, request->body.at, request->body.length);
    hook->waiting = waiting;
}

static void on_twice(void *context, const struct ds_http_request *request,
                     struct ds_http_exchange *exchange)
{
    (void)request;
    answer(context, exchange, 200, (ds_slice){"first", 5});
    answer(context, exchange, 200, (ds_slice){"second", 6});
}

static void on_unfit(void *context, const struct ds_http_request *request,
                     struct ds_http_exchange *exchange)
{
    const struct hook *hook = context;
    struct ds_http_answer unfit = {.status = 200};
    if (request->body.at[0] == 's')
        unfit.status = 9999;
    else if (request->body.at[0] == 't')
        unfit.content_type = (ds_slice){"text/plain\r\nx-more: 1", 21};
    else
        unfit.headers = "x-more: 1";
    hook->services->http_answer(hook->services->host, exchange, &unfit);
}

static void *log_elsewhere(void *context)
{
    const struct hook *hook = context;
    hook->services->log(hook->services->host, DS_INFO, "ELSEWHERE", (ds_slice){"hello", 5});
    return NULL;
}

static void on_elsewhere(void *context, const struct ds_http_request *request,
                         struct ds_http_exchange *exchange)
{
    pthread_t thread;
    (void)request;
    if (pthread_create(&thread, NULL, log_elsewhere, context) != 0 ||
        pthread_join(thread, NULL) != 0)
        abort();
    answer(context, exchange, 200, (ds_slice){"", 0});
}

static void release(struct hook *hook, unsigned status)
{
    while (hook->waiting != NULL) {
        struct waiting *waiting = hook->waiting;
        hook->waiting = waiting->next;
        answer(hook, waiting->exchange, status, (ds_slice){waiting->body, waiting->length});
        free(waiting);
    }
}

static void on_release(void *context, const struct ds_http_request *request,
                       struct ds_http_exchange *exchange)
{
    struct hook *hook = context;
    char count = '0';
    (void)request;
    for (const struct waiting *at = hook->waiting; at != NULL; at = at->next)
        count++;
    release(hook, 202);
    answer(hook, exchange, 200, (ds_slice){&count, 1});
}

static void *create(const struct ds_services *services, const struct ds_value *options,
                    struct ds_error *error)
{
    (void)options;
    (void)error;
    struct hook *hook = calloc(1, sizeof *hook);
    if (hook == NULL)
        abort();
    hook->services = services;
    services->add_http_post(services->host, (ds_slice){"/echo", 5}, on_echo, hook);
    services->add_http_post(services->host, (ds_slice){"/late", 5}, on_late, hook);
    services->add_http_get(services->host, (ds_slice){"/late", 5}, on_late, hook);
    services->add_http_get(services->host, (ds_slice){"/release", 8}, on_release, hook);
    services->add_http_get(services->host, (ds_slice){"/twice", 6}, on_twice, hook);
    services->add_http_post(services->host, (ds_slice){"/unfit", 6}, on_unfit, hook);
    services->add_http_get(services->host, (ds_slice){"/elsewhere", 10}, on_elsewhere, hook);
    return hook;
}

static void close_it(void *self, ds_done *done, void *context)
{
    release(self, 503);
    free(self);
    done(context, NULL);
}

static const struct ds_plugin plugin = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_CUSTOM,
    .name = "late-answers",
    .description = "answers that are late",
    .create = create,
    .close = close_it,
};

DS_PLUGIN_EXPORT const struct ds_plugin *deepstream_plugin(void)
{
    return &plugin;
}
