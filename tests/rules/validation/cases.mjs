// Rule files, good and bad. `original` is what the original's validator says ("accepted", the TEXT of
// valve.md 1.4, or "not read" when its YAML reader refuses the file). `ours` is given where valve.md
// requires something else: "accepted", or the first line of the first error.

const complete = (record) => `record:
${record.replace(/^/gm, '  ')}
event:
  "*":
    publish: true
rpc:
  "*":
    request: true
presence:
  "*":
    allow: true
`;
const rule = (type, text) => complete(`"*":\n  ${type}: ${text}`);
const path = (text) => complete(`"*":\n  read: true\n${text}:\n  read: true`);
const quoted = (type, text) => rule(type, JSON.stringify(text));

export const CASES = [
    // ---- shape of the document
    { title: 'four sections with a root each', text: rule('read', 'true'), original: 'accepted' },
    { title: 'an empty document', text: '', original: 'config should be an object literal, but was of type undefined' },
    { title: 'a text', text: 'hello', original: 'config should be an object literal, but was of type string' },
    { title: 'a number', text: '5', original: 'config should be an object literal, but was of type number' },
    { title: 'a boolean', text: 'true', original: 'config should be an object literal, but was of type boolean' },
    { title: 'null', text: 'null', original: 'crash', ours: 'config should be an object literal, but was of type null' },
    { title: 'a list', text: '- a\n- b\n', original: 'missing configuration section "record"' },
    { title: 'no presence section', text: rule('read', 'true').replace(/presence:[\s\S]*/, ''), original: 'missing configuration section "presence"' },
    { title: 'an unknown section', text: `${rule('read', 'true')}storage:\n  "*": {}\n`, original: 'unexpected configuration section "storage"' },
    { title: 'a section named like an inherited property', text: `${rule('read', 'true')}toString:\n  "*": {}\n`, original: 'accepted', ours: 'unexpected configuration section "toString"' },
    { title: 'an empty section', text: rule('read', 'true').replace(/rpc:\n[\s\S]*?presence/, 'rpc: {}\npresence'), original: 'empty section "rpc"' },
    { title: 'a section that is null', text: rule('read', 'true').replace(/rpc:\n[\s\S]*?presence/, 'rpc:\npresence'), original: 'crash', ours: 'missing configuration section "rpc"' },
    { title: 'no root entry', text: complete('"a/*":\n  read: true'), original: 'missing root entry "*" for section record' },
    { title: 'a root entry that is false', text: complete('"*": false'), original: 'missing root entry "*" for section record' },
    { title: 'an empty root entry', text: complete('"*": {}'), original: 'accepted' },
    { title: 'a path without rules', text: complete('"*": {}\n"a": {}\n"b":'), original: 'accepted' },
    { title: 'a rule type of another section', text: rule('publish', 'true'), original: 'unknown rule type publish in section record' },
    { title: 'a misspelt rule type', text: rule('raed', 'true'), original: 'unknown rule type raed in section record' },
    { title: 'a ruleset that is true', text: complete('"*": {}\n"a": true'), original: 'accepted', ours: 'ruleset' },
    { title: 'a ruleset that is a text', text: complete('"*": {}\n"a": yes'), original: 'unknown rule type 0 in section record' },

    // ---- paths
    { title: 'an empty path', text: path('""'), original: "path can't be empty for path  in section record", ours: "path can't be empty" },
    { title: 'a path with a leading slash', text: path('"/a"'), original: "path can't start with / for path /a in section record" },
    { title: 'a variable without a name', text: path('"a/$-x"'), original: 'invalid variable name $- for path a/$-x in section record' },
    { title: 'a dollar sign at the end', text: path('"a$"'), original: 'accepted' },
    { title: 'a path that is no regular expression', text: path('"a(b"'), original: 'accepted', ours: 'error' },
    { title: 'a path with regular expression characters', text: path('"posts/.*"'), original: 'accepted' },
    { title: 'a number as a path', text: path('123'), original: 'accepted' },
    { title: 'a path given twice', text: complete('"*":\n  read: true\n"a":\n  read: true\n"a":\n  read: false'), original: 'not read', ours: 'error' },

    // ---- values of rules
    { title: 'a number as a rule', text: rule('read', '5'), original: 'rule must be a string' },
    { title: 'null as a rule', text: rule('read', 'null'), original: 'rule must be a string' },
    { title: 'nothing as a rule', text: rule('read', ''), original: 'rule must be a string' },
    { title: 'a list as a rule', text: rule('read', '[a]'), original: 'rule must be a string' },
    { title: 'a map as a rule', text: rule('read', '{a: b}'), original: 'rule must be a string' },
    { title: 'a date as a rule', text: rule('read', '2001-12-14'), original: 'rule must be a string' },
    { title: 'an empty text as a rule', text: rule('read', '""'), original: "rule can't be empty" },
    { title: 'blanks as a rule', text: rule('read', '"   "'), original: 'accepted', ours: "rule can't be empty" },
    { title: 'a comment as a rule', text: quoted('read', '/* nothing */'), original: 'accepted', ours: "rule can't be empty" },
    { title: 'yes is a text, not a boolean', text: rule('read', 'yes'), original: 'accepted' },
    { title: 'TRUE is a boolean', text: rule('read', 'TRUE'), original: 'accepted' },
    { title: 'a quoted true is an expression', text: rule('read', '"true"'), original: 'accepted' },

    // ---- forbidden words, rightly and wrongly
    { title: 'new', text: quoted('read', 'new Date() > 5'), original: "rule can't contain the new keyword" },
    { title: 'new inside a text', text: quoted('read', "name === 'a new thing'"), original: "rule can't contain the new keyword", ours: 'accepted' },
    { title: 'an arrow function', text: quoted('read', '(() => true)()'), original: "rule can't contain user functions" },
    { title: 'a function', text: quoted('read', '(function () { return true })()'), original: "rule can't contain user functions" },
    { title: 'an arrow inside a text', text: quoted('read', "name !== 'a => b'"), original: "rule can't contain user functions", ours: 'accepted' },
    { title: 'an unknown function', text: quoted('read', "name.replace('a', 'b') === 'b'"), original: 'function replace is not supported' },
    { title: 'a global function', text: quoted('read', 'parseInt(name) > 5'), original: 'function parseInt is not supported', ours: 'error' },
    { title: 'a group after a word in a regular expression', text: quoted('read', 'name.match(/^abc(def)?$/)'), original: 'function abc is not supported', ours: 'accepted' },
    { title: 'typeof with parentheses', text: quoted('read', "typeof(name) === 'string'"), original: 'function typeof is not supported', ours: 'accepted' },
    { title: 'a call inside a text', text: quoted('read', "name !== 'f (x)'"), original: 'function f is not supported', ours: 'accepted' },
    { title: 'a syntax error', text: quoted('read', 'name ==='), original: 'SyntaxError:', ours: 'error' },
    { title: 'two statements', text: quoted('read', 'true; false'), original: 'accepted', ours: 'error' },
    { title: 'a return statement', text: quoted('read', 'return true'), original: 'accepted', ours: 'error' },
    { title: 'a trailing semicolon', text: quoted('read', "name === 'a';"), original: 'accepted' },
    { title: 'an object literal first', text: quoted('read', '{a: 1, b: 2}[name] === 1'), original: 'SyntaxError:', ours: 'accepted' },

    // ---- data and oldData
    { title: 'data in read', text: quoted('read', 'data.a === 1'), original: 'rule read for record does not support data' },
    { title: 'data in create', text: quoted('create', 'data.a === 1'), original: 'rule create for record does not support data' },
    { title: 'oldData in create', text: quoted('create', 'oldData.a === 1'), original: 'rule create for record does not support oldData' },
    { title: 'oldData as the last word of create', text: quoted('create', '!oldData'), original: 'accepted', ours: 'rule create for record does not support oldData' },
    { title: 'data as a member', text: quoted('read', 'user.data.a === 1'), original: 'accepted' },
    { title: 'data inside a text', text: quoted('read', "name === 'data/x'"), original: 'rule read for record does not support data', ours: 'accepted' },
    { title: 'data as a key', text: quoted('read', "user['data'] !== null"), original: 'rule read for record does not support data', ours: 'accepted' },
    { title: 'data and oldData in write', text: quoted('write', 'data.a > oldData.a'), original: 'accepted' },
    { title: 'oldData in read', text: quoted('read', 'oldData.a === 1'), original: 'accepted' },

    // ---- YAML itself
    { title: 'tab indentation', text: 'record:\n\t"*":\n\t\tread: true\n', original: 'missing configuration section "event"', ours: 'error' },
    { title: 'two documents', text: `${rule('read', 'true')}---\na: 1\n`, original: 'not read', ours: 'error' },
    { title: 'an undefined alias', text: rule('read', '*nobody'), original: 'not read', ours: 'error' },
    { title: 'an unknown tag', text: rule('read', '!mine true'), original: 'not read', ours: 'error' },
    { title: 'a rule that begins with an exclamation mark', text: rule('read', '!user.data'), original: 'not read', ours: 'error' },
    { title: 'a rule that begins with a quote', text: rule('read', "'a' === name"), original: 'not read', ours: 'error' },
    { title: 'a rule with a colon and a blank', text: rule('read', 'name === "a" ? true : false'), original: 'not read', ours: 'error' },
    { title: 'an anchor and its alias', text: complete('"*":\n  read: &open true\n  write: *open'), original: 'accepted' },
    { title: 'a merge key', text: complete('"*": &all\n  read: true\n  write: true\n"a":\n  <<: *all\n  write: false'), original: 'accepted' },
    { title: 'a folded rule', text: rule('read', '>\n      user.id === name &&\n      user.isAuthenticated'), original: 'accepted' },
    { title: 'a literal rule', text: rule('read', '|\n      user.id === name\n      && user.isAuthenticated\n'), original: 'accepted' },
    { title: 'CRLF line ends', text: rule('read', 'true').replaceAll('\n', '\r\n'), original: 'accepted' },
    { title: 'a byte order mark', text: `\ufeff${rule('read', 'true')}`, original: 'accepted' },
    { title: 'a document start and end', text: `%YAML 1.2\n---\n${rule('read', 'true')}...\n`, original: 'accepted' },
    { title: 'JSON', text: JSON.stringify({ record: { '*': { read: "name === 'a/b'" } }, event: { '*': {} }, rpc: { '*': {} }, presence: { '*': {} } }), original: 'accepted' },
    { title: 'JSON with tabs', text: JSON.stringify({ record: { '*': { read: true } }, event: { '*': {} }, rpc: { '*': {} }, presence: { '*': {} } }, null, '\t'), original: 'accepted' },
];
