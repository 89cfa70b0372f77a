#include "store_fixture.h"

#include "base/check.h"
#include "base/hashmap.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

int store_fixture_setup(void **state)
{
    struct store_fixture *fixture = calloc(1, sizeof *fixture);
    CHECK(fixture != NULL);
    fixture->subject = *state;
    plugin_host_init(&fixture->host);
    arena_init(&fixture->arena, 0);
    snprintf(fixture->prefix, sizeof fixture->prefix, "%016" PRIx64 "/", hash_random_seed());
    fixture->operations = fixture->subject->plugin->operations;
    *state = fixture;

    struct ds_error error;
    fixture->self = plugin_host_open(&fixture->host, fixture->subject->plugin,
                                     fixture->subject->options_json, &error);
    if (fixture->self == NULL)
        fprintf(stderr, "%s\n", error.text);
    return fixture->self == NULL ? -1 : 0;
}

int store_fixture_teardown(void **state)
{
    struct store_fixture *fixture = *state;
    if (fixture->self != NULL)
        plugin_host_close(&fixture->host, fixture->subject->plugin, fixture->self);
    plugin_host_fini(&fixture->host);
    arena_fini(&fixture->arena);
    free(fixture);
    return 0;
}

void store_fixture_reopen(struct store_fixture *fixture)
{
    struct ds_error error;
    plugin_host_close(&fixture->host, fixture->subject->plugin, fixture->self);
    fixture->self = plugin_host_open(&fixture->host, fixture->subject->plugin,
                                     fixture->subject->options_json, &error);
    CHECK(fixture->self != NULL);
}

slice store_fixture_name(struct store_fixture *fixture, slice name)
{
    size_t prefix_length = strlen(fixture->prefix);
    char *whole = arena_alloc(&fixture->arena, prefix_length + name.length + 1);
    memcpy(whole, fixture->prefix, prefix_length);
    memcpy(whole + prefix_length, name.at, name.length);
    return (slice){whole, prefix_length + name.length};
}
