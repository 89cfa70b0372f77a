#include "shared/outage.h"

#include <stdio.h>
#include <string.h>

#include <uv.h>

static void say(const struct outage *outage, enum ds_log_level level, const char *event,
                const char *text)
{
    char line[700];
    snprintf(line, sizeof line, "%s: %s", outage->backend, text);
    outage->services->log(outage->services->host, level, event, (ds_slice){line, strlen(line)});
}

void outage_init(struct outage *outage, const struct ds_services *services, const char *backend)
{
    *outage = (struct outage){.services = services};
    snprintf(outage->backend, sizeof outage->backend, "%s", backend);
}

static void say_lost(struct outage *outage, const char *reason)
{
    char text[380];
    if (!outage_is_on(outage))
        outage->began_nanos = uv_hrtime();
    snprintf(text, sizeof text, "%.360s; trying again", reason);
    say(outage, DS_ERROR, "BACKEND_LOST", text);
}

void outage_lost(struct outage *outage, const char *reason)
{
    if (!outage_is_on(outage))
        say_lost(outage, reason);
}

void outage_refused(struct outage *outage, const char *reason)
{
    if (!outage->has_refused)
        say_lost(outage, reason);
    outage->has_refused = true;
}

void outage_over(struct outage *outage)
{
    if (!outage_is_on(outage))
        return;
    char text[64];
    snprintf(text, sizeof text, "back after %.1f s",
             (double)(uv_hrtime() - outage->began_nanos) / 1e9);
    outage->began_nanos = 0;
    outage->has_refused = false;
    say(outage, DS_INFO, "BACKEND_REGAINED", text);
}
