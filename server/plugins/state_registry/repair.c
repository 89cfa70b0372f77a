#include "plugins/state_registry/repair.h"

/* After so many it is left to the next checksum: a server without the feature never answers. */
#define MOST_TRIES 8

void repair_begin(struct repair *repair, uint32_t sets, uint64_t now_ms)
{
    *repair = (struct repair){.asked = sets, .due_ms = now_ms};
}

static void rest_if_done(struct repair *repair)
{
    if ((repair->asked | repair->differs) == 0)
        *repair = (struct repair){0};
}

void repair_compare(struct repair *repair, unsigned set, bool agrees, uint64_t now_ms,
                    uint64_t timeout_ms)
{
    uint32_t bit = UINT32_C(1) << set;
    if (agrees) {
        repair_end(repair, set);
        return;
    }
    repair->differs |= bit;
    if (repair->due_ms != 0 && repair->tries < MOST_TRIES)
        return;
    repair->tries = 0;
    repair->due_ms = now_ms + timeout_ms;
}

void repair_end(struct repair *repair, unsigned set)
{
    uint32_t bit = UINT32_C(1) << set;
    repair->asked &= ~bit;
    repair->differs &= ~bit;
    rest_if_done(repair);
}

void repair_put_off(struct repair *repair, uint64_t until_ms)
{
    if (repair->tries > 0 && repair->due_ms != 0 && repair->due_ms < until_ms)
        repair->due_ms = until_ms;
}

uint32_t repair_take_due(struct repair *repair, uint64_t now_ms, uint64_t timeout_ms)
{
    if (repair->due_ms == 0 || repair->due_ms > now_ms)
        return 0;
    repair->again = repair->tries > 0 ? repair->asked : 0;
    repair->asked |= repair->differs;
    repair->differs = 0;
    repair->due_ms =
        ++repair->tries < MOST_TRIES ? now_ms + (timeout_ms << (repair->tries - 1)) : 0;
    return repair->asked;
}
