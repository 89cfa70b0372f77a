// Peers that mean harm at a port that speaks TLS. The server must live, serve others, keep little of them, and say why.

import { randomBytes } from 'node:crypto';
import { once as happens } from 'node:events';
import { createServer, connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { assert, scenarios, until } from '../scenarios/stage.mjs';
import { isThreadSanitized } from '../support/servers.mjs';
import { encrypted, get, handshake, server, tcp, TRUST } from './stand.mjs';

const HEAD_TIMEOUT_MS = 700;
const FLOOD = 10000, AT_A_TIME = 250;
const MOST_KILOBYTES = 60000;

/** What a client of TLS says first. */
async function clientHello() {
    const listener = createServer().listen(0, '127.0.0.1');
    await happens(listener, 'listening');
    const client = connectTls({ ...TRUST, port: listener.address().port });
    client.on('error', () => {});
    const [socket] = await happens(listener, 'connection');
    const [hello] = await happens(socket, 'data');
    client.destroy();
    socket.destroy();
    listener.close();
    return hello;
}
const HELLO = await clientHello();

/** A way to the server on which all bytes come and go one at a time. */
async function slowWay(port) {
    const chop = (from, to) => from.on('data', (data) => {
        for (let i = 0; i < data.length; i++) to.write(data.subarray(i, i + 1));
    }).on('end', () => to.end()).on('error', () => to.destroy());
    const listener = createServer((near) => {
        const far = connectTcp({ port, host: '127.0.0.1', noDelay: true });
        near.setNoDelay(true);
        chop(near, far);
        chop(far, near);
    }).listen(0, '127.0.0.1');
    await happens(listener, 'listening');
    return { port: listener.address().port, close: () => listener.close() };
}

async function servesOthers(stage) {
    const peer = await stage.peer('bystander');
    await peer.roundTrip();
    await peer.close();
}

/** Sends bytes on a bare connection; resolves to it when the server has ended it. */
async function endsAfter(stage, bytes) {
    const socket = await tcp(stage.server.port);
    socket.write(bytes);
    await socket.over();
    return socket;
}

const record = (type, payload, length = payload.length) =>
    Buffer.concat([Buffer.from([type, 3, 3, length >> 8, length & 255]), payload]);

await scenarios('hostile', encrypted(server, {}, { headTimeout: HEAD_TIMEOUT_MS }), [
    ['plain HTTP gets an end, and a line says what it was', async (stage) => {
        const from = stage.server.log.length;
        await endsAfter(stage, 'GET /health-check HTTP/1.1\r\nHost: x\r\n\r\n');
        await stage.server.logs(/CONNECTION_ERROR \| 127\.0\.0\.1: TLS handshake failed: the peer speaks plain HTTP/, { from });
    }],

    ['garbage gets an alert or an end', async (stage) => {
        const garbage = [Buffer.from('\r\n'), Buffer.alloc(100000), randomBytes(100000), Buffer.from('SSH-2.0-x\r\n'), record(22, randomBytes(500)),
            record(23, randomBytes(50)), record(21, Buffer.from([2, 40])), record(20, Buffer.from([1])), record(22, Buffer.alloc(0)), record(99, Buffer.alloc(9)),
            record(22, Buffer.alloc(100), 65535)];
        for (const bytes of garbage) await endsAfter(stage, bytes);
        for (let i = 0; i < 200; i++) await endsAfter(stage, record(22, randomBytes(1 + i)));
        await servesOthers(stage);
    }],

    ['a hello that was changed anywhere does no harm', async (stage) => {
        for (let i = 0; i < HELLO.length; i += 3) {
            const changed = Buffer.from(HELLO);
            changed[i] ^= 1 << (i % 8);
            const socket = await tcp(stage.server.port);
            socket.end(changed);
            await socket.over();
        }
        await servesOthers(stage);
    }],

    ['a hello that announces 16 MB is refused at once', async (stage) => {
        const from = stage.server.log.length;
        await endsAfter(stage, record(22, Buffer.concat([Buffer.from([1, 255, 255, 255]), Buffer.alloc(1000)])));
        await stage.server.logs(/TLS handshake failed: excessive message size/, { from });
    }],

    ['a hello that stops halfway is cut off in time', async (stage) => {
        const from = stage.server.log.length;
        await endsAfter(stage, HELLO.subarray(0, 100));
        await stage.server.logs(/TLS handshake failed: it is too slow/, { from });
    }],

    ['bytes that drip do not buy time', async (stage) => {
        const from = stage.server.log.length;
        const socket = await tcp(stage.server.port);
        let at = 0;
        const drip = setInterval(() => socket.write(HELLO.subarray(at, ++at)), 50);
        await socket.over();
        clearInterval(drip);
        assert.ok(at < HELLO.length, 'it was cut off before it was through');
        await stage.server.logs(/TLS handshake failed: it is too slow/, { from });
    }],

    ['a handshake that is never answered is cut off', async (stage) => {
        const from = stage.server.log.length;
        const socket = await endsAfter(stage, HELLO);
        assert.ok(socket.received.length > 500, 'there was an answer');
        await stage.server.logs(/TLS handshake failed: it is too slow/, { from });
    }],

    ['silence is ended without a word', async (stage) => {
        const from = stage.server.log.length;
        await endsAfter(stage, '');
        assert.doesNotMatch(stage.server.log.slice(from), /TLS/);
    }],

    ['one byte at a time is a connection like any other', async (stage) => {
        const way = await slowWay(stage.server.port);
        for (const version of ['TLSv1.2', 'TLSv1.3'])
            assert.equal((await get(way.port, '/health-check', { minVersion: version, maxVersion: version })).status, 200);
        way.close();
    }],

    ['a record that is cut short ends with the connection', async (stage) => {
        const bare = await tcp(stage.server.port);
        const socket = await handshake(stage.server.port, { socket: bare });
        bare.write(record(23, Buffer.alloc(50), 5000));
        bare.end();
        await socket.over();
        await servesOthers(stage);
    }],

    ['a forged record breaks its connection alone', async (stage) => {
        const from = stage.server.log.length;
        const bare = await tcp(stage.server.port);
        const socket = await handshake(stage.server.port, { socket: bare });
        socket.write('GET /health-check HTTP/1.1\r\nHost: x\r\n\r\n');
        await until(() => socket.received.length > 0, 'an answer');
        bare.write(record(23, randomBytes(100)));
        await socket.over();
        await stage.server.logs(/CONNECTION_ERROR \| 127\.0\.0\.1: TLS broke: decryption failed or bad record mac/, { from });
        await servesOthers(stage);
    }],

    ['ten thousand hellos: bounded memory, and who is connected is served', async (stage) => {
        const bystander = await stage.peer('patient');
        const before = stage.server.residentKilobytes();
        let begun = 0, most = 0;
        const one = async () => {
            while (begun < FLOOD) {
                begun++;
                const socket = await tcp(stage.server.port);
                socket.write(HELLO);
                await until(() => socket.received.length > 0 || socket.destroyed, 'an answer');
                socket.resetAndDestroy();
                if (begun % 500 === 0) {
                    await bystander.roundTrip();
                    most = Math.max(most, stage.server.residentKilobytes() - before);
                }
            }
        };
        await Promise.all(Array.from({ length: AT_A_TIME }, one));
        await bystander.roundTrip();
        assert.ok(isThreadSanitized || most < MOST_KILOBYTES, `it took ${most} kB`);
        assert.equal(bystander.isClosed, false);
    }],

    ['half-done handshakes do not keep the server from ending', async (stage) => {
        const waiting = await Promise.all(Array.from({ length: 20 }, () => tcp(stage.server.port)));
        waiting.forEach((socket, i) => socket.write(HELLO.subarray(0, i * 10)));
        await servesOthers(stage);
        await stage.server.restart();
        await Promise.all(waiting.map((socket) => socket.over()));
    }],
], { tls: TRUST });

await scenarios('a full house', encrypted(server, {}, { maxConnections: 3, headTimeout: 60000 }), [
    ['who comes too many is ended, and counts no handshake', async (stage) => {
        const inside = [];
        await until(async () => {
            await handshake(stage.server.port).then((socket) => inside.push(socket), () => {});
            return inside.length === 3;
        }, 'three to be inside');
        const late = await tcp(stage.server.port);
        late.write(HELLO);
        await late.over();
        assert.equal(late.received.length, 0);
        inside.forEach((socket) => socket.destroy());
        await until(() => get(stage.server.port).then(() => true, () => false), 'room again');
    }],
], { tls: TRUST });
