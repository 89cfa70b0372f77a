/* Runs files of cases: a text and, word for word, everything that is said about it.
 *
 *     === an assignment is answered with the comparison
 *     user.id = 'a'
 *     ---
 *     rule:1:9: error: ...
 *
 * Behind the name of a case may stand, in brackets:
 *     [file NAME]  the text is a whole rule file of that name; else it is one expression
 *     [escaped]    \n \r \t \\ \xHH and \*COUNT{TEXT} of the text are decoded
 * Nothing below `---` says that nothing is to be said.
 *
 *     diagnostic_cases [--print] [--cover FIRST-ID LAST-ID] FILE...
 *
 * --print writes the cases with what is said now. --cover fails unless each message from FIRST-ID
 * to LAST-ID of diagnostics.def is said by some case. */

#include "base/check.h"
#include "parse.h"
#include "valvec.h"

#include <stdlib.h>

#define MAX_FILE_BYTES (4u << 20)

struct lines {
    slice text;
    size_t position;
    unsigned number; /* of the line that lines_next gave last */
};

struct test_case {
    const char *path;
    unsigned line;
    slice head;      /* the whole line that begins it */
    slice file_name; /* of a rule file; empty for an expression */
    bool is_escaped;
    slice text, expected;
};

struct run {
    bool print;
    bool said[DIAGNOSTIC_COUNT];
    unsigned count, failed;
};

static bool lines_next(struct lines *lines, slice *line)
{
    if (lines->position >= lines->text.length)
        return false;
    size_t start = lines->position, end = start;
    while (end < lines->text.length && lines->text.at[end] != '\n')
        end++;
    *line = slice_part(lines->text, start, end);
    lines->position = end + 1;
    lines->number++;
    return true;
}

/* Everything up to the next line that begins with mark; *line is that line, empty at the end. */
static slice lines_until(struct lines *lines, slice mark, slice *line)
{
    size_t start = lines->position, end = start;
    *line = (slice){"", 0};
    slice next;
    while (lines_next(lines, &next)) {
        if (slice_starts_with(next, mark)) {
            *line = next;
            break;
        }
        end = lines->position > lines->text.length ? lines->text.length : lines->position;
    }
    return slice_part(lines->text, start, end);
}

/* The text in `[word ...]` at the end of a head, when it begins with word. */
static bool find_option(slice head, slice word, slice *value)
{
    for (size_t i = 0; i < head.length; i++) {
        slice rest = slice_part(head, i + 1, head.length);
        if (head.at[i] != '[' || !slice_starts_with(rest, word))
            continue;
        const char *end = memchr(rest.at, ']', rest.length);
        CHECK(end != NULL);
        *value = slice_part(rest, word.length, (size_t)(end - rest.at));
        return true;
    }
    return false;
}

static unsigned hex_digit(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

/* \*COUNT{TEXT}, behind the asterisk; returns what it took. */
static size_t append_repeated(struct buf *out, slice rest)
{
    size_t i = 0;
    unsigned count = 0;
    for (; i < rest.length && rest.at[i] != '{'; i++)
        count = count * 10 + (unsigned)(rest.at[i] - '0');
    const char *end = memchr(rest.at, '}', rest.length);
    CHECK(end != NULL);
    slice text = slice_part(rest, i + 1, (size_t)(end - rest.at));
    while (count-- > 0)
        buf_append(out, text);
    return (size_t)(end - rest.at) + 1;
}

/* One escape, behind the backslash; returns what it took. */
static size_t append_escape(struct buf *out, slice rest)
{
    CHECK(rest.length > 0);
    switch (rest.at[0]) {
    case 'n':
        buf_append_byte(out, '\n');
        return 1;
    case 'r':
        buf_append_byte(out, '\r');
        return 1;
    case 't':
        buf_append_byte(out, '\t');
        return 1;
    case 'x':
        CHECK(rest.length >= 3);
        buf_append_byte(out, (char)(hex_digit(rest.at[1]) << 4 | hex_digit(rest.at[2])));
        return 3;
    case '*':
        return 1 + append_repeated(out, slice_part(rest, 1, rest.length));
    default:
        CHECK(rest.at[0] == '\\');
        buf_append_byte(out, '\\');
        return 1;
    }
}

static slice decode(slice text, struct buf *out)
{
    for (size_t i = 0; i < text.length;) {
        if (text.at[i] != '\\')
            buf_append_byte(out, text.at[i++]);
        else
            i += 1 + append_escape(out, slice_part(text, i + 1, text.length));
    }
    return out->length == 0 ? SLICE("") : buf_slice(out);
}

/* The last line end of an expression belongs to the file of cases. */
static slice without_line_end(slice text)
{
    return text.length > 0 ? slice_part(text, 0, text.length - 1) : text;
}

static void diagnose_expression(slice text, struct arena *arena, struct diagnostics *diagnostics)
{
    struct source *source = arena_alloc(arena, sizeof *source);
    source_init(source, SLICE("rule"), text, arena);
    struct text_piece start = {0, 0};
    struct mapped_text mapped = {text, source, &start, 1};
    struct ast_node *tree = parse_expression(&mapped, arena, diagnostics);
    CHECK((tree == NULL) == (diagnostics->error_count > 0));
}

static void diagnose_file(slice name, slice text, struct arena *arena,
                          struct diagnostics *diagnostics)
{
    struct valvec_options options = valvec_options_default();
    valvec_compile(name, text, &options, arena, diagnostics);
}

/* Appends everything that is said about the text of a case. */
static void say(struct run *run, const struct test_case *test, struct buf *out)
{
    struct arena arena;
    struct diagnostics diagnostics;
    struct buf decoded = BUF_EMPTY;
    arena_init(&arena, 0);
    diagnostics_init(&diagnostics, &arena);
    bool is_file = test->file_name.length > 0;
    slice text = is_file ? test->text : without_line_end(test->text);
    if (test->is_escaped)
        text = decode(text, &decoded);
    if (is_file)
        diagnose_file(test->file_name, text, &arena, &diagnostics);
    else
        diagnose_expression(text, &arena, &diagnostics);
    diagnostics_sort(&diagnostics);
    for (size_t i = 0; i < diagnostics.list.count; i++) {
        diagnostic_print(&diagnostics.list.items[i], out, false);
        run->said[diagnostics.list.items[i].id] = true;
    }
    buf_fini(&decoded);
    diagnostics_fini(&diagnostics);
    arena_fini(&arena);
}

static void run_case(struct run *run, const struct test_case *test)
{
    struct buf said = BUF_EMPTY;
    say(run, test, &said);
    run->count++;
    if (run->print) {
        printf(SLICE_FORMAT "\n" SLICE_FORMAT "---\n" SLICE_FORMAT, SLICE_ARGUMENTS(test->head),
               SLICE_ARGUMENTS(test->text), SLICE_ARGUMENTS(buf_slice(&said)));
    } else if (!slice_equal(buf_slice(&said), test->expected)) {
        run->failed++;
        fprintf(stderr, "%s:%u: " SLICE_FORMAT "\nexpected:\n" SLICE_FORMAT "said:\n" SLICE_FORMAT,
                test->path, test->line, SLICE_ARGUMENTS(test->head),
                SLICE_ARGUMENTS(test->expected), SLICE_ARGUMENTS(buf_slice(&said)));
    }
    buf_fini(&said);
}

static void run_cases(struct run *run, const char *path, slice text)
{
    struct lines lines = {text, 0, 0};
    slice head, unused;
    slice preface = lines_until(&lines, SLICE("=== "), &head);
    if (run->print)
        printf(SLICE_FORMAT, SLICE_ARGUMENTS(preface));
    while (head.length > 0) {
        struct test_case test = {.path = path, .line = lines.number, .head = head};
        slice next;
        find_option(head, SLICE("file "), &test.file_name);
        test.is_escaped = find_option(head, SLICE("escaped"), &unused);
        test.text = lines_until(&lines, SLICE("---"), &next);
        CHECK(next.length == 3);
        test.expected = lines_until(&lines, SLICE("=== "), &next);
        run_case(run, &test);
        head = next;
    }
}

static bool run_file(struct run *run, const char *path)
{
    FILE *file = fopen(path, "rb");
    char *bytes = malloc(MAX_FILE_BYTES);
    CHECK(bytes != NULL);
    size_t length = file == NULL ? 0 : fread(bytes, 1, MAX_FILE_BYTES, file);
    bool good = length > 0 && length < MAX_FILE_BYTES;
    if (good)
        run_cases(run, path, (slice){bytes, length});
    else
        fprintf(stderr, "%s: empty, too long or unreadable\n", path);
    if (file != NULL)
        fclose(file);
    free(bytes);
    return good;
}

static size_t diagnostic_number(const char *id)
{
    for (size_t i = 0; i < DIAGNOSTIC_COUNT; i++)
        if (strcmp(diagnostic_info((enum diagnostic_id)i)->id, id) == 0)
            return i;
    fprintf(stderr, "there is no diagnostic `%s`\n", id);
    exit(2);
}

/* Fails for each message of the range that no case makes. */
static void check_cover(struct run *run, size_t first, size_t last)
{
    for (size_t i = first; i <= last; i++) {
        if (run->said[i])
            continue;
        fprintf(stderr, "no case says `%s`\n", diagnostic_info((enum diagnostic_id)i)->id);
        run->failed++;
    }
}

int main(int argument_count, char **arguments)
{
    static struct run run;
    size_t first = 1, last = 0;
    int i = 1;
    if (i < argument_count && strcmp(arguments[i], "--print") == 0) {
        run.print = true;
        i++;
    }
    if (i + 2 < argument_count && strcmp(arguments[i], "--cover") == 0) {
        first = diagnostic_number(arguments[i + 1]);
        last = diagnostic_number(arguments[i + 2]);
        i += 3;
    }
    for (; i < argument_count; i++)
        if (!run_file(&run, arguments[i]))
            return 2;
    check_cover(&run, first, last);
    if (!run.print)
        printf("%u cases, %u failed\n", run.count, run.failed);
    return run.failed == 0 && run.count > 0 ? 0 : 1;
}
