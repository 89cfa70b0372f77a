// The buses between nodes and how they log in: passwords, tokens and certificates against real servers of NATS
// and Redis, what a start says that is refused, and a server that goes away and comes back.
//
//     node buses.mjs --server FILE --bus nats|redis [--only TEXT]

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNats, startRedis } from '../support/backends.mjs';
import { certificate, textOf } from '../support/certificates.mjs';
import { configurationOf, freePort, startOurs } from '../support/servers.mjs';
import { Peer } from '../support/wire.mjs';
import { check, options, report } from '../commands/check.mjs';

const kind = options.bus;
const WAIT_MS = 40000;
const START_TIMEOUT_MS = 15000;

// ---- certificates: of the server, of its clients, and of somebody else ----

const folder = mkdtempSync(join(tmpdir(), 'bus-certificates-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const authority = certificate(folder, 'authority', { isAuthority: true });
const ours = certificate(folder, 'server', { issuer: authority });
const node = certificate(folder, 'node', { issuer: authority });
const stranger = certificate(folder, 'stranger', { isAuthority: true });
const elsewhere = certificate(folder, 'elsewhere', { issuer: authority, hosts: ['elsewhere.example'] });

// ---- the two buses in the same words ----

const nats = {
    start: (args) => startNats({ args }),
    at: (port) => ({ url: `nats://127.0.0.1:${port}` }),
    password: ['--user', 'bo', '--pass', 'secret'],
    login: { user: 'bo', password: 'secret' },
    tls: (made) => ['--tls', '--tlscert', made.pem, '--tlskey', made.key],
    checked: ['--tlsverify', '--tlscacert', authority.pem],
    trust: (made) => ({ caFile: made.pem }),
    identity: { certFile: node.pem, keyFile: node.key },
    changed: (word) => (word === 'secret' ? 'changed' : word),
    description: 'a bus over NATS',
};

/** Its port is that of TLS where it encrypts. */
async function startAnyRedis(args) {
    const at = args.indexOf('--tls-port'), password = args.includes('>secret') ? 'secret' : undefined;
    const words = at < 0 ? args : args.with(at + 1, String(await freePort()));
    const started = await startRedis({ args: words, password });
    if (at >= 0) started.tlsPort = Number(words[at + 1]);
    return started;
}

const redis = {
    start: startAnyRedis,
    at: (port) => ({ host: '127.0.0.1', port }),
    password: ['--user', 'bo', 'on', '>secret', '&*', '+publish', '+subscribe', '+ping'],
    login: { username: 'bo', password: 'secret' },
    tls: (made) => ['--tls-port', '', '--tls-cert-file', made.pem, '--tls-key-file', made.key, '--tls-ca-cert-file', authority.pem, '--tls-auth-clients', 'no'],
    checked: ['--tls-auth-clients', 'yes'],
    trust: (made) => ({ ca: textOf(made.pem) }),
    identity: { cert: textOf(node.pem), key: textOf(node.key) },
    changed: (word) => (word === '>secret' ? '>changed' : word),
    description: 'a bus over Redis',
};

const bus = { nats, redis }[kind];
const clusterNode = (backend, options) => ({ name: kind, options: { ...bus.at(backend.tlsPort ?? backend.port), ...options } });

// ---- nodes on it ----

/** Runs act with a server of the bus and two nodes that hear each other through it. optionsOf is what the nodes
 * are given, or makes that of the server's port. */
async function withCluster(args, optionsOf, act = () => {}) {
    const backend = await bus.start(args);
    const options = typeof optionsOf === 'function' ? optionsOf(backend.port) : optionsOf;
    const nodes = [];
    try {
        for (const serverName of ['node-1', 'node-2'])
            nodes.push(await startOurs({
                serverName, clusterNode: clusterNode(backend, options),
                clusterRegistry: { options: { keepAliveInterval: 300, activeCheckInterval: 200, nodeInactiveTimeout: 4000 } },
            }));
        for (const one of nodes) await one.logs(/CLUSTER_SIZE \| The cluster size is now 2/, { milliseconds: WAIT_MS });
        await eventCrosses(nodes, 'first');
        await act(backend, nodes);
    } finally {
        for (const one of nodes) await one.stop();
        await backend.stop();
    }
}

async function eventCrosses([from, to], name) {
    const sender = await Peer.login(from.port), receiver = await Peer.login(to.port);
    receiver.send('EVENT.SUBSCRIBE', { names: [name], correlationId: 's' });
    await receiver.sees('EVENT.SUBSCRIBE');
    const deadline = Date.now() + WAIT_MS;
    while (!receiver.messages.some((message) => message.kind === 'EVENT.EMIT' && message.name === name)) {
        assert.ok(Date.now() < deadline, `waited in vain for ${name}\n${from.tail()}\n${to.tail()}`);
        sender.send('EVENT.EMIT', { name, data: '1' });
        await sender.roundTrip();
        await receiver.roundTrip();
        await new Promise((next) => setTimeout(next, 10)); // nothing tells when a subscription is known
    }
    await sender.close();
    await receiver.close();
}

/** The start ends, long before its time is up, with one sentence that matches. */
async function isRefused(place, backend, options, sentence) {
    const config = configurationOf(0, { clusterNode: clusterNode(backend, options), dependencyInitializationTimeout: START_TIMEOUT_MS, storage: { type: 'none', options: {} } });
    const server = place.launch(['start', '-c', place.file('config.json', config)]);
    assert.deepEqual(await server.exit(WAIT_MS), { code: 1, signal: null }, server.log);
    assert.match(server.log, new RegExp(`PLUGIN_INITIALIZATION_ERROR \\| cluster node \\(${bus.description}, [^\\n]*\\.so\\): [^\\n]*${sentence.source}`));
    assert.ok(!server.log.includes('secret'), 'a password is in the log');
    assert.doesNotMatch(server.log, /Sanitizer|runtime error:/);
}

async function eachIsRefused(place, args, cases) {
    const backend = await bus.start(args);
    try {
        for (const [options, sentence] of cases) await isRefused(place, backend, options, sentence);
    } finally {
        await backend.stop();
    }
}

/** --check-config ends with this sentence about the options. */
function isNoOption(place, options, sentence) {
    const ran = place.run(['start', '--check-config', '-c', place.file('config.json', { clusterNode: { name: kind, options } })]);
    assert.equal(ran.status, 1, ran.stdout);
    assert.match(ran.stdout, sentence);
}

// ---- what both can do ----

await check('nodes log in with a user and a password', () => withCluster(bus.password, bus.login));
await check('nodes know the server by its authority', () => withCluster(bus.tls(ours), { tls: bus.trust(authority) }));
await check('nodes show a certificate of their own, and log in besides', () =>
    withCluster([...bus.tls(ours), ...bus.checked, ...bus.password], { ...bus.login, tls: { ...bus.trust(authority), ...bus.identity } }));

const REFUSED = { nats: /Authorization Violation/, redis: /(WRONGPASS|NOAUTH|NOPERM)/ }[kind];
await check('a wrong password, and none, end the start at once', (place) => eachIsRefused(place, bus.password, [
    [{ ...bus.login, password: 'wrong' }, REFUSED],
    [{}, REFUSED],
]));

const UNTRUSTED = { nats: /(certificate verify failed|self.signed|unable to get)/, redis: /certificate/ }[kind];
await check('a server of an authority that is not trusted ends the start', (place) => eachIsRefused(place, bus.tls(ours), [
    [{ tls: bus.trust(stranger) }, UNTRUSTED],
]));

await check('a bus that goes away and comes back with its login joins the nodes again', () =>
    withCluster(bus.password, bus.login, async (backend, nodes) => {
        const from = nodes.map((one) => one.log.length);
        await backend.kill();
        for (const [i, one] of nodes.entries()) await one.logs(/CLUSTER_BUS \| the bus is lost/, { from: from[i], milliseconds: WAIT_MS });
        await backend.again();
        for (const [i, one] of nodes.entries()) await one.logs(/CLUSTER_BUS \| the bus is there again/, { from: from[i], milliseconds: WAIT_MS });
        await eventCrosses(nodes, 'again');
    }));

await check('a bus that comes back and refuses the login for a while is joined when it does not', () =>
    withCluster(bus.password, bus.login, async (backend, nodes) => {
        const { command } = backend, from = nodes.map((one) => one.log.length);
        await backend.end();
        for (const [i, one] of nodes.entries()) await one.logs(/CLUSTER_BUS \| the bus is lost/, { from: from[i], milliseconds: WAIT_MS });
        backend.command = (...of) => command(...of).map(bus.changed);
        await backend.again();
        for (const [i, one] of nodes.entries()) await one.logs(new RegExp(REFUSED.source, 'i'), { from: from[i], milliseconds: WAIT_MS });
        await eventCrosses([nodes[0], nodes[0]], 'alone');
        backend.command = command;
        await backend.restart();
        for (const [i, one] of nodes.entries()) await one.logs(/CLUSTER_BUS \| the bus is there again/, { from: from[i], milliseconds: WAIT_MS });
        await eventCrosses(nodes, 'again');
    }));

// ---- NATS alone ----

if (kind === 'nats') {
    await check('nodes log in with a token, or with what stands in the address', async () => {
        await withCluster(['--auth', 'secret'], { token: 'secret' });
        await withCluster(nats.password, (port) => ({ url: `nats://bo:secret@127.0.0.1:${port}` }));
    });
    await check('of a list of servers any will do', async () => {
        const nobody = await freePort();
        await withCluster(nats.password, (port) => ({ ...nats.login, servers: [`nats://127.0.0.1:${nobody}`, `nats://127.0.0.1:${port}`] }));
    });
    await check('a wrong token, a server that wants TLS and is not trusted, and TLS where there is none, end the start', async (place) => {
        await eachIsRefused(place, ['--auth', 'secret'], [[{ token: 'wrong' }, REFUSED]]);
        await eachIsRefused(place, nats.tls(ours), [[{}, UNTRUSTED]]); // the library encrypts when the server wants it
        await eachIsRefused(place, [], [[{ tls: nats.trust(authority) }, /Secure Connection/]]);
    });
    await check('a server that is not there, or closes without a word to who has no certificate, is tried until time is up, and told of once', async (place) => {
        const checking = await bus.start([...nats.tls(ours), ...nats.checked]);
        try {
            const nobody = await freePort();
            for (const given of [clusterNode({ port: nobody }, { url: `nats://bo:s@cret@127.0.0.1:${nobody}` }), clusterNode(checking, { tls: nats.trust(authority) })]) {
                const config = configurationOf(0, { clusterNode: given, dependencyInitializationTimeout: 1000, storage: { type: 'none', options: {} } });
                const server = place.launch(['start', '-c', place.file('config.json', config)]);
                assert.deepEqual(await server.exit(WAIT_MS), { code: 1, signal: null }, server.log);
                assert.match(server.log, /PLUGIN_INITIALIZATION_TIMEOUT \| cluster node wasn't initialised in time, [^\n]*clusternode-nats\.so\n/);
                assert.equal(server.log.match(/CLUSTER_BUS \| cannot connect to NATS at 127\.0\.0\.1:\d+: /g).length, 1, server.log);
                assert.doesNotMatch(server.log, /cret/, 'no password in the log');
            }
        } finally {
            await checking.stop();
        }
    });
    await check('a value that cannot be used is named', (place) => {
        isNoOption(place, { url: 4222 }, /url must be a text/);
        isNoOption(place, { user: 'bo', password: 1234 }, /password must be a text/);
        isNoOption(place, { token: true }, /token must be a text/);
        isNoOption(place, { password: 'secret' }, /password needs a user/);
        isNoOption(place, { servers: 'nats://localhost' }, /servers must be a list of addresses/);
        isNoOption(place, { servers: ['nats://localhost', 1] }, /servers must be a list of addresses/);
        isNoOption(place, { tls: 'yes' }, /tls must be true, false or a map/);
        isNoOption(place, { tls: { caFile: 1 } }, /caFile must be a text/);
        isNoOption(place, { tls: { caFile: join(folder, 'missing') } }, /tls: caFile .* cannot be read/);
        isNoOption(place, { tls: { certFile: node.pem } }, /tls: certFile and keyFile belong together/);
        isNoOption(place, { tls: { certFile: node.pem, keyFile: stranger.key } }, /tls: .*certFile and keyFile/);
    });
}

report();
