#pragma once
/* Carries operations to Elasticsearch and their answers back: many in one request, a few requests
 * at the same time, of each name one operation at a time (turns.h).
 *
 *     submit -> turn -> ready -> batch: POST /_bulk or /_mget -> answers, or ready once more
 *
 * What the server is too busy for is tried again, after a while that grows. When it does not answer
 * at all, everything fails with the reason until `GET /` is answered again. */

#include "storage-elasticsearch/elasticsearch_settings.h"
#include "storage-elasticsearch/operation.h"

struct courier;

/* NULL and an error when there is no HTTP. settings live until it is closed. */
struct courier *courier_new(const struct ds_services *services,
                            const struct elasticsearch_settings *settings, struct ds_error *error);

/* Waits for the server and makes the index of the default table. */
void courier_start(struct courier *courier, ds_done *done, void *context);

/* Why nothing can be submitted now, or NULL. bytes are those of what is to be submitted. */
const char *courier_refusal(const struct courier *courier, size_t bytes);

/* Takes the operations, which go together if they can. Each is answered once; it may be so before
 * this returns. */
void courier_submit(struct courier *courier, struct operation *const *operations, size_t count);

/* Ends what was submitted, then frees the courier and calls closed. */
void courier_close(struct courier *courier, void (*closed)(void *context), void *context);
