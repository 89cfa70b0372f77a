// RFC 6455 7: closing.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { BAD_CODES, GOOD_CODES } from './cases.mjs';
import { Client, CLOSE, closePayload, CONTINUATION, Echo, frame, PING, TEXT } from './client.mjs';

let echo;
before(async () => { echo = await Echo.start(); });
after(() => echo.stop());
const open = () => Client.open(echo.port);

test('6455 7.1.5: a close without status is answered without one', async () => {
    const client = await open();
    await client.send(CLOSE, '');
    await client.expectClose(undefined);
});

for (const code of GOOD_CODES)
    test(`6455 7.4: status ${code} is echoed`, async () => {
        const client = await open();
        await client.send(CLOSE, closePayload(code, 'why'));
        await client.expectClose(code);
    });

for (const code of BAD_CODES)
    test(`6455 7.4: status ${code} may not be sent`, async () => {
        const client = await open();
        await client.send(CLOSE, closePayload(code));
        await client.expectClose(1002);
    });

test('6455 5.5.1: a close of one byte is a breach', async () => {
    const client = await open();
    await client.send(CLOSE, 'x');
    await client.expectClose(1002);
});

test('6455 5.5.1: the longest reason is taken', async () => {
    const client = await open();
    await client.send(CLOSE, closePayload(1000, 'r'.repeat(123)));
    await client.expectClose(1000);
});

test('6455 5.5.1: a reason that is too long is a breach', async () => {
    const client = await open();
    await client.send(CLOSE, closePayload(1000, 'r'.repeat(124)));
    await client.expectClose(1002);
});

test('6455 8.1: a reason that is not UTF-8 is a breach', async () => {
    for (const bad of ['ff', 'c3', 'eda080', 'f4908080', '61c328']) {
        const client = await open();
        await client.send(CLOSE, Buffer.concat([closePayload(1000), Buffer.from(bad, 'hex')]));
        await client.expectClose(1007);
    }
});

test('6455 5.5.1: what follows a close frame is not answered', async () => {
    const client = await open();
    client.write(Buffer.concat([frame(CLOSE, closePayload(1000)), frame(TEXT, 'late'), frame(PING, 'late'),
        frame(CLOSE, closePayload(1001))]));
    await client.expectClose(1000);
});

test('6455 5.5.1: messages before a close in the same segment are echoed', async () => {
    const client = await open();
    client.write(Buffer.concat([frame(TEXT, 'early'), frame(CLOSE, closePayload(1000))]));
    await client.expect(TEXT, 'early');
    await client.expectClose(1000);
});

test('6455 5.4: a close in the middle of a message ends both', async () => {
    const client = await open();
    await client.send(TEXT, 'half', { fin: false });
    await client.send(CLOSE, closePayload(1000));
    await client.expectClose(1000);
});

test('6455 5.5.1: a close frame in pieces is one close frame', async () => {
    const client = await open();
    await client.chop(frame(CLOSE, closePayload(4321, 'goodbye')), 1);
    await client.expectClose(4321);
});

test('6455 7.1.1: the server ends the connection first, whatever is still on its way', async () => {
    const client = await open();
    await client.send(TEXT, 'x'.repeat(300_000));
    client.write(frame(CLOSE, closePayload(1000)));
    await client.expect(TEXT, 'x'.repeat(300_000));
    await client.expectClose(1000);
});

test('6455 7.1.7: after a failure bytes of the client are dropped, and the goodbye still arrives', async () => {
    const client = await open();
    client.write(Buffer.concat([frame(CONTINUATION, 'bad'), frame(TEXT, Buffer.alloc(1 << 20, 'x'))]));
    await client.expectClose(1002);
});

test('6455 7.1.1: a client that vanishes in the middle of a frame takes nobody along', async () => {
    const gone = await open(), other = await open();
    await gone.write(frame(TEXT, 'x'.repeat(1000)).subarray(0, 500));
    gone.destroy();
    await other.send(TEXT, 'still here');
    await other.expect(TEXT, 'still here');
    await other.leave();
});

test('6455 7.1.6: a client that ends its half without a close frame gets an end', async () => {
    const client = await open();
    client.socket.end();
    assert.equal((await client.end()).length, 0);
    client.destroy();
});
