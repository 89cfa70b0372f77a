// RFC 7692: permessage-deflate.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { randomBytes } from 'node:crypto';
import { BINARY, Client, CONTINUATION, Echo, frame, PING, PONG, Raw, response, TEXT, upgradeHead } from './client.mjs';

const LIMIT = 1 << 20;
let echo;
before(async () => { echo = await Echo.start('--deflate', '--max-message', String(LIMIT)); });
after(() => echo.stop());

const open = (offer = 'permessage-deflate') => Client.open(echo.port, { 'Sec-WebSocket-Extensions': offer });

// A message as RFC 7692 7.2.1 compresses it.
function deflated(payload, options = {}) {
    const bytes = deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH, ...options });
    return bytes.subarray(0, bytes.length - 4);
}

function inflated({ rsv, payload }, options = {}) {
    if (rsv === 0) return payload;
    assert.equal(rsv, 4);
    return inflateRawSync(Buffer.concat([payload, Buffer.from([0, 0, 255, 255])]),
        { finishFlush: constants.Z_SYNC_FLUSH, ...options });
}

async function echoed(client, opcode, payload, options) {
    const got = await client.next('a compressed echo');
    assert.equal(got.opcode, opcode);
    assert.ok(inflated(got, options).equals(Buffer.from(payload)), 'the message comes back');
    return got;
}

const BOTH = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';
const agreed = {
    'permessage-deflate': BOTH,
    'permessage-deflate; client_max_window_bits': BOTH,
    'permessage-deflate; client_max_window_bits=9': BOTH,
    'permessage-deflate; server_no_context_takeover': BOTH,
    'permessage-deflate; client_no_context_takeover': BOTH,
    'permessage-deflate;server_max_window_bits=10;client_max_window_bits': `${BOTH}; server_max_window_bits=10`,
    'permessage-deflate; server_max_window_bits="12"': `${BOTH}; server_max_window_bits=12`,
    'permessage-deflate; server_max_window_bits=15': `${BOTH}; server_max_window_bits=15`,
    'x-webkit-deflate-frame, permessage-deflate': BOTH,
    'permessage-deflate; unknown_parameter, permessage-deflate; server_max_window_bits=9': `${BOTH}; server_max_window_bits=9`,
    'permessage-deflate; server_max_window_bits=7, permessage-deflate': BOTH,
    'foo; bar="baz", permessage-deflate': BOTH,
};
for (const [offer, answer] of Object.entries(agreed))
    test(`7692 7.1: "${offer}" is agreed on`, async () => {
        const client = await open(offer);
        assert.equal(client.extensions, answer);
        await client.send(TEXT, 'plain');
        await echoed(client, TEXT, 'plain');
        await client.send(TEXT, deflated('compressed '.repeat(20)), { rsv: 4 });
        await echoed(client, TEXT, 'compressed '.repeat(20));
        await client.leave();
    });

test('7692 5: offers may come in several headers', async () => {
    const client = await open(['foo', 'permessage-deflate; server_max_window_bits=11']);
    assert.equal(client.extensions, `${BOTH}; server_max_window_bits=11`);
    await client.leave();
});

for (const offer of ['permessage-foo', 'permessage-deflate; server_max_window_bits', 'permessage-deflate; server_max_window_bits=16',
    'permessage-deflate; server_max_window_bits=08', 'permessage-deflate; client_max_window_bits=7', 'permessage-deflate; server_max_window_bits=+9',
    'permessage-deflate; server_no_context_takeover=1', 'permessage-deflate; client_no_context_takeover; client_no_context_takeover',
    'permessage-deflate; nonsense', 'PERMESSAGE-BZIP2'])
    test(`7692 7.1: "${offer}" is passed over`, async () => {
        const client = await open(offer);
        assert.equal(client.extensions, undefined);
        client.write(frame(TEXT, deflated('x'), { rsv: 4 }));
        await client.expectClose(1002);
    });

for (const offer of ['permessage-deflate;', 'permessage-deflate; =9', ';', 'permessage-deflate; a="b', 'permessage-deflate foo', ','])
    test(`6455 9.1: the malformed list "${offer}" is refused`, async () => {
        const raw = await Raw.open(echo.port);
        raw.write(upgradeHead({ 'Sec-WebSocket-Extensions': offer }));
        assert.equal((await response(raw)).status, 400);
        raw.destroy();
    });

test('7692 7.2.3: messages of all sizes and kinds of content come back', async () => {
    const client = await open();
    for (const size of [0, 1, 63, 64, 65, 100, 125, 126, 1000, 32768, 65535, 65536, LIMIT])
        for (const payload of [Buffer.alloc(size, 'abcdefgh'), randomBytes(size)]) {
            client.send(BINARY, deflated(payload), { rsv: 4 });
            const got = await echoed(client, BINARY, payload);
            assert.ok(got.payload.length <= payload.length, 'never longer than plain');
        }
    await client.leave();
});

test('7692 7.2.1: what is worth it is sent compressed', async () => {
    const client = await open();
    client.send(TEXT, 'worth it '.repeat(100));
    const got = await echoed(client, TEXT, 'worth it '.repeat(100));
    assert.equal(got.rsv, 4);
    assert.ok(got.payload.length < 100);
    await client.leave();
});

for (let bits = 8; bits <= 15; bits++)
    test(`7692 7.1.2.1: the server keeps to a window of ${bits} bits`, async () => {
        const client = await open(`permessage-deflate; server_max_window_bits=${bits}`);
        const block = randomBytes(1000).toString('hex');
        for (const payload of ['x'.repeat(200), block.repeat(50)]) {
            client.send(TEXT, payload);
            await echoed(client, TEXT, payload, { windowBits: Math.max(bits, 8) });
        }
        await client.leave();
    });

for (const windowBits of [9, 10, 15])
    for (const [name, options] of Object.entries({
        stored: { level: 0 }, fast: { level: 1 }, best: { level: 9 },
        fixed: { strategy: constants.Z_FIXED }, huffman: { strategy: constants.Z_HUFFMAN_ONLY },
    }))
        test(`7692 7.2.2: ${name} blocks with a window of ${windowBits} bits are read`, async () => {
            const client = await open();
            const payload = 'some text, and some more of that text. '.repeat(3000);
            client.send(TEXT, deflated(payload, { windowBits, ...options }), { rsv: 4 });
            await echoed(client, TEXT, payload);
            await client.leave();
        });

test('7692 7.2.3.4: a block that says it is the last may be followed by others', async () => {
    const client = await open();
    const last = deflateRawSync('first', { finishFlush: constants.Z_FINISH });
    client.send(TEXT, Buffer.concat([last, Buffer.from([0])]), { rsv: 4 });
    await echoed(client, TEXT, 'first');
    client.send(TEXT, Buffer.concat([last, deflated(' second')]), { rsv: 4 });
    await echoed(client, TEXT, 'first second');
    await client.leave();
});

test('7692 7.2.3.1: the examples of the RFC are read', async () => {
    const client = await open();
    for (const hex of ['f248cdc9c90700', '000500faff48656c6c6f00', 'f348cdc9c9070000', 'f24805000000ffffcac9c90700']) {
        client.send(TEXT, Buffer.from(hex, 'hex'), { rsv: 4 });
        await echoed(client, TEXT, 'Hello');
    }
    await client.leave();
});

test('7692 6.1: a compressed message in fragments, with a ping between them', async () => {
    const client = await open();
    const payload = 'fragmented '.repeat(500), bytes = deflated(payload);
    client.send(TEXT, bytes.subarray(0, 1), { rsv: 4, fin: false });
    client.send(CONTINUATION, bytes.subarray(1, 3), { fin: false });
    client.send(PING, 'p');
    await client.expect(PONG, 'p');
    client.send(CONTINUATION, '', { fin: false });
    client.send(CONTINUATION, bytes.subarray(3));
    await echoed(client, TEXT, payload);
    await client.leave();
});

test('7692 6.1: compressed and plain messages alternate', async () => {
    const client = await open();
    for (let i = 0; i < 20; i++) {
        const payload = `message ${i} `.repeat(20);
        client.send(TEXT, i % 2 ? payload : deflated(payload), { rsv: i % 2 ? 0 : 4 });
        await echoed(client, TEXT, payload);
    }
    await client.leave();
});

const breaches = {
    'RSV1 on a continuation': [1002, [frame(TEXT, deflated('a').subarray(0, 1), { rsv: 4, fin: false }), frame(CONTINUATION, 'b', { rsv: 4 })]],
    'RSV1 on a ping': [1002, [frame(PING, '', { rsv: 4 })]],
    'RSV2 beside RSV1': [1002, [frame(TEXT, deflated('a'), { rsv: 6 })]],
    'bytes that are no blocks': [1007, [frame(BINARY, Buffer.from('ffffffffffff', 'hex'), { rsv: 4 })]],
    'an unknown kind of block': [1007, [frame(BINARY, Buffer.from([0x06]), { rsv: 4 })]],
    'a message that stops within a block': [1007, [frame(BINARY, deflated('hello hello hello hello').subarray(0, 5), { rsv: 4 })]],
    'a distance before the start': [1007, [frame(BINARY, Buffer.from('63040200', 'hex'), { rsv: 4 })]],
    'text that is not UTF-8 once inflated': [1007, [frame(TEXT, deflated(Buffer.from('61c328', 'hex')), { rsv: 4 })]],
    'more than the limit once inflated': [1009, [frame(BINARY, deflated(Buffer.alloc(LIMIT + 1)), { rsv: 4 })]],
    'a hundred times the limit once inflated': [1009, [frame(BINARY, deflated(Buffer.alloc(LIMIT * 100)), { rsv: 4 })]],
};
for (const [name, [status, frames]] of Object.entries(breaches))
    test(`7692: ${name} fails with ${status}`, async () => {
        const client = await open();
        client.write(Buffer.concat(frames));
        await client.expectClose(status);
    });

test('7692 7.1.1.1: nothing of a message is needed for the next', async () => {
    const client = await open();
    for (let i = 0; i < 3; i++) {
        client.send(TEXT, 'the same text again and again and again and again and again');
        const again = 'the same text again and again and again and again and again '.repeat(2);
        await echoed(client, TEXT, 'the same text again and again and again and again and again');
        client.send(TEXT, deflated(again), { rsv: 4 });
        const got = await echoed(client, TEXT, again);
        assert.equal(inflated(got).toString(), again);
    }
    await client.leave();
});
