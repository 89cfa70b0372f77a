#pragma once
/* The meaning of a rule, spelt out a second time: a walk over the syntax tree as the parser made
 * it, without compiler, bytecode or machine. It shares with them the parser and the functions on
 * single values; what it does not share is every decision about order, short circuits, chains,
 * names and records. Tests compare the two.
 *
 * It recurses, up to TREEWALK_MAX_DEPTH nodes deep; deeper trees are not judged. */

#include "ast.h"
#include "valve.h"

#define TREEWALK_MAX_DEPTH 300

enum treewalk_status {
    TREEWALK_VALUE,
    TREEWALK_ERROR,
    TREEWALK_NEEDS,    /* result.need is the record */
    TREEWALK_TOO_DEEP, /* not judged */
};

struct treewalk_variable {
    slice name; /* without the $ */
    slice value;
};

struct treewalk_result {
    enum treewalk_status status;
    valve_value value;
    slice message;
    slice need;
};

/* Evaluates a tree that has no errors. `user` is the value of the variable; the request's own user
 * is not looked at. Everything in the result lives in arena. */
struct treewalk_result treewalk(const struct ast_node *root, const struct valve_request *request,
                                valve_value user, const struct treewalk_variable *variables,
                                size_t variable_count, const struct valve_options *options,
                                struct arena *arena);
