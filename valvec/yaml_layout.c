/* The events of libyaml as a tree, nothing resolved. */

#include "yaml_layout.h"

#include "document/yaml_scalar.h"
#include "base/check.h"
#include "base/utf8.h"

#define TAG_PREFIX "tag:yaml.org,2002:"

struct reader {
    slice text;
    struct arena *arena;
    struct layout *layout;
    size_t first_byte; /* after a byte order mark */
    size_t characters; /* libyaml counts characters: so many stand before `bytes` */
    size_t bytes;
    struct layout_node *open[LAYOUT_MAX_DEPTH];
    uint32_t depth;
    uint32_t documents;
};

/* Marks come nearly in order; one that lies behind starts over. */
static uint32_t byte_of(struct reader *reader, yaml_mark_t mark)
{
    if (mark.index < reader->characters) {
        reader->characters = 0;
        reader->bytes = reader->first_byte;
    }
    while (reader->characters < mark.index && reader->bytes < reader->text.length) {
        utf8_next(reader->text, &reader->bytes);
        reader->characters++;
    }
    return (uint32_t)reader->bytes;
}

static slice copy_name(struct reader *reader, const yaml_char_t *name)
{
    return name == NULL ? SLICE("") : arena_copy(reader->arena, slice_of((const char *)name));
}

/* The short form of a standard tag, the long one of others. */
static slice show_tag(struct reader *reader, const yaml_char_t *tag)
{
    slice text = copy_name(reader, tag);
    if (slice_starts_with(text, SLICE(TAG_PREFIX)))
        return arena_printf(reader->arena, "!!%s", text.at + strlen(TAG_PREFIX));
    if (text.length > 0 && text.at[0] != '!')
        return arena_printf(reader->arena, "!<" SLICE_FORMAT ">", SLICE_ARGUMENTS(text));
    return text;
}

static struct layout_node *new_node(struct reader *reader, const yaml_event_t *event,
                                    enum layout_kind kind)
{
    struct layout_node *node = arena_alloc_zeroed(reader->arena, sizeof *node);
    node->kind = kind;
    node->start = byte_of(reader, event->start_mark);
    node->end = byte_of(reader, event->end_mark);
    return node;
}

static void attach(struct reader *reader, struct layout_node *node)
{
    if (reader->depth == 0) {
        reader->layout->root = node;
        return;
    }
    struct layout_node *parent = reader->open[reader->depth - 1];
    if (parent->last == NULL)
        parent->first = node;
    else
        parent->last->next = node;
    parent->last = node;
}

static void on_scalar(struct reader *reader, const yaml_event_t *event)
{
    struct layout_node *node = new_node(reader, event, LAYOUT_SCALAR);
    slice value = {(const char *)event->data.scalar.value, event->data.scalar.length};
    node->value = arena_copy(reader->arena, value);
    node->style = yaml_scalar_style_of(event);
    node->anchor = copy_name(reader, event->data.scalar.anchor);
    node->tag = show_tag(reader, event->data.scalar.tag);
    attach(reader, node);
}

static void on_alias(struct reader *reader, const yaml_event_t *event)
{
    struct layout_node *node = new_node(reader, event, LAYOUT_ALIAS);
    node->value = copy_name(reader, event->data.alias.anchor);
    attach(reader, node);
}

static bool on_open(struct reader *reader, const yaml_event_t *event, enum layout_kind kind,
                    const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (reader->depth == LAYOUT_MAX_DEPTH)
        return false;
    struct layout_node *node = new_node(reader, event, kind);
    node->anchor = copy_name(reader, anchor);
    node->tag = show_tag(reader, tag);
    attach(reader, node);
    reader->open[reader->depth++] = node;
    return true;
}

static bool on_document(struct reader *reader, const yaml_event_t *event)
{
    const yaml_version_directive_t *version = event->data.document_start.version_directive;
    struct layout *layout = reader->layout;
    layout->explicit_start = !event->data.document_start.implicit;
    layout->start = byte_of(reader, event->start_mark);
    if (version != NULL)
        layout->version =
            arena_printf(reader->arena, "%%YAML %d.%d", version->major, version->minor);
    bool has_tags = event->data.document_start.tag_directives.start !=
                    event->data.document_start.tag_directives.end;
    return ++reader->documents == 1 && !has_tags;
}

static bool on_event(struct reader *reader, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return on_document(reader, event);
    case YAML_SCALAR_EVENT:
        on_scalar(reader, event);
        return true;
    case YAML_ALIAS_EVENT:
        on_alias(reader, event);
        return true;
    case YAML_SEQUENCE_START_EVENT:
        return on_open(reader, event, LAYOUT_LIST, event->data.sequence_start.anchor,
                       event->data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
        return on_open(reader, event, LAYOUT_MAP, event->data.mapping_start.anchor,
                       event->data.mapping_start.tag);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        reader->open[--reader->depth]->end = byte_of(reader, event->end_mark);
        return true;
    default:
        return true;
    }
}

bool yaml_layout_read(slice text, struct arena *arena, struct layout *layout)
{
    size_t first_byte = slice_starts_with(text, SLICE("\xEF\xBB\xBF")) ? 3 : 0;
    struct reader reader = {.text = text,
                            .arena = arena,
                            .layout = layout,
                            .first_byte = first_byte,
                            .bytes = first_byte};
    yaml_parser_t parser;
    bool readable = true, more = true;
    *layout = (struct layout){0};
    CHECK(yaml_parser_initialize(&parser));
    yaml_parser_set_input_string(&parser, (const unsigned char *)text.at, text.length);
    while (readable && more) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            readable = false;
            break;
        }
        more = event.type != YAML_STREAM_END_EVENT;
        readable = on_event(&reader, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return readable;
}
