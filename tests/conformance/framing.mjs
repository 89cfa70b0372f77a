// RFC 6455 5 and 6: frames and messages.

import { after, before, test } from 'node:test';
import { BINARY, Client, CLOSE, CONTINUATION, Echo, frame, PING, PONG, TEXT } from './client.mjs';

for (const options of [[], ['--deflate']]) {
    const way = options.join(' ') || 'plain';
    let echo;
    before(async () => { echo = await Echo.start(...options); });
    after(() => echo.stop());
    const open = () => Client.open(echo.port);
    const pattern = (length) => Buffer.alloc(length, 'The quick brown fox. ');

    for (const length of [0, 1, 2, 124, 125, 126, 127, 128, 1000, 65535, 65536, 65537, 1 << 20, 16 << 20])
        for (const opcode of [TEXT, BINARY])
            test(`6455 5.2 (${way}): ${length} bytes of opcode ${opcode} come back`, async () => {
                const client = await open();
                await client.send(opcode, pattern(length));
                await client.expect(opcode, pattern(length));
                await client.leave();
            });

    for (const size of [1, 2, 3, 7, 997])
        test(`6455 5.2 (${way}): frames chopped into ${size} bytes are the same frames`, async () => {
            const client = await open();
            const bytes = Buffer.concat([frame(BINARY, pattern(300)), frame(PING, 'p'), frame(TEXT, 'héllo'),
                frame(TEXT, '', { fin: false }), frame(CONTINUATION, pattern(200))]);
            await client.chop(bytes, size);
            await client.expect(BINARY, pattern(300));
            await client.expect(PONG, 'p');
            await client.expect(TEXT, 'héllo');
            await client.expect(TEXT, pattern(200));
            await client.leave();
        });

    test(`6455 5.3 (${way}): every position of the mask is undone in chopped payloads`, async () => {
        const client = await open();
        for (let length = 0; length < 40; length++) {
            await client.chop(frame(BINARY, pattern(length)), 5);
            await client.expect(BINARY, pattern(length));
        }
        await client.leave();
    });

    test(`6455 5.2 (${way}): many messages in one segment come back in order`, async () => {
        const client = await open();
        const messages = Array.from({ length: 5000 }, (_, i) => `message ${i}`);
        client.write(Buffer.concat(messages.map((text) => frame(TEXT, text))));
        for (const text of messages) await client.expect(TEXT, text);
        await client.leave();
    });

    const broken = {
        '5.1: a frame without mask': frame(TEXT, 'x', { mask: false }),
        '5.1: a control frame without mask': frame(PING, 'x', { mask: false }),
        '5.2: RSV1 without an extension': frame(TEXT, 'x', { rsv: 4 }),
        '5.2: RSV2': frame(TEXT, 'x', { rsv: 2 }),
        '5.2: RSV3': frame(TEXT, 'x', { rsv: 1 }),
        '5.2: all reserved bits': frame(BINARY, 'x', { rsv: 7 }),
        '5.2: RSV1 on a ping': frame(PING, 'x', { rsv: 4 }),
        '5.2: RSV2 on a close': frame(CLOSE, '', { rsv: 2 }),
        '5.2: a length of 16 bits that fits into 7': frame(BINARY, 'x', { form: 16 }),
        '5.2: a length of 64 bits that fits into 7': frame(BINARY, 'x', { form: 64 }),
        '5.2: a length of 64 bits that fits into 16': frame(BINARY, pattern(300), { form: 64 }),
        '5.2: a length with its highest bit set': Buffer.from('82ff8000000000000000aabbccdd', 'hex'),
        '5.4: a continuation of nothing': frame(CONTINUATION, 'x'),
        '5.4: an unfinished continuation of nothing': frame(CONTINUATION, 'x', { fin: false }),
        '5.4: a message inside of a message': Buffer.concat([frame(TEXT, 'a', { fin: false }), frame(TEXT, 'b')]),
        '5.4: a continuation behind a finished message':
            Buffer.concat([frame(TEXT, 'a', { fin: false }), frame(CONTINUATION, 'b'), frame(CONTINUATION, 'c')]),
        '5.5: a fragmented ping': frame(PING, 'x', { fin: false }),
        '5.5: a fragmented close': frame(CLOSE, '', { fin: false }),
        '5.5: a ping of 126 bytes': frame(PING, pattern(126)),
        '5.5: a pong of 65536 bytes': frame(PONG, pattern(65536)),
    };
    for (let opcode = 3; opcode < 16; opcode++)
        if (opcode < 8 || opcode > 10) broken[`5.2: opcode ${opcode}`] = frame(opcode, 'x');

    for (const [name, bytes] of Object.entries(broken)) {
        if (way !== 'plain' && name.includes('without an extension')) continue;
        test(`6455 ${name} fails the connection (${way})`, async () => {
            const client = await open();
            client.write(bytes);
            if (/finished message/.test(name)) await client.expect(TEXT, 'ab');
            await client.expectClose(1002);
        });
        test(`6455 ${name} fails after a good message, byte by byte (${way})`, async () => {
            const client = await open();
            await client.send(TEXT, 'good');
            await client.expect(TEXT, 'good');
            client.chop(bytes.subarray(0, 400), 1);
            if (/finished message/.test(name)) await client.expect(TEXT, 'ab');
            await client.expectClose(1002);
        });
    }

    test(`6455 5.4 (${way}): fragments make one message, empty ones too`, async () => {
        const client = await open();
        for (const parts of [['a', 'b'], ['', ''], ['', 'x', ''], ['a', '', 'b', '', 'c'], [pattern(70000), pattern(3)]]) {
            for (const [i, part] of parts.entries())
                await client.send(i === 0 ? TEXT : CONTINUATION, part, { fin: i === parts.length - 1 });
            await client.expect(TEXT, Buffer.concat(parts.map((part) => Buffer.from(part))));
        }
        await client.leave();
    });

    test(`6455 5.4 (${way}): a megabyte in fragments of 64 bytes`, async () => {
        const client = await open();
        const whole = pattern(1 << 20), frames = [];
        for (let i = 0; i < whole.length; i += 64)
            frames.push(frame(i === 0 ? BINARY : CONTINUATION, whole.subarray(i, i + 64), { fin: i + 64 >= whole.length }));
        client.write(Buffer.concat(frames));
        await client.expect(BINARY, whole);
        await client.leave();
    });

    test(`6455 5.4, 5.5 (${way}): control frames between fragments are answered at once`, async () => {
        const client = await open();
        await client.send(TEXT, 'one ', { fin: false });
        await client.send(PING, 'first');
        await client.expect(PONG, 'first');
        await client.send(CONTINUATION, 'two ', { fin: false });
        await client.chop(frame(PING, pattern(125)), 10);
        await client.expect(PONG, pattern(125));
        await client.send(CONTINUATION, 'three');
        await client.expect(TEXT, 'one two three');
        await client.leave();
    });

    test(`6455 5.5.2 (${way}): a ping is answered with its payload`, async () => {
        const client = await open();
        for (const payload of ['', 'x', Buffer.from([0, 255, 254]), pattern(125)]) {
            await client.send(PING, payload);
            await client.expect(PONG, payload);
        }
        await client.leave();
    });

    test(`6455 5.5.3 (${way}): pongs that nobody asked for are ignored`, async () => {
        const client = await open();
        await client.send(PONG, '');
        await client.send(PONG, 'unasked');
        await client.send(PING, 'asked');
        await client.expect(PONG, 'asked');
        await client.leave();
    });

    test(`6455 5.5.2 (${way}): ten thousand pings in a row are answered in order`, async () => {
        const client = await open();
        client.write(Buffer.concat(Array.from({ length: 10_000 }, (_, i) => frame(PING, `${i}`))));
        for (let i = 0; i < 10_000; i++) await client.expect(PONG, `${i}`);
        await client.leave();
    });
}
