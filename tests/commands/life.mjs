// A server starts, reloads, drains and stops; what keeps it from starting is said clearly.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { connect } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { Peer } from '../support/wire.mjs';
import { configurationOf, permissions } from '../support/servers.mjs';
import { check, ended, portOf, report } from './check.mjs';

const PORT_ANY = 0;
const quiet = (given = {}) => configurationOf(PORT_ANY, { storage: { type: 'none', options: {} }, ...given });

async function started(place, given, args = []) {
    const server = place.launch(['start', '-c', place.file('config.json', quiet(given)), ...args]);
    server.port = await portOf(server);
    await server.logs(/INFO \| Deepstream started\n/);
    return server;
}

// ---- start and stop ----

for (const command of ['start', 'cluster'])
    await check(`a SIGHUP does not end ${command} while it still reads its configuration`, async (place) => {
        const config = join(place.folder, 'config.yml');
        assert.equal(spawnSync('mkfifo', [config]).status, 0);
        const server = place.launch([command, '-c', config]);
        const file = await open(config, 'w'); // once the server reads
        server.signal('SIGHUP');
        await file.write('foo: 1\n');
        await file.close();
        assert.deepEqual(await server.exit(), { code: 1, signal: null });
        assert.match(server.log, /Property foo is not expected/);
    });

const LINES = [
    'State transition (start): CONFIG_LOADED -> LOGGER_INIT', 'logger ready: ', 'server name: test', 'deepstream version: ',
    'configuration file loaded from ', 'State transition (logger-started): LOGGER_INIT -> SERVICE_INIT', 'cache ready: ',
    'State transition (services-started): SERVICE_INIT -> HANDLER_INIT', 'State transition (handlers-started): HANDLER_INIT -> PLUGIN_INIT',
    'State transition (plugins-started): PLUGIN_INIT -> CONNECTION_ENDPOINT_INIT', 'Listening for http connections on 127.0.0.1:',
    'Listening for health checks on path /health-check',
    'State transition (connection-endpoints-started): CONNECTION_ENDPOINT_INIT -> RUNNING', 'Deepstream started',
    'State transition (stop): RUNNING -> CONNECTION_ENDPOINT_SHUTDOWN',
    'State transition (connection-endpoints-closed): CONNECTION_ENDPOINT_SHUTDOWN -> PLUGIN_SHUTDOWN',
    'State transition (plugins-closed): PLUGIN_SHUTDOWN -> HANDLER_SHUTDOWN',
    'State transition (handlers-closed): HANDLER_SHUTDOWN -> SERVICE_SHUTDOWN',
    'State transition (services-closed): SERVICE_SHUTDOWN -> LOGGER_SHUTDOWN',
];

for (const signal of ['SIGTERM', 'SIGINT'])
    await check(`S2: ${signal} goes through every state and ends with 0`, async (place) => {
        const server = await started(place);
        server.signal(signal);
        assert.deepEqual(await server.exit(), { code: 0, signal: null });
        let from = 0;
        for (const line of LINES) {
            const at = server.log.indexOf(`INFO | ${line}`, from);
            assert.ok(at >= 0, `${line} is missing or out of order in\n${server.log}`);
            from = at;
        }
    });

await check('without a command a server starts, S1: with the options given', async (place) => {
    place.file('config.json', quiet({ logLevel: 'ERROR' }));
    const server = place.launch(['-c', 'config.json', '--host', '127.0.0.2', '--port', '0', '--log-level', 'info']);
    const [, host] = await server.logs(/Listening for http connections on (.*):\d+\n/);
    assert.equal(host, '127.0.0.2');
    await server.logs(/Deepstream started/);
    assert.doesNotMatch(server.log, /State transition/);
});

await check('without any file a server starts with its defaults, and keeps records where it runs', async (place) => {
    const server = place.launch(['--port', '0'], { environment: { DEEPSTREAM_CONFIG_DIRECTORY: '' } });
    await server.logs(/Deepstream started/);
    assert.ok(existsSync(join(place.folder, 'deepstream.sqlite')));
    server.signal('SIGTERM');
    assert.equal((await server.exit()).code, 0);
});

await check('DEEPSTREAM_CONFIG_DIRECTORY names the file', async (place) => {
    const file = place.file('mine.json', quiet({ serverName: 'named by the environment' }));
    const server = place.launch([], { environment: { DEEPSTREAM_CONFIG_DIRECTORY: file } });
    await server.logs(/server name: named by the environment\n/);
});

await check('as many files may be open as the system allows', async (place) => {
    const server = await started(place);
    assert.match(server.log, /files and connections that may be open: \d{3,}/);
});

// ---- what keeps a server from starting ----

await check('a second server on one port says so and ends with 1; the first goes on', async (place) => {
    const first = await started(place);
    const second = place.launch(['-c', 'config.json', '--port', String(first.port)]);
    assert.deepEqual(await second.exit(), { code: 1, signal: null });
    assert.match(second.log, new RegExp(
        `CONNECTION_ERROR \\| cannot listen on 127\\.0\\.0\\.1:${first.port}: another process listens there already\n`));
    assert.doesNotMatch(second.log, /Deepstream started/);
    await (await Peer.login(first.port)).close();
});

await check('an address that is not of this machine cannot be listened on', (place) => {
    place.file('config.json', quiet());
    ended(place.run(['-c', 'config.json', '--host', '192.0.2.1']), {
        status: 1, stderr: /CONNECTION_ERROR \| cannot listen on 192\.0\.2\.1:0: /,
    });
});

await check('a storage that cannot be opened is named with file and reason', (place) => {
    place.file('file', 'not a folder');
    place.file('config.json', quiet({ storage: { type: 'default', options: { path: 'file/records.sqlite' } } }));
    const ran = place.run(['-c', 'config.json']);
    ended(ran, { status: 1, stderr: /PLUGIN_INITIALIZATION_ERROR \| storage .*file\/records\.sqlite/ });
    assert.doesNotMatch(ran.stdout, /Listening/);
});

await check('a storage that is no database is named, and left as it is', (place) => {
    const path = place.file('records.sqlite', 'this is text, and longer than the head of a database would be, by far. '.repeat(20));
    place.file('config.json', quiet({ storage: { type: 'default', options: { path } } }));
    ended(place.run(['-c', 'config.json']), { status: 1, stderr: /PLUGIN_INITIALIZATION_ERROR \| storage .*records\.sqlite/ });
});

// ---- the drain ----

await check('SIGTERM says goodbye with 1001 and lets nobody in any more', async (place) => {
    const server = await started(place);
    const peer = await Peer.login(server.port);
    server.signal('SIGTERM');
    assert.equal(await peer.closes(), 1001);
    assert.equal((await server.exit()).code, 0);
    await assert.rejects(Peer.connect(server.port));
});

const WRITES = 3000;

/** The correlation ids of the writes that were acknowledged without an error. */
const acknowledged = (peer) => peer.messages
    .filter(({ kind, isWriteAck, isError }) => kind === 'RECORD.WRITE_ACKNOWLEDGEMENT' || (isWriteAck && !isError))
    .map(({ correlationId }) => correlationId);

await check('writes that were accepted are answered and kept before SIGTERM ends the server', async (place) => {
    const storage = { type: 'default', options: { path: join(place.folder, 'records.sqlite') } };
    const server = await started(place, { storage });
    const peer = await Peer.login(server.port);
    for (let i = 0; i < WRITES; i++)
        peer.send('RECORD.CREATEANDUPDATE', {
            name: `r${i}`, version: 1, data: `{"n":${i}}`, correlationId: `r${i}`, isWriteAck: true,
        });
    await peer.until(() => acknowledged(peer).length > 0, 'a first acknowledgement');
    server.signal('SIGTERM');
    assert.equal(await peer.closes(), 1001);
    assert.equal((await server.exit()).code, 0);

    const known = acknowledged(peer);
    const again = await started(place, { storage });
    const reader = await Peer.login(again.port);
    for (const name of known) reader.send('RECORD.READ', { names: [name], name });
    await reader.until(() => reader.messages.length >= known.length, `${known.length} records`);
    const versions = new Map(reader.messages.map(({ name, version }) => [name, version]));
    assert.deepEqual(known.filter((name) => versions.get(name) !== 1), []);
});

/** A client that shakes hands and then does not even say goodbye. */
async function stubbornClient(port) {
    const socket = connect(port, '127.0.0.1');
    socket.write('GET /deepstream HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n');
    socket.on('error', () => {});
    await once(socket, 'data');
    return socket;
}

await check('a client that does not answer the goodbye is cut off when its time is up', async (place) => {
    const server = await started(place, { shutdownTimeout: 300 });
    const socket = await stubbornClient(server.port);
    server.signal('SIGTERM');
    await once(socket, 'close');
    assert.equal((await server.exit()).code, 0);
});

await check('a second signal ends the process at once', async (place) => {
    const server = await started(place, { shutdownTimeout: 60000 });
    await stubbornClient(server.port);
    server.signal('SIGTERM');
    await server.logs(/SIGTERM: stopping/);
    server.signal('SIGTERM');
    assert.deepEqual(await server.exit(), { code: null, signal: 'SIGTERM' });
});

// ---- SIGHUP ----

async function mayPublish(server) {
    const peer = await Peer.login(server.port);
    peer.send('EVENT.EMIT', { name: 'a', data: '1' });
    await peer.roundTrip();
    const denied = peer.messages.some(({ kind }) => kind === 'EVENT.MESSAGE_DENIED');
    await peer.close();
    return !denied;
}

const rules = (publish) => permissions({ event: { '*': { publish } } }).options.permissions;

await check('SIGHUP reads the rules again, all or nothing, and says so', async (place) => {
    const path = place.file('rules.json', rules(true));
    const server = await started(place, {
        permission: { type: 'config', options: { permissions: `fileLoad(${path})` } },
    });
    assert.ok(await mayPublish(server));

    writeFileSync(path, JSON.stringify(rules(false)));
    server.signal('SIGHUP');
    await server.logs(/INFO \| the rules were reloaded\n/);
    assert.ok(!await mayPublish(server));

    writeFileSync(path, JSON.stringify(rules('user.id = 1')));
    server.signal('SIGHUP');
    await server.logs(/CONFIG_ERROR \| .*rules\.json:/);
    assert.ok(!await mayPublish(server));

    writeFileSync(path, JSON.stringify(rules(true)));
    server.signal('SIGHUP');
    await server.logs(/INFO \| the rules were reloaded\n/, { times: 2 });
    assert.ok(await mayPublish(server));
});

await check('SIGHUP takes the log level of the file, unless the command line named one', async (place) => {
    const server = await started(place, { logLevel: 'INFO' });
    const named = place.launch(['-c', 'config.json', '--log-level', 'info']);
    await named.logs(/Deepstream started/);
    place.file('config.json', quiet({ logLevel: 'DEBUG' }));
    for (const each of [server, named]) {
        each.signal('SIGHUP');
        await each.logs(/there are no rules to reload|the rules were reloaded/);
        each.signal('SIGTERM');
        await each.exit();
    }
    assert.match(server.log, /State transition \(stop\)/);
    assert.doesNotMatch(named.log, /State transition/);
});

await check('SIGHUPs while the server stops do no harm, up to its last moment', async (place) => {
    const server = await started(place, {
        permission: permissions({ record: { '*': { create: true, write: true } } }),
        storage: { type: 'default', options: { path: 'records.sqlite' } },
    });
    const peer = await Peer.login(server.port);
    const data = JSON.stringify({ text: 'x'.repeat(500000) }); // so that the storage takes time to close
    for (let i = 0; i < 40; i++) {
        peer.send('RECORD.CREATEANDUPDATE', { name: `r${i}`, version: -1, data, isWriteAck: true, correlationId: `${i}` });
    }
    await peer.sees('RECORD.WRITE_ACKNOWLEDGEMENT', { correlationId: '39' });
    server.signal('SIGTERM');
    let isOver = false;
    const exit = server.exit().finally(() => { isOver = true; });
    while (!isOver) {
        server.signal('SIGHUP');
        await new Promise((resolve) => { setTimeout(resolve, 5); });
    }
    assert.deepEqual(await exit, { code: 0, signal: null });
});

await check('SIGHUP with a configuration that is not valid any more changes nothing', async (place) => {
    const server = await started(place, { logLevel: 'INFO' });
    place.file('config.json', quiet({ logLevel: 'DEBUG', nonsense: 1 }));
    server.signal('SIGHUP');
    await server.logs(/CONFIG_ERROR \| the configuration is not valid: nothing changes\n/);
    assert.match(server.log, /nonsense/);
    server.signal('SIGTERM');
    await server.exit();
    assert.doesNotMatch(server.log, /State transition/);
});

// ---- the world around ----

await check('a reader of the log that goes away does not end the server', async (place) => {
    const server = await started(place);
    server.child.stdout.destroy();
    server.child.stderr.destroy();
    for (let i = 0; i < 3; i++) await (await Peer.login(server.port)).close();
    assert.equal(server.end, undefined);
});

report();
