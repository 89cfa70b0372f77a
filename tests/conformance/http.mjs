// RFC 9112 and 9110: heads of requests, and the answers of protocol.md 6.1.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { Echo, Raw, response } from './client.mjs';

let echo;
before(async () => { echo = await Echo.start(); });
after(() => echo.stop());

async function ask(bytes, options) {
    const raw = await Raw.open(echo.port);
    raw.write(bytes);
    return [await response(raw, options), raw];
}

const HEALTH = 'GET /health-check HTTP/1.1\r\nHost: localhost\r\n\r\n';

test('the health check is an empty 200', async () => {
    const [answer, raw] = await ask(HEALTH);
    assert.equal(answer.line, 'HTTP/1.1 200 OK');
    assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8');
    assert.equal(answer.headers['content-length'], '0');
    assert.equal(answer.headers['access-control-allow-origin'], '*');
    assert.match(answer.headers.date, /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/);
    raw.destroy();
});

test('9112 9.3: a connection serves many requests, also when they come together', async () => {
    const raw = await Raw.open(echo.port);
    raw.write(HEALTH.repeat(100));
    for (let i = 0; i < 100; i++) assert.equal((await response(raw)).status, 200);
    await raw.chop(Buffer.from(HEALTH), 1);
    assert.equal((await response(raw)).status, 200);
    raw.write(HEALTH.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
    const last = await response(raw);
    assert.equal(last.headers.connection, 'close');
    assert.equal((await raw.end()).length, 0);
    raw.destroy();
});

test('9112 9.3: HTTP/1.0 is answered and closed, unless it asks to be kept', async () => {
    const [answer, raw] = await ask('GET /health-check HTTP/1.0\r\n\r\n');
    assert.equal(answer.status, 200);
    await raw.end();
    raw.destroy();
    const [, kept] = await ask('GET /health-check HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    kept.write(HEALTH);
    assert.equal((await response(kept)).status, 200);
    kept.destroy();
});

test('9112 2.2: one empty line before a request is passed over', async () => {
    const [answer, raw] = await ask(`\r\n${HEALTH}`);
    assert.equal(answer.status, 200);
    raw.destroy();
});

const texts = {
    'an unknown path': ['GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n', 404, 'Endpoint not found.\r\n\r\n'],
    'a POST to nowhere': ['POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}', 404, 'Endpoint not found.\r\n\r\n'],
    'another method': ['DELETE /x HTTP/1.1\r\nHost: x\r\n\r\n', 405, 'Unsupported method. Supported methods: GET, POST, OPTIONS\r\n\r\n'],
    'OPTIONS without what it is for': ['OPTIONS /x HTTP/1.1\r\nHost: x\r\n\r\n', 400, 'Missing header "Access-Control-Request-Method".\r\n\r\n'],
    'OPTIONS for another method': ['OPTIONS /x HTTP/1.1\r\nHost: x\r\nAccess-Control-Request-Method: PUT\r\n\r\n', 403,
        'Method PUT is forbidden. Supported methods: GET, POST, OPTIONS\r\n\r\n'],
    'OPTIONS without headers': ['OPTIONS * HTTP/1.1\r\nHost: x\r\nAccess-Control-Request-Method: GET\r\n\r\n', 400,
        'Missing header "Access-Control-Request-Headers".\r\n\r\n'],
    'OPTIONS for another header': ['OPTIONS /x HTTP/1.1\r\nHost: x\r\nAccess-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: accept, X-Own\r\n\r\n', 403,
        'Header X-Own is forbidden. Supported headers: X-Requested-With, X-HTTP-Method-Override, Content-Type, Accept\r\n\r\n'],
};
for (const [name, [bytes, status, body]] of Object.entries(texts))
    test(`${name} is answered with ${status}`, async () => {
        const [answer, raw] = await ask(bytes);
        assert.deepEqual([answer.status, answer.body], [status, body]);
        assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8');
        raw.destroy();
    });

test('a preflight is answered with 204', async () => {
    const [answer, raw] = await ask('OPTIONS /x HTTP/1.1\r\nHost: x\r\nAccess-Control-Request-Method: POST\r\n'
        + 'Access-Control-Request-Headers: content-type,Accept\r\n\r\n');
    assert.equal(answer.status, 204);
    assert.equal(answer.headers['access-control-allow-methods'], 'GET, POST, OPTIONS');
    assert.equal(answer.headers['content-length'], undefined);
    raw.destroy();
});

test('9110 9.3.2: the answer to HEAD is that to GET without its body', async () => {
    const [answer, raw] = await ask('HEAD /health-check HTTP/1.1\r\nHost: x\r\n\r\n', { isHead: true });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8');
    raw.write('HEAD /nothing HTTP/1.1\r\nHost: x\r\n\r\n');
    assert.equal((await response(raw, { isHead: true })).status, 405);
    raw.write(HEALTH);
    assert.equal((await response(raw)).status, 200);
    raw.destroy();
});

const H = 'Host: x\r\n';
const malformed = {
    '3: a bare LF behind the request line': `GET /health-check HTTP/1.1\n${H}\r\n`,
    '2.2: a bare LF behind a header': `GET /health-check HTTP/1.1\r\nHost: x\n\r\n`,
    '2.2: a bare CR in a header': `GET /health-check HTTP/1.1\r\nHost: x\rX: y\r\n\r\n`,
    '2.2: a space before the first header': `GET /health-check HTTP/1.1\r\n ${H}\r\n`,
    '5.2: a folded line': `GET /health-check HTTP/1.1\r\n${H}X: a\r\n b\r\n\r\n`,
    '5.1: a space before the colon': `GET /health-check HTTP/1.1\r\nHost : x\r\n\r\n`,
    '5.1: a name of nothing': `GET /health-check HTTP/1.1\r\n${H}: x\r\n\r\n`,
    '5.1: a name with a space': `GET /health-check HTTP/1.1\r\n${H}A B: x\r\n\r\n`,
    '5.1: a line without a colon': `GET /health-check HTTP/1.1\r\n${H}nothing\r\n\r\n`,
    '5.5: a zero byte in a value': `GET /health-check HTTP/1.1\r\n${H}X: a\0b\r\n\r\n`,
    '3.2: no Host': 'GET /health-check HTTP/1.1\r\n\r\n',
    '3.2: two Hosts': `GET /health-check HTTP/1.1\r\n${H}${H}\r\n`,
    '3.2: a Host that is none': 'GET /health-check HTTP/1.1\r\nHost: a b\r\n\r\n',
    '3.2: an absolute target': `GET http://x/health-check HTTP/1.1\r\n${H}\r\n`,
    '3.2: an authority': `CONNECT x:80 HTTP/1.1\r\n${H}\r\n`,
    '3.2: * for GET': `GET * HTTP/1.1\r\n${H}\r\n`,
    '3.2: a target with a space': `GET /a b HTTP/1.1\r\n${H}\r\n`,
    '3.2: a fragment': `GET /a#b HTTP/1.1\r\n${H}\r\n`,
    '3.2: a target in UTF-8': `GET /ä HTTP/1.1\r\n${H}\r\n`,
    '3: no target': `GET HTTP/1.1\r\n${H}\r\n`,
    '3: two spaces': `GET  / HTTP/1.1\r\n${H}\r\n`,
    '3: a tab': `GET\t/ HTTP/1.1\r\n${H}\r\n`,
    '2.3: a small http': `GET / http/1.1\r\n${H}\r\n`,
    '2.3: no version': `GET /\r\n${H}\r\n`,
    '2.3: a version of more digits': `GET / HTTP/1.10\r\n${H}\r\n`,
    '6.3: two lengths': `POST / HTTP/1.1\r\n${H}Content-Length: 1\r\nContent-Length: 1\r\n\r\nx`,
    '6.3: a list of lengths': `POST / HTTP/1.1\r\n${H}Content-Length: 1, 1\r\n\r\nx`,
    '6.3: a signed length': `POST / HTTP/1.1\r\n${H}Content-Length: +1\r\n\r\nx`,
    '6.3: a negative length': `POST / HTTP/1.1\r\n${H}Content-Length: -1\r\n\r\nx`,
    '6.3: a hexadecimal length': `POST / HTTP/1.1\r\n${H}Content-Length: 0x1\r\n\r\nx`,
    '6.3: an empty length': `POST / HTTP/1.1\r\n${H}Content-Length:\r\n\r\nx`,
    '6.3: a length beyond all measure': `POST / HTTP/1.1\r\n${H}Content-Length: ${'9'.repeat(30)}\r\n\r\nx`,
    '6.1: a length and chunks': `POST / HTTP/1.1\r\n${H}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    '6.1: chunks twice': `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    '6.1: chunks in HTTP/1.0': `POST / HTTP/1.0\r\n${H}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    'two empty lines before the request': `\r\n\r\n${HEALTH}`,
    'garbage': Buffer.from('16030100ff0a', 'hex'),
};
for (const [name, bytes] of Object.entries(malformed)) {
    test(`9112 ${name} is refused with 400, and the connection ends`, async () => {
        const [answer, raw] = await ask(Buffer.concat([Buffer.from(bytes), Buffer.from(HEALTH)]));
        assert.equal(answer.status, 400);
        assert.equal(answer.headers.connection, 'close');
        assert.equal((await raw.end()).length, 0, 'what follows is not served');
        raw.destroy();
    });
    test(`9112 ${name} is refused byte by byte`, async () => {
        const raw = await Raw.open(echo.port);
        raw.chop(Buffer.from(bytes), 1);
        assert.equal((await response(raw)).status, 400);
        raw.destroy();
    });
}

test('9112 6.1: an encoding that nobody knows is refused with 501', async () => {
    for (const encoding of ['gzip', 'gzip, chunked', 'chunked, identity', 'xchunked']) {
        const [answer, raw] = await ask(`POST / HTTP/1.1\r\n${H}Transfer-Encoding: ${encoding}\r\n\r\n`);
        assert.equal(answer.status, 501);
        await raw.end();
        raw.destroy();
    }
});

test('9112 2.3: another version is refused with 505', async () => {
    for (const version of ['HTTP/2.0', 'HTTP/0.9', 'HTTP/3.0']) {
        const [answer, raw] = await ask(`GET / ${version}\r\n${H}\r\n`);
        assert.equal(answer.status, 505);
        raw.destroy();
    }
});

test('6585 5: heads that are too large are refused with 431', async () => {
    const tooLarge = {
        value: `GET / HTTP/1.1\r\n${H}X: ${'x'.repeat(17_000)}\r\n\r\n`,
        target: `GET /${'x'.repeat(17_000)} HTTP/1.1\r\n${H}\r\n`,
        'without end': `GET / HTTP/1.1\r\n${H}X: ${'x'.repeat(100_000)}`,
        many: `GET / HTTP/1.1\r\n${H}${'X: y\r\n'.repeat(101)}\r\n`,
    };
    for (const [name, bytes] of Object.entries(tooLarge)) {
        const [answer, raw] = await ask(bytes);
        assert.equal(answer.status, 431, name);
        await raw.end();
        raw.destroy();
    }
});

test('9112: heads just below the limits are read', async () => {
    const [answer, raw] = await ask(`GET /health-check HTTP/1.1\r\n${H}${'X: y\r\n'.repeat(90)}Y: ${'y'.repeat(15_000)}\r\n\r\n`);
    assert.equal(answer.status, 200);
    raw.destroy();
});

test('9112 6: a body that nobody reads is no request', async () => {
    const [answer, raw] = await ask(`POST /x HTTP/1.1\r\n${H}Content-Length: ${HEALTH.length}\r\n\r\n${HEALTH}`);
    assert.equal(answer.status, 404);
    assert.equal((await raw.end()).length, 0);
    raw.destroy();
});
