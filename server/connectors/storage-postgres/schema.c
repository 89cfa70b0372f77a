#include "schema.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

enum { FIRST_RETRY_MS = 50, MOST_RETRY_MS = 1000, LOCK_OF_SCHEMAS = 0x64737472 };

static const struct {
    const char *head;
    const char *body;
} functions[] = {
    {"deepstream_broadcast() RETURNS trigger",
     "\nDECLARE\n"
     "  key text;\n"
     "  payload text;\n"
     "BEGIN\n"
     "  IF TG_OP = 'DELETE' THEN key := OLD.id; ELSE key := NEW.id; END IF;\n"
     "  payload := TG_OP || ':' || TG_TABLE_NAME || ':' || key;\n"
     "  IF octet_length(payload) < 8000 THEN\n"
     "    PERFORM pg_notify(TG_TABLE_SCHEMA::text, payload);\n"
     "  END IF;\n"
     "  RETURN NULL;\n"
     "END\n"},
    /* With an older snapshot it could not see rows that were added before it had its lock. */
    {"deepstream_drop_if_empty(schema_name text, table_name text, is_told boolean) RETURNS void",
     "\nDECLARE\n"
     "  has_rows boolean;\n"
     "BEGIN\n"
     "  IF current_setting('transaction_isolation') <> 'read committed' THEN RETURN; END IF;\n"
     "  EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I.%I)', schema_name, table_name)\n"
     "    INTO has_rows;\n"
     "  IF has_rows THEN RETURN; END IF;\n"
     "  EXECUTE format('LOCK TABLE %I.%I IN ACCESS EXCLUSIVE MODE NOWAIT', schema_name,\n"
     "    table_name);\n"
     "  EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I.%I)', schema_name, table_name)\n"
     "    INTO has_rows;\n"
     "  IF has_rows THEN RETURN; END IF;\n"
     "  EXECUTE format('DROP TABLE %I.%I', schema_name, table_name);\n"
     "  IF is_told THEN PERFORM pg_notify(schema_name, 'DESTROY_TABLE:' || table_name); END IF;\n"
     "EXCEPTION WHEN lock_not_available OR undefined_table OR insufficient_privilege\n"
     "  OR dependent_objects_still_exist THEN NULL;\n"
     "END\n"},
    {"deepstream_adopt(schema_name text, table_name text) RETURNS void",
     "\nDECLARE\n"
     "  it record;\n"
     "BEGIN\n"
     "  FOR it IN SELECT t.tgname, array_to_string(array_remove(ARRAY[\n"
     "      CASE WHEN t.tgtype & 4 <> 0 THEN 'INSERT' END,\n"
     "      CASE WHEN t.tgtype & 16 <> 0 THEN 'UPDATE' END,\n"
     "      CASE WHEN t.tgtype & 8 <> 0 THEN 'DELETE' END], NULL), ' OR ') AS events\n"
     "    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid\n"
     "      JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_proc p ON p.oid = t.tgfoid\n"
     "    WHERE n.nspname = schema_name AND c.relname = table_name\n"
     "      AND p.proname = 'broadcast_update' AND NOT t.tgisinternal\n"
     "  LOOP\n"
     "    EXECUTE format('DROP TRIGGER %I ON %I.%I', it.tgname, schema_name, table_name);\n"
     "    EXECUTE format('CREATE TRIGGER %I AFTER %s ON %I.%I FOR EACH ROW EXECUTE PROCEDURE '\n"
     "      '%I.deepstream_broadcast()', it.tgname, it.events, schema_name, table_name,\n"
     "      schema_name);\n"
     "  END LOOP;\n"
     "END\n"},
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

/* ---- looking ---- */

/* One row for each function in the schema; one with a NULL when there is none. */
static void on_rows(struct request *request, const PGresult *rows)
{
    struct schema *schema = LIST_ITEM(request, struct schema, request);
    if (schema->is_making)
        return;
    schema->is_there = PQntuples(rows) > 0;
    schema->functions = 0;
    for (int row = 0; row < PQntuples(rows); row++)
        for (size_t i = 0; i < FUNCTIONS; i++)
            schema->functions += strcmp(PQgetvalue(rows, row, 0), functions[i].body) == 0;
}

static void look(struct schema *schema)
{
    struct statement *statement = request_add(&schema->request);
    schema->is_making = false;
    statement_text(statement, "SELECT p.prosrc FROM pg_namespace n LEFT JOIN pg_proc p"
                              " ON p.pronamespace = n.oid AND p.proname LIKE 'deepstream\\_%%'"
                              " WHERE n.nspname = $1");
    statement_parameter(statement, schema->pool->options->schema);
    pool_submit(schema->pool, &schema->request);
}

/* ---- making ---- */

static void create_schema(struct schema *schema)
{
    struct statement *statement = request_add(&schema->request);
    buf_append_text(&statement->sql, "CREATE SCHEMA IF NOT EXISTS ");
    append_identifier(&statement->sql, schema->pool->options->schema);
    buf_append_byte(&statement->sql, '\0');
}

static void create_function(struct schema *schema, size_t index)
{
    struct statement *statement = request_add(&schema->request);
    buf_append_text(&statement->sql, "CREATE OR REPLACE FUNCTION ");
    append_identifier(&statement->sql, schema->pool->options->schema);
    statement_text(statement, ".%s LANGUAGE plpgsql AS $body$%s$body$", functions[index].head,
                   functions[index].body);
}

static void make(struct schema *schema)
{
    schema->is_making = true;
    statement_text(request_add(&schema->request), "SELECT pg_advisory_xact_lock(%d)",
                   LOCK_OF_SCHEMAS);
    if (!schema->is_there)
        create_schema(schema);
    for (size_t i = 0; i < FUNCTIONS; i++)
        create_function(schema, i);
    pool_submit(schema->pool, &schema->request);
}

/* ---- again and again ---- */

static void on_retry(uv_timer_t *timer)
{
    look(timer->data);
}

/* Lost connections, a server that starts or stops, and others who make the same at once. */
static bool is_passing(const struct failure *failure)
{
    static const char *const states[] = {"57P01", "57P02", "57P03", "53300", "XX000",
                                         "23505", "42P06", "42723", "40001", "40P01"};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (failure_is(failure, states[i]))
            return true;
    return failure->is_lost;
}

static void on_end(struct request *request, const struct failure *failure)
{
    struct schema *schema = LIST_ITEM(request, struct schema, request);
    char text[500];
    if (schema->is_cancelled)
        return;
    if (failure == NULL && !schema->is_making && schema->functions < FUNCTIONS) {
        make(schema);
    } else if (failure == NULL) {
        schema->on_ready(schema->context, NULL);
    } else if (is_passing(failure)) {
        uv_timer_start(&schema->retry, on_retry, backoff_next(&schema->backoff), 0);
    } else {
        snprintf(text, sizeof text, "%.250s: schema \"%.63s\" cannot be made ready: %.150s",
                 schema->pool->options->backend, schema->pool->options->schema.at, failure->text);
        schema->on_ready(schema->context, text);
    }
}

void schema_prepare(struct schema *schema, struct pool *pool,
                    void (*on_ready)(void *context, const char *error), void *context)
{
    *schema = (struct schema){.pool = pool, .on_ready = on_ready, .context = context};
    schema->backoff = (struct backoff){.first_ms = FIRST_RETRY_MS, .most_ms = MOST_RETRY_MS};
    schema->request.on_rows = on_rows;
    schema->request.on_end = on_end;
    CHECK(uv_timer_init(pool->services->loop, &schema->retry) == 0);
    schema->retry.data = schema;
    look(schema);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct schema *schema = handle->data;
    schema->on_closed(schema->context);
}

void schema_close(struct schema *schema, void (*on_closed)(void *context), void *context)
{
    schema->context = context;
    schema->is_cancelled = true;
    schema->on_closed = on_closed;
    uv_close((uv_handle_t *)&schema->retry, on_timer_closed);
}
