#pragma once
/* What the contracts of caches and of storages have in common: one plugin, opened for each test,
 * and names that no other test uses, since a store may outlive the plugin. */

#include "plugin_host.h"
#include "store_answers.h"

#include "base/arena.h"

struct store_subject {
    const struct ds_plugin *plugin;
    const char *options_json;
};

struct store_fixture {
    const struct store_subject *subject;
    struct plugin_host host;
    void *self;
    const void *operations; /* of the plugin */
    struct arena arena;
    char prefix[24];
};

/* For cmocka: *state is the store_subject before, the store_fixture after. */
int store_fixture_setup(void **state);
int store_fixture_teardown(void **state);

/* Closes the plugin and opens it again. */
void store_fixture_reopen(struct store_fixture *fixture);

/* A name of this test; lives as long as the fixture. */
slice store_fixture_name(struct store_fixture *fixture, slice name);

/* Waits for an answer. */
static inline void store_fixture_wait(struct store_fixture *fixture,
                                      const struct store_answer *answer)
{
    plugin_host_wait(&fixture->host, &answer->is_done);
}

/* A record of a version and JSON text. */
static inline struct ds_record store_record(int32_t version, slice data)
{
    return (struct ds_record){.version = version, .data = data};
}
