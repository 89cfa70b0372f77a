// Before, during and right behind the handshake of HTTP and WebSocket: garbage, what is cut short, what is too
// large, what is too slow, and who goes away in the middle.
//
//     node doors.mjs [--server FILE] [--only TEXT] [--seed NUMBER]

import { closePayload, BINARY, CLOSE, CONTINUATION, frame, PING, PONG, response, TEXT } from '../../conformance/client.mjs';
import { encode } from '../../support/wire.mjs';
import { until } from '../stage.mjs';
import { assert, cases, cutOff, Dice, frameConnection, isSanitized, linesOf, pause, rawConnection, seed, upgrade } from './villain.mjs';

const HEAD_MS = 400;
const LOGIN_MS = 1500;
const dice = new Dice(seed);

const GARBAGE = {
    'zero bytes': Buffer.alloc(300),
    'a TLS hello': Buffer.from('16030100a5010000a10303', 'hex'),
    'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'a line that never ends': 'G'.repeat(40000),
    'a target that never ends': `GET /${'a'.repeat(40000)}`,
    'a header that never ends': `GET / HTTP/1.1\r\nHost: ${'a'.repeat(40000)}`,
    'headers without end': `GET / HTTP/1.1\r\nHost: a\r\n${'X-A: b\r\n'.repeat(5000)}`,
    'a thousand headers': `GET / HTTP/1.1\r\nHost: a\r\n${'a:\r\n'.repeat(1000)}\r\n`,
    'a header without a colon': 'GET / HTTP/1.1\r\nHost: a\r\nnothing\r\n\r\n',
    'a folded header': 'GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n',
    'a NUL in a header': 'GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n',
    'a NUL in the target': 'GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n',
    'high bytes in a method': Buffer.from('ff474554202f20485454502f312e310d0a0d0a', 'hex'),
    'a negative length': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n',
    'a length of 64 bits and more': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n',
    'two lengths': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    'a length and chunks': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'an unknown version': 'GET / HTTP/9.9\r\nHost: a\r\n\r\n',
    'no host': 'GET / HTTP/1.1\r\n\r\n',
    'an upgrade to nothing': upgrade({ Upgrade: '' }),
    'an upgrade to something else': upgrade({ Upgrade: 'h2c', Connection: 'Upgrade, close' }),
    'an upgrade without a key': upgrade({ 'Sec-WebSocket-Key': undefined }),
    'an upgrade with a huge key': upgrade({ 'Sec-WebSocket-Key': 'A'.repeat(10000) }),
    'an upgrade of an unknown version': upgrade({ 'Sec-WebSocket-Version': '99999999999' }),
    'an upgrade of another path': upgrade().replace('/deepstream ', '/deepstream/../../etc/passwd '),
    'an upgrade with a body': upgrade({ 'Content-Length': '100' }),
};

/** Half of the connection is closed behind the bytes, so that also those that ask for more have an end. */
async function answerTo(stage, bytes) {
    const raw = await rawConnection(stage);
    await raw.write(Buffer.from(bytes));
    raw.socket.end();
    const answer = (await raw.end('the end behind garbage')).toString('latin1');
    raw.destroy();
    return answer;
}

const closeCode = (payload) => (payload.length < 2 ? undefined : payload.readUInt16BE(0));

/** What the server says at the end: the status of its close frame; frames before it are passed over. */
async function closedWith(client) {
    for (;;) {
        const { opcode, payload } = await client.next('a close frame');
        if (opcode === CLOSE) {
            await client.end();
            client.destroy();
            return closeCode(payload);
        }
    }
}

async function breach(stage, ...frames) {
    const client = await frameConnection(stage);
    client.write(Buffer.concat(frames));
    return closedWith(client);
}

const MAX = 1048576;
const CHALLENGE = encode('CONNECTION.CHALLENGE', { url: 'x', protocolVersion: '0.1a', sdkVersion: '7', sdkType: 't' });
const LOGIN = encode('AUTH.REQUEST', { data: '{"username":"u"}' });
const EMIT = encode('EVENT.EMIT', { name: 'e', data: '1' });

console.log(`seed ${seed}`);
await cases('doors', {
    endpoint: { unauthenticatedClientTimeout: LOGIN_MS }, httpServer: { options: { headTimeout: HEAD_MS } }, logLevel: 1,
}, [
    ...Object.entries(GARBAGE).map(([title, bytes]) => [`instead of a request: ${title}`, async (stage) => {
        const answer = await answerTo(stage, bytes);
        assert.match(answer, /^(HTTP\/1\.1 [45]\d\d |$)/, 'refused, or cut off');
    }]),
    ['instead of a request: random bytes, a hundred times', async (stage) => {
        for (let i = 0; i < 100; i++) {
            const answer = await answerTo(stage, dice.bytes(1 + dice.below(3000)));
            assert.match(answer, /^(HTTP\/1\.1 4\d\d |$)/);
        }
    }],
    ['an upgrade that is cut at each of its bytes, with an end and with a reset', async (stage) => {
        const head = Buffer.from(upgrade());
        for (let length = 1; length < head.length; length++) {
            const [answer] = await Promise.all([
                answerTo(stage, head.subarray(0, length)), cutOff(stage, head.subarray(0, length)),
            ]);
            assert.match(answer, /^(HTTP\/1\.1 4\d\d |$)/);
        }
    }],
    ['an upgrade with random bytes changed', async (stage) => {
        for (let i = 0; i < 200; i++) {
            const head = Buffer.from(upgrade());
            for (let n = 1 + dice.below(4); n > 0; n--) head[dice.below(head.length)] = dice.below(256);
            assert.match(await answerTo(stage, head), /^(HTTP\/1\.1 (101|[45]\d\d) |$)/);
        }
    }],
    ['garbage right behind the upgrade, in one segment', async (stage) => {
        for (let i = 0; i < 50; i++) {
            const raw = await rawConnection(stage);
            raw.write(Buffer.concat([Buffer.from(upgrade()), dice.bytes(4000)]));
            const { status } = await response(raw);
            assert.equal(status, 101);
            raw.socket.end();
            await raw.end();
        }
    }],
    ['frames that no client may send are answered with 1002', async (stage) => {
        for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) assert.equal(await breach(stage, frame(opcode, 'x')), 1002);
        for (const rsv of [1, 2, 3, 4, 5, 6, 7]) assert.equal(await breach(stage, frame(BINARY, EMIT, { rsv })), 1002);
        assert.equal(await breach(stage, frame(BINARY, EMIT, { mask: false })), 1002);
        assert.equal(await breach(stage, frame(CONTINUATION, 'x')), 1002);
        assert.equal(await breach(stage, frame(BINARY, 'x', { fin: false }), frame(BINARY, 'x')), 1002);
        assert.equal(await breach(stage, frame(PING, 'x', { fin: false })), 1002);
        assert.equal(await breach(stage, frame(PING, 'x'.repeat(126))), 1002);
        assert.equal(await breach(stage, frame(CLOSE, 'x')), 1002);
        assert.equal(await breach(stage, frame(CLOSE, closePayload(1005))), 1002);
        assert.equal(await breach(stage, frame(CLOSE, Buffer.concat([closePayload(1000), Buffer.from('ff', 'hex')]))), 1007);
    }],
    ['text is answered with 1003, and what is no UTF-8 too or with 1007', async (stage) => {
        assert.equal(await breach(stage, frame(TEXT, 'hello')), 1003);
        assert.ok([1003, 1007].includes(await breach(stage, frame(TEXT, Buffer.from('c328', 'hex')))));
    }],
    ['a message that is too large is answered with 1009, before it has come', async (stage) => {
        assert.equal(await breach(stage, frame(BINARY, '', { length: MAX + 1 })), 1009);
        assert.equal(await breach(stage, frame(BINARY, '', { length: 2 ** 31 })), 1009);
        assert.equal(await breach(stage, frame(BINARY, '', { length: Number.MAX_SAFE_INTEGER })), 1009);
        const half = Buffer.alloc(MAX / 2 + 1);
        assert.equal(await breach(stage, frame(BINARY, half, { fin: false }), frame(CONTINUATION, half)), 1009);
        const client = await frameConnection(stage);
        client.write(frame(BINARY, Buffer.alloc(1000), { fin: false }));
        client.write(Buffer.concat(Array.from({ length: 2000 }, () => frame(CONTINUATION, Buffer.alloc(1000), { fin: false }))));
        assert.equal(await closedWith(client), 1009);
        for (const length of ['7fffffffffffffff', 'ffffffffffffffff', '8000000000000000']) {
            const code = await breach(stage, Buffer.from(`82ff${length}00000000`, 'hex'));
            assert.ok([1002, 1009].includes(code), `${length}: ${code}`);
        }
    }],
    ['a message as large as may be is read: garbage is refused, a valid one is taken', async (stage) => {
        const client = await frameConnection(stage);
        await client.send(BINARY, Buffer.alloc(MAX, 0xff));
        assert.ok((await client.next()).payload.length > 0);
        const peer = await stage.peer('large');
        peer.sendBytes(Buffer.alloc(MAX, 0x08));
        await peer.sees('PARSER.UNKNOWN_TOPIC');
        const room = MAX - encode('EVENT.EMIT', { name: 'large', data: `"${'x'.repeat(500000)}"` }).length + 500000;
        const data = `"${'x'.repeat(room)}"`;
        assert.equal(encode('EVENT.EMIT', { name: 'large', data }).length, MAX);
        const receiver = await stage.peer('receiver');
        receiver.send('EVENT.SUBSCRIBE', { names: ['large'], correlationId: '0' });
        await receiver.sees('EVENT.SUBSCRIBE');
        peer.send('EVENT.EMIT', { name: 'large', data });
        assert.equal((await receiver.sees('EVENT.EMIT')).data.length, data.length);
        peer.send('EVENT.EMIT', { name: 'large', data: `"x${data.slice(1)}` });
        assert.equal(await peer.closes(), 1009);
        assert.ok(linesOf(stage, /MAXIMUM_MESSAGE_SIZE_EXCEEDED/).length > 0, 'the log says why');
    }],
    ['a message in a hundred thousand empty fragments', async (stage) => {
        const fragments = Buffer.concat(Array.from({ length: 100000 }, () => frame(CONTINUATION, '', { fin: false })));
        const client = await frameConnection(stage);
        client.write(frame(BINARY, '', { fin: false }));
        client.write(fragments);
        client.write(frame(CONTINUATION, CHALLENGE));
        assert.deepEqual((await client.next()).payload, encode('CONNECTION.ACCEPT'));
    }],
    ['a flood of pings is answered in order, or its sender cut off', async (stage) => {
        const client = await frameConnection(stage);
        await client.send(BINARY, CHALLENGE);
        await client.next();
        await client.send(BINARY, LOGIN);
        await client.next();
        for (let i = 0; i < 20; i++) client.write(Buffer.concat(Array.from({ length: 500 }, (_, n) => frame(PING, String(i * 500 + n)))));
        for (let i = 0; i < 10000; i++) {
            const { opcode, payload } = await client.next();
            assert.deepEqual([opcode, payload.toString()], [PONG, String(i)]);
        }
    }],
    ['resets in the middle of a session, anywhere', async (stage) => {
        const whole = Buffer.concat([Buffer.from(upgrade()), frame(BINARY, CHALLENGE), frame(BINARY, LOGIN),
            frame(BINARY, encode('EVENT.SUBSCRIBE', { names: ['e'], correlationId: '0' })), frame(BINARY, EMIT),
            frame(BINARY, encode('RECORD.SUBSCRIBECREATEANDREAD', { names: ['r'], correlationId: '1' })),
            frame(BINARY, encode('RECORD.CREATEANDUPDATE', { name: 'r', version: -1, data: '{}', isWriteAck: true, correlationId: 'w' }))]);
        for (let length = 1; length <= whole.length; length += 3) {
            await Promise.all([cutOff(stage, whole.subarray(0, length)), cutOff(stage, whole.subarray(0, Math.min(length + 1, whole.length)))]);
        }
    }],
    ['who closes a half of the connection is let go, with a close frame or without', async (stage) => {
        for (const last of [Buffer.alloc(0), frame(BINARY, CHALLENGE), frame(BINARY, CHALLENGE).subarray(0, 5), frame(CLOSE, closePayload(1000))]) {
            const client = await frameConnection(stage);
            await client.write(last);
            client.socket.end();
            await client.end('the other half to close');
            client.destroy();
        }
    }],
    ['what follows a close frame is not served', async (stage) => {
        const watcher = await stage.peer('watcher');
        watcher.send('EVENT.SUBSCRIBE', { names: ['e'], correlationId: '0' });
        await watcher.sees('EVENT.SUBSCRIBE');
        const client = await frameConnection(stage);
        client.write(Buffer.concat([frame(BINARY, CHALLENGE), frame(BINARY, LOGIN), frame(CLOSE, closePayload(1000)),
            ...Array.from({ length: 1000 }, () => frame(BINARY, EMIT))]));
        assert.equal(await closedWith(client), 1000);
        await watcher.roundTrip();
        assert.ok(!watcher.messages.some(({ kind }) => kind === 'EVENT.EMIT'));
    }],
    ['three hundred heads that come a byte at a time are refused with 408, all of them', async (stage) => {
        const head = upgrade();
        const slow = await Promise.all(Array.from({ length: 300 }, () => rawConnection(stage)));
        let at = 0;
        const timer = setInterval(() => {
            for (const raw of slow) if (!raw.ended) raw.write(head[at]);
            at = Math.min(at + 1, head.length - 10);
        }, 50);
        try {
            for (const raw of slow) assert.match((await raw.end('408')).toString(), /^HTTP\/1\.1 408 /);
        } finally {
            clearInterval(timer);
        }
    }],
    ['three hundred connections that say nothing are ended', async (stage) => {
        const silent = await Promise.all(Array.from({ length: 300 }, () => rawConnection(stage)));
        for (const raw of silent) assert.equal((await raw.end('an end')).length, 0);
    }],
    ['three hundred WebSockets that do not log in are told so and closed, whatever they say meanwhile', async (stage) => {
        const lurkers = await Promise.all(Array.from({ length: 300 }, (_, i) => stage.stranger(`lurker ${i}`)));
        const timer = setInterval(() => {
            for (const [i, peer] of lurkers.entries()) {
                if (i % 3 === 1) peer.send('CONNECTION.PING');
                if (i % 3 === 2) peer.sendBytes(dice.bytes(20));
            }
        }, 40);
        try {
            for (const peer of lurkers) {
                await peer.closes();
                assert.equal(peer.messages.at(-1).kind, 'CONNECTION.AUTHENTICATION_TIMEOUT');
            }
        } finally {
            clearInterval(timer);
        }
    }],
    ['two thousand connections come and go', async (stage) => {
        const before = stage.server.residentKilobytes();
        for (let round = 0; round < 20; round++) {
            await Promise.all(Array.from({ length: 100 }, (_, i) => cutOff(stage, i % 2 ? upgrade() : Buffer.concat([Buffer.from(upgrade()), frame(BINARY, CHALLENGE)]))));
        }
        const grown = stage.server.residentKilobytes() - before;
        assert.ok(isSanitized || grown < 40 * 1024, `${grown} KiB more`);
    }],
]);

const HEARTBEAT_MS = 150;
await cases('heartbeats', { endpoint: { heartbeatInterval: HEARTBEAT_MS, unauthenticatedClientTimeout: false } }, [
    ['who is silent for two heartbeats is closed, whoever pings stays', async (stage) => {
        const silent = await Promise.all(Array.from({ length: 50 }, (_, i) => (i % 2 ? stage.peer(`silent ${i}`) : stage.stranger(`stranger ${i}`))));
        const alive = await stage.peer('alive');
        const timer = setInterval(() => alive.send('CONNECTION.PING'), HEARTBEAT_MS / 3);
        try {
            for (const peer of silent) await peer.closes();
            await pause(4 * HEARTBEAT_MS);
            assert.ok(!alive.isClosed);
        } finally {
            clearInterval(timer);
        }
    }],
    ['an unfinished frame is no sign of life', async (stage) => {
        const client = await frameConnection(stage);
        const bytes = frame(BINARY, EMIT, { length: 100000, form: 64 });
        await client.write(bytes.subarray(0, 12));
        await client.end('an end');
    }],
]);

await cases('crowds', { httpServer: { options: { maxConnections: 60, headTimeout: HEAD_MS } } }, [
    ['beyond the most connections a client is told 503, and those inside are served', async (stage) => {
        const inside = await Promise.all(Array.from({ length: 20 }, (_, i) => stage.peer(`inside ${i}`)));
        const crowd = await Promise.all(Array.from({ length: 200 }, () => rawConnection(stage)));
        const answers = (await Promise.all(crowd.map((raw) => raw.end('an end')))).map(String);
        assert.ok(answers.filter((text) => text.startsWith('HTTP/1.1 503 ')).length >= 140);
        for (const peer of inside) await peer.roundTrip();
        assert.ok(linesOf(stage, /LIMIT_EXCEEDED/).length >= 1);
        const isLetIn = () => stage.stranger('next').then((peer) => peer.close()).then(() => true, () => false);
        await until(isLetIn, 'room that is given back');
        await Promise.all(inside.map((peer) => peer.close()));
    }],
]);

