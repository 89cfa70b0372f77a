/* Any bytes as a rule file that is linted and laid out. What fmt lays out stays as it is when laid
 * out again; every finding has its place in the file and can be printed. */

#include "format.h"
#include "report.h"
#include "valvec.h"
#include "base/check.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void lint(slice text)
{
    struct arena arena;
    struct diagnostics diagnostics;
    struct report report;
    struct buf out = BUF_EMPTY;
    struct valvec_options options = valvec_options_default();
    options.lint = true;
    arena_init(&arena, 0);
    diagnostics_init(&diagnostics, &arena);
    valvec_compile(SLICE("rules.yml"), text, &options, &arena, &diagnostics);
    for (uint32_t format = 0; format < REPORT_FORMAT_COUNT; format++) {
        report_begin(&report, (enum report_format)format, true, &out);
        for (size_t i = 0; i < diagnostics.list.count; i++)
            report_add(&report, &diagnostics.list.items[i]);
        report_end(&report);
    }
    buf_fini(&out);
    diagnostics_fini(&diagnostics);
    arena_fini(&arena);
}

static enum format_status format(slice text, struct buf *out)
{
    struct arena arena;
    struct diagnostics diagnostics;
    arena_init(&arena, 0);
    diagnostics_init(&diagnostics, &arena);
    enum format_status status = format_rules(SLICE("rules.yml"), text, &arena, &diagnostics, out);
    diagnostics_fini(&diagnostics);
    arena_fini(&arena);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    slice text = {size == 0 ? "" : (const char *)data, size};
    struct buf once = BUF_EMPTY, twice = BUF_EMPTY;
    lint(text);
    if (format(text, &once) == FORMAT_DONE) {
        CHECK(format(buf_slice(&once), &twice) == FORMAT_DONE);
        CHECK(slice_equal(buf_slice(&once), buf_slice(&twice)));
    }
    buf_fini(&once);
    buf_fini(&twice);
    return 0;
}
