/* The fast spelling of the loop: each instruction jumps straight to the next one. */

#include "vm.h"

#include "convert.h"

#include <math.h>

#define VM_LOOP vm_run
#define VM_LABELS 1
#define BEGIN NEXT;
#define END
#define CASE(name) run_##name:
#define NEXT                                                                                       \
    do {                                                                                           \
        word = *ip++;                                                                              \
        goto *labels[word & 0xff];                                                                 \
    } while (0)
#define MADE NEXT

#include "vm_loop.h"
