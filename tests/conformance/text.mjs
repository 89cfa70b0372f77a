// RFC 6455 8.1: text is UTF-8, and a breach is noticed at its first byte.

import { after, before, test } from 'node:test';
import { BAD_TEXTS, GOOD_TEXTS } from './cases.mjs';
import { Client, CONTINUATION, Echo, frame, TEXT } from './client.mjs';

for (const options of [[], ['--deflate']]) {
    const way = options.join(' ') || 'plain';
    let echo;
    before(async () => { echo = await Echo.start(...options); });
    after(() => echo.stop());
    const open = () => Client.open(echo.port);

    for (const [name, hex] of Object.entries(GOOD_TEXTS)) {
        const text = Buffer.from(hex, 'hex');
        test(`6455 8.1 (${way}): ${name}`, async () => {
            const client = await open();
            await client.send(TEXT, text);
            await client.expect(TEXT, text);
            await client.chop(frame(TEXT, text), 1);
            await client.expect(TEXT, text);
            for (let i = 0; i <= text.length; i++) {
                client.write(Buffer.concat([frame(TEXT, text.subarray(0, i), { fin: false }),
                    frame(CONTINUATION, text.subarray(i))]));
                await client.expect(TEXT, text);
            }
            await client.leave();
        });
    }

    for (const [name, [hex, seen]] of Object.entries(BAD_TEXTS)) {
        const text = Buffer.from(hex, 'hex');
        test(`6455 8.1 (${way}): ${name} fails in one frame`, async () => {
            const client = await open();
            client.send(TEXT, text);
            await client.expectClose(1007);
        });
        test(`6455 8.1 (${way}): ${name} fails in any fragment`, async () => {
            for (const i of [0, 1, text.length - 1, text.length]) {
                const client = await open();
                client.send(TEXT, text.subarray(0, i), { fin: false });
                client.send(CONTINUATION, text.subarray(i));
                await client.expectClose(1007);
            }
        });
        test(`6455 8.1 (${way}): ${name} fails at its first wrong byte, before the frame has ended`, async () => {
            const client = await open();
            const long = Buffer.concat([text, Buffer.alloc(100, 'x')]);
            const whole = frame(TEXT, long);
            client.write(whole.subarray(0, whole.length - long.length + seen));
            await client.expectClose(1007);
        });
    }

    for (const hex of ['c3', 'e282', 'f09f98', '61f0'])
        test(`6455 8.1 (${way}): a text that ends within a character (${hex}) fails`, async () => {
            const client = await open();
            client.send(TEXT, Buffer.from(hex, 'hex'));
            await client.expectClose(1007);
        });
}
