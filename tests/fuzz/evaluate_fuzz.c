/* The machine against the tree walk: bytes become an expression, and both must decide it alike. */

#include "support/evaluate_check.h"
#include "support/expression_maker.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf expression = BUF_EMPTY;
    make_expression((slice){(const char *)data, size}, &expression);
    enum evaluate_check check = evaluate_check(buf_slice(&expression));
    buf_fini(&expression);
    return check == EVALUATE_SAME_VALUE || check == EVALUATE_SAME_ERROR ? 0 : -1;
}
