/* Every message of the compiler that is not about syntax: where it points, what it says and what it
 * advises. Lines and columns of `at` are those of the text that the caret underlines. */

#include "support/compile_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

static bool said[DIAGNOSTIC_COUNT];

static void expect_file_with(const struct valvec_options *options, const char *name, slice text,
                             const char *expected)
{
    struct compiled compiled;
    struct buf shown = BUF_EMPTY;
    compile_file(&compiled, slice_of(name), text, options);
    show_diagnostics(&compiled.diagnostics, &shown);
    for (size_t i = 0; i < compiled.diagnostics.list.count; i++)
        said[compiled.diagnostics.list.items[i].id] = true;
    buf_append_byte(&shown, '\0');
    assert_string_equal(shown.at, expected);
    assert_true((compiled.program == NULL) == (compiled.diagnostics.error_count > 0));
    buf_fini(&shown);
    compiled_fini(&compiled);
}

static void expect_file(const char *text, const char *expected)
{
    struct valvec_options options = valvec_options_default();
    expect_file_with(&options, "r.yml", slice_of(text), expected);
}

/* The rule stands in line 4; a write rule from column 12 on. */
static void expect_rule_with(const struct valvec_options *options, const char *path,
                             const char *type, const char *rule, const char *expected)
{
    struct arena arena;
    arena_init(&arena, 0);
    expect_file_with(options, "r.yml", rule_file(&arena, path, type, rule), expected);
    arena_fini(&arena);
}

static void expect_rule(const char *path, const char *type, const char *rule, const char *expected)
{
    struct valvec_options options = valvec_options_default();
    expect_rule_with(&options, path, type, rule, expected);
}

#define REST "event: {\"*\": {}}\nrpc: {\"*\": {}}\npresence: {\"*\": {}}\n"
#define COMPLETE(record) "record:\n  \"*\": {}\n" record REST

/* ---- bytes ---- */

static void bytes_that_no_text_holds_are_refused(void **state)
{
    (void)state;
    expect_file("a: 1\nb: \xFF\n", "2:4-2:5 error file-not-utf8: byte 0xFF is not part of a UTF-8 "
                                   "text | save the file as UTF-8\n");
    expect_file("a: \x01\n",
                "1:4-1:5 error file-control-character: control character U+0001 | remove it, or "
                "write it as an escape inside double quotes\n");
    struct valvec_options options = valvec_options_default();
    expect_file_with(&options, "r.yml", (slice){"a: \0", 4},
                     "1:4-1:5 error file-control-character: control character U+0000 | remove it, "
                     "or write it as an escape inside double quotes\n");
}

static void a_file_may_not_be_huge(void **state)
{
    (void)state;
    struct valvec_options options = valvec_options_default();
    size_t size = (16u << 20) + 1;
    char *text = malloc(size);
    memset(text, '\n', size);
    expect_file_with(&options, "r.yml", (slice){text, size},
                     "1:1-1:1 error file-too-large: a rule file may hold 16 MiB | split the rules, "
                     "or say them with fewer paths\n");
    free(text);
}

/* ---- environment ---- */

static void environment_variables_that_are_missing_are_pointed_out(void **state)
{
    (void)state;
    unsetenv("VALVE_TEST_UNSET");
    setenv("VALVE_TEST_EMPTY", "", 1);
    expect_rule("a", "read", "\"user.id === '${VALVE_TEST_UNSET}'\"",
                "4:25-4:44 warning environment-unset: the environment variable "
                "`VALVE_TEST_UNSET` is not set | set it, or write the text that is meant\n");
    expect_rule("a", "read", "\"user.id === '${VALVE_TEST_EMPTY}'\"",
                "4:25-4:44 warning environment-empty: the environment variable "
                "`VALVE_TEST_EMPTY` is set to nothing | set it, or write the text that is meant\n");
}

/* ---- notation ---- */

#define QUOTES " | put the rule in quotes\n"
#define CAUSE                                                                                      \
    " | what stands before this place may be the cause: check quotes, colons and indentation\n"

static void rules_that_need_quotes_are_told_so(void **state)
{
    (void)state;
    expect_rule("a", "write", "'a' === name",
                "4:12-4:24 error yaml-unquoted: invalid YAML: did not find expected key" QUOTES);
    expect_rule("a", "write", "\"a\" === name",
                "4:12-4:24 error yaml-unquoted: invalid YAML: did not find expected key" QUOTES);
    expect_rule("a", "write", "['a'].includes(name)",
                "4:12-4:32 error yaml-unquoted: invalid YAML: did not find expected key" QUOTES);
    expect_rule("a", "write", "{a: 1}.a",
                "4:12-4:20 error yaml-unquoted: invalid YAML: did not find expected key" QUOTES);
    expect_rule("a", "write", "@a",
                "4:12-4:14 error yaml-unquoted: invalid YAML: found character that cannot start "
                "any token" QUOTES);
    expect_rule("a", "write", "`a` == name",
                "4:12-4:23 error yaml-unquoted: invalid YAML: found character that cannot start "
                "any token" QUOTES);
    expect_rule("a", "write", "name ? data : now",
                "4:12-4:29 error yaml-unquoted: invalid YAML: mapping values are not allowed in "
                "this context" QUOTES);
    expect_rule("a", "write", "!user.data",
                "4:12-4:22 error unknown-tag: unknown tag `!user.data`" QUOTES);
    expect_rule(
        "a", "write", "*name",
        "4:12-4:17 error undefined-alias: undefined alias `name` | put the rule in quotes; an "
        "alias needs its anchor before it\n");
    expect_rule("a", "write", "&a && b",
                "4:12-4:19 error yaml-unquoted: invalid YAML: did not find expected alphabetic or "
                "numeric character" QUOTES);
}

static void broken_yaml_is_reported_where_it_breaks(void **state)
{
    (void)state;
    expect_file("record:\n  \"*\":\n    read: true\n   write: true\n",
                "4:4-4:5 error yaml-syntax: invalid YAML: did not find expected key" CAUSE);
    expect_file("record:\n\t\"*\": {}\n",
                "2:1-2:2 error yaml-tab: invalid YAML: a tab in the indentation | indent with "
                "spaces\n");
    expect_file("record\n  posts/$x:\n    read: true\n",
                "1:1-1:7 error yaml-colon: invalid YAML: the lines below `record` belong to no key "
                "| add the colon:  record:\n");
    expect_file("a: 1\n---\nb: 1\n",
                "2:1-2:4 error several-documents: a second document starts here | a rule file is "
                "one document: remove the line `---`\n");
    expect_file("record: !mine {}\n", "1:9-1:16 error unknown-tag: unknown tag `!mine`" QUOTES);
    expect_file("? [a]\n: 1\n", "1:3-1:6 error key-not-text: a list or map can't be a key | put "
                                "the key in quotes\n");
    expect_file("<<: 1\n",
                "1:5-1:6 error merge-not-map: `<<` takes the keys of a map, and this is none | "
                "give it the alias of a map, or a list of such\n");
}

static void broken_json_is_reported_as_json(void **state)
{
    (void)state;
    struct valvec_options options = valvec_options_default();
    expect_file_with(&options, "r.json", SLICE("{\"record\": {\"*\": [}}"),
                     "1:19-1:20 error json-syntax: invalid JSON: expected a value | check quotes, "
                     "commas and brackets before this place\n");
}

static void a_key_may_stand_once(void **state)
{
    (void)state;
    expect_file(COMPLETE("  a: {read: true}\n  'a': {}\n"),
                "4:3-4:6 error duplicate-key: duplicate key `a` | it stands in line 3 already: "
                "join the two, or remove one\n");
}

static void what_aliases_repeat_is_bounded(void **state)
{
    (void)state;
    struct buf text = BUF_EMPTY;
    buf_append_text(&text, "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n");
    for (int i = 1; i < 9; i++)
        buf_printf(&text, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i,
                   i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
    struct valvec_options options = valvec_options_default();
    expect_file_with(&options, "r.yml", buf_slice(&text),
                     "7:20-7:23 error file-too-many-values: the file holds too many values, "
                     "counting what its aliases repeat | repeat less with aliases\n");
    buf_fini(&text);
}

static void nesting_is_bounded(void **state)
{
    (void)state;
    char text[100000]; /* refused at once, without a look at every bracket */
    memset(text, '[', sizeof text);
    struct valvec_options options = valvec_options_default();
    expect_file_with(&options, "r.yml", (slice){text, sizeof text},
                     "1:65-1:66 error file-nesting: nested too deeply | a rule file has three "
                     "levels: section, path, rule type\n");
}

static void the_text_of_all_rules_is_bounded(void **state)
{
    (void)state;
    struct buf text = BUF_EMPTY;
    struct valvec_options options = valvec_options_default();
    buf_append_text(&text, "record:\n  \"*\": {read: &r \"");
    for (int i = 0; i < 60000; i++)
        buf_append_byte(&text, ' ');
    buf_append_text(&text, "true\"}\n");
    for (int i = 0; i < 140; i++)
        buf_printf(&text, "  a%d: {read: *r}\n", i);
    buf_append_text(&text, "  b: {read: *r, write: user.id === name}\n  c: {read: &s \"");
    for (int i = 0; i < 60000; i++)
        buf_append_byte(&text, ' ');
    buf_append_text(&text, "true\", write: *s}\n");
    buf_append_text(&text, REST);
    expect_file_with(&options, "r.yml", buf_slice(&text),
                     "2:15-2:60024 error rules-too-large: the rules of a file may hold 8 MiB, "
                     "counting what aliases repeat | say more in fewer rules\n");
    buf_fini(&text);
}

/* Where its bytes stand is found in one walk: it would take hours were each blank to look at those
 * that follow. */
static void a_rule_of_millions_of_blanks_is_read_in_one_walk(void **state)
{
    enum { BLANKS = 4 << 20 };
    (void)state;
    struct buf text = BUF_EMPTY;
    struct valvec_options options = valvec_options_default();
    buf_append_text(&text, "record:\n  \"*\": {read: \"");
    memset(buf_extend(&text, BLANKS), ' ', BLANKS);
    buf_append_text(&text, "true\"}\n" REST);
    expect_file_with(&options, "r.yml", buf_slice(&text),
                     "2:16-2:4194324 error rule-too-long: rule is longer than 65536 bytes | split "
                     "what it says over several paths, or keep lists in a record\n");
    buf_fini(&text);
}

/* ---- sections, paths, rule types ---- */

static void the_document_is_an_object(void **state)
{
    (void)state;
#define SECTIONS " | a rule file has the sections record, event, rpc and presence\n"
    expect_file("", "1:1-1:1 error not-an-object: config should be an object literal, but was of "
                    "type undefined" SECTIONS);
    expect_file("null", "1:1-1:5 error not-an-object: config should be an object literal, but was "
                        "of type null" SECTIONS);
    expect_file("text", "1:1-1:5 error not-an-object: config should be an object literal, but was "
                        "of type string" SECTIONS);
    expect_file("12", "1:1-1:3 error not-an-object: config should be an object literal, but was "
                      "of type number" SECTIONS);
    expect_file("true", "1:1-1:5 error not-an-object: config should be an object literal, but was "
                        "of type boolean" SECTIONS);
}

static void a_list_misses_every_section(void **state)
{
    (void)state;
    struct compiled compiled;
    struct valvec_options options = valvec_options_default();
    compile_file(&compiled, SLICE("r.yml"), SLICE("- a\n- b\n"), &options);
    assert_null(compiled.program);
    assert_int_equal(compiled.diagnostics.error_count, VALVE_SECTION_COUNT);
    compiled_fini(&compiled);
}

static void all_sections_must_exist(void **state)
{
    (void)state;
    expect_file("record: {\"*\": {}}\nevent: {\"*\": {}}\nrpc: {\"*\": {}}\n",
                "1:1-1:7 error missing-presence: missing configuration section \"presence\" | "
                "files from before server version 2 lack it; add  presence: {\"*\": {allow: "
                "true}}  or a rule in place of true\n");
    expect_file("event: {\"*\": {}}\nrpc: {\"*\": {}}\npresence: {\"*\": {}}\n",
                "1:1-1:6 error missing-section: missing configuration section \"record\" | add  "
                "record: {\"*\": {}}  and then rules: what no rule covers is denied\n");
    expect_file("record:\n" REST,
                "1:8-1:8 error section-not-map: missing configuration section \"record\" | put "
                "paths under it:  record: {\"*\": {}}\n");
    expect_file("record: true\n" REST,
                "1:9-1:13 error section-not-map: missing configuration section \"record\" | put "
                "paths under it:  record: {\"*\": {}}\n");
}

static void other_sections_are_refused(void **state)
{
    (void)state;
    expect_file(COMPLETE("") "toString: {}\nrecords: {}\n",
                "6:1-6:9 error unexpected-section: unexpected configuration section \"toString\" "
                "| the sections are record, event, rpc and presence\n"
                "7:1-7:8 error unexpected-section: unexpected configuration section \"records\" | "
                "did you mean `record`?\n");
}

static void a_section_needs_its_root(void **state)
{
    (void)state;
#define ROOT " | add  \"*\": {}  to deny what no other path covers\n"
    expect_file("record: {a: {}}\n" REST,
                "1:1-1:7 error missing-root: missing root entry \"*\" for section record" ROOT);
    expect_file("record: {}\n" REST,
                "1:1-1:7 error empty-section: empty section \"record\" | add a path, at least  "
                "\"*\": {}\n"
                "1:1-1:7 error missing-root: missing root entry \"*\" for section record" ROOT);
    expect_file("record: {\"*\": null}\n" REST,
                "1:10-1:13 error missing-root: missing root entry \"*\" for section record" ROOT);
}

static void paths_are_checked(void **state)
{
    (void)state;
    expect_rule("/a", "read", "true",
                "3:3-3:4 error path-invalid: path can't start with / for path /a in section "
                "record\n");
    expect_rule("a/$-b", "read", "true",
                "3:5-3:7 error path-invalid: invalid variable name $- for path a/$-b in section "
                "record\n");
    expect_rule("\"\"", "read", "true",
                "3:4-3:4 error path-invalid: path can't be empty for path  in section record\n");
}

static void a_ruleset_is_a_map(void **state)
{
    (void)state;
    expect_file(COMPLETE("  a: true\n"),
                "3:6-3:10 error ruleset-not-map: ruleset of path a in section record should be an "
                "object literal, but was of type boolean | write rule types below the path, each "
                "with its rule\n");
#define UNNAMED                                                                                    \
    " error ruleset-unnamed: unknown rule type 0 in section record | name what the rule is for "   \
    "below the path, for example  read: \"...\"\n"
    expect_file(COMPLETE("  a: user.id\n"), "3:6-3:13" UNNAMED);
    expect_file(COMPLETE("  a: [true]\n"), "3:6-3:12" UNNAMED);
#undef UNNAMED
    expect_file(COMPLETE("  a:\n  b: {}\n"), "");
}

static void rule_types_are_known(void **state)
{
    (void)state;
    expect_rule("a", "raed", "true",
                "4:5-4:9 error unknown-rule-type: unknown rule type raed in section record | did "
                "you mean `read`?\n");
    expect_rule("a", "publish", "true",
                "4:5-4:12 error unknown-rule-type: unknown rule type publish in section record | "
                "record has the rule types create, read, write, delete, listen, notify\n");
}

static void a_rule_is_a_text_or_a_boolean(void **state)
{
    (void)state;
    expect_rule("a", "read", "5",
                "4:11-4:12 error rule-not-text: rule must be a string | this is a number: write "
                "true, false or an expression in quotes\n");
    expect_rule("a", "read", "2001-12-14",
                "4:11-4:21 error rule-not-text: rule must be a string | this is a date: write "
                "true, false or an expression in quotes\n");
    expect_rule("a", "read", "[user.id]",
                "4:11-4:20 error rule-unquoted: rule must be a string" QUOTES);
}

/* ---- names ---- */

static void unknown_names_are_warnings_with_a_suggestion(void **state)
{
    (void)state;
    expect_rule("a", "write", "usr.id === 'a'",
                "4:12-4:15 warning unknown-name: unknown name `usr` | did you mean `user`?\n");
    expect_rule("a/$owner", "write", "$ownr === owner",
                "4:12-4:17 warning unknown-name: unknown name `$ownr` | did you mean `$owner`?\n"
                "4:22-4:27 warning unknown-name: unknown name `owner` | did you mean `$owner`?\n");
    expect_rule("a", "write", "$nobody === 'a'",
                "4:12-4:19 warning unknown-name: unknown name `$nobody` | a variable must stand "
                "in the path of the rule\n");
    expect_rule("a", "write", "LISTEN === 'a'",
                "4:12-4:18 warning unknown-name: unknown name `LISTEN` | texts stand in quotes; "
                "where the name is reached, the request is refused with an error\n");
    expect_rule("a", "write", "yes",
                "4:12-4:15 warning not-a-boolean: `yes` is not a boolean | did you mean `true`?\n");
    expect_rule("a", "write", "Off",
                "4:12-4:15 warning not-a-boolean: `Off` is not a boolean | did you mean "
                "`false`?\n");
}

static void an_option_makes_unknown_names_errors(void **state)
{
    (void)state;
    struct valvec_options options = valvec_options_default();
    options.unknown_names_are_errors = true;
    expect_rule_with(&options, "a", "write", "usr.id === 'a'",
                     "4:12-4:15 error unknown-name: unknown name `usr` | did you mean `user`?\n");
}

static void names_of_javascript_are_errors(void **state)
{
    (void)state;
    expect_rule("a", "write", "process.env.A === 'a'",
                "4:12-4:19 error global-name: `process` is not available in rules | rules see "
                "user, data, oldData, now, action, name, the variables of their path and "
                "_(name)\n");
}

static void data_is_only_where_there_is_data(void **state)
{
    (void)state;
    expect_rule("a", "read", "data.x",
                "4:11-4:15 error data-unsupported: rule read for record does not support data | "
                "data is what write, publish and request carry\n");
    expect_rule("a", "create", "\"!oldData\"",
                "4:15-4:22 error old-data-unsupported: rule create for record does not support "
                "oldData | only read, write and delete of a record have oldData; another record "
                "is _('name')\n");
    expect_rule("a", "read", "\"user.data['data'] === 'data' || {data: 1}.data === 1\"", "");
}

static void the_reference_function_is_no_value(void **state)
{
    (void)state;
#define CALL_IT " | call it with the name of a record: _('name')\n"
    expect_rule("a", "read", "_ === 1",
                "4:11-4:12 error reference-not-called: `_` is not a value" CALL_IT);
    expect_rule("a", "read", "_.a",
                "4:11-4:12 error reference-not-called: `_` is not a value" CALL_IT);
    expect_rule("a", "read", "(_)('a')",
                "4:12-4:13 error reference-not-called: `_` is not a value" CALL_IT);
}

/* ---- calls ---- */

static void only_the_methods_of_the_language_can_be_called(void **state)
{
    (void)state;
    expect_rule("a", "read", "name.contains('a')",
                "4:16-4:24 error unsupported-function: function contains is not supported | did "
                "you mean `includes`?\n");
    expect_rule("a", "read", "name.tolowercase()",
                "4:16-4:27 error unsupported-function: function tolowercase is not supported | "
                "did you mean `toLowerCase`?\n");
    expect_rule("a", "read", "name.frobnicate()",
                "4:16-4:26 error unsupported-function: function frobnicate is not supported | "
                "there are _(name), startsWith, endsWith, includes, indexOf, match, toUpperCase, "
                "toLowerCase and trim\n");
    expect_rule("a", "read", "parseInt(name) > 3",
                "4:11-4:19 error unsupported-function: function parseInt is not supported | there "
                "are _(name), startsWith, endsWith, includes, indexOf, match, toUpperCase, "
                "toLowerCase and trim\n");
    expect_rule("a", "read", "user._('a')",
                "4:16-4:17 error unsupported-function: function _ is not supported | there are "
                "_(name), startsWith, endsWith, includes, indexOf, match, toUpperCase, "
                "toLowerCase and trim\n");
}

static void nothing_else_can_be_called(void **state)
{
    (void)state;
#define METHOD " | write value.method(...), without parentheses around it\n"
    expect_rule("a", "read", "(name.trim)()",
                "4:12-4:21 error not-callable: only a method or `_` can be called" METHOD);
    expect_rule("a", "read", "user[name]()",
                "4:11-4:21 error not-callable: only a method or `_` can be called" METHOD);
    expect_rule("a", "read", "name.trim()()",
                "4:11-4:22 error not-callable: only a method or `_` can be called" METHOD);
}

/* ---- regular expressions ---- */

static void regular_expressions_belong_to_match(void **state)
{
    (void)state;
#define WRITE_MATCH " | write text.match(/.../)\n"
    expect_rule("a", "read", "name === /a/",
                "4:20-4:23 error misplaced-regex: a regular expression can only be the argument "
                "of match" WRITE_MATCH);
    expect_rule("a", "read", "name.startsWith(/a/)",
                "4:27-4:30 error misplaced-regex: a regular expression can only be the argument "
                "of match" WRITE_MATCH);
    expect_rule("a", "read", "name.match('a', /a/)",
                "4:27-4:30 error misplaced-regex: a regular expression can only be the argument "
                "of match" WRITE_MATCH);
}

static void patterns_are_compiled_when_the_file_is(void **state)
{
    (void)state;
    expect_rule("a", "read", "name.match(/ab(c/)",
                "4:27-4:28 error bad-regex: invalid regular expression: unterminated group\n");
    expect_rule("a", "read", "name.match(/ab/gg)",
                "4:27-4:28 error bad-regex: invalid regular expression: flag given twice\n");
    expect_rule("a", "read", "name.match('ab(c')",
                "4:27-4:28 error bad-regex: invalid regular expression: unterminated group\n");
    expect_rule("a", "read", "|-\n      name\n        .match('\\\\b(c')",
                "6:16-6:23 error bad-regex: invalid regular expression: unterminated group\n");
}

static void match_needs_a_pattern_that_is_known(void **state)
{
    (void)state;
    expect_rule("a", "read", "name.match()",
                "4:16-4:23 error match-without-pattern: match needs a pattern" WRITE_MATCH);
    expect_rule("a", "write", "name.match(data.p)",
                "4:23-4:29 warning computed-pattern: the pattern of this match is only known when "
                "a request comes | write it as /.../: what clients choose can be costly, and is "
                "an error above 256 characters\n");
}

/* ---- references ---- */

static void references_nested_too_deeply_are_pointed_out(void **state)
{
    (void)state;
    expect_rule("a", "read", "_(_(_('a').b).c).d",
                "4:11-4:27 warning reference-depth: this reference is nested 3 deep, more than "
                "maxRuleIterations 3 allows | it always fails; set maxRuleIterations to 4 or "
                "more\n");
    struct valvec_options options = valvec_options_default();
    options.max_rule_iterations = 0;
    expect_rule_with(&options, "a", "read", "_(_(_('a').b).c).d", "");
}

/* ---- all at once ---- */

static void all_errors_of_a_file_are_reported_in_order(void **state)
{
    (void)state;
    expect_file(COMPLETE("  a: {raed: true, read: data.x}\n  /b: {}\n"),
                "3:7-3:11 error unknown-rule-type: unknown rule type raed in section record | did "
                "you mean `read`?\n"
                "3:25-3:29 error data-unsupported: rule read for record does not support data | "
                "data is what write, publish and request carry\n"
                "4:3-4:4 error path-invalid: path can't start with / for path /b in section "
                "record\n");
}

static void what_an_alias_repeats_is_reported_once(void **state)
{
    (void)state;
    expect_file(COMPLETE("  a: &a {read: data.x}\n  b: *a\n"),
                "3:16-3:20 error data-unsupported: rule read for record does not support data | "
                "data is what write, publish and request carry\n");
}

/* ---- lints; all others have their cases in tests/rules/lint ---- */

/* The beginnings of these paths do not tell them apart. */
static void comparing_paths_is_bounded(void **state)
{
    (void)state;
    struct buf text = BUF_EMPTY;
    struct valvec_options options = valvec_options_default();
    options.lint = true;
    buf_append(&text, SLICE("# valvec: allow-file missing-rule-type\nrecord:\n  \"*\": {}\n"));
    for (int i = 0; i < 600; i++)
        buf_printf(&text, "  $a*/p%03d*: {read: $a === user.id}\n", i);
    buf_append(&text, SLICE(REST));
    expect_file_with(&options, "r.yml", buf_slice(&text),
                     "291:3-291:12 note paths-not-compared: too many paths begin alike: from here "
                     "on, not all that are shadowed are found | let their names begin with "
                     "different texts, or look at parts of the file\n");
    buf_fini(&text);
}

/* ---- all of them ---- */

static void every_message_about_files_and_their_meaning_is_said_above(void **state)
{
    (void)state;
    for (int i = DIAG_FILE_TOO_LARGE; i <= DIAG_REFERENCE_DEPTH; i++)
        if (!said[i])
            fail_msg("no test says `%s`", diagnostic_info((enum diagnostic_id)i)->id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_that_no_text_holds_are_refused),
        cmocka_unit_test(a_file_may_not_be_huge),
        cmocka_unit_test(environment_variables_that_are_missing_are_pointed_out),
        cmocka_unit_test(rules_that_need_quotes_are_told_so),
        cmocka_unit_test(broken_yaml_is_reported_where_it_breaks),
        cmocka_unit_test(broken_json_is_reported_as_json),
        cmocka_unit_test(a_key_may_stand_once),
        cmocka_unit_test(what_aliases_repeat_is_bounded),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(the_text_of_all_rules_is_bounded),
        cmocka_unit_test(a_rule_of_millions_of_blanks_is_read_in_one_walk),
        cmocka_unit_test(the_document_is_an_object),
        cmocka_unit_test(a_list_misses_every_section),
        cmocka_unit_test(all_sections_must_exist),
        cmocka_unit_test(other_sections_are_refused),
        cmocka_unit_test(a_section_needs_its_root),
        cmocka_unit_test(paths_are_checked),
        cmocka_unit_test(a_ruleset_is_a_map),
        cmocka_unit_test(rule_types_are_known),
        cmocka_unit_test(a_rule_is_a_text_or_a_boolean),
        cmocka_unit_test(unknown_names_are_warnings_with_a_suggestion),
        cmocka_unit_test(an_option_makes_unknown_names_errors),
        cmocka_unit_test(names_of_javascript_are_errors),
        cmocka_unit_test(data_is_only_where_there_is_data),
        cmocka_unit_test(the_reference_function_is_no_value),
        cmocka_unit_test(only_the_methods_of_the_language_can_be_called),
        cmocka_unit_test(nothing_else_can_be_called),
        cmocka_unit_test(regular_expressions_belong_to_match),
        cmocka_unit_test(patterns_are_compiled_when_the_file_is),
        cmocka_unit_test(match_needs_a_pattern_that_is_known),
        cmocka_unit_test(references_nested_too_deeply_are_pointed_out),
        cmocka_unit_test(all_errors_of_a_file_are_reported_in_order),
        cmocka_unit_test(what_an_alias_repeats_is_reported_once),
        cmocka_unit_test(comparing_paths_is_bounded),
        cmocka_unit_test(every_message_about_files_and_their_meaning_is_said_above),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
