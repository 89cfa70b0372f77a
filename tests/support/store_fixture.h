#pragma once
/* What the contracts of caches and of storages have in common: one plugin, opened for each test,
 * and names that no other test uses, since a store may outlive the plugin. */

#include "plugin_host.h"
#include "store_answers.h"
#include "store_subject.h"

#include "base/arena.h"

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

/* Names of this test with all kinds of bytes, no two alike, and JSON with all kinds of text. */
#define STORE_ODD_NAMES 16
void store_fixture_odd_names(struct store_fixture *fixture, slice names[STORE_ODD_NAMES]);
slice store_odd_data(int i);

/* The longest name of a few that the subject takes, at most some 60,000 bytes. */
slice store_fixture_long_name(struct store_fixture *fixture);

/* Whether the subject refuses it. */
bool store_fixture_refuses(const struct store_fixture *fixture, slice name);

/* As many bytes as the subject takes, at most this many: JSON of one text that is made of `fill`.
 * On the heap. */
slice store_fixture_large_data(const struct store_fixture *fixture, size_t length, char fill);

/* Whether a record has this data, as far as the subject keeps its form. */
bool store_fixture_same_data(const struct store_fixture *fixture, const struct buf *found,
                             slice data);

/* Runs two processes that write the record at the same time (store_writer.c), with these versions
 * if it is a storage, and ends the test if one of them fails. Only of a subject with a library. */
struct store_versions {
    int first, step;
};
void store_fixture_write_from_two_processes(struct store_fixture *fixture, slice name,
                                            const struct store_versions versions[2], int count);

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
