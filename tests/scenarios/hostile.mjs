// Peers that mean harm or know no better. The server must live, answer or close as the protocol says, go on
// serving others, and its log must say why.

import { once as happens } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { assert, scenarios, until } from './stage.mjs';
import { isThreadSanitized } from '../support/servers.mjs';
import { encode } from '../support/wire.mjs';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const UPGRADE = `GET /deepstream HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n`;

/** A bare TCP connection; `received` grows, `over` resolves at its end. */
async function tcp(stage) {
    const socket = connectTcp(stage.server.port, '127.0.0.1');
    socket.received = Buffer.alloc(0);
    socket.on('data', (data) => { socket.received = Buffer.concat([socket.received, data]); });
    socket.on('error', () => {});
    socket.over = new Promise((done) => socket.on('close', () => { socket.isOver = true; done(); }));
    await happens(socket, 'connect');
    return socket;
}

/** The same after a WebSocket handshake. */
async function upgraded(stage) {
    const socket = await tcp(stage);
    socket.write(UPGRADE);
    await until(() => socket.received.includes('\r\n\r\n'), 'the handshake');
    assert.match(socket.received.toString('latin1'), /^HTTP\/1\.1 101 /);
    socket.received = socket.received.subarray(socket.received.indexOf('\r\n\r\n') + 4);
    return socket;
}

/** A frame of a client: masked with zeros unless told. */
function frame(opcode, payload, { fin = true, masked = true, reserved = 0, length = payload.length } = {}) {
    const head = [(fin ? 0x80 : 0) | reserved | opcode];
    const mask = masked ? 0x80 : 0;
    const extended = Buffer.alloc(length < 126 ? 0 : length < 65536 ? 2 : 8);
    if (length < 126) head.push(mask | length);
    else if (length < 65536) { head.push(mask | 126); extended.writeUInt16BE(length); } else { head.push(mask | 127); extended.writeBigUInt64BE(BigInt(length)); }
    return Buffer.concat([Buffer.from(head), extended, masked ? Buffer.alloc(4) : Buffer.alloc(0), payload]);
}

/** The status of the close frame that the server sent, or null. */
function closeStatus(received) {
    for (let at = 0; at + 2 <= received.length;) {
        const opcode = received[at] & 15;
        let length = received[at + 1] & 127;
        let start = at + 2;
        if (length === 126) { length = received.readUInt16BE(start); start += 2; } else if (length === 127) { length = Number(received.readBigUInt64BE(start)); start += 8; }
        if (opcode === 8) return length >= 2 ? received.readUInt16BE(start) : 1005;
        at = start + length;
    }
    return null;
}

/** Others are served as before. */
async function servesOthers(stage) {
    const [a, b] = await Promise.all([stage.peer('bystander a'), stage.peer('bystander b')]);
    const name = `bystanders/${Math.random()}`;
    b.send('EVENT.SUBSCRIBE', { names: [name], correlationId: '1' });
    await b.sees('EVENT.SUBSCRIBE');
    a.send('EVENT.EMIT', { name, data: '1' });
    await b.sees('EVENT.EMIT');
    await Promise.all([a.close(), b.close()]);
}

const random = (() => {
    let state = 12345;
    return (bound) => {
        state = (Math.imul(state, 1103515245) + 12345) >>> 0;
        return (state >>> 8) % bound;
    };
})();
const noise = (length) => Buffer.from(Array.from({ length }, () => random(256)));

/** What is sent instead of an HTTP request, and whether the server answers before it hangs up. */
const HEADS = [
    ['noise', noise(300)], ['noise with line ends', Buffer.concat([noise(100), Buffer.from('\r\n\r\n')])], ['a TLS hello', Buffer.from('16030100a5010000a10303', 'hex')],
    ['no HTTP', 'HELO mail\r\n\r\n'], ['an unknown version', 'GET / HTTP/9.9\r\n\r\n'], ['a header without a colon', 'GET / HTTP/1.1\r\nHost x\r\n\r\n'],
    ['a target with a space', 'GET /a b HTTP/1.1\r\nHost: x\r\n\r\n'], ['bytes of zero', Buffer.alloc(500)], ['a head without end', `GET / HTTP/1.1\r\nX: ${'a'.repeat(200000)}`],
    ['headers without end', `GET / HTTP/1.1\r\n${'X: y\r\n'.repeat(20000)}`], ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello'],
    ['a length that is none', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n'], ['a huge length', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n'],
    ['an upgrade without a key', UPGRADE.replace(/Sec-WebSocket-Key.*\r\n/, '')], ['an upgrade of an old version', UPGRADE.replace('Version: 13', 'Version: 8')],
    ['an upgrade of another path', UPGRADE.replace('/deepstream', '/elsewhere')], ['an upgrade with a key that is none', UPGRADE.replace(KEY, 'x')],
];

/** Frames after the handshake, and the status with which the connection ends. */
const FRAMES = [
    ['a frame without a mask', frame(2, Buffer.from('x'), { masked: false }), 1002], ['a reserved bit', frame(2, Buffer.from('x'), { reserved: 0x40 }), 1002],
    ['an unknown opcode', frame(3, Buffer.from('x')), 1002], ['an unknown control opcode', frame(11, Buffer.alloc(0)), 1002], ['a continuation of nothing', frame(0, Buffer.from('x')), 1002],
    ['a ping in fragments', frame(9, Buffer.alloc(0), { fin: false }), 1002], ['a ping that is too long', frame(9, Buffer.alloc(200)), 1002],
    ['a new message within another', Buffer.concat([frame(2, Buffer.from('x'), { fin: false }), frame(2, Buffer.from('y'))]), 1002],
    ['a length beyond the limit', frame(2, Buffer.from('x'), { length: 1048577 }), 1009], ['a length beyond imagination', frame(2, Buffer.from('x'), { length: 2 ** 52 }), [1002, 1009]],
    ['fragments that add up beyond the limit', Buffer.concat(Array.from({ length: 20 }, (_, i) => frame(i === 0 ? 2 : 0, Buffer.alloc(60000), { fin: false }))), 1009],
    ['a text', frame(1, Buffer.from('C|CHR|x+')), 1003], ['a text that is no UTF-8', frame(1, Buffer.from('c328', 'hex')), [1003, 1007]],
    ['a close with one byte', frame(8, Buffer.from([3])), 1002], ['a close with a status that is none', frame(8, Buffer.from([0, 5])), 1002],
    ['a close', frame(8, Buffer.alloc(0)), [1000, 1005]], ['a close with a reason', frame(8, Buffer.from('03e8627965', 'hex')), 1000],
];

const BAD_MESSAGES = [
    ['nothing', Buffer.alloc(0)], ['a varint without end', Buffer.from('ffffffffffffffffffffffff', 'hex')], ['a length beyond the frame', Buffer.from('7f1002', 'hex')],
    ['a message cut short', encode('EVENT.EMIT', { name: 'abc', data: '"x"' }).subarray(0, 8)], ['noise', noise(1000)],
    ['wire types that do not fit', Buffer.from('0610041a02150102', 'hex')], ['a group', Buffer.from('04100413140a', 'hex')],
    ['a name that is no UTF-8', Buffer.from('0b10041a0708023203ff80c0', 'hex')], ['an overlong form', Buffer.from('0a10041a0608023202c0af', 'hex')],
    ['half a surrogate', Buffer.from('0b10041a070802320 3eda080'.replace(' ', ''), 'hex')],
];

const tooMany = (count) => Array.from({ length: count }, (_, i) => `n${i}`);

await scenarios('hostile peers', { endpoint: { heartbeatInterval: 60000, maxNames: 10000 } }, [
    ...HEADS.map(([what, bytes]) => [`before the handshake: ${what}`, async (stage) => {
        const socket = await tcp(stage);
        socket.write(bytes);
        socket.end();
        await socket.over;
        assert.doesNotMatch(socket.received.toString('latin1'), /^HTTP\/1\.1 (101|2)/);
        await servesOthers(stage);
    }]),
    ...FRAMES.map(([what, bytes, status]) => [`frames: ${what} ends the connection`, async (stage) => {
        const socket = await upgraded(stage);
        socket.write(bytes);
        await until(() => closeStatus(socket.received) !== null, 'the close frame');
        assert.ok([status].flat().includes(closeStatus(socket.received)), `the status is ${closeStatus(socket.received)}`);
        socket.end();
        await socket.over;
        await servesOthers(stage);
    }]),
    ['frames: one byte at a time', async (stage) => {
        const socket = await upgraded(stage);
        socket.setNoDelay(true);
        for (const byte of frame(2, encode('CONNECTION.CHALLENGE', { url: 'x' }))) {
            socket.write(Buffer.from([byte]));
            await new Promise((next) => setImmediate(next));
        }
        await until(() => socket.received.length > 0, 'the answer');
        socket.destroy();
    }],
    ['frames: hundreds of empty fragments and pings between them', async (stage) => {
        const socket = await upgraded(stage);
        const parts = [frame(2, Buffer.alloc(0), { fin: false })];
        for (let i = 0; i < 500; i++) parts.push(frame(0, Buffer.alloc(0), { fin: false }), frame(9, Buffer.from('p')));
        parts.push(frame(0, encode('CONNECTION.CHALLENGE')));
        socket.write(Buffer.concat(parts));
        await until(() => socket.received.includes(encode('CONNECTION.ACCEPT')), 'the answer');
        socket.destroy();
    }],
    ['cut off in the middle of a frame', async (stage) => {
        for (const length of [1, 2, 3, 6, 10]) {
            const socket = await upgraded(stage);
            socket.write(frame(2, Buffer.alloc(5000)).subarray(0, length));
            socket.resetAndDestroy();
            await socket.over;
        }
        await servesOthers(stage);
    }],
    ...BAD_MESSAGES.map(([what, bytes]) => [`before the login: ${what} is an invalid message`, async (stage) => {
        const peer = await stage.stranger('rude');
        peer.sendBytes(bytes);
        await peer.sees('CONNECTION.INVALID_MESSAGE');
        peer.send('CONNECTION.CHALLENGE');
        await peer.sees('CONNECTION.ACCEPT');
        peer.sendBytes(bytes);
        await peer.sees('AUTH.INVALID_MESSAGE');
        await stage.server.logs(/INVALID_MESSAGE \| /);
    }]),
    ...BAD_MESSAGES.map(([what, bytes]) => [`after the login: ${what} is of an unknown topic`, async (stage) => {
        const peer = await stage.peer('rude');
        const from = stage.server.log.length;
        peer.sendBytes(bytes);
        await peer.sees('PARSER.UNKNOWN_TOPIC');
        await peer.roundTrip();
        await stage.server.logs(/(INVALID_MESSAGE|UNKNOWN_TOPIC) \| /, { from });
    }]),
    ['ten thousand rude messages, picked at random, and mixed with good ones', async (stage) => {
        const peer = await stage.peer('rude');
        const good = [encode('EVENT.EMIT', { name: 'abc', data: '{"a":1}' }), encode('RECORD.CREATEANDUPDATE', { name: 'abc', version: -1, data: '{"a":1}' }),
            encode('RPC.REQUEST', { name: 'abc', correlationId: '1', data: '1' }), encode('PRESENCE.QUERY', { names: ['a'], correlationId: '1' })];
        for (let i = 0; i < 10000; i++) {
            const bytes = Buffer.from(good[random(good.length)]);
            for (let k = random(4); k > 0; k--) bytes[random(bytes.length)] = random(256);
            peer.sendBytes(bytes.subarray(0, random(5) === 0 ? random(bytes.length) : bytes.length));
            if (i % 500 === 0 && peer.isClosed) break;
        }
        await peer.roundTrip().catch(() => {});
        await servesOthers(stage);
    }],
    ['ten thousand names in one message are taken, one more is not', async (stage) => {
        const peer = await stage.peer('many');
        peer.send('EVENT.SUBSCRIBE', { names: tooMany(10000), correlationId: '1' });
        await peer.sees('EVENT.SUBSCRIBE');
        peer.send('EVENT.SUBSCRIBE', { names: tooMany(10001), correlationId: '2' });
        await peer.sees('EVENT.INVALID_MESSAGE_DATA', { correlationId: '2', isError: true, originalAction: 'SUBSCRIBE' });
        assert.equal(peer.messages.length, 2);
        await stage.server.logs(/INVALID_MESSAGE \| many: too many names/);
        await servesOthers(stage);
    }],
    ['a hundred thousand subscriptions of one connection are enough', async (stage) => {
        const peer = await stage.peer('collector');
        for (let i = 0; i < 12; i++) peer.send('EVENT.SUBSCRIBE', { names: tooMany(10000).map((name) => `${i}/${name}`), correlationId: String(i) });
        await peer.until(() => peer.isClosed || peer.messages.length >= 12, 'answers or the end');
        await servesOthers(stage);
        await stage.server.logs(/LIMIT_EXCEEDED|too many subscriptions|100,?000/i);
    }],
    ['JSON that is nested deeply is malformed, not fatal', async (stage) => {
        const peer = await stage.peer('deep');
        for (const [i, depth] of [200, 5000, 100000].entries()) {
            const data = `${'['.repeat(depth)}${']'.repeat(depth)}`;
            peer.send('RECORD.CREATEANDUPDATE', { name: `deep/${i}`, version: -1, data, isWriteAck: true, correlationId: String(i) });
            await peer.sees('RECORD.INVALID_MESSAGE_DATA', { correlationId: String(i) });
            peer.send('RECORD.CREATEANDPATCH', { name: `deep/${i}`, version: -1, path: 'a', data: data.replaceAll('[', '{"a":').replaceAll(']', '}').replace('{"a":}', '{}'), isWriteAck: true, correlationId: `p${i}` });
            await peer.sees('RECORD.INVALID_MESSAGE_DATA', { correlationId: `p${i}` });
        }
        peer.send('RECORD.CREATEANDPATCH', { name: 'deep/path', version: -1, path: Array(5000).fill('a').join('.'), data: '1', isWriteAck: true, correlationId: 'path' });
        await peer.sees('RECORD.INVALID_MESSAGE_DATA', { correlationId: 'path' });
        await stage.server.logs(/INVALID_MESSAGE_DATA \| /);
    }],
    ['login data that is nested deeply, or is none', async (stage) => {
        for (const data of ['['.repeat(100000), `${'['.repeat(5000)}${']'.repeat(5000)}`, '{"username":', '\u0000', '{"username":"\\ud800"}x']) {
            const peer = await stage.stranger('deep');
            peer.send('CONNECTION.CHALLENGE');
            await peer.sees('CONNECTION.ACCEPT');
            peer.send('AUTH.REQUEST', { data });
            await peer.until(() => peer.messages.length > 1, 'an answer');
        }
        await servesOthers(stage);
    }],
    ['a receiver that never reads is cut off, and those who read get everything', async (stage) => {
        const [emitter, reader, sleeper] = [await stage.peer('emitter'), await stage.peer('reader'), await stage.peer('sleeper')];
        for (const peer of [reader, sleeper]) {
            peer.send('EVENT.SUBSCRIBE', { names: ['torrent'], correlationId: '1' });
            await peer.sees('EVENT.SUBSCRIBE');
        }
        sleeper.socket._socket.pause();
        const before = stage.server.residentKilobytes();
        const data = JSON.stringify('x'.repeat(10000));
        const count = 8000; // 80 MB
        const from = stage.server.log.length;
        let most = before;
        reader.forget();
        for (let i = 1; i <= count; i++) {
            emitter.send('EVENT.EMIT', { name: 'torrent', data });
            if (i % 100 !== 0) continue;
            await reader.until(() => reader.messages.length === 100, 'the events so far');
            reader.forget();
            most = Math.max(most, stage.server.residentKilobytes());
        }
        assert.ok(isThreadSanitized || most - before < 60000, `memory grew by ${most - before} KiB`);
        await stage.server.logs(/SLOW_RECEIVER \| .*/, { from });
        sleeper.socket._socket.resume();
        await sleeper.closes();
        await servesOthers(stage);
    }],
    ['a peer that asks for much and reads nothing is cut off or read no faster than it reads', async (stage) => {
        const glutton = await stage.peer('glutton');
        glutton.send('RECORD.CREATEANDUPDATE', { name: 'large', version: -1, data: JSON.stringify({ x: 'y'.repeat(500000) }), isWriteAck: true, correlationId: 'w' });
        await glutton.sees('RECORD.WRITE_ACKNOWLEDGEMENT');
        glutton.socket._socket.pause();
        const before = stage.server.residentKilobytes();
        for (let i = 0; i < 2000; i++) glutton.send('RECORD.READ', { name: 'large' }); // a gigabyte of answers
        await servesOthers(stage);
        for (let i = 0; i < 20; i++) {
            await servesOthers(stage);
            assert.ok(stage.server.residentKilobytes() - before < 100000, `memory grew by ${stage.server.residentKilobytes() - before} KiB`);
        }
        glutton.socket.terminate();
    }],
    ['a flood from one sender does not keep others from being served', async (stage) => {
        const flooder = await stage.peer('flooder');
        const message = encode('EVENT.EMIT', { name: 'flood', data: '1' });
        let flooding = true;
        const flood = (async () => {
            while (flooding) {
                for (let i = 0; i < 2000; i++) flooder.sendBytes(message);
                await until(() => !flooding || flooder.socket.bufferedAmount < 500000, 'room to flood on');
                await new Promise((next) => setImmediate(next));
            }
        })();
        for (let i = 0; i < 20; i++) await servesOthers(stage);
        flooding = false;
        await flood;
        flooder.socket.terminate();
    }],
    ['a flood of writes to one record does not keep others from being served', async (stage) => {
        const flooder = await stage.peer('flooder');
        for (let i = 0; i < 30000; i++) flooder.send('RECORD.CREATEANDUPDATE', { name: 'flooded', version: -1, data: `{"i":${i}}` });
        for (let i = 0; i < 10; i++) await servesOthers(stage);
        await flooder.roundTrip(60000).catch(() => {});
    }],
    ['hundreds of connections that come and go at once', async (stage) => {
        for (let round = 0; round < 5; round++) {
            const sockets = await Promise.all(Array.from({ length: 100 }, () => tcp(stage)));
            for (const [i, socket] of sockets.entries()) {
                if (i % 3 === 0) socket.write(UPGRADE);
                if (i % 3 === 1) socket.write(UPGRADE.slice(0, 50));
                if (i % 2 === 0) socket.resetAndDestroy();
                else socket.end();
            }
            await Promise.all(sockets.map((socket) => socket.over));
        }
        await servesOthers(stage);
    }],
    ['who is logged in twice by one socket is one user', async (stage) => {
        const a = await stage.user('watcher');
        const peer = await stage.stranger('ghost');
        peer.send('CONNECTION.CHALLENGE');
        for (let i = 0; i < 5; i++) peer.send('AUTH.REQUEST', { data: '{"username":"ghost"}' });
        await peer.sees('AUTH.AUTH_SUCCESSFUL');
        assert.ok((await a.presence.getAll()).includes('ghost'));
        await peer.close();
        await until(async () => !(await a.presence.getAll()).includes('ghost'), 'the end of the ghost');
    }],
]);

await scenarios('silent peers', { endpoint: { heartbeatInterval: 500, unauthenticatedClientTimeout: 1000 } }, [
    ['a connection that says nothing is closed', async (stage) => {
        const socket = await tcp(stage);
        await socket.over;
    }],
    ['a request that never ends is closed', async (stage) => {
        const socket = await tcp(stage);
        const drip = setInterval(() => { if (!socket.isOver) socket.write('X'); }, 50);
        socket.write('GET /deepstream HTTP/1.1\r\nX-Slow: ');
        await socket.over;
        clearInterval(drip);
        await servesOthers(stage);
    }],
    ['a WebSocket that drips is closed for want of a login', async (stage) => {
        const socket = await upgraded(stage);
        const drip = setInterval(() => { if (!socket.isOver) socket.write(frame(9, Buffer.alloc(0))); }, 50);
        await until(() => closeStatus(socket.received) !== null, 'the close frame');
        clearInterval(drip);
        socket.end();
        await socket.over;
        await stage.server.logs(/AUTHENTICATION_TIMEOUT \| /);
    }],
    ['a close that the peer does not answer ends anyhow', async (stage) => {
        const socket = await upgraded(stage);
        await until(() => closeStatus(socket.received) !== null, 'the close frame');
        await socket.over;
    }],
]);
