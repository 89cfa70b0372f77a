/* Scalars, times, JSON values and records of a test file. */

#include "casefile_reader.h"

#include "document/scalar.h"
#include "text.h"
#include "document/timestamp.h"
#include "document/tree_json.h"

void case_report(struct case_reader *reader, enum diagnostic_id id, const struct tree_node *node,
                 slice hint)
{
    slice written = slice_part(reader->file->source.text, node->start, node->end);
    diagnose(&reader->file->diagnostics, id, &reader->file->source, node->start, node->end,
             SLICE_ARGUMENTS(written), SLICE_ARGUMENTS(hint));
}

static const char *kind_in_words(enum tree_kind kind)
{
    static const char *const WORDS[] = {
        [TREE_NULL] = "nothing", [TREE_BOOLEAN] = "true or false", [TREE_NUMBER] = "a number",
        [TREE_DATE] = "a date",  [TREE_TEXT] = "a text",           [TREE_LIST] = "a list",
        [TREE_MAP] = "a map",
    };
    return WORDS[kind];
}

bool case_wrong_kind(struct case_reader *reader, const struct tree_node *node, const char *what,
                     const char *expected)
{
    diagnose(&reader->file->diagnostics, DIAG_TEST_WRONG_KIND, &reader->file->source, node->start,
             node->end, what, expected, kind_in_words(node->kind));
    return false;
}

bool case_read_text(struct case_reader *reader, const struct tree_node *node, const char *what,
                    slice *text)
{
    if (node->kind == TREE_NULL || node->kind == TREE_LIST || node->kind == TREE_MAP)
        return case_wrong_kind(reader, node, what, "a text");
    *text = scalar_key_text(node, &reader->file->arena);
    return true;
}

static bool is_date(const struct tree_node *node)
{
    bool boolean;
    return node->kind == TREE_DATE ||
           (node->kind == TREE_TEXT && scalar_kind(node->text.text, &boolean) == TREE_DATE);
}

bool case_read_time(struct case_reader *reader, const struct tree_node *node, double *ms)
{
    if (is_date(node) && timestamp_read(node->text.text, ms))
        return true;
    if (node->kind == TREE_NUMBER) {
        *ms = text_to_number(scalar_key_text(node, &reader->file->arena));
        if (*ms >= -8.64e15 && *ms <= 8.64e15)
            return true;
    }
    if (node->kind == TREE_LIST || node->kind == TREE_MAP)
        return case_wrong_kind(reader, node, "`now`", "a time");
    case_report(reader, DIAG_TEST_BAD_TIME, node, SLICE(""));
    return false;
}

bool case_read_json(struct case_reader *reader, const struct tree_node *node, slice *json)
{
    struct casefile *file = reader->file;
    struct buf out = BUF_EMPTY;
    size_t left = CASEFILE_MAX_JSON_BYTES - reader->json_bytes;
    const struct tree_node *wrong = tree_to_json(node, left, &out);
    bool too_large = out.length > left;
    if (too_large)
        diagnose(&file->diagnostics, DIAG_TEST_TOO_LARGE, &file->source, node->start, node->end,
                 CASEFILE_MAX_JSON_BYTES >> 20);
    else if (wrong != NULL)
        case_report(reader, DIAG_TEST_NOT_JSON, wrong, SLICE(""));
    if (!too_large && wrong == NULL) {
        *json = arena_copy(&file->arena, buf_slice(&out));
        reader->json_bytes += out.length;
    }
    buf_fini(&out);
    return !too_large && wrong == NULL;
}

bool case_read_records(struct case_reader *reader, const struct tree_node *map,
                       const struct valve_record **records, size_t *count)
{
    if (map->kind != TREE_MAP)
        return case_wrong_kind(reader, map, "`records`", "a map from names to data");
    size_t total = map->count + reader->record_count;
    struct valve_record *made = arena_alloc(&reader->file->arena, total * sizeof *made);
    bool valid = true;
    for (uint32_t i = 0; i < map->count; i++) {
        const struct tree_member *member = &map->members[i];
        made[i] = (struct valve_record){.name = member->key.text,
                                        .exists = member->value->kind != TREE_NULL};
        valid = case_read_json(reader, member->value, &made[i].json) && valid;
    }
    if (reader->record_count > 0)
        memcpy(made + map->count, reader->records, reader->record_count * sizeof *made);
    *records = made;
    *count = total;
    return valid;
}

slice case_hint(struct case_reader *reader, const struct suggestion *suggestion, const char *other)
{
    if (suggestion->best.length == 0)
        return slice_of(other);
    return arena_printf(&reader->file->arena, "did you mean `" SLICE_FORMAT "`?",
                        SLICE_ARGUMENTS(suggestion->best));
}
