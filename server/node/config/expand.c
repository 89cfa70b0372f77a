/* A document becomes values: `${NAME}` is put into scalars, and file(PATH) and fileLoad(PATH) are
 * worked out, each in the scalar where it stands. What fileLoad() loads may hold `${NAME}`, and no
 * macros, so loading ends there. */

#include "internal.h"

#include "document/document.h"
#include "document/scalar.h"
#include "document/text_map.h"

#include <stdlib.h>

#define MAX_NAME_BYTES 255
#define MAX_EXPANDED_BYTES ((size_t)16 << 20) /* of all variables of a configuration together */

struct frame {
    const struct tree_node *node;
    struct ds_value *value;
    slice key; /* under which the value stands in the frame above */
    uint32_t next;
};

struct expander {
    struct config *config;
    const struct source *source;
    bool with_macros;
    struct frame frames[TREE_MAX_DEPTH];
    uint32_t depth;
};

static struct origin origin_of(const struct expander *expander, const struct tree_node *node)
{
    return (struct origin){expander->source, node->start, node->end, NULL};
}

/* ---- environment variables ---- */

static bool is_word(char c, bool is_first)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (!is_first && c >= '0' && c <= '9');
}

/* The NAME of a `${NAME}` at offset i; empty when there is none. */
static slice name_at(slice text, size_t i)
{
    size_t start = i + 2, end = start;
    if (end >= text.length || text.at[i + 1] != '{')
        return (slice){0};
    while (end < text.length && is_word(text.at[end], end == start))
        end++;
    bool is_closed = end < text.length && text.at[end] == '}' && end - start <= MAX_NAME_BYTES;
    return is_closed ? slice_part(text, start, end) : (slice){0};
}

static const char *environment(slice name)
{
    char terminated[MAX_NAME_BYTES + 1];
    memcpy(terminated, name.at, name.length);
    terminated[name.length] = '\0';
    return getenv(terminated);
}

static void report(struct expander *expander, const struct tree_node *node, size_t at, slice name,
                   enum ds_log_level level, const char *what)
{
    uint32_t start = mapped_text_file_offset(&node->text, (uint32_t)at);
    struct origin origin = {expander->source, start, start + (uint32_t)name.length + 3, NULL};
    problem_add(expander->config, level, &origin, "the environment variable " SLICE_FORMAT " %s",
                SLICE_ARGUMENTS(name), what);
}

/* Inside rules, `${name}` may be part of a template, which stays as it is. */
static void put_variable(struct expander *expander, const struct tree_node *node, size_t at,
                         slice name, bool is_rule, struct buf *out)
{
    const char *value = environment(name);
    if (value == NULL && is_rule) {
        buf_append(out, slice_part(node->text.text, at, at + name.length + 3));
        return;
    }
    if (value == NULL) {
        report(expander, node, at, name, DS_WARN, "is not set: it counts as empty");
        return;
    }
    size_t length = strlen(value);
    if (length > MAX_EXPANDED_BYTES - expander->config->expanded_bytes) {
        report(expander, node, at, name, DS_ERROR, "makes the configuration too large");
        return;
    }
    expander->config->expanded_bytes += length;
    buf_append(out, (slice){value, length});
}

/* The text of a scalar with its variables; *is_expanded when there was one. */
static slice expand_text(struct expander *expander, const struct tree_node *node, bool is_rule,
                         bool *is_expanded)
{
    slice text = node->text.text;
    struct buf out = BUF_EMPTY;
    size_t kept = 0;
    for (size_t i = 0; i < text.length; i++) {
        slice name = text.at[i] == '$' ? name_at(text, i) : (slice){0};
        if (name.length == 0)
            continue;
        buf_append(&out, slice_part(text, kept, i));
        put_variable(expander, node, i, name, is_rule, &out);
        kept = i + name.length + 3;
        i = kept - 1;
    }
    *is_expanded = kept > 0;
    if (kept == 0)
        return text;
    buf_append(&out, slice_part(text, kept, text.length));
    slice expanded = arena_copy(&expander->config->arena, buf_slice(&out));
    buf_fini(&out);
    return expanded;
}

static slice trimmed(slice text)
{
    size_t start = 0, end = text.length;
    while (start < end && (text.at[start] == ' ' || text.at[start] == '\t'))
        start++;
    while (end > start && (text.at[end - 1] == ' ' || text.at[end - 1] == '\t'))
        end--;
    return slice_part(text, start, end);
}

/* ---- macros ---- */

/* The PATH of `name(PATH)`, when that is the whole text; empty otherwise. */
static slice macro_path(slice text, slice name)
{
    text = trimmed(text);
    bool is_macro = slice_starts_with(text, name) && text.length > name.length + 2 &&
                    text.at[name.length] == '(' && text.at[text.length - 1] == ')';
    return is_macro ? trimmed(slice_part(text, name.length + 1, text.length - 1)) : (slice){0};
}

/* permission.options.permissions is read by the plugin, which knows rules and compiled programs. */
static bool is_rules_file(const struct expander *expander, slice key)
{
    return expander->depth == 3 && slice_equal(expander->frames[1].key, SLICE("permission")) &&
           slice_equal(expander->frames[2].key, SLICE("options")) &&
           option_in(SECTION_PERMISSION_CONFIG, key) == CONFIG_PERMISSION_RULES;
}

static bool is_inside_rules(const struct expander *expander)
{
    return expander->depth > 3 && slice_equal(expander->frames[1].key, SLICE("permission"));
}

static bool is_document(slice path)
{
    return path_ends_with(path, ".yml") || path_ends_with(path, ".yaml") ||
           path_ends_with(path, ".json");
}

static void refuse_file(struct expander *expander, const struct origin *origin, const char *what,
                        slice file, slice path)
{
    problem_add(expander->config, DS_ERROR, origin,
                "Error loading config file, %s " SLICE_FORMAT " for fileLoad(" SLICE_FORMAT ")",
                what, SLICE_ARGUMENTS(file), SLICE_ARGUMENTS(path));
}

static void note_loaded(struct expander *expander, const struct origin *origin, slice file,
                        slice path)
{
    problem_add(expander->config, DS_INFO, origin,
                "Loaded content from " SLICE_FORMAT " for fileLoad(" SLICE_FORMAT ")",
                SLICE_ARGUMENTS(file), SLICE_ARGUMENTS(path))
        ->is_transform = true;
}

/* The content of a file: a document as values, anything else as one text. NULL when it is neither,
 * which is reported. */
static struct ds_value *load_content(struct expander *expander, const struct origin *origin,
                                     slice file, slice path)
{
    struct arena *arena = &expander->config->arena;
    slice bytes;
    const char *error = path_read_file(file.at, arena, &bytes);
    if (error != NULL) {
        refuse_file(expander, origin, "missing file", file, path);
        problem_hint(expander->config, "%s", error);
        return NULL;
    }
    note_loaded(expander, origin, file, path);
    if (!is_document(file))
        return setting_new_text(arena, bytes, *origin);
    uint32_t errors = expander->config->error_count;
    expander->config->loading = origin;
    struct ds_value *value = config_read(expander->config, file, bytes, false);
    expander->config->loading = NULL;
    if (expander->config->error_count == errors)
        return value != NULL ? value : setting_new(arena, DS_VALUE_NULL, *origin);
    refuse_file(expander, origin, "invalid format in file", file, path);
    return NULL;
}

static struct ds_value *load_file(struct expander *expander, const struct origin *origin,
                                  slice path, bool is_rules)
{
    struct arena *arena = &expander->config->arena;
    slice file = path_below(expander->config->dir, path, arena);
    struct ds_value *value = NULL;
    if (path_ends_with(file, ".js")) {
        refuse_file(expander, origin, "cannot run the JavaScript of", file, path);
        problem_hint(expander->config, "write it as YAML or JSON");
    } else if (!is_rules) {
        value = load_content(expander, origin, file, path);
    } else if (path_is_file(file.at)) {
        value = setting_new_text(arena, file, *origin);
    } else {
        refuse_file(expander, origin, "missing file", file, path);
    }
    if (value == NULL)
        return setting_new(arena, DS_VALUE_NULL, *origin);
    value->file = file;
    value->macro = arena_printf(arena, "fileLoad(" SLICE_FORMAT ")", SLICE_ARGUMENTS(path));
    return value;
}

/* ---- values ---- */

static struct ds_value *scalar(struct expander *expander, const struct tree_node *node, slice key)
{
    struct arena *arena = &expander->config->arena;
    struct origin origin = origin_of(expander, node);
    bool is_expanded;
    slice text = expand_text(expander, node, is_inside_rules(expander), &is_expanded);
    slice loaded = expander->with_macros ? macro_path(text, SLICE("fileLoad")) : (slice){0};
    if (loaded.length > 0)
        return load_file(expander, &origin, loaded, is_rules_file(expander, key));
    slice named = expander->with_macros ? macro_path(text, SLICE("file")) : (slice){0};
    if (named.length > 0)
        text = path_below(expander->config->dir, named, arena);
    struct ds_value *value = setting_new_text(arena, text, origin);
    value->is_expanded = is_expanded;
    if (node->plain && is_expanded)
        value->text = trimmed(text);
    bool is_text = named.length > 0 || node->kind == TREE_TEXT || node->kind == TREE_DATE;
    if (!is_text || (node->plain && is_expanded))
        setting_settle(value);
    return value;
}

static void enter(struct expander *expander, const struct tree_node *node, struct ds_value *value,
                  slice key)
{
    expander->frames[expander->depth++] = (struct frame){node, value, key, 0};
}

static struct ds_value *convert(struct expander *expander, const struct tree_node *node, slice key)
{
    if (node->kind < TREE_LIST)
        return scalar(expander, node, key);
    enum ds_value_kind kind = node->kind == TREE_MAP ? DS_VALUE_MAP : DS_VALUE_LIST;
    struct ds_value *value = setting_new(&expander->config->arena, kind, origin_of(expander, node));
    enter(expander, node, value, key);
    return value;
}

/* Adds one more member; what it holds in turn becomes the top frame. */
static void convert_next(struct expander *expander, struct frame *frame)
{
    uint32_t index = frame->next++;
    if (frame->node->kind != TREE_MAP) {
        setting_add(frame->value, (slice){0},
                    convert(expander, frame->node->items[index], (slice){0}));
        return;
    }
    const struct tree_member *member = &frame->node->members[index];
    struct ds_value *value = convert(expander, member->value, member->key.text);
    if (value->origin.source == expander->source) {
        value->key_start = member->key_node->start;
        value->key_end = member->key_node->end;
    }
    setting_add(frame->value, member->key.text, value);
}

static struct ds_value *expand(struct config *config, const struct source *source,
                               const struct tree_node *root, bool with_macros)
{
    struct expander expander = {.config = config, .source = source, .with_macros = with_macros};
    struct ds_value *value = convert(&expander, root, (slice){0});
    while (expander.depth > 0) {
        struct frame *top = &expander.frames[expander.depth - 1];
        if (top->next == top->node->count)
            expander.depth--;
        else
            convert_next(&expander, top);
    }
    return value;
}

struct ds_value *config_read(struct config *config, slice name, slice text, bool with_macros)
{
    struct source *source = arena_alloc(&config->arena, sizeof *source);
    source_init(source, arena_copy(&config->arena, name), text, &config->arena);
    struct diagnostics diagnostics;
    diagnostics_init(&diagnostics, &config->arena);
    struct tree_document document = {0};
    if (document_check(source, &diagnostics)) {
        struct mapped_text whole = text_map_whole(source, &config->arena);
        document = document_read(&whole, &config->arena, &diagnostics);
    }
    problems_take(config, &diagnostics);
    diagnostics_fini(&diagnostics);
    return document.root == NULL ? NULL : expand(config, source, document.root, with_macros);
}
