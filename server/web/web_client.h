#pragma once
/* Asks web servers without stopping the loop: libcurl on libuv. For plugins and connectors alike;
 * it knows nothing of the server. Of all requests a bounded number is under way, the others wait in
 * the order they came. What peers send is bounded too.
 *
 * Proxies come from the usual variables (http_proxy, https_proxy, no_proxy), certificates are
 * checked against those of the system. */

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct uv_loop_s;
struct web_client;

#define WEB_MAX_BODY_BYTES ((size_t)1 << 20)
#define WEB_MAX_HEAD_BYTES ((size_t)64 << 10)
#define WEB_MAX_REDIRECTS 2

/* Everything is borrowed until the answer. What is left out, or NULL or 0, is as said. */
struct web_request {
    const char *url;
    slice body;                 /* without bytes (at NULL) it is a GET */
    const char *method;         /* of a request with a body: NULL: POST */
    const char *content_type;   /* of the body; NULL: application/json */
    const char *credentials;    /* "user:password" for Basic; NULL: none */
    const char *const *headers; /* "Name: value", each without control characters */
    size_t header_count;
    size_t max_body_bytes; /* of the answer; 0: WEB_MAX_BODY_BYTES */
    uint32_t timeout_ms;   /* of the whole exchange with its redirects, once it is under way */
};

struct web_answer {
    const char *error;  /* NULL, or why there is no answer */
    bool is_hostile;    /* of an error: it did answer, but more than is allowed */
    uint32_t status;    /* a redirect too many is an answer with that status and no body */
    slice content_type; /* or empty */
    slice body;
};

/* answer lives until the callback returns, which may ask again, or close the client. */
typedef void web_done(void *context, const struct web_answer *answer);

/* NULL, and why in *problem, when libcurl cannot be loaded. */
struct web_client *web_client_new(struct uv_loop_s *loop, size_t max_under_way,
                                  const char **problem);

void web_client_ask(struct web_client *client, const struct web_request *request, web_done *done,
                    void *context);

/* Requests under way and waiting. */
size_t web_client_count(const struct web_client *client);

/* Gives up on every request, each of which is answered with an error before this returns, and frees
 * the client; closed (may be NULL) comes when nothing of it is left on the loop. */
void web_client_close(struct web_client **client, void (*closed)(void *context), void *context);

/* Whether it looks like a URL of http or https; *is_safe says whether nobody on the way can
 * change what comes from there: https, or this machine. */
bool web_url_is_valid(const char *url, bool *is_safe);
