// How other clients fare while a thousand log in at once: latency of events, in calm and in the storm.
//
//     node tests/bench/logins.mjs [--build build/release] [--logins 1000] [--json]
//
// Two clients send each other an event every few milliseconds, from a process of their own. Meanwhile
// another process, whose connections are there already, logs in on all of them in one go: with hashed
// passwords of a file, and by a webhook that takes its time. The original is measured in the same way.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { pbkdf2Sync } from 'node:crypto';
import { setPriority } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const self = fileURLToPath(import.meta.url);
const { values: options } = parseArgs({
    options: {
        build: { type: 'string', default: 'build/release' },
        logins: { type: 'string', default: '1000' },
        json: { type: 'boolean', default: false },
        server: { type: 'string' }, role: { type: 'string' }, port: { type: 'string' },
    },
});
if (!options.role && !options.server) process.argv.push('--server', resolve(options.build, 'server/deepstream'));
const { Peer } = await import('../support/wire.mjs');

const GAP_MS = 4, CALM_MS = 2000, HOOK_MS = 20, LONG_MS = 600000, LOW = 10;
const ITERATIONS = 10000, KEY_BYTES = 64, SALT = 'AAAAAAAAAAAAAAAAAAAAAA==';
const hash = pbkdf2Sync('right', SALT, ITERATIONS, KEY_BYTES, 'sha512').toString('base64') + SALT;

/* ---- the process that watches: tells the latencies since it was last asked ---- */

async function watch(port) {
    const auth = { username: 'witness', password: 'right' };
    const sender = await Peer.login(port, { name: 'sender', auth }), reader = await Peer.login(port, { name: 'reader', auth });
    reader.send('EVENT.SUBSCRIBE', { names: ['tick'], correlationId: '1' });
    await reader.sees('EVENT.SUBSCRIBE');
    let latencies = [];
    reader.onFrame = (bytes) => {
        const sent = /"(\d+)"/.exec(bytes.toString('latin1'));
        if (sent) latencies.push(Number(process.hrtime.bigint() - BigInt(sent[1])) / 1e3);
    };
    setInterval(() => sender.send('EVENT.EMIT', { name: 'tick', data: `"${process.hrtime.bigint()}"` }), GAP_MS);
    process.on('message', () => {
        process.send(latencies);
        latencies = [];
    });
    process.send('ready');
}

/* ---- the process that logs in on many connections at once ---- */

async function storm(port, count) {
    setPriority(LOW); // who watches is not to wait for a processor because of it
    const peers = [];
    for (let i = 0; i < count; i++) {
        const peer = await Peer.connect(port, { name: `peer ${i}` });
        peer.send('CONNECTION.CHALLENGE', { url: 'ws://x', protocolVersion: '0.1a', sdkVersion: '7', sdkType: 'test' });
        await peer.sees('CONNECTION.ACCEPT');
        peers.push(peer);
    }
    process.send('ready');
    await once(process, 'message');
    for (const peer of peers) peer.send('AUTH.REQUEST', { data: '{"username":"ann","password":"right"}' });
    await Promise.all(peers.map((peer) => peer.sees('AUTH.AUTH_SUCCESSFUL', {}, LONG_MS)));
    process.send('done');
}

/* ---- the process that is asked ---- */

async function answer() {
    setPriority(LOW);
    const { startHook } = await import('../authentication/hook.mjs');
    process.send((await startHook({ milliseconds: HOOK_MS })).url);
}

/* ---- the one that has them do it ---- */

const child = (role, port) => fork(self, ['--role', role, '--port', String(port), '--logins', options.logins]);
const next = async (process) => (await once(process, 'message'))[0];

function figures(latencies) {
    const sorted = [...latencies].sort((a, b) => a - b);
    const at = (part) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]);
    return { events: sorted.length, p50_us: at(0.5), p99_us: at(0.99), most_us: at(1) };
}

async function latencies(witness) {
    witness.send('tell');
    return figures(await next(witness));
}

async function measure(start, auth) {
    const server = await start({ auth, logLevel: 1, endpoint: { unauthenticatedClientTimeout: LONG_MS } });
    const witness = child('watch', server.port), crowd = child('storm', server.port);
    try {
        await Promise.all([next(witness), next(crowd)]);
        await latencies(witness);
        await new Promise((done) => setTimeout(done, CALM_MS));
        const calm = await latencies(witness);
        const begin = Date.now();
        crowd.send('go');
        await next(crowd);
        const storm = await latencies(witness);
        return { calm, storm, seconds: (Date.now() - begin) / 1000 };
    } finally {
        witness.kill();
        crowd.kill();
        await server.kill();
    }
}

async function measureAll() {
    const { startOriginal, startOurs } = await import('../support/servers.mjs');
    const { hookAuthentication } = await import('../authentication/hook.mjs');
    const hook = child('hook', 0), url = await next(hook);
    const users = Object.fromEntries(['ann', 'witness'].map((name) => [name, { password: hash }]));
    const ways = {
        [`hashed passwords (sha512, ${ITERATIONS} times)`]: [{ type: 'file', options: { users, hash: 'sha512', iterations: ITERATIONS, keyLength: KEY_BYTES } }],
        [`a webhook that takes ${HOOK_MS} ms`]: hookAuthentication(url, { requestTimeout: 60000 }),
    };
    const report = [];
    for (const [title, auth] of Object.entries(ways)) {
        const one = { title, ours: await measure(startOurs, auth), original: await measure(startOriginal, auth) };
        report.push(one);
        const line = ({ calm, storm, seconds }) => `p99 of events ${storm.p99_us} us (in calm ${calm.p99_us} us, at most ${storm.most_us} us), all in after ${seconds.toFixed(2)} s`;
        if (!options.json) console.log(`${options.logins} logins by ${title}\n    here: ${line(one.ours)}\n    there: ${line(one.original)}`);
    }
    hook.kill();
    if (options.json) console.log(JSON.stringify(report));
}

const roles = { watch: () => watch(options.port), hook: answer, storm: () => storm(options.port, Number(options.logins)) };
await (roles[options.role] ?? measureAll)();
