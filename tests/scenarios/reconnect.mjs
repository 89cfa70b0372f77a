// What survives the end of the server, and of clients.

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { assert, once, scenarios, until } from './stage.mjs';

const stored = { ours: { storage: { type: 'default', options: {} } } };

/** A client in a process of its own, which is killed without warning. Sends what it did to its parent. */
if (process.argv.includes('--victim')) {
    const { Peer } = await import('../support/wire.mjs');
    const [port, action] = process.argv.slice(process.argv.indexOf('--victim') + 1);
    const peer = await Peer.login(Number(port), { name: 'victim' });
    const acts = {
        provide: async () => { peer.send('RPC.PROVIDE', { names: ['victim/serve'], correlationId: '1' }); await peer.sees('RPC.PROVIDE'); },
        listen: async () => {
            peer.send('RECORD.LISTEN', { name: 'victim/.*' });
            const { name, subscription } = await peer.sees('RECORD.SUBSCRIPTION_FOR_PATTERN_FOUND');
            peer.send('RECORD.LISTEN_ACCEPT', { name, subscription });
            await peer.roundTrip();
        },
        write: async () => {
            for (let i = 1; ; i++) {
                peer.send('RECORD.CREATEANDUPDATE', { name: 'victim/record', version: -1, data: JSON.stringify({ i, text: 'x'.repeat(1000) }), isWriteAck: true, correlationId: String(i) });
                if (i % 20 === 0) await peer.roundTrip();
                if (i === 100) process.send('ready');
            }
        },
        call: async () => { peer.send('RPC.REQUEST', { name: 'slow', correlationId: 'c' }); await peer.roundTrip(); },
        nothing: async () => {},
    };
    await acts[action]();
    if (action !== 'write') process.send('ready');
    setInterval(() => {}, 1000);
    await new Promise(() => {});
}

async function victim(stage, action) {
    const child = fork(fileURLToPath(import.meta.url), ['--victim', String(stage.server.port), action], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    await new Promise((done) => child.once('message', done));
    return async () => {
        const ended = new Promise((done) => child.once('exit', done));
        child.kill('SIGKILL');
        await ended;
    };
}

await scenarios('reconnects', {}, [
    ['the server is restarted: records are there, and clients go on as before', async (stage) => {
        const [a, b] = await Promise.all(['a', 'b'].map((name) => stage.user(name)));
        const mine = await a.record.getRecord('keep/1').whenReady();
        const yours = await b.record.getRecord('keep/1').whenReady();
        await mine.setWithAck({ before: 1 });
        await until(() => yours.get('before') === 1, 'the first change');
        const heard = [];
        b.event.subscribe('news', (data) => heard.push(data));
        b.rpc.provide('add', ({ x, y }, response) => response.send(x + y));
        const comings = [];
        b.presence.subscribe((name, online) => comings.push(`${name} ${online}`));
        b.record.listen('wanted/.*', (name, response) => response.accept());
        await until(() => a.rpc.make('add', { x: 1, y: 1 }).catch(() => null), 'the provider');
        await stage.server.restart();
        await until(() => a.getConnectionState() === 'OPEN' && b.getConnectionState() === 'OPEN', 'both clients back');
        assert.deepEqual(await a.record.snapshot('keep/1'), { before: 1 });
        const third = await stage.peer('third'); // a client takes records up again some time after it is back
        await until(async () => {
            third.send('RECORD.CREATEANDPATCH', { name: 'keep/1', version: -1, path: 'third', data: '3' });
            await third.roundTrip();
            return mine.get('third') === 3 && yours.get('third') === 3 && mine.version === yours.version;
        }, 'both records back');
        mine.set('after', 2);
        await until(() => yours.get('after') === 2, 'a change after the restart');
        await until(() => { a.event.emit('news', 'again'); return heard.includes('again'); }, 'an event after the restart');
        assert.equal(await until(() => a.rpc.make('add', { x: 2, y: 2 }).catch(() => null), 'a call after the restart'), 4);
        await until(async () => { (await stage.user('late')).close(); return comings.includes('late true'); }, 'presence after the restart');
        const wanted = await a.record.getRecord('wanted/1').whenReady();
        await until(() => wanted.hasProvider, 'a provider after the restart');
    }],
    ['a thousand records with versions survive', async (stage) => {
        const a = await stage.peer('a');
        for (let i = 0; i < 1000; i++) {
            for (let k = 0; k <= i % 3; k++) a.send('RECORD.CREATEANDUPDATE', { name: `thousand/${i}`, version: -1, data: JSON.stringify({ i, k }), isWriteAck: true, correlationId: `${i}.${k}` });
        }
        const writes = Array.from({ length: 1000 }, (_, i) => (i % 3) + 1).reduce((sum, n) => sum + n);
        await a.until(() => a.messages.length === writes, 'all acknowledgements', 60000);
        await stage.server.restart();
        const b = await stage.peer('b');
        for (let i = 0; i < 1000; i++) b.send('RECORD.READ', { name: `thousand/${i}` });
        await b.until(() => b.messages.length === 1000, 'all records', 60000);
        for (const { name, version, data } of b.messages) {
            const i = Number(name.slice('thousand/'.length));
            assert.equal(version, (i % 3) + 1);
            assert.deepEqual(JSON.parse(data), { i, k: i % 3 });
        }
    }],
    ['a deleted record stays deleted', async (stage) => {
        const a = await stage.user('a');
        await a.record.setDataWithAck('delete/1', { a: 1 });
        const record = await a.record.getRecord('delete/1').whenReady();
        await record.delete();
        await stage.server.restart();
        await until(() => a.getConnectionState() === 'OPEN', 'the client back');
        assert.equal(await a.record.has('delete/1'), false);
    }],
    ['the server is killed: acknowledged writes are there, and clients come back', async (stage) => {
        const a = await stage.user('a');
        await a.record.setDataWithAck('killed/1', { a: 1 });
        await stage.server.kill();
        await stage.server.again();
        await until(() => a.getConnectionState() === 'OPEN', 'the client back');
        assert.deepEqual(await a.record.snapshot('killed/1'), { a: 1 });
    }],
], stored);

await scenarios('clients that hold much', {}, [
    ['a client with twenty thousand records, which it takes up in one message, gets all of them back', async (stage) => {
        const a = await stage.user('a');
        const records = Array.from({ length: 20000 }, (_, i) => a.record.getRecord(`held/${i}`));
        await Promise.all(records.map((record) => record.whenReady()));
        await stage.server.restart();
        await until(() => a.getConnectionState() === 'OPEN', 'the client back');
        const b = await stage.peer('b');
        await until(async () => {
            b.send('RECORD.CREATEANDPATCH', { name: 'held/19999', version: -1, path: 'b', data: '1' });
            await b.roundTrip();
            return records.at(-1).get('b') === 1;
        }, 'the last record back');
        for (const i of [0, 9999, 10000, 15000]) b.send('RECORD.CREATEANDPATCH', { name: `held/${i}`, version: -1, path: 'b', data: '1' });
        await until(() => [0, 9999, 10000, 15000].every((i) => records[i].get('b') === 1), 'the others back');
        assert.deepEqual(a.errors.filter(({ event }) => event !== 'CONNECTION_ERROR'), []);
    }],
]);

await scenarios('killed clients', { rpc: { ackTimeout: 30000, responseTimeout: 60000 } }, [
    ['a killed client is told as gone', async (stage) => {
        const a = await stage.user('a');
        const heard = [];
        const kill = await victim(stage, 'nothing');
        a.presence.subscribe((name, online) => heard.push(`${name} ${online}`));
        await until(async () => { (await stage.user('probe')).close(); return heard.includes('probe true'); }, 'the subscription');
        await kill();
        await until(() => heard.includes('victim false'), 'the news');
        assert.ok(!(await a.presence.getAll()).includes('victim'));
    }],
    ['a killed provider of calls is asked no more, and its open call fails at once', async (stage) => {
        const a = await stage.user('a');
        const kill = await victim(stage, 'provide');
        const peer = await stage.peer('caller');
        peer.send('RPC.REQUEST', { name: 'victim/serve', correlationId: 'c' });
        await peer.roundTrip();
        await kill();
        await peer.sees('RPC.NO_RPC_PROVIDER', { correlationId: 'c' });
        await assert.rejects(a.rpc.make('victim/serve', 1), (error) => /NO_RPC_PROVIDER/.test(String(error)));
    }],
    ['the open call of a killed provider goes to the next', async (stage) => {
        const kill = await victim(stage, 'provide');
        const caller = await stage.peer('caller');
        caller.send('RPC.REQUEST', { name: 'victim/serve', correlationId: 'c', data: '1' });
        await caller.roundTrip();
        const next = await stage.peer('next');
        next.send('RPC.PROVIDE', { names: ['victim/serve'], correlationId: '1' });
        await next.sees('RPC.PROVIDE');
        await kill();
        const { correlationId } = await next.sees('RPC.REQUEST');
        next.send('RPC.RESPONSE', { name: 'victim/serve', correlationId, data: '"next"' });
        assert.equal((await caller.sees('RPC.RESPONSE')).data, '"next"');
    }],
    ['the answer to a killed caller is answered to nobody', async (stage) => {
        const provider = await stage.peer('provider');
        provider.send('RPC.PROVIDE', { names: ['slow'], correlationId: '1' });
        await provider.sees('RPC.PROVIDE');
        const kill = await victim(stage, 'call');
        const { correlationId } = await provider.sees('RPC.REQUEST');
        await kill();
        await stage.server.logs(/CLIENT_DISCONNECTED \| victim/);
        await until(async () => (await stage.peer('x'), provider.send('RPC.ACCEPT', { name: 'slow', correlationId }), await provider.roundTrip(), provider.last('RPC.INVALID_RPC_CORRELATION_ID')), 'the end of the call');
    }],
    ['a killed listener provides no more', async (stage) => {
        const a = await stage.user('a');
        const record = await a.record.getRecord('victim/wanted').whenReady();
        const kill = await victim(stage, 'listen');
        await until(() => record.hasProvider, 'the provider');
        const asked = once('the question to the next listener');
        a.record.listen('victim/wanted', (name, response) => { response.accept(); asked(name); });
        await stage.peer('barrier').then((peer) => peer.roundTrip());
        await kill();
        await asked.happens;
        await until(() => record.hasProvider, 'the next provider');
    }],
    ['a client killed in the middle of its writes leaves a whole record, of the version that it says', async (stage) => {
        const a = await stage.user('a');
        const record = await a.record.getRecord('victim/record').whenReady();
        const kill = await victim(stage, 'write');
        await kill();
        await stage.server.logs(/CLIENT_DISCONNECTED \| victim[\s\S]*CLIENT_DISCONNECTED \| victim[\s\S]*CLIENT_DISCONNECTED \| victim/);
        const peer = await stage.peer('reader');
        peer.send('RECORD.READ', { name: 'victim/record' });
        const read = await peer.sees('RECORD.READ_RESPONSE');
        const { i, text } = JSON.parse(read.data);
        assert.equal(read.version, i);
        assert.equal(text.length, 1000);
        await until(() => record.get('i') === i && record.version === i, 'the last change');
    }],
]);
