// Presence (behaviour.md 8): both servers, side by side.

import { differential } from './compare.mjs';

const all = (peer, correlationId) => peer.send('PRESENCE.SUBSCRIBE_ALL', { correlationId });
const notAll = (peer, correlationId) => peer.send('PRESENCE.UNSUBSCRIBE_ALL', { correlationId });
const subscribe = (peer, names, correlationId) => peer.send('PRESENCE.SUBSCRIBE', { names, correlationId });
const unsubscribe = (peer, names, correlationId) => peer.send('PRESENCE.UNSUBSCRIBE', { names, correlationId });
const query = (peer, names, correlationId) => peer.send('PRESENCE.QUERY', { names, correlationId });
const queryAll = (peer, correlationId) => peer.send('PRESENCE.QUERY_ALL', { correlationId });

const alone = (title, act, more = {}) => ({
    title,
    async play(table) {
        await act(await table.client('A'), table);
    },
    ...more,
});

await differential('presence', {}, [
    alone('subscribing to all is acknowledged', (a) => all(a, '1')),
    alone('subscribing to all twice is told so', async (a, table) => { all(a, '1'); await table.settle(); all(a, '2'); }),
    alone('ending the subscription to all is acknowledged', async (a, table) => { all(a, '1'); await table.settle(); notAll(a, '2'); }),
    alone('ending a subscription to all that never was is acknowledged', (a) => notAll(a, '2')),
    alone('subscribing to users is acknowledged', (a) => subscribe(a, ['bob', 'cat'], '1')),
    alone('subscribing to a user twice is told so', (a) => { subscribe(a, ['bob'], '1'); subscribe(a, ['bob', 'cat'], '2'); }),
    alone('ending a subscription to users is acknowledged', (a) => { subscribe(a, ['bob'], '1'); unsubscribe(a, ['bob', 'never'], '2'); }),
    alone('a user who is alone sees nobody', (a) => queryAll(a)),
    alone('users are asked for by name', async (a, table) => {
        await table.client('bob');
        query(a, ['bob', 'cat', 'A'], '1');
    }),
    alone('all users are asked for', async (a, table) => {
        await table.client('bob');
        queryAll(a, '1');
    }),
    alone('names of users may be of any letters', async (a, table) => {
        all(a, '0');
        await table.settle();
        await table.client('żółć 日本語 🎉');
        await table.settle();
        queryAll(a);
        query(a, ['żółć 日本語 🎉', 'constructor', ''], '1');
    }),
    alone('a user may be asked for by a name that objects inherit', (a) => query(a, ['__proto__', 'toString'], '1'), {
        fault: 'S5', reason: 'the original loses such names', original: { A: ['PRESENCE.QUERY_RESPONSE correlationId=1 data={"toString":false}'] },
        ours: { A: ['PRESENCE.QUERY_RESPONSE correlationId=1 data={"__proto__":false,"toString":false}'] },
    }),
    alone('a user with two sockets comes once and goes once', async (a, table) => {
        all(a, '1');
        await table.settle();
        const one = await table.client('dave 1', { auth: { username: 'dave' } });
        await table.settle();
        const two = await table.client('dave 2', { auth: { username: 'dave' } });
        await table.settle();
        await one.close();
        await table.settle();
        await two.close();
        await a.sees('PRESENCE.PRESENCE_LEAVE_ALL');
    }),
    alone('who subscribes to one and to all is told twice', async (a, table) => {
        all(a, '1');
        subscribe(a, ['dave'], '2');
        await table.settle();
        const dave = await table.client('dave');
        await table.settle();
        await dave.close();
        await a.sees('PRESENCE.PRESENCE_LEAVE');
    }),
    alone('who subscribes to one is not told of others', async (a, table) => {
        subscribe(a, ['dave'], '1');
        await table.settle();
        const eve = await table.client('eve');
        const dave = await table.client('dave');
        await table.settle();
        await eve.close();
        await dave.close();
        await a.sees('PRESENCE.PRESENCE_LEAVE');
    }),
    alone('who ended the subscription is told nothing', async (a, table) => {
        all(a, '1');
        subscribe(a, ['dave'], '1');
        await table.settle();
        notAll(a, '2');
        unsubscribe(a, ['dave'], '3');
        await table.settle();
        const dave = await table.client('dave');
        await table.settle();
        await dave.close();
    }),
    alone('a user hears of its own first socket on an older one only as others do', async (a, table) => {
        subscribe(a, ['A'], '1');
        await table.settle();
        const second = await table.client('A again', { auth: { username: 'A' } });
        await table.settle();
        await second.close();
    }),
    alone('asking for nobody', (a) => query(a, [], '1'), {
        fault: 'H26', reason: 'the original answers a question without names, and asks no rule for it',
        original: { A: ['PRESENCE.QUERY_RESPONSE correlationId=1 data={}'] },
        ours: { A: ['PRESENCE.INVALID_PRESENCE_USERS correlationId=1 isError originalAction=QUERY'] },
    }),
    ...[['ERROR', 1], ['PRESENCE_JOIN', 6], ['of no list', 99]].map(([what, number]) =>
        alone(`the action ${what} from a client is unknown`, (a) => a.send(`PRESENCE.${number}`, { names: ['x'], name: 'x', correlationId: '1' }), {
            fault: 'B13', reason: 'the original does not answer', original: { A: [] },
            ours: { A: [`PARSER.UNKNOWN_ACTION originalAction=${number} originalTOPIC=7`] },
        })),
    {
        title: 'users without a name are nobody to be announced',
        async play(table) {
            const a = await table.client('A');
            all(a, '1');
            await table.settle();
            const nobody = await table.client('nobody', { auth: {} });
            await table.settle();
            queryAll(a);
            await table.settle();
            await nobody.close();
            await table.settle();
        },
        fault: 'B18', reason: 'the original announces all of them as one user named open',
        original: { A: ['PRESENCE.SUBSCRIBE_ALL isAck', 'PRESENCE.PRESENCE_JOIN_ALL name=open', 'PRESENCE.QUERY_ALL_RESPONSE names=[open]',
            'PRESENCE.PRESENCE_LEAVE_ALL name=open'] },
        ours: { A: ['PRESENCE.SUBSCRIBE_ALL isAck', 'PRESENCE.QUERY_ALL_RESPONSE'] },
    },
]);
