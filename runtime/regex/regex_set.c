#include "regex/regex_set.h"

void set_builder_add(struct set_builder *builder, uint32_t low, uint32_t high)
{
    if (!VEC_TRY_PUSH(&builder->ranges, builder->arena, ((struct regex_range){low, high})))
        builder->exhausted = true;
}

void set_builder_add_ranges(struct set_builder *builder, const struct regex_range *ranges,
                            size_t count)
{
    for (size_t i = 0; i < count; i++)
        set_builder_add(builder, ranges[i].low, ranges[i].high);
}

void set_builder_add_others(struct set_builder *builder, const struct regex_range *ranges,
                            size_t count, uint32_t max)
{
    uint32_t next = 0;
    for (size_t i = 0; i < count; i++) {
        struct regex_range range = ranges[i]; /* read before what is added may take its place */
        if (range.low > next)
            set_builder_add(builder, next, range.low - 1);
        next = range.high + 1;
    }
    if (next <= max)
        set_builder_add(builder, next, max);
}

/* Lets the range at root sink to where all below it, up to count, are lower. */
static void sift(struct regex_range *ranges, size_t root, size_t count)
{
    struct regex_range sinking = ranges[root];
    for (size_t child; (child = root * 2 + 1) < count; root = child) {
        if (child + 1 < count && ranges[child + 1].low > ranges[child].low)
            child++;
        if (ranges[child].low <= sinking.low)
            break;
        ranges[root] = ranges[child];
    }
    ranges[root] = sinking;
}

/* A heap sort, because qsort may take memory from the heap. */
static void sort_ranges(struct regex_range *ranges, size_t count)
{
    for (size_t root = count / 2; root > 0; root--)
        sift(ranges, root - 1, count);
    for (size_t end = count; end > 1; end--) {
        struct regex_range highest = ranges[0];
        ranges[0] = ranges[end - 1];
        ranges[end - 1] = highest;
        sift(ranges, 0, end - 1);
    }
}

void set_builder_normalise(struct set_builder *builder)
{
    struct regex_range *ranges = builder->ranges.items;
    size_t count = builder->ranges.count, kept = 0;
    if (count > 1)
        sort_ranges(ranges, count);
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
    size_t count = builder->ranges.count;
    builder->ranges.count = 0;
    set_builder_add_others(builder, builder->ranges.items, count, max);
}

static void fill_ascii(struct regex_set *set)
{
    for (uint32_t i = 0; i < set->count; i++)
        for (uint32_t c = set->ranges[i].low; c <= set->ranges[i].high && c < 128; c++)
            set->ascii[c >> 6] |= (uint64_t)1 << (c & 63);
}

const struct regex_set *regex_set_finish(struct set_builder *builder)
{
    set_builder_normalise(builder);
    size_t count = builder->ranges.count;
    struct regex_set *set = arena_try_alloc(builder->arena, sizeof *set);
    struct regex_range *ranges = arena_try_alloc(builder->arena, (count + 1) * sizeof *ranges);
    if (builder->exhausted || set == NULL || ranges == NULL)
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
