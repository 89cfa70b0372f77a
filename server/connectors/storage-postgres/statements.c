#include "statements.h"

#include "base/check.h"

#include <stdarg.h>

/* ---- identifiers ---- */

void append_identifier(struct buf *sql, slice identifier)
{
    buf_append_byte(sql, '"');
    for (size_t i = 0; i < identifier.length; i++) {
        if (identifier.at[i] == '"')
            buf_append_byte(sql, '"');
        buf_append_byte(sql, identifier.at[i]);
    }
    buf_append_byte(sql, '"');
}

static void append_table(struct buf *sql, slice schema, slice table)
{
    append_identifier(sql, schema);
    buf_append_byte(sql, '.');
    append_identifier(sql, table);
}

/* before, the table's name, after */
static void about_table(struct statement *statement, const char *before, slice schema, slice table,
                        const char *after)
{
    buf_append_text(&statement->sql, before);
    append_table(&statement->sql, schema, table);
    buf_append_text(&statement->sql, after);
    buf_append_byte(&statement->sql, '\0');
}

void statement_text(struct statement *statement, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    buf_vprintf(&statement->sql, format, arguments);
    va_end(arguments);
    buf_append_byte(&statement->sql, '\0');
}

/* ---- parameters ---- */

static struct buf *add_parameter(struct statement *statement, enum statement_type type)
{
    CHECK(statement->parameter_count < STATEMENT_MOST_PARAMETERS);
    struct parameter *parameter = &statement->parameters[statement->parameter_count++];
    parameter->type = type;
    return &parameter->bytes;
}

void statement_parameter(struct statement *statement, slice text)
{
    buf_append(add_parameter(statement, TYPE_TEXT), text);
}

static void append_int4(struct buf *bytes, uint32_t number)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        buf_append_byte(bytes, (char)(number >> shift));
}

/* The head of an array as array_recv() of PostgreSQL reads it: dimensions, whether there are nulls,
 * type of items; per dimension how many, and the first index. */
static void begin_array(struct buf *bytes, uint32_t item_type, size_t count)
{
    CHECK(count <= INT32_MAX);
    append_int4(bytes, count > 0);
    append_int4(bytes, 0);
    append_int4(bytes, item_type);
    if (count == 0)
        return;
    append_int4(bytes, (uint32_t)count);
    append_int4(bytes, 1);
}

static void append_text_item(struct buf *bytes, slice text)
{
    append_int4(bytes, (uint32_t)text.length);
    buf_append(bytes, text);
}

static void append_int4_item(struct buf *bytes, int32_t number)
{
    append_int4(bytes, sizeof number);
    append_int4(bytes, (uint32_t)number);
}

/* ---- records ---- */

void statement_read(struct statement *statement, slice schema, const struct key *key)
{
    about_table(statement, "SELECT version, val::text FROM ", schema, key->table, " WHERE id = $1");
    statement_parameter(statement, key->id);
}

void statement_write(struct statement *statement, slice schema, slice table,
                     const struct stored_row *rows, size_t count, enum value_type type)
{
    enum { TYPE_INT4 = 23 };
    buf_append_text(&statement->sql, "INSERT INTO ");
    append_table(&statement->sql, schema, table);
    statement_text(statement,
                   " AS stored (id, version, val) SELECT id, version, val%s"
                   " FROM unnest($1, $2, $3) AS new (id, version, val)"
                   " ON CONFLICT (id) DO UPDATE SET version = EXCLUDED.version, val = EXCLUDED.val"
                   " WHERE coalesce(stored.version, -1) <= EXCLUDED.version",
                   type == VALUE_JSONB ? "::jsonb" : "");
    struct buf *ids = add_parameter(statement, TYPE_TEXT_ARRAY),
               *versions = add_parameter(statement, TYPE_INT4_ARRAY),
               *values = add_parameter(statement, TYPE_TEXT_ARRAY);
    begin_array(ids, TYPE_TEXT, count);
    begin_array(versions, TYPE_INT4, count);
    begin_array(values, TYPE_TEXT, count);
    for (size_t i = 0; i < count; i++) {
        append_text_item(ids, rows[i].id);
        append_int4_item(versions, rows[i].version);
        append_text_item(values, rows[i].value);
    }
}

void statement_remove(struct statement *statement, slice schema, slice table, const slice *ids,
                      size_t count)
{
    about_table(statement, "DELETE FROM ", schema, table, " WHERE id = ANY ($1)");
    struct buf *array = add_parameter(statement, TYPE_TEXT_ARRAY);
    begin_array(array, TYPE_TEXT, count);
    for (size_t i = 0; i < count; i++)
        append_text_item(array, ids[i]);
}

/* ---- tables ---- */

void statement_create_table(struct statement *statement, slice schema, slice table,
                            enum value_type type)
{
    buf_append_text(&statement->sql, "CREATE TABLE ");
    append_table(&statement->sql, schema, table);
    statement_text(statement, " (id text PRIMARY KEY, version int DEFAULT 0, val %s NOT NULL)",
                   type == VALUE_JSONB ? "jsonb" : "text");
}

void statement_own_table(struct statement *statement, slice schema, slice table, slice owner)
{
    buf_append_text(&statement->sql, "ALTER TABLE ");
    append_table(&statement->sql, schema, table);
    buf_append_text(&statement->sql, " OWNER TO ");
    append_identifier(&statement->sql, owner);
    buf_append_byte(&statement->sql, '\0');
}

void statement_create_trigger(struct statement *statement, slice schema, slice table,
                              const char *events)
{
    struct buf *sql = &statement->sql;
    buf_printf(sql, "CREATE TRIGGER deepstream_broadcast AFTER %s ON ", events);
    append_table(sql, schema, table);
    buf_append_text(sql, " FOR EACH ROW EXECUTE PROCEDURE ");
    append_identifier(sql, schema);
    buf_append_text(sql, ".deepstream_broadcast()");
    buf_append_byte(sql, '\0');
}

void statement_notify(struct statement *statement, slice schema, slice payload)
{
    statement_text(statement, "SELECT pg_notify($1, $2)");
    statement_parameter(statement, schema);
    statement_parameter(statement, payload);
}

static void call(struct statement *statement, slice schema, const char *function, slice table)
{
    buf_append_text(&statement->sql, "SELECT ");
    append_identifier(&statement->sql, schema);
    statement_text(statement, ".%s", function);
    statement_parameter(statement, schema);
    statement_parameter(statement, table);
}

void statement_adopt(struct statement *statement, slice schema, slice table)
{
    call(statement, schema, "deepstream_adopt($1, $2)", table);
}

void statement_drop_if_empty(struct statement *statement, slice schema, slice table,
                             enum drop_notice notice)
{
    call(statement, schema,
         notice == DROP_TOLD ? "deepstream_drop_if_empty($1, $2, true)"
                             : "deepstream_drop_if_empty($1, $2, false)",
         table);
}

void statement_fini(struct statement *statement)
{
    buf_fini(&statement->sql);
    for (int i = 0; i < statement->parameter_count; i++)
        buf_fini(&statement->parameters[i].bytes);
    *statement = (struct statement){0};
}
