// MQTT beside other brokers: mosquitto where the standard leaves room, and the original where it works.
//
// A situation is { title, play(broker) }: play opens clients and returns what they saw, which must be equal at both. A
// listed exception says { reason, theirs, ours } in addition. An event is JSON here, so its text is compared without the quotes.
//
//     node mqtt.mjs [--server FILE] [--only TEXT]

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { MqttStage, mqttPort } from '../support/mqtt.mjs';
import { freePort, startOriginal, startOurs } from '../support/servers.mjs';

const TRIES = 5;
const { values: options } = parseArgs({ options: { server: { type: 'string' }, only: { type: 'string' }, mosquitto: { type: 'string', default: '/usr/sbin/mosquitto' } } });

const accepts = (port) => new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => { socket.destroy(); done(true); });
    socket.on('error', () => done(false));
});

/** A broker at a free port; another process may be faster, then once more. */
async function startMosquitto() {
    const folder = mkdtempSync(join(tmpdir(), 'deepstream-mosquitto-'));
    for (let tries = 0; tries < TRIES; tries++) {
        const port = await freePort();
        writeFileSync(join(folder, 'conf'), `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\n`);
        const child = spawn(options.mosquitto, ['-c', join(folder, 'conf')], { stdio: 'ignore' });
        const ended = new Promise((done) => child.on('close', done).on('error', done));
        const stop = async () => { child.kill(); await ended; rmSync(folder, { recursive: true, force: true }); };
        while (child.exitCode === null && !(await accepts(port))) await new Promise((next) => setTimeout(next, 10));
        if (child.exitCode === null) return { port, stop };
    }
    throw new Error('mosquitto does not start');
}

const endpoints = (port) => ({
    connectionEndpoints: [{ type: 'ws-binary', options: { urlPath: '/deepstream' } }, { type: 'mqtt', options: { host: '127.0.0.1', port, idleTimeout: 60000 } }],
});

async function startOur() {
    const server = await startOurs(endpoints(0));
    return { port: mqttPort(server), stop: () => server.stop() };
}

async function startTheOriginal() {
    const port = await freePort();
    const server = await startOriginal(endpoints(port));
    return { port, stop: () => server.stop() };
}

const plain = (text) => (text.startsWith('"') ? JSON.parse(text) : text);

/** What has come to a client since the last time. */
const seen = (client) => client.messages.splice(0).map(({ topic, text, qos, retain, dup }) => ({ topic, text: plain(text), qos, retain, dup }));
const until = async (client, topic) => { while (!client.messages.some((message) => message.topic === topic)) await new Promise((next) => setTimeout(next, 5)); };
const said = (topic, text, more) => ({ topic, text, qos: 0, retain: false, dup: false, ...more });
const isCutOff = async (broker, act, login = { keepalive: 0 }) => {
    const raw = await broker.raw(login);
    act(raw);
    await raw.closed();
    return raw.packets.map(({ cmd }) => cmd);
};
/** Everything that a subscriber of both topics gets up to the last one. */
async function heard(broker, filters, act, last = 'end') {
    const al = await broker.client('al');
    for (const [filter, qos] of filters) await al.subscribe(filter, qos);
    await al.subscribe(last);
    const bo = await broker.client('bo');
    await act(bo);
    await bo.publish(last, '0', { qos: 1 });
    await until(al, last);
    return seen(al).filter(({ topic }) => topic !== last);
}
/** A client that keeps its session, absent while `act` happens; what it gets when it is there again. */
async function absent(broker, clientId, filter, act) {
    const before = await broker.client('al', { clean: false, clientId });
    await before.subscribe(filter, 1);
    await before.subscribe(`${filter}/end`, 1);
    await before.end();
    const bo = await broker.client('bo');
    await act(bo);
    await bo.publish(`${filter}/end`, '0', { qos: 1 });
    const after = await broker.client('al', { clean: false, clientId });
    await until(after, `${filter}/end`);
    return { sessionPresent: after.connack.sessionPresent, messages: seen(after) };
}

const BESIDE_MOSQUITTO = [
    ['QoS is granted as wished', async (broker) => (await broker.client('al')).subscribe(['q/0', 'q/1'], 1)],
    ['QoS 2 of a subscription', async (broker) => (await broker.client('al')).subscribe(['q/2'], 2), { reason: 'this server grants at most 1, as 3.8.4 allows', theirs: [2], ours: [1] }],
    ['subscriptions that overlap', (broker) => heard(broker, [['o/#', 0], ['o/+', 1], ['o/a', 0]], (bo) => bo.publish('o/a', '1', { qos: 1 })), {
        reason: 'once at both; this server with the best QoS of all that match, as 3.3.5 asks', theirs: [said('o/a', '1')], ours: [said('o/a', '1', { qos: 1 })],
    }],
    ['levels that are empty', (broker) => heard(broker, [['+/+', 0], ['/+', 0], ['e/+/e', 0]], async (bo) => { for (const name of ['/x', 'x/', '/', 'e//e']) await bo.publish(name, '1'); })],
    ['names with $ and wildcards', (broker) => heard(broker, [['#', 0], ['+/d', 0]], async (bo) => { await bo.publish('c/d', '1'); await bo.publish('$c/d', '1'); })],
    ['who publishes hears itself', async (broker) => {
        const al = await broker.client('al');
        await al.subscribe('self');
        await al.publish('self', '1', { qos: 1 });
        await until(al, 'self');
        return seen(al);
    }],
    ['a retained message for who comes later, again for who subscribes again, and no more when it is deleted', async (broker) => {
        const bo = await broker.client('bo');
        await bo.publish('keep', '{"a":1}', { qos: 1, retain: true });
        const first = await heard(broker, [['keep', 1]], async () => {});
        const twice = await heard(broker, [['keep', 1], ['keep', 0]], async () => {});
        await bo.publish('keep', '', { qos: 1, retain: true });
        return { first, twice, after: await heard(broker, [['keep', 1]], async () => {}) };
    }],
    ['a retained message for who is there is none', (broker) => heard(broker, [['now', 1]], (bo) => bo.publish('now', '{"a":1}', { qos: 1, retain: true })), {
        reason: 'as in the original it is a record and an event', theirs: [said('now', '{"a":1}', { qos: 1 })], ours: [said('now', '{"a":1}', { qos: 1 }), said('now', '{"a":1}', { qos: 1 })],
    }],
    ['the acknowledgement of a subscription comes before what is retained', async (broker) => {
        await (await broker.client('bo')).publish('first', '{"a":1}', { qos: 1, retain: true });
        const raw = await broker.raw({ keepalive: 0 });
        raw.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'first', qos: 0 }] });
        raw.send({ cmd: 'pingreq' });
        await raw.takes('pingresp');
        return raw.packets.map(({ cmd }) => cmd);
    }, { reason: 'either is allowed by 3.8.4', theirs: ['suback', 'publish'], ours: ['publish', 'suback'] }],
    ['a will when the connection breaks, none after a goodbye', async (broker) => {
        const will = { topic: 'will', payload: 'gone', qos: 1, retain: false };
        const polite = await broker.client('cy', { will: { ...will, topic: 'polite' } });
        await polite.end();
        const al = await broker.client('al');
        await al.subscribe(['will', 'polite'], 1);
        await (await broker.client('cy', { will })).breaks();
        await until(al, 'will');
        return seen(al);
    }],
    ['what comes while a kept session is absent', (broker) => absent(broker, 'kept', 'away', async (bo) => { for (const qos of [1, 0, 1]) await bo.publish('away', String(qos), { qos }); }), {
        reason: 'events have no QoS here, so none is lost: 3.1.2.4 leaves it open whether those of QoS 0 are kept',
        theirs: { sessionPresent: true, messages: [said('away', '1', { qos: 1 }), said('away', '1', { qos: 1 }), said('away/end', '0', { qos: 1 })] },
        ours: { sessionPresent: true, messages: ['1', '0', '1'].map((text) => said('away', text, { qos: 1 })).concat(said('away/end', '0', { qos: 1 })) },
    }],
    ['a new clean session forgets the kept one', async (broker) => {
        const before = await broker.client('al', { clean: false, clientId: 'clean' });
        await before.subscribe('forgotten', 1);
        await before.end();
        const clean = await broker.client('al', { clean: true, clientId: 'clean' });
        await clean.end();
        const after = await broker.client('al', { clean: false, clientId: 'clean' });
        return [before, clean, after].map(({ connack }) => connack.sessionPresent);
    }],
    ['what was not acknowledged comes again', async (broker) => {
        const login = { clean: false, clientId: 'again', keepalive: 0 };
        const raw = await broker.raw(login);
        raw.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'again', qos: 1 }] });
        await raw.takes('suback');
        await (await broker.client('bo')).publish('again', '1', { qos: 1 });
        const first = await raw.takes('publish');
        raw.end();
        await raw.closed();
        const second = await (await broker.raw(login)).takes('publish');
        return [first, second].map(({ dup, qos }) => ({ dup, qos })).concat(first.messageId === second.messageId);
    }],
    ['a second connection with a client id ends the first', async (broker) => {
        const first = await broker.client('al', { clientId: 'taken' });
        const second = await broker.client('al', { clientId: 'taken' });
        await first.closed();
        await second.publish('fine', '1', { qos: 1 });
        return second.isClosed;
    }],
    ['no client id and a session to keep', async (broker) => {
        const raw = await broker.raw();
        raw.write('100c 0004 4d515454 04 00 0000 0000');
        return (await raw.takes('connack')).returnCode;
    }],
    ['a publish of QoS 2', (broker) => heard(broker, [['twice', 0]], async () => {
        const raw = await broker.raw({ keepalive: 0 });
        raw.send({ cmd: 'publish', topic: 'twice', payload: '1', qos: 2, messageId: 5 });
        await raw.takes('pubrec');
        raw.send({ cmd: 'pubrel', messageId: 5 });
        await raw.takes('pubcomp');
    })],
    ['the end of a subscription that there is not', async (broker) => {
        const raw = await broker.raw({ keepalive: 0 });
        raw.send({ cmd: 'unsubscribe', messageId: 9, unsubscriptions: ['none'] });
        return (await raw.takes('unsuback')).messageId;
    }],
    ['what ends the connection', async (broker) => [
        await isCutOff(broker, (raw) => raw.write('820600010001 6100'), null),
        await isCutOff(broker, (raw) => raw.write('101000044d515454040200000004 74657374')),
        await isCutOff(broker, (raw) => raw.write('3006 0004 612f2b2f')),
        await isCutOff(broker, (raw) => raw.write('3002 0000')),
        await isCutOff(broker, (raw) => raw.write('8204 0001 0000')),
        await isCutOff(broker, (raw) => raw.write('820a 0001 0005 612f232f62 00')),
        await isCutOff(broker, (raw) => raw.write('8206 0000 0001 61 00')),
        await isCutOff(broker, (raw) => raw.write('f000')),
    ]],
];

const BESIDE_THE_ORIGINAL = [
    ['an event', async (broker) => {
        const [al, bo] = [await broker.raw({ keepalive: 0, username: 'al', password: Buffer.from('al') }), await broker.raw({ keepalive: 0, username: 'bo', password: Buffer.from('bo') })];
        al.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'news', qos: 0 }] });
        await al.takes('suback');
        bo.send({ cmd: 'publish', topic: 'news', payload: '{"a":1}', qos: 0 });
        const { topic, payload, qos, retain } = await al.takes('publish');
        return { topic, text: payload.toString(), qos, retain };
    }],
    ['a record that is published', async (broker) => {
        const bo = await broker.raw({ keepalive: 0 });
        bo.send({ cmd: 'publish', topic: 'record', payload: '{"a":1}', qos: 1, retain: true, messageId: 3 });
        return (await bo.takes('puback')).messageId;
    }],
    ['a life sign', async (broker) => {
        const bo = await broker.raw({ keepalive: 0 });
        bo.send({ cmd: 'pingreq' });
        return (await bo.takes('pingresp')).cmd;
    }],
    ['an event of QoS 1', async (broker) => {
        const bo = await broker.raw({ keepalive: 0 });
        bo.send({ cmd: 'publish', topic: 'news', payload: 'x', qos: 1, messageId: 3 });
        bo.send({ cmd: 'pingreq' });
        await bo.takes('pingresp');
        return bo.packets.map(({ cmd }) => cmd);
    }, { reason: 'F9: the original does not acknowledge it', theirs: [], ours: ['puback'] }],
    ['the acknowledgement of a subscription', async (broker) => {
        const bo = await broker.raw({ keepalive: 0 });
        bo.send({ cmd: 'subscribe', messageId: 7, subscriptions: [{ topic: 'a', qos: 1 }, { topic: 'b', qos: 0 }] });
        await bo.takes('suback').then((packet) => bo.packets.unshift(packet));
        bo.send({ cmd: 'pingreq' });
        await bo.takes('pingresp');
        return bo.packets.map(({ cmd, granted }) => [cmd, granted]);
    }, { reason: 'F9: the original sends two, with wrong codes', theirs: [['suback', [0]], ['suback', [1]]], ours: [['suback', [1, 0]]] }],
    ['a subscription before a CONNECT', async (broker) => {
        const raw = await broker.raw();
        raw.send({ cmd: 'subscribe', messageId: 7, subscriptions: [{ topic: 'a', qos: 0 }] });
        return Promise.race([raw.takes('suback').then(() => 'taken'), raw.closed().then(() => 'cut off')]);
    }, { reason: 'F3: the original takes it', theirs: 'taken', ours: 'cut off' }],
];

async function outcomeOf(play, port) {
    const broker = new MqttStage(port);
    try {
        return await play(broker);
    } catch (error) {
        return `fails: ${error.message}`;
    } finally {
        await broker.clear();
    }
}

async function beside(name, start, situations) {
    const chosen = situations.filter(([title]) => !options.only || title.includes(options.only));
    const [other, our] = [await start(), await startOur()];
    let failed = 0;
    for (const [title, play, exception] of chosen) {
        const [theirs, ours] = await Promise.all([outcomeOf(play, other.port), outcomeOf(play, our.port)]);
        const isGood = exception ? isDeepStrictEqual(theirs, exception.theirs) && isDeepStrictEqual(ours, exception.ours) : isDeepStrictEqual(theirs, ours) && !/^fails/.test(ours);
        failed += isGood ? 0 : 1;
        console.log(`${isGood ? 'ok  ' : 'FAIL'} ${title}${exception ? ` (${exception.reason})` : ''}`);
        if (!isGood) console.log(`    ${name}: ${JSON.stringify(theirs)}\n    ours: ${JSON.stringify(ours)}`);
    }
    await other.stop();
    await our.stop();
    console.log(`mqtt beside ${name}: ${chosen.length} situations, ${failed} failed`);
    if (failed > 0) process.exitCode = 1;
}

await beside('mosquitto', startMosquitto, BESIDE_MOSQUITTO);
await beside('the original', startTheOriginal, BESIDE_THE_ORIGINAL);
