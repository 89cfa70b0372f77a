#include "regex/regex_set.h"

void set_builder_fini(struct set_builder *builder)
{
    VEC_FREE(&builder->ranges);
}

void set_builder_add(struct set_builder *builder, uint32_t low, uint32_t high)
{
    VEC_PUSH(&builder->ranges, ((struct regex_range){low, high}));
}

void set_builder_add_set(struct set_builder *builder, const struct regex_set *set)
{
    for (uint32_t i = 0; i < set->count; i++)
        set_builder_add(builder, set->ranges[i].low, set->ranges[i].high);
}

static int compare_ranges(const void *left, const void *right)
{
    const struct regex_range *a = left, *b = right;
    return (a->low > b->low) - (a->low < b->low);
}

void set_builder_normalise(struct set_builder *builder)
{
    struct regex_range *ranges = builder->ranges.items;
    size_t count = builder->ranges.count, kept = 0;
    if (count > 1)
        qsort(ranges, count, sizeof *ranges, compare_ranges);
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || ranges[i].low > ranges[kept - 1].high + 1)
            ranges[kept++] = ranges[i];
        else if (ranges[i].high > ranges[kept - 1].high)
            ranges[kept - 1].high = ranges[i].high;
    }
    builder->ranges.count = kept;
}

void set_builder_invert(struct set_builder *builder, uint32_t max)
{
    set_builder_normalise(builder);
    struct set_builder inverted = {0};
    uint32_t next = 0;
    for (size_t i = 0; i < builder->ranges.count; i++) {
        struct regex_range range = builder->ranges.items[i];
        if (range.low > next)
            set_builder_add(&inverted, next, range.low - 1);
        next = range.high + 1;
    }
    if (next <= max)
        set_builder_add(&inverted, next, max);
    set_builder_fini(builder);
    *builder = inverted;
}

static void fill_ascii(struct regex_set *set)
{
    for (uint32_t i = 0; i < set->count; i++)
        for (uint32_t c = set->ranges[i].low; c <= set->ranges[i].high && c < 128; c++)
            set->ascii[c >> 6] |= (uint64_t)1 << (c & 63);
}

const struct regex_set *regex_set_finish(struct set_builder *builder, struct arena *arena)
{
    set_builder_normalise(builder);
    size_t count = builder->ranges.count;
    struct regex_set *set = arena_try_alloc(arena, sizeof *set);
    struct regex_range *ranges = arena_try_alloc(arena, (count + 1) * sizeof *ranges);
    if (set == NULL || ranges == NULL)
        return NULL;
    if (count > 0)
        memcpy(ranges, builder->ranges.items, count * sizeof *ranges);
    *set = (struct regex_set){.count = (uint32_t)count, .ranges = ranges};
    fill_ascii(set);
    return set;
}

bool regex_set_has_slow(const struct regex_set *set, uint32_t character)
{
    uint32_t low = 0, high = set->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (character > set->ranges[middle].high)
            low = middle + 1;
        else
            high = middle;
    }
    return low < set->count && character >= set->ranges[low].low;
}

bool regex_set_overlap(const struct regex_set *a, const struct regex_set *b)
{
    for (uint32_t i = 0, k = 0; i < a->count && k < b->count;) {
        if (a->ranges[i].high < b->ranges[k].low)
            i++;
        else if (b->ranges[k].high < a->ranges[i].low)
            k++;
        else
            return true;
    }
    return false;
}
