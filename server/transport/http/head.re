/* The lines of a request head, as RFC 9112 2 to 5 and RFC 9110 5 spell them. A line is handed over
 * with its LF, which no rule but the last of a line takes: so the lexer never reads past it. */

#include "transport/http/head.h"

/*!re2c
re2c:yyfill:enable = 0;
re2c:flags:tags = 1;
re2c:define:YYCTYPE = "unsigned char";
re2c:define:YYCURSOR = cursor;
re2c:define:YYMARKER = marker;

crlf = "\r\n";
tchar = [-!#$%&'*+.^_`|~0-9A-Za-z];
token = tchar+;
digit = [0-9];

// What RFC 3986 allows in a path and a query, and the few characters more that browsers send.
target = "/" ([!-~] \ [#<>\\"])* | "*";

vchar = [!-~\x80-\xff];
value = vchar [ \t!-~\x80-\xff]*; // with the spaces behind it
*/

static slice between(const unsigned char *start, const unsigned char *end)
{
    return (slice){(const char *)start, (size_t)(end - start)};
}

static slice without_end_spaces(slice value)
{
    while (value.length > 0 && strchr(" \t", value.at[value.length - 1]) != NULL)
        value.length--;
    return value;
}

bool http_request_line_read(const char *line, struct http_request_line *parts)
{
    const unsigned char *cursor = (const unsigned char *)line, *marker;
    const unsigned char *start = cursor, *method_end, *target_start, *target_end, *version;
    /*!stags:re2c:request_line format = "const unsigned char *@@;\n"; */
    /*!re2c:request_line
    token @method_end " " @target_start target @target_end " HTTP/" @version digit "." digit crlf {
        parts->method = between(start, method_end);
        parts->target = between(target_start, target_end);
        parts->major = (char)version[0];
        parts->minor = (char)version[2];
        return true;
    }
    * { return false; }
    */
}

bool http_header_line_read(const char *line, struct ds_http_header *parts)
{
    const unsigned char *cursor = (const unsigned char *)line, *marker;
    const unsigned char *start = cursor, *name_end, *value_start, *value_end;
    /*!stags:re2c:header_line format = "const unsigned char *@@;\n"; */
    /*!re2c:header_line
    token @name_end ":" [ \t]* crlf {
        parts->name = between(start, name_end);
        parts->value = (slice){"", 0};
        return true;
    }
    token @name_end ":" [ \t]* @value_start value @value_end crlf {
        parts->name = between(start, name_end);
        parts->value = without_end_spaces(between(value_start, value_end));
        return true;
    }
    * { return false; }
    */
}
