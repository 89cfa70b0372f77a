#pragma once
/* SQL of the connector: what it asks for records and their tables. Names of schemas and tables are
 * quoted identifiers, everything else is a parameter in PostgreSQL's binary format; no text of a
 * client is ever part of a statement. Statements are not prepared under a name, so poolers that
 * share connections may stand in between. Pure functions. */

#include "key.h"

#include "base/buf.h"
#include "base/slice.h"

#define STATEMENT_MOST_PARAMETERS 3

/* Object ids of types (pg_type.dat of PostgreSQL, fixed for ever). */
enum statement_type { TYPE_TEXT = 25, TYPE_INT4_ARRAY = 1007, TYPE_TEXT_ARRAY = 1009 };

struct parameter {
    enum statement_type type;
    struct buf bytes;
};

struct statement {
    struct buf sql; /* ends with a zero byte */
    struct parameter parameters[STATEMENT_MOST_PARAMETERS];
    int parameter_count;
};

struct stored_row {
    slice id;
    int32_t version;
    slice value; /* JSON text */
};

/* The type of the column `val`. */
enum value_type { VALUE_TEXT, VALUE_JSONB };

/* Each fills an empty statement. */

/* One row (version, val), or none. */
void statement_read(struct statement *statement, slice schema, const struct key *key);

/* Rows of one table, each id at most once. Those that are older than what is there change nothing.
 */
void statement_write(struct statement *statement, slice schema, slice table,
                     const struct stored_row *rows, size_t count, enum value_type type);

void statement_remove(struct statement *statement, slice schema, slice table, const slice *ids,
                      size_t count);

void statement_create_table(struct statement *statement, slice schema, slice table,
                            enum value_type type);
void statement_own_table(struct statement *statement, slice schema, slice table, slice owner);

/* events: "INSERT OR UPDATE". */
void statement_create_trigger(struct statement *statement, slice schema, slice table,
                              const char *events);

/* Tells listeners of the channel `schema`. */
void statement_notify(struct statement *statement, slice schema, slice payload);

/* Functions of schema.c. */

/* Before a row with a hostile name: gives a table that the original made a trigger of ours. */
void statement_adopt(struct statement *statement, slice schema, slice table);

enum drop_notice { DROP_TOLD, DROP_UNTOLD };

/* Drops the table when it has no rows and nobody uses it. */
void statement_drop_if_empty(struct statement *statement, slice schema, slice table,
                             enum drop_notice notice);

/* For statements that are put together elsewhere. */
void statement_text(struct statement *statement, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void statement_parameter(struct statement *statement, slice text);

/* With quotes around it, also as part of a larger text. */
void append_identifier(struct buf *sql, slice identifier);

void statement_fini(struct statement *statement);
