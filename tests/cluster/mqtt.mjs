// MQTT clients at several nodes: what they publish reaches each other as if there were one broker; what MQTT
// keeps for a client (its id, its session, its will) is kept by one node, and ends with it.

import assert from 'node:assert/strict';
import { startRedis } from '../support/backends.mjs';
import { MqttClient, mqttPort } from '../support/mqtt.mjs';
import { busKind, play, until } from './nodes.mjs';

const client = async (cluster, node, options = {}) => {
    const opened = await MqttClient.connect(mqttPort(cluster.nodes[node]), options);
    return cluster.keep(Object.assign(opened, { close: () => opened.end() }));
};

const texts = (client, topic) => client.messages.filter((message) => message.topic === topic && message.text !== '"probe"').map(({ text }) => text);

/** Until what `from` publishes reaches each of these clients; they forget what came until then. */
async function untilHeard(from, receivers, topic) {
    await until(async () => {
        await from.publish(topic, 'probe', { qos: 1 });
        for (const receiver of receivers) await receiver.settle();
        return receivers.every((receiver) => receiver.messages.some((message) => message.topic === topic));
    }, `${topic} to arrive`);
    await from.publish(topic, 'end of probes', { qos: 1 });
    for (const receiver of receivers) {
        await until(() => texts(receiver, topic).includes('"end of probes"'), 'the end of the probes');
        receiver.messages.length = 0;
    }
}

const numbered = Array.from({ length: 100 }, (_, i) => String(i));
const quoted = numbered.map((text) => JSON.stringify(text));

async function publishAll(from, topic, options) {
    await Promise.all(numbered.map((text) => from.publish(topic, text, options)));
}

// Retained messages are records, which nodes share by the cache; on Redis it is that of the bus.
const cache = busKind === 'redis' ? undefined : await startRedis();

await play(`MQTT on ${busKind}`, [
    ['a publish of QoS 0 or 1 reaches exact filters and wildcards at other nodes, once, in order and with the QoS of the subscription', async (cluster) => {
        const from = await client(cluster, 0), exact = await client(cluster, 1), level = await client(cluster, 1), all = await client(cluster, 2);
        assert.deepEqual(await exact.subscribe('home/1/lamp', 1), [1]);
        await level.subscribe('home/+/lamp', 1);
        await all.subscribe('home/#', 1);
        await untilHeard(from, [exact, level, all], 'home/1/lamp');
        for (const qos of [0, 1]) {
            await publishAll(from, 'home/1/lamp', { qos });
            for (const receiver of [exact, level, all]) {
                await until(() => texts(receiver, 'home/1/lamp').length >= numbered.length, 'all messages');
                await receiver.settle();
                assert.deepEqual(texts(receiver, 'home/1/lamp'), quoted);
                assert.ok(receiver.messages.every((message) => message.qos === 1 && !message.dup));
                receiver.messages.length = 0;
            }
        }
    }],
    ['who subscribes in several ways gets a message of another node once, and none when all are given up', async (cluster) => {
        const from = await client(cluster, 0), to = await client(cluster, 2), other = await client(cluster, 2);
        for (const filter of ['over/#', 'over/+', 'over/lap']) await to.subscribe(filter, 1);
        await other.subscribe('over/lap', 1);
        await untilHeard(from, [to, other], 'over/lap');
        await from.publish('over/lap', 'x', { qos: 1 });
        assert.equal((await to.takes('over/lap')).text, '"x"');
        await other.takes('over/lap');
        await to.unsubscribe(['over/#', 'over/+', 'over/lap']);
        await from.publish('over/lap', 'y', { qos: 1 });
        await other.takes('over/lap');
        await to.settle();
        assert.deepEqual(to.messages, []);
    }],
    ['clients of other protocols at other nodes hear MQTT clients, and are heard', async (cluster) => {
        const mqtt = await client(cluster, 0), peer = await cluster.login(1, 'peer');
        await mqtt.subscribe('mixed/+', 1);
        peer.send('EVENT.SUBSCRIBE', { names: ['mixed/ws'], correlationId: 's' });
        await peer.sees('EVENT.SUBSCRIBE');
        await until(async () => {
            await mqtt.publish('mixed/ws', 'hello', { qos: 1 });
            await peer.roundTrip();
            return peer.messages.some((message) => message.kind === 'EVENT.EMIT' && message.data === '"hello"');
        }, 'the message of the MQTT client');
        await until(async () => {
            peer.send('EVENT.EMIT', { name: 'mixed/mqtt', data: '{"n":1}' });
            await peer.roundTrip();
            await mqtt.settle();
            return texts(mqtt, 'mixed/mqtt').includes('{"n":1}');
        }, 'the event of the peer');
    }],
    ['a retained publish is kept for new subscribers of all nodes, and its deletion is heard at all', async (cluster) => {
        const from = await client(cluster, 0), there = await client(cluster, 1);
        await there.subscribe('kept/1', 1);
        await untilHeard(from, [there], 'kept/1');
        await from.publish('kept/1', '{"on":1}', { qos: 1, retain: true });
        const late = await client(cluster, 2);
        await late.subscribe('kept/1', 1);
        await until(() => late.messages.some(({ text, retain }) => retain && text === '{"on":1}'), 'what is retained'); // the event may come before
        await until(() => texts(there, 'kept/1').includes('{"on":1}'), 'the record at the other node');
        let n = 1;
        await until(async () => { // until the subscription of the last one is known
            await from.publish('kept/1', `{"on":${++n}}`, { qos: 1, retain: true });
            await late.settle();
            return texts(late, 'kept/1').includes(`{"on":${n}}`);
        }, 'a change at the third node');
        await from.publish('kept/1', '', { qos: 1, retain: true });
        for (const receiver of [there, late]) await until(() => texts(receiver, 'kept/1').includes(''), 'the empty message');
        const after = await client(cluster, 1);
        await after.subscribe('kept/1', 1);
        await after.settle();
        assert.deepEqual(after.messages, []);
    }],
    ['a message waits for an absent client, also when it comes from another node', async (cluster) => {
        const from = await client(cluster, 0), options = { clientId: 'absent', clean: false };
        const before = await client(cluster, 1, options);
        await before.subscribe('absent/+', 1);
        await untilHeard(from, [before], 'absent/1');
        await before.breaks();
        await publishAll(from, 'absent/1', { qos: 1 });
        const back = await client(cluster, 1, options);
        assert.equal(back.connack.sessionPresent, true);
        await until(() => texts(back, 'absent/1').length >= numbered.length, 'what waited');
        await back.settle();
        assert.deepEqual(texts(back, 'absent/1'), quoted);
        await back.end();
        await client(cluster, 1, { clientId: 'absent', clean: true }); // ends the session
    }],
    ['a will reaches clients of other nodes when the connection is cut', async (cluster) => {
        const watcher = await client(cluster, 1);
        await watcher.subscribe('will/#', 1);
        const from = await client(cluster, 0);
        await untilHeard(from, [watcher], 'will/cut');
        const mortal = await client(cluster, 0, { will: { topic: 'will/cut', payload: 'gone', qos: 1, retain: false } });
        await mortal.breaks();
        assert.equal((await watcher.takes('will/cut')).text, '"gone"');
    }],
    ['a kept session is of one node: at another one its client is new, and what waited is at the first one', async (cluster) => {
        const from = await client(cluster, 0), options = { clientId: 'traveller', clean: false };
        const home = await client(cluster, 1, options);
        await home.subscribe('travel/1', 1);
        await untilHeard(from, [home], 'travel/1');
        await home.breaks();
        await from.publish('travel/1', 'meanwhile', { qos: 1 });
        const abroad = await client(cluster, 2, options);
        assert.equal(abroad.connack.sessionPresent, false);
        await abroad.subscribe('travel/1', 1);
        await untilHeard(from, [abroad], 'travel/1');
        await from.publish('travel/1', 'later', { qos: 1 });
        assert.equal((await abroad.takes('travel/1')).text, '"later"');
        const back = await client(cluster, 1, options);
        assert.equal(back.connack.sessionPresent, true);
        await until(() => texts(back, 'travel/1').includes('"later"'), 'what waited at home');
        assert.equal(texts(back, 'travel/1')[0], '"meanwhile"');
    }],
    ['two connections with one client id at two nodes are two clients: neither ends, and both get everything', async (cluster) => {
        const from = await client(cluster, 0), options = { clientId: 'twin' };
        const twins = [await client(cluster, 1, options), await client(cluster, 2, options)];
        for (const twin of twins) await twin.subscribe('twin/1', 1);
        await untilHeard(from, twins, 'twin/1');
        await from.publish('twin/1', 'x', { qos: 1 });
        for (const twin of twins) {
            assert.equal((await twin.takes('twin/1')).text, '"x"');
            await twin.settle();
            assert.equal(twin.isClosed, false);
        }
    }],
    ['when a node is killed nobody publishes the wills of its clients; retained messages stay, sessions are gone', async (cluster) => {
        const watcher = await client(cluster, 0), from = await client(cluster, 1), options = { clientId: 'lost', clean: false };
        await watcher.subscribe('dead/#', 1);
        const lost = await client(cluster, 2, { ...options, will: { topic: 'dead/will', payload: 'gone', qos: 1, retain: true } });
        await lost.subscribe('dead/1', 1);
        await untilHeard(lost, [watcher], 'dead/2');
        await untilHeard(from, [watcher], 'dead/2');
        await lost.publish('dead/kept', '{"kept":true}', { qos: 1, retain: true });
        await watcher.takes('dead/kept');
        const left = cluster.nodes[0].log.length;
        await cluster.nodes[2].kill();
        await lost.closed();
        await cluster.nodes[0].logs(/CLUSTER_LEAVE \| node-2/, { from: left, milliseconds: 40000 });
        await from.publish('dead/2', 'afterwards', { qos: 1 });
        await until(() => texts(watcher, 'dead/2').includes('"afterwards"'), 'what is published afterwards');
        assert.deepEqual(texts(watcher, 'dead/will'), []);
        const reader = await client(cluster, 1);
        await reader.subscribe(['dead/will', 'dead/kept'], 1);
        assert.equal((await reader.takes('dead/kept')).text, '{"kept":true}');
        await reader.settle();
        assert.deepEqual(reader.messages, []);
        await cluster.nodes[2].again();
        await cluster.allKnow(3);
        const fresh = await client(cluster, 2, options);
        assert.equal(fresh.connack.sessionPresent, false);
    }],
], {
    connectionEndpoints: [{ type: 'ws-binary', options: { urlPath: '/deepstream' } }, { type: 'mqtt', options: { host: '127.0.0.1', port: 0 } }],
    ...(cache && { cache: { name: 'redis', options: { host: '127.0.0.1', port: cache.port } } }),
});
await cache?.stop();
