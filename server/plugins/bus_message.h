#pragma once
/* Messages of the bus as plugins read and write them: JSON objects (server.md 10). What another
 * node sent may be anything; what is not as it should be is absent. */

#include "value.h"
#include "base/buf.h"

/* A reader keeps its memory from one message to the next. */
struct bus_reader {
    struct arena arena;
};

void bus_reader_init(struct bus_reader *reader);
void bus_reader_fini(struct bus_reader *reader);

/* Reads one message, or returns NULL. What it returns lives until the reader reads again. */
const struct value_object *bus_read(struct bus_reader *reader, slice message);

/* Its `action`, below 256; 0 when it has none. */
unsigned bus_action(const struct value_object *message);

/* The member, or the fallback when it is absent or of another kind. */
double bus_number(const struct value_object *message, slice key, double fallback);
bool bus_boolean(const struct value_object *message, slice key, bool fallback);
/* at is NULL when it is absent. */
slice bus_text(const struct value_object *message, slice key);
/* NULL when it is absent. */
const struct value_array *bus_array(const struct value_object *message, slice key);

/* Begins a message: {"topic":10,"action":2 ; the caller goes on with members and the brace. */
void bus_begin(struct buf *out, unsigned topic, unsigned action);
/* ,"key":"text" */
void bus_add_text(struct buf *out, const char *key, slice text);
