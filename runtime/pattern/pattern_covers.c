/* Proves that the names of one pattern are among those of another: walks the program of the narrow
 * one, instruction by instruction, beside the set of all instructions where the wide one may be.
 * Ends without proof when that needs more than a bound of work. */

#include "pattern/pattern_internal.h"

#include "base/hashmap.h"
#include "base/vec.h"

#define MAX_COVER_BYTES ((size_t)8 << 20)
#define MAX_COVER_WORK 500000u

/* The narrow one is about to run instruction `narrow`, the wide one any of `wide`. */
struct cover_state {
    uint32_t narrow;
    const uint64_t *wide; /* a bit per instruction */
};

/* The consuming instructions that some instructions lead to. */
struct closure {
    const struct pattern_program *program;
    uint32_t *pending; /* a stack */
    uint32_t pending_count;
    uint64_t *seen; /* a bit per instruction */
    uint32_t *instructions;
    uint32_t count;
    bool matches; /* when the name ends here */
};

struct cover {
    struct arena arena;
    const struct pattern_program *narrow, *wide;
    size_t wide_words;
    struct closure narrow_closure, wide_closure;
    VEC(uint32_t) units; /* one of each class of units that neither program tells apart */
    VEC(struct cover_state) states;
    struct hashmap known; /* states by their bytes */
    uint32_t work;
};

static size_t words_for(const struct pattern_program *program)
{
    return (program->count + 63) / 64;
}

static bool alloc_closure(struct closure *closure, const struct pattern_program *program,
                          struct arena *arena)
{
    closure->program = program;
    closure->pending = arena_try_alloc(arena, (2 * program->count + 2) * sizeof(uint32_t));
    closure->seen = arena_try_alloc(arena, words_for(program) * sizeof(uint64_t));
    closure->instructions = arena_try_alloc(arena, program->count * sizeof(uint32_t));
    return closure->pending != NULL && closure->seen != NULL && closure->instructions != NULL;
}

static void clear_closure(struct closure *closure)
{
    memset(closure->seen, 0, words_for(closure->program) * sizeof *closure->seen);
    closure->count = 0;
}

static bool set_bit(uint64_t *bits, uint32_t i)
{
    bool fresh = !(bits[i / 64] >> (i % 64) & 1);
    bits[i / 64] |= (uint64_t)1 << (i % 64);
    return fresh;
}

static void visit(struct closure *closure, uint32_t at, bool at_start, bool at_end)
{
    const struct instruction *instruction = &closure->program->instructions[at];
    switch (instruction->op) {
    case INSTRUCTION_UNIT:
    case INSTRUCTION_SET:
        closure->instructions[closure->count++] = at;
        return;
    case INSTRUCTION_MATCH:
        closure->matches |= at_end;
        return;
    case INSTRUCTION_SPLIT:
        closure->pending[closure->pending_count++] = instruction->operand;
        break;
    case INSTRUCTION_START:
        if (!at_start)
            return;
        break;
    case INSTRUCTION_END:
        if (!at_end)
            return;
        break;
    default:
        break;
    }
    closure->pending[closure->pending_count++] = instruction->next;
}

static void close_over(struct closure *closure, uint32_t from, bool at_start, bool at_end)
{
    closure->pending[closure->pending_count++] = from;
    while (closure->pending_count > 0) {
        uint32_t at = closure->pending[--closure->pending_count];
        if (set_bit(closure->seen, at))
            visit(closure, at, at_start, at_end);
    }
}

static void close_over_set(struct closure *closure, const uint64_t *from, bool at_start,
                           bool at_end)
{
    clear_closure(closure);
    for (uint32_t i = 0; i < closure->program->count; i++)
        if (from[i / 64] >> (i % 64) & 1)
            close_over(closure, i, at_start, at_end);
}

static void add_unit(struct cover *cover, uint32_t unit)
{
    if (unit <= REGEX_MAX_UNIT)
        VEC_PUSH(&cover->units, unit);
}

static void add_units(struct cover *cover, const struct pattern_program *program)
{
    for (uint32_t i = 0; i < program->count; i++) {
        const struct instruction *instruction = &program->instructions[i];
        if (instruction->op == INSTRUCTION_UNIT) {
            add_unit(cover, instruction->operand);
            add_unit(cover, instruction->operand + 1);
        }
        for (uint32_t k = 0; instruction->op == INSTRUCTION_SET && k < instruction->set->count;
             k++) {
            add_unit(cover, instruction->set->ranges[k].low);
            add_unit(cover, instruction->set->ranges[k].high + 1);
        }
    }
}

static int compare_units(const void *left, const void *right)
{
    const uint32_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* Every place where the answer of some instruction changes begins a class of units. */
static void classify_units(struct cover *cover)
{
    add_unit(cover, 0);
    add_units(cover, cover->narrow);
    add_units(cover, cover->wide);
    uint32_t *units = cover->units.items;
    size_t kept = 0;
    qsort(units, cover->units.count, sizeof *units, compare_units);
    for (size_t i = 0; i < cover->units.count; i++)
        if (kept == 0 || units[kept - 1] != units[i])
            units[kept++] = units[i];
    cover->units.count = kept;
}

static bool consumes(const struct pattern_program *program, uint32_t at, uint32_t unit)
{
    const struct instruction *instruction = &program->instructions[at];
    if (instruction->op == INSTRUCTION_UNIT)
        return instruction->operand == unit;
    return regex_set_has(instruction->set, unit);
}

/* Notes a state to be walked unless it is known; false: out of bounds. */
static bool note_state(struct cover *cover, uint32_t narrow, const uint64_t *wide)
{
    size_t wide_bytes = cover->wide_words * sizeof *wide;
    size_t bytes = wide_bytes + sizeof(uint64_t);
    uint64_t *copy = arena_try_alloc(&cover->arena, bytes);
    if (copy == NULL)
        return false;
    memcpy(copy, wide, wide_bytes);
    copy[cover->wide_words] = narrow;
    slice key = {(const char *)copy, bytes};
    if (hashmap_find(&cover->known, key) != NULL)
        return true;
    hashmap_put(&cover->known, key, copy);
    VEC_PUSH(&cover->states, ((struct cover_state){narrow, copy}));
    return true;
}

/* Both consume unit; false when the wide one cannot where the narrow one can. */
static bool step_unit(struct cover *cover, uint32_t unit, uint64_t *next_wide)
{
    const struct closure *narrow = &cover->narrow_closure, *wide = &cover->wide_closure;
    bool wide_goes_on = false;
    memset(next_wide, 0, cover->wide_words * sizeof *next_wide);
    for (uint32_t i = 0; i < wide->count; i++)
        if (consumes(cover->wide, wide->instructions[i], unit)) {
            set_bit(next_wide, cover->wide->instructions[wide->instructions[i]].next);
            wide_goes_on = true;
        }
    for (uint32_t i = 0; i < narrow->count; i++) {
        uint32_t at = narrow->instructions[i];
        if (!consumes(cover->narrow, at, unit))
            continue;
        if (!wide_goes_on || !note_state(cover, cover->narrow->instructions[at].next, next_wide))
            return false;
    }
    return true;
}

static bool ends_together(struct cover *cover, struct cover_state state, bool at_start)
{
    struct closure *narrow = &cover->narrow_closure, *wide = &cover->wide_closure;
    narrow->matches = wide->matches = false;
    clear_closure(narrow);
    close_over(narrow, state.narrow, at_start, true);
    close_over_set(wide, state.wide, at_start, true);
    return wide->matches || !narrow->matches;
}

static bool walk_state(struct cover *cover, struct cover_state state, bool at_start,
                       uint64_t *next_wide)
{
    cover->work += cover->wide->count;
    if (!ends_together(cover, state, at_start))
        return false;
    clear_closure(&cover->narrow_closure);
    close_over(&cover->narrow_closure, state.narrow, at_start, false);
    close_over_set(&cover->wide_closure, state.wide, at_start, false);
    for (size_t i = 0; i < cover->units.count; i++) {
        cover->work += cover->narrow_closure.count + cover->wide_closure.count + 1;
        if (cover->work > MAX_COVER_WORK || !step_unit(cover, cover->units.items[i], next_wide))
            return false;
    }
    return true;
}

static bool walk_states(struct cover *cover)
{
    size_t bytes = cover->wide_words * sizeof(uint64_t);
    uint64_t *first = arena_try_alloc(&cover->arena, bytes);
    uint64_t *next_wide = arena_try_alloc(&cover->arena, bytes);
    if (first == NULL || next_wide == NULL ||
        !alloc_closure(&cover->narrow_closure, cover->narrow, &cover->arena) ||
        !alloc_closure(&cover->wide_closure, cover->wide, &cover->arena))
        return false;
    memset(first, 0, bytes);
    set_bit(first, 0);
    if (!walk_state(cover, (struct cover_state){0, first}, true, next_wide))
        return false;
    for (size_t i = 0; i < cover->states.count; i++)
        if (!walk_state(cover, cover->states.items[i], false, next_wide))
            return false;
    return true;
}

static const struct pattern_program *program_of(const struct pattern *pattern, struct arena *arena)
{
    return pattern->program != NULL
               ? pattern->program
               : pattern_program_from_elements(pattern->elements, pattern->element_count,
                                               pattern->variable_count, arena);
}

static bool prove(struct cover *cover, const struct pattern *wide, const struct pattern *narrow)
{
    cover->wide = program_of(wide, &cover->arena);
    cover->narrow = program_of(narrow, &cover->arena);
    if (cover->wide == NULL || cover->narrow == NULL || cover->wide->has_boundaries ||
        cover->narrow->has_boundaries)
        return false;
    cover->wide_words = words_for(cover->wide);
    classify_units(cover);
    return walk_states(cover);
}

/* Whether what all names of the two begin with already tells them apart. */
static bool is_apart(const struct pattern *wide, const struct pattern *narrow)
{
    size_t length =
        wide->prefix.length < narrow->prefix.length ? wide->prefix.length : narrow->prefix.length;
    return length > 0 && memcmp(wide->prefix.at, narrow->prefix.at, length) != 0;
}

bool pattern_covers(const struct pattern *wide, const struct pattern *narrow)
{
    if (slice_equal(wide->text, narrow->text))
        return true;
    if (is_apart(wide, narrow))
        return false;
    struct cover cover = {.work = 0};
    arena_init(&cover.arena, MAX_COVER_BYTES);
    hashmap_init(&cover.known);
    bool covers = prove(&cover, wide, narrow);
    hashmap_fini(&cover.known);
    VEC_FREE(&cover.units);
    VEC_FREE(&cover.states);
    arena_fini(&cover.arena);
    return covers;
}
