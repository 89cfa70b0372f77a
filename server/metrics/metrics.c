#include "metrics/metrics.h"

const char *closing_name(enum closing closing)
{
    static const char *const NAMES[] = {
#define CLOSING(name, label, meaning) label,
#include "metrics/closings.def"
#undef CLOSING
    };
    return NAMES[closing];
}

void metrics_login(struct metrics *metrics, bool is_allowed, slice user_id)
{
    if (metrics == NULL)
        return;
    if (is_allowed)
        metrics->logins_allowed++;
    else
        metrics->logins_declined++;
    if (metrics->watcher != NULL)
        metrics->watcher->on_login(metrics->watcher->context, is_allowed, user_id);
}
