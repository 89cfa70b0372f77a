// Records through Redis: the whole server with cache-redis and storage-redis, the published client, a real
// redis-server that is killed under load, and the original with its own connector on the same data.
//
//     node redis.mjs --server FILE [--only TEXT]

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { startRedis } from '../support/backends.mjs';
import { freePort, startOriginal, startOurs } from '../support/servers.mjs';
import { Peer } from '../support/wire.mjs';
import { check, report } from '../commands/check.mjs';

const require = createRequire(import.meta.url);
const { DeepstreamClient } = require('@deepstream/client');

const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always'];
const REQUEST_TIMEOUT_MS = 1000;
const KILLS = 3;
/** Nobody measures time here: how late an answer may be on a busy machine. */
const GRACE_MS = 20000;

const address = (redis) => ({ host: '127.0.0.1', port: redis.port });
const cacheIn = (redis, options = {}) => ({ cache: { name: 'redis', options: { ...address(redis), ...options } } });
const ourServer = (redis, more = {}) => startOurs(cacheIn(redis), { ours: more });

/** What redis-cli prints for a command, raw. */
function ask(redis, ...words) {
    const { stdout, status } = spawnSync('redis-cli', ['-p', String(redis.port), ...words], { encoding: 'utf8' });
    assert.equal(status, 0);
    return stdout.replace(/\n$/, '');
}

/** Runs act with a Redis and whatever it starts through `keep`, and stops all of it. */
async function withRedis(args, act) {
    const redis = await startRedis({ args });
    const others = [];
    const keep = async (started) => { others.unshift(await started); return others[0]; };
    try {
        await act(redis, keep);
    } finally {
        for (const other of others) await (other.stop ?? other.close).call(other);
        await redis.stop();
    }
}

async function client(port) {
    const made = new DeepstreamClient(`127.0.0.1:${port}`);
    made.on('error', () => {});
    await made.login({ username: 'test' });
    return made;
}

const written = (version, data, id) => ({ name: 'load/1', version, data: JSON.stringify(data), isWriteAck: true, correlationId: id });

/** Writes a counter as often as it is told, always a few at a time, and keeps what was acknowledged. */
class Writer {
    constructor(peer) {
        this.peer = peer;
        this.next = 1;
        this.sentAt = new Map();
        this.acknowledged = 0;
        this.failures = [];
        peer.watchers.add(() => this.look());
    }

    send() {
        this.sentAt.set(String(this.next), Date.now());
        this.peer.send('RECORD.CREATEANDUPDATE', written(-1, { i: this.next }, String(this.next)));
        this.next++;
    }

    look() {
        for (const { kind, correlationId, isError } of this.peer.messages.splice(0)) {
            const sentAt = this.sentAt.get(correlationId);
            if (sentAt === undefined) continue;
            this.sentAt.delete(correlationId);
            if (isError) this.failures.push({ kind, took: Date.now() - sentAt });
            else this.acknowledged = Math.max(this.acknowledged, Number(correlationId));
            if (this.isWriting) this.send();
        }
        for (const wait of [...(this.waits ?? [])]) wait();
    }

    start(inFlight) {
        this.isWriting = true;
        for (let i = 0; i < inFlight; i++) this.send();
    }

    until(done, what) {
        return new Promise((resolve, reject) => {
            this.waits ??= new Set();
            const settle = (act, value) => { clearTimeout(timer); this.waits.delete(wait); act(value); };
            const wait = () => { if (done()) settle(resolve); };
            const timer = setTimeout(() => settle(reject, new Error(`waited in vain for ${what}: ${this.acknowledged} acknowledged, ${this.failures.length} failed`)), 60000);
            this.waits.add(wait);
            wait();
        });
    }

    async finish() {
        this.isWriting = false;
        await this.until(() => this.sentAt.size === 0, 'the last answers');
    }
}

async function metric(server, name) {
    const text = await (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text();
    return text.split('\n').filter((line) => line.includes(name) && !line.startsWith('#')).reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

await check('a record that one client writes another one reads, and Redis has it as the original would', () => withRedis([], async (redis, keep) => {
    const server = await keep(ourServer(redis));
    const a = await keep(client(server.port)), b = await keep(client(server.port));
    const record = await a.record.getRecord('notes/1').whenReady();
    await record.setWithAck({ text: 'hello', list: [1, 2.5, null], 'ünï': '€' });
    await record.setWithAck('text', 'hello again');
    assert.deepEqual(await b.record.snapshot('notes/1'), { text: 'hello again', list: [1, 2.5, null], 'ünï': '€' });
    assert.equal(ask(redis, 'GET', 'notes/1_v'), String(record.version));
    assert.equal(ask(redis, 'GET', 'notes/1_d'), '{"text":"hello again","list":[1,2.5,null],"ünï":"€"}');
    assert.equal(await b.record.head('notes/1'), record.version);
    await record.delete();
    await b.record.has('notes/1').then((has) => assert.equal(has, false));
    assert.equal(ask(redis, 'DBSIZE'), '0');
}));

await check('of two servers that share a Redis, no version is given twice and no write is lost', () => withRedis([], async (redis, keep) => {
    const WRITES = 150;
    const servers = [await keep(ourServer(redis)), await keep(ourServer(redis))];
    const peers = await Promise.all(servers.map(({ port }, i) => Peer.login(port, { name: `writer${i}` })));
    peers[0].send('RECORD.CREATEANDUPDATE', { name: 'shared', version: -1, data: '{}', isWriteAck: true, correlationId: 'first' });
    await peers[0].sees('RECORD.WRITE_ACKNOWLEDGEMENT', { correlationId: 'first' });
    const before = Number(ask(redis, 'GET', 'shared_v'));
    for (let i = 0; i < WRITES; i++)
        peers.forEach((peer, who) => peer.send('RECORD.PATCH', { name: 'shared', version: -1, path: `w${who}_${i}`, data: '1', isWriteAck: true, correlationId: `${i}` }));
    const answers = (peer) => peer.messages.filter(({ correlationId }) => /^\d+$/.test(correlationId ?? ''));
    const done = await Promise.all(peers.map((peer) => peer.until(() => answers(peer).length === WRITES && answers(peer), 'all answers', 60000)));
    const acknowledged = done.flatMap((all, who) => all.filter(({ isError }) => !isError).map(({ correlationId }) => `w${who}_${correlationId}`));
    assert.ok(acknowledged.length > WRITES);
    assert.equal(Number(ask(redis, 'GET', 'shared_v')), before + acknowledged.length);
    assert.deepEqual(Object.keys(JSON.parse(ask(redis, 'GET', 'shared_d'))).sort(), acknowledged.sort());
    for (const peer of peers) peer.socket.close();
}));

await check('Redis is killed under load: errors in time, no acknowledged write lost, and everything goes on by itself', () => withRedis(DURABLE, async (redis, keep) => {
    const options = { ...address(redis), requestTimeout: REQUEST_TIMEOUT_MS };
    const server = await keep(startOurs({}, {
        ours: {
            cache: { name: 'redis', options: { ...options, db: 1 } },
            storage: { name: 'redis', options },
            monitoring: [{ type: 'prometheus' }],
        },
    }));
    const peer = await Peer.login(server.port, { name: 'load' });
    const writer = new Writer(peer);
    writer.start(5);
    for (let kill = 1; kill <= KILLS; kill++) {
        const seen = writer.acknowledged, failed = writer.failures.length, logged = server.log.length;
        await writer.until(() => writer.acknowledged >= seen + 50, 'fifty writes');
        await redis.kill();
        await server.logs(/BACKEND_LOST \| redis at 127\.0\.0\.1:\d+: .*; trying again/, { from: logged });
        await writer.until(() => writer.failures.length > failed, 'an error');
        const safe = writer.acknowledged;
        await redis.again();
        for (const database of ['0', '1']) {
            const stored = JSON.parse(ask(redis, '-n', database, 'GET', 'load/1_d') || '{"i":0}').i;
            assert.ok(stored >= safe, `database ${database} has ${stored}, but ${safe} was acknowledged`);
        }
        await server.logs(/BACKEND_REGAINED \| redis at 127\.0\.0\.1:\d+: back after \d+\.\d s/, { from: logged });
    }
    const seen = writer.acknowledged;
    await writer.until(() => writer.acknowledged >= seen + 50, 'writes after the last kill');
    await writer.finish();
    for (const { kind, took } of writer.failures) {
        assert.match(kind, /^RECORD\.RECORD_(UPDATE|LOAD)_ERROR$/);
        assert.ok(took < 2 * REQUEST_TIMEOUT_MS + GRACE_MS, `an error took ${took} ms`);
    }
    const last = JSON.parse(ask(redis, 'GET', 'load/1_d')).i;
    assert.ok(last >= writer.acknowledged);
    assert.ok(await metric(server, 'event="BACKEND_LOST"') >= KILLS);
    assert.ok(await metric(server, 'event="BACKEND_REGAINED"') >= KILLS);
    peer.socket.close();
}));

await check('a record that cannot be read while Redis is away is an error, and is there when it is back', () => withRedis(DURABLE, async (redis, keep) => {
    const server = await keep(startOurs(cacheIn(redis, { requestTimeout: 200 })));
    const peer = await Peer.login(server.port);
    peer.send('RECORD.CREATEANDUPDATE', written(-1, { here: true }, '1'));
    await peer.sees('RECORD.WRITE_ACKNOWLEDGEMENT', { correlationId: '1' });
    await redis.kill();
    peer.send('RECORD.READ', { name: 'load/1', correlationId: 'r' });
    await peer.until(() => peer.messages.find(({ kind, name }) => kind === 'RECORD.RECORD_LOAD_ERROR' && name === 'load/1'), 'an error');
    await redis.again();
    await server.logs(/BACKEND_REGAINED/);
    peer.forget();
    peer.send('RECORD.READ', { name: 'load/1' });
    await peer.sees('RECORD.READ_RESPONSE', { name: 'load/1', data: '{"here":true}' });
    peer.socket.close();
}));

await check('a start without Redis fails and says why', async ({ file, run }) => {
    const port = await freePort();
    const config = file('config.json', { ...cacheIn({ port }), httpServer: { options: { port: 0 } }, storage: { type: 'none' } });
    const { status, stdout, stderr } = run(['start', '-c', config]);
    assert.equal(status, 1);
    assert.match(stdout + stderr, new RegExp(`BACKEND_LOST \\| redis at 127\\.0\\.0\\.1:${port}: connection refused; trying again`));
    assert.match(stdout + stderr, /PLUGIN_INITIALIZATION_TIMEOUT/);
});

await check('what the original wrote is read here, and the other way round, byte for byte', () => withRedis([], async (redis, keep) => {
    const connector = require.resolve('@deepstream/cache-redis');
    const original = await keep(startOriginal({ cache: { path: connector, options: address(redis) }, storage: { type: 'default', options: {} } }));
    const ours = await keep(ourServer(redis));
    const theirs = await keep(client(original.port)), mine = await keep(client(ours.port));
    const data = { text: 'a "quoted" \\ line\n€ 😀', numbers: [0, -1.5, 1e21, 1e-7], nested: { list: [[], {}], no: null, yes: true } };
    await theirs.record.setDataWithAck('from/original', data);
    await mine.record.setDataWithAck('from/ours', data);
    for (const key of ['v', 'd']) {
        assert.equal(ask(redis, 'GET', `from/ours_${key}`), ask(redis, 'GET', `from/original_${key}`));
        assert.notEqual(ask(redis, 'GET', `from/ours_${key}`), '');
    }
    assert.deepEqual(await mine.record.snapshot('from/original'), data);
    assert.deepEqual(await theirs.record.snapshot('from/ours'), data);

    await mine.record.setDataWithAck('from/original', 'text', 'changed here');
    await theirs.record.setDataWithAck('from/ours', 'text', 'changed there');
    assert.equal((await theirs.record.snapshot('from/original')).text, 'changed here');
    assert.equal((await mine.record.snapshot('from/ours')).text, 'changed there');
    assert.equal(await theirs.record.head('from/original'), await mine.record.head('from/original'));
    await (await mine.record.getRecord('from/original').whenReady()).delete();
    assert.equal(await theirs.record.has('from/original'), false);
}));

await check('S11: of two writes of one name in one turn the original answers the second alone; here both are answered', () => withRedis([], async (redis, keep) => {
    console.trace = () => {}; // the original complains
    const { default: Connector } = require('@deepstream/cache-redis');
    const logger = { getNameSpace: () => new Proxy({}, { get: () => () => {} }) };
    const original = new Connector(address(redis), { logger }, {});
    await original.whenReady();
    const answered = [];
    original.set('theirs', 1, { n: 1 }, () => answered.push(1));
    await new Promise((done) => original.set('theirs', 2, { n: 2 }, done));
    await new Promise((done) => original.get('theirs', done)); // whatever came before it has been answered
    assert.deepEqual(answered, []);
    original.connection.client.disconnect(); // its close() leaves a connection behind

    const ours = await keep(ourServer(redis));
    const peer = await Peer.login(ours.port);
    for (const id of ['1', '2'])
        peer.send('RECORD.CREATEANDUPDATE', { ...written(-1, { n: Number(id) }, id), name: 'ours' });
    for (const id of ['1', '2']) await peer.sees('RECORD.WRITE_ACKNOWLEDGEMENT', { correlationId: id });
    await peer.close();
}));

report();
