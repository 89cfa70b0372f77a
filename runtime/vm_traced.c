/* The watched spelling of the loop, in plain C: a switch, and a call of options->trace for each
 * value that is news. An instruction that decides to keep a value (`a` of `a && b`) reports it once
 * more, as the value of the whole that it ends. */

#include "vm.h"

#include "convert.h"

#include <math.h>

static void report(const struct vm *vm, const instruction *at, valve_value value)
{
    const struct valve_trace *trace = vm->evaluation.options->trace;
    struct span span = vm->rule->spans[at - vm->code];
    trace->on_value(trace->context, span.start, span.end, value);
}

#define VM_LOOP vm_run_traced
#define VM_LABELS 0
#define BEGIN                                                                                      \
    for (;;) {                                                                                     \
        const instruction *const at = ip++;                                                        \
        word = *at;                                                                                \
        switch (word & 0xff) {
#define END                                                                                        \
    default:                                                                                       \
        goto failed;                                                                               \
        }                                                                                          \
        }
#define CASE(name) case OP_##name:
#define NEXT continue
#define MADE                                                                                       \
    {                                                                                              \
        report(vm, at, sp[-1]);                                                                    \
        continue;                                                                                  \
    }

#include "vm_loop.h"
