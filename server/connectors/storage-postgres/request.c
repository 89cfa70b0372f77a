#include "request.h"

#include "base/check.h"

#include <stdlib.h>

void request_list_append(struct request_list *list, struct request *request)
{
    request->next = NULL;
    if (list->first == NULL)
        list->first = request;
    else
        list->last->next = request;
    list->last = request;
}

struct request *request_list_take(struct request_list *list)
{
    struct request *first = list->first;
    if (first != NULL)
        list->first = first->next;
    return first;
}

struct statement *request_add(struct request *request)
{
    size_t bytes = (request->count + 1) * sizeof *request->statements;
    request->statements = realloc(request->statements, bytes);
    CHECK(request->statements != NULL);
    struct statement *statement = &request->statements[request->count++];
    *statement = (struct statement){0};
    return statement;
}

void request_clear(struct request *request)
{
    for (size_t i = 0; i < request->count; i++)
        statement_fini(&request->statements[i]);
    free(request->statements);
    request->statements = NULL;
    request->count = 0;
    request->has_failed = false;
}

void request_end(struct request *request)
{
    bool has_failed = request->has_failed;
    struct failure failure = request->failure;
    request_clear(request);
    request->on_end(request, has_failed ? &failure : NULL);
}

void request_fail(struct request *request, const struct failure *failure)
{
    if (!request->has_failed || failure->is_lost)
        request->failure = *failure;
    request->has_failed = true;
    request_end(request);
}

bool failure_is(const struct failure *failure, const char *sqlstate)
{
    return failure != NULL && !failure->is_lost && strcmp(failure->sqlstate, sqlstate) == 0;
}
