/* Answers of HTTP as bytes. */

#include "transport/http/server.h"

#include "base/check.h"

#include <time.h>

static const struct {
    unsigned status;
    const char *phrase;
} phrases[] = {
    {200, "OK"},
    {204, "No Content"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {426, "Upgrade Required"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
};

static const char *phrase_of(unsigned status)
{
    for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return "";
}

/* In the fixed form of RFC 9110 5.6.7, whatever the locale. */
static void write_date(struct buf *out)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t now = time(NULL);
    struct tm utc;
    CHECK(gmtime_r(&now, &utc) != NULL);
    buf_printf(out, "Date: %.3s, %02d %.3s %d %02d:%02d:%02d GMT\r\n", days + utc.tm_wday * 3,
               utc.tm_mday, months + utc.tm_mon * 3, utc.tm_year + 1900, utc.tm_hour, utc.tm_min,
               utc.tm_sec);
}

static void write_origin(struct buf *out, slice origin)
{
    if (origin.length == 0)
        return;
    buf_append_text(out, "Access-Control-Allow-Origin: ");
    buf_append(out, origin);
    buf_append_text(out, "\r\n");
    if (!slice_equal(origin, SLICE("*")))
        buf_append_text(out, "Access-Control-Allow-Credentials: true\r\nVary: Origin\r\n");
}

static void write_measures(struct buf *out, const struct http_response *response)
{
    if (response->content_type.length > 0) {
        buf_append_text(out, "Content-Type: ");
        buf_append(out, response->content_type);
        buf_append_text(out, "\r\n");
    }
    if (response->status != 204)
        buf_printf(out, "Content-Length: %zu\r\n", response->body.length);
}

void http_response_write(struct buf *out, const struct http_response *response)
{
    buf_printf(out, "HTTP/1.1 %u %s\r\n", response->status, phrase_of(response->status));
    write_date(out);
    write_origin(out, response->origin);
    write_measures(out, response);
    if (response->headers != NULL)
        buf_append_text(out, response->headers);
    buf_append_text(out, response->closes ? "Connection: close\r\n\r\n"
                                          : "Connection: keep-alive\r\n\r\n");
    if (!response->is_for_head)
        buf_append(out, response->body);
}
