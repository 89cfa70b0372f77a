#pragma once
/* Work for one connection: a few statements that are one transaction, committed or not at all, and
 * whom to tell. Lives inside of whatever wants it done, which keeps it until on_end. */

#include "statements.h"

#include <libpq-fe.h>

/* Why a request was not done, or a connection is gone. */
struct failure {
    char sqlstate[6]; /* empty: not from the server */
    bool is_lost;     /* the connection went away meanwhile, so the outcome is not known */
    char text[400];
};

struct request {
    struct request *next; /* of those it waits with */
    struct statement *statements;
    size_t count;
    struct failure failure; /* the first one */
    bool has_failed;
    /* Rows of a statement; NULL: nobody wants them. */
    void (*on_rows)(struct request *request, const PGresult *rows);
    /* failure is NULL when it is committed. The statements are gone by then. */
    void (*on_end)(struct request *request, const struct failure *failure);
};

struct request_list {
    struct request *first, *last;
};

void request_list_append(struct request_list *list, struct request *request);
/* The first one, or NULL. */
struct request *request_list_take(struct request_list *list);

/* The next empty statement. */
struct statement *request_add(struct request *request);

/* Frees the statements; what is left can be filled again. */
void request_clear(struct request *request);

/* Clears it and tells its owner. */
void request_end(struct request *request);
void request_fail(struct request *request, const struct failure *failure);

/* Whether the failure is the server's, with this SQLSTATE. */
bool failure_is(const struct failure *failure, const char *sqlstate);
