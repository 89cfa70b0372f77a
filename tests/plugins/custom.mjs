// What custom plugins may ask of the server and what they are told, by one that does what it is told over HTTP
// (objects/exerciser.c), beside real clients.
//
//     node custom.mjs --server FILE --objects FOLDER [--only TEXT]

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { check, options, portOf, report } from '../commands/check.mjs';
import { CLIENT_OPTIONS, once, until } from '../scenarios/stage.mjs';
import { configurationOf, permissions, plainUsers } from '../support/servers.mjs';

const { DeepstreamClient } = createRequire(import.meta.url)('@deepstream/client');

class Exercise {
    constructor(place, given) {
        this.clients = [];
        this.process = place.launch(['start', '-c', place.file('config.json', configurationOf(0, {
            storage: { type: 'none', options: {} },
            plugins: { exerciser: { path: join(options.objects, 'plugin-exerciser.so'), options: { writesAtStart: given.enabledFeatures?.record !== false } } },
            ...given,
        }))]);
    }

    async start() {
        this.port = await portOf(this.process);
        await this.process.logs(/Deepstream started\n/);
        return this;
    }

    async does(verb, name = '', path = '', data = '') {
        const answer = await fetch(`http://127.0.0.1:${this.port}/do`, {
            method: 'POST', body: `${verb}\n${name}\n${path}\n${data}`, headers: { 'Content-Type': 'text/plain' },
        });
        return `${answer.status === 200 ? '' : 'ERROR '}${await answer.text()}`;
    }

    async told() {
        return (await (await fetch(`http://127.0.0.1:${this.port}/told`)).text()).split('\n').filter(Boolean);
    }

    async login(data, more = {}) {
        const client = new DeepstreamClient(`127.0.0.1:${this.port}`, { ...CLIENT_OPTIONS, ...more });
        client.on('error', () => {});
        this.clients.push(client);
        await client.login(data);
        return client;
    }

    leave() {
        for (const client of this.clients.splice(0)) client.close();
    }

    async stop() {
        this.leave();
        this.process.signal('SIGTERM');
        assert.equal((await this.process.exit()).code, 0, this.process.log);
    }
}

async function exercise(name, act, given = {}) {
    await check(name, async (place) => {
        const it = new Exercise(place, given);
        try {
            await act(await it.start(), place);
            await it.stop();
        } finally {
            it.leave();
        }
    });
}

const denyAll = permissions({ record: { '*': { create: false, read: true, write: false, delete: false, listen: false, notify: false } },
    event: { '*': { publish: false, subscribe: true, listen: false } } });

await exercise('it may write before clients are let in, and neither earlier nor when the server stops', async (it) => {
    await it.process.logs(/EXERCISER \| the server does not run/);
    assert.equal(await it.does('read', 'started'), '1 {"by":"exerciser"}');
    assert.equal(await it.does('read', 'too/early'), '-1 ');
    await it.stop();
    assert.equal([...it.process.log.matchAll(/EXERCISER \| the server does not run/g)].length, 2);
});

await exercise('it writes, patches and deletes records that rules keep from everybody else', async (it) => {
    const alice = await it.login({ username: 'alice' });
    await assert.rejects(alice.record.setDataWithAck('r', { hers: true }));
    assert.equal(await it.does('write', 'r', '', '{"a":{"b":[1,2]}}'), 'done');
    const record = alice.record.getRecord('r');
    await record.whenReady();
    assert.deepEqual(record.get(), { a: { b: [1, 2] } });
    assert.equal(await it.does('write', 'r', 'a.b[1]', '"two"'), 'done');
    await until(() => record.get('a.b[1]') === 'two', 'the patch');
    assert.equal(await it.does('write', 'r', 'a.b'), 'done');
    await until(() => record.get('a.b') === undefined, 'the removal');
    assert.equal(await it.does('write', 'r', '', '[1]'), 'done');
    assert.equal(await it.does('read', 'r'), '4 [1]');
    assert.match(await it.does('write', 'r', '', 'no json'), /^ERROR the record was not written: INVALID_MESSAGE_DATA$/);
    assert.match(await it.does('write', 'r', '', '7'), /^ERROR the record was not written: INVALID_MESSAGE_DATA$/);
    assert.match(await it.does('write', 'missing', 'a.b'), /^ERROR the record was not written: RECORD_UPDATE_ERROR$/);
    const deleted = once('the deletion');
    record.on('delete', deleted);
    assert.equal(await it.does('delete', 'r'), 'done');
    await deleted.happens;
    assert.equal(await it.does('delete', 'r'), 'done');
    assert.equal(await it.does('read', 'r'), '-1 ');
}, { permission: denyAll });

await exercise('writes that come at once take effect in their order', async (it) => {
    const outcomes = await Promise.all(Array.from({ length: 50 }, (_, i) => it.does('write', `many/${i % 5}`, '', `{"i":${i}}`)));
    assert.deepEqual([...new Set(outcomes)], ['done']);
    for (let i = 0; i < 5; i++) assert.match(await it.does('read', `many/${i}`), /^10 \{"i":\d+\}$/);
});

await exercise('it publishes to everybody, and hears what clients and plugins publish', async (it) => {
    const alice = await it.login({ username: 'alice' });
    const seen = [];
    alice.event.subscribe('news', (data) => seen.push(data));
    await until(async () => {
        await it.does('publish', 'news', '', '"probe"');
        return seen.length > 0;
    }, 'the subscription');
    seen.length = 0;
    await it.does('publish', 'news', '', '{"n":1}');
    await it.does('publish', 'news');
    await until(() => seen.length === 2, 'both events');
    assert.deepEqual(seen, [{ n: 1 }, undefined]);

    await it.does('subscribe', 'to plugin');
    alice.event.emit('to plugin', { from: 'alice' });
    await until(async () => (await it.told()).includes('event to plugin {"from":"alice"}'), 'the event of alice');
    await it.does('publish', 'to plugin', '', '"from itself"');
    await until(async () => (await it.told()).includes('event to plugin "from itself"'), 'its own event');
    await it.does('publish in handler');
    alice.event.emit('to plugin', 'last');
    await until(async () => (await it.told()).includes('event to plugin "last"'), 'the last event');
    alice.event.emit('to plugin', 'not heard');
    await it.does('subscribe', 'other');
    alice.event.emit('other', 'heard');
    await until(async () => (await it.told()).includes('event other "heard"'), 'the other event');
    const told = await it.told();
    assert.ok(!told.includes('event to plugin "once more"') && !told.includes('event to plugin "not heard"'), told.join('\n'));
});

await exercise('it is told of each login with its data and of each logout, once', async (it) => {
    const bob = await it.login({ username: 'bob', password: 'b' });
    const again = await it.login({ username: 'bob', password: 'b' });
    await assert.rejects(it.login({ username: 'bob', password: 'wrong' }));
    bob.close();
    again.close();
    await until(async () => (await it.told()).filter((line) => line.startsWith('logout bob')).length === 2, 'both logouts');
    const told = await it.told();
    assert.deepEqual(told.filter((line) => line.startsWith('login')), ['login bob {"role":"admin"}', 'login bob {"role":"admin"}']);
    assert.deepEqual(told.filter((line) => line.startsWith('over')), ['over websocket {"theme":"dark"}', 'over websocket {"theme":"dark"}']);
    assert.equal(told.filter((line) => line.startsWith('logout')).length, 2);
}, { auth: plainUsers({ bob: { password: 'b', serverData: { role: 'admin' }, clientData: { theme: 'dark' } } }) });

await exercise('it sees all clients and ends those of a user', async (it) => {
    const bobs = [await it.login({ username: 'bob' }), await it.login({ username: 'bob' })];
    const alice = await it.login({ username: 'alice' });
    await it.does('clients');
    assert.deepEqual((await it.told()).filter((line) => line.startsWith('client')).sort(), ['client alice ', 'client bob ', 'client bob ']);
    const ends = bobs.map((bob) => {
        const end = once('an end');
        bob.on('connectionStateChanged', (state) => { if (state !== 'OPEN') end(); });
        return end.happens;
    });
    assert.equal(await it.does('close user', 'bob'), '2');
    await Promise.all(ends);
    assert.equal(alice.getConnectionState(), 'OPEN');
    assert.equal(await it.does('close user', 'nobody'), '0');
});

await exercise('it changes timeouts within their bounds, and what begins then obeys', async (it) => {
    const provider = await it.login({ username: 'provider' });
    provider.rpc.provide('slow', () => {});
    const alice = await it.login({ username: 'alice' }, { rpcAcceptTimeout: 60000, rpcResponseTimeout: 60000 });
    assert.equal(await it.does('set', 'rpc.ackTimeout', '', '50'), 'set');
    assert.equal(await it.does('set', 'rpc.responseTimeout', '', '100'), 'set');
    await until(async () => {
        const outcome = await alice.rpc.make('slow', 1).catch((error) => String(error));
        return outcome === 'ACCEPT_TIMEOUT' || outcome === 'RESPONSE_TIMEOUT';
    }, 'the shorter timeout');
    assert.match(await it.does('set', 'rpc.ackTimeout', '', '-1'), /^ERROR `rpc\.ackTimeout` cannot be -1$/);
    assert.match(await it.does('set', 'httpServer.port', '', '80'), /^ERROR `httpServer\.port` cannot be changed while the server runs$/);
    assert.match(await it.does('set', 'logLevel', '', '7'), /^ERROR `logLevel` cannot be 7$/);
    for (const option of ['record.cacheRetrievalTimeout', 'record.storageRetrievalTimeout', 'listen.responseTimeout', 'listen.matchCooldown'])
        assert.equal(await it.does('set', option, '', '700'), 'set');
    assert.equal(await it.does('set', 'logLevel', '', '3'), 'set');
    const length = it.process.log.length;
    await it.login({ username: 'quiet' });
    assert.ok(!it.process.log.slice(length).includes('AUTH_SUCCESSFUL'));
});

await exercise('features that are off give an error, not silence', async (it) => {
    assert.match(await it.does('write', 'r', '', '{}'), /^ERROR the server does not run, or its feature is off$/);
    assert.equal(await it.does('publish', 'e', '', '1'), 'done');
    assert.equal(await it.does('subscribe', 'e'), 'subscribed');
}, { enabledFeatures: { record: false, event: false } });

report();
