/* The names are checked here, because JavaScript wants them exact; the members come from PCRE2's
 * tables, by matching every code point once. That costs some milliseconds, at compile time. */

#include "regex/regex_property.h"

#include "base/check.h"

#define PCRE2_CODE_UNIT_WIDTH 32
#include <pcre2.h>
#include <stdio.h>

struct spelling {
    const char *code, *name;
};

static const struct spelling scripts[] = {
#define SCRIPT(code, name) {code, name},
#include "regex/regex_scripts.def"
#undef SCRIPT
};

static const struct spelling categories[] = {
#define CATEGORY(code, name) {code, name},
#include "regex/regex_categories.def"
#undef CATEGORY
};

static const struct spelling properties[] = {
#define PROPERTY(name, code) {code, name},
#include "regex/regex_properties.def"
#undef PROPERTY
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct spelling *find_spelling(const struct spelling *list, size_t count, slice text)
{
    for (size_t i = 0; i < count; i++)
        if (slice_equal(slice_of(list[i].code), text) || slice_equal(slice_of(list[i].name), text))
            return &list[i];
    return NULL;
}

static bool is_one_of(slice text, const char *name, const char *code)
{
    return slice_equal(text, slice_of(name)) || slice_equal(text, slice_of(code));
}

/* How PCRE2 spells the property, without braces; false when JavaScript does not know it. */
static bool spell(slice name, slice value, char *out, size_t size)
{
    const struct spelling *found = NULL;
    const char *prefix = "";
    if (is_one_of(name, "Script", "sc") || is_one_of(name, "Script_Extensions", "scx")) {
        prefix = is_one_of(name, "Script", "sc") ? "sc:" : "scx:";
        found = find_spelling(scripts, COUNT(scripts), value);
        snprintf(out, size, "%s%s", prefix, found == NULL ? "" : found->name);
        return found != NULL;
    }
    bool category = is_one_of(name, "General_Category", "gc");
    if (!category && value.length > 0)
        return false;
    found = find_spelling(categories, COUNT(categories), category ? value : name);
    if (found == NULL && !category) {
        found = find_spelling(properties, COUNT(properties), name);
        snprintf(out, size, "%s", found == NULL ? "" : found->name);
        return found != NULL;
    }
    if (found != NULL)
        snprintf(out, size, "%s", strcmp(found->code, "LC") == 0 ? "L&" : found->code);
    return found != NULL;
}

static pcre2_code *compile(const char *spelt)
{
    char text[96];
    uint32_t pattern[96];
    int length = snprintf(text, sizeof text, "[\\p{%s}]+", spelt), error;
    size_t offset;
    for (int i = 0; i < length; i++)
        pattern[i] = (unsigned char)text[i];
    return pcre2_compile(pattern, (size_t)length, 0, &error, &offset, NULL);
}

static void add_matches(const pcre2_code *code, const uint32_t *all, struct set_builder *builder)
{
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    CHECK(data != NULL);
    const size_t *range = pcre2_get_ovector_pointer(data);
    size_t end = REGEX_MAX_CODE_POINT + 1, start = 0;
    while (start < end && pcre2_match(code, all, end, start, 0, data, NULL) >= 0) {
        set_builder_add(builder, (uint32_t)range[0], (uint32_t)range[1] - 1);
        start = range[1];
    }
    pcre2_match_data_free(data);
}

static bool add_property(const char *spelt, struct set_builder *builder)
{
    pcre2_code *code = compile(spelt);
    if (code == NULL)
        return false;
    uint32_t *all = malloc((REGEX_MAX_CODE_POINT + 1) * sizeof *all);
    CHECK(all != NULL);
    for (uint32_t c = 0; c <= REGEX_MAX_CODE_POINT; c++)
        all[c] = c;
    pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    add_matches(code, all, builder);
    free(all);
    pcre2_code_free(code);
    return true;
}

bool regex_property_add(slice name, slice value, struct set_builder *builder)
{
    char spelt[64];
    if (value.length == 0 && slice_equal(name, SLICE("Any"))) {
        set_builder_add(builder, 0, REGEX_MAX_CODE_POINT);
        return true;
    }
    if (value.length == 0 && slice_equal(name, SLICE("Assigned"))) {
        if (!add_property("Cn", builder))
            return false;
        set_builder_invert(builder, REGEX_MAX_CODE_POINT);
        return true;
    }
    return spell(name, value, spelt, sizeof spelt) && add_property(spelt, builder);
}

bool regex_property_is_unsupported(slice name)
{
    return is_one_of(name, "Bidi_Mirrored", "Bidi_M") ||
           is_one_of(name, "Changes_When_NFKC_Casefolded", "CWKCF");
}
