/* --print-config: the configuration in effect as YAML, each line with a word about its origin. */

#include "internal.h"

#include "document/scalar.h"
#include "json.h"
#include "text.h"

#include <math.h>

#define COMMENT_COLUMN 48

struct open_container {
    const struct ds_value *value;
    uint32_t next;
    uint32_t indent;
};

/* ---- scalars ---- */

static bool is_secret(slice key)
{
    return words_hold(SLICE("password passphrase secret headerValue secretAccessKey token"), key);
}

static bool is_plain_byte(char c, bool is_first)
{
    bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '/' || c == '.';
    return is_letter || (!is_first && ((c >= '0' && c <= '9') || c == '_' || c == '-' || c == '@'));
}

/* Whether a text may stand without quotes and is still that text. */
static bool is_plain(slice text)
{
    bool boolean;
    for (size_t i = 0; i < text.length; i++) {
        if (!is_plain_byte(text.at[i], i == 0))
            return false;
    }
    return text.length > 0 && scalar_kind(text, &boolean) == TREE_TEXT;
}

static void print_text(struct buf *out, slice text)
{
    if (is_plain(text))
        buf_append(out, text);
    else
        json_write_text(out, text);
}

static void print_number(struct buf *out, double number)
{
    char text[NUMBER_TEXT_BYTES];
    if (isnan(number))
        buf_append_text(out, ".nan");
    else if (isinf(number))
        buf_append_text(out, number < 0 ? "-.inf" : ".inf");
    else
        buf_append(out, (slice){text, number_to_text(number, text)});
}

static void print_scalar(struct buf *out, const struct ds_value *value, slice key)
{
    if (value->macro.length > 0)
        print_text(out, value->macro);
    else if (value->kind == DS_VALUE_TEXT &&
             (is_secret(key) || text_holds(value->text, "PRIVATE KEY-----")))
        buf_append_text(out, "\"***\"");
    else if (value->kind == DS_VALUE_TEXT)
        print_text(out, value->text);
    else if (value->kind == DS_VALUE_NUMBER)
        print_number(out, value->number);
    else if (value->kind == DS_VALUE_BOOLEAN)
        buf_append_text(out, value->boolean ? "true" : "false");
    else if (value->kind >= DS_VALUE_LIST)
        buf_append_text(out, value->kind == DS_VALUE_MAP ? "{}" : "[]");
    else
        buf_append_text(out, "null");
}

/* ---- lines ---- */

static void print_origin(struct buf *out, const struct ds_value *value)
{
    size_t line_start = out->length;
    while (line_start > 0 && out->at[line_start - 1] != '\n')
        line_start--;
    size_t width = out->length - line_start;
    do
        buf_append_byte(out, ' ');
    while (++width < COMMENT_COLUMN);
    buf_append_text(out, "# ");
    diagnostic_print_text(ds_value_place(value), out);
}

static bool is_block(const struct ds_value *value)
{
    return value->kind >= DS_VALUE_LIST && value->count > 0 && value->macro.length == 0;
}

/* The line of one member or item; what it holds follows below. A map in a list begins on the line
 * of its dash. */
static void print_line(struct buf *out, const struct open_container *open, bool after_dash)
{
    const struct setting_member *member = &open->value->members[open->next];
    if (!after_dash)
        for (uint32_t i = 0; i < open->indent; i++)
            buf_append_byte(out, ' ');
    bool is_map = open->value->kind == DS_VALUE_MAP;
    if (is_map) {
        print_text(out, member->key);
        buf_append_byte(out, ':');
    } else {
        buf_append_byte(out, '-');
    }
    if (!is_map && is_block(member->value)) {
        buf_append_byte(out, ' ');
        return;
    }
    if (!is_block(member->value)) {
        buf_append_byte(out, ' ');
        print_scalar(out, member->value, member->key);
        print_origin(out, member->value);
    }
    buf_append_byte(out, '\n');
}

void config_print(const struct config *config, struct buf *out)
{
    VEC(struct open_container) open = {0};
    bool after_dash = false;
    if (config->root == NULL)
        return;
    VEC_PUSH(&open, ((struct open_container){config->root, 0, 0}));
    while (open.count > 0) {
        struct open_container *top = &open.items[open.count - 1];
        if (top->next == top->value->count) {
            open.count--;
            continue;
        }
        print_line(out, top, after_dash);
        const struct ds_value *value = top->value->members[top->next++].value;
        after_dash = top->value->kind == DS_VALUE_LIST && is_block(value);
        if (is_block(value))
            VEC_PUSH(&open, ((struct open_container){value, 0, top->indent + 2}));
    }
    VEC_FREE(&open);
}
