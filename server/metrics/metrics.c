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

const char *login_way_name(enum login_way way)
{
    static const char *const NAMES[] = {
#define LOGIN_WAY(name, label) label,
#include "metrics/login_ways.def"
#undef LOGIN_WAY
    };
    return NAMES[way];
}

void metrics_login(struct metrics *metrics, enum login_way way, bool is_allowed, slice user_id)
{
    if (metrics == NULL)
        return;
    if (is_allowed)
        metrics->logins_allowed[way]++;
    else
        metrics->logins_declined[way]++;
    if (metrics->watcher != NULL)
        metrics->watcher->on_login(metrics->watcher->context, way, is_allowed, user_id);
}
