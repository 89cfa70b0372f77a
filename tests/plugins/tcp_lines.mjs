// The example tcp-lines at its limits: clients that send faster than they are served, that do not read, whose lines
// are too long or have no end, and what is queued when a connection ends.
//
//     node tcp_lines.mjs --server FILE --objects FOLDER [--only TEXT]

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { until } from '../scenarios/stage.mjs';
import { configurationOf, freePort, permissions } from '../support/servers.mjs';
import { Peer } from '../support/wire.mjs';
import { check, options, portOf, report } from '../commands/check.mjs';
import { Lines } from './lines.mjs';

const object = (name) => join(options.objects, `${name}.so`);
const EVENT = { EMIT: 2, SUBSCRIBE: 3 };
const emit = (name, data) => ({ topic: 4, action: EVENT.EMIT, name, data: JSON.stringify(data) });
const subscribe = (name) => ({ topic: 4, action: EVENT.SUBSCRIBE, names: [name], correlationId: name });

/** act gets { port, linePort, server } of a server whose tcp-lines has these options. */
async function serve(place, endpoint, act, more = {}) {
    const linePort = await freePort();
    const server = place.launch(['start', '-c', place.file('config.json', configurationOf(0, {
        storage: { type: 'none', options: {} },
        monitoring: [{ type: 'prometheus' }],
        connectionEndpoints: [
            { type: 'ws-binary', options: { urlPath: '/deepstream' } },
            { path: object('connection-tcp-lines'), options: { port: linePort, ...endpoint } },
        ],
        ...more,
    }))]);
    const port = await portOf(server);
    await server.logs(/INFO \| Deepstream started\n/);
    await act({ port, linePort, server });
    if (server.end === undefined) server.signal('SIGTERM');
    assert.deepEqual(await server.exit(), { code: 0, signal: null }, server.log);
    assert.doesNotMatch(server.log, /Sanitizer|runtime error:/);
}

async function watcherOf(port, name) {
    const peer = await Peer.login(port);
    peer.send('EVENT.SUBSCRIBE', { names: [name], correlationId: 's' });
    await peer.sees('EVENT.SUBSCRIBE');
    return peer;
}

const numbers = (peer, name) => peer.messages.filter((message) => message.kind === 'EVENT.EMIT' && message.name === name).map(({ data }) => JSON.parse(data).i);

async function metric(port, name) {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    return Number(text.match(new RegExp(`^${name} (.*)$`, 'm'))[1]);
}

const MANY = 8000;
const FILLING = 'x'.repeat(2000);

await check('who sends more than is served is not read from, and nothing of it is lost or out of order', (place) => serve(place, { maxWaitingMessages: 10 }, async ({ port, linePort }) => {
    const watcher = await watcherOf(port, 'flood');
    const bob = await Lines.login(linePort, 'bob');
    bob.send(emit('held', null)); // waits for its rule, and the rest behind it
    for (let i = 0; i < MANY; i++) bob.send(emit('flood', { i, FILLING }));
    await until(() => metric(port, 'deepstream_messages_waiting'), 'messages that wait');
    await watcher.roundTrip();
    assert.deepEqual(numbers(watcher, 'flood'), []);
    assert.ok(bob.socket.writableLength > 0, 'all of it was read');
    const waiting = await metric(port, 'deepstream_messages_waiting');
    assert.ok(waiting < 100, `${waiting} messages wait`);
    watcher.send('RECORD.READ', { name: 'go' });
    const last = JSON.stringify({ i: MANY - 1, FILLING });
    await watcher.until(() => watcher.messages.at(-1)?.data === last, 'the last event');
    assert.deepEqual(numbers(watcher, 'flood'), Array.from({ length: MANY }, (_, i) => i));
    bob.socket.destroy();
    await watcher.close();
}, {
    cache: { path: object('cache-counting'), options: { fault: 'get waits' } },
    permission: permissions({ event: { held: { publish: "_('wait') === null" } } }),
    record: { cacheRetrievalTimeout: 60000 },
}));

await check('who does not read is cut off when too much is queued, and others are served', (place) => serve(place, { maxQueueBytes: 1000000 }, async ({ port, linePort }) => {
    const sender = await Peer.login(port), other = await watcherOf(port, 'flood');
    const bob = await Lines.login(linePort, 'bob'), carol = await Lines.login(linePort, 'carol');
    for (const lines of [bob, carol]) {
        lines.send(subscribe('flood'));
        await lines.sees({ topic: 4, action: EVENT.SUBSCRIBE });
    }
    bob.socket.pause();
    other.forget();
    let sent = 0;
    await until(async () => {
        for (let i = 0; i < 20; i++) sender.send('EVENT.EMIT', { name: 'flood', data: JSON.stringify({ i: sent++, FILLING: FILLING.repeat(10) }) });
        await other.until(() => other.messages.length === 20, 'the events');
        other.forget();
        await until(() => carol.seen.filter((message) => message.name === 'flood').length === sent, 'the events of carol');
        return await metric(port, 'deepstream_receivers_cut_off_total') === 1;
    }, 'the end of bob');
    assert.equal(await metric(port, 'deepstream_send_queue_bytes'), 0);
    bob.socket.resume();
    await bob.ended;
    const heard = bob.seen.filter((message) => message.name === 'flood').map(({ data }) => JSON.parse(data).i);
    assert.deepEqual(heard, Array.from({ length: heard.length }, (_, i) => i));
    assert.ok(heard.length < sent);
    carol.socket.destroy();
    for (const peer of [sender, other]) await peer.close();
}));

await check('a line may be as long as maxMessageSize, one byte more ends the connection behind what was answered', (place) => serve(place, { maxMessageSize: 1000 }, async ({ port, linePort }) => {
    const watcher = await watcherOf(port, 'long');
    const bob = await Lines.login(linePort, 'bob');
    const shell = JSON.stringify(emit('long', { text: '' })).length;
    bob.send(emit('long', { text: 'x'.repeat(1000 - shell) }));
    await watcher.sees('EVENT.EMIT', { name: 'long' });
    watcher.forget();
    bob.socket.write(`${JSON.stringify(subscribe('answered'))}\n${JSON.stringify(emit('long', { text: 'x'.repeat(1001 - shell) }))}\n${JSON.stringify(emit('long', 'behind it'))}\n`);
    await bob.ended;
    assert.ok(bob.seen.some((message) => message.action === EVENT.SUBSCRIBE && message.correlationId === 'answered'), JSON.stringify(bob.seen));
    const carol = await Lines.login(linePort, 'carol');
    for (let i = 0; i < 1001; i++) carol.socket.write('x'); // without an end
    await carol.ended;
    await watcher.roundTrip();
    assert.deepEqual(watcher.messages.filter((message) => message.kind === 'EVENT.EMIT'), []);
    await watcher.close();
}));

await check('half a line at the end has no effect, whole ones before it have', (place) => serve(place, {}, async ({ port, linePort }) => {
    const watcher = await watcherOf(port, 'half');
    watcher.send('PRESENCE.SUBSCRIBE', { names: ['bob'], correlationId: 'p' });
    await watcher.sees('PRESENCE.SUBSCRIBE');
    const bob = await Lines.login(linePort, 'bob');
    await watcher.sees('PRESENCE.PRESENCE_JOIN', { name: 'bob' });
    bob.socket.end(`${JSON.stringify(emit('half', { i: 1 }))}\n${JSON.stringify(emit('half', { i: 2 }))}`);
    await bob.ended;
    await watcher.sees('PRESENCE.PRESENCE_LEAVE', { name: 'bob' });
    assert.deepEqual(numbers(watcher, 'half'), [1]);
    await watcher.close();
}));

await check('who says all and then only listens, as a pipe into nc does, gets the answers', (place) => serve(place, {}, async ({ linePort }) => {
    const bob = await Lines.login(linePort, 'bob');
    bob.socket.end(`${JSON.stringify(subscribe('late'))}\n`);
    await bob.ended;
    assert.ok(bob.seen.some((message) => message.correlationId === 'late'), JSON.stringify(bob.seen));
}));

await check('when the server stops, what is queued is read before the goodbye; who never reads is cut off', (place) => serve(place, { maxQueueBytes: 64 << 20 }, async ({ port, linePort, server }) => {
    const sender = await watcherOf(port, 'done');
    const bob = await Lines.login(linePort, 'bob'), mute = await Lines.login(linePort, 'mute');
    for (const lines of [bob, mute]) {
        lines.send(subscribe('queue'));
        await lines.sees({ topic: 4, action: EVENT.SUBSCRIBE });
        lines.socket.pause();
    }
    for (let i = 0; i < MANY; i++) sender.send('EVENT.EMIT', { name: 'queue', data: JSON.stringify({ i, FILLING }) });
    await sender.roundTrip();
    assert.ok(await metric(port, 'deepstream_send_queue_bytes') > 0);
    server.signal('SIGTERM');
    await server.logs(/State transition \(stop\)/);
    bob.socket.resume();
    await bob.ended;
    const heard = bob.seen.filter((message) => message.name === 'queue').map(({ data }) => JSON.parse(data).i);
    assert.deepEqual(heard, Array.from({ length: MANY }, (_, i) => i));
    assert.deepEqual([bob.seen.at(-1).topic, bob.seen.at(-1).action], [2, 9]);
    await server.exit(40000);
    mute.socket.destroy();
}, { shutdownTimeout: 5000 }));

report();
