/* The mappings come from libunistring, in two tables of the few thousand characters that change;
 * they are made once per process, when the first pattern needs more than ASCII or refers back with
 * flag i. Without u an ASCII set closes within ASCII, so most patterns never make them. */

#include "regex/regex_case.h"

#include "base/check.h"

#include <pthread.h>
#include <unicase.h>

struct case_pair {
    uint32_t from, to;
};

typedef VEC(struct case_pair) case_table;

static case_table unit_table;       /* without u, ordered by from */
static case_table code_point_table; /* with u */
static pthread_once_t tables_made = PTHREAD_ONCE_INIT;

static bool is_surrogate(uint32_t c)
{
    return c >= 0xD800 && c < 0xE000;
}

/* The full upper-case form where it is one unit; simple mappings differ for some letters. */
static uint32_t upper_unit(uint32_t c)
{
    uint32_t upper[8];
    size_t length = sizeof upper / sizeof *upper;
    if (is_surrogate(c) || u32_toupper(&c, 1, NULL, NULL, upper, &length) != upper)
        return c;
    if (length != 1 || upper[0] > REGEX_MAX_UNIT || (c >= 128 && upper[0] < 128))
        return c;
    return upper[0];
}

/* Simple folding: the full one where that is one character, else the lower-case letter. */
static uint32_t fold_code_point(uint32_t c)
{
    static const struct case_pair exceptions[] = {
        {0x0130, 0x0130},                                     /* has no simple folding */
        {0x0390, 0x1FD3}, {0x03B0, 0x1FE3}, {0xFB05, 0xFB06}, /* younger than the tables */
        {0x1FD3, 0x1FD3}, {0x1FE3, 0x1FE3}, {0xFB06, 0xFB06},
    };
    for (size_t i = 0; i < sizeof exceptions / sizeof *exceptions; i++)
        if (exceptions[i].from == c)
            return exceptions[i].to;
    uint32_t folded[8];
    size_t length = sizeof folded / sizeof *folded;
    if (is_surrogate(c) || u32_casefold(&c, 1, NULL, NULL, folded, &length) != folded)
        return c;
    return length == 1 ? folded[0] : uc_tolower(c);
}

static void make_table(case_table *table, uint32_t max, uint32_t (*map)(uint32_t))
{
    for (uint32_t c = 0; c <= max; c++) {
        uint32_t to = map(c);
        if (to != c)
            VEC_PUSH(table, ((struct case_pair){c, to}));
    }
}

static void make_tables(void)
{
    make_table(&unit_table, REGEX_MAX_UNIT, upper_unit);
    make_table(&code_point_table, 0x1FFFF, fold_code_point); /* no letters with case above */
}

void regex_case_prepare(void)
{
    CHECK(pthread_once(&tables_made, make_tables) == 0);
}

static const case_table *table_for(bool unicode)
{
    regex_case_prepare();
    return unicode ? &code_point_table : &unit_table;
}

uint32_t regex_canonicalize(uint32_t c, bool unicode)
{
    if (c < 128) {
        uint32_t first = unicode ? 'A' : 'a';
        return c - first < 26 ? c ^ 0x20 : c;
    }
    const case_table *table = table_for(unicode);
    size_t low = 0, high = table->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (table->items[middle].from < c)
            low = middle + 1;
        else
            high = middle;
    }
    return low < table->count && table->items[low].from == c ? table->items[low].to : c;
}

static void close_ascii(struct set_builder *builder)
{
    size_t count = builder->ranges.count;
    for (size_t i = 0; i < count; i++) {
        struct regex_range range = builder->ranges.items[i];
        for (uint32_t c = range.low; c <= range.high && c < 128; c++)
            if ((c | 0x20) - 'a' < 26)
                set_builder_add(builder, c ^ 0x20, c ^ 0x20);
    }
}

static bool only_ascii(const struct set_builder *builder)
{
    size_t count = builder->ranges.count;
    return count == 0 || builder->ranges.items[count - 1].high < 128;
}

/* Adds what the members of the normalised set are mapped to or, the other way, from. */
static void add_partners(struct set_builder *builder, const case_table *table, bool mapped_to)
{
    const struct regex_set members = {.count = (uint32_t)builder->ranges.count,
                                      .ranges = builder->ranges.items};
    for (size_t i = 0; i < table->count; i++) {
        struct case_pair pair = table->items[i];
        uint32_t member = mapped_to ? pair.from : pair.to;
        uint32_t partner = mapped_to ? pair.to : pair.from;
        if (regex_set_has_slow(&members, member))
            set_builder_add(builder, partner, partner);
    }
    set_builder_normalise(builder);
}

void regex_case_close(struct set_builder *builder, bool unicode)
{
    set_builder_normalise(builder);
    if (!unicode && only_ascii(builder)) {
        close_ascii(builder);
        set_builder_normalise(builder);
        return;
    }
    const case_table *table = table_for(unicode);
    add_partners(builder, table, true);
    add_partners(builder, table, false);
}
