/* The grammar: actions only build nodes (valve.md 5.2). Left-recursive wherever the language is, so that
 * long chains of operators need no stack; what recurses to the right counts how deep it is.
 *
 * What the language refuses but what reads like an expression has productions too: it is reported, and
 * parsing goes on, so that one mistake does not hide the next. */

%code requires {
#include "parser.h"
}

%code {
/* Each level of nesting holds at most an operand and an operator of each precedence. */
#define YYMAXDEPTH (PARSE_MAX_NESTING * 40)

static int yylex(union token_value *value, struct token_span *span, struct parser *parser)
{
    parser->before = parser->newest;
    uint32_t errors_before = lexer_errors(&parser->lexer);
    int token = lexer_next(&parser->lexer, value, span);
    bool is_refused = lexer_errors(&parser->lexer) > errors_before;
    parser->newest = (struct seen_token){token, *value, *span, is_refused};
    return token;
}

static void yyerror(struct token_span *span, struct parser *parser, const char *message);

#define YYLLOC_DEFAULT(current, rhs, count)                                                        \
    do {                                                                                           \
        (current).start = (count) > 0 ? YYRHSLOC(rhs, 1).start : YYRHSLOC(rhs, 0).end;             \
        (current).end = (count) > 0 ? YYRHSLOC(rhs, count).end : YYRHSLOC(rhs, 0).end;             \
    } while (0)

}

%define api.pure full
%define api.prefix {valve_}
%define api.token.prefix {TOKEN_}
%define api.value.type {union token_value}
%define api.location.type {struct token_span}
%define parse.error custom
%define parse.lac full /* so that what was expected is known exactly */
%locations
%expect 0
%param {struct parser *parser}
%initial-action { @$ = (struct token_span){0, 0}; }

%token FAILED
%token <number> NUMBER
%token <text> TEXT NAME TRUE FALSE NULL TYPEOF VOID IN
%token <text> NEW FUNCTION RESERVED REFUSED_PREFIX INSTANCEOF /* refused, but names behind a point */
%token <regex> REGEX
%token <text> TEMPLATE_TEXT TEMPLATE_END
%token TEMPLATE_START TEMPLATE_RESUME
%token OPTIONAL POWER SHIFT_LEFT SHIFT_RIGHT SHIFT_RIGHT_UNSIGNED LESS_EQUAL GREATER_EQUAL
%token EQUAL NOT_EQUAL STRICT_EQUAL STRICT_NOT_EQUAL EQUALITY_MEANT AND OR COALESCE

%type <node> expression conditional either both bits_or bits_xor bits_and equality relation shift sum
%type <node> product power unary prefixed chain primary template template_parts
%type <node> array elements object members member arguments argument_list call_arguments
%type <op> sign
%type <text> word key_word

%%

rule:
    expression semicolons           { parser->root = $1; }
;

semicolons:
    %empty
|   semicolons ';'
;

expression: conditional;

conditional:
    either
|   either question expression ':' expression
                                    { parser_leave(parser); $$ = parser_conditional(parser, $1, $3, $5, @$); }
;

question: '?'                       { if (!parser_enter(parser, @1)) YYABORT; }
;

either:
    both
|   either OR both                  { $$ = parser_choice(parser, OPERATOR_OR, @2, $1, $3, @$); }
|   either COALESCE both            { $$ = parser_choice(parser, OPERATOR_COALESCE, @2, $1, $3, @$); }
;

both:
    bits_or
|   both AND bits_or                { $$ = parser_binary(parser, OPERATOR_AND, @2, $1, $3, @$); }
;

bits_or:
    bits_xor
|   bits_or '|' bits_xor            { $$ = parser_binary(parser, OPERATOR_BIT_OR, @2, $1, $3, @$); }
;

bits_xor:
    bits_and
|   bits_xor '^' bits_and           { $$ = parser_binary(parser, OPERATOR_BIT_XOR, @2, $1, $3, @$); }
;

bits_and:
    equality
|   bits_and '&' equality           { $$ = parser_binary(parser, OPERATOR_BIT_AND, @2, $1, $3, @$); }
;

equality:
    relation
|   equality EQUAL relation             { $$ = parser_binary(parser, OPERATOR_EQUAL, @2, $1, $3, @$); }
|   equality NOT_EQUAL relation         { $$ = parser_binary(parser, OPERATOR_NOT_EQUAL, @2, $1, $3, @$); }
|   equality STRICT_EQUAL relation      { $$ = parser_binary(parser, OPERATOR_STRICT_EQUAL, @2, $1, $3, @$); }
|   equality STRICT_NOT_EQUAL relation  { $$ = parser_binary(parser, OPERATOR_STRICT_NOT_EQUAL, @2, $1, $3, @$); }
|   equality EQUALITY_MEANT relation    { $$ = parser_binary(parser, OPERATOR_STRICT_EQUAL, @2, $1, $3, @$); }
;

relation:
    shift
|   relation '<' shift              { $$ = parser_binary(parser, OPERATOR_LESS, @2, $1, $3, @$); }
|   relation LESS_EQUAL shift       { $$ = parser_binary(parser, OPERATOR_LESS_EQUAL, @2, $1, $3, @$); }
|   relation '>' shift              { $$ = parser_binary(parser, OPERATOR_GREATER, @2, $1, $3, @$); }
|   relation GREATER_EQUAL shift    { $$ = parser_binary(parser, OPERATOR_GREATER_EQUAL, @2, $1, $3, @$); }
|   relation INSTANCEOF shift       { parser_refuse_word(parser, $2, @2); $$ = $1; }
|   relation IN shift               { $$ = parser_binary(parser, OPERATOR_IN, @2, $1, $3, @$); }
;

shift:
    sum
|   shift SHIFT_LEFT sum            { $$ = parser_binary(parser, OPERATOR_SHIFT_LEFT, @2, $1, $3, @$); }
|   shift SHIFT_RIGHT sum           { $$ = parser_binary(parser, OPERATOR_SHIFT_RIGHT, @2, $1, $3, @$); }
|   shift SHIFT_RIGHT_UNSIGNED sum  { $$ = parser_binary(parser, OPERATOR_SHIFT_RIGHT_UNSIGNED, @2, $1, $3, @$); }
;

sum:
    product
|   sum '+' product                 { $$ = parser_binary(parser, OPERATOR_ADD, @2, $1, $3, @$); }
|   sum '-' product                 { $$ = parser_binary(parser, OPERATOR_SUBTRACT, @2, $1, $3, @$); }
;

product:
    power
|   product '*' power               { $$ = parser_binary(parser, OPERATOR_MULTIPLY, @2, $1, $3, @$); }
|   product '/' power               { $$ = parser_binary(parser, OPERATOR_DIVIDE, @2, $1, $3, @$); }
|   product '%' power               { $$ = parser_binary(parser, OPERATOR_REMAINDER, @2, $1, $3, @$); }
;

power:
    unary
|   chain power_sign power          { parser_leave(parser);
                                      $$ = parser_binary(parser, OPERATOR_POWER, @2, parser_end_chain(parser, $1, @1), $3, @$); }
|   prefixed power_sign power       { parser_leave(parser); parser_report(parser, DIAG_POWER_OF_UNARY, @1);
                                      $$ = parser_binary(parser, OPERATOR_POWER, @2, $1, $3, @$); }
;

power_sign: POWER                   { if (!parser_enter(parser, @1)) YYABORT; }
;

unary:
    chain                           { $$ = parser_end_chain(parser, $1, @1); }
|   prefixed
;

prefixed:
    sign unary                      { parser_leave(parser); $$ = parser_unary(parser, $1, @1, $2, @$); }
|   refused_prefix unary            { parser_leave(parser); $$ = $2; }
;

sign:
    '!'                             { $$ = OPERATOR_NOT; if (!parser_enter(parser, @1)) YYABORT; }
|   '~'                             { $$ = OPERATOR_BIT_NOT; if (!parser_enter(parser, @1)) YYABORT; }
|   '+'                             { $$ = OPERATOR_PLUS; if (!parser_enter(parser, @1)) YYABORT; }
|   '-'                             { $$ = OPERATOR_MINUS; if (!parser_enter(parser, @1)) YYABORT; }
|   TYPEOF                          { $$ = OPERATOR_TYPEOF; if (!parser_enter(parser, @1)) YYABORT; }
|   VOID                            { $$ = OPERATOR_VOID; if (!parser_enter(parser, @1)) YYABORT; }
;

refused_prefix:
    NEW                             { parser_refuse(parser, DIAG_NEW_KEYWORD, @1);
                                      if (!parser_enter(parser, @1)) YYABORT; }
|   REFUSED_PREFIX                  { parser_refuse_word(parser, $1, @1);
                                      if (!parser_enter(parser, @1)) YYABORT; }
;

chain:
    primary
|   chain '.' word                  { $$ = parser_member(parser, $1, $3, @3, @$); }
|   chain '[' expression ']'        { $$ = parser_index(parser, $1, $3, @$); }
|   chain call_arguments            { $$ = parser_call(parser, $1, $2, @$); }
|   chain OPTIONAL word             { $$ = parser_optional(parser_member(parser, $1, $3, @3, @$)); }
|   chain OPTIONAL '[' expression ']'
                                    { $$ = parser_optional(parser_index(parser, $1, $4, @$)); }
|   chain OPTIONAL call_arguments   { $$ = parser_optional(parser_call(parser, $1, $3, @$)); }
;

call_arguments:
    '(' arguments ')'               { $$ = $2; }
;

arguments:
    %empty                          { $$ = parser_leaf(parser, AST_ARRAY, @$); }
|   argument_list
|   argument_list ','
;

argument_list:
    expression                      { $$ = parser_leaf(parser, AST_ARRAY, @$); ast_append($$, $1); }
|   argument_list ',' expression    { $$ = $1; ast_append($$, $3); }
;

primary:
    NUMBER                          { $$ = parser_number(parser, $1, @$); }
|   TEXT                            { $$ = parser_text(parser, AST_TEXT, $1, @$); }
|   REGEX                           { $$ = parser_regex(parser, $1.body, $1.flags, @$); }
|   NAME                            { $$ = parser_text(parser, AST_NAME, $1, @$); }
|   TRUE                            { $$ = parser_leaf(parser, AST_TRUE, @$); }
|   FALSE                           { $$ = parser_leaf(parser, AST_FALSE, @$); }
|   NULL                            { $$ = parser_leaf(parser, AST_NULL, @$); }
|   '(' expression ')'              { $$ = $2; $$->parenthesised = true; }
|   template
|   array
|   object
;

template:
    TEMPLATE_START template_parts TEMPLATE_END
                                    { $$ = $2; $$->start = @$.start; $$->end = @$.end;
                                      if ($3.length > 0 || $$->first_child == NULL)
                                          ast_append($$, parser_text(parser, AST_TEXT, $3, @3)); }
;

template_parts:
    %empty                          { $$ = parser_leaf(parser, AST_TEMPLATE, @$); }
|   template_parts TEMPLATE_TEXT expression TEMPLATE_RESUME
                                    { $$ = $1; if ($2.length > 0) ast_append($$, parser_text(parser, AST_TEXT, $2, @2));
                                      ast_append($$, $3); }
;

array:
    '[' elements ']'                { $$ = $2; $$->start = @$.start; $$->end = @$.end; }
|   '[' elements expression ']'     { $$ = $2; $$->start = @$.start; $$->end = @$.end;
                                      ast_append($$, $3); }
;

elements: /* each ends with its comma */
    %empty                          { $$ = parser_leaf(parser, AST_ARRAY, @$); }
|   elements expression ','         { $$ = $1; ast_append($$, $2); }
|   elements ','                    { $$ = $1; ast_append($$, parser_leaf(parser, AST_ELISION, @2)); }
;

object:
    '{' '}'                         { $$ = parser_leaf(parser, AST_OBJECT, @$); }
|   '{' members '}'                 { $$ = $2; $$->start = @$.start; $$->end = @$.end; }
|   '{' members ',' '}'             { $$ = $2; $$->start = @$.start; $$->end = @$.end; }
;

members:
    member                          { $$ = parser_leaf(parser, AST_OBJECT, @$); ast_append($$, $1); }
|   members ',' member              { $$ = $1; ast_append($$, $3); }
;

member:
    NAME                            { $$ = parser_property(parser, $1, parser_text(parser, AST_NAME, $1, @1), @$); }
|   word ':' expression             { parser_check_key(parser, $1, @1); $$ = parser_property(parser, $1, $3, @$); }
|   TEXT ':' expression             { parser_check_key(parser, $1, @1); $$ = parser_property(parser, $1, $3, @$); }
|   NUMBER ':' expression           { $$ = parser_computed_property(parser, parser_number(parser, $1, @1), $3, @$); }
|   '[' expression ']' ':' expression
                                    { $$ = parser_computed_property(parser, $2, $5, @$); }
|   word '('                        { parser_report(parser, DIAG_METHOD_IN_OBJECT, @1); YYABORT; }
;

word: NAME | key_word;

key_word: TRUE | FALSE | NULL | TYPEOF | VOID | IN | NEW | FUNCTION | RESERVED | REFUSED_PREFIX | INSTANCEOF;

%%

struct expected {
    bool symbols[YYNTOKENS];
};

static bool has(const struct expected *expected, int token)
{
    return expected->symbols[YYTRANSLATE(token)];
}

/* "a, b or c" */
static const char *joined(struct arena *arena, const char *const *parts, size_t count)
{
    slice text = slice_of(parts[0]);
    for (size_t i = 1; i < count; i++)
        text = arena_printf(arena, "%s%s%s", text.at, i + 1 < count ? ", " : " or ", parts[i]);
    return text.at;
}

/* What could have come here, in words. */
static const char *expected_text(const struct expected *expected, struct arena *arena)
{
    static const struct {
        int token;
        const char *text;
    } closing[] = {{':', "`:`"}, {',', "`,`"}, {')', "`)`"}, {']', "`]`"}, {'}', "`}`"},
                   {TOKEN_TEMPLATE_RESUME, "`}`"}};
    if (has(expected, TOKEN_NUMBER))
        return has(expected, '(') ? "a value" : "a key";
    if (has(expected, TOKEN_NAME))
        return "a name";
    const char *parts[1 + sizeof closing / sizeof *closing];
    size_t count = 0;
    if (has(expected, '*'))
        parts[count++] = "an operator";
    for (size_t i = 0; i < sizeof closing / sizeof *closing; i++)
        if (has(expected, closing[i].token))
            parts[count++] = closing[i].text;
    return count == 0 ? "nothing more" : joined(arena, parts, count);
}

static int yyreport_syntax_error(const yypcontext_t *context, struct parser *parser)
{
    yysymbol_kind_t tokens[YYNTOKENS];
    struct expected expected = {{false}};
    int count = yypcontext_expected_tokens(context, tokens, YYNTOKENS);
    for (int i = 0; i < count; i++)
        expected.symbols[tokens[i]] = true;
    parser_unexpected(parser, expected_text(&expected, parser->arena));
    return 0;
}

/* Called when the parser's stack is exhausted; syntax errors go to the function above. */
static void yyerror(struct token_span *span, struct parser *parser, const char *message)
{
    (void)message;
    parser_report(parser, DIAG_NESTED_TOO_DEEPLY, *span);
}
