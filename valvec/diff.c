/* Longest common subsequence of lines, after equal lines at both ends are set aside. What lies
 * between is bounded: beyond that it is shown as replaced in one piece, which is still a correct
 * diff. */

#include "diff.h"

#include "base/check.h"
#include "base/vec.h"

#include <stdint.h>

#define CONTEXT 3
#define MAX_CELLS (16u << 20) /* of the table of common lengths */

struct line_list {
    VEC(slice) lines;
};

/* One line of the result: ' ', '-' or '+'. */
struct edit {
    char kind;
    slice line;
};

struct script {
    VEC(struct edit) edits;
};

/* Lines keep their line feed, so that a last line without one is another line. */
static void split(slice text, struct line_list *list)
{
    while (text.length > 0) {
        const char *feed = memchr(text.at, '\n', text.length);
        size_t length = feed == NULL ? text.length : (size_t)(feed - text.at) + 1;
        VEC_PUSH(&list->lines, slice_part(text, 0, length));
        text = slice_part(text, length, text.length);
    }
}

static void push(struct script *script, char kind, slice line)
{
    VEC_PUSH(&script->edits, ((struct edit){kind, line}));
}

static void replace_all(const slice *a, size_t m, const slice *b, size_t n, struct script *script)
{
    for (size_t i = 0; i < m; i++)
        push(script, '-', a[i]);
    for (size_t j = 0; j < n; j++)
        push(script, '+', b[j]);
}

/* common[i][j]: the most lines that a from i on and b from j on have in common. */
static void compare(const slice *a, size_t m, const slice *b, size_t n, struct script *script)
{
    size_t width = n + 1;
    if (m + 1 > MAX_CELLS / width) {
        replace_all(a, m, b, n, script);
        return;
    }
    uint32_t *common = calloc((m + 1) * width, sizeof *common);
    CHECK(common != NULL);
    for (size_t i = m; i-- > 0;) {
        for (size_t j = n; j-- > 0;) {
            uint32_t down = common[(i + 1) * width + j], right = common[i * width + j + 1];
            common[i * width + j] = slice_equal(a[i], b[j]) ? common[(i + 1) * width + j + 1] + 1
                                    : down > right          ? down
                                                            : right;
        }
    }
    size_t i = 0, j = 0;
    while (i < m && j < n) {
        if (slice_equal(a[i], b[j])) {
            push(script, ' ', a[i++]);
            j++;
        } else if (common[(i + 1) * width + j] >= common[i * width + j + 1]) {
            push(script, '-', a[i++]);
        } else {
            push(script, '+', b[j++]);
        }
    }
    replace_all(a + i, m - i, b + j, n - j, script);
    free(common);
}

static void make_script(const struct line_list *before, const struct line_list *after,
                        struct script *script)
{
    const slice *a = before->lines.items, *b = after->lines.items;
    size_t m = before->lines.count, n = after->lines.count, head = 0, tail = 0;
    while (head < m && head < n && slice_equal(a[head], b[head]))
        head++;
    while (tail < m - head && tail < n - head && slice_equal(a[m - 1 - tail], b[n - 1 - tail]))
        tail++;
    for (size_t i = 0; i < head; i++)
        push(script, ' ', a[i]);
    if (m - head - tail > 0 && n - head - tail > 0)
        compare(a + head, m - head - tail, b + head, n - head - tail, script);
    else if (m - head - tail > 0)
        replace_all(a + head, m - head - tail, NULL, 0, script);
    else if (n - head - tail > 0)
        replace_all(NULL, 0, b + head, n - head - tail, script);
    for (size_t i = 0; i < tail; i++)
        push(script, ' ', a[m - tail + i]);
}

/* ---- hunks ---- */

/* The end of the hunk that starts with a change at or after `from`: changes at most twice the
 * context apart share one. */
static size_t hunk_end(const struct script *script, size_t from)
{
    size_t end = from, equal = 0;
    for (size_t i = from; i < script->edits.count && equal <= 2 * CONTEXT; i++) {
        equal = script->edits.items[i].kind == ' ' ? equal + 1 : 0;
        if (equal == 0)
            end = i + 1;
    }
    end += CONTEXT;
    return end < script->edits.count ? end : script->edits.count;
}

static size_t count_kind(const struct script *script, size_t from, size_t to, char other)
{
    size_t count = 0;
    for (size_t i = from; i < to; i++)
        count += script->edits.items[i].kind != other;
    return count;
}

static void append_edit(const struct edit *edit, struct buf *out)
{
    buf_append_byte(out, edit->kind);
    buf_append(out, edit->line);
    if (edit->line.length == 0 || edit->line.at[edit->line.length - 1] != '\n')
        buf_append_text(out, "\n\\ No newline at end of file\n");
}

static void append_hunk(const struct script *script, size_t from, size_t to, struct buf *out)
{
    size_t old_start = count_kind(script, 0, from, '+'),
           new_start = count_kind(script, 0, from, '-');
    size_t old_count = count_kind(script, from, to, '+'),
           new_count = count_kind(script, from, to, '-');
    buf_printf(out, "@@ -%zu,%zu +%zu,%zu @@\n", old_start + (old_count > 0), old_count,
               new_start + (new_count > 0), new_count);
    for (size_t i = from; i < to; i++)
        append_edit(&script->edits.items[i], out);
}

static void append_hunks(const struct script *script, struct buf *out)
{
    size_t done = 0;
    for (size_t i = 0; i < script->edits.count; i++) {
        if (script->edits.items[i].kind == ' ')
            continue;
        size_t from = i > done + CONTEXT ? i - CONTEXT : done;
        size_t to = hunk_end(script, i);
        append_hunk(script, from, to, out);
        done = to;
        i = to - 1;
    }
}

void diff_unified(slice name, slice before, slice after, struct buf *out)
{
    struct line_list a = {0}, b = {0};
    struct script script = {0};
    if (slice_equal(before, after))
        return;
    split(before, &a);
    split(after, &b);
    make_script(&a, &b, &script);
    buf_printf(out, "--- " SLICE_FORMAT "\n+++ " SLICE_FORMAT "\n", SLICE_ARGUMENTS(name),
               SLICE_ARGUMENTS(name));
    append_hunks(&script, out);
    VEC_FREE(&a.lines);
    VEC_FREE(&b.lines);
    VEC_FREE(&script.edits);
}
