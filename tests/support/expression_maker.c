#include "expression_maker.h"

#include <stdint.h>

#define MAX_NESTING 8
#define COUNT(list) (sizeof(list) / sizeof *(list))
#define CHOOSE(maker, list) append((maker), (list)[choose((maker), COUNT(list))])

struct maker {
    slice choices;
    struct buf *out;
    unsigned nesting;
};

static const char *const LEAVES[] = {
    "true",       "false",
    "null",       "undefined",
    "0",          "1",
    "2",          "7.5",
    "'a'",        "''",
    "'5'",        "'list'",
    "'x/y'",      "'undefined'",
    "user",       "data",
    "oldData",    "now",
    "action",     "name",
    "$a",         "$b",
    "user.id",    "user.data",
    "data.list",  "data.text",
    "data.n",     "oldData.ref",
    "NaN",        "Infinity",
    "1e21",       "0x10",
    "4294967295", "'\\u00e9\\ud83d\\ude00'",
    "' 1e3 '",    "mystery",
    "data.own",   "[]",
    "{}",         "255",
};

static const char *const UNARY[] = {"!", "-", "+", "~", "typeof ", "void "};

static const char *const BINARY[] = {
    "+",  "-",  "*",  "/",   "%",   "**", "<<", ">>", ">>>", "<",  "<=", ">",
    ">=", "==", "!=", "===", "!==", "in", "&",  "|",  "^",   "&&", "||", "??",
};

static const char *const KEYS[] = {"id",  "data",   "list", "text", "n",
                                   "ref", "length", "own",  "trim", "index"};

static const char *const METHODS[] = {"startsWith", "endsWith",    "includes",    "indexOf",
                                      "trim",       "toUpperCase", "toLowerCase", "match"};

static const char *const REGEXES[] = {"/a/",     "/(b)?./g",   "/^[a-z]+$/i",
                                      "/\\d+/y", "/(?<x>.)$/", "'a|5'"};

static void make(struct maker *maker);

static void append(struct maker *maker, const char *text)
{
    buf_append_text(maker->out, text);
}

static size_t choose(struct maker *maker, size_t count)
{
    if (maker->choices.length == 0)
        return 0;
    size_t choice = (unsigned char)maker->choices.at[0] % count;
    maker->choices = slice_part(maker->choices, 1, maker->choices.length);
    return choice;
}

static void make_in_parentheses(struct maker *maker)
{
    append(maker, "(");
    make(maker);
    append(maker, ")");
}

static void make_list(struct maker *maker, size_t most)
{
    size_t count = choose(maker, most + 1);
    for (size_t i = 0; i < count; i++) {
        append(maker, i > 0 ? ", " : "");
        make(maker);
    }
}

static void make_unary(struct maker *maker)
{
    CHOOSE(maker, UNARY);
    make_in_parentheses(maker);
}

static void make_binary(struct maker *maker)
{
    make_in_parentheses(maker);
    append(maker, " ");
    CHOOSE(maker, BINARY);
    append(maker, " ");
    make_in_parentheses(maker);
}

static void make_conditional(struct maker *maker)
{
    make_in_parentheses(maker);
    append(maker, " ? ");
    make(maker);
    append(maker, " : ");
    make(maker);
}

static void make_call(struct maker *maker)
{
    size_t method = choose(maker, COUNT(METHODS));
    append(maker, METHODS[method]);
    append(maker, choose(maker, 4) == 3 ? "?.(" : "(");
    if (method == COUNT(METHODS) - 1)
        CHOOSE(maker, REGEXES);
    else
        make_list(maker, 2);
    append(maker, ")");
}

static void make_link(struct maker *maker)
{
    bool optional = choose(maker, 2) == 1;
    switch (choose(maker, 3)) {
    case 0:
        append(maker, optional ? "?." : ".");
        CHOOSE(maker, KEYS);
        return;
    case 1:
        append(maker, optional ? "?.[" : "[");
        make(maker);
        append(maker, "]");
        return;
    default:
        append(maker, optional ? "?." : ".");
        make_call(maker);
    }
}

static void make_chain(struct maker *maker)
{
    size_t links = choose(maker, 3) + 1;
    make_in_parentheses(maker);
    for (size_t i = 0; i < links; i++)
        make_link(maker);
}

static void make_template(struct maker *maker)
{
    append(maker, "`t");
    for (size_t count = choose(maker, 3); count > 0; count--) {
        append(maker, "${");
        make(maker);
        append(maker, "}/");
    }
    append(maker, "`");
}

static void make_array(struct maker *maker)
{
    append(maker, choose(maker, 4) == 3 ? "[, " : "[");
    make_list(maker, 3);
    append(maker, "]");
}

static void make_object(struct maker *maker)
{
    append(maker, "({a: ");
    make(maker);
    append(maker, ", [");
    make(maker);
    append(maker, "]: ");
    make(maker);
    append(maker, ", name, 'list': ");
    make(maker);
    append(maker, "})");
}

static void make_reference(struct maker *maker)
{
    append(maker, "_(");
    switch (choose(maker, 4)) {
    case 0:
        make(maker);
        break;
    case 1:
        append(maker, "'r/' + ");
        make_in_parentheses(maker);
        append(maker, " + ");
        make_in_parentheses(maker);
        break;
    case 2:
        make_template(maker);
        break;
    default:
        make_list(maker, 2);
    }
    append(maker, ")");
}

static void make(struct maker *maker)
{
    static void (*const MAKERS[])(struct maker *) = {
        make_binary,   make_chain, make_binary, make_unary,     make_conditional, make_chain,
        make_template, make_array, make_object, make_reference, make_chain,
    };
    size_t choice = choose(maker, COUNT(MAKERS) + 6);
    if (choice < 6 || maker->nesting == MAX_NESTING) {
        CHOOSE(maker, LEAVES);
        return;
    }
    maker->nesting++;
    MAKERS[choice - 6](maker);
    maker->nesting--;
}

void make_expression(slice choices, struct buf *out)
{
    struct maker maker = {.choices = choices, .out = out};
    make(&maker);
}
