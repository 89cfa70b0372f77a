// RFC 6455 at a real node, on each of its endpoints, before the login and after it.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { parseArgs } from 'node:util';
import { DIALECTS, dialectEndpoints, openDialect, v3 } from '../support/dialects.mjs';
import { startOurs } from '../support/servers.mjs';
import { BAD_CODES, BAD_TEXTS, GOOD_CODES, GOOD_TEXTS } from './cases.mjs';
import { BINARY, Client, CLOSE, closePayload, CONTINUATION, frame, PING, PONG, TEXT } from './client.mjs';

parseArgs({ options: { server: { type: 'string' } } });
const MOST_BYTES = 5000;
let server;
before(async () => {
    server = await startOurs({ connectionEndpoints: dialectEndpoints({ maxMessageSize: MOST_BYTES }) });
});
after(() => server.stop());

const open = (endpoint, isLoggedIn) => openDialect(Client, server.port, endpoint, isLoggedIn);

/** Bytes after which the connection must end with this status. */
const breaches = ({ opcode, ping }) => ({
    'a frame that is not masked': [frame(opcode, ping, { mask: false }), 1002],
    'a reserved bit': [frame(opcode, ping, { rsv: 4 }), 1002],
    'another reserved bit': [frame(opcode, ping, { rsv: 1 }), 1002],
    'an opcode that there is not': [frame(3, ping), 1002],
    'a control opcode that there is not': [frame(11, ping), 1002],
    'a continuation of nothing': [frame(CONTINUATION, ping), 1002],
    'a message within another': [Buffer.concat([frame(opcode, ping, { fin: false }), frame(opcode, ping)]), 1002],
    'a ping in fragments': [frame(PING, 'x', { fin: false }), 1002],
    'a ping that is too long': [frame(PING, 'x'.repeat(126)), 1002],
    'a length with its highest bit set': [Buffer.from('82ffffffffffffffffff00000000', 'hex'), 1002],
    'a message that is too large': [frame(opcode, 'x'.repeat(MOST_BYTES + 1)), 1009],
    'fragments that are too large together': [Buffer.concat([frame(opcode, 'x'.repeat(MOST_BYTES), { fin: false }), frame(CONTINUATION, 'x')]), 1009],
    'a message of the other kind': [frame(opcode === TEXT ? BINARY : TEXT, 'x'), 1003],
    'a close of one byte': [frame(CLOSE, 'x'), 1002],
    'a reason that is no UTF-8': [frame(CLOSE, Buffer.concat([closePayload(1000), Buffer.from('ff', 'hex')])), 1007],
});

for (const [type, endpoint] of Object.entries(DIALECTS)) {
    for (const isLoggedIn of [false, true]) {
        const way = `${type}${isLoggedIn ? '' : ', before the login'}`;
        const fresh = () => open(endpoint, isLoggedIn);

        test(`6455 5.5.2 (${way}): a ping is answered with its bytes`, async () => {
            const client = await fresh();
            for (const payload of ['', 'x', 'x'.repeat(125)]) {
                await client.send(PING, payload);
                await client.expect(PONG, payload);
            }
            await client.send(PONG, 'nobody asked');
            await client.leave();
        });

        test(`6455 5.4 (${way}): a message in fragments is one, with control frames between`, async () => {
            const client = await fresh();
            const ping = Buffer.from(endpoint.ping);
            for (let i = 0; i <= ping.length; i++) {
                client.write(Buffer.concat([frame(endpoint.opcode, ping.subarray(0, i), { fin: false }), frame(PING, 'p'), frame(CONTINUATION, '', { fin: false }), frame(CONTINUATION, ping.subarray(i))]));
                await client.expect(PONG, 'p');
                await client.expect(endpoint.opcode, endpoint.pong);
            }
            await client.chop(frame(endpoint.opcode, ping), 1);
            await client.expect(endpoint.opcode, endpoint.pong);
            await client.leave();
        });

        test(`6455 7.4 (${way}): statuses that may be sent are echoed, others are a breach`, async () => {
            for (const code of [...GOOD_CODES, ...BAD_CODES]) {
                const client = await fresh();
                await client.send(CLOSE, closePayload(code));
                await client.expectClose(GOOD_CODES.includes(code) ? code : 1002);
            }
            const client = await fresh();
            await client.send(CLOSE, '');
            await client.expectClose(undefined);
        });

        for (const [what, [bytes, status]] of Object.entries(breaches(endpoint)))
            test(`6455 5 (${way}): ${what} ends the connection with ${status}`, async () => {
                const client = await fresh();
                client.write(bytes);
                await client.expectClose(status);
            });
    }

    if (endpoint.opcode !== TEXT) continue;
    test(`6455 8.1 (${type}): what is no UTF-8 ends the connection with 1007, in one frame and in fragments`, async () => {
        for (const [name, [hex]] of Object.entries(BAD_TEXTS)) {
            const text = Buffer.from(hex, 'hex');
            for (const bytes of [frame(TEXT, text), Buffer.concat([frame(TEXT, text.subarray(0, 1), { fin: false }), frame(CONTINUATION, text.subarray(1))])]) {
                const client = await open(endpoint, true);
                client.write(bytes);
                await client.expectClose(1007).catch((error) => assert.fail(`${name}: ${error.message}`));
            }
        }
    });
}

test('6455 8.1: texts up to the limits of UTF-8 go through the node unchanged, however they are cut', async () => {
    const from = await open(DIALECTS['ws-text'], true), to = await open(DIALECTS['ws-text'], true);
    await to.send(TEXT, v3('E|S|e+'));
    await to.expect(TEXT, v3('E|A|S|e+'));
    for (const hex of Object.values(GOOD_TEXTS)) {
        const sent = Buffer.concat([Buffer.from(v3('E|EVT|e|S')), Buffer.from(hex, 'hex'), Buffer.from(v3('+'))]);
        for (let i = 0; i <= sent.length; i++) {
            from.write(Buffer.concat([frame(TEXT, sent.subarray(0, i), { fin: false }), frame(CONTINUATION, sent.subarray(i))]));
            await to.expect(TEXT, sent);
        }
    }
});
