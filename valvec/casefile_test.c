/* One entry of `tests`: its keys are taken apart, then each name is paired with each user. */

#include "casefile_reader.h"

#include "decide.h"

enum key {
#define FILE_KEY(name)
#define TEST_KEY(name) KEY_##name,
#include "casefile_keys.def"
#undef FILE_KEY
#undef TEST_KEY
    KEY_COUNT,
};

static const char *const KEY_NAMES[KEY_COUNT] = {
#define FILE_KEY(name)
#define TEST_KEY(name) #name,
#include "casefile_keys.def"
#undef FILE_KEY
#undef TEST_KEY
};

struct expectation {
    const struct case_user *user;
    enum valve_decision decision;
};

/* The entry taken apart. */
struct test_reader {
    struct case_reader *reader;
    const struct tree_node *node;
    const struct tree_node *values[KEY_COUNT]; /* NULL where a key is absent */
    const struct tree_member *question;
    struct case_test *test;
    struct valve_request request; /* what all cases share */
    const struct valve_record *records;
    size_t record_count;
    VEC(struct expectation) expectations;
};

/* ---- keys ---- */

static bool unknown_key(struct test_reader *test, const struct tree_member *member)
{
    struct casefile *file = test->reader->file;
    struct suggestion near = suggestion_for(member->key.text);
    for (unsigned i = 0; i < KEY_COUNT; i++)
        suggestion_consider(&near, slice_of(KEY_NAMES[i]));
    slice hint = case_hint(test->reader, &near,
                           "a test asks with a rule type or an action and a section, for example "
                           "`write record`");
    diagnose(&file->diagnostics, DIAG_TEST_UNKNOWN_KEY, &file->source, member->key_node->start,
             member->key_node->end, SLICE_ARGUMENTS(member->key.text), SLICE_ARGUMENTS(hint));
    return false;
}

static bool take_question(struct test_reader *test, const struct tree_member *member)
{
    struct casefile *file = test->reader->file;
    if (test->question == NULL) {
        test->question = member;
        return case_read_question(test->reader, member, &test->request);
    }
    diagnose(&file->diagnostics, DIAG_TEST_SEVERAL_QUESTIONS, &file->source,
             member->key_node->start, member->key_node->end, SLICE_ARGUMENTS(member->key.text));
    return false;
}

static bool take_member(struct test_reader *test, const struct tree_member *member)
{
    for (unsigned i = 0; i < KEY_COUNT; i++) {
        if (slice_equal(member->key.text, slice_of(KEY_NAMES[i]))) {
            test->values[i] = member->value;
            return true;
        }
    }
    if (memchr(member->key.text.at, ' ', member->key.text.length) != NULL)
        return take_question(test, member);
    return unknown_key(test, member);
}

static bool missing(struct test_reader *test, const char *what, const char *hint)
{
    struct casefile *file = test->reader->file;
    uint32_t start = test->node->start;
    diagnose(&file->diagnostics, DIAG_TEST_MISSING_KEY, &file->source, start, start, what, hint);
    return false;
}

static bool take_apart(struct test_reader *test)
{
    bool valid = true;
    for (uint32_t i = 0; i < test->node->count; i++)
        valid = take_member(test, &test->node->members[i]) && valid;
    if (!valid)
        return false;
    if (test->question == NULL)
        return missing(test, "what this test asks", "add for example  write record: NAME");
    if (test->values[KEY_expect] == NULL)
        return missing(test, "`expect`", "add  expect: allow  or deny, or error");
    return true;
}

/* ---- what is asked ---- */

static bool read_name(struct test_reader *test)
{
    const struct tree_node *node = test->values[KEY_name];
    if (node != NULL)
        return case_read_text(test->reader, node, "`name`", &test->test->name);
    test->test->name = test->question->key.text;
    return true;
}

static bool read_because(struct test_reader *test)
{
    const struct tree_node *node = test->values[KEY_because];
    return node == NULL || case_read_text(test->reader, node, "`because`", &test->test->because);
}

static bool read_payload(struct test_reader *test)
{
    const struct tree_node *data = test->values[KEY_data], *text = test->values[KEY_dataText];
    if (data != NULL && text != NULL) {
        case_report(test->reader, DIAG_TEST_DATA_TWICE, text, SLICE(""));
        return false;
    }
    if (data == NULL && text == NULL)
        return true;
    test->request.payload = VALVE_PAYLOAD_JSON;
    return data != NULL ? case_read_json(test->reader, data, &test->request.data)
                        : case_read_text(test->reader, text, "`dataText`", &test->request.data);
}

static bool read_shared(struct test_reader *test)
{
    struct case_reader *reader = test->reader;
    const struct tree_node *const *values = test->values;
    test->request.now_ms = reader->now_ms;
    test->records = reader->records;
    test->record_count = reader->record_count;
    bool valid = read_name(test);
    valid = read_because(test) && valid;
    valid = read_payload(test) && valid;
    if (values[KEY_now] != NULL)
        valid = case_read_time(reader, values[KEY_now], &test->request.now_ms) && valid;
    if (values[KEY_action] != NULL)
        valid = case_read_action(reader, values[KEY_action], &test->request) && valid;
    if (values[KEY_records] != NULL)
        valid =
            case_read_records(reader, values[KEY_records], &test->records, &test->record_count) &&
            valid;
    return valid;
}

/* ---- who asks, and what is expected ---- */

static bool read_decision(struct test_reader *test, const struct tree_node *node,
                          enum valve_decision *decision)
{
    slice word;
    if (!case_read_text(test->reader, node, "an expectation", &word))
        return false;
    struct suggestion near = suggestion_for(word);
    for (unsigned i = VALVE_ALLOW; i <= VALVE_ERROR; i++) {
        slice name = slice_of(decision_name((enum valve_decision)i));
        suggestion_consider(&near, name);
        if (slice_equal(word, name)) {
            *decision = (enum valve_decision)i;
            return true;
        }
    }
    case_report(test->reader, DIAG_TEST_UNKNOWN_DECISION, node,
                case_hint(test->reader, &near, "write allow, deny or error"));
    return false;
}

static bool add_expectation(struct test_reader *test, slice user, const struct tree_node *at,
                            enum valve_decision decision)
{
    struct expectation expectation = {case_find_user(test->reader, user, at->start, at->end),
                                      decision};
    if (expectation.user == NULL)
        return false;
    VEC_PUSH(&test->expectations, expectation);
    return true;
}

static bool expect_of_each(struct test_reader *test)
{
    const struct tree_node *expect = test->values[KEY_expect], *user = test->values[KEY_user];
    bool valid = true;
    if (user != NULL) {
        case_report(test->reader, DIAG_TEST_USER_TWICE, user, SLICE(""));
        return false;
    }
    for (uint32_t i = 0; i < expect->count; i++) {
        const struct tree_member *member = &expect->members[i];
        enum valve_decision decision;
        valid = read_decision(test, member->value, &decision) &&
                add_expectation(test, member->key.text, member->key_node, decision) && valid;
    }
    return valid;
}

static bool expect_user(struct test_reader *test, const struct tree_node *user,
                        enum valve_decision decision)
{
    slice name;
    return case_read_text(test->reader, user, "`user`", &name) &&
           add_expectation(test, name, user, decision);
}

static bool expect_of_all(struct test_reader *test)
{
    const struct tree_node *user = test->values[KEY_user];
    enum valve_decision decision;
    if (!read_decision(test, test->values[KEY_expect], &decision))
        return false;
    if (user == NULL)
        return missing(test, "who asks", "add  user: NAME, or an expectation for each user");
    if (user->kind != TREE_LIST)
        return expect_user(test, user, decision);
    bool valid = true;
    for (uint32_t i = 0; i < user->count; i++)
        valid = expect_user(test, user->items[i], decision) && valid;
    return valid;
}

static bool nothing_listed(struct test_reader *test, const struct tree_node *node)
{
    case_report(test->reader, DIAG_TEST_EMPTY_LIST, node, SLICE(""));
    return false;
}

static bool expects_errors(const struct test_reader *test)
{
    for (size_t i = 0; i < test->expectations.count; i++) {
        if (test->expectations.items[i].decision == VALVE_ERROR)
            return true;
    }
    return false;
}

static bool read_expectations(struct test_reader *test)
{
    const struct tree_node *expect = test->values[KEY_expect], *user = test->values[KEY_user];
    bool is_map = expect->kind == TREE_MAP;
    if (!(is_map ? expect_of_each(test) : expect_of_all(test)))
        return false;
    if (test->expectations.count == 0)
        return nothing_listed(test, is_map ? expect : user);
    if (test->test->because.length > 0 && !expects_errors(test)) {
        case_report(test->reader, DIAG_TEST_BECAUSE_WITHOUT_ERROR, test->values[KEY_because],
                    SLICE(""));
        return false;
    }
    return true;
}

/* ---- cases ---- */

/* oldData is the record of the name that is asked for; the first record of a name counts. */
static bool read_old_data(struct test_reader *test, struct request *request)
{
    struct case_reader *reader = test->reader;
    const struct tree_node *old = test->values[KEY_oldData];
    request->records = (struct valve_record *)(uintptr_t)test->records;
    request->record_count = test->record_count;
    if (old == NULL)
        return true;
    if (valve_rule_kind_info(request->valve.kind)->section != VALVE_SECTION_record) {
        case_report(reader, DIAG_TEST_OLD_DATA_OF_NO_RECORD, old, SLICE(""));
        return false;
    }
    struct valve_record first = {.name = request->valve.name, .exists = old->kind != TREE_NULL};
    if (!case_read_json(reader, old, &first.json))
        return false;
    size_t count = test->record_count + 1;
    request->records = arena_alloc(&reader->file->arena, count * sizeof *request->records);
    request->records[0] = first;
    if (test->record_count > 0)
        memcpy(request->records + 1, test->records, test->record_count * sizeof first);
    request->record_count = count;
    return true;
}

static bool too_many(struct test_reader *test)
{
    struct casefile *file = test->reader->file;
    if (file->cases.count + test->expectations.count <= CASEFILE_MAX_CASES)
        return false;
    diagnose(&file->diagnostics, DIAG_TEST_TOO_MANY, &file->source, test->node->start,
             test->node->start, CASEFILE_MAX_CASES);
    return true;
}

static bool add_cases(struct test_reader *test, const struct tree_node *name)
{
    struct request request = {.valve = test->request};
    request.valve.has_name = name != NULL;
    if (name != NULL && !case_read_text(test->reader, name, "a name", &request.valve.name))
        return false;
    if (too_many(test) || !read_old_data(test, &request))
        return false;
    for (size_t i = 0; i < test->expectations.count; i++) {
        const struct expectation *expectation = &test->expectations.items[i];
        request.valve.user = expectation->user->user;
        struct test_case made = {test->test, expectation->user, request, expectation->decision};
        VEC_PUSH(&test->reader->file->cases, made);
    }
    return true;
}

static bool add_all_cases(struct test_reader *test)
{
    const struct tree_node *names = test->question->value;
    bool may_lack_name =
        valve_rule_kind_info(test->request.kind)->section == VALVE_SECTION_presence;
    if (names->kind == TREE_NULL && may_lack_name)
        return add_cases(test, NULL);
    if (names->kind != TREE_LIST)
        return add_cases(test, names);
    if (names->count == 0)
        return nothing_listed(test, names);
    for (uint32_t i = 0; i < names->count; i++) {
        if (!add_cases(test, names->items[i]))
            return false;
    }
    return true;
}

bool case_read_test(struct case_reader *reader, const struct tree_node *node)
{
    struct casefile *file = reader->file;
    if (node->kind != TREE_MAP)
        return case_wrong_kind(reader, node, "a test", "a map");
    struct test_reader test = {.reader = reader, .node = node};
    test.test = arena_alloc_zeroed(&file->arena, sizeof *test.test);
    test.test->line = source_position(&file->source, node->start).line;
    bool valid = take_apart(&test);
    if (valid) {
        bool shared = read_shared(&test);
        valid = read_expectations(&test) && shared && add_all_cases(&test);
    }
    file->test_count++;
    VEC_FREE(&test.expectations);
    return valid;
}
