// RFC 9112 6 to 9 and RFC 9110 8 and 10: bodies of requests, and connections that carry many of them.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { Echo, Raw, response } from './client.mjs';

const MAX = 1 << 20;
const H = 'Host: x\r\n';
let echo;
before(async () => { echo = await Echo.start(); });
after(() => echo.stop());

const post = (headers, body = '', path = '/body') =>
    Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${H}${headers}\r\n`), Buffer.from(body)]);
const sized = (body, more = '', path) => post(`Content-Length: ${Buffer.byteLength(body)}\r\n${more}`, body, path);
const chunked = (raw, more = '') => post(`Transfer-Encoding: chunked\r\n${more}`, raw);
const chunks = (...parts) => [...parts, ''].map((part) => `${Buffer.byteLength(part).toString(16)}\r\n${part}${part && '\r\n'}`).join('') + '\r\n';
const HEALTH = `GET /health-check HTTP/1.1\r\n${H}\r\n`;

async function ask(bytes, port = echo.port) {
    const raw = await Raw.open(port);
    raw.write(bytes);
    return [await response(raw), raw];
}

/** The server answers so, ends the connection, and serves nothing of what follows. */
async function refuses(bytes, status, text, port) {
    const [answer, raw] = await ask(Buffer.concat([Buffer.from(bytes), Buffer.from(HEALTH)]), port);
    assert.equal(answer.status, status);
    if (text) assert.match(answer.body, text);
    assert.equal(answer.headers.connection, 'close');
    assert.equal((await raw.end()).length, 0, 'what follows is not served');
    raw.destroy();
}

/** The body arrives as it should, whole and byte by byte, and the connection goes on. */
async function accepts(bytes, body) {
    const raw = await Raw.open(echo.port);
    raw.write(Buffer.concat([bytes, Buffer.from(HEALTH)]));
    assert.equal((await response(raw)).body, body);
    assert.equal((await response(raw)).status, 200);
    await raw.chop(bytes, 1);
    assert.equal((await response(raw)).body, body);
    raw.write(HEALTH);
    assert.equal((await response(raw)).status, 200);
    raw.destroy();
}

// ---- bodies that are fine ----

const good = {
    '6.2: a length': [sized('hello'), 'hello'],
    '6.2: a length of nothing': [sized(''), ''],
    '6.3: no length is no body': [post(''), ''],
    '7.1: one chunk': [chunked(chunks('hello')), 'hello'],
    '7.1: many chunks': [chunked(chunks('he', 'l', 'lo')), 'hello'],
    '7.1: no chunk': [chunked(chunks()), ''],
    '7.1: sizes in both cases, with zeros before them': [chunked('00A\r\n0123456789\r\n00b\r\n0123456789a\r\n000\r\n\r\n'), '01234567890123456789a'],
    '7.1: a body that looks like a request': [sized(HEALTH), HEALTH],
    '7.1.1: extensions mean nothing': [chunked('5;a;b=c;d="e f"\r\nhello\r\n0;last\r\n\r\n'), 'hello'],
    '7.1.2: trailers mean nothing': [chunked('5\r\nhello\r\n0\r\nExpires: never\r\nContent-Length: 7\r\n\r\n'), 'hello'],
    '9110 8.4.1.3: gzip': [sized(gzipSync('hello'), 'Content-Encoding: gzip\r\n'), 'hello'],
    '9110 8.4.1.3: gzip of several members': [sized(Buffer.concat([gzipSync('hel'), gzipSync('lo')]), 'Content-Encoding: x-gzip\r\n'), 'hello'],
    '9110 8.4.1.2: deflate': [sized(deflateSync('hello'), 'Content-Encoding: Deflate\r\n'), 'hello'],
    '9110 8.4: identity': [sized('hello', 'Content-Encoding: identity\r\n'), 'hello'],
    '9110 8.4: nothing needs no compression': [sized('', 'Content-Encoding: gzip\r\n'), ''],
};
for (const [name, [bytes, body]] of Object.entries(good)) test(`9112 ${name}`, () => accepts(bytes, body));

test('9112 6.2: as large as is allowed', async () => {
    const body = 'x'.repeat(MAX);
    for (const bytes of [sized(body), chunked(chunks(body.slice(0, 7), body.slice(7)))]) {
        const [answer, raw] = await ask(bytes);
        assert.equal(answer.body.length, MAX);
        raw.destroy();
    }
});

test('9112 7.1: compressed and in chunks', async () => {
    const packed = gzipSync('hello'.repeat(1000));
    const framed = Buffer.concat([Buffer.from(`${packed.length.toString(16)}\r\n`), packed, Buffer.from('\r\n0\r\n\r\n')]);
    await accepts(Buffer.concat([post('Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n'), framed]), 'hello'.repeat(1000));
});

test('9112 9.3: HTTP/1.0 takes a length, and no chunks', async () => {
    const [answer, raw] = await ask(`POST /body HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi`);
    assert.equal(answer.body, 'hi');
    await raw.end();
    raw.destroy();
    await refuses(`POST /body HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400);
});

// ---- bodies that two readers could understand differently ----

const smuggled = {
    '6.1: a length and chunks': post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    '6.1: chunks and a length': post('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', '0\r\n\r\n'),
    '6.1: chunks in a name with a space': post('Transfer-Encoding : chunked\r\n', '0\r\n\r\n'),
    '6.1: chunks on a folded line': post('Transfer-Encoding:\r\n chunked\r\n', '0\r\n\r\n'),
    '6.3: two lengths that differ': post('Content-Length: 1\r\nContent-Length: 2\r\n', 'xy'),
    '6.3: a length in words': post('Content-Length: five\r\n', 'hello'),
    '6.3: a length with a comma': post('Content-Length: 5,5\r\n', 'hello'),
    '7.1: a size that is none': chunked('x\r\n'),
    '7.1: no size': chunked('\r\nhello\r\n0\r\n\r\n'),
    '7.1: a size with a sign': chunked('+5\r\nhello\r\n0\r\n\r\n'),
    '7.1: a negative size': chunked('-5\r\nhello\r\n0\r\n\r\n'),
    '7.1: a size with 0x': chunked('0x5\r\nhello\r\n0\r\n\r\n'),
    '7.1: a size behind a space': chunked(' 5\r\nhello\r\n0\r\n\r\n'),
    '7.1: a size before a space': chunked('5 \r\nhello\r\n0\r\n\r\n'),
    '7.1: a size beyond all measure': chunked(`${'f'.repeat(17)}\r\n`),
    '7.1: a size that ends without CR': chunked('5\nhello\r\n0\r\n\r\n'),
    '7.1: a size that ends in CR alone': chunked('5\rhello\r\n0\r\n\r\n'),
    '7.1: data that is longer than its size': chunked('4\r\nhello\r\n0\r\n\r\n'),
    '7.1: data that is shorter than its size': chunked('6\r\nhello\r\n0\r\n\r\n'),
    '7.1: data that ends without CR': chunked('5\r\nhello\n0\r\n\r\n'),
    '7.1: an end without CR': chunked('5\r\nhello\r\n0\r\n\n'),
    '7.1.1: an extension that ends without CR': chunked('5;a\nhello\r\n0\r\n\r\n'),
    '7.1.1: an extension with a zero byte': chunked('5;a\0\r\nhello\r\n0\r\n\r\n'),
    '7.1.1: extensions without end': chunked(`5;${'x'.repeat(20_000)}\r\nhello\r\n0\r\n\r\n`),
    '7.1.1: extensions without end, in small chunks': chunked(`1;${'x'.repeat(200)}\r\nx\r\n`.repeat(100)),
    '7.1.2: a trailer that is none': chunked('0\r\nnothing\r\n\r\n'),
    '7.1.2: a trailer with a space before its colon': chunked('0\r\nX : y\r\n\r\n'),
    '7.1.2: a folded trailer': chunked('0\r\nX: y\r\n z\r\n\r\n'),
    '7.1.2: a trailer that ends without CR': chunked('0\r\nX: y\n\r\n'),
    '7.1.2: trailers without end': chunked(`0\r\n${'X: y\r\n'.repeat(10_000)}\r\n`),
};
for (const [name, bytes] of Object.entries(smuggled)) {
    test(`9112 ${name} is refused with 400, and the connection ends`, () => refuses(bytes, 400));
    if (bytes.length < 1000)
        test(`9112 ${name} is refused byte by byte`, async () => {
            const raw = await Raw.open(echo.port);
            raw.chop(bytes, 1);
            assert.equal((await response(raw)).status, 400);
            raw.destroy();
        });
}

// ---- bodies that are too large, or not what they say ----

test('9110 15.5.14: what is announced as too large is refused before it is read', async () => {
    const [answer, raw] = await ask(post(`Content-Length: ${MAX + 1}\r\n`));
    assert.equal(answer.status, 400);
    assert.equal(answer.body, 'Failed to parse body of request: request entity too large\r\n\r\n');
    await raw.end();
    raw.destroy();
});

test('chunks that grow too large are refused', async () => {
    const piece = `10000\r\n${'x'.repeat(65536)}\r\n`;
    await refuses(chunked(piece.repeat(17)), 400, /request entity too large/);
});

test('what inflates too large is refused, however small it is', async () => {
    for (const pack of [gzipSync, deflateSync]) {
        const bomb = pack(Buffer.alloc(64 << 20));
        assert.ok(bomb.length < MAX);
        await refuses(sized(bomb, `Content-Encoding: ${pack === gzipSync ? 'gzip' : 'deflate'}\r\n`), 400, /request entity too large/);
    }
});

const unfit = {
    'what is not gzip': [sized('hello', 'Content-Encoding: gzip\r\n'), /incorrect header check/],
    'gzip that ends early': [sized(gzipSync('hello').subarray(0, 12), 'Content-Encoding: gzip\r\n'), /unexpected end of file/],
    'gzip with a wrong checksum': [sized(Buffer.concat([gzipSync('hello').subarray(0, -8), Buffer.alloc(8)]), 'Content-Encoding: gzip\r\n'), /incorrect data check/],
    'gzip with something behind it': [sized(Buffer.concat([gzipSync('hello'), Buffer.from('more')]), 'Content-Encoding: gzip\r\n'), /incorrect header check/],
    'deflate with something behind it': [sized(Buffer.concat([deflateSync('hello'), Buffer.from('more')]), 'Content-Encoding: deflate\r\n'), /data behind its end/],
    'deflate without its frame': [sized(deflateRawSync('hello'), 'Content-Encoding: deflate\r\n'), /./],
    'an unknown coding': [sized('hello', 'Content-Encoding: br\r\n'), /unsupported content encoding "br"/],
    'two codings': [sized(gzipSync(gzipSync('hello')), 'Content-Encoding: gzip, gzip\r\n'), /unsupported content encoding "gzip, gzip"/],
};
for (const [name, [bytes, text]] of Object.entries(unfit)) test(`9110 8.4: ${name} is refused`, () => refuses(bytes, 400, text));

// ---- expectations ----

test('9110 10.1.1: 100-continue is answered before the body is sent', async () => {
    const raw = await Raw.open(echo.port);
    raw.write(post('Content-Length: 5\r\nExpect: 100-continue\r\n'));
    const interim = await response(raw);
    assert.equal(interim.line, 'HTTP/1.1 100 Continue');
    raw.write('hello');
    assert.equal((await response(raw)).body, 'hello');
    raw.destroy();
});

test('9110 10.1.1: not when the body is there already, or there is none', async () => {
    for (const bytes of [sized('hello', 'Expect: 100-Continue\r\n'), post('Content-Length: 0\r\nExpect: 100-continue\r\n')]) {
        const [answer, raw] = await ask(bytes);
        assert.equal(answer.status, 200);
        raw.destroy();
    }
});

test('9110 10.1.1: who would be refused is refused at once', async () => {
    for (const [bytes, status] of [
        [post('Content-Length: 5\r\nExpect: 100-continue\r\n', '', '/nothing'), 404],
        [post(`Content-Length: ${MAX + 1}\r\nExpect: 100-continue\r\n`), 400],
        [post('Content-Length: 5\r\nExpect: a miracle\r\n'), 417],
    ]) {
        const [answer, raw] = await ask(bytes);
        assert.equal(answer.status, status);
        await raw.end();
        raw.destroy();
    }
});

// ---- many requests on one connection ----

test('9112 9.3.2: pipelined requests are answered in their order, late ones too', async () => {
    const raw = await Raw.open(echo.port), other = await Raw.open(echo.port);
    raw.write(Buffer.concat([sized('1'), sized('2', '', '/late'), sized('3'), Buffer.from(HEALTH), sized('4', '', '/late'), sized('5')]));
    assert.equal((await response(raw)).body, '1');
    for (const expected of ['2', '4']) {
        let waiting;
        do {
            other.write(`GET /now-how-many HTTP/1.1\r\n${H}\r\n`);
            waiting = (await response(other)).body;
        } while (waiting !== '1');
        assert.equal(raw.bytes.length, 0, 'nothing overtakes a request that waits');
        other.write(`GET /now HTTP/1.1\r\n${H}\r\n`);
        await response(other);
        assert.equal((await response(raw)).body, expected);
        assert.equal((await response(raw)).body, expected === '2' ? '3' : '5');
        if (expected === '2') assert.equal((await response(raw)).status, 200);
    }
    raw.destroy();
    other.destroy();
});

test('9112 9.3.2: who pipelines without end is not read while one request waits', async () => {
    const raw = await Raw.open(echo.port), other = await Raw.open(echo.port);
    raw.write(sized('first', '', '/late'));
    const flood = Buffer.from(HEALTH.repeat(20_000));
    let written = 0;
    for (; written < 200; written++) if (!raw.socket.write(flood) && raw.socket.writableLength > 64 << 20) break;
    assert.ok(raw.socket.writableLength > 32 << 20, 'the system takes a few megabytes, and the server nothing');
    other.write(`GET /now HTTP/1.1\r\n${H}\r\n`);
    assert.equal((await response(other)).body, '1');
    assert.equal((await response(raw)).body, 'first');
    assert.equal((await response(raw)).status, 200, 'and then it goes on');
    raw.destroy();
    other.destroy();
});

test('a client that leaves while its request waits is forgotten', async () => {
    const other = await Raw.open(echo.port);
    for (let i = 0; i < 20; i++) {
        const raw = await Raw.open(echo.port);
        await raw.write(sized('x', '', '/late'));
        raw.destroy();
    }
    other.write(`GET /now HTTP/1.1\r\n${H}\r\n`);
    assert.equal((await response(other)).status, 200);
    other.destroy();
});

test('answers that nobody reads stop the requests behind them, and are not lost', async () => {
    const raw = await Raw.open(echo.port);
    raw.socket.pause();
    const large = sized('x'.repeat(MAX));
    for (let i = 0; i < 24; i++) raw.write(large);
    raw.write(sized('last'));
    for (let i = 0; i < 20; i++) { // the server has time to get stuck
        const [answer, other] = await ask(HEALTH);
        assert.equal(answer.status, 200);
        other.destroy();
    }
    raw.socket.resume();
    for (let i = 0; i < 24; i++) assert.equal((await response(raw)).body.length, MAX);
    assert.equal((await response(raw)).body, 'last');
    raw.destroy();
});

// ---- time ----

test('6585 / 9110 15.5.9: heads and bodies that are too slow are answered with 408', async () => {
    const hasty = await Echo.start('--timeout', '100');
    try {
        for (const bytes of [`POST /body HTTP/1.1\r\n${H}`, post('Content-Length: 5\r\n', 'he'), chunked('5\r\nhel'), chunked('5;')]) {
            const [answer, raw] = await ask(bytes, hasty.port);
            assert.equal(answer.status, 408);
            await raw.end();
            raw.destroy();
        }
        const drip = await Raw.open(hasty.port);
        drip.write(post('Content-Length: 100000\r\n'));
        const timer = setInterval(() => drip.socket.write('x'), 5);
        assert.equal((await response(drip)).status, 408, 'also when something comes all the time');
        clearInterval(timer);
        drip.destroy();
        const silent = await Raw.open(hasty.port);
        assert.equal((await silent.end()).length, 0, 'who says nothing is told nothing');
        silent.destroy();
    } finally {
        await hasty.stop();
    }
});

test('a smaller bound counts', async () => {
    const small = await Echo.start('--max-body', '10');
    try {
        await refuses(sized('x'.repeat(11)), 400, /request entity too large/, small.port);
        const [answer, raw] = await ask(sized('x'.repeat(10)), small.port);
        assert.equal(answer.body.length, 10);
        raw.destroy();
    } finally {
        await small.stop();
    }
});
