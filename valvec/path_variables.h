#pragma once
/* Where the variables of a path stand in its text. */

#include "base/slice.h"

/* What names of variables are made of: ASCII letters and digits. */
bool path_is_name_character(char c);

struct path_variable {
    size_t start, end; /* bytes of the path text, with the $ */
    slice name;        /* without it */
};

/* The next variable at or after *position, which moves past it; false when there is none. */
bool path_variable_next(slice path, size_t *position, struct path_variable *variable);
