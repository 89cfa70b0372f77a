/* Any bytes are inflated, within the bound, or refused; and what was inflated is compressed and
 * inflated again to the same. */

#include "transport/ws/deflate.h"

#include "base/check.h"

#define BOUND ((size_t)100000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ws_deflate *deflate = ws_deflate_new();
    struct buf first = BUF_EMPTY, packed = BUF_EMPTY, second = BUF_EMPTY;
    unsigned bits = size > 0 ? 8 + data[0] % 8 : 15;
    enum ws_inflated result =
        ws_inflate_message(deflate, (slice){(const char *)data, size}, BOUND, &first);
    CHECK(first.length <= BOUND + 1 && (result == WS_INFLATED_TOO_LARGE) == (first.length > BOUND));
    if (result == WS_INFLATED && ws_deflate_message(deflate, buf_slice(&first), bits, &packed)) {
        CHECK(packed.length < first.length);
        CHECK(ws_inflate_message(deflate, buf_slice(&packed), first.length, &second) ==
              WS_INFLATED);
        CHECK(slice_equal(buf_slice(&first), buf_slice(&second)));
    }
    buf_fini(&first);
    buf_fini(&packed);
    buf_fini(&second);
    ws_deflate_free(&deflate);
    return 0;
}
