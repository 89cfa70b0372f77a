/* A test file as a whole: its keys in the order in which they depend on each other. */

#include "casefile_reader.h"

#include "rulefile.h"

#define DEFAULT_RULES "permissions.yml"

enum key {
#define FILE_KEY(name) KEY_##name,
#define TEST_KEY(name)
#include "casefile_keys.def"
#undef FILE_KEY
#undef TEST_KEY
    KEY_COUNT,
};

static const char *const KEY_NAMES[KEY_COUNT] = {
#define FILE_KEY(name) #name,
#define TEST_KEY(name)
#include "casefile_keys.def"
#undef FILE_KEY
#undef TEST_KEY
};

static void take_member(struct case_reader *reader, const struct tree_member *member,
                        const struct tree_node **values)
{
    struct suggestion near = suggestion_for(member->key.text);
    for (unsigned i = 0; i < KEY_COUNT; i++) {
        slice name = slice_of(KEY_NAMES[i]);
        suggestion_consider(&near, name);
        if (slice_equal(member->key.text, name)) {
            values[i] = member->value;
            return;
        }
    }
    slice hint = case_hint(reader, &near, "a test file has rules, now, users, records and tests");
    diagnose(&reader->file->diagnostics, DIAG_TEST_UNKNOWN_KEY, &reader->file->source,
             member->key_node->start, member->key_node->end, SLICE_ARGUMENTS(member->key.text),
             SLICE_ARGUMENTS(hint));
}

/* path beside the test file, unless it is absolute. */
static slice beside(struct casefile *file, slice path)
{
    size_t folder = file->source.name.length;
    while (folder > 0 && file->source.name.at[folder - 1] != '/')
        folder--;
    if (path.length > 0 && path.at[0] == '/')
        folder = 0;
    return arena_printf(&file->arena, SLICE_FORMAT SLICE_FORMAT, (int)folder, file->source.name.at,
                        SLICE_ARGUMENTS(path));
}

static void read_rules(struct case_reader *reader, const struct tree_node *node)
{
    slice path = SLICE(DEFAULT_RULES);
    if (node == NULL || case_read_text(reader, node, "`rules`", &path))
        reader->file->rules_path = beside(reader->file, path);
}

static void read_tests(struct case_reader *reader, const struct tree_node *list,
                       const struct tree_node *root)
{
    struct casefile *file = reader->file;
    if (list == NULL) {
        diagnose(&file->diagnostics, DIAG_TEST_MISSING_KEY, &file->source, root->start, root->start,
                 "`tests`", "add  tests:  and below it one `- name: ...` for each");
    } else if (list->kind != TREE_LIST) {
        case_wrong_kind(reader, list, "`tests`", "a list");
    } else if (list->count == 0) {
        case_report(reader, DIAG_TEST_EMPTY_LIST, list, SLICE(""));
    } else {
        for (uint32_t i = 0; i < list->count; i++)
            case_read_test(reader, list->items[i]);
    }
}

static void read_root(struct case_reader *reader, const struct tree_node *root)
{
    const struct tree_node *values[KEY_COUNT] = {0};
    if (root->kind != TREE_MAP) {
        case_wrong_kind(reader, root, "a test file", "a map with `tests`");
        return;
    }
    for (uint32_t i = 0; i < root->count; i++)
        take_member(reader, &root->members[i], values);
    read_rules(reader, values[KEY_rules]);
    if (values[KEY_now] != NULL)
        case_read_time(reader, values[KEY_now], &reader->now_ms);
    if (values[KEY_users] != NULL)
        case_read_users(reader, values[KEY_users]);
    if (values[KEY_records] != NULL)
        case_read_records(reader, values[KEY_records], &reader->records, &reader->record_count);
    read_tests(reader, values[KEY_tests], root);
}

bool casefile_open(struct casefile *file, slice path, slice text, double now_ms)
{
    *file = (struct casefile){0};
    arena_init(&file->arena, 0);
    diagnostics_init(&file->diagnostics, &file->arena);
    source_init(&file->source, path, text, &file->arena);
    struct case_reader reader = {.file = file, .now_ms = now_ms};
    struct tree_node nothing = {.kind = TREE_NULL};
    struct tree_document document =
        rulefile_read(&file->source, false, &file->arena, &file->diagnostics);
    if (document.is_valid)
        read_root(&reader, document.root == NULL ? &nothing : document.root);
    diagnostics_sort(&file->diagnostics);
    return file->diagnostics.error_count == 0;
}

void casefile_close(struct casefile *file)
{
    for (size_t i = 0; i < file->users.count; i++)
        valve_user_free(&file->users.items[i].user);
    VEC_FREE(&file->users);
    VEC_FREE(&file->cases);
    diagnostics_fini(&file->diagnostics);
    arena_fini(&file->arena);
}
