/* Which characters make names and which are blank (valve.md 5.1). */

#include "lexer.h"

#include "base/utf8.h"

#include <unictype.h>

bool lexer_is_name_start(uint32_t c)
{
    if (c < 0x80)
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
    return uc_is_property_id_start(c);
}

bool lexer_is_name_part(uint32_t c)
{
    if (c < 0x80)
        return lexer_is_name_start(c) || (c >= '0' && c <= '9');
    return uc_is_property_id_continue(c) || c == 0x200C || c == 0x200D;
}

bool lexer_is_space(uint32_t c)
{
    return c == 0xA0 || c == 0xFEFF || c == 0x2028 || c == 0x2029 ||
           (c >= 0x80 && uc_is_general_category(c, UC_SPACE_SEPARATOR));
}

void lexer_skip_name(struct lexer *lexer)
{
    slice rest = {lexer->cursor, (size_t)(lexer->limit - lexer->cursor)};
    size_t end = 0;
    while (end < rest.length) {
        size_t next = end;
        if (!lexer_is_name_part(utf8_next(rest, &next)))
            break;
        end = next;
    }
    lexer->cursor += end;
}
