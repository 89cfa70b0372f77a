/* The users of a test file. */

#include "casefile_reader.h"

#define ANONYMOUS_ID "open" /* of everybody who did not log in */

struct description {
    slice id;
    bool is_authenticated;
    bool says_authenticated;
    slice data; /* JSON; empty: null */
};

static bool read_authenticated(struct case_reader *reader, const struct tree_node *node,
                               struct description *user)
{
    if (node->kind != TREE_BOOLEAN)
        return case_wrong_kind(reader, node, "`isAuthenticated`", "true or false");
    user->is_authenticated = node->boolean;
    user->says_authenticated = true;
    return true;
}

static bool unknown_part(struct case_reader *reader, const struct tree_member *member)
{
    struct suggestion near = suggestion_for(member->key.text);
    suggestion_consider(&near, SLICE("id"));
    suggestion_consider(&near, SLICE("data"));
    suggestion_consider(&near, SLICE("isAuthenticated"));
    slice hint = case_hint(reader, &near, "a user has id, data and isAuthenticated");
    diagnose(&reader->file->diagnostics, DIAG_TEST_UNKNOWN_KEY, &reader->file->source,
             member->key_node->start, member->key_node->end, SLICE_ARGUMENTS(member->key.text),
             SLICE_ARGUMENTS(hint));
    return false;
}

static bool read_part(struct case_reader *reader, const struct tree_member *member,
                      struct description *user)
{
    slice key = member->key.text;
    if (slice_equal(key, SLICE("id")))
        return case_read_text(reader, member->value, "`id`", &user->id);
    if (slice_equal(key, SLICE("isAuthenticated")))
        return read_authenticated(reader, member->value, user);
    if (slice_equal(key, SLICE("data")))
        return case_read_json(reader, member->value, &user->data);
    return unknown_part(reader, member);
}

static bool read_description(struct case_reader *reader, const struct tree_node *node,
                             struct description *user)
{
    bool valid = true;
    if (node->kind == TREE_NULL)
        return true;
    if (node->kind == TREE_TEXT && slice_equal(node->text.text, SLICE("anonymous"))) {
        user->id = SLICE(ANONYMOUS_ID);
        return true;
    }
    if (node->kind != TREE_MAP) {
        case_report(reader, DIAG_TEST_BAD_USER, node, SLICE(""));
        return false;
    }
    for (uint32_t i = 0; i < node->count; i++)
        valid = read_part(reader, &node->members[i], user) && valid;
    return valid;
}

/* The data of a user are read as deep as a tree may be, so making one cannot fail. */
static void add_user(struct case_reader *reader, slice name, const struct description *user)
{
    bool authenticated = user->says_authenticated ? user->is_authenticated
                                                  : !slice_equal(user->id, SLICE(ANONYMOUS_ID));
    struct valve_user *made = valve_user_new(user->id, authenticated, user->data);
    CHECK(made != NULL);
    struct case_user entry = {name, made};
    VEC_PUSH(&reader->file->users, entry);
}

bool case_read_users(struct case_reader *reader, const struct tree_node *map)
{
    bool valid = true;
    if (map->kind != TREE_MAP)
        return case_wrong_kind(reader, map, "`users`", "a map from names to users");
    for (uint32_t i = 0; i < map->count; i++) {
        const struct tree_member *member = &map->members[i];
        struct description user = {.id = member->key.text};
        valid = read_description(reader, member->value, &user) && valid;
        add_user(reader, member->key.text, &user);
    }
    return valid;
}

const struct case_user *case_find_user(struct case_reader *reader, slice name, uint32_t start,
                                       uint32_t end)
{
    struct casefile *file = reader->file;
    struct suggestion near = suggestion_for(name);
    for (size_t i = 0; i < file->users.count; i++) {
        if (slice_equal(file->users.items[i].name, name))
            return &file->users.items[i];
        suggestion_consider(&near, file->users.items[i].name);
    }
    slice hint = case_hint(reader, &near, "describe the user under `users`");
    diagnose(&file->diagnostics, DIAG_TEST_UNKNOWN_USER, &file->source, start, end,
             SLICE_ARGUMENTS(name), SLICE_ARGUMENTS(hint));
    return NULL;
}
