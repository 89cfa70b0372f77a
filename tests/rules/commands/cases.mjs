// What the commands promise: exit codes, what goes to which stream, the form of results.
// Cases run in this order in one folder that holds FILES; later ones use what earlier ones wrote.

export const FILES = {
    'rules.yml': `record:
  "*":
    read: true
    write: "user.id === data.owner && (oldData === null || oldData.owner === user.id)"
  "room/$room":
    write: "_('member/' + $room + '/' + user.id).ok === true"
  "room/*":
    delete: "user.data.role === 'admin' ? true : false"
event: {"*": {publish: "data.text.trim().length"}}
rpc: {"*": {}}
presence: {"*": {allow: "user.isAuthenticated"}}
`,
    'broken.yml': 'record: {"*": {write: "user.id = data"}}\nevent: {"*": {}}\nrpc: {"*": {}}\npresence: {"*": {}}\n',
    'damaged.vbc': Buffer.from('\x89VBC\r\n\x1a\n and nothing more', 'latin1'),
    'requests.jsonl': [
        { section: 'record', rule: 'read', name: 'x' },
        { section: 'record', action: 'UPDATE', name: 'x', user: { id: 'ann' }, data: { owner: 'ann' }, oldData: { owner: 'bob' } },
        { section: 'record', rule: 'write', action: 18, name: 'room/7', user: { id: 'ann' }, records: { 'member/7/ann': { ok: true } } },
        { section: 'record', rule: 'write', name: 'room/7', user: { id: 'ann' } },
    ].map((request) => JSON.stringify(request)).join('\n') + '\nno request\n',
    'allowed.jsonl': '{"section":"record","rule":"read","name":"x"}\n',
};

let compiled; // what an earlier case wrote

const evaluate = (request, ...options) => ['eval', 'rules.yml', typeof request === 'string' ? request : JSON.stringify(request), ...options];

/** Whether the only line of output is a result that has these fields. */
const result = (fields) => (text) => {
    const said = JSON.parse(text);
    return Object.entries(fields).every(([key, value]) => JSON.stringify(said[key]) === JSON.stringify(value));
};

const error = (message) => result({ decision: 'error', pattern: '', rule: '', line: 0, column: 0, rounds: 0, loaded: [], message });

const CHECK = [
    { title: 'check of good rules', args: ['check', 'rules.yml'], exit: 0, stdout: 'rules.yml: 6 rules, no errors\n', stderr: '' },
    { title: 'check --quiet says nothing of good rules', args: ['check', '-q', 'rules.yml'], exit: 0, stdout: '', stderr: '' },
    { title: 'check reports errors on standard error', args: ['check', 'broken.yml'], exit: 3, stdout: '', stderr: /^broken\.yml:1:32: error: .*\n.*\n +\| +\^.*\n(?:.*\n)+$/ },
    { title: 'check goes on after a bad file', args: ['check', 'broken.yml', 'rules.yml'], exit: 3, stdout: /rules\.yml: 6 rules/, stderr: /broken\.yml:1/ },
    { title: 'a file that is missing outweighs bad rules', args: ['check', 'broken.yml', 'missing.yml'], exit: 4, stderr: /valvec: cannot read missing\.yml: No such file or directory\n/ },
    { title: 'check --json prints an object on standard output', args: ['check', '--json', 'broken.yml'], exit: 3, stdout: (text) => typeof JSON.parse(text) === 'object' },
    { title: 'check of a damaged program', args: ['check', 'damaged.vbc'], exit: 3, stdout: '', stderr: /^valvec: damaged\.vbc: .+\n$/ },
    { title: 'check reads standard input', args: ['check', '-'], input: FILES['rules.yml'], exit: 0, stdout: '<stdin>: 6 rules, no errors\n' },
    { title: 'colours on demand', args: ['check', '--color=always', 'broken.yml'], exit: 3, stderr: /\x1b\[/ },
    { title: 'no colours without a terminal', args: ['check', 'broken.yml'], exit: 3, stderr: /^[^\x1b]*$/ },
];

const COMPILE = [
    { title: 'compile writes beside the rules', args: ['compile', 'rules.yml'], exit: 0, stdout: /^rules\.vbc: 6 rules, \d+ bytes\n$/, stderr: '' },
    { title: 'compile writes where -o says', args: ['compile', 'rules.yml', '-o', 'again.vbc'], exit: 0, stdout: /^again\.vbc: / },
    { title: 'compile to standard output', args: ['compile', 'rules.yml', '-o', '-'], exit: 0, stdout: (bytes) => { compiled = bytes; return bytes.includes('VBC'); } },
    { title: 'compile gives the same bytes wherever the rules are', args: ['compile', './rules.yml', '-o', '-'], environment: { TZ: 'Asia/Tokyo', LC_ALL: 'C' }, exit: 0, stdout: (bytes) => bytes === compiled },
    { title: 'compile --json', args: ['compile', 'rules.yml', '--json'], exit: 0, stdout: (text) => JSON.parse(text).rules === 6 },
    { title: 'compile of bad rules', args: ['compile', 'broken.yml'], exit: 3, stdout: '', stderr: /broken\.yml:1:32: error: / },
    { title: 'compile to a folder that does not exist', args: ['compile', 'rules.yml', '-o', 'no/where.vbc'], exit: 4, stdout: '', stderr: /valvec: cannot write no\/where\.vbc: / },
    { title: 'compile never replaces the rules', args: ['compile', 'rules.yml', '-o', './rules.yml'], exit: 2, stderr: /^valvec compile: the program would take the place of rules\.yml\n/ },
    { title: 'check of a program', args: ['check', 'rules.vbc'], exit: 0, stdout: 'rules.vbc: 6 rules, no errors\n' },
    { title: 'disasm of rules', args: ['disasm', 'rules.yml'], exit: 0, stdout: /record\/write `room\/\$room`[^\n]*\n(?: +\d+ [^\n]*\n)*.*CROSS_REFERENCE.*_\('member\/' \+ \$room \+ '\/' \+ user\.id\)\n/ },
    { title: 'disasm of a program', args: ['disasm', 'rules.vbc'], exit: 0, stdout: /record\/write `room\/\$room`/ },
    { title: 'disasm --json is one object a rule', args: ['disasm', '--json', 'rules.vbc'], exit: 0, stdout: (text) => text.trimEnd().split('\n').map((line) => JSON.parse(line)).length === 6 },
    { title: 'disasm of a path', args: ['disasm', '--path', 'room/*', 'rules.yml'], exit: 0, stdout: /^record\/delete `room\/\*`/ },
];

const RESULTS = [
    '{"decision":"allow","value":true,"pattern":"*","rule":"read","line":3,"column":11,"rounds":1,"loaded":[]}',
    '{"decision":"deny","value":false,"pattern":"*","rule":"write","line":4,"column":13,"rounds":2,"loaded":["x"]}',
    '{"decision":"allow","value":true,"pattern":"room/$room","rule":"write","line":6,"column":13,"rounds":2,"loaded":["member/7/ann"]}',
    '{"decision":"error","value":{"$":"undefined"},"pattern":"room/$room","rule":"write","line":6,"column":13,"rounds":2,"loaded":["member/7/ann"],"message":"TypeError: Cannot read properties of null (reading \'ok\')"}',
    '{"decision":"error","value":{"$":"undefined"},"pattern":"","rule":"","line":0,"column":0,"rounds":0,"loaded":[],"message":"the request is not JSON: expected a value at byte 0"}',
].join('\n') + '\n';

const presence = { section: 'presence', rule: 'allow' };
const publish = { section: 'event', rule: 'publish', name: 'e' };

const EVAL = [
    { title: 'eval prints a result for each line, in order', args: ['eval', 'rules.yml', '--requests', 'requests.jsonl'], exit: 1, stdout: RESULTS, stderr: '' },
    { title: 'eval of a program gives the same', args: ['eval', 'rules.vbc', '--requests', 'requests.jsonl'], exit: 1, stdout: RESULTS },
    { title: 'eval reads requests from standard input', args: ['eval', 'rules.yml', '-'], input: FILES['requests.jsonl'], exit: 1, stdout: RESULTS },
    { title: 'eval --requests - does too', args: ['eval', 'rules.yml', '--requests', '-'], input: FILES['requests.jsonl'], exit: 1, stdout: RESULTS },
    { title: 'eval reads rules from standard input', args: ['eval', '-', '--requests', 'requests.jsonl'], input: FILES['rules.yml'], exit: 1, stdout: RESULTS },
    { title: 'all allowed ends with 0', args: ['eval', 'rules.yml', '-r', 'allowed.jsonl'], exit: 0, stdout: result({ decision: 'allow' }) },
    { title: 'no requests at all', args: ['eval', 'rules.yml', '-'], input: '', exit: 0, stdout: '' },
    { title: 'an empty line is no request', args: ['eval', 'rules.yml', '-'], input: '\n', exit: 1, stdout: /"decision":"error"/ },
    { title: 'a last line without line feed', args: ['eval', 'rules.yml', '-'], input: '{"section":"record","rule":"read","name":"x"}', exit: 0, stdout: result({ decision: 'allow' }) },
    { title: 'what no rule covers is denied', args: evaluate({ section: 'rpc', rule: 'provide', name: 'f' }), exit: 1, stdout: result({ decision: 'deny', value: { $: 'undefined' }, pattern: '', rule: 'provide', line: 0, column: 0, rounds: 1, loaded: [], message: undefined }) },
    { title: 'without a user the anonymous one asks', args: evaluate(presence), exit: 1, stdout: result({ decision: 'deny', value: false }) },
    { title: 'a user is authenticated unless told otherwise', args: evaluate({ ...presence, user: { id: 'ann' } }), exit: 0, stdout: result({ decision: 'allow' }) },
    { title: 'a user who is told not to be authenticated', args: evaluate({ ...presence, user: { id: 'ann', isAuthenticated: false } }), exit: 1 },
    { title: 'a truthy value allows', args: evaluate({ ...publish, data: { text: ' hi ' } }), exit: 0, stdout: result({ decision: 'allow', value: 2 }) },
    { title: '--strict wants true', args: evaluate({ ...publish, data: { text: ' hi ' } }, '--strict'), exit: 1, stdout: result({ decision: 'deny', value: 2 }) },
    { title: 'a payload that is no JSON is an error of the rule', args: evaluate({ ...publish, dataText: '{' }), exit: 1, stdout: result({ decision: 'error', pattern: '*', rule: 'publish' }) },
    { title: 'a lone surrogate reaches the rule', args: evaluate('{"section":"event","rule":"publish","name":"e","data":{"text":"\\ud800"}}'), exit: 0, stdout: result({ value: 1 }) },
    { title: 'oldData null: no such record', args: evaluate({ section: 'record', rule: 'write', name: 'x', user: { id: 'ann' }, data: { owner: 'ann' }, oldData: null, records: { x: { owner: 'bob' } } }), exit: 0, stdout: result({ loaded: ['x'] }) },
    { title: 'without oldData the record of that name counts', args: evaluate({ section: 'record', rule: 'write', name: 'x', user: { id: 'ann' }, data: { owner: 'ann' }, records: { x: { owner: 'bob' } } }), exit: 1, stdout: result({ decision: 'deny', loaded: ['x'] }) },
    { title: '--max-rule-iterations 1 forbids references', args: ['eval', 'rules.yml', '--requests', '-', '--max-rule-iterations', '1'], input: FILES['requests.jsonl'].split('\n')[2], exit: 1, stdout: result({ decision: 'error' }) },
    { title: 'rule and action disagree', args: evaluate({ ...publish, action: 'SUBSCRIBE' }), exit: 1, stdout: error('action "SUBSCRIBE" asks the rule "subscribe", not "publish"') },
    { title: 'an action that there is not', args: evaluate({ section: 'event', action: 99, name: 'e' }), exit: 1, stdout: error('event has no action 99') },
    { title: 'a rule that there is not', args: evaluate({ section: 'event', rule: 'write', name: 'e' }), exit: 1, stdout: error('event has no rule "write"') },
    { title: 'neither rule nor action', args: evaluate({ section: 'event', name: 'e' }), exit: 1, stdout: error('`rule` or `action` must be given') },
    { title: 'a section that there is not', args: evaluate({ section: 'topic', rule: 'write' }), exit: 1, stdout: error('`section` must be record, event, rpc or presence') },
    { title: 'no name', args: evaluate({ section: 'event', rule: 'publish' }), exit: 1, stdout: error('`name` is missing') },
    { title: 'a name that is no text', args: evaluate({ ...publish, name: 5 }), exit: 1, stdout: error('`name` must be a text') },
    { title: 'data twice', args: evaluate({ ...publish, data: 1, dataText: '1' }), exit: 1, stdout: error('`data` and `dataText` exclude each other') },
    { title: 'a request that is no object', args: evaluate('[]'), exit: 1, stdout: error('a request must be an object') },
    { title: 'requests that cannot be read', args: ['eval', 'rules.yml', '--requests', 'missing.jsonl'], exit: 4, stdout: '', stderr: 'valvec: cannot read missing.jsonl: No such file or directory\n' },
    { title: 'rules that are broken', args: ['eval', 'broken.yml', '--requests', 'requests.jsonl'], exit: 3, stdout: '', stderr: /broken\.yml:1:32: error: / },
    { title: 'output that cannot be written', args: ['eval', 'rules.yml', '--requests', 'allowed.jsonl'], output: '/dev/full', exit: 4, stderr: 'valvec: cannot write standard output: No space left on device\n' },
];

const denied = { section: 'record', rule: 'write', name: 'x', user: { id: 'ann' }, data: { owner: 'ann' }, oldData: { owner: 'bob' } };
const EXPLANATION = `deny: record/write of \`x\`
  rule at rules.yml:4:13, path \`*\`
  user.id === data.owner && (oldData === null || oldD...  false
    user.id === data.owner                                true
      user.id                                             "ann"
        user                                              {"isAuthenticated":true,"id":"ann","data":null}
      data.owner                                          "ann"
        data                                              {"owner":"ann"}
    oldData === null || oldData.owner === user.id         false
      oldData === null                                    false   <- decided
        oldData                                           {"owner":"bob"}
      oldData.owner === user.id                           false   <- decided
        oldData.owner                                     "bob"
          oldData                                         {"owner":"bob"}
        user.id                                           "ann"
          user                                            {"isAuthenticated":true,"id":"ann","data":null}
  record \`x\` {"owner":"bob"}
  evaluated 2 times, until all records were there
`;

const EXPLAIN = [
    { title: 'explain shows the value of every part', args: evaluate(denied, '--explain'), exit: 1, stdout: EXPLANATION },
    { title: 'explain works for programs', args: ['eval', 'rules.vbc', JSON.stringify(denied), '-e'], exit: 1, stdout: EXPLANATION },
    { title: 'explain --json has the tree', args: evaluate(denied, '--explain', '--json'), exit: 1, stdout: (text) => JSON.parse(text).decidedBy.map(({ source }) => source).join() === 'oldData === null,oldData.owner === user.id' && JSON.parse(text).tree.parts.length === 2 },
    { title: 'explain shows what failed', args: evaluate({ section: 'record', rule: 'delete', name: 'room/7' }, '-e'), exit: 1, stdout: /user\.data\.role +error {3}<- failed\n +user\.data +null\n/ },
    { title: 'explain shows what was not evaluated', args: evaluate({ ...denied, data: { owner: 'eve' } }, '-e'), exit: 1, stdout: /oldData === null \|\| oldData\.owner === user\.id +not evaluated\n/ },
    { title: 'the condition decides between true and false', args: evaluate({ section: 'record', rule: 'delete', name: 'room/7', user: { id: 'a', data: { role: 'x' } } }, '-e'), exit: 1, stdout: /user\.data\.role === 'admin' +false {3}<- decided\n/ },
    { title: 'explain says which paths lost', args: evaluate({ section: 'record', rule: 'write', name: 'room/7', user: { id: 'ann' } }, '-e'), exit: 1, stdout: /path `\*` \(line 2\) matches too, but a longer path counts before it\n {2}path `room\/\*` \(line 7\) matches too, but has no rule for this\n/ },
    { title: 'explain says when no rule covers a name', args: evaluate({ section: 'record', rule: 'notify', name: 'room/7' }, '-e'), exit: 1, stdout: /^deny: record\/notify of `room\/7`\n {2}no rule covers it, .*\n {2}path `\*` \(line 2\) matches, but has no rule for this\n/ },
];

const BENCH = [
    {
        title: 'bench --json ends with the numbers', args: ['bench', 'rules.yml', '-r', 'allowed.jsonl', '--json', '--seconds', '0.05'], exit: 0,
        stdout: (text) => ['median_ns', 'p99_ns', 'per_second', 'requests', 'steps', 'arena_bytes'].every((key) => typeof JSON.parse(text)[key] === 'number') && JSON.parse(text).requests === 1,
    },
    { title: 'bench for people', args: ['bench', 'rules.vbc', '-r', 'allowed.jsonl', '--seconds', '0.05'], exit: 0, stdout: /^requests +1 \(1 allowed, 0 denied, 0 failed\)\nmedian +[\d.]+ ns per decision/ },
    { title: 'bench of a line that is no request', args: ['bench', 'rules.yml', '-r', 'requests.jsonl'], exit: 4, stdout: '', stderr: /^valvec: requests\.jsonl:5: the request is not JSON: / },
];

const USAGE = [
    { title: '--help lists the commands', args: ['--help'], exit: 0, stdout: /^usage: valvec COMMAND.*\n(?:.*\n)* {2}check .*\n(?:.*\n)* {2}eval /, stderr: '' },
    { title: 'help CMD and CMD --help are the same', args: ['help', 'eval'], exit: 0, stdout: /^usage: valvec eval \[OPTION\.\.\.\] FILE/ },
    { title: 'CMD --help', args: ['bench', '--help'], exit: 0, stdout: /--seconds N/ },
    { title: '--version', args: ['--version'], exit: 0, stdout: /^valvec \d+\.\d+\.\d+ \(program format \d+\)\n$/ },
    { title: 'no command', args: [], exit: 2, stdout: '', stderr: 'valvec: expected a command\nsee: valvec --help\n' },
    { title: 'an unknown command', args: ['chek'], exit: 2, stdout: '', stderr: "valvec: unknown command 'chek', did you mean 'check'?\nsee: valvec --help\n" },
    { title: 'an unknown option', args: ['eval', 'rules.yml', '--request=x'], exit: 2, stdout: '', stderr: "valvec eval: unknown option '--request', did you mean '--requests'?\nsee: valvec eval --help\n" },
    { title: 'an option without its value', args: ['eval', 'rules.yml', '--requests'], exit: 2, stderr: /--requests needs a value/ },
    { title: 'a number that is none', args: ['eval', 'rules.yml', '{}', '--max-rule-iterations', 'x'], exit: 2, stderr: /takes a number/ },
    { title: 'no rules', args: ['check'], exit: 2, stderr: /^valvec check: expected FILE\.\.\.\n/ },
    { title: 'neither request nor file of requests', args: ['eval', 'rules.yml'], exit: 2, stderr: /expected either a request or --requests FILE/ },
    { title: 'rules and requests from one input', args: ['eval', '-', '-'], exit: 2, stderr: /cannot both come from standard input/ },
    { title: 'help that cannot be written', args: ['--help'], output: '/dev/full', exit: 4, stderr: /cannot write standard output/ },
];

export const CASES = [...CHECK, ...COMPILE, ...EVAL, ...EXPLAIN, ...BENCH, ...USAGE];
