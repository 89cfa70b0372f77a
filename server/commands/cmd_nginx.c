/* deepstream nginx: a configuration of nginx that stands before a server. */

#include "commands.h"

#include "node_options.h"

#include "terminal/output.h"

#include <errno.h>
#include <stdio.h>

struct settings {
    struct node_options node;
    uint64_t port;
    const char *host;
    bool ssl;
    const char *ssl_cert;
    const char *ssl_key;
    const char *output;
};

static const struct option OPTIONS[] = {
    {.letter = 'c',
     .name = "config",
     .argument = "FILE",
     .help = "configuration of the server",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct settings, node.config)},
    {.letter = 'p',
     .name = "port",
     .argument = "PORT",
     .help = "port that nginx listens at (8080)",
     .kind = OPTION_NUMBER,
     .offset = offsetof(struct settings, port),
     .least = 1,
     .most = 65535},
    {.letter = 'h',
     .name = "host",
     .argument = "HOST",
     .help = "name that nginx answers to (localhost)",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct settings, host)},
    {.name = "ssl",
     .help = "nginx encrypts; needs --ssl-cert and --ssl-key",
     .kind = OPTION_SWITCH,
     .offset = offsetof(struct settings, ssl)},
    {.name = "ssl-cert",
     .argument = "FILE",
     .help = "certificate",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct settings, ssl_cert)},
    {.name = "ssl-key",
     .argument = "FILE",
     .help = "its key",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct settings, ssl_key)},
    {.letter = 'o',
     .name = "output",
     .argument = "FILE",
     .help = "write there instead of to standard output",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct settings, output)},
};

static const struct command_line LINE = {
    .command = "nginx",
    .about =
        "Prints an nginx.conf whose server passes connections on to deepstream: upgrades of\n"
        "every WebSocket endpoint, and requests to the paths of HTTP endpoints. It speaks TLS\n"
        "to a server that encrypts by itself (httpServer.options.ssl).\n",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
};

/* ---- locations ---- */

enum location_kind { LOCATION_PLAIN, LOCATION_UPGRADE };

struct locations {
    slice paths[64];
    size_t count;
    const char *scheme; /* that the server speaks: "http" or "https" */
};

/* Whether the path is new: nginx takes each location once. */
static bool note_path(struct locations *locations, slice path)
{
    for (size_t i = 0; i < locations->count; i++) {
        if (slice_equal(locations->paths[i], path))
            return false;
    }
    if (locations->count == sizeof locations->paths / sizeof *locations->paths)
        return false;
    locations->paths[locations->count++] = path;
    return true;
}

static void append_location(struct buf *out, struct locations *locations, slice path,
                            enum location_kind kind)
{
    if (path.length == 0 || !note_path(locations, path))
        return;
    buf_printf(out,
               "\n        location " SLICE_FORMAT " {\n"
               "            proxy_pass %s://deepstream;\n"
               "            proxy_http_version 1.1;\n"
               "            proxy_set_header Host $host;\n"
               "            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n",
               SLICE_ARGUMENTS(path), locations->scheme);
    if (kind == LOCATION_UPGRADE)
        buf_append_text(out, "            proxy_set_header Upgrade $http_upgrade;\n"
                             "            proxy_set_header Connection $connection_upgrade;\n"
                             "            proxy_read_timeout 1h;\n");
    buf_append_text(out, "        }\n");
}

static bool is_type(const struct config_plugin *endpoint, const char *type)
{
    return slice_equal(endpoint->type, slice_of(type));
}

static void append_endpoint(struct buf *out, struct locations *locations,
                            const struct config_plugin *endpoint)
{
    const struct ds_value *options = endpoint->options;
    if (is_type(endpoint, "ws-binary") || is_type(endpoint, "ws-text") ||
        is_type(endpoint, "ws-json")) {
        slice path = ds_value_text(ds_value_member(options, "urlPath"), SLICE(""));
        append_location(out, locations, path, LOCATION_UPGRADE);
    } else if (is_type(endpoint, "http")) {
        append_location(out, locations, config_text_in(options, CONFIG_ENDPOINT_GET_PATH),
                        LOCATION_PLAIN);
        append_location(out, locations, config_text_in(options, CONFIG_ENDPOINT_POST_PATH),
                        LOCATION_PLAIN);
        append_location(out, locations, config_text_in(options, CONFIG_ENDPOINT_AUTH_PATH),
                        LOCATION_PLAIN);
    }
}

/* ---- the whole ---- */

/* Who listens everywhere is reached on this machine. */
static slice upstream_host(const struct config *config)
{
    slice host = config_text(config, CONFIG_HTTP_HOST);
    bool is_everywhere = slice_equal(host, SLICE("0.0.0.0")) || slice_equal(host, SLICE("::"));
    return is_everywhere ? SLICE("127.0.0.1") : host;
}

static void append_head(struct buf *out, const struct config *config)
{
    slice host = upstream_host(config);
    bool is_ipv6 = memchr(host.at, ':', host.length) != NULL;
    buf_append_text(out, "worker_processes auto;\n\n"
                         "events {\n"
                         "    worker_connections 4096;\n"
                         "}\n\n"
                         "http {\n"
                         "    map $http_upgrade $connection_upgrade {\n"
                         "        default upgrade;\n"
                         "        '' close;\n"
                         "    }\n\n");
    buf_printf(out,
               "    upstream deepstream {\n"
               "        server %s" SLICE_FORMAT "%s:%lld;\n"
               "        # more servers of a cluster, one a line\n"
               "    }\n\n",
               is_ipv6 ? "[" : "", SLICE_ARGUMENTS(host), is_ipv6 ? "]" : "",
               (long long)config_integer(config, CONFIG_HTTP_PORT));
}

static void append_nginx(struct buf *out, const struct settings *settings,
                         const struct config *config)
{
    bool is_encrypted = ds_value_kind(config_value(config, CONFIG_HTTP_SSL)) != DS_VALUE_NULL;
    struct locations locations = {.scheme = is_encrypted ? "https" : "http"};
    append_head(out, config);
    buf_printf(out, "    server {\n        listen %u%s;\n        server_name %s;\n",
               (unsigned)settings->port, settings->ssl ? " ssl" : "", settings->host);
    if (settings->ssl)
        buf_printf(out,
                   "        ssl_certificate %s;\n"
                   "        ssl_certificate_key %s;\n"
                   "        ssl_protocols TLSv1.2 TLSv1.3;\n",
                   settings->ssl_cert, settings->ssl_key);
    for (size_t i = 0; i < config_plugin_count(config, CONFIG_PLUGIN_ENDPOINT); i++)
        append_endpoint(out, &locations, config_plugin(config, CONFIG_PLUGIN_ENDPOINT, i));
    buf_append_text(out, "    }\n}\n");
}

static enum exit_status deliver(const struct settings *settings, struct output *output)
{
    if (settings->output == NULL)
        return output_close(output, EXIT_FINE);
    if (!output_replace_file(settings->output, buf_slice(&output->text))) {
        fprintf(stderr, "deepstream: cannot write %s: %s\n", settings->output, strerror(errno));
        buf_clear(&output->text);
        return output_close(output, EXIT_IO);
    }
    buf_clear(&output->text);
    buf_printf(&output->text, "Configuration written to %s\n", settings->output);
    return output_close(output, EXIT_FINE);
}

static enum exit_status act(const struct settings *settings, enum colour_choice colour)
{
    struct output output;
    if (settings->ssl && (settings->ssl_cert == NULL || settings->ssl_key == NULL)) {
        fputs("Missing --ssl-cert or/key --ssl-key options\n", stderr);
        return EXIT_FINDINGS;
    }
    struct config *config = node_options_load_valid(&settings->node, colour);
    if (config == NULL)
        return EXIT_FINDINGS;
    output_open(&output, colour);
    append_nginx(&output.text, settings, config);
    config_free(&config);
    return deliver(settings, &output);
}

enum exit_status cmd_nginx(int argc, char **argv)
{
    struct settings settings = {.port = 8080, .host = "localhost"};
    struct arguments arguments;
    enum exit_status status;
    if (!command_line_parse(&LINE, argc, argv, &settings, &arguments, &status))
        return status;
    status = act(&settings, arguments.colour);
    arguments_fini(&arguments);
    return status;
}
