#include "support/pattern_check.h"

#include "support/pattern_reference.h"

#include "base/check.h"
#include "pattern/pattern.h"

struct subject {
    slice name;
    struct reference_name reference;
    uint64_t wanted;
    const struct pattern *patterns[PATTERN_CHECK_MAX_PATHS];
    bool matches[PATTERN_CHECK_MAX_PATHS];
    uint32_t count;
    struct arena scratch;
};

static void check_lookup(struct subject *subject, struct arena *arena)
{
    const struct pattern_index *index = pattern_index_new(subject->patterns, subject->count, arena);
    uint32_t best = PATTERN_NONE;
    for (uint32_t i = 0; i < subject->count; i++) {
        if (!subject->matches[i] || !(subject->wanted >> i & 1))
            continue;
        if (best == PATTERN_NONE || pattern_utf16_length(subject->patterns[i]) >=
                                        pattern_utf16_length(subject->patterns[best]))
            best = i;
    }
    CHECK(index != NULL);
    CHECK(pattern_index_find(index, subject->name, &subject->wanted, &subject->scratch) == best);
}

static slice whole_characters(const struct subject *subject, const uint32_t capture[2])
{
    const struct reference_name *name = &subject->reference;
    uint32_t end = capture[1];
    if (end > 0 && end < name->count && name->offsets[end] == name->offsets[end - 1])
        end++;
    return slice_part(subject->name, name->offsets[capture[0]], name->offsets[end]);
}

static void check_captures(struct subject *subject, const struct pattern *pattern, bool matches)
{
    slice captures[PATTERN_MAX_VARIABLES];
    uint32_t expected[PATTERN_MAX_VARIABLES][2];
    CHECK(pattern_capture(pattern, subject->name, &subject->scratch, captures) == matches);
    uint32_t tail = pattern_tail(pattern);
    if (matches && tail != PATTERN_NONE)
        CHECK(slice_equal(captures[0], slice_part(subject->name, tail, subject->name.length)));
    if (!matches || !reference_is_plain(pattern_text(pattern)))
        return;
    CHECK(reference_captures(pattern_text(pattern), &subject->reference, expected));
    for (uint32_t i = 0; i < pattern_variable_count(pattern); i++)
        CHECK(slice_equal(captures[i], whole_characters(subject, expected[i])));
}

static void check_cover(const struct subject *subject)
{
    for (uint32_t wide = 0; wide < subject->count; wide++)
        for (uint32_t narrow = 0; narrow < subject->count; narrow++)
            if (subject->matches[narrow] && !subject->matches[wide])
                CHECK(!pattern_covers(subject->patterns[wide], subject->patterns[narrow]));
}

static void parse_paths(struct subject *subject, const slice *paths, uint32_t count,
                        struct arena *arena)
{
    struct pattern_error error;
    uint64_t wanted = subject->wanted;
    for (uint32_t i = 0; i < count; i++, wanted >>= 1) {
        const struct pattern *pattern = pattern_parse(paths[i], arena, &error);
        CHECK(pattern != NULL || (error.message[0] != '\0' && error.offset <= paths[i].length));
        if (pattern == NULL || !reference_reads(paths[i]))
            continue;
        uint64_t bit = (uint64_t)1 << subject->count;
        subject->wanted = (wanted & 1) ? subject->wanted | bit : subject->wanted & ~bit;
        subject->matches[subject->count] = reference_matches(paths[i], &subject->reference);
        subject->patterns[subject->count++] = pattern;
    }
}

uint32_t pattern_check(slice name, uint64_t wanted, const slice *paths, uint32_t count)
{
    struct subject subject = {.name = name, .wanted = wanted};
    struct arena arena;
    CHECK(count <= PATTERN_CHECK_MAX_PATHS);
    if (!reference_name_init(&subject.reference, name))
        return 0;
    arena_init(&arena, 0);
    arena_init(&subject.scratch, 0);
    parse_paths(&subject, paths, count, &arena);
    check_lookup(&subject, &arena);
    for (uint32_t i = 0; i < subject.count; i++)
        check_captures(&subject, subject.patterns[i], subject.matches[i]);
    check_cover(&subject);
    arena_fini(&subject.scratch);
    arena_fini(&arena);
    return subject.count;
}
