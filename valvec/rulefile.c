/* The way of a rule file up to its tree: the bytes are checked, environment variables put in, and
 * the document read. */

#include "rulefile.h"

#include "environment.h"
#include "document/text_map.h"

struct tree_document rulefile_read(const struct source *source, bool expand_environment,
                                   struct arena *arena, struct diagnostics *diagnostics)
{
    struct tree_document nothing = {0};
    if (!document_check(source, diagnostics))
        return nothing;
    struct mapped_text text = expand_environment ? environment_expand(source, arena, diagnostics)
                                                 : text_map_whole(source, arena);
    return diagnostics->error_count > 0 ? nothing : document_read(&text, arena, diagnostics);
}
