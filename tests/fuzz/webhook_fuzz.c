/* Any answer of a webhook: who is accepted has an id that can be sent, what the client gets is JSON,
 * and a refused one has no id. */

#include "plugins/authentication/webhook_answer.h"

#include "base/check.h"
#include "base/utf8.h"
#include "json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_json(const struct buf *text)
{
    struct arena arena;
    valve_value value;
    if (text->length == 0)
        return;
    arena_init(&arena, 0);
    CHECK(json_read(buf_slice(text), (struct json_limits){200}, &arena, &value, NULL));
    arena_fini(&arena);
}

static void check_verdict(const struct webhook_verdict *verdict, bool is_permitted)
{
    check_json(&verdict->client_data);
    check_json(&verdict->server_data);
    CHECK(verdict->outcome == DS_LOGIN_REFUSED || (is_permitted && verdict->problem == NULL));
    CHECK(verdict->outcome == DS_LOGIN_ACCEPTED || !verdict->has_id);
    CHECK(!verdict->has_id || (verdict->id.length > 0 && utf8_valid(verdict->id, false)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = {"", "text/plain", "application/json", "a/b+json; c=d"};
    struct webhook_verdict verdict;
    struct arena arena;
    if (size == 0)
        return 0;
    slice body = {(const char *)data + 1, size - 1};
    bool is_permitted = data[0] % 2 == 0;
    slice type = data[0] / 2 % 5 == 4 ? body : slice_of(types[data[0] / 2 % 5]);
    arena_init(&arena, 0);
    webhook_verdict_init(&verdict, is_permitted, type, body, &arena);
    check_verdict(&verdict, is_permitted);
    webhook_verdict_fini(&verdict);
    arena_fini(&arena);
    return 0;
}
