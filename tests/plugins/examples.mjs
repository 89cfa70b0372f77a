// Each example plugin, built by the commands of its README in an empty folder against an installed prefix, named
// by the configuration of its README, and used by real clients.
//
//     node examples.mjs --server FILE --build FOLDER --compiler FILE [--only TEXT]

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { check, options, report } from '../commands/check.mjs';
import { CLIENT_OPTIONS, once, until } from '../scenarios/stage.mjs';
import { startMosquitto } from '../support/backends.mjs';
import { freePort } from '../support/servers.mjs';
import { Lines } from './lines.mjs';

const { DeepstreamClient } = createRequire(import.meta.url)('@deepstream/client');
const examples = resolve(dirname(fileURLToPath(import.meta.url)), '../../server/examples');
const prefix = mkdtempSync(join(tmpdir(), 'deepstream-examples-'));
const call = (command, args, more = {}) => execFileSync(command, args, { encoding: 'utf8', stdio: 'pipe', ...more });
call('cmake', ['--install', options.build, '--prefix', prefix]);

/** The first block of this language in the README. */
function block(name, language) {
    const found = readFileSync(join(examples, name, 'README.md'), 'utf8').match(new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``));
    assert.ok(found, `${name}/README.md has a block of ${language}`);
    return found[1];
}

function build(place, name) {
    const folder = join(place.folder, 'example');
    cpSync(join(examples, name), folder, { recursive: true });
    call('bash', ['-euc', block(name, 'sh')], {
        cwd: folder, env: { ...process.env, PREFIX: prefix, CC: options.compiler, CFLAGS: '-O1 -Wall -Wextra -Werror -Wshadow' },
    });
}

/** A server of the prefix with the configuration of the README, edited; `more` is YAML that stands beside it. */
class Server {
    constructor(place, name, more = '', edit = (text) => text) {
        this.place = place;
        this.clients = [];
        const yaml = (key, text) => (block(name, 'yaml').match(new RegExp(`^${key}:`, 'm')) || more.match(new RegExp(`^${key}:`, 'm')) ? '' : text);
        const own = edit(block(name, 'yaml'));
        this.config = [yaml('connectionEndpoints', 'connectionEndpoints: [{ type: ws-binary, options: {} }]'),
            yaml('storage', 'storage: { type: none }'), own, more, ''].join('\n');
    }

    /** Ready when it answers: its log may be a plugin that is silent. */
    async start() {
        this.port = await freePort();
        const file = this.place.file('config.yml', `httpServer: { type: default, options: { host: 127.0.0.1, port: ${this.port} } }\n${this.config}`);
        this.process = this.place.launch(['start', '-c', file], { program: join(prefix, 'bin/deepstream') });
        const isReady = async () => (await fetch(`http://127.0.0.1:${this.port}/ready`)).status === 200;
        await until(() => {
            assert.ok(!this.process.end, this.process.log);
            return isReady().catch(() => false);
        }, 'the server');
        return this;
    }

    client() {
        const client = new DeepstreamClient(`127.0.0.1:${this.port}`, CLIENT_OPTIONS);
        client.on('error', () => {});
        this.clients.push(client);
        return client;
    }

    async login(data) {
        const client = this.client();
        await client.login(data);
        return client;
    }

    async post(path, body, headers = {}) {
        const answer = await fetch(`http://127.0.0.1:${this.port}${path}`, {
            method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body,
        });
        return { status: answer.status, body: JSON.parse(await answer.text()) };
    }

    leave() {
        for (const client of this.clients.splice(0)) client.close();
    }

    /** A second signal would end the process at once. */
    askToStop() {
        if (!this.isStopping) this.process.signal('SIGTERM');
        this.isStopping = true;
    }

    async stop() {
        this.leave();
        this.askToStop();
        assert.equal((await this.process.exit()).code, 0, this.process.log);
    }
}

/** act gets the server, which is stopped behind it. */
async function example(name, act, { more, files = {}, edit } = {}) {
    await check(name, async (place) => {
        build(place, name);
        for (const [file, content] of Object.entries(files)) place.file(file, content);
        const server = new Server(place, name, more, edit);
        try {
            await act(await server.start(), place);
            await server.stop();
        } finally {
            server.leave();
        }
    });
}

/** A subscription is on its way for a while: events of `probe` go until one arrives. */
async function subscribed(client, name, handler, probe) {
    let arrived = false;
    client.event.subscribe(name, (data) => {
        if (data === 'probe') arrived = true;
        else handler(data);
    });
    await until(() => {
        probe.event.emit(name, 'probe');
        return arrived;
    }, `the subscription to ${name}`);
}

await example('login-watcher', async (server) => {
    const alice = await server.login({ username: 'alice' });
    const seen = [];
    await subscribed(alice, 'users', (data) => seen.push(data), await server.login({ username: 'carol' }));
    const bob = await server.login({ username: 'bob' });
    await until(() => seen.length === 1, 'the event of bob');
    bob.close();
    await until(() => seen.length === 2, 'the end of bob');
    assert.deepEqual(seen, [{ user: 'bob', online: true }, { user: 'bob', online: false }]);
    await server.process.logs(/LOGIN_WATCHER \| bob left from 127\.0\.0\.1/);
});

await example('session-closer', async (server) => {
    const secret = { Authorization: 'Bearer change me' };
    const ends = [];
    for (const which of [1, 2]) {
        const bob = await server.login({ username: 'bob' });
        const ended = once(`the end of connection ${which}`);
        bob.on('connectionStateChanged', (state) => { if (state !== 'OPEN') ended(state); });
        ends.push(ended.happens);
    }
    const alice = await server.login({ username: 'alice' });
    assert.equal((await server.post('/close-user', '{"user":"bob"}')).status, 401);
    assert.equal((await server.post('/close-user', '{"user":"bob"}', { Authorization: 'Bearer change you' })).status, 401);
    assert.equal((await server.post('/close-user', '{"user":7}', secret)).status, 400);
    assert.deepEqual(await server.post('/close-user', '{"user":"nobody"}', secret), { status: 200, body: { closed: 0 } });
    assert.deepEqual(await server.post('/close-user', '{"user":"bob"}', secret), { status: 200, body: { closed: 2 } });
    await Promise.all(ends);
    assert.equal(alice.getConnectionState(), 'OPEN');
});

const rules = (publish) => `record: { "*": { create: true, read: true, write: true, delete: true, listen: true, notify: true } }
event: { "*": { publish: ${publish}, subscribe: true, listen: true } }
rpc: { "*": { provide: true, request: true } }
presence: { "*": { allow: true } }
`;

const withRules = { more: 'permission: { type: config, options: { permissions: fileLoad(permissions.yml) } }' };

await example('rule-refresher', async (server, place) => {
    const alice = await server.login({ username: 'alice' });
    const bob = await server.login({ username: 'bob' });
    const seen = [];
    await subscribed(bob, 'news', (data) => seen.push(data), alice);
    place.file('permissions.yml', rules('"user.id =="'));
    const refused = await server.post('/refresh-rules', '');
    assert.equal(refused.status, 422);
    assert.match(refused.body.error, /permissions\.yml:2/);
    place.file('permissions.yml', rules('true'));
    assert.deepEqual(await server.post('/refresh-rules', '{}'), { status: 200, body: { refreshed: true } });
    alice.event.emit('news', 1);
    await until(() => seen.length === 1, 'the event that is allowed now');
    place.file('permissions.yml', rules('"name !== \'news\'"'));
    const from = server.process.log.length;
    alice.event.emit('rules/refresh');
    await until(() => server.process.log.slice(from).includes('the rules were reloaded'), 'the refresh by event');
    const denied = once('the refusal');
    alice.on('error', (message, event) => { if (event === 'MESSAGE_DENIED') denied(message); });
    alice.event.emit('news', 2);
    await denied.happens;
    assert.deepEqual(seen, [1]);
}, { ...withRules, files: { 'permissions.yml': rules('"data === \'probe\'"') } });

await example('token-authentication', async (server) => {
    const bob = await server.login({ token: 's3cret' });
    await bob.presence.getAll();
    await assert.rejects(server.login({ token: 's3cres' }));
    await assert.rejects(server.login({ token: 's3cret ' }));
    await assert.rejects(server.login({ username: 'bob' }));
    const other = await server.login({ token: 's3cret' });
    other.event.emit('admins', 1);
    await until(() => server.process.log.includes('AUTH_SUCCESSFUL | bob'), 'the line about bob');
});

await example('owner-permission', async (server) => {
    const bob = await server.login({ username: 'bob' });
    const alice = await server.login({ username: 'alice' });
    const nobody = await server.login({});
    await bob.record.setDataWithAck('notes/bob/1', { text: 'mine' });
    assert.deepEqual(await alice.record.snapshot('notes/bob/1'), { text: 'mine' });
    await assert.rejects(alice.record.setDataWithAck('notes/bob/1', { text: 'hers' }));
    await assert.rejects(alice.record.setDataWithAck('notes/bobby', {}));
    await assert.rejects(nobody.record.setDataWithAck('notes/open/1', {}));
    await alice.record.setDataWithAck('public/1', { text: 'ours' });
    assert.deepEqual(await bob.record.snapshot('notes/bob/1'), { text: 'mine' });
});

await example('memory-cache', async (server) => {
    const alice = await server.login({ username: 'alice' });
    const names = Array.from({ length: 3000 }, (_, i) => `r/${i}`);
    await Promise.all(names.map((name, i) => alice.record.setDataWithAck(name, { i })));
    const bob = await server.login({ username: 'bob' });
    for (const i of [0, 1, 1500, 2999]) assert.deepEqual(await bob.record.snapshot(names[i]), { i });
    await bob.record.setDataWithAck('r/7', 'i', 8);
    assert.deepEqual(await alice.record.snapshot('r/7'), { i: 8 });
});

await example('file-storage', async (server, place) => {
    const alice = await server.login({ username: 'alice' });
    const long = `long/${'x'.repeat(900)}/é%`;
    await alice.record.setDataWithAck('notes/bob/1', { text: 'kept' });
    await alice.record.setDataWithAck(long, [1, 2]);
    await alice.record.setDataWithAck('gone', {});
    const gone = alice.record.getRecord('gone');
    await gone.whenReady();
    await gone.delete();
    server.process.signal('SIGKILL');
    await server.process.exit();
    for (const client of server.clients.splice(0)) client.close();
    assert.equal(readFileSync(join(place.folder, 'records/notes%2fbob%2f1.json'), 'utf8'), '1\n{"text":"kept"}');
    assert.deepEqual(readdirSync(join(place.folder, 'records')).filter((name) => name.startsWith('gone')), []);
    await server.start();
    const bob = await server.login({ username: 'bob' });
    assert.deepEqual(await bob.record.snapshot('notes/bob/1'), { text: 'kept' });
    assert.deepEqual(await bob.record.snapshot(long), [1, 2]);
    await assert.rejects(bob.record.snapshot('gone'));
});

await example('buffering-logger', async (server, place) => {
    const file = join(place.folder, 'deepstream.log');
    const log = () => (existsSync(file) ? readFileSync(file, 'utf8') : '');
    place.file('permissions.yml', rules('"user.id =="'));
    server.process.signal('SIGHUP');
    await until(() => log().includes('CONFIG_ERROR'), 'the error');
    assert.match(log(), /^ {4}\S+ INFO {2}INFO \| server name: /m);
    assert.match(log(), /^\S+ ERROR CONFIG_ERROR \| the rules were not reloaded/m);
    assert.ok(log().indexOf('server name') < log().indexOf('CONFIG_ERROR'));
}, { ...withRules, files: { 'permissions.yml': rules('true') } });

await example('state-monitor', async (server) => {
    const alice = await server.login({ username: 'alice' });
    await alice.record.setDataWithAck('r', { a: 1 });
    const state = await (await fetch(`http://127.0.0.1:${server.port}/state`)).json();
    assert.equal(state.connections, 1);
    assert.equal(state.clusterSize, 1);
    assert.equal(state.messages['RECORD.CREATEANDUPDATE'].received, 1);
    assert.ok(state.uptimeSeconds > 0 && state.residentBytes > 1000000);
});

await check('mqtt-bus', async (place) => {
    build(place, 'mqtt-bus');
    const broker = await startMosquitto();
    const nodes = ['one', 'two'].map((name) => {
        const server = new Server(place, 'mqtt-bus', `serverName: ${name}`);
        server.config = server.config.replace(/port: 1883/, `port: ${broker.port}`);
        return server;
    });
    try {
        for (const node of nodes) await node.start();
        await Promise.all(nodes.map((node) => node.process.logs(/CLUSTER_SIZE \| The cluster size is now 2/)));
        const [alice, bob] = await Promise.all(nodes.map((node, i) => node.login({ username: ['alice', 'bob'][i] })));
        const seen = [];
        await subscribed(alice, 'news', (data) => seen.push(data), bob);
        bob.event.emit('news', { from: 'two' });
        await until(() => seen.length === 1, 'the event of the other node');
        assert.deepEqual(seen, [{ from: 'two' }]);
        await until(async () => (await alice.presence.getAll()).includes('bob'), 'bob, who is online at the other node');
        await broker.kill();
        await nodes[0].process.logs(/the bus is lost/);
        await broker.again();
        await until(() => {
            bob.event.emit('news', 'again');
            return seen.includes('again');
        }, 'events after the broker came back');
        for (const node of nodes) await node.stop();
    } finally {
        for (const node of nodes) node.leave();
        await broker.stop();
    }
});

const linePort = await freePort();

await example('tcp-lines', async (server) => {
    const alice = await server.login({ username: 'alice' });
    const bob = await Lines.login(linePort, 'bob');
    assert.deepEqual((await alice.presence.getAll()).sort(), ['bob']);
    const heard = [];
    await subscribed(alice, 'news', (data) => heard.push(data), alice);
    bob.send({ topic: 4, action: 3, names: ['news'], correlationId: '1' });
    await bob.sees({ topic: 4, action: 3 });
    alice.event.emit('news', { from: 'alice' });
    assert.deepEqual(JSON.parse((await bob.sees({ topic: 4, action: 2, name: 'news' })).data), { from: 'alice' });
    const line = `${JSON.stringify({ topic: 4, action: 2, name: 'news', data: '"from bob é"' })}\r\n\n`;
    const bytes = Buffer.from(line);
    for (let i = 0; i < bytes.length; i += 7) {
        bob.socket.write(bytes.subarray(i, i + 7));
        await new Promise(setImmediate);
    }
    await until(() => heard.length === 2, 'the event of bob');
    assert.deepEqual(heard, [{ from: 'alice' }, 'from bob é']);

    const carol = await Lines.login(linePort, 'carol');
    carol.socket.write(`{"topic":4,"action":2,"name":"${'x'.repeat(70000)}"}\n`);
    await carol.ended;
    const dave = await Lines.login(linePort, 'dave');
    dave.socket.write(Buffer.from('{"topic":4,"action":2,"name":"\xff"}\n', 'latin1'));
    await dave.ended;
    await server.process.logs(/text that is not UTF-8/);

    bob.seen.length = 0;
    server.leave();
    server.askToStop();
    await bob.sees({ topic: 2, action: 9 });
    await bob.ended;
}, { edit: (text) => text.replace(/port: 6021/, `port: ${linePort}`) });

rmSync(prefix, { recursive: true, force: true });
report();
