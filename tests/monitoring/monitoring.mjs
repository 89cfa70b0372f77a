// What the server shows of itself agrees with what was done: to Prometheus, as the original's JSON, in the
// log, to plugins; health and readiness.
//
//     node monitoring.mjs --server FILE --objects FOLDER [--only TEXT]

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Peer } from '../support/wire.mjs';
import { configurationOf, permissions, startOriginal, startOurs } from '../support/servers.mjs';
import { check, ended, options, report } from '../commands/check.mjs';

const { DeepstreamClient } = createRequire(import.meta.url)('@deepstream/client');
const DASHBOARD = join(dirname(fileURLToPath(import.meta.url)), '../../server/packaging/grafana/deepstream.json');
const PROMETHEUS = { type: 'prometheus' };
const SECRET = { headerKey: 'X-Secret', headerValue: 'open sesame' };

/** GET of a path: { status, type, text }. */
function get(port, path, { headers = {}, agent } = {}) {
    return new Promise((done, fail) => {
        const ask = request({ host: '127.0.0.1', port, path, headers, agent }, (answer) => {
            let text = '';
            answer.setEncoding('utf8');
            answer.on('data', (part) => { text += part; });
            answer.on('end', () => done({ status: answer.statusCode, type: answer.headers['content-type'], text }));
        });
        ask.on('error', fail);
        ask.end();
    });
}

/** What /metrics says, as a map from 'name{labels}' to a number. */
class Metrics {
    constructor(text) {
        this.text = text;
        this.samples = new Map(text.split('\n').filter((line) => line && !line.startsWith('#'))
            .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
    }

    static async of(server, path = '/metrics') {
        const { status, text } = await get(server.port, path);
        assert.equal(status, 200);
        return new Metrics(text);
    }

    /** Samples that are absent count nothing. */
    expect(expected) {
        const found = Object.fromEntries(Object.keys(expected).map((key) => [key, this.samples.get(key) ?? 0]));
        assert.deepEqual(found, expected);
    }

    get names() {
        return new Set([...this.samples.keys()].map((key) => key.replace(/\{.*/s, '')));
    }
}

async function withOurs(given, act, more) {
    const server = await startOurs({ logLevel: 1, ...given }, more);
    try {
        await act(server);
    } finally {
        await server.stop();
    }
}

/** Asks until it is so: what ends a connection is told to the server a moment later. */
async function eventually(done, milliseconds = 20000) {
    const deadline = Date.now() + milliseconds;
    for (;;) {
        try {
            return await done();
        } catch (error) {
            if (Date.now() > deadline) throw error;
            await new Promise((next) => setTimeout(next, 10));
        }
    }
}

// ---- prometheus ----

await check('counters agree with what clients did', async () => {
    const permission = permissions({ event: { 'secret/*': { publish: false } }, record: { 'broken/*': { read: "_(name) === _('x')" } } });
    await withOurs({ monitoring: PROMETHEUS, permission }, async (server) => {
        const peers = [];
        for (const name of ['ann', 'bo', 'cy']) peers.push(await Peer.login(server.port, { name }));
        const [ann, bo] = peers;
        for (const peer of peers) {
            peer.send('EVENT.SUBSCRIBE', { names: ['news'], correlationId: '1' });
            await peer.sees('EVENT.SUBSCRIBE');
        }
        const client = new DeepstreamClient(`127.0.0.1:${server.port}`);
        client.on('error', () => {});
        await client.login({ username: 'dee' });
        for (let i = 0; i < 5; i++) client.event.emit('news', { i });
        for (const peer of peers) await peer.until(() => peer.messages.filter((m) => m.kind === 'EVENT.EMIT').length === 5, 'five events');
        ann.send('EVENT.EMIT', { name: 'secret/plan', data: '1' });
        await ann.sees('EVENT.MESSAGE_DENIED');
        bo.send('RPC.PROVIDE', { names: ['add'], correlationId: '2' });
        await bo.sees('RPC.PROVIDE');
        const call = client.rpc.make('add', {}).catch(() => {});
        await bo.sees('RPC.REQUEST');
        const record = client.record.getRecord('r');
        await record.whenReady();
        await record.setWithAck('a', 1);
        ann.send('PRESENCE.SUBSCRIBE_ALL', { correlationId: '3' });
        await ann.sees('PRESENCE.SUBSCRIBE_ALL');
        ann.sendBytes(Buffer.from('ffff', 'hex'));
        await ann.sees('PARSER.UNKNOWN_TOPIC');

        const metrics = await Metrics.of(server);
        metrics.expect({
            deepstream_connections_open: 4,
            deepstream_connections_opened_total: 4,
            'deepstream_logins_total{endpoint="websocket",result="allowed"}': 4,
            'deepstream_logins_total{endpoint="websocket",result="declined"}': 0,
            'deepstream_messages_received_total{topic="AUTH",action="REQUEST"}': 4,
            'deepstream_messages_sent_total{topic="AUTH",action="AUTH_SUCCESSFUL"}': 4,
            'deepstream_messages_received_total{topic="EVENT",action="EMIT"}': 6,
            'deepstream_messages_sent_total{topic="EVENT",action="EMIT"}': 15,
            'deepstream_messages_sent_total{topic="EVENT",action="MESSAGE_DENIED"}': 1,
            'deepstream_messages_received_total{topic="EVENT",action="SUBSCRIBE"}': 3,
            'deepstream_messages_sent_total{topic="RPC",action="REQUEST"}': 1,
            deepstream_messages_unreadable_total: 1,
            'deepstream_rule_decisions_total{section="event",rule="subscribe",result="allow"}': 3,
            'deepstream_rule_decisions_total{section="event",rule="publish",result="allow"}': 5,
            'deepstream_rule_decisions_total{section="event",rule="publish",result="deny"}': 1,
            'deepstream_rule_decisions_total{section="event",rule="publish",result="error"}': 0,
            'deepstream_rule_decisions_total{section="rpc",rule="request",result="allow"}': 1,
            'deepstream_rule_decisions_total{section="presence",rule="allow",result="allow"}': 1,
            'deepstream_rule_decisions_total{section="record",rule="write",result="allow"}': 1,
            'deepstream_registry_entries{registry="event_subscriptions"}': 1,
            'deepstream_registry_entries{registry="rpc_subscriptions"}': 1,
            'deepstream_registry_entries{registry="online_users"}': 4,
            'deepstream_registry_entries{registry="record_subscriptions"}': 1,
            deepstream_rpc_calls_open: 1,
            deepstream_cache_records: 1,
            'deepstream_cache_errors_total{operation="set"}': 0,
            'deepstream_log_events_total{level="warn",event="INVALID_MESSAGE"}': 1,
            'deepstream_connections_closed_total{reason="client"}': 0,
        });
        assert.ok(metrics.samples.get('deepstream_cache_operations_total{operation="set"}') >= 2);
        assert.ok(metrics.samples.get('deepstream_cache_operation_seconds_count{operation="set"}') >= 1);
        assert.ok(metrics.samples.get('deepstream_rule_evaluation_seconds_count') >= 3);
        assert.ok(metrics.samples.get('deepstream_received_bytes_total') > 500);
        assert.ok(metrics.samples.get('process_resident_memory_bytes') > 1e6);
        assert.ok(metrics.samples.get('process_open_fds') > 5);

        bo.send('RPC.RESPONSE', { name: 'add', correlationId: bo.last('RPC.REQUEST').correlationId, data: '3' });
        await call;
        await ann.close();
        bo.socket.terminate();
        peers[2].sendText('hello');
        await peers[2].closes();
        client.close();
        await eventually(async () => (await Metrics.of(server)).expect({
            deepstream_connections_open: 0,
            deepstream_rpc_calls_open: 0,
            'deepstream_registry_entries{registry="online_users"}': 0,
            'deepstream_connections_closed_total{reason="client"}': 2,
            'deepstream_connections_closed_total{reason="lost"}': 1,
            'deepstream_connections_closed_total{reason="protocol_error"}': 1,
        }));
    });
});

await check('failed logins are counted, and who is cut off for them', async () => {
    const auth = [{ type: 'file', options: { users: { ann: { password: 'x' } } } }];
    await withOurs({ monitoring: PROMETHEUS, auth, endpoint: { maxAuthAttempts: 2 } }, async (server) => {
        const peer = await Peer.connect(server.port);
        peer.send('CONNECTION.CHALLENGE', { url: 'x' });
        await peer.sees('CONNECTION.ACCEPT');
        for (let i = 0; i < 2; i++) peer.send('AUTH.REQUEST', { data: '{"username":"ann","password":"y"}' });
        await peer.closes();
        await eventually(async () => (await Metrics.of(server)).expect({
            'deepstream_logins_total{endpoint="websocket",result="declined"}': 2,
            'deepstream_connections_closed_total{reason="login_attempts"}': 1,
        }));
    });
});

await check('who does not read is counted, with what waits for him', async () => {
    const endpoint = { maxQueueBytes: 8 << 20 };
    await withOurs({ monitoring: PROMETHEUS, endpoint }, async (server) => {
        const reader = await Peer.login(server.port, { name: 'lazy' }), writer = await Peer.login(server.port);
        reader.send('EVENT.SUBSCRIBE', { names: ['big'], correlationId: '1' });
        await reader.sees('EVENT.SUBSCRIBE');
        reader.socket._socket.pause();
        const data = JSON.stringify('x'.repeat(500000));
        let waiting = 0;
        for (let i = 0; i < 200; i++) {
            writer.send('EVENT.EMIT', { name: 'big', data });
            await writer.roundTrip();
            const { samples } = await Metrics.of(server);
            waiting = Math.max(waiting, samples.get('deepstream_send_queue_bytes'));
            if (samples.get('deepstream_receivers_cut_off_total') > 0) break;
        }
        assert.ok(waiting >= 1e6, `at most ${waiting} bytes have waited`);
        (await Metrics.of(server)).expect({
            deepstream_send_queue_bytes: 0,
            deepstream_receivers_cut_off_total: 1,
            'deepstream_connections_closed_total{reason="slow_receiver"}': 1,
            'deepstream_log_events_total{level="warn",event="SLOW_RECEIVER"}': 1,
        });
        reader.socket.terminate();
        await writer.close();
    });
});

await check('promtool accepts the text, whatever the server is called', async () => {
    const given = { serverName: 'a "b" \\ ü', monitoring: [{ type: 'prometheus', options: { url: '/numbers' } }], permission: permissions() };
    await withOurs(given, async (server) => {
        const peer = await Peer.login(server.port);
        peer.send('RECORD.CREATEANDUPDATE', { name: 'a', version: -1, data: '{"b":1}', isWriteAck: true, correlationId: '1' });
        await peer.sees('RECORD.WRITE_ACKNOWLEDGEMENT');
        const { text, type } = await get(server.port, '/numbers');
        assert.equal(type, 'text/plain; version=0.0.4; charset=utf-8');
        const { status, stdout, stderr, error } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
        assert.equal(error, undefined, 'promtool is of the Debian package prometheus');
        assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' });
        assert.equal((await get(server.port, '/metrics')).status, 404);
        await peer.close();
    }, { ours: { storage: { type: 'default', options: { path: 'records.sqlite' } } } });
});

await check('every metric of the dashboard exists', async () => {
    const dashboard = JSON.parse(readFileSync(DASHBOARD, 'utf8'));
    const expressions = dashboard.panels.flatMap((panel) => panel.targets.map((target) => target.expr));
    const named = new Set(expressions.flatMap((text) => text.match(/\b(deepstream|process)_[a-z_]+/g)));
    assert.ok(named.size > 25, `it names ${named.size}`);
    await withOurs({ monitoring: PROMETHEUS, permission: permissions() }, async (server) => {
        const peer = await Peer.login(server.port);
        peer.send('EVENT.SUBSCRIBE', { names: ['news'], correlationId: '1' });
        await peer.sees('EVENT.SUBSCRIBE');
        const { names } = await Metrics.of(server);
        assert.deepEqual([...named].filter((name) => !names.has(name)), []);
        await peer.close();
    }, { ours: { storage: { type: 'default', options: { path: 'records.sqlite' } } } });
});

await check('counts of a storage are those of its operations', async () => {
    await withOurs({ monitoring: PROMETHEUS }, async (server) => {
        const peer = await Peer.login(server.port);
        for (let i = 0; i < 3; i++) {
            peer.send('RECORD.CREATEANDUPDATE', { name: `r${i}`, version: -1, data: '{}', isWriteAck: true, correlationId: String(i) });
            await peer.sees('RECORD.WRITE_ACKNOWLEDGEMENT', { name: `r${i}` });
        }
        peer.send('RECORD.DELETE', { name: 'r0' });
        await peer.sees('RECORD.DELETE_SUCCESS');
        const metrics = await Metrics.of(server);
        metrics.expect({
            'deepstream_storage_operations_total{operation="set"}': 3,
            'deepstream_storage_operations_total{operation="remove"}': 1,
            'deepstream_storage_errors_total{operation="set"}': 0,
            deepstream_storage_queue_writes: 0,
            deepstream_storage_queue_bytes: 0,
            deepstream_cache_records: 2,
        });
        const timed = metrics.samples.get('deepstream_storage_operation_seconds_count{operation="set"}');
        assert.ok(timed >= 1 && timed <= 3, `${timed}: one per millisecond is timed`);
        assert.ok(metrics.samples.get('deepstream_storage_operation_seconds_sum{operation="set"}') > 1e-5);
        await peer.close();
    }, { ours: { storage: { type: 'default', options: { path: 'records.sqlite' } } } });
});

// ---- http, as the original ----

const http = (more = {}) => ({ type: 'http', options: { url: '/monitoring', ...SECRET, ...more } });

/** Two subscribers, one event to them, a warning, a failed and two good logins. */
async function act(server) {
    const ann = await Peer.login(server.port, { auth: { username: 'ann', password: 'x' } });
    const bo = await Peer.login(server.port, { auth: { username: 'bo', password: 'x' } });
    const stranger = await Peer.connect(server.port);
    stranger.send('CONNECTION.CHALLENGE', { url: 'x' });
    await stranger.sees('CONNECTION.ACCEPT');
    stranger.send('AUTH.REQUEST', { data: '{"username":"ann","password":"y"}' });
    await stranger.sees('AUTH.AUTH_UNSUCCESSFUL');
    for (const peer of [ann, bo]) {
        peer.send('EVENT.SUBSCRIBE', { names: ['news'], correlationId: '1' });
        await peer.sees('EVENT.SUBSCRIBE');
    }
    ann.send('EVENT.SUBSCRIBE', { names: ['news'], correlationId: '2' });
    await ann.sees('EVENT.MULTIPLE_SUBSCRIPTIONS');
    ann.send('EVENT.EMIT', { name: 'news', data: '1' });
    await bo.sees('EVENT.EMIT');
    return [ann, bo, stranger];
}

async function statsOf(server) {
    const header = server.kind === 'the original' ? 'x-secret' : 'X-Secret';
    const { status, text, type } = await get(server.port, '/monitoring', { headers: { [header]: SECRET.headerValue } });
    assert.equal(status, 200);
    assert.match(type, /^application\/json/);
    return JSON.parse(text);
}

await check('the JSON has the members of the original, and S12: counts of broadcasts and names of registries are right', async () => {
    const auth = [{ type: 'file', options: { users: { ann: { password: 'x' }, bo: { password: 'x' } } } }];
    const original = await startOriginal({ auth, monitoring: { type: 'http', options: { url: '/monitoring', headerKey: 'x-secret', headerValue: SECRET.headerValue } } });
    try {
        await withOurs({ auth, monitoring: http() }, async (server) => {
            const begin = Date.now();
            const peers = [...await act(server), ...await act(original)];
            const ours = await statsOf(server), theirs = await statsOf(original);
            assert.deepEqual(Object.keys(ours), Object.keys(theirs));
            for (const label of Object.keys(theirs.stateMetrics))
                assert.equal(ours.stateMetrics[label], theirs.stateMetrics[label], label);
            assert.deepEqual(ours.logins, theirs.logins);
            assert.deepEqual(ours.logins, { websocket: { allowed: 2, declined: 1 } });
            assert.equal(ours.clusterSize, theirs.clusterSize);
            assert.ok(ours.from <= begin + 1000 && ours.to >= begin && Number.isInteger(ours.from));
            for (const topic of Object.keys(theirs.received)) assert.ok(ours.received[topic], topic);
            assert.equal(ours.received.EVENT.SUBSCRIBE, theirs.received.EVENT.SUBSCRIBE);
            for (const event of Object.keys(theirs.errors)) assert.equal(ours.errors[event], theirs.errors[event], event);

            // S12: an event to one other subscriber is sent once and received once.
            assert.equal(ours.received.EVENT.EMIT, 1);
            assert.equal(ours.send.EVENT.EMIT, 1);
            assert.equal(theirs.received.EVENT.EMIT, 3, 'the original adds receivers to what it received');
            assert.equal(theirs.send.EVENT.EMIT, undefined);
            // S12: registries under the names that dashboards know, and under the right ones.
            assert.equal(ours.stateMetrics.STATE_REGISTRY, 1);
            assert.equal(ours.stateMetrics.EVENT_SUBSCRIPTIONS, 1);
            assert.equal(theirs.stateMetrics.EVENT_SUBSCRIPTIONS, undefined);
            assert.equal(ours.stateMetrics.LOCK, 2);
            assert.equal(ours.stateMetrics.ONLINE_USERS, 2);
            // S12: the log at INFO shows the warning of a repeated subscription.
            assert.match(server.log, /MULTIPLE_SUBSCRIPTIONS \| /);
            assert.equal(ours.errors.MULTIPLE_SUBSCRIPTIONS, 1);

            const again = await statsOf(server);
            assert.equal(again.from, ours.to);
            assert.deepEqual([again.received, again.send, again.errors, again.logins], [{}, {}, {}, {}]);
            for (const peer of peers) await peer.close();
        });
    } finally {
        await original.stop();
    }
});

await check('without the header the path does not exist, as with the original, and the log warns', async () => {
    const original = await startOriginal({ monitoring: http({ headerKey: 'x-secret' }) });
    try {
        await withOurs({ monitoring: http() }, async (server) => {
            for (const headers of [{}, { 'x-secret': 'wrong' }]) {
                const ours = await get(server.port, '/monitoring', { headers });
                assert.deepEqual(ours, { status: 404, type: 'text/plain; charset=utf-8', text: 'Endpoint not found.\r\n\r\n' });
                assert.deepEqual(ours, await get(original.port, '/monitoring', { headers }));
            }
            const line = 'HTTP_MONITORING | AUTH_ERROR | Invalid monitoring data due to missing or invalid header values\n';
            assert.ok(server.log.includes(line) && original.log.includes(line), server.log);
        });
    } finally {
        await original.stop();
    }
});

// ---- several, and the log ----

await check('several may be there at once, and each shows what happened since its own last look', async () => {
    const log = { type: 'log', options: { logInterval: 50, monitoringKey: 'MY_STATS' } };
    await withOurs({ monitoring: [PROMETHEUS, http(), log] }, async (server) => {
        const peer = await Peer.login(server.port);
        await statsOf(server);
        const [, from, to, text] = await server.logs(/MY_STATS \| Monitoring stats for (\d+) to (\d+) \| (.*"logins":{"websocket".*)\n/);
        const line = JSON.parse(text);
        assert.deepEqual(Object.keys(line), ['MY_STATS', 'from', 'to']);
        assert.deepEqual([line.from, line.to], [Number(from), Number(to)]);
        assert.deepEqual(line.MY_STATS.logins, { websocket: { allowed: 1, declined: 0 } });
        (await Metrics.of(server)).expect({ 'deepstream_logins_total{endpoint="websocket",result="allowed"}': 1 });
        await peer.close();
    });
});

await check('options that are missing stop the start with a sentence', async (place) => {
    const start = (monitoring) => place.run(['start', '-c', place.file('config.json', configurationOf(0, { storage: { type: 'none' }, monitoring }))]);
    ended(start({ type: 'http', options: {} }), { status: 1, stderr: /Missing "url" for HTTP Monitoring/ });
    ended(start({ type: 'http', options: { url: '/m' } }), { status: 1, stderr: /Missing "headerKey" and\/or "headerValue"/ });
    ended(start([PROMETHEUS, { type: 'statsd' }]), { status: 1, stderr: /statsd/ });
});

// ---- plugins ----

await check('a plugin of its own is told of warnings and logins, asks for counts and answers a path', async () => {
    const monitoring = { path: join(options.objects, 'monitoring-watcher.so') };
    const auth = [{ type: 'file', options: { users: { ann: { password: 'x' } } } }];
    await withOurs({ monitoring, auth, logLevel: 1 }, async (server) => {
        const peer = await Peer.login(server.port, { auth: { username: 'ann', password: 'x' } });
        await server.logs(/WATCHER \| TOLD \| login allowed websocket <ann>\n/);
        assert.deepEqual(await get(server.port, '/open/here'), { status: 201, type: 'application/json; charset=utf-8', text: '/open/here 1' });
        const stranger = await Peer.connect(server.port);
        stranger.send('CONNECTION.CHALLENGE', { url: 'x' });
        stranger.send('AUTH.REQUEST', { data: '{"username":"ann","password":"y"}' });
        await server.logs(/WATCHER \| TOLD \| login declined websocket <>\n/);
        peer.sendBytes(Buffer.from('ffff', 'hex'));
        await server.logs(/WATCHER \| TOLD \| log 2 INVALID_MESSAGE\n/);
        assert.doesNotMatch(server.log, /log 2 TOLD/);
        for (const client of [peer, stranger]) await client.close();
    });
});

// ---- health and readiness ----

await check('readiness is told from health: 200 while clients are served, 503 while writes end', async () => {
    const more = { ours: { storage: { path: join(options.objects, 'storage-slow.so') }, httpServer: { options: { readinessPath: '/am-i-ready' } } } };
    const server = await startOurs({ logLevel: 0 }, more);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const status = async (path) => (await get(server.port, path, { agent })).status;
    try {
        assert.equal(await status('/am-i-ready'), 200);
        assert.equal(await status('/ready'), 404);
        const peer = await Peer.login(server.port);
        peer.send('RECORD.CREATEANDUPDATE', { name: 'a', version: -1, data: '{}', isWriteAck: true, correlationId: '1' });
        await peer.roundTrip();
        server.signal('SIGTERM');
        await server.logs(/RUNNING -> CONNECTION_ENDPOINT_SHUTDOWN/);
        assert.equal(await status('/am-i-ready'), 503);
        assert.equal(await status('/health-check'), 200);
        assert.equal(await status('/finish'), 200);
        await peer.closes();
        await server.exited; // another SIGTERM would end it at once
    } finally {
        agent.destroy();
        await server.stop();
    }
});

report();
