/* Cross-origin requests: the list of origins, also for WebSockets (F19), and preflights. */

#include "transport/http/server.h"

#define METHODS "GET, POST, OPTIONS"
#define HEADERS "X-Requested-With, X-HTTP-Method-Override, Content-Type, Accept"

static bool is_listed(const struct http_settings *settings, slice origin)
{
    for (size_t i = 0; i < settings->origin_count; i++)
        if (slice_equal(settings->origins[i], origin))
            return true;
    return false;
}

bool http_origin_refused(const struct http_settings *settings,
                         const struct ds_http_request *request, slice *origin, struct buf *why)
{
    if (settings->allow_all_origins) {
        *origin = SLICE("*");
        return false;
    }
    *origin = (slice){"", 0};
    slice asked = ds_http_header_find(request, SLICE("origin"));
    slice host = ds_http_header_find(request, SLICE("host"));
    if (asked.length == 0)
        asked = ds_http_header_find(request, SLICE("referer"));
    if (settings->host_url.length > 0 && !slice_equal(host, settings->host_url)) {
        buf_append_text(why, "Forbidden Host.");
    } else if (asked.length == 0) {
        buf_append_text(why, "CORS is configured for this. All requests must set a valid "
                             "\"Origin\" header.");
    } else if (!is_listed(settings, asked)) {
        buf_printf(why, "Origin \"" SLICE_FORMAT "\" is forbidden.", SLICE_ARGUMENTS(asked));
    } else {
        *origin = asked;
        return false;
    }
    return true;
}

static bool find_forbidden_header(slice asked, slice *forbidden)
{
    while (asked.length > 0) {
        *forbidden = http_list_next(&asked);
        if (!http_list_has(SLICE(HEADERS), *forbidden))
            return true;
    }
    return false;
}

static bool is_method(slice method)
{
    return slice_equal(method, SLICE("GET")) || slice_equal(method, SLICE("POST")) ||
           slice_equal(method, SLICE("OPTIONS"));
}

unsigned http_preflight(const struct ds_http_request *request, struct buf *body)
{
    slice method = ds_http_header_find(request, SLICE("access-control-request-method"));
    slice headers = ds_http_header_find(request, SLICE("access-control-request-headers"));
    slice forbidden;
    if (method.length == 0) {
        buf_append_text(body, "Missing header \"Access-Control-Request-Method\".");
        return 400;
    }
    if (!is_method(method)) {
        buf_printf(body, "Method " SLICE_FORMAT " is forbidden. Supported methods: " METHODS,
                   SLICE_ARGUMENTS(method));
        return 403;
    }
    if (headers.length == 0) {
        buf_append_text(body, "Missing header \"Access-Control-Request-Headers\".");
        return 400;
    }
    if (find_forbidden_header(headers, &forbidden)) {
        buf_printf(body, "Header " SLICE_FORMAT " is forbidden. Supported headers: " HEADERS,
                   SLICE_ARGUMENTS(forbidden));
        return 403;
    }
    buf_append_text(body, "Access-Control-Allow-Methods: " METHODS "\r\n"
                          "Access-Control-Allow-Headers: " HEADERS "\r\n");
    return 204;
}
