#pragma once
/* Which values each part of a rule can have, found without running it. The lints ask; code
 * generation does not. A set says "at most these": the value may belong to fewer, never to others.
 */

#include "passes.h"
#include "value.h"

/* The members of ast_node.types. Finer than value_type, because truth is what a rule is about. */
enum type_set {
    TYPE_UNDEFINED = 1u << 0,
    TYPE_NULL = 1u << 1,
    TYPE_FALSE = 1u << 2,
    TYPE_TRUE = 1u << 3,
    TYPE_ZERO = 1u << 4,   /* 0, -0 and NaN: the numbers that count as false */
    TYPE_NUMBER = 1u << 5, /* every other number */
    TYPE_EMPTY = 1u << 6,  /* the text of length 0 */
    TYPE_TEXT = 1u << 7,   /* every other text */
    TYPE_ARRAY = 1u << 8,
    TYPE_OBJECT = 1u << 9,
    TYPE_MATCH = 1u << 10,

    TYPES_NONE = 0, /* the part never has a value: evaluating it always fails */
    TYPES_ABSENT = TYPE_UNDEFINED | TYPE_NULL,
    TYPES_BOOLEAN = TYPE_FALSE | TYPE_TRUE,
    TYPES_NUMBER = TYPE_ZERO | TYPE_NUMBER,
    TYPES_TEXT = TYPE_EMPTY | TYPE_TEXT,
    TYPES_NODE = TYPE_ARRAY | TYPE_OBJECT | TYPE_MATCH,
    TYPES_FALSY = TYPES_ABSENT | TYPE_FALSE | TYPE_ZERO | TYPE_EMPTY,
    TYPES_TRUTHY = TYPE_TRUE | TYPE_NUMBER | TYPE_TEXT | TYPES_NODE,
    TYPES_JSON = TYPE_NULL | TYPES_BOOLEAN | TYPES_NUMBER | TYPES_TEXT | TYPE_ARRAY | TYPE_OBJECT,
    TYPES_ANY = TYPES_FALSY | TYPES_TRUTHY,
};

/* Fills `types` of every node of a rule whose names are resolved and whose tree is not yet folded.
 */
void types_infer(struct ast_node *tree, enum valve_rule_kind kind);

/* Whether the part has a value and that value counts always as true, or always as false. */
bool types_always_true(uint32_t types);
bool types_always_false(uint32_t types);

/* The set without the difference between the two truths of a type: what `===` compares. */
uint32_t types_widen(uint32_t types);

/* What a person calls the values of a set: "text", "a boolean or null", "any value" when it is of
 * more than three types; in arena. */
slice types_describe(uint32_t types, struct arena *arena);
