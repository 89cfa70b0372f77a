/* Sets and deletes by path. A change works on a draft: the containers on the way to the place are
 * copied once, into nodes that may grow; what is beside the way is shared. Nodes become values
 * again at the end, those made last first, since a node is always made after the one that holds it.
 */

#include "json_path.h"

#include "text.h"
#include "base/hashmap.h"
#include "base/vec.h"

#define MAX_GAP 10000u /* how far beyond its end an array may be written at once */
#define SEARCH_FEW 16u /* members added to an object that are looked through one by one */
#define IS_DRAFT 1     /* in valve_value.reserved: a node of the draft stands here */

static const char out_of_memory[] = "out of memory";

/* ---- paths ---- */

struct step {
    slice key; /* unless is_index */
    uint32_t index;
    bool is_index;
};

struct path {
    VEC(struct step) steps; /* in the arena */
};

static const char *forbidden_key(slice key)
{
    if (slice_equal(key, SLICE("__proto__")))
        return "invalid path: forbidden key '__proto__'";
    if (slice_equal(key, SLICE("constructor")))
        return "invalid path: forbidden key 'constructor'";
    if (slice_equal(key, SLICE("prototype")))
        return "invalid path: forbidden key 'prototype'";
    return NULL;
}

static const char *push_key(struct path *path, struct arena *arena, slice key)
{
    const char *error = forbidden_key(key);
    if (error != NULL)
        return error;
    return VEC_TRY_PUSH(&path->steps, arena, (struct step){.key = key}) ? NULL : out_of_memory;
}

static const char *push_index(struct path *path, struct arena *arena, slice digits)
{
    double number = text_to_number(digits);
    if (!(number >= 0)) /* nor NaN */
        return "invalid path: an index is a whole number from 0 on";
    if (number >= JSON_PATH_MAX_INDEX)
        return "invalid path: index too large";
    struct step step = {.index = (uint32_t)number, .is_index = true};
    if (step.index != number)
        return "invalid path: an index is a whole number from 0 on";
    return VEC_TRY_PUSH(&path->steps, arena, step) ? NULL : out_of_memory;
}

/* The part of text from `start` up to the next byte that is one of the two, or to its end. */
static slice part_until(slice text, size_t start, char one, char other)
{
    size_t end = start;
    while (end < text.length && text.at[end] != one && text.at[end] != other)
        end++;
    return slice_part(text, start, end);
}

/* One piece between dots: a key, then indexes in brackets. */
static const char *read_piece(struct path *path, struct arena *arena, slice piece)
{
    slice part = part_until(piece, 0, '[', ']');
    const char *error = push_key(path, arena, part);
    for (size_t next = part.length + 1; error == NULL && next <= piece.length;) {
        part = part_until(piece, next, '[', ']');
        next += part.length + 1;
        if (part.length > 0)
            error = push_index(path, arena, part);
    }
    return error;
}

static const char *read_path(struct path *path, struct arena *arena, slice text)
{
    for (size_t next = 0; next <= text.length;) {
        slice piece = part_until(text, next, '.', '.');
        next += piece.length + 1;
        piece = value_slice(text_trim(value_text(piece)));
        const char *error = piece.length == 0 ? NULL : read_piece(path, arena, piece);
        if (error != NULL)
            return error;
    }
    return path->steps.count == 0 ? "invalid path: it names nothing" : NULL;
}

/* ---- drafts ---- */

struct node {
    struct node *made_before;
    const struct value_object *original; /* an object's members as they were; their places hold */
    valve_value *items;                  /* of an array */
    struct value_member *members;        /* of an object; a key that is undefined: deleted */
    uint32_t count, capacity;
    bool is_array;
    struct hashmap added; /* key -> place + 1, of members added, once they are many */
    valve_value finished;
};

struct draft {
    struct arena *arena;
    struct node *newest;
    valve_value root;
};

static const struct value_member nothing;
static const struct value_object no_members = {.members = &nothing};
static const struct value_array no_items = {.items = &nothing.value};

static valve_value empty_container(bool is_array)
{
    return is_array ? (valve_value){.as.array = &no_items, .type = VALUE_ARRAY}
                    : value_object(&no_members);
}

static bool is_container(valve_value v)
{
    return v.type == VALUE_ARRAY || v.type == VALUE_OBJECT;
}

static struct node *node_at(valve_value v)
{
    return (struct node *)(uintptr_t)(v.type == VALUE_ARRAY ? (const void *)v.as.array
                                                            : (const void *)v.as.object);
}

/* Room for one more than `least` elements of the node. */
static bool node_reserve(struct draft *draft, struct node *node, uint32_t least)
{
    if (least < node->capacity)
        return true;
    if (least > UINT32_MAX / 4)
        return false;
    uint32_t capacity = least < 4 ? 4 : least * 2;
    size_t size = node->is_array ? sizeof *node->items : sizeof *node->members;
    void *moved = arena_try_alloc(draft->arena, capacity * size);
    if (moved == NULL)
        return false;
    const void *old = node->is_array ? (const void *)node->items : (const void *)node->members;
    if (node->count > 0)
        memcpy(moved, old, node->count * size);
    if (node->is_array)
        node->items = moved;
    else
        node->members = moved;
    node->capacity = capacity;
    return true;
}

/* Copies what the node was made of, with room for one more. */
static bool node_fill(struct draft *draft, struct node *node, valve_value from)
{
    uint32_t count = node->is_array ? from.as.array->count : from.as.object->count;
    if (!node_reserve(draft, node, count))
        return false;
    node->count = count;
    if (node->is_array && count > 0)
        memcpy(node->items, from.as.array->items, count * sizeof *node->items);
    else if (count > 0)
        memcpy(node->members, from.as.object->members, count * sizeof *node->members);
    return true;
}

/* The node of the container at `place`, which holds the node from now on; NULL without memory. */
static struct node *draft_open(struct draft *draft, valve_value *place)
{
    if (place->reserved == IS_DRAFT)
        return node_at(*place);
    struct node *node = arena_try_alloc(draft->arena, sizeof *node);
    if (node == NULL)
        return NULL;
    *node = (struct node){.made_before = draft->newest, .is_array = place->type == VALUE_ARRAY};
    if (!node_fill(draft, node, *place))
        return NULL;
    draft->newest = node;
    if (node->is_array) {
        place->as.array = (const void *)node;
    } else {
        node->original = place->as.object;
        place->as.object = (const void *)node;
    }
    place->reserved = IS_DRAFT;
    return node;
}

/* Slots of a list that nothing was put into are undefined while the draft lasts, null in the end.
 */
static valve_value finished_value(valve_value v)
{
    if (v.reserved == IS_DRAFT)
        return node_at(v)->finished;
    return v.type == VALUE_UNDEFINED ? value_null() : v;
}

static bool finish_array(struct draft *draft, struct node *node)
{
    struct value_array *array = arena_try_alloc(draft->arena, sizeof *array);
    if (array == NULL)
        return false;
    for (uint32_t i = 0; i < node->count; i++)
        node->items[i] = finished_value(node->items[i]);
    *array = (struct value_array){.count = node->count, .items = node->items};
    node->finished = (valve_value){.as.array = array, .type = VALUE_ARRAY};
    return true;
}

static bool finish_object(struct draft *draft, struct node *node)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < node->count; i++) {
        struct value_member member = node->members[i];
        if (member.key.type == VALUE_UNDEFINED)
            continue;
        member.value = finished_value(member.value);
        node->members[kept++] = member;
    }
    const struct value_object *object = value_object_new(draft->arena, node->members, kept);
    if (object == NULL)
        return false;
    node->finished = value_object(object);
    return true;
}

static bool draft_finish(struct draft *draft, valve_value *result)
{
    for (struct node *node = draft->newest; node != NULL; node = node->made_before) {
        if (!(node->is_array ? finish_array : finish_object)(draft, node))
            return false;
    }
    *result = finished_value(draft->root);
    return true;
}

static void draft_fini(struct draft *draft)
{
    for (struct node *node = draft->newest; node != NULL; node = node->made_before)
        hashmap_fini(&node->added);
}

/* ---- objects ---- */

static struct value_member *find_original(const struct node *node, slice key)
{
    const valve_value *found = value_object_find(node->original, key);
    if (found == NULL)
        return NULL;
    size_t place = (size_t)((const char *)found - (const char *)node->original->members) /
                   sizeof(struct value_member);
    struct value_member *member = &node->members[place];
    return member->key.type == VALUE_UNDEFINED ? NULL : member;
}

static struct value_member *find_added(const struct node *node, slice key)
{
    if (node->added.count > 0) {
        uintptr_t place = (uintptr_t)hashmap_find(&node->added, key);
        return place == 0 ? NULL : &node->members[place - 1];
    }
    for (uint32_t i = node->original->count; i < node->count; i++) {
        struct value_member *member = &node->members[i];
        if (member->key.type == VALUE_TEXT && slice_equal(value_slice(member->key), key))
            return member;
    }
    return NULL;
}

static struct value_member *find_member(const struct node *node, slice key)
{
    struct value_member *member = find_original(node, key);
    return member != NULL ? member : find_added(node, key);
}

static void note_added(struct node *node, uint32_t place)
{
    valve_value key = node->members[place].key;
    if (key.type == VALUE_TEXT)
        hashmap_put(&node->added, value_slice(key), (void *)((uintptr_t)place + 1));
}

static struct value_member *add_member(struct draft *draft, struct node *node, slice key)
{
    if (!node_reserve(draft, node, node->count))
        return NULL;
    uint32_t place = node->count++;
    node->members[place] = (struct value_member){value_text(key), value_undefined()};
    if (node->added.capacity > 0) {
        note_added(node, place);
    } else if (place - node->original->count >= SEARCH_FEW) {
        hashmap_init(&node->added);
        for (uint32_t i = node->original->count; i < node->count; i++)
            note_added(node, i);
    }
    return &node->members[place];
}

static void delete_member(struct node *node, slice key)
{
    struct value_member *member = find_member(node, key);
    if (member == NULL)
        return;
    if (node->added.capacity > 0)
        hashmap_remove(&node->added, key);
    member->key = member->value = value_undefined();
}

/* The key that a step is in an object; without memory an empty slice whose address is NULL. */
static slice step_key(struct draft *draft, const struct step *step)
{
    if (!step->is_index)
        return step->key;
    char digits[NUMBER_TEXT_BYTES];
    size_t length = number_to_text(step->index, digits);
    char *copy = arena_try_alloc(draft->arena, length);
    if (copy != NULL)
        memcpy(copy, digits, length);
    return (slice){copy, copy == NULL ? 0 : length};
}

static const char *object_slot(struct draft *draft, struct node *node, const struct step *step,
                               valve_value **slot)
{
    slice key = step_key(draft, step);
    if (key.at == NULL)
        return out_of_memory;
    struct value_member *member = find_member(node, key);
    if (member == NULL)
        member = add_member(draft, node, key);
    if (member == NULL)
        return out_of_memory;
    *slot = &member->value;
    return NULL;
}

/* ---- arrays ---- */

static const char *step_index(const struct step *step, uint32_t *index)
{
    *index = step->index;
    if (!step->is_index && !value_array_index(step->key, index))
        return "invalid path: a list has indexes, not keys";
    return *index >= JSON_PATH_MAX_INDEX ? "invalid path: index too large" : NULL;
}

static const char *array_slot(struct draft *draft, struct node *node, const struct step *step,
                              valve_value **slot)
{
    uint32_t index;
    const char *error = step_index(step, &index);
    if (error != NULL)
        return error;
    if (index > node->count && index - node->count > MAX_GAP)
        return "invalid path: index too far beyond the end";
    if (index >= node->count && !node_reserve(draft, node, index))
        return out_of_memory;
    while (node->count <= index)
        node->items[node->count++] = value_undefined();
    *slot = &node->items[index];
    return NULL;
}

/* ---- one change ---- */

static const char *delete_step(struct draft *draft, struct node *node, const struct step *step)
{
    if (node->is_array) {
        uint32_t index;
        const char *error = step_index(step, &index);
        if (error == NULL && index < node->count)
            node->items[index] = value_undefined();
        return error;
    }
    slice key = step_key(draft, step);
    if (key.at == NULL)
        return out_of_memory;
    delete_member(node, key);
    return NULL;
}

/* Where a step leads to in a node; undefined when it was not there. */
static const char *step_slot(struct draft *draft, struct node *node, const struct step *step,
                             valve_value **slot)
{
    return (node->is_array ? array_slot : object_slot)(draft, node, step, slot);
}

static const char *apply(struct draft *draft, const struct path *path, valve_value value)
{
    valve_value *place = &draft->root;
    for (size_t i = 0;; i++) {
        const struct step *step = &path->steps.items[i];
        bool is_last = i + 1 == path->steps.count;
        struct node *node = draft_open(draft, place);
        if (node == NULL)
            return out_of_memory;
        if (is_last && value.type == VALUE_UNDEFINED)
            return delete_step(draft, node, step);
        const char *error = step_slot(draft, node, step, &place);
        if (error != NULL)
            return error;
        if (is_last) {
            *place = value;
            return NULL;
        }
        if (place->type == VALUE_NULL)
            return "invalid path: it leads through null";
        if (!is_container(*place))
            *place = empty_container(path->steps.items[i + 1].is_index);
    }
}

static const char *set_text_path(struct draft *draft, slice text, valve_value value)
{
    struct path path = {0};
    const char *error = read_path(&path, draft->arena, text);
    return error != NULL ? error : apply(draft, &path, value);
}

static bool end_draft(struct draft *draft, valve_value *result, const char **error)
{
    if (*error == NULL && !draft_finish(draft, result))
        *error = out_of_memory;
    draft_fini(draft);
    return *error == NULL;
}

bool json_path_set(valve_value root, slice path, valve_value value, struct arena *arena,
                   valve_value *result, const char **error)
{
    struct draft draft = {.arena = arena, .root = root};
    *error = is_container(root) ? set_text_path(&draft, path, value)
                                : "only an object or a list can be patched";
    return end_draft(&draft, result, error);
}

/* ---- a list of changes ---- */

static const char *apply_entry(struct draft *draft, valve_value entry)
{
    if (entry.type != VALUE_OBJECT)
        return "an entry of a multi patch is an object";
    const valve_value *path = value_object_find(entry.as.object, SLICE("path"));
    if (path == NULL || path->type != VALUE_TEXT)
        return "an entry of a multi patch has a path";
    const valve_value *data = value_object_find(entry.as.object, SLICE("data"));
    return set_text_path(draft, value_slice(*path), data == NULL ? value_undefined() : *data);
}

static const char *apply_entries(struct draft *draft, valve_value list)
{
    if (list.type != VALUE_ARRAY || list.as.array->count == 0)
        return "a multi patch is a list of at least one entry";
    const char *error = NULL;
    for (uint32_t i = 0; error == NULL && i < list.as.array->count; i++)
        error = apply_entry(draft, list.as.array->items[i]);
    return error;
}

bool json_path_set_all(valve_value root, valve_value list, struct arena *arena, valve_value *result,
                       const char **error)
{
    struct draft draft = {.arena = arena, .root = root};
    *error = is_container(root) ? apply_entries(&draft, list)
                                : "only an object or a list can be patched";
    return end_draft(&draft, result, error);
}
