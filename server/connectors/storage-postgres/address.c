#include "address.h"

#include "base/check.h"

#include <netdb.h>
#include <stdio.h>

#define MOST_ADDRESSES 64

/* Item `index` of a list with commas; false behind the last one. */
static bool item_of(const char *list, size_t index, slice *item)
{
    for (const char *at = list;; at++) {
        size_t length = strcspn(at, ",");
        *item = (slice){at, length};
        if (index-- == 0)
            return true;
        at += length;
        if (*at == '\0')
            return false;
    }
}

static size_t count_of(const char *list)
{
    size_t count = 1;
    for (; *list != '\0'; list++)
        count += *list == ',';
    return count;
}

/* A single port is everybody's. */
static slice port_of(const struct conninfo *given, size_t index)
{
    slice port = SLICE("");
    const char *ports = conninfo_find(given, "port");
    if (ports != NULL)
        (void)item_of(ports, count_of(ports) == 1 ? 0 : index, &port);
    return port;
}

static void add_item(struct buf *list, slice item, bool is_first)
{
    if (!is_first)
        buf_append_byte(list, ',');
    buf_append(list, item);
}

static void add_address(struct address_lookup *lookup, slice host, const char *address, slice port)
{
    bool is_first = lookup->count++ == 0;
    add_item(&lookup->host, host, is_first);
    add_item(&lookup->hostaddr, slice_of(address), is_first);
    add_item(&lookup->port, port, is_first);
}

static void end(struct address_lookup *lookup)
{
    struct conninfo hosts = {0};
    if (lookup->count > 0) {
        conninfo_set(&hosts, "host", buf_slice(&lookup->host));
        conninfo_set(&hosts, "hostaddr", buf_slice(&lookup->hostaddr));
        conninfo_set(&hosts, "port", buf_slice(&lookup->port));
    }
    buf_fini(&lookup->host);
    buf_fini(&lookup->hostaddr);
    buf_fini(&lookup->port);
    lookup->on_found(lookup->context, &hosts,
                     lookup->count > 0 || lookup->problem[0] == '\0' ? NULL : lookup->problem);
    conninfo_fini(&hosts);
}

static void look_up_next(struct address_lookup *lookup);

static void on_answer(uv_getaddrinfo_t *request, int status, struct addrinfo *answer)
{
    struct address_lookup *lookup = request->data;
    slice host = SLICE("");
    (void)item_of(conninfo_find(lookup->given, "host"), lookup->next, &host);
    slice port = port_of(lookup->given, lookup->next);
    if (status != 0)
        snprintf(lookup->problem, sizeof lookup->problem, "host %.*s: %s",
                 (int)(host.length < 200 ? host.length : 200), host.at, uv_strerror(status));
    for (struct addrinfo *at = answer; at != NULL && lookup->count < MOST_ADDRESSES;
         at = at->ai_next) {
        char address[NI_MAXHOST];
        if (getnameinfo(at->ai_addr, at->ai_addrlen, address, sizeof address, NULL, 0,
                        NI_NUMERICHOST) == 0)
            add_address(lookup, host, address, port);
    }
    uv_freeaddrinfo(answer);
    lookup->next++;
    if (lookup->is_cancelled)
        end(lookup);
    else
        look_up_next(lookup);
}

static bool is_path(slice host)
{
    return host.length == 0 || host.at[0] == '/' || host.at[0] == '@';
}

static bool begin_lookup(struct address_lookup *lookup, slice host)
{
    static const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    char name[NI_MAXHOST];
    int status = UV_EINVAL;
    if (host.length < sizeof name) {
        snprintf(name, sizeof name, "%.*s", (int)host.length, host.at);
        status = uv_getaddrinfo(lookup->loop, &lookup->request, on_answer, name, NULL, &hints);
    }
    if (status != 0)
        snprintf(lookup->problem, sizeof lookup->problem, "a host cannot be looked up: %s",
                 uv_strerror(status));
    return status == 0;
}

static void look_up_next(struct address_lookup *lookup)
{
    const char *hosts = conninfo_find(lookup->given, "host");
    slice host;
    while (hosts != NULL && item_of(hosts, lookup->next, &host)) {
        if (is_path(host))
            add_address(lookup, host, "", port_of(lookup->given, lookup->next));
        else if (begin_lookup(lookup, host))
            return;
        lookup->next++;
    }
    end(lookup);
}

void address_find(struct address_lookup *lookup, uv_loop_t *loop, const struct conninfo *given)
{
    lookup->loop = loop;
    lookup->given = given;
    lookup->request.data = lookup;
    if (conninfo_find(given, "hostaddr") != NULL)
        end(lookup);
    else
        look_up_next(lookup);
}

void address_cancel(struct address_lookup *lookup)
{
    lookup->is_cancelled = true;
    (void)uv_cancel((uv_req_t *)&lookup->request);
}
