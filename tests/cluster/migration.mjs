// Two nodes of ours and one of the Node.js server in one cluster, over Redis and with its cache: what a rolling
// migration goes through.
//
//     node tests/cluster/migration.mjs --server FILE

import assert from 'node:assert/strict';
import { merged, startOriginal, startOurs } from '../support/servers.mjs';
import { Peer } from '../support/wire.mjs';
import { startBus } from './buses.mjs';
import { PATIENT, until } from './nodes.mjs';

const bus = await startBus('redis');
const common = merged({
    clusterNode: bus.clusterNode,
    clusterRegistry: { type: 'default', options: { keepAliveInterval: 300, activeCheckInterval: 200, nodeInactiveTimeout: 4000 } },
    listen: { shuffleProviders: false, responseTimeout: 20000, rematchInterval: 600000, matchCooldown: 500 },
    rpc: { ackTimeout: 20000, responseTimeout: 30000 },
}, bus.shared);

const servers = [], peers = [];
let passed = 0, failed = 0;

const login = async (server, name) => {
    const peer = await Peer.login(server.port, { name });
    peers.push(peer);
    return peer;
};

async function scene(title, act) {
    try {
        await act();
        passed++;
        console.log(`ok      migration: ${title}`);
    } catch (error) {
        failed++;
        console.log(`FAILED  migration: ${title}\n${error.stack}`);
    } finally {
        for (const peer of peers.splice(0)) await peer.close();
    }
}

const subscribe = async (peer, topic, names) => {
    peer.send(`${topic}.SUBSCRIBE`, { names, correlationId: 's' });
    await peer.sees(`${topic}.SUBSCRIBE`);
};

async function heard(from, to, name) {
    await until(async () => {
        from.send('EVENT.EMIT', { name, data: '"probe"' });
        await from.roundTrip();
        await to.roundTrip();
        return to.messages.some((message) => message.kind === 'EVENT.EMIT' && message.name === name);
    }, `${name} to come from ${from.name} to ${to.name}`);
}

const eventsOf = (peer) => peer.messages.filter((message) => message.kind === 'EVENT.EMIT' && message.data !== '"probe"').map((message) => message.data);

try {
    servers.push(await startOurs(merged(common, { serverName: 'ours' })));
    servers.push(await startOriginal(merged(common, { serverName: 'theirs' })));
    servers.push(await startOurs(merged(common, { serverName: 'third' })));
    const [first, theirs, third] = servers;
    for (const server of servers) await server.logs(/cluster size is now 3/i, { milliseconds: 40000 });

    await scene('events go both ways, once', async () => {
        const a = await login(first, 'a'), b = await login(theirs, 'b');
        await subscribe(a, 'EVENT', ['e']);
        await subscribe(b, 'EVENT', ['e']);
        await heard(a, b, 'e');
        await heard(b, a, 'e');
        for (let i = 0; i < 20; i++) {
            a.send('EVENT.EMIT', { name: 'e', data: `"a${i}"` });
            b.send('EVENT.EMIT', { name: 'e', data: `"b${i}"` });
        }
        await a.until(() => eventsOf(a).length >= 20, 'events of b');
        await b.until(() => eventsOf(b).length >= 20, 'events of a');
        assert.deepEqual(eventsOf(a), [...Array(20).keys()].map((i) => `"b${i}"`));
        assert.deepEqual(eventsOf(b), [...Array(20).keys()].map((i) => `"a${i}"`));
    });

    await scene('records written at either are seen at both', async () => {
        const a = await login(first, 'a'), b = await login(theirs, 'b');
        for (const peer of [a, b]) {
            peer.send('RECORD.SUBSCRIBECREATEANDREAD', { names: ['r'], correlationId: 'o' });
            await peer.sees('RECORD.READ_RESPONSE', { name: 'r' });
        }
        const updates = (peer) => peer.messages.filter((message) => /^RECORD\.(UPDATE|PATCH)$/.test(message.kind)).map((message) => message.version);
        await heardOf(a, b, 'r');
        await heardOf(b, a, 'r');
        a.send('RECORD.PATCH', { name: 'r', version: -1, path: 'flag', data: 'false', isWriteAck: true, correlationId: 'w1' });
        await a.sees('RECORD.WRITE_ACKNOWLEDGEMENT', { correlationId: 'w1' });
        const patch = await b.until(() => b.messages.find((message) => message.kind === 'RECORD.PATCH' && message.path === 'flag'), 'the patch');
        assert.equal(patch.data, 'false');
        b.send('RECORD.UPDATE', { name: 'r', version: -1, data: '{"by":"b"}', isWriteAck: true, correlationId: 'w2' });
        await b.sees('RECORD.WRITE_ACKNOWLEDGEMENT', { correlationId: 'w2' });
        await a.until(() => a.messages.some((message) => message.kind === 'RECORD.UPDATE' && message.data === '{"by":"b"}'), 'the update');
        assert.ok(updates(a).every((version, i, all) => i === 0 || version > all[i - 1]));
        a.send('RECORD.DELETE', { name: 'r' });
        await b.sees('RECORD.DELETED', { name: 'r' });
    });

    await scene('a user of both is online until the last one goes', async () => {
        const a = await login(first, 'watcher'), b = await login(theirs, 'witness');
        for (const peer of [a, b]) {
            peer.send('PRESENCE.SUBSCRIBE_ALL', { correlationId: 's' });
            await peer.sees('PRESENCE.SUBSCRIBE_ALL');
        }
        const here = await login(third, 'dave');
        for (const peer of [a, b]) await peer.sees('PRESENCE.PRESENCE_JOIN_ALL', { name: 'dave' });
        const there = await login(theirs, 'dave'), mark = await login(theirs, 'mark');
        for (const peer of [a, b]) await peer.sees('PRESENCE.PRESENCE_JOIN_ALL', { name: 'mark' });
        await here.close();
        await mark.close();
        for (const peer of [a, b]) await peer.sees('PRESENCE.PRESENCE_LEAVE_ALL', { name: 'mark' });
        assert.ok(!a.messages.some((message) => message.kind === 'PRESENCE.PRESENCE_LEAVE_ALL' && message.name === 'dave'));
        await there.close();
        for (const peer of [a, b]) await peer.sees('PRESENCE.PRESENCE_LEAVE_ALL', { name: 'dave' });
    });

    await scene('calls go both ways', async () => {
        for (const [from, to, name] of [[first, theirs, 'f'], [theirs, third, 'g']]) {
            const requestor = await login(from, 'r'), provider = await login(to, 'p');
            provider.send('RPC.PROVIDE', { names: [name], correlationId: 'p' });
            await provider.sees('RPC.PROVIDE');
            let number = 0;
            await until(async () => {
                requestor.send('RPC.REQUEST', { name, correlationId: `${name}${++number}`, data: '1' });
                return until(() => provider.last('RPC.REQUEST')?.correlationId === `${name}${number}` ? 'asked'
                    : requestor.messages.some((message) => message.kind === 'RPC.NO_RPC_PROVIDER' && message.correlationId === `${name}${number}`) && 'refused', 'the request')
                    .then((outcome) => outcome === 'asked');
            }, 'the provider');
            provider.send('RPC.ACCEPT', { name, correlationId: `${name}${number}` });
            provider.send('RPC.RESPONSE', { name, correlationId: `${name}${number}`, data: '2' });
            assert.equal((await requestor.sees('RPC.RESPONSE', { correlationId: `${name}${number}` })).data, '2');
        }
    });

    await scene('listeners of each provide for subscribers of the other', async () => {
        for (const [listening, subscribing, name] of [[first, theirs, 'x'], [theirs, third, 'y']]) {
            const p = await login(listening, 'p'), s = await login(subscribing, 's');
            p.send('RECORD.LISTEN', { name: `${name}/.*`, correlationId: 'l' });
            await p.sees('RECORD.LISTEN');
            s.send('RECORD.SUBSCRIBECREATEANDREAD', { names: [`${name}/1`], correlationId: 'o' });
            await p.sees('RECORD.SUBSCRIPTION_FOR_PATTERN_FOUND', { subscription: `${name}/1` });
            p.send('RECORD.LISTEN_ACCEPT', { name: `${name}/.*`, subscription: `${name}/1` });
            await s.sees('RECORD.SUBSCRIPTION_HAS_PROVIDER', { name: `${name}/1` });
            await p.close();
            await s.sees('RECORD.SUBSCRIPTION_HAS_NO_PROVIDER', { name: `${name}/1` });
        }
    });

    await scene('when the listener of one rejects, that of the other is asked', async () => {
        for (const [asked, next, name] of [[first, theirs, 'v'], [theirs, third, 'w']]) {
            const p = await login(asked, 'p'), q = await login(next, 'q'), s = await login(first, 's');
            const pattern = `${name}/.*`, subscription = `${name}/1`;
            p.send('RECORD.LISTEN', { name: pattern, correlationId: 'l' });
            await p.sees('RECORD.LISTEN');
            s.send('RECORD.SUBSCRIBECREATEANDREAD', { names: [subscription], correlationId: 'o' });
            await p.sees('RECORD.SUBSCRIPTION_FOR_PATTERN_FOUND', { subscription });
            q.send('RECORD.LISTEN', { name: pattern, correlationId: 'l' });
            await q.sees('RECORD.LISTEN');
            await subscribe(p, 'EVENT', [name]);
            await heard(q, p, name); // so its node knows of the other listener as well
            p.send('RECORD.LISTEN_REJECT', { name: pattern, subscription });
            await q.sees('RECORD.SUBSCRIPTION_FOR_PATTERN_FOUND', { subscription });
            q.send('RECORD.LISTEN_ACCEPT', { name: pattern, subscription });
            await s.sees('RECORD.SUBSCRIPTION_HAS_PROVIDER', { name: subscription });
        }
    });

    await scene('the first words of a client at a newcomer of ours reach a client of theirs', async () => {
        const b = await login(theirs, 'b');
        await subscribe(b, 'EVENT', ['first']);
        await heard(await login(first, 'a'), b, 'first');
        const newcomer = await startOurs(merged(merged(common, { serverName: 'newcomer' }), PATIENT));
        try {
            (await login(newcomer, 'c')).send('EVENT.EMIT', { name: 'first', data: '"word"' });
            await b.sees('EVENT.EMIT', { name: 'first', data: '"word"' });
            assert.ok(!newcomer.log.includes('clients are let in'), newcomer.tail());
        } finally {
            await newcomer.stop();
        }
    });

    await scene('a node of ours that ends is forgotten by theirs, and theirs, killed, by ours', async () => {
        const b = await login(theirs, 'witness'), a = await login(first, 'watcher');
        for (const peer of [a, b]) {
            peer.send('PRESENCE.SUBSCRIBE_ALL', { correlationId: 's' });
            await peer.sees('PRESENCE.SUBSCRIBE_ALL');
        }
        await login(third, 'guest');
        for (const peer of [a, b]) await peer.sees('PRESENCE.PRESENCE_JOIN_ALL', { name: 'guest' });
        await servers.pop().stop();
        for (const peer of [a, b]) await peer.sees('PRESENCE.PRESENCE_LEAVE_ALL', { name: 'guest' });
        await servers.pop().stop();
        await a.sees('PRESENCE.PRESENCE_LEAVE_ALL', { name: 'witness' }, 40000);
    });
} catch (error) {
    failed++;
    console.log(`FAILED  migration\n${error.stack}`);
} finally {
    for (const server of servers) await server.stop().catch((error) => { failed++; console.log(error.stack); });
    await bus.stop();
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

/** Writes at one until the other, which is subscribed, hears of it. */
async function heardOf(from, to, name) {
    await until(async () => {
        from.send('RECORD.UPDATE', { name, version: -1, data: '{"probe":true}' });
        await from.roundTrip();
        await to.roundTrip();
        return to.messages.some((message) => message.kind === 'RECORD.UPDATE' && message.name === name);
    }, `${name} to come from ${from.name} to ${to.name}`);
}
