// Events (behaviour.md 4) and what no handler takes (protocol.md 2.6): both servers, side by side.

import { differential } from './compare.mjs';

const subscribe = (peer, names, correlationId) => peer.send('EVENT.SUBSCRIBE', { names, correlationId });
const unsubscribe = (peer, names, correlationId) => peer.send('EVENT.UNSUBSCRIBE', { names, correlationId });
const emit = (peer, name, data, more) => peer.send('EVENT.EMIT', { name, data, ...more });

/** A and B subscribe to the event, then A says things about it. */
const toldToB = (title, name, say, more = {}) => ({
    title,
    async play(table) {
        const a = await table.client('A');
        const b = await table.client('B');
        subscribe(a, [name], '0');
        subscribe(b, [name], '0');
        await table.settle();
        say(a, b);
    },
    ...more,
});

/** One client sends something. */
const alone = (title, send, more = {}) => ({
    title,
    async play(table) {
        send(await table.client('A'));
    },
    ...more,
});

const DATA = [
    ['an object', '{"a":[1,2,{"b":null}]}'], ['a number', '1'], ['a negative zero', '-0'], ['a text', '"text"'],
    ['an empty text', '""'], ['false', 'false'], ['null', 'null'], ['an empty array', '[]'],
    ['spaces around JSON', ' { "a" : 1 } '], ['a double key', '{"a":1,"a":2}'], ['a number with many digits', '1.00000000000000000000001'],
    ['text that is not JSON', 'not JSON {'], ['names from all over', '"żółć 日本語 🎉 \\u0000 \\ud83c"'],
];

await differential('events', {}, [
    alone('a subscription is acknowledged with its id', (a) => subscribe(a, ['e1', 'e2'], '0')),
    alone('a subscription without id is acknowledged without', (a) => subscribe(a, ['e1'])),
    alone('a second subscription is told so and acknowledged', (a) => {
        subscribe(a, ['e1'], '1');
        subscribe(a, ['e1'], '2');
    }),
    alone('of several names those are told that were subscribed', (a) => {
        subscribe(a, ['e1', 'e3'], '1');
        subscribe(a, ['e1', 'e2', 'e3'], '2');
    }),
    alone('a name twice in one message is told so', (a) => subscribe(a, ['e1', 'e1'], '1')),
    alone('unsubscribing is acknowledged', (a) => {
        subscribe(a, ['e1'], '1');
        unsubscribe(a, ['e1'], '2');
    }),
    alone('unsubscribing what never was is acknowledged', (a) => unsubscribe(a, ['never', 'ever'], '2')),
    alone('a hundred names at once', (a) => subscribe(a, Array.from({ length: 100 }, (_, i) => `bulk/${i}`), '1')),
    alone('names may be of any letters', (a) => subscribe(a, ['żółć', '日本語/🎉', ' ', 'a b', '%00', '../..', '*', '$x'], '1')),
    alone('an event without subscribers is not answered', (a) => emit(a, 'nobody', '1')),
    alone('who emits is not told', (a) => {
        subscribe(a, ['mine'], '1');
        emit(a, 'mine', '1');
    }),
    ...DATA.map(([what, text]) => toldToB(`${what} reaches subscribers as it was sent`, 'data', (a) => emit(a, 'data', text))),
    toldToB('an event without data', 'bare', (a) => emit(a, 'bare')),
    toldToB('events keep their order', 'order', (a) => {
        for (let i = 0; i < 50; i++) emit(a, 'order', String(i));
    }),
    toldToB('events of two senders reach each other', 'talk', (a, b) => {
        emit(a, 'talk', '"from A"');
        emit(b, 'talk', '"from B"');
    }),
    toldToB('who unsubscribes hears no more', 'bye', (a, b) => {
        unsubscribe(b, ['bye'], '5');
        emit(b, 'bye', '1');
    }),
    {
        title: 'an event reaches all subscribers but its sender',
        async play(table) {
            const peers = [];
            for (const name of ['A', 'B', 'C', 'D', 'E']) {
                const peer = await table.client(name);
                if (name !== 'C') subscribe(peer, ['all', `own/${name}`], '1');
                peers.push(peer);
            }
            await table.settle();
            emit(peers[0], 'all', '"to all"');
            await table.settle();
            emit(peers[1], 'own/D', '"to D"');
            await table.settle();
            emit(peers[2], 'all', '"from outside"');
        },
    },
    {
        title: 'who has gone is not told, and the others are',
        async play(table) {
            const a = await table.client('A');
            const b = await table.client('B');
            const c = await table.client('C');
            for (const peer of [b, c]) subscribe(peer, ['x'], '1');
            await table.settle();
            await b.close();
            emit(a, 'x', '1');
        },
    },
    toldToB('an event is what its name and data say, not what else its sender put on it', 'forged', (a) =>
        emit(a, 'forged', '1', { correlationId: 'mine', isAck: true, isError: true, subscription: 's', names: ['x'] }), {
        fault: 'F16', reason: 'the original forwards every field, so that clients take an event for an acknowledgement',
        original: {
            B: ['EVENT.SUBSCRIBE correlationId=0 isAck',
                'EVENT.EMIT correlationId=mine data=1 isAck isError name=forged names=[x] subscription=s'],
        },
        ours: { B: ['EVENT.SUBSCRIBE correlationId=0 isAck', 'EVENT.EMIT data=1 name=forged'] },
    }),
    alone('a subscription to no names at all is malformed', (a) => subscribe(a, [], '1'), {
        fault: 'H26', reason: 'the original asks one rule about a name that is undefined, and acknowledges',
        original: { A: ['EVENT.SUBSCRIBE correlationId=1 isAck'] },
        ours: { A: ['EVENT.INVALID_MESSAGE_DATA correlationId=1 isError originalAction=SUBSCRIBE'] },
    }),
    alone('an event without a name is malformed', (a) => emit(a, undefined, '1'), {
        fault: 'H26', reason: 'the original lets it pass',
        original: { A: [] }, ours: { A: ['EVENT.INVALID_MESSAGE_DATA isError originalAction=EMIT'] },
    }),
    ...[['ERROR', 1], ['SUBSCRIPTION_HAS_PROVIDER', 9], ['MULTIPLE_SUBSCRIPTIONS', 106], ['an action of no list', 77]].map(([what, number]) =>
        alone(`${what} from a client is an unknown action`, (a) => a.send(`EVENT.${number}`, { name: 'x', correlationId: '1' }), {
            fault: 'B13', reason: 'the original does not answer',
            original: { A: [] }, ours: { A: [`PARSER.UNKNOWN_ACTION originalAction=${number} originalTOPIC=4`] },
        })),
    ...[['PARSER', 1], ['AUTH', 3]].map(([topic, number]) =>
        alone(`a message of topic ${topic} is of an unknown topic`, (a) => a.send(`${topic}.1`), {
            fault: 'F18', reason: 'the original names neither topic nor action of what it did not know',
            original: { A: ['PARSER.UNKNOWN_TOPIC'] },
            ours: { A: [`PARSER.UNKNOWN_TOPIC originalAction=1 originalTOPIC=${number}`] },
        })),
    ...['CLUSTER', 'LOCK', '11', '55'].map((topic) =>
        alone(`a message of topic ${topic}, which is not for clients, is of an unknown topic`, (a) => a.send(`${topic}.1`))),
    alone('garbage after the login is of an unknown topic, and the connection stays', (a) => {
        a.sendBytes(Buffer.from('ffffffffffffffffffffff', 'hex'));
        a.sendBytes(Buffer.from('hello'));
        subscribe(a, ['still here'], '1');
    }),
]);
