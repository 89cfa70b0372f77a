// Listening, the active data providers (behaviour.md 9): both servers, side by side.

import { differential } from './compare.mjs';

const TOPICS = {
    RECORD: {
        listen: 'RECORD', join: (peer, name) => peer.send('RECORD.SUBSCRIBECREATEANDREAD', { names: [name], correlationId: 's' }),
        joined: (peer, name) => peer.sees('RECORD.READ_RESPONSE', { name }),
    },
    EVENT: {
        listen: 'EVENT', join: (peer, name) => peer.send('EVENT.SUBSCRIBE', { names: [name], correlationId: 's' }),
        joined: (peer) => peer.sees('EVENT.SUBSCRIBE'),
    },
};

/** The same situations for records and for events. */
const forBoth = (make) => Object.keys(TOPICS).flatMap((topic) => {
    const { join, joined } = TOPICS[topic];
    return make({
        topic,
        join,
        joined,
        listen: (peer, name, more) => peer.send(`${topic}.LISTEN`, { name, ...more }),
        unlisten: (peer, name, more) => peer.send(`${topic}.UNLISTEN`, { name, ...more }),
        accept: (peer, name, subscription) => peer.send(`${topic}.LISTEN_ACCEPT`, { name, subscription }),
        reject: (peer, name, subscription) => peer.send(`${topic}.LISTEN_REJECT`, { name, subscription }),
        leave: (peer, name) => peer.send(`${topic}.UNSUBSCRIBE`, { names: [name], correlationId: `u${name}` }),
        found: (peer, subscription) => peer.sees(`${topic}.SUBSCRIPTION_FOR_PATTERN_FOUND`, { subscription }),
        named: (title) => `${topic.toLowerCase()}s: ${title}`,
    });
});

const patient = { listen: { shuffleProviders: false, responseTimeout: 60000, rematchInterval: 600000 } };

await differential('listening', patient, [
    ...forBoth(({ topic, join, joined, listen, unlisten, accept, reject, leave, found, named }) => [
        {
            title: named('listening is acknowledged'),
            async play(table) {
                listen(await table.client('P'), 'f/.*');
            },
        },
        {
            title: named('listening with an id is acknowledged with it'),
            async play(table) {
                listen(await table.client('P'), 'f/.*', { correlationId: '5' });
            },
        },
        {
            title: named('ending to listen is acknowledged'),
            async play(table) {
                const p = await table.client('P');
                listen(p, 'f/.*');
                await table.settle();
                unlisten(p, 'f/.*');
            },
        },
        {
            title: named('a pattern that is no regular expression is told so'),
            async play(table) {
                listen(await table.client('P'), 'a(b[');
            },
        },
        {
            title: named('a subscriber that comes later is found a provider, who accepts'),
            async play(table) {
                const p = await table.client('P');
                const a = await table.client('A');
                listen(p, 'f/.*');
                await table.settle();
                join(a, 'f/1');
                await found(p, 'f/1');
                await table.settle();
                accept(p, 'f/.*', 'f/1');
                await table.settle();
            },
        },
        {
            title: named('a subscriber that was there before is found a provider'),
            async play(table) {
                const p = await table.client('P');
                const a = await table.client('A');
                join(a, 'f/1');
                await joined(a, 'f/1');
                listen(p, 'f/.*');
                await found(p, 'f/1');
                accept(p, 'f/.*', 'f/1');
            },
        },
        {
            title: named('patterns are not anchored'),
            async play(table) {
                const p = await table.client('P');
                const a = await table.client('A');
                listen(p, 'f/[0-9]');
                await table.settle();
                join(a, 'off/1x');
                await found(p, 'off/1x');
            },
        },
        {
            title: named('names that do not match are not offered'),
            async play(table) {
                const p = await table.client('P');
                const a = await table.client('A');
                listen(p, '^f/[0-9]$');
                await table.settle();
                join(a, 'off/1');
                await joined(a, 'off/1');
            },
        },
        {
            title: named('a second subscriber of a provided name is told at once'),
            async play(table) {
                const p = await table.client('P');
                const a = await table.client('A');
                const b = await table.client('B');
                listen(p, 'f/.*');
                await table.settle();
                join(a, 'f/1');
                await found(p, 'f/1');
                accept(p, 'f/.*', 'f/1');
                await table.settle();
                join(b, 'f/1');
                await table.settle();
            },
        },
        {
            title: named('when the provider ends to listen, the next one is asked'),
            async play(table) {
                const p = await table.client('P');
                const q = await table.client('Q');
                const a = await table.client('A');
                listen(p, 'f/.*');
                await table.settle();
                join(a, 'f/1');
                await found(p, 'f/1');
                await table.settle();
                accept(p, 'f/.*', 'f/1');
                await table.settle();
                listen(q, 'f/1');
                await table.settle();
                unlisten(p, 'f/.*');
                await found(q, 'f/1');
                accept(q, 'f/1', 'f/1');
                await table.settle();
            },
        },
        {
            title: named('when the provider goes, the next one is asked'),
            async play(table) {
                const p = await table.client('P');
                const q = await table.client('Q');
                const a = await table.client('A');
                listen(p, 'f/.*');
                await table.settle();
                join(a, 'f/1');
                await found(p, 'f/1');
                await table.settle();
                accept(p, 'f/.*', 'f/1');
                await table.settle();
                listen(q, 'f/1');
                await table.settle();
                await p.close();
                await found(q, 'f/1');
                accept(q, 'f/1', 'f/1');
                await table.settle();
            },
        },
        {
            title: named('who rejects leaves it to the next, and nobody is left'),
            async play(table) {
                const p = await table.client('P');
                const q = await table.client('Q');
                const a = await table.client('A');
                listen(p, 'f/.*');
                listen(q, 'f/1');
                await table.settle();
                join(a, 'f/1');
                await table.settle();
                for (let turn = 0; turn < 2; turn++) {
                    const asked = [p, q].find((peer) => peer.last(`${topic}.SUBSCRIPTION_FOR_PATTERN_FOUND`) && !peer.done);
                    asked.done = true;
                    reject(asked, asked.last(`${topic}.SUBSCRIPTION_FOR_PATTERN_FOUND`).name, 'f/1');
                    await table.settle();
                }
            },
        },
        {
            title: named('who listens with two patterns is asked twice'),
            async play(table) {
                const p = await table.client('P');
                const a = await table.client('A');
                listen(p, 'f/.*');
                listen(p, 'f/1');
                await table.settle();
                join(a, 'f/1');
                await found(p, 'f/1');
                const { name } = p.last(`${topic}.SUBSCRIPTION_FOR_PATTERN_FOUND`);
                reject(p, name, 'f/1');
                await p.until(() => p.messages.filter(({ kind }) => kind.endsWith('PATTERN_FOUND')).length === 2, 'the second question');
            },
        },
        {
            title: named('when the last subscriber goes, the provider is told'),
            async play(table) {
                const p = await table.client('P');
                const a = await table.client('A');
                const b = await table.client('B');
                listen(p, 'f/.*');
                await table.settle();
                join(a, 'f/1');
                await found(p, 'f/1');
                accept(p, 'f/.*', 'f/1');
                await table.settle();
                join(b, 'f/1');
                await table.settle();
                leave(a, 'f/1');
                await table.settle();
                leave(b, 'f/1');
                await table.settle();
            },
        },
        {
            title: named('when the last subscriber closes its connection, the provider is told'),
            async play(table) {
                const p = await table.client('P');
                const a = await table.client('A');
                listen(p, 'f/.*');
                await table.settle();
                join(a, 'f/1');
                await found(p, 'f/1');
                accept(p, 'f/.*', 'f/1');
                await table.settle();
                await a.close();
                await p.sees(`${topic}.SUBSCRIPTION_FOR_PATTERN_REMOVED`);
            },
        },
        {
            title: named('who listens and subscribes is asked like any other'),
            async play(table) {
                const p = await table.client('P');
                listen(p, 'f/.*');
                await table.settle();
                join(p, 'f/1');
                await found(p, 'f/1');
                accept(p, 'f/.*', 'f/1');
            },
        },
        {
            title: named('answers that nobody asked for are not answered'),
            async play(table) {
                const p = await table.client('P');
                accept(p, 'f/.*', 'f/1');
                reject(p, 'f/.*', 'f/1');
            },
        },
        {
            title: named('ending to listen to what was not listened to is acknowledged'),
            async play(table) {
                unlisten(await table.client('P'), 'f/.*');
            },
            fault: 'B19', reason: 'the original leaves the client without an answer', original: { P: [] },
            ours: { P: [`${topic}.UNLISTEN isAck name=f/.*`] },
        },
        {
            title: named('listening without a pattern is malformed'),
            async play(table) {
                listen(await table.client('P'), undefined, { correlationId: '1' });
            },
            fault: 'F4', reason: 'the original ends its process', original: 'crashes',
            ours: { P: [`${topic}.INVALID_MESSAGE_DATA correlationId=1 isError originalAction=LISTEN`] },
        },
        {
            title: named('listening twice is told so and acknowledged'),
            async play(table) {
                const p = await table.client('P');
                listen(p, 'f/.*');
                await table.settle();
                listen(p, 'f/.*');
            },
            fault: 'F4', reason: 'the original ends its process', original: 'crashes',
            ours: {
                P: [`${topic}.LISTEN isAck name=f/.*`, `${topic}.MULTIPLE_SUBSCRIPTIONS name=f/.* originalAction=LISTEN`, `${topic}.LISTEN isAck name=f/.*`],
            },
        },
        {
            title: named('only who was asked may accept'),
            async play(table) {
                const p = await table.client('P');
                const m = await table.client('M');
                const a = await table.client('A');
                listen(p, 'f/.*');
                await table.settle();
                join(a, 'f/1');
                await found(p, 'f/1');
                await joined(a, 'f/1');
                await table.settle();
                accept(m, 'f/.*', 'f/1');
                await table.settle();
                leave(a, 'f/1');
                await table.settle();
            },
            fault: 'B8', reason: 'the original takes the acceptance of a stranger for that of the one it asked',
            original: { A: (lines) => topic === 'EVENT' || lines.some((line) => line.includes('HAS_PROVIDER')), P: () => true, M: (lines) => lines.length === 1 },
            ours: {
                M: [],
                A: (lines) => !lines.some((line) => line.includes('HAS_PROVIDER')),
                P: [`${topic}.LISTEN isAck name=f/.*`, `${topic}.SUBSCRIPTION_FOR_PATTERN_FOUND name=f/.* subscription=f/1`,
                    `${topic}.SUBSCRIPTION_FOR_PATTERN_REMOVED name=f/.* subscription=f/1`],
            },
        },
        {
            title: named('when another ends to listen, a search goes on'),
            async play(table) {
                const p = await table.client('P');
                const q = await table.client('Q');
                const a = await table.client('A');
                const b = await table.client('B');
                listen(p, 'f/.*');
                listen(q, 'other/.*');
                await table.settle();
                join(a, 'f/1');
                await found(p, 'f/1');
                await joined(a, 'f/1');
                await table.settle();
                unlisten(q, 'other/.*');
                await table.settle();
                accept(p, 'f/.*', 'f/1');
                await table.settle();
                join(b, 'f/1');
                await table.settle();
                leave(a, 'f/1');
                leave(b, 'f/1');
                await table.settle();
            },
            fault: 'B8', reason: 'the original gives up each search that has no further candidate, and ignores the acceptance',
            original: { A: () => true, B: () => true, P: (lines) => !lines.some((line) => line.includes('PATTERN_REMOVED')) },
            ours: {
                A: (lines) => topic === 'EVENT' || lines.some((line) => line.includes('HAS_PROVIDER')), B: () => true,
                P: [`${topic}.LISTEN isAck name=f/.*`, `${topic}.SUBSCRIPTION_FOR_PATTERN_FOUND name=f/.* subscription=f/1`,
                    `${topic}.SUBSCRIPTION_FOR_PATTERN_REMOVED name=f/.* subscription=f/1`],
            },
        },
        {
            title: named('when the last subscriber goes while a provider is looked for, the one asked is told'),
            async play(table) {
                const p = await table.client('P');
                const a = await table.client('A');
                listen(p, 'f/.*');
                await table.settle();
                join(a, 'f/1');
                await found(p, 'f/1');
                await joined(a, 'f/1');
                leave(a, 'f/1');
                await table.settle();
                accept(p, 'f/.*', 'f/1');
                await table.settle();
            },
            fault: 'B8', reason: 'the original leaves a provider without subscribers',
            original: { P: [`${topic}.LISTEN isAck name=f/.*`, `${topic}.SUBSCRIPTION_FOR_PATTERN_FOUND name=f/.* subscription=f/1`] },
            ours: {
                P: [`${topic}.LISTEN isAck name=f/.*`, `${topic}.SUBSCRIPTION_FOR_PATTERN_FOUND name=f/.* subscription=f/1`,
                    `${topic}.SUBSCRIPTION_FOR_PATTERN_REMOVED name=f/.* subscription=f/1`],
            },
        },
    ]),
    {
        title: 'a deleted record has no provider any more',
        async play(table) {
            const { join } = TOPICS.RECORD;
            const p = await table.client('P');
            const a = await table.client('A');
            p.send('RECORD.LISTEN', { name: 'f/.*' });
            await table.settle();
            join(a, 'f/gone');
            await p.sees('RECORD.SUBSCRIPTION_FOR_PATTERN_FOUND');
            p.send('RECORD.LISTEN_ACCEPT', { name: 'f/.*', subscription: 'f/gone' });
            await table.settle();
            p.send('RECORD.DELETE', { name: 'f/gone' });
            await table.settle();
        },
    },
]);

const SILENT_MS = 30000;

await differential('listening, impatiently', { listen: { shuffleProviders: false, responseTimeout: 300, rematchInterval: 600000 } },
    forBoth(({ topic, join, listen, accept, found, named }) => [
        {
            title: named('who is silent is told so'),
            async play(table) {
                const p = await table.client('P');
                const a = await table.client('A');
                listen(p, 'f/.*');
                await table.settle();
                join(a, 'f/1');
                await p.sees(`${topic}.LISTEN_RESPONSE_TIMEOUT`, {}, SILENT_MS);
                await table.settle();
                accept(p, 'f/.*', 'f/1');
                await table.settle();
            },
        },
        {
            title: named('when the first is silent the second is asked'),
            async play(table) {
                const p = await table.client('P');
                const q = await table.client('Q');
                const a = await table.client('A');
                listen(p, 'f/.*');
                await table.settle();
                listen(q, 'f/1');
                await table.settle();
                join(a, 'f/1');
                await found(p, 'f/1');
                await found(q, 'f/1');
                accept(q, 'f/1', 'f/1');
                await q.sees(`${topic}.LISTEN`);
                await table.settle();
            },
        },
    ]));
