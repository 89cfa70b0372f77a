// What clients of different nodes have to do with each other (behaviour.md 3 to 9), on any bus.

import assert from 'node:assert/strict';
import { busKind, play, until } from './nodes.mjs';

const subscribe = async (peer, topic, names) => {
    peer.send(`${topic}.SUBSCRIBE`, { names, correlationId: `s${names}` });
    await peer.sees(`${topic}.SUBSCRIBE`);
};

const numbers = (peer, name) => peer.messages.filter((message) => message.kind === 'EVENT.EMIT' && message.name === name && message.data !== '"probe"')
    .map((message) => Number(message.data));

const versions = (peer, name) => peer.messages.filter((message) => message.name === name && /^RECORD\.(UPDATE|PATCH)$/.test(message.kind)).map((message) => message.version);

const open = async (peer, name) => {
    peer.send('RECORD.SUBSCRIBECREATEANDREAD', { names: [name], correlationId: `o${name}` });
    await peer.sees('RECORD.READ_RESPONSE', { name });
};

/** A peer of the v3 protocol, logged in. */
async function textLogin(cluster, node, name) {
    const peer = await cluster.connect(node, name, { path: '/deepstream-v3' });
    peer.sendText(`A\x1fREQ\x1f{"username":"${name}"}\x1e`);
    await peer.until(() => peer.lines.some((line) => line.startsWith('text "A\\u001fA')), 'the login');
    return peer;
}

const provide = async (peer, name) => {
    peer.send('RPC.PROVIDE', { names: [name], correlationId: 'p' });
    await peer.sees('RPC.PROVIDE');
};

/** Asks until somebody is known who could answer; the call is then with a provider. */
async function call(cluster, requestor, providers, name) {
    let number = 0;
    await until(async () => {
        requestor.send('RPC.REQUEST', { name, correlationId: `${name}${++number}`, data: '7' });
        return until(() => {
            const refused = requestor.messages.some((message) => message.kind === 'RPC.NO_RPC_PROVIDER' && message.correlationId === `${name}${number}`);
            const asked = providers.some((peer) => peer.messages.some((message) => message.kind === 'RPC.REQUEST' && message.correlationId === `${name}${number}`));
            return asked || refused ? (asked ? 'asked' : 'refused') : null;
        }, 'a provider or a refusal').then((outcome) => outcome === 'asked');
    }, 'a provider');
    return `${name}${number}`;
}

const asked = (peers, correlationId) => peers.find((peer) => peer.messages.some((message) => message.kind === 'RPC.REQUEST' && message.correlationId === correlationId));

await play(`features on ${busKind}`, [
    ['events reach subscribers at all nodes once and in order, and not their sender', async (cluster) => {
        const [a, b, c] = [await cluster.login(0, 'a'), await cluster.login(1, 'b'), await cluster.login(2, 'c')];
        for (const peer of [a, b, c]) await subscribe(peer, 'EVENT', ['e/1']);
        for (const peer of [b, c]) await cluster.until_heard(a, peer, 'e/1');
        await cluster.until_heard(b, a, 'e/1');
        for (let i = 0; i < 200; i++) a.send('EVENT.EMIT', { name: 'e/1', data: String(i) });
        for (const peer of [b, c]) {
            await peer.until(() => numbers(peer, 'e/1').length >= 200, '200 events');
            await peer.roundTrip();
            assert.deepEqual(numbers(peer, 'e/1'), [...Array(200).keys()]);
        }
        assert.deepEqual(numbers(a, 'e/1'), []);
    }],
    ['an event that nobody elsewhere wants any more goes nowhere', async (cluster) => {
        const [a, b] = [await cluster.login(0, 'a'), await cluster.login(1, 'b')];
        await subscribe(b, 'EVENT', ['e/2', 'e/3']);
        await cluster.until_heard(a, b, 'e/2');
        await cluster.until_heard(a, b, 'e/3');
        b.send('EVENT.UNSUBSCRIBE', { names: ['e/2'], correlationId: 'u' });
        await b.sees('EVENT.UNSUBSCRIBE');
        b.forget();
        a.send('EVENT.EMIT', { name: 'e/2', data: '1' });
        a.send('EVENT.EMIT', { name: 'e/3', data: '1' });
        await b.sees('EVENT.EMIT', { name: 'e/3' });
        assert.deepEqual(numbers(b, 'e/2'), []);
    }],
    ['writes at one node reach subscribers at others, each version once and in order', async (cluster) => {
        const [a, b, c] = [await cluster.login(0, 'a'), await cluster.login(1, 'b'), await cluster.login(2, 'c')];
        a.send('RECORD.CREATEANDUPDATE', { name: 'r/1', version: -1, data: '{"n":0}', isWriteAck: true, correlationId: 'w' });
        await a.sees('RECORD.WRITE_ACKNOWLEDGEMENT');
        for (const peer of [b, c]) await subscribe(peer, 'RECORD', ['r/1']);
        let version = 1;
        await until(async () => {
            a.send('RECORD.UPDATE', { name: 'r/1', version: ++version, data: '{"n":1}' });
            await a.roundTrip();
            for (const peer of [b, c]) await peer.roundTrip();
            return versions(b, 'r/1').length > 0 && versions(c, 'r/1').length > 0;
        }, 'the first update');
        const first = version + 1;
        for (let i = 0; i < 100; i++) a.send('RECORD.PATCH', { name: 'r/1', version: ++version, path: 'n', data: String(version) });
        for (const peer of [b, c]) {
            await peer.until(() => versions(peer, 'r/1').includes(version), `version ${version}`);
            assert.deepEqual(versions(peer, 'r/1').filter((seen) => seen >= first), [...Array(100).keys()].map((i) => first + i));
        }
    }],
    ['a deleted record is deleted for subscribers at all nodes', async (cluster) => {
        const [a, b] = [await cluster.login(0, 'a'), await cluster.login(1, 'b')];
        a.send('RECORD.CREATEANDUPDATE', { name: 'r/2', version: -1, data: '{}', isWriteAck: true, correlationId: 'w' });
        await a.sees('RECORD.WRITE_ACKNOWLEDGEMENT');
        await subscribe(b, 'RECORD', ['r/2']);
        await until(async () => {
            a.send('RECORD.UPDATE', { name: 'r/2', version: -1, data: '{"x":1}' });
            await a.roundTrip();
            await b.roundTrip();
            return versions(b, 'r/2').length > 0;
        }, 'an update');
        a.send('RECORD.DELETE', { name: 'r/2' });
        await a.sees('RECORD.DELETE_SUCCESS');
        await b.sees('RECORD.DELETED', { name: 'r/2' });
    }],
    ['a falsy value of a patch crosses the bus', async (cluster) => {
        const [a, b] = [await cluster.login(0, 'a'), await cluster.login(1, 'b')];
        a.send('RECORD.CREATEANDUPDATE', { name: 'r/3', version: -1, data: '{"v":1}', isWriteAck: true, correlationId: 'w' });
        await a.sees('RECORD.WRITE_ACKNOWLEDGEMENT');
        await subscribe(b, 'RECORD', ['r/3']);
        let version = 1;
        await until(async () => {
            a.send('RECORD.UPDATE', { name: 'r/3', version: ++version, data: '{"v":1}' });
            await a.roundTrip();
            await b.roundTrip();
            return versions(b, 'r/3').length > 0;
        }, 'an update');
        for (const data of ['false', '0', 'null', '""', undefined]) {
            a.send('RECORD.PATCH', { name: 'r/3', version: ++version, path: 'v', data });
            const patch = await b.sees('RECORD.PATCH', { name: 'r/3', version });
            assert.equal(patch.data, data);
        }
    }],
    ['several paths that were patched together reach a subscriber of the v3 protocol at another node as a whole', async (cluster) => {
        const [a, b] = [await cluster.login(0, 'a'), await textLogin(cluster, 1, 'b')];
        a.send('RECORD.CREATEANDUPDATE', { name: 'r/4', version: -1, data: '{"v":1}', isWriteAck: true, correlationId: 'w' });
        await a.sees('RECORD.WRITE_ACKNOWLEDGEMENT');
        b.sendText('R\x1fCR\x1fr/4\x1e');
        const heard = (text) => b.lines.find((line) => line.startsWith('text ') && JSON.parse(line.slice(5)).startsWith(text));
        let version = 1;
        await until(async () => {
            a.send('RECORD.UPDATE', { name: 'r/4', version: ++version, data: '{"v":1}' });
            await a.roundTrip();
            return heard('R\x1fU\x1fr/4\x1f');
        }, 'an update');
        a.send('RECORD.PATCH_MULTI', { name: 'r/4', version: ++version, data: '[{"path":"v","data":2},{"path":"w.x","data":"y"}]' });
        const line = await b.until(() => heard(`R\x1fU\x1fr/4\x1f${version}\x1f`), 'the outcome');
        assert.equal(JSON.parse(line.slice(5)), `R\x1fU\x1fr/4\x1f${version}\x1f{"v":2,"w":{"x":"y"}}\x1e`);
    }],
    ['a call finds a provider at another node, and the answer its requestor', async (cluster) => {
        const [a, p] = [await cluster.login(0, 'a'), await cluster.login(2, 'p')];
        await provide(p, 'add');
        const id = await call(cluster, a, [p], 'add');
        p.send('RPC.ACCEPT', { name: 'add', correlationId: id });
        await a.sees('RPC.ACCEPT', { correlationId: id });
        p.send('RPC.RESPONSE', { name: 'add', correlationId: id, data: '8' });
        assert.equal((await a.sees('RPC.RESPONSE', { correlationId: id })).data, '8');
        await p.roundTrip();
        assert.equal(p.messages.filter((message) => message.kind === 'RPC.REQUEST' && message.correlationId === id).length, 1);
    }],
    ['a call that is rejected goes to each other node once, then nobody is left', async (cluster) => {
        const a = await cluster.login(0, 'a'), p = await cluster.login(1, 'p'), q = await cluster.login(2, 'q');
        for (const peer of [p, q]) {
            peer.send('RPC.PROVIDE', { names: ['no', `no-${peer.name}`], correlationId: 'p' });
            const id = await call(cluster, a, [peer], `no-${peer.name}`);
            peer.send('RPC.RESPONSE', { name: `no-${peer.name}`, correlationId: id });
        }
        const providers = [p, q], id = await call(cluster, a, providers, 'no');
        const first = asked(providers, id), second = first === p ? q : p;
        first.send('RPC.REJECT', { name: 'no', correlationId: id });
        await second.sees('RPC.REQUEST', { correlationId: id });
        second.send('RPC.REJECT', { name: 'no', correlationId: id });
        await a.sees('RPC.NO_RPC_PROVIDER', { correlationId: id });
        for (const peer of providers) assert.equal(peer.messages.filter((message) => message.kind === 'RPC.REQUEST' && message.correlationId === id).length, 1);
    }],
    ['a user of two nodes comes once and leaves once', async (cluster) => {
        const a = await cluster.login(0, 'watcher');
        a.send('PRESENCE.SUBSCRIBE_ALL', { correlationId: 's' });
        await a.sees('PRESENCE.SUBSCRIBE_ALL');
        const first = await cluster.login(1, 'dave');
        await a.sees('PRESENCE.PRESENCE_JOIN_ALL', { name: 'dave' });
        const second = await cluster.login(2, 'dave'), other = await cluster.login(2, 'erin');
        await a.sees('PRESENCE.PRESENCE_JOIN_ALL', { name: 'erin' });
        await first.close();
        await other.close();
        await a.sees('PRESENCE.PRESENCE_LEAVE_ALL', { name: 'erin' });
        a.send('PRESENCE.QUERY', { names: ['dave', 'erin'], correlationId: 'q' });
        assert.deepEqual(JSON.parse((await a.sees('PRESENCE.QUERY_RESPONSE')).data), { dave: true, erin: false });
        await second.close();
        await a.sees('PRESENCE.PRESENCE_LEAVE_ALL', { name: 'dave' });
        assert.equal(a.messages.filter((message) => message.name === 'dave').length, 2);
    }],
    ['a listener of one node provides for subscribers of all', async (cluster) => {
        const p = await cluster.login(1, 'p'), a = await cluster.login(0, 'a'), b = await cluster.login(2, 'b');
        p.send('RECORD.LISTEN', { name: 'l/.*', correlationId: 'l' });
        await p.sees('RECORD.LISTEN');
        await open(a, 'l/1');
        await p.sees('RECORD.SUBSCRIPTION_FOR_PATTERN_FOUND', { name: 'l/.*', subscription: 'l/1' });
        p.send('RECORD.LISTEN_ACCEPT', { name: 'l/.*', subscription: 'l/1' });
        await a.sees('RECORD.SUBSCRIPTION_HAS_PROVIDER', { name: 'l/1' });
        await subscribe(b, 'RECORD', ['l/1']);
        await b.sees('RECORD.SUBSCRIPTION_HAS_PROVIDER', { name: 'l/1' });
        const q = await cluster.login(2, 'q');
        q.send('RECORD.LISTEN', { name: 'l/.*', correlationId: 'l' });
        await q.sees('RECORD.LISTEN');
        await p.close();
        for (const peer of [a, b]) await peer.sees('RECORD.SUBSCRIPTION_HAS_NO_PROVIDER', { name: 'l/1' });
        await q.sees('RECORD.SUBSCRIPTION_FOR_PATTERN_FOUND', { subscription: 'l/1' });
        a.forget();
        q.send('RECORD.LISTEN_ACCEPT', { name: 'l/.*', subscription: 'l/1' });
        await a.sees('RECORD.SUBSCRIPTION_HAS_PROVIDER', { name: 'l/1' });
        for (const peer of [a, b]) peer.send('RECORD.UNSUBSCRIBE', { names: ['l/1'], correlationId: 'u' });
        await q.sees('RECORD.SUBSCRIPTION_FOR_PATTERN_REMOVED', { subscription: 'l/1' });
    }],
    ['when the listeners of one node reject, those of another are asked', async (cluster) => {
        const listeners = [await cluster.login(0, 'p'), await cluster.login(1, 'q')], a = await cluster.login(2, 'a');
        for (const peer of listeners) {
            peer.send('EVENT.LISTEN', { name: 'm/.*', correlationId: 'l' });
            await peer.sees('EVENT.LISTEN');
        }
        await subscribe(a, 'EVENT', ['m/1']);
        const found = (peer) => peer.messages.some((message) => message.kind === 'EVENT.SUBSCRIPTION_FOR_PATTERN_FOUND' && message.subscription === 'm/1');
        const first = await until(() => listeners.find(found), 'a listener that is asked');
        const second = listeners.find((peer) => peer !== first);
        await second.roundTrip();
        assert.ok(!found(second), 'two are asked at once');
        first.send('EVENT.LISTEN_REJECT', { name: 'm/.*', subscription: 'm/1' });
        await second.sees('EVENT.SUBSCRIPTION_FOR_PATTERN_FOUND', { subscription: 'm/1' });
        second.send('EVENT.LISTEN_ACCEPT', { name: 'm/.*', subscription: 'm/1' });
    }],
    ...(busKind === 'nats' ? [] : [['writers at all nodes lose no update, and subscribers see no older version after a newer one', async (cluster) => {
        const writers = [await cluster.login(0, 'a'), await cluster.login(1, 'b'), await cluster.login(2, 'c')];
        const readers = [await cluster.login(0, 'x'), await cluster.login(1, 'y'), await cluster.login(2, 'z')];
        const WRITES = 60;
        await open(writers[0], 'count');
        for (const peer of readers) await open(peer, 'count');
        await until(async () => {
            writers[0].send('RECORD.UPDATE', { name: 'count', version: -1, data: '{}' });
            await writers[0].roundTrip();
            for (const peer of readers) await peer.roundTrip();
            return readers.every((peer) => versions(peer, 'count').length > 0);
        }, 'readers that hear');
        const acknowledged = (peer) => peer.messages.filter((message) => message.kind === 'RECORD.WRITE_ACKNOWLEDGEMENT').length;
        for (const [i, peer] of writers.entries())
            for (let n = 0; n < WRITES; n++) peer.send('RECORD.PATCH', { name: 'count', version: -1, path: `w${i}.n${n}`, data: 'true', isWriteAck: true, correlationId: `w${i}-${n}` });
        for (const peer of writers) await peer.until(() => acknowledged(peer) === WRITES, 'all acknowledgements');
        readers[0].send('RECORD.READ', { name: 'count' });
        const { data, version } = await readers[0].until(() => readers[0].messages.findLast((message) => message.kind === 'RECORD.READ_RESPONSE' && message.version > 0), 'the record');
        for (let i = 0; i < 3; i++) assert.equal(Object.keys(JSON.parse(data)[`w${i}`]).length, WRITES);
        for (const peer of readers) {
            const seen = await peer.until(() => versions(peer, 'count').at(-1) === version && versions(peer, 'count'), `version ${version}`);
            assert.ok(seen.every((each, i) => i === 0 || each > seen[i - 1]), `${peer.name} saw ${seen}`);
        }
    }]]),
], { connectionEndpoints: [{ type: 'ws-binary', options: { urlPath: '/deepstream' } }, { type: 'ws-text', options: { urlPath: '/deepstream-v3' } }] });
