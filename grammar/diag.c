/* Diagnostics are formatted when they are found, because what they quote may not outlive the pass.
 */

#include "diag.h"

#include "base/check.h"

#include <stdio.h>

const struct diagnostic_info *diagnostic_info(enum diagnostic_id id)
{
    static const struct diagnostic_info table[] = {
#define DIAGNOSTIC(name, severity, id, message, hint) {SEVERITY_##severity, id, message, hint},
#include "diagnostics.def"
#undef DIAGNOSTIC
    };
    CHECK(id < DIAGNOSTIC_COUNT);
    return &table[id];
}

void diagnostics_init(struct diagnostics *diagnostics, struct arena *arena)
{
    *diagnostics = (struct diagnostics){.arena = arena};
}

void diagnostics_fini(struct diagnostics *diagnostics)
{
    VEC_FREE(&diagnostics->list);
}

static size_t formatted_length(const char *format, va_list arguments)
{
    va_list copy;
    va_copy(copy, arguments);
    int length = vsnprintf(NULL, 0, format, copy);
    va_end(copy);
    CHECK(length >= 0);
    return (size_t)length;
}

/* Message and hint share one list of arguments, so they are formatted as one text and then parted.
 */
static void format_texts(struct diagnostic *diagnostic, struct arena *arena, va_list arguments)
{
    const struct diagnostic_info *info = diagnostic_info(diagnostic->id);
    const char *hint = info->hint == NULL ? "" : info->hint;
    slice format = arena_printf(arena, "%s%s", info->message, hint);
    size_t message_length = formatted_length(info->message, arguments);
    size_t length = formatted_length(format.at, arguments);
    char *text = arena_alloc(arena, length + 1);
    vsnprintf(text, length + 1, format.at, arguments);
    diagnostic->message = (slice){text, message_length};
    diagnostic->hint = (slice){text + message_length, length - message_length};
}

static void add(struct diagnostics *diagnostics, struct diagnostic diagnostic, va_list arguments)
{
    format_texts(&diagnostic, diagnostics->arena, arguments);
    switch (diagnostic_info(diagnostic.id)->severity) {
    case SEVERITY_ERROR:
        diagnostics->error_count++;
        break;
    case SEVERITY_WARNING:
        diagnostics->warning_count++;
        break;
    case SEVERITY_NOTE:
        break;
    }
    VEC_PUSH(&diagnostics->list, diagnostic);
}

void diagnose(struct diagnostics *diagnostics, enum diagnostic_id id, const struct source *source,
              uint32_t start, uint32_t end, ...)
{
    CHECK(start <= end);
    va_list arguments;
    va_start(arguments, end);
    add(diagnostics, (struct diagnostic){.id = id, .source = source, .start = start, .end = end},
        arguments);
    va_end(arguments);
}

void diagnose_text(struct diagnostics *diagnostics, enum diagnostic_id id,
                   const struct mapped_text *text, uint32_t start, uint32_t end, ...)
{
    CHECK(start <= end);
    uint32_t file_start = mapped_text_file_offset(text, start);
    uint32_t file_end = file_start;
    if (end > start)
        file_end = mapped_text_file_offset(text, end - 1) + 1;
    if (file_end < file_start)
        file_end = file_start;
    va_list arguments;
    va_start(arguments, end);
    add(diagnostics,
        (struct diagnostic){.id = id, .source = text->source, .start = file_start, .end = file_end},
        arguments);
    va_end(arguments);
}

static bool comes_after(const struct diagnostic *a, const struct diagnostic *b)
{
    if (a->start != b->start)
        return a->start > b->start;
    return diagnostic_info(a->id)->severity > diagnostic_info(b->id)->severity;
}

/* Merges the sorted runs [start, middle) and [middle, end) of `from` into `to`. */
static void merge(const struct diagnostic *from, struct diagnostic *to, size_t start, size_t middle,
                  size_t end)
{
    size_t left = start, right = middle;
    for (size_t i = start; i < end; i++) {
        bool take_right = left == middle || (right < end && comes_after(&from[left], &from[right]));
        to[i] = from[take_right ? right++ : left++];
    }
}

void diagnostics_sort(struct diagnostics *diagnostics)
{
    size_t count = diagnostics->list.count;
    if (count < 2)
        return;
    struct diagnostic *from = diagnostics->list.items;
    struct diagnostic *scratch = malloc(count * sizeof *scratch);
    CHECK(scratch != NULL);
    struct diagnostic *to = scratch;
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t start = 0; start < count; start += 2 * width) {
            size_t middle = start + width < count ? start + width : count;
            size_t end = middle + width < count ? middle + width : count;
            merge(from, to, start, middle, end);
        }
        struct diagnostic *swapped = from;
        from = to;
        to = swapped;
    }
    if (from != diagnostics->list.items)
        memcpy(diagnostics->list.items, from, count * sizeof *from);
    free(scratch);
}
