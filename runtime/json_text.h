#pragma once
/* Strings of JSON text. Private to json_read.c. */

#include "json.h"

struct json_cursor {
    const char *at;
    const char *end;
    struct arena *arena;
    const char *message; /* set by what fails; static */
};

/* Reads a string whose opening quote is at cursor->at. False: cursor->at and message tell. */
bool json_read_string(struct json_cursor *cursor, valve_value *text);
