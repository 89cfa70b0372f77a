// RFC 6455 8.1: text is UTF-8, and a breach is noticed at its first byte.

import { after, before, test } from 'node:test';
import { Client, CONTINUATION, Echo, frame, TEXT } from './client.mjs';

const GOOD = {
    'one to four bytes': '24c2a2e282acf0908d88',
    'the limits of each length': '007fc280dfbfe0a080efbfbff0908080f48fbfbf',
    'around the surrogates': 'ed9fbfee8080',
    'non-characters': 'efbfbeefbfbff09fbfbef09fbfbff48fbfbef48fbfbf',
    'greek and a cosmos': 'cebae1bdb9cf83cebcceb5',
    'zeros': '000000',
    'a byte order mark': 'efbbbf61',
};
// How many bytes may come before the breach can be seen.
const BAD = {
    'a tail without a head': ['80', 1],
    'a tail after ASCII': ['6162bf', 3],
    'a head followed by ASCII': ['c320', 2],
    'overlong, two bytes': ['c0af', 1],
    'overlong, two bytes, last': ['c1bf', 1],
    'overlong, three bytes': ['e080af', 2],
    'overlong, four bytes': ['f08080af', 2],
    'a high surrogate': ['eda080', 2],
    'a low surrogate': ['edbfbf', 2],
    'a pair of surrogates': ['eda080edb080', 2],
    'above U+10FFFF': ['f4908080', 2],
    'a head of five': ['f888808080', 1],
    'a head of six': ['fc8480808080', 1],
    'FE': ['fe', 1],
    'FF': ['ff', 1],
    'far behind ASCII': [`${'61'.repeat(1000)}ff`, 1001],
    'in the middle of words': ['cebae1bdb9cf83cebcceb5eda080656469746564', 13],
};

for (const options of [[], ['--deflate']]) {
    const way = options.join(' ') || 'plain';
    let echo;
    before(async () => { echo = await Echo.start(...options); });
    after(() => echo.stop());
    const open = () => Client.open(echo.port);

    for (const [name, hex] of Object.entries(GOOD)) {
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

    for (const [name, [hex, seen]] of Object.entries(BAD)) {
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
