// MQTT clients and clients of the binary protocol meet: events, wildcards, permissions, records.

import { permissions, plainUsers } from '../support/servers.mjs';
import { withMqtt } from '../support/mqtt.mjs';
import { assert, scenarios, until } from './stage.mjs';

const users = Object.fromEntries(['bo', 'al', 'cy'].map((name) => [name, { password: name, serverData: {} }]));
const closed = { publish: false, subscribe: false };
const configuration = {
    auth: plainUsers(users),
    permission: permissions({
        event: { 'closed/$x': closed, 'gated/$x': { publish: true, subscribe: "_('gate/' + $x).open === true" } },
        record: { 'closed/$x': { create: false, read: false, write: false, delete: false } },
    }),
    connectionEndpoints: [{ type: 'ws-binary', options: { urlPath: '/deepstream' } }, { type: 'mqtt', options: { host: '127.0.0.1', port: 0 } }],
};
const user = (stage, name) => stage.user(name, { password: name });
const peer = (stage, name) => stage.peer(name, { auth: { username: name, password: name } });

await scenarios('mqtt', configuration, [
    ['an event of a WebSocket reaches mosquitto_sub as JSON, and one of mosquitto_pub arrives as text', async (stage, mqtt) => {
        const ws = await user(stage, 'bo');
        const sub = mqtt.tool('mosquitto_sub', 'al', '-t', 'news/today', '-v', '-d');
        await sub.logs('Subscribed (mid: 1): 0');
        ws.event.emit('news/today', { n: 1 });
        ws.event.emit('news/today', 'text');
        await sub.logs('news/today {"n":1}');
        await sub.logs('news/today "text"');
        const raw = await peer(stage, 'cy');
        raw.send('EVENT.SUBSCRIBE', { names: ['news/back'], correlationId: '1' });
        await raw.sees('EVENT.SUBSCRIBE');
        assert.equal(await mqtt.publishes('al', '-t', 'news/back', '-m', '{"a":1}', '-q', '1'), 0);
        assert.equal((await raw.sees('EVENT.EMIT')).data, '"{\\"a\\":1}"');
    }],
    ['wildcards follow the standard: one level, all levels, not those that begin with $', async (stage, mqtt) => {
        const al = await mqtt.client('al');
        assert.deepEqual(await al.subscribe(['a/+/c', 'b/#', '+/only']), [0, 0, 0]);
        const all = await mqtt.client('bo');
        await all.subscribe('#');
        const ws = await user(stage, 'cy');
        for (const name of ['a/b/c', 'a/b/c/d', 'a//c', 'b', 'b/x/y', 'x/only', '$x/only', 'c']) ws.event.emit(name, name);
        await all.takes('c');
        await al.settle();
        assert.deepEqual(al.messages.map(({ topic }) => topic), ['a/b/c', 'a//c', 'b', 'b/x/y', 'x/only']);
        assert.deepEqual(all.messages.map(({ topic }) => topic), ['a/b/c', 'a/b/c/d', 'a//c', 'b', 'b/x/y', 'x/only']);
    }],
    ['who subscribes several ways to a name gets its event once, with the best QoS', async (stage, mqtt) => {
        const al = await mqtt.client('al');
        await al.subscribe('over/#');
        await al.subscribe('over/+', 1);
        await al.subscribe('over/lap');
        const bo = await mqtt.client('bo');
        await bo.publish('over/lap', 'x', { qos: 1 });
        assert.equal((await al.takes('over/lap')).qos, 1);
        await al.settle();
        assert.deepEqual(al.messages, []);
        await al.unsubscribe(['over/+', 'over/lap']);
        await bo.publish('over/lap', 'y', { qos: 1 });
        assert.equal((await al.takes('over/lap')).qos, 0);
        await al.unsubscribe('over/#');
        await bo.publish('over/lap', 'z', { qos: 1 });
        await al.settle();
        assert.deepEqual(al.messages, []);
    }],
    ['a publisher that subscribes hears itself, as at other brokers', async (stage, mqtt) => {
        const al = await mqtt.client('al');
        await al.subscribe(['self/exact', 'self/+']);
        await al.publish('self/exact', 'me', { qos: 1 });
        assert.equal((await al.takes('self/exact')).text, '"me"');
        await al.settle();
        assert.deepEqual(al.messages, []);
    }],
    ['permission: a refused filter has code 128, a wildcard shows nothing that its names would not', async (stage, mqtt) => {
        const al = await mqtt.client('al');
        assert.deepEqual(await al.subscribe(['closed/a', 'open/a', '#'], 1), [128, 1, 1]);
        const ws = await user(stage, 'bo');
        const raw = await peer(stage, 'cy');
        ws.event.emit('closed/a', 1);
        raw.send('EVENT.EMIT', { name: 'closed/a', data: '1' });
        await raw.sees('EVENT.MESSAGE_DENIED');
        ws.event.emit('open/a', 2);
        await al.takes('open/a');
        assert.deepEqual(al.messages.filter(({ topic }) => topic.startsWith('closed')), []);
    }],
    ['a rule that reads a record decides for each event of a wildcard, in their order', async (stage, mqtt) => {
        const al = await mqtt.client('al');
        await al.subscribe('gated/#', 1);
        const bo = await mqtt.client('bo');
        await bo.publish('gated/a', 'before', { qos: 1 });
        await bo.publish('gate/a', '{"open":true}', { qos: 1, retain: true });
        for (let i = 0; i < 20; i++) await bo.publish('gated/a', String(i), { qos: 1 });
        await bo.publish('gate/a', '{"open":false}', { qos: 1, retain: true });
        await bo.publish('gated/a', 'after', { qos: 1 });
        await bo.publish('gate/a', '{"open":true}', { qos: 1, retain: true });
        await bo.publish('gated/a', 'end', { qos: 1 });
        await until(() => al.messages.some(({ text }) => text === '"end"'), 'the last event');
        assert.deepEqual(al.messages.map(({ text }) => JSON.parse(text)), [...Array.from({ length: 20 }, (_, i) => String(i)), 'end']);
    }],
    ['a retained publish is a record, which a new subscriber gets retained', async (stage, mqtt) => {
        const bo = await mqtt.client('bo');
        await bo.publish('room/1', '{"degrees":21}', { qos: 1, retain: true });
        const ws = await user(stage, 'cy');
        const record = await ws.record.getRecord('room/1').whenReady();
        assert.deepEqual(record.get(), { degrees: 21 });
        const al = await mqtt.client('al');
        await al.subscribe('room/1', 1);
        assert.deepEqual(await al.takes('room/1'), { topic: 'room/1', text: '{"degrees":21}', qos: 1, retain: true, dup: false });
        await al.subscribe('room/1', 0);
        assert.equal((await al.takes('room/1')).retain, true);
    }],
    ['changes of a record arrive whole, also when a path was written; its end is an empty message', async (stage, mqtt) => {
        const ws = await user(stage, 'cy');
        const record = await ws.record.getRecord('room/2').whenReady();
        await record.setWithAck({ degrees: 20, place: { floor: 1 } });
        const al = await mqtt.client('al');
        await al.subscribe('room/2');
        await al.takes('room/2');
        await record.setWithAck({ degrees: 22 });
        assert.deepEqual(await al.takes('room/2'), { topic: 'room/2', text: '{"degrees":22}', qos: 0, retain: false, dup: false });
        await record.setWithAck('place.floor', 7);
        assert.deepEqual(JSON.parse((await al.takes('room/2')).text), { degrees: 22, place: { floor: 7 } });
        await record.delete();
        assert.equal((await al.takes('room/2')).text, '');
        const again = await ws.record.getRecord('room/2').whenReady();
        await again.setWithAck({ degrees: 5 });
        await until(() => al.messages.some(({ text }) => text === '{"degrees":5}'), 'the record that was made again');
    }],
    ['an empty retained publish deletes the record', async (stage, mqtt) => {
        const bo = await mqtt.client('bo');
        await bo.publish('room/3', '{}', { qos: 1, retain: true });
        await bo.publish('room/3', '', { qos: 1, retain: true });
        const raw = await peer(stage, 'cy');
        raw.send('RECORD.HEAD', { name: 'room/3' });
        assert.equal((await raw.sees('RECORD.HEAD_RESPONSE')).version, -1);
        const al = await mqtt.client('al');
        await al.subscribe('room/3');
        await al.settle();
        assert.deepEqual(al.messages, []);
    }],
    ['what is refused is not acknowledged: the connection ends', async (stage, mqtt) => {
        for (const [topic, text, options] of [
            ['closed/r', '{}', { qos: 1, retain: true }],
            ['closed/r', '', { qos: 1, retain: true }],
            ['closed/e', 'event', { qos: 1 }],
            ['closed/e', 'event', { qos: 2 }],
            ['room/4', 'no object', { qos: 1, retain: true }],
            ['room/4', '7', { qos: 2, retain: true }],
        ]) {
            const bo = await mqtt.client('bo');
            let isAcknowledged = false;
            bo.publish(topic, text, options).then(() => { isAcknowledged = true; }, () => {});
            await bo.closed();
            assert.equal(isAcknowledged, false, `${topic} ${text}`);
        }
        const quiet = await mqtt.client('bo');
        await quiet.publish('closed/e', 'event');
        await quiet.publish('room/4', 'no object', { retain: true });
        await quiet.publish('closed/r', '', { retain: true });
        await quiet.settle();
    }],
    ['bytes that are no text end the connection', async (stage, mqtt) => {
        const bo = await mqtt.client('bo');
        bo.publish('bytes', Buffer.from([0xff, 0xfe]), { qos: 1 }).catch(() => {});
        await bo.closed();
    }],
    ['QoS 2 takes effect once, however often the packet comes', async (stage, mqtt) => {
        const al = await mqtt.client('al');
        assert.deepEqual(await al.subscribe('twice', 2), [1]);
        const raw = await mqtt.raw({ username: 'bo', password: Buffer.from('bo') });
        for (let i = 0; i < 3; i++) {
            raw.send({ cmd: 'publish', topic: 'twice', payload: 'x', qos: 2, messageId: 7, dup: i > 0 });
            await raw.takes('pubrec');
        }
        raw.send({ cmd: 'pubrel', messageId: 7 });
        await raw.takes('pubcomp');
        raw.send({ cmd: 'publish', topic: 'twice', payload: 'y', qos: 2, messageId: 7 });
        await raw.takes('pubrec');
        assert.deepEqual([(await al.takes('twice')).text, (await al.takes('twice')).text], ['"x"', '"y"']);
        await al.settle();
        assert.deepEqual(al.messages, []);
    }],
    ['a wrong password is told so, and ends the connection; nothing was taken before', async (stage, mqtt) => {
        const watcher = await peer(stage, 'cy');
        watcher.send('EVENT.SUBSCRIBE', { names: ['smuggled'], correlationId: '1' });
        await watcher.sees('EVENT.SUBSCRIBE');
        const raw = await mqtt.raw();
        raw.send({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, clientId: 'x', keepalive: 0, username: 'bo', password: Buffer.from('wrong') });
        raw.send({ cmd: 'publish', topic: 'smuggled', payload: '1', qos: 0 });
        assert.equal((await raw.takes('connack')).returnCode, 5);
        await raw.closed();
        const good = await mqtt.client('bo');
        await good.publish('smuggled', 'good', { qos: 1 });
        assert.equal((await watcher.sees('EVENT.EMIT')).data, '"good"');
    }],
    ['packets behind a CONNECT wait until it is accepted', async (stage, mqtt) => {
        const al = await mqtt.client('al');
        await al.subscribe('early');
        const raw = await mqtt.raw();
        raw.send({ cmd: 'connect', protocolId: 'MQIsdp', protocolVersion: 3, clean: true, clientId: 'old', keepalive: 0, username: 'bo', password: Buffer.from('bo') });
        raw.send({ cmd: 'publish', topic: 'early', payload: '1', qos: 1, messageId: 1 });
        await raw.takes('connack');
        await raw.takes('puback');
        await al.takes('early');
    }],
    ['who logs in by MQTT is online, and offline when the connection is gone', async (stage, mqtt) => {
        const watcher = await peer(stage, 'bo');
        watcher.send('PRESENCE.SUBSCRIBE', { names: ['al'], correlationId: '1' });
        await watcher.sees('PRESENCE.SUBSCRIBE');
        for (const clean of [true, false]) {
            const al = await mqtt.client('al', { clean, clientId: 'device' });
            await watcher.sees('PRESENCE.PRESENCE_JOIN');
            await al.breaks();
            await watcher.sees('PRESENCE.PRESENCE_LEAVE');
            watcher.forget();
        }
    }],
].map(withMqtt));
