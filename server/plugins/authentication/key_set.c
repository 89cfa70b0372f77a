#include "plugins/authentication/key_set.h"

#include "json.h"

#include "base/check.h"
#include "base/vec.h"

#define MAX_MEMORY ((size_t)64 << 20)
#define MAX_DEPTH 32
#define MAX_KEYS 100

struct entry {
    struct token_key *key;
    bool has_id;
    slice id;
    enum token_algorithm_id algorithm; /* the only one it is for, or TOKEN_ALGORITHM_COUNT */
};

struct key_set {
    struct arena arena;
    VEC(struct entry) entries;
};

static const valve_value *text_member(const struct value_object *jwk, slice key)
{
    const valve_value *value = value_object_find(jwk, key);
    return value != NULL && value->type == VALUE_TEXT ? value : NULL;
}

static void add_key(struct key_set *set, const struct value_object *jwk)
{
    const valve_value *use = text_member(jwk, SLICE("use")), *id = text_member(jwk, SLICE("kid"));
    const valve_value *algorithm = text_member(jwk, SLICE("alg"));
    struct entry entry = {.algorithm = TOKEN_ALGORITHM_COUNT, .has_id = id != NULL};
    if (use != NULL && !slice_equal(value_slice(*use), SLICE("sig")))
        return;
    if (algorithm != NULL) {
        entry.algorithm = token_algorithm_of(value_slice(*algorithm));
        if (entry.algorithm == TOKEN_ALGORITHM_COUNT)
            return;
    }
    struct arena arena;
    arena_init(&arena, 0);
    entry.key = token_key_new_jwk(jwk, &arena);
    arena_fini(&arena);
    if (entry.key == NULL)
        return;
    if (id != NULL)
        entry.id = arena_copy(&set->arena, value_slice(*id));
    VEC_PUSH(&set->entries, entry);
}

static struct key_set *read_keys(slice json, struct arena *arena)
{
    valve_value value;
    if (!json_read(json, (struct json_limits){MAX_DEPTH}, arena, &value, NULL) ||
        value.type != VALUE_OBJECT)
        return NULL;
    const valve_value *keys = value_object_find(value.as.object, SLICE("keys"));
    if (keys == NULL || keys->type != VALUE_ARRAY)
        return NULL;
    struct key_set *set = calloc(1, sizeof *set);
    CHECK(set != NULL);
    arena_init(&set->arena, 0);
    for (uint32_t i = 0; i < keys->as.array->count && i < MAX_KEYS; i++) {
        const valve_value *jwk = &keys->as.array->items[i];
        if (jwk->type == VALUE_OBJECT)
            add_key(set, jwk->as.object);
    }
    return set;
}

struct key_set *key_set_read(slice json)
{
    struct arena arena;
    arena_init(&arena, MAX_MEMORY);
    struct key_set *set = read_keys(json, &arena);
    arena_fini(&arena);
    return set;
}

void key_set_free(struct key_set **set)
{
    struct key_set *freed = *set;
    *set = NULL;
    if (freed == NULL)
        return;
    for (size_t i = 0; i < freed->entries.count; i++)
        token_key_free(&freed->entries.items[i].key);
    VEC_FREE(&freed->entries);
    arena_fini(&freed->arena);
    free(freed);
}

size_t key_set_count(const struct key_set *set)
{
    return set->entries.count;
}

static bool is_meant(const struct entry *entry, const struct token *token)
{
    if (token->has_key_id && !(entry->has_id && slice_equal(entry->id, token->key_id)))
        return false;
    if (entry->algorithm != TOKEN_ALGORITHM_COUNT && entry->algorithm != token->algorithm)
        return false;
    return token_key_fits(entry->key, token->algorithm);
}

const struct token_key *key_set_find(const struct key_set *set, const struct token *token)
{
    const struct token_key *found = NULL;
    for (size_t i = 0; i < set->entries.count; i++) {
        const struct entry *entry = &set->entries.items[i];
        if (!is_meant(entry, token))
            continue;
        if (found != NULL && !token->has_key_id)
            return NULL;
        if (found == NULL)
            found = entry->key;
    }
    return found;
}
