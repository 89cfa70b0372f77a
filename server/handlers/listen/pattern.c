/* Patterns come from clients, so that a match has a budget, and one that keeps exhausting it is
 * taken out of the way. */

#include "handlers/listen/listen_parts.h"
#include "logging/log.h"

#include "base/check.h"
#include "regex/regex.h"

#include <stdlib.h>

#define LEAST_MATCH_STEPS 1000
#define MOST_MATCH_STEPS 50000
#define MATCH_MEMORY_BYTES ((size_t)1 << 20)
#define MAX_STRIKES 20

static struct pattern *pattern_new(slice text, struct regex *regex)
{
    struct pattern *pattern = malloc(sizeof *pattern + text.length);
    CHECK(pattern != NULL);
    char *own = (char *)(pattern + 1);
    if (text.length > 0)
        memcpy(own, text.at, text.length);
    *pattern = (struct pattern){.regex = regex, .references = 1, .text = {own, text.length}};
    list_init(&pattern->provisions);
    list_init(&pattern->asked);
    list_init(&pattern->scans);
    return pattern;
}

struct pattern *pattern_find(const struct listen *listen, slice text)
{
    return hashmap_find(&listen->patterns, text);
}

struct pattern *pattern_get(struct listen *listen, slice text)
{
    struct pattern *pattern = pattern_find(listen, text);
    if (pattern != NULL)
        return pattern;
    struct regex_error error;
    struct regex *regex = regex_new(text, SLICE(""), &error);
    if (regex == NULL)
        return NULL;
    pattern = pattern_new(text, regex);
    hashmap_put(&listen->patterns, pattern->text, pattern);
    list_append(&listen->in_order, &pattern->in_order);
    return pattern;
}

void pattern_tidy(struct listen *listen, struct pattern *pattern)
{
    size_t count;
    subscriptions_of(listen->listeners, pattern->text, &count);
    if (count > 0)
        return;
    hashmap_remove(&listen->patterns, pattern->text);
    list_remove(&pattern->in_order);
    pattern_release(&pattern);
}

void pattern_release(struct pattern **pattern)
{
    struct pattern *released = *pattern;
    *pattern = NULL;
    if (--released->references > 0)
        return;
    regex_free(&released->regex);
    free(released);
}

static void strike(struct listen *listen, struct pattern *pattern, slice name)
{
    if (++pattern->strikes == MAX_STRIKES)
        log_line(listen->services->log, DS_WARN, LOG_LIMIT_EXCEEDED,
                 "the pattern " SLICE_FORMAT " is too costly to match, last with " SLICE_FORMAT
                 ": it gets no more names",
                 SLICE_ARGUMENTS(pattern->text), SLICE_ARGUMENTS(name));
}

/* What an honest pattern such as `.*x.*` needs at most: it may look at each part of a name. Beyond,
 * the time that one listener can take from all others would grow with the cube of their names. */
static uint64_t steps_for(slice name)
{
    uint64_t steps = LEAST_MATCH_STEPS + 2 * (uint64_t)name.length * name.length;
    return steps < MOST_MATCH_STEPS ? steps : MOST_MATCH_STEPS;
}

bool pattern_matches(struct listen *listen, struct pattern *pattern, slice name)
{
    if (pattern->strikes >= MAX_STRIKES)
        return false;
    struct regex_budget budget = {steps_for(name), MATCH_MEMORY_BYTES};
    struct arena_mark mark = arena_mark(&listen->arena);
    valve_value result = {0};
    uint64_t steps = 0;
    enum regex_status status =
        regex_match(pattern->regex, value_text(name), budget, &listen->arena, &steps, &result);
    arena_reset(&listen->arena, mark);
    listen->spent_steps += steps;
    if (status != REGEX_OK) {
        strike(listen, pattern, name);
        return false;
    }
    return result.type == VALUE_MATCH;
}
