// Peers that do not keep to MQTT, or that mean harm, at the MQTT endpoint.

import { createRequire } from 'node:module';
import { withMqtt } from '../support/mqtt.mjs';
import { assert, scenarios, until } from './stage.mjs';

const packets = createRequire(import.meta.url)('mqtt-packet');
const configuration = (options) => ({
    connectionEndpoints: [
        { type: 'ws-binary', options: { urlPath: '/deepstream' } },
        { type: 'mqtt', options: { host: '127.0.0.1', port: 0, ...options } },
    ],
});
const connect = (more = {}) => packets.generate({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, clientId: '', keepalive: 0, ...more }).toString('hex');
const CONNECT = connect();
const text = (string) => Buffer.from([string.length >> 8, string.length & 255, ...Buffer.from(string)]).toString('hex');
const packet = (first, hex) => first + (hex.length / 2).toString(16).padStart(2, '0') + hex;

const BEFORE_CONNECT = {
    'a SUBSCRIBE first (F3)': packet('82', `0001${text('a')}00`),
    'a PUBLISH first (F3)': packet('30', `${text('a')}41`),
    'a PINGREQ first': 'c000',
    'a DISCONNECT first': 'e000',
    'another protocol name': packet('10', `${text('MQTX')}0402000a${text('x')}`),
    'no protocol name at all': packet('10', ''),
    'the reserved flag of CONNECT': packet('10', `${text('MQTT')}0403000a${text('x')}`),
    'a will of QoS 3': packet('10', `${text('MQTT')}041e000a${text('x')}${text('w')}${text('')}`),
    'will flags without a will': packet('10', `${text('MQTT')}0422000a${text('x')}`),
    'a password without a user': packet('10', `${text('MQTT')}0442000a${text('x')}${text('p')}`),
    'a will topic with a wildcard': packet('10', `${text('MQTT')}0406000a${text('x')}${text('w/#')}${text('')}`),
    'a client id that is no UTF-8': packet('10', `${text('MQTT')}0402000a0001ff`),
    'a client id with U+0000': packet('10', `${text('MQTT')}0402000a000100`),
    'bytes behind the CONNECT in its packet': packet('10', `${text('MQTT')}0402000a${text('x')}00`),
    'a CONNECT that ends early': packet('10', `${text('MQTT')}0402000a0005`),
    'HTTP': Buffer.from('GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: somebody who took the wrong port for this\r\n\r\n').toString('hex'),
    'a length of five bytes': '10ffffffffff7f',
    'a length beyond maxMessageSize': '10ffffff7f',
};
const AFTER_CONNECT = {
    'a second CONNECT': CONNECT,
    'type 0': '0000',
    'type 15': 'f000',
    'a CONNACK': '20020000',
    'a SUBACK': '9003000100',
    'a PINGRESP': 'd000',
    'flags on PINGREQ': 'c100',
    'a SUBSCRIBE without its flag': packet('80', `0001${text('a')}00`),
    'a SUBSCRIBE of nothing': packet('82', '0001'),
    'a SUBSCRIBE with packet id 0': packet('82', `0000${text('a')}00`),
    'a SUBSCRIBE with QoS 3': packet('82', `0001${text('a')}03`),
    'a SUBSCRIBE with reserved bits': packet('82', `0001${text('a')}10`),
    'a filter that is empty': packet('82', `0001${text('')}00`),
    'a filter with # in the middle': packet('82', `0001${text('a/#/b')}00`),
    'a filter with # in a level': packet('82', `0001${text('a#')}00`),
    'a filter with + in a level': packet('82', `0001${text('a+/b')}00`),
    'a filter that is no UTF-8': packet('82', '00010001ff00'),
    'a filter of a surrogate': packet('82', '00010003eda08000'),
    'an UNSUBSCRIBE of nothing': packet('a2', '0001'),
    'a PUBLISH of QoS 3': packet('36', `${text('a')}0001`),
    'a PUBLISH of QoS 0 marked as a duplicate': packet('38', `${text('a')}`),
    'a PUBLISH without a topic': packet('30', text('')),
    'a PUBLISH to a wildcard': packet('30', text('a/+')),
    'a PUBLISH with packet id 0': packet('32', `${text('a')}0000`),
    'a PUBLISH that ends early': packet('32', '000561'),
    'a PUBLISH with bytes that are no text': packet('30', `${text('a')}ff`),
    'a PUBACK without id': '4000',
    'a PUBREC that nobody waits for': '50020001',
    'a PUBREL without its flag': '60020001',
    'a PUBLISH beyond maxMessageSize': '30a1c306',
};

async function isCutOff(mqtt, hex) {
    const raw = await mqtt.raw();
    raw.write(hex);
    await raw.closed();
    return raw.packets;
}

await scenarios('mqtt hostile', configuration({ maxMessageSize: 100000, maxQueueBytes: 200000, maxSubscriptions: 5, maxConnections: 200 }), [
    ['whatever is no MQTT before a CONNECT ends the connection, without a word', async (stage, mqtt) => {
        for (const [what, hex] of Object.entries(BEFORE_CONNECT)) assert.deepEqual(await isCutOff(mqtt, hex), [], what);
    }],
    ['whatever is no MQTT after it ends the connection', async (stage, mqtt) => {
        for (const [what, hex] of Object.entries(AFTER_CONNECT)) {
            const got = await isCutOff(mqtt, CONNECT + hex);
            assert.deepEqual(got.map(({ cmd }) => cmd), ['connack'], what);
        }
    }],
    ['a CONNECT that cannot be accepted is told why', async (stage, mqtt) => {
        const level5 = packet('10', `${text('MQTT')}0502000a00${text('x')}`);
        for (const [hex, code] of [
            [level5, 1], [packet('10', `${text('MQTT')}8402000a${text('x')}`), 1], [connect({ clean: true, clientId: 'x'.repeat(300) }), 2],
            [packet('10', `${text('MQTT')}0400000a${text('')}`), 2], [packet('10', `${text('MQIsdp')}0302000a${text('')}`), 2],
            [packet('10', `${text('MQTT')}04c2000a${text('x')}${text('u')}0001ff`), 4],
        ]) {
            const [answer] = await isCutOff(mqtt, hex);
            assert.equal(answer.returnCode, code, hex);
        }
    }],
    ['packets may come byte by byte, and many at once', async (stage, mqtt) => {
        const raw = await mqtt.raw();
        for (const byte of Buffer.from(CONNECT + packet('82', `0001${text('a/b')}01`), 'hex')) {
            raw.write(Buffer.from([byte]));
            await new Promise(setImmediate);
        }
        await raw.takes('suback');
        raw.write('c000'.repeat(500) + packet('32', `${text('a/b')}000278`));
        await raw.takes('puback');
        assert.equal((await raw.takes('publish')).payload.toString(), '"x"');
        assert.equal(raw.packets.filter(({ cmd }) => cmd === 'pingresp').length, 500);
    }],
    ['a client may subscribe to so much, and gets 128 for what is more', async (stage, mqtt) => {
        const al = await mqtt.client('al');
        assert.deepEqual(await al.subscribe(Array.from({ length: 7 }, (_, i) => `limit/${i}`)), [0, 0, 0, 0, 0, 128, 128]);
        assert.deepEqual(await al.subscribe(Array.from({ length: 6 }, (_, i) => `limit/${i}/#`)), [0, 0, 0, 0, 0, 128]);
        assert.deepEqual(await al.subscribe(`${'/'.repeat(300)}#`), [128]);
    }],
    ['who does not read is cut off, whatever its QoS; others are served', async (stage, mqtt) => {
        const ws = await stage.user('bo');
        for (const qos of [0, 1]) {
            const from = stage.server.log.length;
            const slow = await mqtt.raw({ keepalive: 600 });
            slow.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'flood/#', qos }] });
            await slow.takes('suback');
            slow.socket.pause();
            const quick = await mqtt.client('cy');
            await quick.subscribe('flood/end');
            await until(async () => {
                for (let i = 0; i < 200; i++) ws.event.emit('flood/a', 'x'.repeat(5000));
                await new Promise(setImmediate);
                return /SLOW_RECEIVER/.test(stage.server.log.slice(from));
            }, 'the end of the slow one');
            ws.event.emit('flood/end', 1);
            await quick.takes('flood/end');
            await quick.end();
            slow.end();
        }
    }],
    ['names that MQTT has no form for do not reach its clients', async (stage, mqtt) => {
        const al = await mqtt.client('al');
        await al.subscribe('#');
        const ws = await stage.user('bo');
        for (const name of ['plus/+', 'hash/#', 'nul\u0000', 'x'.repeat(70000), 'fine']) ws.event.emit(name, 1);
        await al.takes('fine');
        await al.settle();
        assert.deepEqual(al.messages, []);
    }],
].map(withMqtt));

await scenarios('mqtt silence', configuration({ idleTimeout: 1500, unauthenticatedClientTimeout: 10000 }), [
    ['who is silent is cut off, with a keep-alive only after one and a half times that', async (stage, mqtt) => {
        const mute = await mqtt.raw(), silent = await mqtt.raw({}), half = await mqtt.raw();
        half.write('10');
        const alive = await mqtt.raw({ keepalive: 60 });
        await Promise.all([mute.closed(), silent.closed(), half.closed()]);
        await alive.settle();
    }],
].map(withMqtt));

await scenarios('mqtt logins', configuration({ unauthenticatedClientTimeout: 300 }), [
    ['who does not log in in time is cut off', async (stage, mqtt) => {
        const mute = await mqtt.raw(), half = await mqtt.raw();
        half.write('10');
        await Promise.all([mute.closed(), half.closed()]);
        await stage.server.logs(/AUTHENTICATION_TIMEOUT/);
    }],
].map(withMqtt));
