// Remote procedure calls (behaviour.md 7): both servers, side by side.

import { differential } from './compare.mjs';

const SILENT_MS = 30000;
const provide = (peer, names, correlationId) => peer.send('RPC.PROVIDE', { names, correlationId });
const unprovide = (peer, names, correlationId) => peer.send('RPC.UNPROVIDE', { names, correlationId });
const call = (peer, name, correlationId, data, more) => peer.send('RPC.REQUEST', { name, correlationId, data, ...more });
const served = (peer, number = 1) => peer.messages.filter(({ kind }) => kind === 'RPC.REQUEST')[number - 1];

/** What a provider says to the call it was asked for last, or to its number-th. */
function say(peer, action, more = {}, number = undefined) {
    const { name, correlationId } = number ? served(peer, number) : peer.last('RPC.REQUEST');
    peer.send(`RPC.${action}`, { name, correlationId, ...more });
}

/** P provides add, A calls it, and P is asked. */
const called = (title, act, more = {}) => ({
    title,
    async play(table) {
        const a = await table.client('A');
        const p = await table.client('P');
        provide(p, ['add'], '0');
        await p.sees('RPC.PROVIDE');
        call(a, 'add', 'c1', '{"x":1}');
        await p.sees('RPC.REQUEST');
        await act(a, p, table);
    },
    ...more,
});

const alone = (title, act, more = {}) => ({
    title,
    async play(table) {
        await act(await table.client('A'), table);
    },
    ...more,
});

const ASKED = ['RPC.PROVIDE correlationId=0 isAck', 'RPC.REQUEST correlationId="<call 1>" data={"x":1} name=add'];

await differential('rpc', { rpc: { ackTimeout: 100000, responseTimeout: 200000 } }, [
    alone('providing is acknowledged', (a) => provide(a, ['add', 'sub'], '1')),
    alone('providing twice is told so', (a) => { provide(a, ['add'], '1'); provide(a, ['add', 'other'], '2'); }),
    alone('ending to provide is acknowledged', (a) => { provide(a, ['add'], '1'); unprovide(a, ['add'], '2'); }),
    alone('ending to provide what never was is acknowledged', (a) => unprovide(a, ['never'], '2')),
    alone('a call that nobody provides', (a) => call(a, 'nobody', 'c1', '1')),
    alone('a call after the provider ended to provide', async (a, table) => {
        const p = await table.client('P');
        provide(p, ['add'], '0');
        await table.settle();
        unprovide(p, ['add'], '1');
        await table.settle();
        call(a, 'add', 'c1', '1');
    }),
    alone('a call after the provider has gone', async (a, table) => {
        const p = await table.client('P');
        provide(p, ['add'], '0');
        await table.settle();
        await p.close();
        await table.settle();
        call(a, 'add', 'c1', '1');
    }),
    called('a call is accepted and answered', async (a, p, table) => {
        say(p, 'ACCEPT');
        await table.settle();
        say(p, 'RESPONSE', { data: '{"sum":3}' });
    }),
    called('a call is answered without having been accepted', (a, p) => say(p, 'RESPONSE', { data: '1' })),
    called('an answer may have no data', (a, p) => { say(p, 'ACCEPT'); say(p, 'RESPONSE'); }),
    called('a call is answered with an error', (a, p) => { say(p, 'ACCEPT'); say(p, 'REQUEST_ERROR', { data: '"no"' }); }),
    called('accepting again is told so', (a, p) => { say(p, 'ACCEPT'); say(p, 'ACCEPT'); }),
    called('answering again is told so', (a, p) => { say(p, 'ACCEPT'); say(p, 'RESPONSE', { data: '1' }); say(p, 'RESPONSE', { data: '2' }); }),
    called('rejecting after the answer is told so', (a, p) => { say(p, 'RESPONSE', { data: '1' }); say(p, 'REJECT'); }),
    called('the only provider rejects', (a, p) => say(p, 'REJECT')),
    called('data of any kind reaches the provider and comes back', async (a, p, table) => {
        for (const [i, text] of ['null', '0', 'false', '""', '[]', '"żółć 🎉"', 'not JSON'].entries()) {
            call(a, 'add', `d${i}`, text);
            await p.until(() => served(p, i + 2), 'the call');
            say(p, 'RESPONSE', { data: text });
            await table.settle();
        }
    }),
    alone('who provides may call itself', async (a) => {
        provide(a, ['self'], '0');
        call(a, 'self', 'c1', '1');
        await a.sees('RPC.REQUEST');
        say(a, 'RESPONSE', { data: '2' });
    }),
    ...['ACCEPT', 'RESPONSE', 'REJECT', 'REQUEST_ERROR'].map((action) =>
        alone(`${action} to a call that does not exist is told so`, (a) => a.send(`RPC.${action}`, { name: 'add', correlationId: 'nothing' }))),
    {
        title: 'a rejected call goes to the other provider, and when that rejects too there is none',
        async play(table) {
            const a = await table.client('A');
            const p = await table.client('P');
            const q = await table.client('Q');
            provide(p, ['both'], '0');
            provide(q, ['both'], '0');
            await table.settle();
            call(a, 'both', 'c1', '1');
            const first = await Promise.race([p, q].map(async (peer) => { await peer.sees('RPC.REQUEST').catch(() => new Promise(() => {})); return peer; }));
            say(first, 'REJECT');
            const second = first === p ? q : p;
            await second.sees('RPC.REQUEST');
            say(second, 'REJECT');
            await a.sees('RPC.NO_RPC_PROVIDER');
        },
    },
    {
        title: 'a rejected call is answered by the other provider',
        async play(table) {
            const a = await table.client('A');
            const p = await table.client('P');
            const q = await table.client('Q');
            provide(p, ['both'], '0');
            provide(q, ['both'], '0');
            await table.settle();
            call(a, 'both', 'c1', '1');
            await table.settle();
            const first = p.last('RPC.REQUEST') ? p : q;
            say(first, 'REJECT');
            const second = first === p ? q : p;
            await second.sees('RPC.REQUEST');
            say(second, 'ACCEPT');
            say(second, 'RESPONSE', { data: '"second"' });
            await a.sees('RPC.RESPONSE');
        },
    },
    {
        title: 'a provider that accepted and then rejects leaves the call to the next as new',
        async play(table) {
            const a = await table.client('A');
            const p = await table.client('P');
            const q = await table.client('Q');
            provide(p, ['both'], '0');
            provide(q, ['both'], '0');
            await table.settle();
            call(a, 'both', 'c1', '1');
            await table.settle();
            const first = p.last('RPC.REQUEST') ? p : q;
            const second = first === p ? q : p;
            say(first, 'ACCEPT');
            await table.settle();
            say(first, 'REJECT');
            await second.sees('RPC.REQUEST');
            say(second, 'ACCEPT');
            await table.settle();
            say(second, 'RESPONSE', { data: '2' });
            await a.sees('RPC.RESPONSE');
            await table.settle();
            table.second = second.lines.filter((line) => line.startsWith('RPC.MULTIPLE_ACCEPT'));
            a.lines.push(`the second provider was told of ${table.second.length} acceptances too many`);
        },
        fault: 'B10', reason: 'the original holds the acceptance of the first provider against the second',
        original: {
            P: () => true, Q: () => true,
            A: (lines) => lines.at(-1) === 'the second provider was told of 1 acceptances too many',
        },
        ours: {
            P: () => true, Q: () => true,
            A: ['RPC.ACCEPT correlationId=c1 name=both', 'RPC.ACCEPT correlationId=c1 name=both', 'RPC.RESPONSE correlationId=c1 data=2 name=both',
                'the second provider was told of 0 acceptances too many'],
        },
    },
    called('another client may not answer the call', async (a, p, table) => {
        const m = await table.client('M');
        for (const correlationId of ['c1', served(p).correlationId]) m.send('RPC.RESPONSE', { name: 'add', correlationId, data: '"forged"' });
        await table.settle();
        say(p, 'RESPONSE', { data: '"true"' });
    }, {
        fault: 'B7', reason: 'the original takes answers from any socket',
        original: {
            A: ['RPC.RESPONSE correlationId=c1 data="forged" name=add'],
            M: ['RPC.INVALID_RPC_CORRELATION_ID correlationId=c1 isError name=add originalAction=RESPONSE'],
            P: [...ASKED, 'RPC.INVALID_RPC_CORRELATION_ID correlationId="<call 1>" isError name=add originalAction=RESPONSE'],
        },
        ours: {
            A: ['RPC.RESPONSE correlationId=c1 data="true" name=add'],
            M: (lines) => lines.length === 2 && lines.every((line) => line.startsWith('RPC.INVALID_RPC_CORRELATION_ID ')),
            P: ASKED,
        },
    }),
    {
        title: 'two clients may choose the same id for their calls',
        async play(table) {
            const a = await table.client('A');
            const b = await table.client('B');
            const p = await table.client('P');
            provide(p, ['add'], '0');
            await table.settle();
            call(a, 'add', 'same', '"of A"');
            await table.settle();
            call(b, 'add', 'same', '"of B"');
            await p.until(() => served(p, 2), 'two calls');
            for (const number of [1, 2]) say(p, 'RESPONSE', { data: served(p, number).data }, number);
        },
        fault: 'B7', reason: 'the original mixes up calls of different clients with one id',
        original: { A: [], B: ['RPC.RESPONSE correlationId=same data="of A" name=add'], P: (lines) => lines.at(-1).startsWith('RPC.INVALID_RPC_CORRELATION_ID') },
        ours: {
            A: ['RPC.RESPONSE correlationId=same data="of A" name=add'], B: ['RPC.RESPONSE correlationId=same data="of B" name=add'],
            P: (lines) => lines.length === 3,
        },
    },
    called('the provider goes while it serves', async (a, p, table) => {
        await p.close();
        if (table.kind === 'ours') await a.sees('RPC.NO_RPC_PROVIDER');
    }, {
        fault: 'B10', reason: 'the original leaves it to the timer, even when there is no other provider',
        original: { A: [] }, ours: { A: ['RPC.NO_RPC_PROVIDER correlationId=c1 name=add'] },
    }),
    called('the caller goes while it waits', async (a, p, table) => {
        await a.close();
        await table.settle();
        say(p, 'ACCEPT');
    }, {
        fault: 'B10', reason: 'the original keeps the call of a caller that has gone',
        original: { P: ASKED },
        ours: { P: [...ASKED, 'RPC.INVALID_RPC_CORRELATION_ID correlationId="<call 1>" isError name=add originalAction=ACCEPT'] },
    }),
    called('a caller cannot say who it is', (a) => call(a, 'add', 'c2', '2', { requestorName: 'admin', requestorData: '{"role":"admin"}' }), {
        fault: 'F17', reason: 'the original forwards what the caller says of itself when the feature is off',
        original: { P: (lines) => lines.length === 3 && lines.at(-1).endsWith('requestorName=admin') },
        ours: { P: [...ASKED, 'RPC.REQUEST correlationId="<call 2>" data=2 name=add'] },
    }),
    called('the same id twice while the first call is open', (a) => call(a, 'add', 'c1', '2'), {
        fault: 'B7', reason: 'the original forgets the first call',
        original: { P: (lines) => lines.length === 3 }, ours: { P: ASKED, A: (lines) => lines.length === 1 },
    }),
    alone('a call without a name is malformed', (a) => call(a, undefined, 'c1', '1'), {
        fault: 'H26', reason: 'the original looks for a provider of undefined',
        original: { A: ['RPC.NO_RPC_PROVIDER correlationId=c1'] },
        ours: { A: ['RPC.INVALID_MESSAGE_DATA correlationId=c1 isError originalAction=REQUEST'] },
    }),
    alone('a call without an id is malformed', (a) => call(a, 'nobody', undefined, '1'), {
        fault: 'B7', reason: 'the original takes it', original: { A: ['RPC.NO_RPC_PROVIDER name=nobody'] },
        ours: { A: ['RPC.INVALID_MESSAGE_DATA isError name=nobody originalAction=REQUEST'] },
    }),
]);

await differential('rpc timeouts', { rpc: { ackTimeout: 300, responseTimeout: 600 } }, [
    called('a provider that is silent', async (a) => { await a.sees('RPC.ACCEPT_TIMEOUT', {}, SILENT_MS); }),
    called('a provider that accepts and is silent', async (a, p) => {
        say(p, 'ACCEPT');
        await a.sees('RPC.RESPONSE_TIMEOUT', {}, SILENT_MS);
    }),
    called('an acceptance that comes too late', async (a, p) => {
        await a.sees('RPC.ACCEPT_TIMEOUT', {}, SILENT_MS);
        say(p, 'ACCEPT');
    }),
    called('an answer that comes too late', async (a, p) => {
        say(p, 'ACCEPT');
        await a.sees('RPC.RESPONSE_TIMEOUT', {}, SILENT_MS);
        say(p, 'RESPONSE', { data: '1' });
    }),
]);

await differential('rpc requestors', {
    rpc: { ackTimeout: 100000, responseTimeout: 200000, provideRequestorName: true, provideRequestorData: true },
    auth: [{ type: 'file', options: { users: {
        ann: { password: 'x', clientData: { role: 'boss' } }, bob: { password: 'x' }, P: { password: 'x' }, Q: { password: 'x' },
    } } }],
}, [
    {
        title: 'a provider is told who calls, and what the client may know of itself',
        async play(table) {
            const as = (username) => ({ auth: { username, password: 'x' } });
            const p = await table.client('P', as('P'));
            const ann = await table.client('ann', as('ann'));
            const bob = await table.client('bob', as('bob'));
            provide(p, ['who'], '0');
            await table.settle();
            call(ann, 'who', 'c1', '1');
            await table.settle();
            call(bob, 'who', 'c2', '2', { requestorName: 'ann', requestorData: '{"role":"boss"}' });
        },
    },
]);
