#include "store_answers.h"

#include "base/check.h"

#include <stdlib.h>

void *store_answer_begin(struct store_answer *answer)
{
    *answer = (struct store_answer){.data = BUF_EMPTY};
    return answer;
}

void store_answer_end(struct store_answer *answer)
{
    free(answer->error);
    free(answer->heads);
    buf_fini(&answer->data);
}

static struct store_answer *take(void *context, const char *error)
{
    struct store_answer *answer = context;
    CHECK(!answer->is_done);
    answer->is_done = true;
    answer->error = error == NULL ? NULL : strdup(error);
    return answer;
}

static void keep_record(struct store_answer *answer, const struct ds_record *record)
{
    answer->version = record->version;
    buf_append(&answer->data, record->data);
}

void answer_record(void *context, const char *error, const struct ds_record *record)
{
    struct store_answer *answer = take(context, error);
    CHECK((error == NULL) == (record != NULL));
    if (record != NULL)
        keep_record(answer, record);
}

void answer_set(void *context, const char *error, const struct ds_record *conflict)
{
    struct store_answer *answer = take(context, error);
    CHECK(error == NULL || conflict == NULL);
    answer->is_conflict = conflict != NULL;
    if (conflict != NULL)
        keep_record(answer, conflict);
}

void answer_heads(void *context, const char *error, const int32_t *versions)
{
    struct store_answer *answer = take(context, error);
    CHECK((error == NULL) == (versions != NULL));
    answer->heads = malloc(answer->head_count * sizeof *answer->heads + 1);
    CHECK(answer->heads != NULL);
    if (versions != NULL)
        memcpy(answer->heads, versions, answer->head_count * sizeof *versions);
}

void answer_done(void *context, const char *error)
{
    take(context, error);
}
