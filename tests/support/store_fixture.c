#include "store_fixture.h"
#include "child_process.h"

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

void store_fixture_odd_names(struct store_fixture *fixture, slice names[STORE_ODD_NAMES])
{
    static const slice odd[STORE_ODD_NAMES] = {
        SLICE(""),          SLICE("a'b\"c;--"), SLICE("\xe2\x82\xac/\xf0\x9f\x98\x80"),
        SLICE("a\0b"),      SLICE("a\0c"),      SLICE("A"),
        SLICE("a"),         SLICE("a "),        SLICE("%"),
        SLICE("a\nb\r\tc"), SLICE("%00%20"),    SLICE("a%20b"),
        SLICE("a b"),       SLICE("{a}_v"),     SLICE("\\\"$(x)`"),
        SLICE("a/b//c/"),
    };
    for (int i = 0; i < STORE_ODD_NAMES; i++)
        names[i] = store_fixture_name(fixture, odd[i]);
}

slice store_odd_data(int i)
{
    static const slice odd[] = {
        SLICE("{}"),
        SLICE("[]"),
        SLICE("{\"text\":\"'; DROP TABLE records; -- %s $1\"}"),
        SLICE("{\"text\":\"\xe2\x82\xac \xf0\x9f\x98\x80 \\\" \\\\ \\n\"}"),
        SLICE("[1,2.5,-3,null,true,{\"a\":[]}]"),
    };
    return odd[(size_t)i % (sizeof odd / sizeof *odd)];
}

slice store_fixture_long_name(struct store_fixture *fixture)
{
    char text[60000];
    memset(text, 'n', sizeof text);
    for (size_t length = sizeof text;; length /= 2) {
        CHECK(length > 0);
        slice name = store_fixture_name(fixture, (slice){text, length});
        if (!store_fixture_refuses(fixture, name))
            return name;
    }
}

bool store_fixture_refuses(const struct store_fixture *fixture, slice name)
{
    return fixture->subject->refuses_name != NULL && fixture->subject->refuses_name(name);
}

slice store_fixture_large_data(const struct store_fixture *fixture, size_t length, char fill)
{
    size_t largest = fixture->subject->largest_data;
    if (largest != 0 && largest < length)
        length = largest;
    char *data = malloc(length);
    CHECK(data != NULL && length > 4);
    memset(data, fill, length);
    memcpy(data, "[\"", 2);
    memcpy(data + length - 2, "\"]", 2);
    return (slice){data, length};
}

/* JSON without the blanks between its parts. */
static slice without_blanks(slice json, char *out)
{
    size_t length = 0;
    bool in_text = false;
    for (size_t i = 0; i < json.length; i++) {
        if (!in_text && strchr(" \t\r\n", json.at[i]) != NULL)
            continue;
        out[length++] = json.at[i];
        if (in_text && json.at[i] == '\\' && i + 1 < json.length)
            out[length++] = json.at[++i];
        else if (json.at[i] == '"')
            in_text = !in_text;
    }
    return (slice){out, length};
}

bool store_fixture_same_data(const struct store_fixture *fixture, const struct buf *found,
                             slice data)
{
    if (!fixture->subject->reformats_data)
        return slice_equal(buf_slice(found), data);
    char *texts = malloc(found->length + data.length + 1);
    CHECK(texts != NULL);
    bool same = slice_equal(without_blanks(buf_slice(found), texts),
                            without_blanks(data, texts + found->length));
    free(texts);
    return same;
}

#define WRITERS_MS 100000

void store_fixture_write_from_two_processes(struct store_fixture *fixture, slice name,
                                            const struct store_versions versions[2], int count)
{
    struct child_process writers[2];
    char text[128], first[2][12], step[2][12], rounds[12];
    const struct store_subject *subject = fixture->subject;
    snprintf(text, sizeof text, SLICE_FORMAT, SLICE_ARGUMENTS(name));
    snprintf(rounds, sizeof rounds, "%d", count);
    for (int i = 0; i < 2; i++) {
        snprintf(first[i], sizeof first[i], "%d", versions[i].first);
        snprintf(step[i], sizeof step[i], "%d", versions[i].step);
        const char *arguments[] = {
            STORE_WRITER, subject->library, subject->options_json, text, first[i], step[i], rounds,
            NULL};
        child_process_make(&writers[i], "writer");
        child_process_start(&writers[i], arguments, NULL);
    }
    bool failed = false;
    for (int i = 0; i < 2; i++) {
        if (child_process_wait(&writers[i], WRITERS_MS) != 0) {
            child_process_print_log(&writers[i], "a writer");
            failed = true;
        }
        child_process_remove(&writers[i]);
    }
    CHECK(!failed);
}
