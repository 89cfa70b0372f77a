// The requests that every expression of the corpus is decided under. Names are chosen so that the
// expressions meet every type of value: present, null, missing, empty, nested, not ASCII.

const records = {
    'members/alice': { active: true, level: 7, tags: ['x', 'y'], ref: 'members/bob' },
    'members/bob': { active: false, level: 0, tags: [], ref: null },
    'members/': 'a text as a record',
    list: [1, 2, 3],
    empty: {},
    gone: null,
    'loading': 'loading',
    'undefined things': { here: true },
};

export const CONTEXTS = {
    rich: {
        user: { id: 'alice', isAuthenticated: true, data: { role: 'admin', teams: ['red', 'blue'], level: 3, none: null } },
        data: {
            n: 5, s: 'Héllo Wörld', t: true, f: false, z: 0, e: '', nul: null, huge: 1e21, neg: -0.5,
            list: [1, '2', null, [3, [4]], { a: 1 }], obj: { a: { b: 'x' }, 'two words': 2, 7: 'seven' },
            emoji: '😀a\ud83d', ref: 'members/alice', num: '42', hex: '0x1F', spaces: ' \t\u00a0\u2003 12 \ufeff\n',
            upper: 'STRASSE ΣΊΣΥΦΟΣ ΟΔΟΣ', lower: 'straße ŉ ﬁ İ i̇', id: 'alice', owner: 'bob', when: 1700000000000,
            __proto: 1, numbers: [3, 1, 2], texts: ['b', 'a'], nested: { list: [{ k: 'v' }] },
        },
        oldData: { n: 4, s: 'Hello', owner: 'alice', list: [], obj: { a: null }, t: true },
        now: 1700000000123,
        variable: 'alice',
        records,
    },
    poor: {
        user: { id: 'open', isAuthenticated: false, data: null },
        data: undefined,
        oldData: null,
        now: 0,
        variable: '42',
        records: {},
    },
    odd: {
        user: { id: 'Ünï/cødé', isAuthenticated: true, data: { role: '', level: -1, teams: 'red', none: 0 } },
        data: [0, 'one', [2], { n: '3' }, null, true],
        oldData: 'just text',
        now: 1e15,
        variable: 'Ünï😀',
        records,
    },
    numbers: {
        user: { id: '7', isAuthenticated: true, data: 12 },
        data: { n: '5', s: 5, t: 1, f: 'false', z: '0', e: [], nul: {}, huge: -1e-7, neg: 2147483648.75, list: '[1,2]', obj: 3.5,
            emoji: '', ref: 'list', num: 1e300, hex: '-0x1', spaces: '', upper: 'i', lower: 'I', numbers: [null], texts: [[]] },
        oldData: { n: 5, s: '5', owner: null },
        now: -1,
        variable: '007',
        records,
    },
};
