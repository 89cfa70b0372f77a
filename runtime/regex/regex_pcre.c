/* The three widths of PCRE2 differ only in the suffix of its names. Matching runs compiled code on
 * the machine stack; match data comes from the arena, so nothing is allocated elsewhere. */

#include "regex/regex_pcre.h"

#include "regex/regex_translate.h"

#define PCRE2_CODE_UNIT_WIDTH 0
#include <pcre2.h>

static void *allocate(size_t size, void *arena)
{
    return arena_try_alloc(arena, size);
}

static void keep(void *memory, void *arena)
{
    (void)memory; /* the arena takes it back as a whole */
    (void)arena;
}

static enum regex_pcre_result take_captures(int matched, const size_t *places, uint32_t group_count,
                                            uint32_t *captures)
{
    if (matched < 0)
        return matched == PCRE2_ERROR_NOMATCH ? PCRE_NO_MATCH : PCRE_GAVE_UP;
    for (uint32_t i = 0; i < group_count * 2; i++)
        captures[i] = i < (uint32_t)matched * 2 && places[i] != PCRE2_UNSET ? (uint32_t)places[i]
                                                                            : REGEX_UNSET;
    return PCRE_MATCHED;
}

/* Without start optimisations, because with them the compiled code of PCRE2 up to 10.42 misses
 * matches: (a|)b*a does not match a (PCRE2 issue 336). */
#define COMPILE_OPTIONS                                                                            \
    (PCRE2_DOTALL | PCRE2_MATCH_UNSET_BACKREF | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP |                \
     PCRE2_NO_START_OPTIMIZE)

#define DEFINE_WIDTH(width)                                                                        \
    static void *compile_##width(const struct buf *text)                                           \
    {                                                                                              \
        PCRE2_UCHAR##width *pattern = malloc((text->length + 1) * sizeof *pattern);                \
        int error = 0;                                                                             \
        size_t offset;                                                                             \
        if (pattern == NULL)                                                                       \
            return NULL;                                                                           \
        for (size_t i = 0; i < text->length; i++)                                                  \
            pattern[i] = (unsigned char)text->at[i];                                               \
        pcre2_code_##width *code =                                                                 \
            pcre2_compile_##width(pattern, text->length, COMPILE_OPTIONS, &error, &offset, NULL);  \
        free(pattern);                                                                             \
        if (code != NULL && pcre2_jit_compile_##width(code, PCRE2_JIT_COMPLETE) != 0) {            \
            pcre2_code_free_##width(code);                                                         \
            code = NULL;                                                                           \
        }                                                                                          \
        return code;                                                                               \
    }                                                                                              \
                                                                                                   \
    static enum regex_pcre_result run_##width(                                                     \
        const void *code, const struct regex_subject *subject, uint32_t start,                     \
        uint32_t group_count, struct arena *arena, uint32_t *captures)                             \
    {                                                                                              \
        pcre2_general_context_##width *memory =                                                    \
            pcre2_general_context_create_##width(allocate, keep, arena);                           \
        pcre2_match_data_##width *data =                                                           \
            memory == NULL ? NULL : pcre2_match_data_create_##width(group_count, memory);          \
        if (data == NULL)                                                                          \
            return PCRE_GAVE_UP;                                                                   \
        int matched =                                                                              \
            pcre2_jit_match_##width(code, subject->at, subject->length, start, 0, data, NULL);     \
        return take_captures(matched, pcre2_get_ovector_pointer_##width(data), group_count,        \
                             captures);                                                            \
    }

DEFINE_WIDTH(8)
DEFINE_WIDTH(16)
DEFINE_WIDTH(32)
#undef DEFINE_WIDTH

static void *compile_for(const struct regex_tree *tree, uint32_t max,
                         void *(*compile)(const struct buf *text))
{
    struct buf text = BUF_EMPTY;
    void *code = regex_translate(tree, max, &text) ? compile(&text) : NULL;
    buf_fini(&text);
    return code;
}

void regex_pcre_init(struct regex_pcre *pcre, const struct regex_tree *tree)
{
    bool unicode = tree->flags.unicode;
    pcre->unicode = unicode;
    pcre->ascii = compile_for(tree, 0x7F, compile_8);
    pcre->wide = unicode ? compile_for(tree, REGEX_MAX_CODE_POINT, compile_32)
                         : compile_for(tree, REGEX_MAX_UNIT, compile_16);
}

void regex_pcre_fini(struct regex_pcre *pcre)
{
    pcre2_code_free_8(pcre->ascii);
    if (pcre->unicode)
        pcre2_code_free_32(pcre->wide);
    else
        pcre2_code_free_16(pcre->wide);
}

enum regex_pcre_result regex_pcre_run(const struct regex_pcre *pcre,
                                      const struct regex_subject *subject, uint32_t start,
                                      uint32_t group_count, struct arena *arena, uint32_t *captures)
{
    const void *code = subject->width == 1 ? pcre->ascii : pcre->wide;
    if (code == NULL)
        return PCRE_GAVE_UP;
    if (subject->width == 1)
        return run_8(code, subject, start, group_count, arena, captures);
    if (subject->width == 2)
        return run_16(code, subject, start, group_count, arena, captures);
    return run_32(code, subject, start, group_count, arena, captures);
}
