// The holes of valve.md section 9 that one rule decision can show. `ours` is what must come out here:
// a decision, or "refused" when the rule file must not load. `original` is what the original server lets
// happen instead: "allow", "promotes" (the rule changed its input), "crash" (it throws), "never" (no
// verdict ever comes).

const alice = { id: 'alice', isAuthenticated: true, data: { role: 'user' } };
const publish = (name, extra) => ({ section: 'event', rule: 'publish', name, user: alice, ...extra });
const write = (name, extra) => ({ section: 'record', rule: 'write', name, user: alice, ...extra });
const event = (rule, path = '*') => ({ event: { '*': { publish: false }, [path]: { publish: rule } } });
const record = (rule) => ({ record: { '*': { write: rule } } });

export const HOLES = [
    { hole: 'H1', title: 'an undefined result does not allow', rules: event('user.data.mayPublish'), request: publish('a'), ours: 'deny', original: 'allow' },
    { hole: 'H1', title: 'null from a failed match does not allow', rules: event("name.match(/^public/)"), request: publish('secret'), ours: 'deny', original: 'allow' },
    { hole: 'H1', title: 'zero does not allow', rules: event('data.count'), request: publish('a', { data: { count: 0 } }), ours: 'deny', original: 'allow' },
    { hole: 'H1', title: 'an empty text does not allow', rules: event('data.token'), request: publish('a', { data: { token: '' } }), ours: 'deny', original: 'allow' },
    { hole: 'H5', title: 'a reference of the wrong type is the one and only verdict', rules: event("_(data.ref) !== null"), request: publish('a', { data: { ref: 5 } }), ours: 'error', original: 'allow' },
    { hole: 'H6', title: 'a payload that is not JSON is an error', rules: event('user.id === "alice" || data.y'), request: publish('a', { dataText: '{broken' }), ours: 'error', original: 'allow' },
    { hole: 'H12', title: 'inherited names are not members', rules: event('({ admin: true })[data.key]'), request: publish('a', { data: { key: 'constructor' } }), ours: 'deny', original: 'allow' },
    { hole: 'H12', title: 'inherited names are not "in" an object', rules: event("'toString' in data"), request: publish('a', { data: {} }), ours: 'deny', original: 'allow' },
    { hole: 'H12', title: 'a method that is not called is not a value', rules: event('data.s.trim'), request: publish('a', { data: { s: '' } }), ours: 'deny', original: 'allow' },
    { hole: 'H13', title: 'an id that contains "undefined" does not dodge a ban', rules: event("!_('banned/' + user.id)"),
      request: publish('a', { user: { ...alice, id: 'undefined1' }, records: { 'banned/undefined1': { since: 1 } } }), ours: 'deny', original: 'allow' },
    { hole: 'H14', title: 'oldData as the last word is a real reference', rules: record('!oldData'), request: write('doc', { oldData: { a: 1 }, data: {}, records: { doc: { a: 1 } } }), ours: 'deny', original: 'allow' },
    { hole: 'H15', title: 'a leading comment does not hide the rule', rules: event('// only nobody\n user.id === "nobody"'), request: publish('a'), ours: 'deny', original: 'allow' },
    { hole: 'H15', title: 'a leading line break does not hide the rule', rules: event('\nuser.id === "nobody"'), request: publish('a'), ours: 'deny', original: 'allow' },
    { hole: 'H16', title: 'an assignment does not load', rules: event("user.data.role = 'admin'"), request: publish('a'), ours: 'refused', original: 'promotes' },
    { hole: 'H17', title: 'calling a value does not load', rules: event("(data.constructor.constructor)('return process')().pid > 0"), request: publish('a', { data: {} }), ours: 'refused', original: 'allow' },
    { hole: 'H17', title: 'globals of the host are not readable', rules: event('process.pid > 0'), request: publish('a'), ours: 'refused', original: 'allow' },
    { hole: 'H17', title: 'a tagged template is not a call', rules: event('data.constructor.constructor`return true`'), request: publish('a', { data: {} }), ours: 'refused', original: 'allow' },
    { hole: 'H17', title: 'an optional call of a value does not load', rules: event("data.constructor.constructor?.('return true')?.()"), request: publish('a', { data: {} }), ours: 'refused', original: 'allow' },
    { hole: 'H18', title: 'match(undefined) matches nothing', rules: event('name.match(data.pattern) !== null'), request: publish('a', { data: {} }), ours: 'error', original: 'allow' },
    { hole: 'H18', title: 'a pattern of the client that never ends is an error', rules: event('name.match(data.pattern) === null'),
      request: publish('a'.repeat(22) + '!', { data: { pattern: '^(a+)+$' } }), ours: 'error', original: 'allow' },
    { hole: 'H19', title: 'an alternation in a path is anchored at both ends', rules: event(true, 'public|open'), request: publish('publicly forbidden'), ours: 'deny', original: 'allow' },
    { hole: 'H19', title: 'a variable after a group is the text at its place', rules: event("$x === 'a'", '(a|z)/$x'), request: publish('a/other'), ours: 'deny', original: 'allow' },
    { hole: 'H25', title: 'presence to all asks the root rule only', rules: { presence: { '*': { allow: false }, 'unde$x': { allow: true } } },
      request: { section: 'presence', rule: 'allow', action: 'QUERY_ALL', user: alice }, ours: 'deny', original: 'allow' },
    { hole: 'H26', title: 'a name that is no text is refused', rules: event('$x === user.id', '$x'), request: publish(5), ours: 'error', original: 'crash' },
    { hole: 'H29', title: 'a record that is the text "loading" is a value', rules: event("_('state') === 'loading'"), request: publish('a', { records: { state: 'loading' } }), ours: 'allow', original: 'never' },
];
