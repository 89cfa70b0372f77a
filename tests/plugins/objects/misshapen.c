/* Shared objects of which none is a plugin that the server can use: what is wrong with one is
 * defined when it is built. Above all they show that the server looks before it uses. */

#include <deepstream/plugin.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MISSHAPEN_OPERATIONS
#define MISSHAPEN_OPERATIONS &operations
#endif
#ifndef MISSHAPEN_CLOSE
#define MISSHAPEN_CLOSE close_plugin
#endif

#ifdef MISSHAPEN_WANTS_MORE
int ds_value_of_the_future(void); /* the server has no such function */
#endif

__attribute__((unused)) static void *create(const struct ds_services *services,
                                            const struct ds_value *options, struct ds_error *error)
{
    (void)services;
    (void)options;
    (void)error;
    abort(); /* the server never gets here */
}

__attribute__((unused)) static void close_plugin(void *self, ds_done *done, void *context)
{
    (void)self;
    done(context, NULL);
}

__attribute__((unused)) static const struct ds_cache_operations operations = {.get = NULL};

__attribute__((unused)) static const struct ds_plugin plugin = {
    .version = DS_PLUGIN_VERSION,
    .kind = DS_PLUGIN_CACHE,
    .name = "misshapen",
    .description = "nothing good",
    .create = create,
    .close = MISSHAPEN_CLOSE,
    .operations = MISSHAPEN_OPERATIONS,
};

/* A version, and behind the next member memory that nobody may touch. */
__attribute__((unused)) static const struct ds_plugin *only_a_version(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint32_t version = DS_PLUGIN_VERSION + 41;
    char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || mprotect(pages + page, page, PROT_NONE) != 0)
        abort();
    void *at = pages + page - _Alignof(struct ds_plugin);
    memcpy(at, &version, sizeof version);
    return at;
}

#if defined MISSHAPEN_OF_ANOTHER_VERSION
#define RESULT only_a_version()
#elif defined MISSHAPEN_GIVES_NULL
#define RESULT NULL
#elif defined MISSHAPEN_WANTS_MORE
#define RESULT (ds_value_of_the_future() > 0 ? &plugin : NULL)
#else
#define RESULT &plugin
#endif

#ifdef MISSHAPEN_WITHOUT_ENTRY
DS_PLUGIN_EXPORT const struct ds_plugin *another_name(void);
#define deepstream_plugin another_name
#endif

DS_PLUGIN_EXPORT const struct ds_plugin *deepstream_plugin(void)
{
    return RESULT;
}
