/* text.match(regex): asks an engine, and makes JavaScript's result of the positions it gives. */

#include "regex/regex_internal.h"
#include "regex/regex_text.h"

/* Reading the subject is not backtracking: each of its elements adds steps to the budget. */
#define STEPS_PER_ELEMENT 8

#define ELEMENTS_PER_STEP 64   /* that PCRE2 reads, as we count them */
#define PCRE_WORK_PER_STEP 100 /* elementary steps of PCRE2, of about a nanosecond each */

struct search {
    const struct regex *regex;
    const struct regex_text *text;
    bool by_pcre;
    struct regex_run run;
    uint32_t *captures;
    enum regex_status status;
};

static bool find_exactly(struct search *search, uint32_t start)
{
    bool matched = false;
    search->status = regex_program_run(search->regex->program, &search->text->subject, start,
                                       search->regex->program->flags.sticky, &search->run,
                                       search->captures, &matched);
    return matched;
}

/* One match from start on; false: none, or status says why. The engine's memory is given back. */
static bool find(struct search *search, uint32_t start)
{
    const struct regex *regex = search->regex;
    const struct regex_subject *subject = &search->text->subject;
    struct arena_mark mark = arena_mark(search->run.arena);
    enum regex_pcre_result result = PCRE_GAVE_UP;
    if (search->by_pcre) {
        search->run.steps += 1 + (subject->length - start) / ELEMENTS_PER_STEP;
        result = regex_pcre_run(&regex->pcre, subject, start, regex->program->group_count,
                                search->run.arena, search->captures);
    }
    bool matched = result == PCRE_GAVE_UP ? find_exactly(search, start) : result == PCRE_MATCHED;
    arena_reset(search->run.arena, mark);
    return matched;
}

static bool out_of_memory(struct search *search)
{
    search->status = REGEX_OUT_OF_MEMORY;
    return false;
}

struct place_pair {
    uint32_t start, end;
};

struct found {
    struct place_pair *items;
    uint32_t count, capacity;
};

static bool remember(struct search *search, struct found *found)
{
    if (found->count == found->capacity) {
        uint32_t capacity = found->capacity == 0 ? 16 : found->capacity * 2;
        struct place_pair *items = arena_try_alloc(search->run.arena, capacity * sizeof *items);
        if (items == NULL)
            return out_of_memory(search);
        if (found->count > 0)
            memcpy(items, found->items, found->count * sizeof *items);
        found->items = items;
        found->capacity = capacity;
    }
    found->items[found->count++] =
        (struct place_pair){regex_text_place(search->text, search->captures[0]),
                            regex_text_place(search->text, search->captures[1])};
    return true;
}

static bool find_all(struct search *search, struct found *found)
{
    uint32_t start = 0;
    while (start <= search->text->subject.length && find(search, start)) {
        if (!remember(search, found))
            return false;
        start = search->captures[1] + (search->captures[0] == search->captures[1]);
    }
    return search->status == REGEX_OK;
}

/* The text of one group; every place of an ASCII text is between two characters. */
static bool fill_item(const struct search *search, struct place_pair place, valve_value *item)
{
    *item = value_undefined();
    if (place.start == REGEX_UNSET || place.end == REGEX_UNSET)
        return true;
    if (!search->text->ascii)
        return regex_text_between(search->text, place.start, place.end, search->run.arena, item);
    *item = value_ascii(slice_part(search->text->bytes, place.start, place.end));
    return true;
}

static bool fill_items(struct search *search, const struct place_pair *places, uint32_t count,
                       struct value_match *match)
{
    valve_value *items = arena_try_alloc(search->run.arena, count * sizeof *items);
    if (items == NULL)
        return out_of_memory(search);
    for (uint32_t i = 0; i < count; i++) {
        if (!fill_item(search, places[i], &items[i]))
            return out_of_memory(search);
    }
    match->items = (struct value_array){count, items};
    return true;
}

/* A copy, so that the result needs nothing but the arena. */
static bool copy_name(struct search *search, slice name, valve_value *copy)
{
    char *bytes = arena_try_alloc(search->run.arena, name.length);
    if (bytes == NULL)
        return out_of_memory(search);
    memcpy(bytes, name.at, name.length);
    *copy = value_text((slice){bytes, name.length});
    return true;
}

static bool fill_groups(struct search *search, struct value_match *match)
{
    const struct regex_program *program = search->regex->program;
    if (program->name_count == 0)
        return true;
    struct value_object *groups = arena_try_alloc(search->run.arena, sizeof *groups);
    struct value_member *members =
        arena_try_alloc(search->run.arena, program->name_count * sizeof *members);
    if (groups == NULL || members == NULL)
        return out_of_memory(search);
    for (uint32_t i = 0; i < program->name_count; i++) {
        if (!copy_name(search, program->names[i].text, &members[i].key))
            return false;
        members[i].value = match->items.items[program->names[i].group];
    }
    *groups = (struct value_object){.count = program->name_count, .members = members};
    match->groups = value_object(groups);
    match->groups.flags = VALUE_BARE;
    return true;
}

static bool match_all(struct search *search, struct value_match *match)
{
    struct found found = {0};
    return find_all(search, &found) && found.count > 0 &&
           fill_items(search, found.items, found.count, match);
}

static bool match_once(struct search *search, valve_value input, struct value_match *match)
{
    if (!find(search, 0))
        return false;
    uint32_t count = search->regex->program->group_count;
    struct place_pair *places = (struct place_pair *)(void *)search->captures;
    for (uint32_t i = 0; i < count; i++) {
        places[i].start = regex_text_place(search->text, places[i].start);
        places[i].end = regex_text_place(search->text, places[i].end);
    }
    match->input = input;
    match->index = value_number(regex_text_index(search->text, places[0].start));
    return fill_items(search, places, count, match) && fill_groups(search, match);
}

static bool can_use_pcre(const struct regex *regex, const struct regex_text *text,
                         struct regex_budget budget)
{
    const void *code = text->ascii ? regex->pcre.ascii : regex->pcre.wide;
    return code != NULL && regex_cost_within(regex->cost, text->subject.length,
                                             (double)budget.max_steps * PCRE_WORK_PER_STEP);
}

enum regex_status regex_match_by(const struct regex *regex, valve_value text,
                                 struct regex_budget budget, enum regex_engine engine,
                                 struct arena *arena, uint64_t *steps, valve_value *result)
{
    *result = value_null();
    size_t group_bytes = regex->program->group_count * sizeof(struct place_pair);
    struct value_match *match = arena_try_alloc(arena, sizeof *match);
    struct search search = {.regex = regex,
                            .run = {.arena = arena, .max_memory_bytes = budget.max_memory_bytes},
                            .captures = arena_try_alloc(arena, group_bytes)};
    struct regex_text subject;
    if (match == NULL || search.captures == NULL ||
        !regex_text_init(&subject, text, regex->program->flags.unicode, arena))
        return REGEX_OUT_OF_MEMORY;
    search.text = &subject;
    search.by_pcre = engine == REGEX_BY_CHOICE && can_use_pcre(regex, &subject, budget);
    search.run.max_steps = budget.max_steps + (uint64_t)subject.subject.length * STEPS_PER_ELEMENT;
    *match = (struct value_match){.items = {0}};
    bool matched =
        regex->program->flags.global ? match_all(&search, match) : match_once(&search, text, match);
    *steps += search.run.steps;
    if (matched)
        *result = (valve_value){.as.match = match, .type = VALUE_MATCH};
    return search.status;
}

enum regex_status regex_match(const struct regex *regex, valve_value text,
                              struct regex_budget budget, struct arena *arena, uint64_t *steps,
                              valve_value *result)
{
    return regex_match_by(regex, text, budget, REGEX_BY_CHOICE, arena, steps, result);
}
