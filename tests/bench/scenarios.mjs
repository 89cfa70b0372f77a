// What is timed: rule trees and requests, each with the ratio original / ours that the project promises.

const OPEN_TREE = {
    record: { '*': { create: true, read: true, write: true, delete: true, listen: true, notify: true } },
    event: { '*': { publish: true, subscribe: true, listen: true } },
    rpc: { '*': { provide: true, request: true } },
    presence: { '*': { allow: true } },
};

const treeWith = (sections) => ({ ...OPEN_TREE, ...sections });
const user = { id: 'alice', isAuthenticated: true, data: { role: 'trader', team: 'fx' } };
const payload = (value) => ({ dataText: JSON.stringify(value) });
const publish = (name, extra) => ({ section: 'event', rule: 'publish', name, user, ...extra });
const range = (count, make) => Array.from({ length: count }, (_, i) => make(i));
const publishRule = (rule) => treeWith({ event: { '*': { publish: rule } } });
const tick = payload({ price: 12.5, symbol: 'EURUSD', volume: 1000 });

function patternTree(count) {
    const event = { '*': { publish: false } };
    for (let i = 0; i < count; i++) event[`topic${i}/$who`] = { publish: '$who === user.id' };
    return treeWith({ event });
}

const patternRequests = (patterns, count) =>
    range(count, (i) => publish(`topic${(i * 7919) % patterns}/user${i}`));

export const SCENARIOS = [
    { name: 'literal true', ratio: 20, permissions: OPEN_TREE,
      requests: range(16, (i) => publish(`news/${i}`)) },
    { name: 'path variable equals user id', ratio: 12,
      permissions: treeWith({ event: { '*': { publish: false }, 'inbox/$owner': { publish: '$owner === user.id' } } }),
      requests: [publish('inbox/alice'), publish('inbox/bob')] },
    { name: 'role and two payload comparisons', ratio: 8,
      permissions: publishRule("user.data.role === 'trader' && data.price > 10 && data.symbol === 'EURUSD'"),
      requests: [publish('tick', tick)] },
    { name: 'string functions', ratio: 6,
      permissions: publishRule("name.startsWith('fx/') && data.symbol.toLowerCase().includes('usd')"),
      requests: [publish('fx/1', tick), publish('fx/2', tick)] },
    { name: 'regular expression', ratio: 6,
      permissions: publishRule('data.symbol.match(/^[A-Z]{3}(USD|EUR)$/) !== null'),
      requests: [publish('fx/1', tick)] },
    { name: 'a name never seen before', ratio: 40, fresh: true, permissions: OPEN_TREE,
      requests: range(100000, (i) => publish(`session/${i}/events`)) },
    { name: '1,000 patterns, fresh names', ratio: 700, fresh: true,
      permissions: patternTree(1000), requests: patternRequests(1000, 5000) },
    { name: 'one cross reference, record at hand', ratio: 60,
      permissions: treeWith({ record: { '*': { read: "_('members/' + user.id).active === true" } } }),
      requests: [{ section: 'record', rule: 'read', name: 'doc/1', user }],
      records: { 'members/alice': { active: true, since: 2019 } } },
];

/** The same rules over 10 and over 10,000 patterns: the second may cost at most twice the first. */
export const PATTERN_GROWTH = [10, 10000].map((patterns) => ({
    patterns,
    permissions: patternTree(patterns),
    requests: patternRequests(patterns, 10000),
}));

export const PATTERN_GROWTH_LIMIT = 2;

/** A rule file of `rules` rules, for the time that `valvec check` takes. */
export function largeRuleFile(rules) {
    const event = { '*': { publish: false } };
    for (let i = 0; i < rules; i++)
        event[`tenant${i}/$room`] = { publish: `user.data.tenant === 'tenant${i}' && data.length < ${i + 1}` };
    return treeWith({ event });
}
