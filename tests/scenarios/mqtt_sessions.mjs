// What outlives a connection of an MQTT client, and what ends with it: QoS 1, sessions, wills, client ids.

import { permissions, plainUsers } from '../support/servers.mjs';
import { withMqtt } from '../support/mqtt.mjs';
import { assert, scenarios, until } from './stage.mjs';

const users = Object.fromEntries(['bo', 'al', 'cy'].map((name) => [name, { password: name, serverData: {} }]));
const configuration = (options) => ({
    auth: plainUsers(users),
    permission: permissions({ event: { 'closed/$x': { publish: false, subscribe: false } } }),
    connectionEndpoints: [
        { type: 'ws-binary', options: { urlPath: '/deepstream' } },
        { type: 'mqtt', options: { host: '127.0.0.1', port: 0, ...options } },
    ],
});
const kept = (clientId) => ({ clean: false, clientId });
const secret = (name) => ({ username: name, password: Buffer.from(name) });
const texts = (messages) => messages.map(({ text }) => JSON.parse(text));
const numbers = (count, from = 0) => Array.from({ length: count }, (_, i) => String(from + i));
const absent = (stage) => { const from = stage.server.log.length; return () => stage.server.logs(/CLIENT_DISCONNECTED/, { from }); };

async function publishAll(client, topic, list) {
    for (const text of list) await client.publish(topic, text, { qos: 1 });
}

await scenarios('mqtt sessions', configuration({ maxInFlight: 5, maxSessionBytes: 20000 }), [
    ['what came while a client was absent arrives when it is back, in order and once', async (stage, mqtt) => {
        const first = await mqtt.client('al', kept('one'));
        assert.equal(first.connack.sessionPresent, false);
        await first.subscribe(['queue/a', 'queue/+'], 1);
        const gone = absent(stage);
        await first.breaks();
        await gone();
        await publishAll(await mqtt.client('bo'), 'queue/a', numbers(12));
        const second = await mqtt.client('al', kept('one'));
        assert.equal(second.connack.sessionPresent, true);
        await publishAll(await mqtt.client('bo'), 'queue/a', numbers(3, 12));
        await until(() => second.messages.length >= 15, 'all messages');
        await second.settle();
        assert.deepEqual(texts(second.messages), numbers(15));
        await second.end();
        const third = await mqtt.client('al', { clean: true, clientId: 'one' });
        assert.equal(third.connack.sessionPresent, false);
        await publishAll(await mqtt.client('bo'), 'queue/a', ['x']);
        await third.settle();
        assert.deepEqual(third.messages, []);
    }],
    ['what was not acknowledged comes again, marked as a duplicate and with its packet id; no more than maxInFlight at a time', async (stage, mqtt) => {
        const first = await mqtt.raw({ ...secret('al'), clean: false, clientId: 'two' });
        first.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'slow', qos: 1 }] });
        await first.takes('suback');
        await publishAll(await mqtt.client('bo'), 'slow', numbers(8));
        await first.settle();
        const sent = first.packets.splice(0);
        assert.deepEqual(sent.map(({ payload }) => JSON.parse(payload)), numbers(5));
        first.send({ cmd: 'puback', messageId: sent[0].messageId });
        assert.equal(JSON.parse((await first.takes('publish')).payload), '5');
        const gone = absent(stage);
        first.end();
        await gone();
        const second = await mqtt.raw({ ...secret('al'), clean: false, clientId: 'two' });
        await until(() => second.packets.length === 5, 'what was in flight');
        assert.deepEqual(second.packets.map(({ payload, dup }) => [JSON.parse(payload), dup]), numbers(5, 1).map((n) => [n, true]));
        assert.equal(second.packets[0].messageId, sent[1].messageId);
        for (const { messageId } of second.packets.splice(0)) second.send({ cmd: 'puback', messageId });
        assert.deepEqual([JSON.parse((await second.takes('publish')).payload), JSON.parse((await second.takes('publish')).payload)], ['6', '7']);
    }],
    ['a second connection with a client id takes the place of the first, with all that waits', async (stage, mqtt) => {
        const first = await mqtt.client('al', kept('three'));
        await first.subscribe('take/over', 1);
        const second = await mqtt.client('al', kept('three'));
        await first.closed();
        assert.equal(second.connack.sessionPresent, true);
        await publishAll(await mqtt.client('bo'), 'take/over', ['x']);
        await second.takes('take/over');
        const third = await mqtt.client('al', { clean: true, clientId: 'three' });
        await second.closed();
        assert.equal(third.connack.sessionPresent, false);
        await publishAll(await mqtt.client('bo'), 'take/over', ['y']);
        await third.settle();
        assert.deepEqual(third.messages, []);
    }],
    ['the client id of another user is another client', async (stage, mqtt) => {
        const al = await mqtt.client('al', kept('shared'));
        await al.subscribe('mine', 1);
        const bo = await mqtt.client('bo', kept('shared'));
        assert.equal(bo.connack.sessionPresent, false);
        await al.settle();
        assert.equal(al.isClosed, false);
    }],
    ['many connections with one client id at once: one is left, and nothing is lost', async (stage, mqtt) => {
        const first = await mqtt.client('al', kept('race'));
        await first.subscribe('race', 1);
        const all = await Promise.all(Array.from({ length: 8 }, () => mqtt.client('al', kept('race')).catch(() => null)));
        const clients = all.filter(Boolean);
        await until(() => clients.filter(({ isClosed }) => !isClosed).length === 1, 'one that is left');
        const last = clients.find(({ isClosed }) => !isClosed);
        await publishAll(await mqtt.client('bo'), 'race', numbers(10));
        await until(() => last.messages.length >= 10, 'all messages');
        assert.deepEqual(texts(last.messages), numbers(10));
    }],
    ['the session of an absent client ends when too much waits', async (stage, mqtt) => {
        const first = await mqtt.client('al', kept('full'));
        await first.subscribe('overflow', 1);
        const gone = absent(stage), from = stage.server.log.length;
        await first.breaks();
        await gone();
        await publishAll(await mqtt.client('bo'), 'overflow', Array(25).fill('x'.repeat(1000)));
        await stage.server.logs(/SLOW_RECEIVER \| full does not take/, { from });
        const second = await mqtt.client('al', kept('full'));
        assert.equal(second.connack.sessionPresent, false);
    }],
    ['a will is published when a connection breaks, not when its client says goodbye', async (stage, mqtt) => {
        const watcher = await mqtt.client('bo');
        await watcher.subscribe(['will/+', 'closed/+', 'will/kept']);
        const will = (topic, payload, more = {}) => ({ will: { topic, payload: Buffer.from(payload), qos: 1, retain: false, ...more } });
        const polite = await mqtt.client('al', will('will/polite', 'x'));
        await polite.end();
        const broken = await mqtt.client('al', will('will/broken', 'lost'));
        await broken.breaks();
        assert.equal((await watcher.takes('will/broken')).text, '"lost"');
        const refused = await mqtt.client('al', will('closed/will', 'x'));
        await refused.breaks();
        const retained = await mqtt.client('al', will('will/kept', '{"online":false}', { retain: true }));
        await retained.breaks();
        assert.equal((await watcher.takes('will/kept')).text, '{"online":false}');
        await watcher.takes('will/kept');
        const replaced = await mqtt.client('al', { clientId: 'replaced', ...will('will/replaced', 'x') });
        await mqtt.client('al', { clientId: 'replaced' });
        await watcher.takes('will/replaced');
        await replaced.closed();
        const silent = await mqtt.raw({ ...secret('al'), keepalive: 1, will: { topic: 'will/silent', payload: Buffer.from('x'), qos: 0, retain: false } });
        await watcher.takes('will/silent');
        await silent.closed();
        await watcher.settle();
        assert.deepEqual(watcher.messages, []);
        const late = await mqtt.client('cy');
        await late.subscribe('will/kept');
        assert.deepEqual(await late.takes('will/kept'), { topic: 'will/kept', text: '{"online":false}', qos: 0, retain: true, dup: false });
    }],
    ['a QoS 2 publish that was answered before the connection broke does not take effect again', async (stage, mqtt) => {
        const watcher = await mqtt.client('bo');
        await watcher.subscribe('exactly/once');
        const publish = { cmd: 'publish', topic: 'exactly/once', payload: 'x', qos: 2, messageId: 9 };
        const first = await mqtt.raw({ ...secret('al'), clean: false, clientId: 'once' });
        first.send(publish);
        await first.takes('pubrec');
        const gone = absent(stage);
        first.end();
        await gone();
        const second = await mqtt.raw({ ...secret('al'), clean: false, clientId: 'once' });
        second.send({ ...publish, dup: true });
        await second.takes('pubrec');
        second.send({ cmd: 'pubrel', messageId: 9 });
        await second.takes('pubcomp');
        await watcher.takes('exactly/once');
        await watcher.settle();
        assert.deepEqual(watcher.messages, []);
    }],
].map(withMqtt));

await scenarios('mqtt session expiry', configuration({ sessionExpiry: 300 }), [
    ['the session of an absent client ends after sessionExpiry', async (stage, mqtt) => {
        const first = await mqtt.client('al', kept('old'));
        await first.subscribe('expiry', 1);
        await first.breaks();
        await stage.server.logs(/it was absent for sessionExpiry/);
        const second = await mqtt.client('al', kept('old'));
        assert.equal(second.connack.sessionPresent, false);
    }],
].map(withMqtt));

await scenarios('mqtt session limit', configuration({ maxSessions: 3 }), [
    ['no more than maxSessions are kept', async (stage, mqtt) => {
        for (let i = 0; i < 6; i++) {
            const client = await mqtt.client('cy', kept(`many ${i}`));
            const gone = absent(stage);
            await client.breaks();
            await gone();
        }
        await stage.server.logs(/LIMIT_EXCEEDED \| the sessions of 3 absent clients are kept/);
    }],
].map(withMqtt));
