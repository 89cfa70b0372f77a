// The published client and raw ones over wss: what they do over ws, in both versions of TLS.

import { assert, scenarios, until } from '../scenarios/stage.mjs';
import { encrypted, get, server, TRUST } from './stand.mjs';

const MANY = 5000;
const LARGE = 'x'.repeat(900000);
const only = (version) => ({ ...TRUST, minVersion: version, maxVersion: version });

const LIST = [
    ['records are written, read and followed', async (stage) => {
        const [a, b] = await Promise.all([stage.user('a'), stage.user('b')]);
        const seen = [];
        const record = b.record.getRecord('r');
        await record.whenReady();
        record.subscribe('n', (n) => seen.push(n));
        await a.record.setDataWithAck('r', { n: 1 });
        await a.record.setDataWithAck('r', 'n', 2);
        await until(() => seen.includes(2), 'an update');
        assert.deepEqual(await b.record.snapshot('r'), { n: 2 });
    }],

    ['events and calls cross', async (stage) => {
        const [a, b] = await Promise.all([stage.user('a'), stage.user('b')]);
        a.rpc.provide('double', (n, response) => response.send(n * 2));
        assert.equal(await until(() => b.rpc.make('double', 21).catch(() => undefined), 'a provider'), 42);
    }],

    ['large messages arrive whole, in both directions', async (stage) => {
        const [a, b] = await Promise.all([stage.peer('a'), stage.peer('b')]);
        b.send('EVENT.SUBSCRIBE', { names: ['large'], correlationId: '1' });
        await b.roundTrip();
        for (let i = 0; i < 5; i++) a.send('EVENT.EMIT', { name: 'large', data: JSON.stringify(LARGE + i) });
        await b.until(() => b.messages.filter(({ kind }) => kind === 'EVENT.EMIT').length === 5, 'five messages');
        const got = b.messages.filter(({ kind }) => kind === 'EVENT.EMIT').map(({ data }) => JSON.parse(data));
        got.forEach((data, i) => assert.ok(data === LARGE + i, `message ${i}`));
    }],

    ['many small messages arrive, in their order', async (stage) => {
        const [a, b] = await Promise.all([stage.peer('a'), stage.peer('b')]);
        b.send('EVENT.SUBSCRIBE', { names: ['small'], correlationId: '1' });
        await b.roundTrip();
        for (let i = 0; i < MANY; i++) a.send('EVENT.EMIT', { name: 'small', data: String(i) });
        await b.until(() => b.messages.filter(({ kind }) => kind === 'EVENT.EMIT').length === MANY, 'all messages');
        const got = b.messages.filter(({ kind }) => kind === 'EVENT.EMIT').map(({ data }) => Number(data));
        assert.deepEqual(got, Array.from({ length: MANY }, (_, i) => i));
    }],

    ['a client that hangs up without a goodbye is gone', async (stage) => {
        const peer = await stage.peer('hasty');
        const from = stage.server.log.length;
        peer.socket.terminate();
        await stage.server.logs(/CLIENT_DISCONNECTED \| hasty/, { from });
    }],

    ['a client that does not read is cut off, and others go on', async (stage) => {
        const [a, b] = await Promise.all([stage.peer('a'), stage.peer('b')]);
        const deaf = await stage.peer('deaf');
        deaf.send('EVENT.SUBSCRIBE', { names: ['flood'], correlationId: '1' });
        await deaf.roundTrip();
        deaf.socket._socket.pause();
        b.send('EVENT.SUBSCRIBE', { names: ['flood'], correlationId: '1' });
        await b.roundTrip();
        const from = stage.server.log.length;
        let sent = 0;
        const cutOff = stage.server.logs(/SLOW_RECEIVER \| 127\.0\.0\.1 does not read: cut off with (\d+) bytes waiting/, { from });
        let isOver = false;
        cutOff.finally(() => { isOver = true; }).catch(() => {});
        while (!isOver && sent < 500) {
            a.send('EVENT.EMIT', { name: 'flood', data: JSON.stringify(LARGE) });
            sent++;
            await b.until(() => b.messages.filter(({ kind }) => kind === 'EVENT.EMIT').length === sent, 'its share');
        }
        const [, waiting] = await cutOff;
        assert.ok(Number(waiting) < 6e6, `${waiting} bytes`);
        await until(() => b.messages.filter(({ kind }) => kind === 'EVENT.EMIT').length === sent, 'all of it');
        deaf.socket.terminate();
    }],

    ['requests of https are answered beside', async (stage) => {
        const answers = await Promise.all(Array.from({ length: 20 }, () => get(stage.server.port, '/ready', stage.server.tls)));
        assert.ok(answers.every(({ status }) => status === 200));
    }],

    ['clients are told when the server stops', async (stage) => {
        const peer = await stage.peer('faithful');
        stage.server.signal('SIGTERM');
        assert.equal(await peer.closes(), 1001);
        await stage.server.exited;
        stage.server.checkEnd();
        await stage.server.again();
    }],
];

for (const version of ['TLSv1.3', 'TLSv1.2'])
    await scenarios(`clients over ${version}`, { ...encrypted(server), endpoint: { maxQueueBytes: 4 << 20 } }, LIST, { tls: only(version) });
