/* YAML rule files: the events of libyaml become a tree. Anchors are known once their node is
 * complete, so an alias cannot stand inside what it names. What aliases repeat is shared, and
 * counted, so that a small file cannot stand for a huge tree. */

#include "document/readers.h"

#include "document/yaml_scalar.h"
#include "base/check.h"
#include "base/utf8.h"

#define MARK_EVERY 64 /* characters between two remembered byte offsets */

struct frame {
    struct tree_builder builder;
    slice anchor;
    struct tree_node *key; /* of a map: read, its value not yet */
};

struct reader {
    const struct mapped_text *text;
    struct arena *arena;
    struct diagnostics *diagnostics;
    uint32_t *marks; /* byte offsets of every MARK_EVERY-th character; NULL when all is ASCII */
    struct hashmap anchors;
    struct frame frames[TREE_MAX_DEPTH];
    uint32_t depth;
    uint32_t documents;
    struct tree_node *root;
};

/* ---- positions: libyaml counts characters ---- */

static void index_characters(struct reader *reader)
{
    slice text = reader->text->text;
    size_t count = utf8_count(text);
    if (count == text.length)
        return;
    reader->marks = arena_alloc(reader->arena, (count / MARK_EVERY + 1) * sizeof *reader->marks);
    size_t at = 0;
    for (size_t i = 0; i <= count; i++) {
        if (i % MARK_EVERY == 0)
            reader->marks[i / MARK_EVERY] = (uint32_t)at;
        if (i < count)
            utf8_next(text, &at);
    }
}

static uint32_t byte_of(const struct reader *reader, size_t character)
{
    size_t length = reader->text->text.length;
    if (reader->marks == NULL)
        return (uint32_t)(character < length ? character : length);
    size_t at = reader->marks[character / MARK_EVERY];
    for (size_t i = character % MARK_EVERY; i > 0 && at < length; i--)
        utf8_next(reader->text->text, &at);
    return (uint32_t)at;
}

static uint32_t file_offset(const struct reader *reader, yaml_mark_t mark)
{
    return mapped_text_file_offset(reader->text, byte_of(reader, mark.index));
}

/* ---- reports ---- */

static bool refuse(struct reader *reader, const yaml_event_t *event, enum diagnostic_id id,
                   slice name)
{
    diagnose(reader->diagnostics, id, reader->text->source, file_offset(reader, event->start_mark),
             file_offset(reader, event->end_mark), SLICE_ARGUMENTS(name));
    return false;
}

/* ---- nodes ---- */

static struct tree_node *new_node(struct reader *reader, enum tree_kind kind,
                                  const yaml_event_t *event)
{
    struct tree_node *node = arena_alloc_zeroed(reader->arena, sizeof *node);
    node->kind = kind;
    node->start = file_offset(reader, event->start_mark);
    node->end = file_offset(reader, event->end_mark);
    node->weight = 1;
    return node;
}

static slice copy_name(struct reader *reader, const yaml_char_t *name)
{
    return name == NULL ? (slice){0} : arena_copy(reader->arena, slice_of((const char *)name));
}

static void remember(struct reader *reader, slice anchor, struct tree_node *node)
{
    if (anchor.length > 0)
        hashmap_put(&reader->anchors, anchor, node);
}

static bool is_merge_key(const struct tree_node *key)
{
    return key->plain && slice_equal(key->text.text, SLICE("<<"));
}

static void report_at(struct reader *reader, const struct tree_node *node, enum diagnostic_id id)
{
    diagnose(reader->diagnostics, id, reader->text->source, node->start, node->end);
}

static void merge(struct reader *reader, struct tree_builder *builder, struct tree_node *value)
{
    if (value->kind == TREE_MAP) {
        tree_builder_merge(builder, value);
        return;
    }
    if (value->kind != TREE_LIST) {
        report_at(reader, value, DIAG_MERGE_NOT_MAP);
        return;
    }
    for (uint32_t i = 0; i < value->count; i++) {
        if (value->items[i]->kind == TREE_MAP)
            tree_builder_merge(builder, value->items[i]);
        else
            report_at(reader, value->items[i], DIAG_MERGE_NOT_MAP);
    }
}

static void add_member(struct reader *reader, struct frame *frame, struct tree_node *value)
{
    struct tree_node *key = frame->key;
    frame->key = NULL;
    if (key->kind >= TREE_LIST) {
        report_at(reader, key, DIAG_KEY_NOT_TEXT);
        return;
    }
    if (is_merge_key(key)) {
        merge(reader, &frame->builder, value);
        return;
    }
    struct mapped_text mapped = key->text;
    mapped.text = scalar_key_text(key, reader->arena);
    tree_builder_add_member(&frame->builder, key, mapped, value, reader->diagnostics);
}

/* Hands a complete node to what it stands in. */
static void attach(struct reader *reader, struct tree_node *node)
{
    if (reader->depth == 0) {
        reader->root = node;
        return;
    }
    struct frame *frame = &reader->frames[reader->depth - 1];
    uint32_t *weight = &frame->builder.node->weight;
    *weight = node->weight > TREE_MAX_NODES - *weight ? TREE_MAX_NODES : *weight + node->weight;
    if (frame->builder.node->kind == TREE_LIST)
        tree_builder_add_item(&frame->builder, node);
    else if (frame->key == NULL)
        frame->key = node;
    else
        add_member(reader, frame, node);
}

/* ---- events ---- */

#define TAG_PREFIX "tag:yaml.org,2002:"

/* The kind that a tag asks for; false when it is none that a rule file may use. `!` and a map's or
 * list's own tag change nothing. */
static bool kind_of_tag(slice tag, enum tree_kind *kind)
{
    static const struct {
        const char *tag;
        enum tree_kind kind;
    } TAGS[] = {
        {"!", TREE_TEXT},
        {TAG_PREFIX "str", TREE_TEXT},
        {TAG_PREFIX "null", TREE_NULL},
        {TAG_PREFIX "bool", TREE_BOOLEAN},
        {TAG_PREFIX "int", TREE_NUMBER},
        {TAG_PREFIX "float", TREE_NUMBER},
        {TAG_PREFIX "timestamp", TREE_DATE},
        {TAG_PREFIX "seq", TREE_LIST},
        {TAG_PREFIX "map", TREE_MAP},
    };
    for (size_t i = 0; i < sizeof TAGS / sizeof *TAGS; i++) {
        if (slice_equal(tag, slice_of(TAGS[i].tag))) {
            *kind = TAGS[i].kind;
            return true;
        }
    }
    return false;
}

/* Settles the kind of a scalar from its tag and style; false when the tag does not fit. */
static bool settle_kind(struct tree_node *node, slice tag)
{
    enum tree_kind plain_kind = scalar_kind(node->text.text, &node->boolean);
    enum tree_kind wanted = TREE_TEXT;
    if (tag.length > 0 && !kind_of_tag(tag, &wanted))
        return false;
    if (tag.length > 0 && wanted != TREE_TEXT)
        node->kind = plain_kind;
    else
        node->kind = tag.length == 0 && node->plain ? plain_kind : TREE_TEXT;
    return tag.length == 0 || node->kind == wanted;
}

static bool on_scalar(struct reader *reader, const yaml_event_t *event)
{
    struct tree_node *node = new_node(reader, TREE_TEXT, event);
    slice value = {(const char *)event->data.scalar.value, event->data.scalar.length};
    slice tag = copy_name(reader, event->data.scalar.tag);
    enum scalar_style style = yaml_scalar_style_of(event);
    node->plain = style == SCALAR_PLAIN;
    node->text = scalar_map(reader->text, byte_of(reader, event->start_mark.index),
                            byte_of(reader, event->end_mark.index), style,
                            arena_copy(reader->arena, value), reader->arena);
    if (!settle_kind(node, tag))
        return refuse(reader, event, DIAG_UNKNOWN_TAG, tag);
    remember(reader, copy_name(reader, event->data.scalar.anchor), node);
    attach(reader, node);
    return true;
}

static bool on_alias(struct reader *reader, const yaml_event_t *event)
{
    slice name = slice_of((const char *)event->data.alias.anchor);
    struct tree_node *node = hashmap_find(&reader->anchors, name);
    if (node == NULL)
        return refuse(reader, event, DIAG_UNDEFINED_ALIAS, name);
    attach(reader, node);
    return true;
}

static bool on_start(struct reader *reader, const yaml_event_t *event, enum tree_kind kind,
                     const yaml_char_t *anchor, const yaml_char_t *tag)
{
    slice tag_name = copy_name(reader, tag);
    enum tree_kind wanted = kind;
    if (tag_name.length > 0 && !slice_equal(tag_name, SLICE("!")) &&
        (!kind_of_tag(tag_name, &wanted) || wanted != kind))
        return refuse(reader, event, DIAG_UNKNOWN_TAG, tag_name);
    if (reader->depth == TREE_MAX_DEPTH)
        return refuse(reader, event, DIAG_FILE_NESTING, (slice){0});
    struct frame *frame = &reader->frames[reader->depth++];
    *frame = (struct frame){.anchor = copy_name(reader, anchor)};
    tree_builder_init(&frame->builder, new_node(reader, kind, event));
    return true;
}

static void on_end(struct reader *reader, const yaml_event_t *event)
{
    struct frame *frame = &reader->frames[--reader->depth];
    struct tree_node *node = frame->builder.node;
    node->end = file_offset(reader, event->end_mark);
    tree_builder_finish(&frame->builder, reader->arena);
    remember(reader, frame->anchor, node);
    attach(reader, node);
}

/* False when reading has to stop. */
static bool build(struct reader *reader, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return ++reader->documents == 1 ||
               refuse(reader, event, DIAG_SEVERAL_DOCUMENTS, (slice){0});
    case YAML_ALIAS_EVENT:
        return on_alias(reader, event);
    case YAML_SCALAR_EVENT:
        return on_scalar(reader, event);
    case YAML_SEQUENCE_START_EVENT:
        return on_start(reader, event, TREE_LIST, event->data.sequence_start.anchor,
                        event->data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
        return on_start(reader, event, TREE_MAP, event->data.mapping_start.anchor,
                        event->data.mapping_start.tag);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        on_end(reader, event);
        return true;
    default:
        return true;
    }
}

static bool on_event(struct reader *reader, const yaml_event_t *event)
{
    if (!build(reader, event))
        return false;
    bool is_too_large = reader->depth > 0 &&
                        reader->frames[reader->depth - 1].builder.node->weight >= TREE_MAX_NODES;
    return !is_too_large || refuse(reader, event, DIAG_FILE_TOO_MANY_VALUES, (slice){0});
}

static void report_parser_error(struct reader *reader, const yaml_parser_t *parser)
{
    uint32_t byte = parser->error == YAML_READER_ERROR
                        ? (uint32_t)parser->problem_offset
                        : byte_of(reader, parser->problem_mark.index);
    yaml_report(reader->text, byte, parser->problem, reader->diagnostics);
}

static bool read_events(struct reader *reader, yaml_parser_t *parser)
{
    for (;;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) {
            report_parser_error(reader, parser);
            return false;
        }
        bool is_last = event.type == YAML_STREAM_END_EVENT;
        bool may_go_on = on_event(reader, &event);
        yaml_event_delete(&event);
        if (is_last || !may_go_on)
            return may_go_on;
    }
}

struct tree_document yaml_tree_read(const struct mapped_text *text, struct arena *arena,
                                    struct diagnostics *diagnostics)
{
    struct reader reader = {.text = text, .arena = arena, .diagnostics = diagnostics};
    uint32_t errors = diagnostics->error_count;
    yaml_parser_t parser;
    CHECK(yaml_parser_initialize(&parser));
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text->text.at, text->text.length);
    hashmap_init(&reader.anchors);
    index_characters(&reader);
    bool complete = read_events(&reader, &parser);
    while (reader.depth > 0)
        tree_builder_fini(&reader.frames[--reader.depth].builder);
    hashmap_fini(&reader.anchors);
    yaml_parser_delete(&parser);
    bool is_valid = complete && diagnostics->error_count == errors;
    return (struct tree_document){is_valid ? reader.root : NULL, is_valid};
}
