// `deepstream cluster`: what its nodes have together, one port, one cache, one file of records, and the signals
// that all of them obey.
//
//     node tests/cluster/one_process.mjs --server FILE

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { program } from '../support/servers.mjs';
import { Peer } from '../support/wire.mjs';
import { NODES, OneProcess, until } from './nodes.mjs';

const WRITES = 40;
const MANY = 32;
const QUICK = { clusterStates: { options: { reconciliationTimeout: 100 } } };
let passed = 0, failed = 0;

async function scene(title, given, act) {
    const cluster = new OneProcess();
    try {
        await cluster.start({ ...QUICK, ...given(cluster) });
        await act(cluster);
        await cluster.stop();
        passed++;
        console.log(`ok      one process: ${title}`);
    } catch (error) {
        failed++;
        console.log(`FAILED  one process: ${title}\n${error.stack}`);
        await cluster.kill().catch(() => {});
    }
}

async function freePort() {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address();
    probe.close();
    await once(probe, 'close');
    return port;
}

/** GET over a connection of its own, so that any node may answer: { status, text }. */
function get(port, path, headers = {}) {
    return new Promise((done, fail) => {
        const ask = request({ host: '127.0.0.1', port, path, headers, agent: false }, (answer) => {
            let text = '';
            answer.setEncoding('utf8');
            answer.on('data', (part) => { text += part; });
            answer.on('end', () => done({ status: answer.statusCode, text }));
        });
        ask.on('error', fail);
        ask.end();
    });
}

/** What /metrics says: a map from 'name{labels}' to a number. */
async function scrape(port) {
    const { status, text } = await get(port, '/metrics');
    assert.equal(status, 200);
    const lines = text.split('\n').filter((line) => line && !line.startsWith('#'));
    const samples = new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
    assert.equal(samples.size, lines.length, 'a sample is there twice');
    return { text, samples };
}

/** The samples of one name, and their sum. */
const samplesOf = ({ samples }, name) => [...samples].filter(([key]) => key === name || key.startsWith(`${name}{`));
const sumOf = (page, name, label = '') => samplesOf(page, name).filter(([key]) => key.includes(label)).reduce((sum, [, value]) => sum + value, 0);

const sqlite = { storage: { type: 'default', options: { path: 'records.sqlite' } } };

await scene('what was acknowledged at any node is in the one file after a kill', () => sqlite, async (cluster) => {
    const peers = await Promise.all(cluster.nodes.map(({ port }, i) => Peer.login(port, { name: `p${i}` })));
    peers[0].send('RECORD.CREATEANDUPDATE', { name: 'r', version: -1, data: '{}', isWriteAck: true, correlationId: 'first' });
    await peers[0].sees('RECORD.WRITE_ACKNOWLEDGEMENT', { correlationId: 'first' });
    for (const [i, peer] of peers.entries())
        for (let n = 0; n < WRITES; n++) peer.send('RECORD.PATCH', { name: 'r', version: -1, path: `p${i}.n${n}`, data: '1', isWriteAck: true, correlationId: `${i}-${n}` });
    const acknowledged = (peer) => peer.messages.filter((message) => message.kind === 'RECORD.WRITE_ACKNOWLEDGEMENT' && message.correlationId !== 'first').length;
    for (const peer of peers) await peer.until(() => acknowledged(peer) === WRITES, 'its acknowledgements');
    await cluster.kill();
    await cluster.launch({ ...QUICK, ...sqlite });
    for (const { port } of cluster.nodes) {
        const reader = await Peer.login(port, { name: 'reader' });
        reader.send('RECORD.READ', { name: 'r' });
        const { data, version } = await reader.sees('RECORD.READ_RESPONSE');
        assert.equal(version, 1 + NODES * WRITES);
        for (let i = 0; i < NODES; i++) assert.equal(Object.keys(JSON.parse(data)[`p${i}`]).length, WRITES);
        await reader.close();
    }
});

const port = await freePort();
await scene('clients of one port are spread over the nodes, and all are online together', () => ({ port }), async () => {
    const names = [...Array(40).keys()].map((i) => `u${i}`);
    const peers = await Promise.all(names.map((name) => Peer.login(port, { name })));
    await until(async () => {
        peers[0].forget();
        peers[0].send('PRESENCE.QUERY_ALL');
        return (await peers[0].sees('PRESENCE.QUERY_ALL_RESPONSE')).names?.length === names.length - 1;
    }, 'all to be online');
    for (const peer of peers) await peer.close();
});

const PROMETHEUS = { serverName: 'house', monitoring: { type: 'prometheus' } };
await scene('each scrape shows all nodes, whichever of them answers', () => ({ port, ...PROMETHEUS }), async () => {
    const peers = await Promise.all([...Array(12).keys()].map((i) => Peer.login(port, { name: `u${i}` })));
    let before = new Map();
    for (let i = 1; i <= 30; i++) {
        const page = await scrape(port);
        const nodes = samplesOf(page, 'deepstream_info').map(([key]) => /node="([^"]*)"/.exec(key)[1]).sort();
        assert.deepEqual(nodes, ['house-1', 'house-2', 'house-3']);
        assert.equal(sumOf(page, 'deepstream_logins_total', 'endpoint="websocket",result="allowed"'), peers.length);
        assert.equal(sumOf(page, 'deepstream_connections_open'), peers.length);
        for (const name of nodes) assert.equal(page.samples.get(`deepstream_registry_entries{node="${name}",registry="online_users"}`), peers.length);
        for (const [key] of page.samples) assert.equal(/node="house-\d"/.test(key), key.startsWith('deepstream_'), key);
        assert.ok(page.samples.has('process_cpu_seconds_total'));
        for (const [key, value] of before) if (/_total\b|_count\b/.test(key)) assert.ok(page.samples.get(key) >= value, key);
        assert.ok(sumOf(page, 'deepstream_http_requests_total') >= i - 1, 'requests of other scrapes');
        before = page.samples;
    }
    for (const peer of peers) await peer.close();
});

await scene('promtool accepts what all nodes show, also to many who ask at once', () => ({ port, ...PROMETHEUS }), async () => {
    const pages = await Promise.all([...Array(20).keys()].map(() => scrape(port)));
    for (const page of pages) assert.equal(samplesOf(page, 'deepstream_info').length, NODES);
    const { status, stdout, stderr, error } = spawnSync('promtool', ['check', 'metrics'], { input: pages[0].text, encoding: 'utf8' });
    assert.equal(error, undefined, 'promtool is of the Debian package prometheus');
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' });
});

const http = { monitoring: { type: 'http', options: { url: '/stats', headerKey: 'x-secret', headerValue: 'y' } } };
await scene('monitoring as JSON shows what happened at all nodes once, whichever answers', () => ({ port, ...http }), async () => {
    const look = async () => JSON.parse((await get(port, '/stats', { 'x-secret': 'y' })).text);
    for (let round = 0; round < 10; round++) {
        const peers = await Promise.all([...Array(4).keys()].map((i) => Peer.login(port, { name: `u${i}` })));
        assert.deepEqual((await look()).logins, { websocket: { allowed: peers.length, declined: 0 } });
        assert.deepEqual((await look()).logins, {});
        for (const peer of peers) await peer.close();
    }
});

await scene('who asks for readiness gets one answer from all nodes', () => ({ port }), async () => {
    for (let i = 0; i < 10; i++) assert.equal((await get(port, '/ready')).status, 200);
});

await scene('SIGHUP reaches all nodes', () => ({}), async (cluster) => {
    cluster.child.kill('SIGHUP');
    await cluster.logs(/SIGHUP: reading the rules/g, NODES);
    await cluster.logs(/there are no rules to reload/g, NODES);
});

await scene('it says what it sets up, and every node has a name of its own', () => ({ serverName: 'house' }), async (cluster) => {
    assert.match(cluster.log, new RegExp(`^Master cluster setting up ${NODES} deepstream nodes$`, 'm'));
    for (let i = 1; i <= NODES; i++) assert.match(cluster.log, new RegExp(`^Deepstream house-${i} is listening$`, 'm'));
});

await scene('every line of text begins with the node that has written it', () => ({ serverName: 'house' }), async (cluster) => {
    cluster.child.kill('SIGHUP');
    await cluster.logs(/there are no rules to reload/g, NODES);
    for (let i = 1; i <= NODES; i++) assert.match(cluster.log, new RegExp(`^house-${i} \\| INFO \\| Deepstream started$`, 'm'));
    const others = cluster.log.split('\n').filter((line) => line && !/^house-\d \| [A-Z_]+ \| /.test(line));
    assert.deepEqual(others.filter((line) => !/^(Master cluster setting up|Deepstream house-\d is listening)/.test(line)), []);
});

for (const signal of ['SIGTERM', 'SIGINT']) {
    const given = { serverName: 'house', logLevel: 1, logger: { type: 'json', options: {} } };
    await scene(`with a log of JSON all that is said is JSON, also of ${signal}`, () => given, async (cluster) => {
        cluster.child.kill(signal);
        assert.equal((await cluster.exited).code, 0, cluster.log);
        const messages = cluster.log.trim().split('\n').map((line) => JSON.parse(line).message);
        assert.equal(messages.filter((text) => text === `Master cluster setting up ${NODES} deepstream nodes`).length, 1);
        assert.equal(messages.filter((text) => /^Deepstream house-\d is listening$/.test(text)).length, NODES);
        assert.equal(messages.filter((text) => text === `${signal}: stopping all nodes; once more ends the process at once`).length, 1);
    });
}

for (const signal of ['SIGTERM', 'SIGINT']) {
    await scene(`${signal} stops all nodes, and the log says so`, () => ({}), async (cluster) => {
        cluster.child.kill(signal);
        assert.equal((await cluster.exited).code, 0, cluster.log);
        assert.match(cluster.log, new RegExp(`^${signal}: stopping all nodes; once more ends the process at once$`, 'm'));
    });
}

await scene('many nodes know the same, and stop when they are told to', () => ({ port, ...PROMETHEUS, size: MANY }), async (cluster) => {
    const peers = await Promise.all([...Array(2 * MANY).keys()].map((i) => Peer.login(port, { name: `u${i}` })));
    await until(async () => {
        const page = await scrape(port);
        const counts = ['deepstream_cluster_nodes', 'deepstream_registry_entries'].map((name) => samplesOf(page, name).filter(([key]) => !key.includes('registry') || key.includes('"online_users"')).map(([, value]) => value));
        return counts[0].length === MANY && counts[0].every((count) => count === MANY) && counts[1].every((count) => count === peers.length);
    }, 'all nodes to know all users', 120000);
    for (const peer of peers) await peer.close();
});

await scene('a number of nodes that cannot work is refused', () => ({}), async (cluster) => {
    for (const size of ['0', '-1', '257', '1000', 'abc', '1.5', '']) {
        const ran = spawnSync(program, ['cluster', '--cluster-size', size, '--port', '0'], { cwd: cluster.scratch, encoding: 'utf8', timeout: 60000 });
        assert.equal(ran.status, 2, ran.stdout);
        assert.match(ran.stderr, /--cluster-size takes a number from 1 to 256, not /);
    }
});

await scene('a node that cannot start ends all', () => ({}), async (cluster) => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const ran = spawnSync(program, ['cluster', '-c', join(cluster.scratch, 'config.json'), '--cluster-size', '2', '--port', String(blocker.address().port)], { encoding: 'utf8', timeout: 60000 });
    blocker.close();
    assert.equal(ran.status, 1, ran.stderr);
    assert.match(ran.stderr + ran.stdout, /cannot listen on 127\.0\.0\.1/);
});

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
