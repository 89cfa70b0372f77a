#pragma once
/* One request line: JSON -> what the rule engine is asked.
 *
 *   {"section":"record","rule":"write","action":"UPDATE","name":"a/b",
 *    "user":{"id":"al","isAuthenticated":true,"data":{}},"data":1,"oldData":null,"now":0,
 *    "records":{"r":{}}}
 *
 * section and one of rule and action are required; rule and action must agree. name may be absent
 * for presence only. Without user the anonymous user of an open login asks; without isAuthenticated
 * everybody but "open" is. `data` is passed on as it is written, `dataText` is the payload's text,
 * which need not be JSON. `oldData` null says that the record does not exist; without it the record
 * is the one of that name in `records`, where null or nothing says the same. */

#include "valve.h"
#include "base/hashmap.h"

struct request {
    struct valve_request valve; /* records: none yet; decide adds them */
    struct valve_user *user;    /* owned; NULL when it is shared */
    slice user_text;            /* as the line has it; empty when it has none */
    struct valve_record
        *records; /* all that exist or are known not to; the first of a name counts */
    size_t record_count;
    struct hashmap index; /* of the records, when they are many */
};

/* Reads one line. The request borrows text and arena. now_ms is the time of a request that does not
 * say. Returns false with a message (in arena) when the line cannot be understood; free the request
 * in any case. */
bool request_read(slice text, double now_ms, struct arena *arena, struct request *request,
                  slice *message);
void request_free(struct request *request);

/* What is known about a record: one that is nowhere does not exist. */
struct valve_record request_record(const struct request *request, slice name);
