/* One of two processes that write the same record (store_fixture_write_from_two_processes):
 *
 *     store_writer LIBRARY OPTIONS NAME FIRST STEP COUNT
 *
 * A cache: adds one COUNT times to {"count":n}, each time over what it has seen, and sees again
 * what another one has written meanwhile. A storage: writes COUNT versions FIRST, FIRST + STEP, ...
 */

#include "store_answers.h"
#include "plugin_host.h"

#include "base/check.h"
#include "node/plugin_library.h"

#include <stdio.h>
#include <stdlib.h>

struct writer {
    struct plugin_host host;
    const struct ds_plugin *plugin;
    void *self;
    slice name;
    int first, step, count;
};

static void finish(struct writer *writer, const struct store_answer *answer)
{
    plugin_host_wait(&writer->host, &answer->is_done);
    if (answer->error != NULL)
        fprintf(stderr, "%s\n", answer->error);
    CHECK(answer->error == NULL);
}

static int count_in(const struct store_answer *answer)
{
    int count = 0;
    char text[64];
    snprintf(text, sizeof text, SLICE_FORMAT, (int)answer->data.length, answer->data.at);
    CHECK(answer->version == DS_MISSING || sscanf(text, "{\"count\":%d}", &count) == 1);
    return count;
}

/* Adds one to what `seen` holds; a conflict becomes what is seen. */
static bool try_increment(struct writer *writer, struct store_answer *seen)
{
    const struct ds_cache_operations *cache = writer->plugin->operations;
    struct store_answer answer;
    char data[64];
    snprintf(data, sizeof data, "{\"count\":%d}", count_in(seen) + 1);
    struct ds_record record = {.version = seen->version + 1, .data = slice_of(data)};
    cache->set(writer->self, writer->name, &record, seen->version, answer_set,
               store_answer_begin(&answer));
    finish(writer, &answer);
    if (!answer.is_conflict) {
        store_answer_end(&answer);
        return true;
    }
    store_answer_end(seen);
    *seen = answer;
    return false;
}

static void increment(struct writer *writer)
{
    const struct ds_cache_operations *cache = writer->plugin->operations;
    struct store_answer seen;
    for (int done = 0; done < writer->count; done++) {
        cache->get(writer->self, writer->name, answer_record, store_answer_begin(&seen));
        finish(writer, &seen);
        while (!try_increment(writer, &seen))
            continue;
        store_answer_end(&seen);
    }
}

static void store(struct writer *writer)
{
    const struct ds_storage_operations *storage = writer->plugin->operations;
    for (int i = 0; i < writer->count; i++) {
        struct store_answer answer;
        char data[64];
        int version = writer->first + i * writer->step;
        snprintf(data, sizeof data, "{\"count\":%d}", version);
        struct ds_record record = {.version = version, .data = slice_of(data)};
        storage->set(writer->self, writer->name, &record, answer_done, store_answer_begin(&answer));
        finish(writer, &answer);
        store_answer_end(&answer);
    }
}

int main(int argc, char **argv)
{
    CHECK(argc == 7);
    struct ds_error error;
    struct plugin_library *library = plugin_library_open(argv[1], &error);
    CHECK(library != NULL);
    struct writer writer = {
        .plugin = plugin_library_plugin(library),
        .name = slice_of(argv[3]),
        .first = (int)strtol(argv[4], NULL, 10),
        .step = (int)strtol(argv[5], NULL, 10),
        .count = (int)strtol(argv[6], NULL, 10),
    };
    plugin_host_init(&writer.host);
    writer.self = plugin_host_open(&writer.host, writer.plugin, argv[2], &error);
    if (writer.self == NULL)
        fprintf(stderr, "%s\n", error.text);
    CHECK(writer.self != NULL);
    if (writer.plugin->kind == DS_PLUGIN_CACHE)
        increment(&writer);
    else
        store(&writer);
    plugin_host_close(&writer.host, writer.plugin, writer.self);
    plugin_host_fini(&writer.host);
    plugin_library_close(&library);
    return 0;
}
