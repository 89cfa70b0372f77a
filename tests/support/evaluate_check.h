#pragma once
/* One rule, decided twice: compiled and run by the machine (with and without the optimising passes,
 * with and without a trace), and by the tree walk. */

#include "base/slice.h"

enum evaluate_check {
    EVALUATE_SAME_VALUE,
    EVALUATE_SAME_ERROR, /* both failed; the texts may differ where JavaScript fails sooner */
    EVALUATE_REFUSED,    /* the compiler refused the expression */
    EVALUATE_NOT_JUDGED, /* the tree is too deep to walk */
};

/* Ends the process, showing the expression and both results, when they differ. */
enum evaluate_check evaluate_check(slice expression);
