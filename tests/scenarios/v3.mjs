// The published client of the v3 protocol, `deepstream.io-client-js`, against ws-text.

import { allEndpoints, assert, once, scenarios, until } from './stage.mjs';
import { permissions, plainUsers } from '../support/servers.mjs';

const VALUES = ['text', '', 'a "quote" \\ and\nlines', 'żółć 🎉', 0, -1.5, 1e21, 5e-7, true, false, null, {}, [], { a: [1, { b: null }] }, undefined];

const rules = permissions({
    record: { 'closed/*': { read: false, create: false }, 'fixed/*': { write: "data.name === 'good'" }, 'kept/*': { delete: false } },
    event: { 'closed/*': { publish: false, subscribe: false, listen: false } },
    rpc: { 'closed/*': { provide: false, request: false } },
    presence: { hidden: { allow: false } },
});
const users = plainUsers(Object.fromEntries(['a', 'b', 'c', 'hidden'].map((name) =>
    [name, { password: 'right', clientData: { colour: name === 'a' ? 'red' : 'blue' } }])));
const login = (stage, name, more = {}) => stage.v3User(name, { password: 'right', ...more });

/** With a path and a value that may be anything, the client takes a callback and gives no promise. */
const setPath = (record, path, value) => new Promise((done, fail) => { record.set(path, value, (error) => (error ? fail(new Error(error)) : done())); });

const ready = async (client, name) => client.record.getRecord(name).whenReady();
const complaint = (client, event, part = '') => until(() => client.errors.find((error) => error.event === event && String(error.message).includes(part)), `${event} ${part}; there is ${JSON.stringify(client.errors)}`);

await scenarios('v3', { ...allEndpoints({ maxAuthAttempts: 2 }), auth: users, permission: rules }, [
    ['a login is told its client data', async (stage) => {
        const a = await login(stage, 'a');
        assert.deepEqual(a.data, { colour: 'red' });
        assert.equal(a.getConnectionState(), 'OPEN');
    }],
    ['a wrong password is refused, and too many of them end the connection', async (stage) => {
        const client = stage.v3Client();
        const answers = [];
        const attempt = () => client.login({ username: 'a', password: 'wrong' }, (isAllowed) => answers.push(isAllowed));
        attempt();
        await until(() => answers.length === 1, 'the first refusal');
        attempt();
        await until(() => client.getConnectionState() === 'CLOSED', 'the end of the connection');
        assert.ok(answers.length >= 2 && answers.every((isAllowed) => isAllowed === false));
    }],
    ['events carry every kind of value', async (stage) => {
        const [a, b] = [await login(stage, 'a'), await login(stage, 'b')];
        const heard = [];
        b.event.subscribe('values', (value) => heard.push(value));
        await b.presence.getAll(() => {});
        await until(() => stage.server.log.includes('AUTH_SUCCESSFUL | b'), 'b');
        await new Promise((done) => { b.presence.getAll(done); });
        for (const value of VALUES) a.event.emit('values', value);
        await until(() => heard.length === VALUES.length, 'the values');
        assert.deepEqual(heard, VALUES);
        b.event.unsubscribe('values');
        await new Promise((done) => { b.presence.getAll(done); });
        a.event.emit('values', 1);
        await new Promise((done) => { a.presence.getAll(done); });
        await new Promise((done) => { b.presence.getAll(done); });
        assert.equal(heard.length, VALUES.length);
        assert.deepEqual([a.errors, b.errors], [[], []]);
    }],
    ['a record is opened, set, patched, erased in and read', async (stage) => {
        const [a, b] = [await login(stage, 'a'), await login(stage, 'b')];
        const mine = await ready(a, 'r/1');
        const yours = await ready(b, 'r/1');
        assert.deepEqual(mine.get(), {});
        await mine.setWithAck({ name: 'Ann', list: [1, 2, { x: null }] });
        await until(() => yours.get('name') === 'Ann', 'the update');
        for (const value of VALUES.filter((one) => one !== undefined && !(one instanceof Object))) await setPath(mine, 'value', value);
        await setPath(mine, 'list[2].x', 'deep');
        await until(() => yours.get('list[2].x') === 'deep', 'the patch');
        mine.set('name', undefined);
        await until(() => yours.get('name') === undefined, 'the erasure');
        assert.deepEqual(yours.get(), mine.get());
        assert.deepEqual(await b.record.snapshot('r/1'), mine.get());
        assert.equal(await (await login(stage, 'c')).record.head('r/1'), mine.version);
        assert.deepEqual([a.errors, b.errors], [[], []]);
    }],
    ['setData writes what nobody has open, with and without a path', async (stage) => {
        const [a, b] = [await login(stage, 'a'), await login(stage, 'b')];
        await a.record.setDataWithAck('r/2', { a: 1, b: { c: [1] } });
        await a.record.setDataWithAck('r/2', 'b.c[1]', 'two');
        assert.deepEqual(await b.record.snapshot('r/2'), { a: 1, b: { c: [1, 'two'] } });
        a.record.setData('r/2', 'a', undefined);
        a.record.setData('r/2', 'd', true);
        await until(async () => 'd' in (await b.record.snapshot('r/2')), 'the last write');
        assert.deepEqual(await b.record.snapshot('r/2'), { b: { c: [1, 'two'] }, d: true });
    }],
    ['a record that is not there has no snapshot, and version -1', async (stage) => {
        const a = await login(stage, 'a');
        assert.equal(await a.record.head('r/none'), -1);
        a.record.snapshot('r/none', () => {});
        await complaint(a, 'RECORD_NOT_FOUND', 'r/none');
    }],
    ['a deleted record is gone for all, a discarded one for its client', async (stage) => {
        const [a, b] = [await login(stage, 'a'), await login(stage, 'b')];
        const mine = await ready(a, 'r/3');
        const yours = await ready(b, 'r/3');
        const [gone, deleted, discarded] = [once('the deletion at b'), once('the deletion'), once('the discard')];
        yours.on('delete', gone);
        mine.on('delete', deleted);
        mine.delete();
        await Promise.all([gone.happens, deleted.happens]);
        const other = await ready(a, 'r/4');
        other.on('discard', discarded);
        other.discard();
        await discarded.happens;
        assert.deepEqual([a.errors, b.errors], [[], []]);
    }],
    ['both write the same version: one is told, and merges', async (stage) => {
        const merge = (record, remoteData, remoteVersion, done) => done(null, { ...record.get(), ...remoteData });
        const [a, b] = await Promise.all(['a', 'b'].map((name) => login(stage, name, { mergeStrategy: merge })));
        const mine = await ready(a, 'r/5');
        const yours = await ready(b, 'r/5');
        mine.set({ a: 1 });
        yours.set({ b: 2 });
        await until(() => mine.get('b') === 2 && yours.get('a') === 1, 'the merge');
        assert.deepEqual(mine.get(), yours.get());
        assert.equal(Number(mine.version), Number(yours.version));
    }],
    ['a conflict that nobody merges is an error with the version', async (stage) => {
        const [a, peer] = [await login(stage, 'a'), await stage.stranger('raw', { path: '/deepstream-v3' })];
        await a.record.setDataWithAck('r/6', { a: 1 });
        peer.sendText('A\x1fREQ\x1f{"username":"b","password":"right"}\x1e');
        peer.sendText('R\x1fU\x1fr/6\x1f1\x1f{"b":1}\x1f{"writeSuccess":true}\x1e');
        await peer.until(() => peer.lines.at(-1)?.includes('VERSION_EXISTS'), 'VERSION_EXISTS');
        assert.equal(peer.lines.at(-1), `text ${JSON.stringify('R\x1fE\x1fVERSION_EXISTS\x1fr/6\x1f1\x1f{"a":1}\x1f{"writeSuccess":true}\x1e')}`);
    }],
    ['lists are records of names', async (stage) => {
        const [a, b] = [await login(stage, 'a'), await login(stage, 'b')];
        const mine = await a.record.getList('l/1').whenReady();
        mine.setEntries(['x', 'y']);
        mine.addEntry('z', 0);
        const yours = await b.record.getList('l/1').whenReady();
        await until(() => yours.getEntries().length === 3, 'three entries');
        assert.deepEqual(yours.getEntries(), ['z', 'x', 'y']);
        const added = once('an entry at a');
        mine.on('entry-added', (entry) => added(entry));
        yours.addEntry('w');
        assert.equal(await added.happens, 'w');
    }],
    ['calls are answered, rejected, failed, and have nobody to answer', async (stage) => {
        const [a, b, c] = [await login(stage, 'a'), await login(stage, 'b'), await login(stage, 'c')];
        b.rpc.provide('double', (value, response) => response.send(value * 2));
        b.rpc.provide('fail', (value, response) => response.error('no way'));
        b.rpc.provide('maybe', (value, response) => response.reject());
        c.rpc.provide('echo', (value, response) => response.send(value));
        await Promise.all([b, c].map((client) => new Promise((done) => { client.presence.getAll(done); })));
        assert.equal(await a.rpc.make('double', 21), 42);
        for (const value of VALUES.slice(0, -1)) assert.deepEqual(await a.rpc.make('echo', value), value);
        await assert.rejects(a.rpc.make('fail', 1), (error) => error === 'Sno way');
        await assert.rejects(a.rpc.make('maybe', 1), (error) => error === 'NO_RPC_PROVIDER');
        await assert.rejects(a.rpc.make('nobody', 1), (error) => error === 'NO_RPC_PROVIDER');
        b.rpc.unprovide('double');
        await new Promise((done) => { b.presence.getAll(done); });
        await assert.rejects(a.rpc.make('double', 1), (error) => error === 'NO_RPC_PROVIDER');
        assert.deepEqual([b.errors, c.errors], [[], []]);
    }],
    ['presence: who is there, who comes, who leaves', async (stage) => {
        const a = await login(stage, 'a');
        const all = [];
        const one = [];
        a.presence.subscribe((user, isThere) => all.push([user, isThere]));
        a.presence.subscribe('b', (isThere, user) => one.push([user, isThere]));
        await new Promise((done) => { a.presence.getAll(['b'], done); });
        const b = await login(stage, 'b');
        await until(() => all.length > 0 && one.length > 0, 'b to come');
        assert.deepEqual(await new Promise((done) => { a.presence.getAll(done); }), ['b']);
        assert.deepEqual(await new Promise((done) => { a.presence.getAll(['b', 'c'], done); }), { b: true, c: false });
        b.close();
        await until(() => all.at(-1)[1] === false && one.at(-1)[1] === false, 'b to leave');
        assert.ok(all.every(([user]) => user === 'b') && one.every(([user]) => user === 'b'));
        a.presence.unsubscribe('b', () => {});
        assert.deepEqual(a.errors, []);
    }],
    ['listeners of events and records are told of subscriptions', async (stage) => {
        const [a, b] = [await login(stage, 'a'), await login(stage, 'b')];
        const told = [];
        const listen = (kind) => a[kind].listen(`${kind}/.*`, (name, isSubscribed, response) => {
            told.push([kind, name, isSubscribed]);
            if (isSubscribed) response.accept();
        });
        listen('event');
        listen('record');
        await new Promise((done) => { a.presence.getAll(done); });
        b.event.subscribe('event/1', () => {});
        const record = await ready(b, 'record/1');
        await until(() => record.hasProvider, 'the provider');
        await until(() => told.length === 2, 'two subscriptions');
        const lost = once('the end of the provider');
        record.on('hasProviderChanged', lost);
        b.event.unsubscribe('event/1');
        a.record.unlisten('record/.*');
        assert.equal(await lost.happens, false);
        await until(() => told.some(([kind, , isSubscribed]) => kind === 'event' && !isSubscribed), 'the end of the subscription');
        a.event.unlisten('event/.*');
        assert.deepEqual(told[0], ['event', 'event/1', true]);
        assert.deepEqual([a.errors, b.errors], [[], []]);
    }],
    ['what is denied is told for what it was', async (stage) => {
        const a = await login(stage, 'a');
        a.event.emit('closed/e', 1);
        await complaint(a, 'MESSAGE_DENIED', 'closed/e');
        a.event.subscribe('closed/s', () => {});
        await complaint(a, 'MESSAGE_DENIED', 'closed/s');
        a.record.getRecord('closed/r').on('error', () => {});
        await complaint(a, 'MESSAGE_DENIED', 'closed/r');
        a.record.snapshot('closed/n', () => {});
        await complaint(a, 'MESSAGE_DENIED', 'closed/n');
        await assert.rejects(a.rpc.make('closed/p', 1), (error) => error === 'MESSAGE_DENIED');
        const fixed = await ready(a, 'fixed/r');
        fixed.set({ name: 'bad' });
        await complaint(a, 'MESSAGE_DENIED', 'fixed/r');
        a.presence.subscribe('hidden', () => {});
        await complaint(a, 'MESSAGE_DENIED', 'hidden');
    }],
    ['a lost connection comes back with its subscriptions and records', async (stage) => {
        const [a, b] = [await login(stage, 'a'), await login(stage, 'b')];
        const heard = [];
        a.event.subscribe('again', (value) => heard.push(value));
        const mine = await ready(a, 'r/7');
        const yours = await ready(b, 'r/7');
        await stage.server.restart();
        await until(() => [a, b].every((client) => client.getConnectionState() === 'OPEN'), 'both clients');
        await Promise.all([a, b].map((client) => new Promise((done) => { client.presence.getAll(done); })));
        await until(() => { b.event.emit('again', 1); return heard.length > 0; }, 'the event');
        await setPath(yours, 'x', 2).catch(() => {});
        await until(async () => mine.get('x') === 2, 'the change');
    }],
    ['a thousand messages in a few packets all take effect', async (stage) => {
        const [a, b] = [await login(stage, 'a'), await login(stage, 'b')];
        const heard = [];
        b.event.subscribe('many', (value) => heard.push(value));
        await new Promise((done) => { b.presence.getAll(done); });
        for (let i = 0; i < 1000; i++) a.event.emit('many', i);
        await until(() => heard.length === 1000, 'a thousand events');
        assert.deepEqual(heard, Array.from({ length: 1000 }, (_, i) => i));
    }],
]);
