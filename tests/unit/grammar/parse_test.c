/* What is written gives the tree that JavaScript gives it (valve.md 5.1, 5.2). */

#include "parse_support.h"
#include "support/ast_dump.h"

static void stronger_operators_bind_first(void **state)
{
    (void)state;
    expect_tree("a + b * c", "(+ a (* b c))");
    expect_tree("a * b + c", "(+ (* a b) c)");
    expect_tree("a & 1 == 1", "(& a (== 1 1))");
    expect_tree("a | b ^ c & d", "(| a (^ b (& c d)))");
    expect_tree("a || b && c | d", "(|| a (&& b (| c d)))");
    expect_tree("a == b < c << d + e * f ** g", "(== a (< b (<< c (+ d (* e (** f g))))))");
    expect_tree("!a === b", "(=== (! a) b)");
    expect_tree("typeof a.b === 'x'", "(=== (typeof (. a b)) 'x')");
    expect_tree("a ? b : c || d", "(? a b (|| c d))");
    expect_tree("a || b ? c : d", "(? (|| a b) c d)");
    expect_tree("'a' in b && c", "(&& (in 'a' b) c)");
}

static void operators_of_one_level_group_to_the_left(void **state)
{
    (void)state;
    expect_tree("a - b - c", "(- (- a b) c)");
    expect_tree("a / b % c * d", "(* (% (/ a b) c) d)");
    expect_tree("a << b >> c >>> d", "(>>> (>> (<< a b) c) d)");
    expect_tree("a < b <= c > d >= e in f", "(in (>= (> (<= (< a b) c) d) e) f)");
    expect_tree("a == b != c === d !== e", "(!== (=== (!= (== a b) c) d) e)");
    expect_tree("a && b && c", "(&& (&& a b) c)");
    expect_tree("a || b || c", "(|| (|| a b) c)");
    expect_tree("a ?? b ?? c", "(?? (?? a b) c)");
}

static void powers_and_choices_group_to_the_right(void **state)
{
    (void)state;
    expect_tree("a ** b ** c", "(** a (** b c))");
    expect_tree("2 ** -1", "(** 2 (- 1))");
    expect_tree("2 ** -a ** b",
                "rule:1:6: error: SyntaxError: the left side of `**` needs parentheses "
                "[power-of-unary]\n"
                "    1 | 2 ** -a ** b\n"
                "      |      ^~\n"
                "      = hint: write (-x) ** y or -(x ** y)\n");
    expect_tree("(-a) ** b", "(** !(- a) b)");
    expect_tree("-(a ** b)", "(- !(** a b))");
    expect_tree("a ? b : c ? d : e", "(? a b (? c d e))");
    expect_tree("a ? b ? c : d : e", "(? a (? b c d) e)");
    expect_tree("- - !~+a", "(- (- (! (~ (+ a)))))");
    expect_tree("void 0", "(void 0)");
}

static void parentheses_are_remembered(void **state)
{
    (void)state;
    expect_tree("(a + b) * c", "(* !(+ a b) c)");
    expect_tree("((a))", "!a");
    expect_tree("a ?? (b || c)", "(?? a !(|| b c))");
    expect_tree("(a && b) ?? c", "(?? !(&& a b) c)");
    expect_tree("(_)('x')", "(call !_ 'x')");
}

static void members_indexes_and_calls_chain(void **state)
{
    (void)state;
    expect_tree("a.b.c", "(. (. a b) c)");
    expect_tree("a['b'][c + 1]", "([] ([] a 'b') (+ c 1))");
    expect_tree("_('x').y.includes(z, 1)", "(call (. (. (call _ 'x') y) includes) z 1)");
    expect_tree("a.match (b,)", "(call (. a match) b)");
    expect_tree("a\n.trim\n()", "(call (. a trim))");
    expect_tree("a . /* b */ c", "(. a c)");
    expect_tree("1..a", "(. 1 a)");
    expect_tree("'a'.length", "(. 'a' length)");
    expect_tree("[a][0]", "([] [a] 0)");
    expect_tree("{a: 1}.a", "(. {a: 1} a)");
    expect_tree("`a`.length", "(. `'a'` length)");
}

static void optional_chains_are_wrapped_once(void **state)
{
    (void)state;
    expect_tree("a?.b", "(chain (?. a b))");
    expect_tree("a?.b.c", "(chain (. (?. a b) c))");
    expect_tree("a?.b?.c", "(chain (?. (?. a b) c))");
    expect_tree("a?.[b].c", "(chain (. (?[] a b) c))");
    expect_tree("a.trim?.()", "(chain (?call (. a trim)))");
    expect_tree("a?.trim().length", "(chain (. (call (?. a trim)) length))");
    expect_tree("(a?.b).c", "(. !(chain (?. a b)) c)");
    expect_tree("(a?.b)?.c", "(chain (?. !(chain (?. a b)) c))");
    expect_tree("a[b?.c].d", "(. ([] a (chain (?. b c))) d)");
    expect_tree("!a?.b", "(! (chain (?. a b)))");
    expect_tree("a?.b ** 2", "(** (chain (?. a b)) 2)");
    expect_tree("a?.b + c?.d", "(+ (chain (?. a b)) (chain (?. c d)))");
}

static void a_question_mark_before_a_digit_begins_a_choice(void **state)
{
    (void)state;
    expect_tree("a?.5:1", "(? a 0.5 1)");
    expect_tree("a ? .5 : 1", "(? a 0.5 1)");
    expect_tree(
        "a?.b:c",
        "rule:1:5: error: SyntaxError: unexpected `:`, expected an operator [unexpected-token]\n"
        "    1 | a?.b:c\n"
        "      |     ^\n");
}

static void names_may_hold_letters_of_all_scripts(void **state)
{
    (void)state;
    expect_tree("$user_1", "$user_1");
    expect_tree("_a.b_c", "(. _a b_c)");
    expect_tree("gr\xC3\xB6\xC3\x9F"
                "e",
                "gr\xC3\xB6\xC3\x9F"
                "e");
    expect_tree("\xE5\x90\x8D\xE5\x89\x8D.\xD1\x8F", "(. \xE5\x90\x8D\xE5\x89\x8D \xD1\x8F)");
    expect_tree("a\xCC\x81", "a\xCC\x81");
    expect_tree("a\xE2\x80\x8D"
                "b",
                "a\xE2\x80\x8D"
                "b");
}

static void any_word_is_a_name_behind_a_point_and_as_a_key(void **state)
{
    (void)state;
    expect_tree("a.new.function.class.true.typeof.in",
                "(. (. (. (. (. (. a new) function) class) true) typeof) in)");
    expect_tree("a?.delete", "(chain (?. a delete))");
    expect_tree("{new: 1, in: 2, null: 3, return: 4}", "{new: 1 in: 2 null: 3 return: 4}");
    expect_tree("a. /* c */ new", "(. a new)");
}

static void words_that_only_modules_reserve_are_names(void **state)
{
    (void)state;
    expect_tree(
        "of + get + set + static + undefined + NaN + Infinity + eval + as + from",
        "(+ (+ (+ (+ (+ (+ (+ (+ (+ of get) set) static) undefined) NaN) Infinity) eval) as) "
        "from)");
}

static void numbers_have_all_forms_of_javascript(void **state)
{
    (void)state;
    expect_tree("[0, 5., .5, 1e3, 1E-2, 1_000.5_0, 0x1F, 0XaB_c, 0o17, 0B1_01]",
                "[0 5 0.5 1000 0.01 1000.5 31 2748 15 5]");
    expect_tree("9007199254740993", "9007199254740992");
    expect_tree("0x20000000000001", "9007199254740992");
    expect_tree("0x20000000000003", "9007199254740996");
    expect_tree("0.1", "0.10000000000000001");
    expect_tree("1e400", "inf");
    expect_tree("5e-324", "4.9406564584124654e-324");
    expect_tree("1.e2", "100");
}

static void texts_are_decoded(void **state)
{
    (void)state;
    expect_tree("'a\"b'", "'a\"b'");
    expect_tree("\"a'b\"", "'a'b'");
    expect_tree("'\\n\\t\\r\\b\\f\\v'", "'\n\t\r\b\f\v'");
    expect_tree("'\\x41\\u0042\\u{43}\\u{1F600}'", "'ABC\xF0\x9F\x98\x80'");
    expect_tree("'\\q\\'\\\\\\\"\\/'", "'q'\\\"/'");
    expect_tree("'a\\\nb\\\r\nc\\\rd'", "'abcd'");
    expect_tree("'a\\\xE2\x80\xA8"
                "b\xE2\x80\xA9"
                "c'",
                "'ab\xE2\x80\xA9"
                "c'");
    expect_tree("'\xC3\xA4\\\xC3\xA4'", "'\xC3\xA4\xC3\xA4'");
    expect_tree("'\\8\\9'", "'89'");
    expect_tree("''", "''");
}

static void a_text_may_hold_the_zero_character(void **state)
{
    (void)state;
    struct parsed parsed;
    parse(&parsed, SLICE("'a\\0b\\0'"));
    assert_true(slice_equal(parsed.tree->text, SLICE("a\0b\0")));
    parsed_fini(&parsed);
}

static void surrogates_join_when_they_pair(void **state)
{
    (void)state;
    expect_tree("'\\uD83D\\uDE00'", "'\xF0\x9F\x98\x80'");
    expect_tree("'\xED\xA0\xBD\\uDE00'", "'\xF0\x9F\x98\x80'");
    expect_tree("'\\uD83D\xED\xB8\x80'", "'\xF0\x9F\x98\x80'");
    expect_tree("'\\uD83D'", "'\xED\xA0\xBD'");
    expect_tree("'\\uDE00\\uD83D'", "'\xED\xB8\x80\xED\xA0\xBD'");
    expect_tree("'\\u{D83D}\\u{DE00}'", "'\xF0\x9F\x98\x80'");
    expect_tree("'\\uD83D\\\n\\uDE00'", "'\xF0\x9F\x98\x80'");
    expect_tree("`\\uD83D\\uDE00`", "`'\xF0\x9F\x98\x80'`");
}

static void templates_hold_texts_and_expressions(void **state)
{
    (void)state;
    expect_tree("`a`", "`'a'`");
    expect_tree("`a${b}c`", "`'a' b 'c'`");
    expect_tree("`${a}${b}`", "`a b`");
    expect_tree("`a${{b: `c${d}`}.b}e`", "`'a' (. {b: `'c' d`} b) 'e'`");
    expect_tree("`$a $ {b} \\${c} $`", "`'$a $ {b} ${c} $'`");
    expect_tree("`a\nb\r\nc\rd\\\ne`", "`'a\nb\nc\nde'`");
    expect_tree("`'\"`", "`''\"'`");
    expect_tree("`${'}'}`", "`'}'`");
    expect_tree("`${a /* } */}`", "`a`");
    expect_tree("`${`${`${a}`}`}`", "```a```");
}

static void an_empty_template_is_an_empty_text(void **state)
{
    (void)state;
    expect_tree("``", "`''`");
}

static void a_slash_is_a_division_behind_a_value(void **state)
{
    (void)state;
    expect_tree("a / b / c", "(/ (/ a b) c)");
    expect_tree("a.match(/b/g)", "(call (. a match) /b/g)");
    expect_tree("(a) / b / c", "(/ (/ !a b) c)");
    expect_tree("a[0] / b / c", "(/ (/ ([] a 0) b) c)");
    expect_tree("{} / b / c", "(/ (/ {} b) c)");
    expect_tree("`a` / b / c", "(/ (/ `'a'` b) c)");
    expect_tree("a.in / b / c", "(/ (/ (. a in) b) c)");
    expect_tree("a.typeof / b / c", "(/ (/ (. a typeof) b) c)");
    expect_tree("typeof /a/", "(typeof /a/)");
    expect_tree("a in /b/", "(in a /b/)");
    expect_tree("`${/}/}`", "`/}/`");
    expect_tree("a ? /b/ : /c/", "(? a /b/ /c/)");
    expect_tree("5 / 2", "(/ 5 2)");
    expect_tree("true / 2", "(/ true 2)");
}

static void regular_expressions_end_at_a_bare_slash(void **state)
{
    (void)state;
    expect_tree("a.match(/[/]\\/[\\]/]/giu)", "(call (. a match) /[/]\\/[\\]/]/giu)");
    expect_tree("/=/", "/=/");
    expect_tree("/abc(def)?$/", "/abc(def)?$/");
}

static void arrays_may_have_holes(void **state)
{
    (void)state;
    expect_tree("[]", "[]");
    expect_tree("[1,]", "[1]");
    expect_tree("[1,,2]", "[1 _ 2]");
    expect_tree("[,]", "[_]");
    expect_tree("[,,a,,]", "[_ _ a _]");
    expect_tree("[a ? b : c, [d]]", "[(? a b c) [d]]");
}

static void objects_have_all_kinds_of_keys(void **state)
{
    (void)state;
    expect_tree("{}", "{}");
    expect_tree("{a: 1, 'b c': 2, 3: 4, [d]: 5, e,}", "{a: 1 b c: 2 [3]: 4 [d]: 5 e: e}");
    expect_tree("{a: 1, b: 2}[x]", "([] {a: 1 b: 2} x)");
    expect_tree("{1e3: 1, 0x10: 2, .5: 3}", "{[1000]: 1 [16]: 2 [0.5]: 3}");
    expect_tree("{['__proto__']: 1}", "{['__proto__']: 1}");
    expect_tree("{get: 1, set: 2, async: 3, get, set}",
                "{get: 1 set: 2 async: 3 get: get set: set}");
    expect_tree("{__proto__}", "{__proto__: __proto__}");
    expect_tree("{a: {b: []}}", "{a: {b: []}}");
}

static void space_comments_and_line_ends_part_tokens(void **state)
{
    (void)state;
    expect_tree("\n // first\n /* a\n b */ a // last", "a");
    expect_tree("a\n+\r\nb", "(+ a b)");
    expect_tree("\xC2\xA0\xEF\xBB\xBF\xE3\x80\x80\xE2\x80\xA8"
                "a\v\f\t",
                "a");
    expect_tree("a // b\xE2\x80\xA8+ c", "(+ a c)");
    expect_tree("a /***/ + /* * / */ b", "(+ a b)");
    expect_tree("// a\r// b\r\na", "a");
}

static void semicolons_at_the_end_are_tolerated(void **state)
{
    (void)state;
    expect_tree("a;", "a");
    expect_tree("a ; ; // b", "a");
}

static void signs_part_where_javascript_parts_them(void **state)
{
    (void)state;
    expect_tree("a + +b", "(+ a (+ b))");
    expect_tree("a - -b", "(- a (- b))");
    expect_tree("a ? b:c", "(? a b c)");
    expect_tree("a<!b", "(< a (! b))");
    expect_tree("a>>>b", "(>>> a b)");
    expect_tree("a>-b", "(> a (- b))");
    expect_tree("a&&!b||c", "(|| (&& a (! b)) c)");
}

static void expect_span(const struct ast_node *node, uint32_t start, uint32_t end, uint32_t name)
{
    assert_int_equal(node->start, start);
    assert_int_equal(node->end, end);
    assert_int_equal(node->name_start, name);
}

static void spans_leave_out_parentheses_around(void **state)
{
    (void)state;
    struct parsed parsed;
    parse(&parsed, SLICE("  (a + b) * c.d "));
    struct ast_node *product = parsed.tree, *sum = product->first_child;
    expect_span(product, 2, 15, 10);
    expect_span(sum, 3, 8, 5);
    expect_span(sum->last_child, 7, 8, 0);
    expect_span(product->last_child, 12, 15, 14);
    parsed_fini(&parsed);
}

static void spans_of_chains_begin_at_their_first_value(void **state)
{
    (void)state;
    struct parsed parsed;
    parse(&parsed, SLICE("!(a)?.bc [0](1, 2)"));
    struct ast_node *chain = parsed.tree->first_child, *call = chain->first_child;
    expect_span(parsed.tree, 0, 18, 0);
    expect_span(chain, 1, 18, 0);
    expect_span(call, 1, 18, 0);
    expect_span(call->first_child, 1, 12, 0);
    expect_span(call->first_child->first_child, 1, 8, 6);
    assert_true(call->first_child->first_child->optional);
    parsed_fini(&parsed);
}

static void spans_of_literals_hold_their_delimiters(void **state)
{
    (void)state;
    struct parsed parsed;
    parse(&parsed, SLICE("['a', `b${c}`, {d: 1}, /e/g]"));
    struct ast_node *text = parsed.tree->first_child, *template = text->next;
    expect_span(parsed.tree, 0, 28, 0);
    expect_span(text, 1, 4, 0);
    expect_span(template, 6, 13, 0);
    expect_span(template->first_child->next, 10, 11, 0);
    expect_span(template->next, 15, 21, 0);
    expect_span(template->next->first_child, 16, 20, 0);
    expect_span(template->next->next, 23, 27, 0);
    parsed_fini(&parsed);
}

static void the_dump_tells_kinds_details_and_spans(void **state)
{
    (void)state;
    struct parsed parsed;
    struct buf dump = BUF_EMPTY;
    parse(&parsed, SLICE("(a?.b) === 'x' && [1.5]"));
    ast_dump(parsed.tree, &dump);
    buf_append_byte(&dump, '\0');
    assert_string_equal(dump.at, "LOGICAL && 0-23\n"
                                 "  BINARY === 0-14\n"
                                 "    CHAIN parenthesised 1-5\n"
                                 "      MEMBER `b` optional 1-5\n"
                                 "        NAME `a` 1-2\n"
                                 "    TEXT `x` 11-14\n"
                                 "  ARRAY 18-23\n"
                                 "    NUMBER 1.5 19-22\n");
    buf_fini(&dump);
    parsed_fini(&parsed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stronger_operators_bind_first),
        cmocka_unit_test(operators_of_one_level_group_to_the_left),
        cmocka_unit_test(powers_and_choices_group_to_the_right),
        cmocka_unit_test(parentheses_are_remembered),
        cmocka_unit_test(members_indexes_and_calls_chain),
        cmocka_unit_test(optional_chains_are_wrapped_once),
        cmocka_unit_test(a_question_mark_before_a_digit_begins_a_choice),
        cmocka_unit_test(names_may_hold_letters_of_all_scripts),
        cmocka_unit_test(any_word_is_a_name_behind_a_point_and_as_a_key),
        cmocka_unit_test(words_that_only_modules_reserve_are_names),
        cmocka_unit_test(numbers_have_all_forms_of_javascript),
        cmocka_unit_test(texts_are_decoded),
        cmocka_unit_test(a_text_may_hold_the_zero_character),
        cmocka_unit_test(surrogates_join_when_they_pair),
        cmocka_unit_test(templates_hold_texts_and_expressions),
        cmocka_unit_test(an_empty_template_is_an_empty_text),
        cmocka_unit_test(a_slash_is_a_division_behind_a_value),
        cmocka_unit_test(regular_expressions_end_at_a_bare_slash),
        cmocka_unit_test(arrays_may_have_holes),
        cmocka_unit_test(objects_have_all_kinds_of_keys),
        cmocka_unit_test(space_comments_and_line_ends_part_tokens),
        cmocka_unit_test(semicolons_at_the_end_are_tolerated),
        cmocka_unit_test(signs_part_where_javascript_parts_them),
        cmocka_unit_test(spans_leave_out_parentheses_around),
        cmocka_unit_test(spans_of_chains_begin_at_their_first_value),
        cmocka_unit_test(spans_of_literals_hold_their_delimiters),
        cmocka_unit_test(the_dump_tells_kinds_details_and_spans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
