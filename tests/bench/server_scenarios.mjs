// What server.mjs measures, with the promised ratio original/ours of server CPU time per message.

const everyone = { '*': { publish: true, subscribe: true, listen: true } };

/** Rules of which only `publish` matters: it reads the payload. */
export const PAYLOAD_RULES = {
    record: { '*': { create: true, read: true, write: true, delete: true, listen: true, notify: true } },
    event: { '*': { ...everyone['*'], publish: "data.side === 'buy' && data.price > 0 && data.price < 1000000" } },
    rpc: { '*': { provide: true, request: true } },
    presence: { '*': { allow: true } },
};

export const SCENARIOS = [
    { title: 'event fan-out: 50 subscribers, 100 names, 23 bytes, 100 in flight', load: 'fanout', window: 100, promised: 20 },
    { title: 'the same, 1,000 in flight', load: 'fanout', window: 1000, promised: 40 },
    { title: 'events that nobody subscribes to', load: 'publish', window: 1000, promised: 7 },
    { title: 'the same, with a rule that reads the payload', load: 'publish', window: 1000, rules: PAYLOAD_RULES, promised: 7 },
    { title: 'versioned record updates, seen by a subscriber', load: 'update', window: 100, promised: 10 },
];
