/* The contract of all storages against a real PostgreSQL: with columns of type text and jsonb, at
 * once and with batches that wait for the interval, plain and over TLS. */

#include "postgres_fixture.h"
#include "support/storage_contract.h"

#include <stdio.h>
#include <string.h>

static bool has_zero_byte(ds_slice name)
{
    return memchr(name.at, '\0', name.length) != NULL;
}

int main(void)
{
    struct postgres_fixture it;
    postgres_fixture_begin(&it);
    char tls[300];
    snprintf(tls, sizeof tls,
             "\"schema\": \"Patient \\\"'one\", \"writeInterval\": 20, \"max\": 2,"
             "\"sslmode\": \"verify-full\", \"sslrootcert\": \"%s/certificate.pem\"",
             it.server.child.folder);
    const struct {
        const char *options;
        bool reformats_data;
    } ways[] = {
        {"\"schema\": \"plain\", \"writeInterval\": 0, \"sslmode\": \"disable\"", false},
        {"\"schema\": \"json\", \"writeInterval\": 0, \"useJsonb\": true", true},
        {tls, false},
    };
    int failed = 0;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        failed += storage_contract_run(&(struct store_subject){
            .plugin = it.plugin,
            .options_json = postgres_fixture_options(&it, ways[i].options),
            .library = POSTGRES_LIBRARY,
            .refuses_name = has_zero_byte,
            .reformats_data = ways[i].reformats_data,
        });
    postgres_fixture_end(&it);
    return failed;
}
