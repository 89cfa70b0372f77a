// RFC 6455 4: the opening handshake.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { acceptOf, BINARY, Client, Echo, frame, KEY, Raw, response, TEXT, upgradeHead } from './client.mjs';

let echo;
before(async () => { echo = await Echo.start(); });
after(() => echo.stop());

async function answerTo(head) {
    const raw = await Raw.open(echo.port);
    raw.write(head);
    return [await response(raw), raw];
}

test('6455 4.2.2: the answer proves that the key was read', async () => {
    for (const key of [KEY, 'AAAAAAAAAAAAAAAAAAAAAA==', '/+/+/+/+/+/+/+/+/+/+/w==']) {
        const [answer, raw] = await answerTo(upgradeHead({ 'Sec-WebSocket-Key': key }));
        assert.equal(answer.line, 'HTTP/1.1 101 Switching Protocols');
        assert.equal(answer.headers['sec-websocket-accept'], acceptOf(key));
        assert.equal(answer.headers.upgrade.toLowerCase(), 'websocket');
        assert.equal(answer.headers.connection.toLowerCase(), 'upgrade');
        assert.equal(answer.headers['sec-websocket-extensions'], undefined);
        assert.equal(answer.headers['sec-websocket-protocol'], undefined);
        raw.destroy();
    }
});

const accepted = {
    'the names of headers in any case': { Upgrade: undefined, uPgRaDe: 'WebSocket', Connection: undefined, CONNECTION: 'upgrade' },
    'a list in Connection': { Connection: 'keep-alive , Upgrade' },
    'a list in Upgrade': { Upgrade: 'h2c, websocket' },
    'two Connection headers': { Connection: ['keep-alive', 'Upgrade'] },
    'any path': { path: '/some/where?with=a&query' },
    'sub-protocols that nobody speaks': { 'Sec-WebSocket-Protocol': 'chat, superchat' },
    'extensions while none is on': { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' },
    'an origin': { Origin: 'http://anywhere.example' },
    'no spaces before values': { Host: undefined, 'Host:localhost\r\nX-A': 'b' },
};
for (const [name, changed] of Object.entries(accepted))
    test(`6455 4.2.1: ${name} is fine`, async () => {
        const client = await Client.open(echo.port, changed);
        assert.equal(client.extensions, undefined);
        await client.send(TEXT, 'hello');
        await client.expect(TEXT, 'hello');
        await client.leave();
    });

const refused = {
    'a missing key': [400, { 'Sec-WebSocket-Key': undefined }],
    'an empty key': [400, { 'Sec-WebSocket-Key': '' }],
    'a key that is too short': [400, { 'Sec-WebSocket-Key': 'AAAA' }],
    'a key that is too long': [400, { 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAAAAAAA=' }],
    'a key with other characters': [400, { 'Sec-WebSocket-Key': 'A*AAAAAAAAAAAAAAAAAAAA==' }],
    'a key without its end': [400, { 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAAAA' }],
    'two keys': [400, { 'Sec-WebSocket-Key': [KEY, KEY] }],
    'version 8': [426, { 'Sec-WebSocket-Version': '8' }],
    'version 14': [426, { 'Sec-WebSocket-Version': '14' }],
    'version 013': [426, { 'Sec-WebSocket-Version': '013' }],
    'no version': [426, { 'Sec-WebSocket-Version': undefined }],
    'no Host': [400, { Host: undefined }],
    'POST': [404, { method: 'POST' }],
    'HTTP/1.0': [404, { version: 'HTTP/1.0' }],
    'a body': [404, { 'Content-Length': '3' }],
};
for (const [name, [status, changed]] of Object.entries(refused))
    test(`6455 4.2.1: ${name} is refused with ${status}`, async () => {
        const [answer, raw] = await answerTo(upgradeHead(changed));
        assert.equal(answer.status, status);
        if (status === 426) assert.equal(answer.headers['sec-websocket-version'], '13');
        if (answer.headers.connection === 'close') await raw.end();
        raw.destroy();
    });

test('6455 4.2.1: without Upgrade it is a plain request', async () => {
    for (const changed of [{ Upgrade: undefined }, { Connection: undefined }, { Connection: 'keep-alive' }, { Upgrade: 'h2c' }]) {
        const [answer, raw] = await answerTo(upgradeHead(changed));
        assert.equal(answer.status, 404);
        raw.destroy();
    }
});

test('6455 4.1: frames right behind the handshake are read', async () => {
    const raw = await Raw.open(echo.port);
    const client = Object.setPrototypeOf(raw, Client.prototype);
    client.write(Buffer.concat([Buffer.from(upgradeHead()), frame(BINARY, 'early'), frame(TEXT, 'bird').subarray(0, 5)]));
    assert.equal((await response(client)).status, 101);
    await client.expect(BINARY, 'early');
    client.destroy();
});

test('6455 4.1: a handshake byte by byte is a handshake, and what follows it too', async () => {
    const raw = await Raw.open(echo.port);
    const client = Object.setPrototypeOf(raw, Client.prototype);
    await client.chop(Buffer.concat([Buffer.from(upgradeHead()), frame(BINARY, 'slow')]), 1);
    assert.equal((await response(client)).status, 101);
    await client.expect(BINARY, 'slow');
    await client.leave();
});
