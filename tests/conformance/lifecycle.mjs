// Limits, receivers that do not read, and the end of the program.

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { BINARY, Client, CONTINUATION, Echo, frame, Raw, response, TEXT, upgradeHead } from './client.mjs';

/** A sanitizer keeps freed memory, that of TLS too. */
const judgesMemory = process.env.SANITIZED === undefined;

test('6455 10.4: a message beyond the limit is refused before it is read', async () => {
    const echo = await Echo.start('--max-message', '1000');
    let client = await Client.open(echo.port);
    await client.send(BINARY, Buffer.alloc(1000));
    await client.expect(BINARY, Buffer.alloc(1000));
    client.write(frame(BINARY, '', { length: 1001 }));
    await client.expectClose(1009);
    client = await Client.open(echo.port);
    client.write(frame(BINARY, '', { length: 2 ** 40, form: 64 }));
    await client.expectClose(1009);
    client = await Client.open(echo.port);
    client.write(Buffer.concat([frame(TEXT, 'x'.repeat(600), { fin: false }), frame(CONTINUATION, '', { length: 401, fin: false })]));
    await client.expectClose(1009);
    client = await Client.open(echo.port);
    client.write(Buffer.concat([frame(TEXT, 'x'.repeat(600), { fin: false }), frame(CONTINUATION, 'x'.repeat(400))]));
    await client.expect(TEXT, 'x'.repeat(1000));
    await client.leave();
    await echo.stop();
});

const residentBytes = (pid) => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;

test('a frame that announces much and sends little takes little memory', async () => {
    const echo = await Echo.start();
    const clients = [];
    const before = residentBytes(echo.child.pid);
    for (let i = 0; i < 50; i++) {
        const client = await Client.open(echo.port);
        client.write(frame(BINARY, 'x', { length: 64 << 20 }));
        clients.push(client);
    }
    await Promise.all(clients.map((client) => client.write('')));
    const probe = await Client.open(echo.port);
    await probe.send(TEXT, 'read');
    await probe.expect(TEXT, 'read');
    if (judgesMemory) assert.ok(residentBytes(echo.child.pid) - before < 8 << 20, 'fifty times 64 MiB were announced');
    for (const client of clients) client.destroy();
    await probe.leave();
    await echo.stop();
});

test('F20: a client that never reads is cut off, and others keep their pace', async () => {
    const echo = await Echo.start('--max-message', '65536');
    const deaf = await Raw.open(echo.port), other = await Client.open(echo.port);
    deaf.socket.pause();
    deaf.write(upgradeHead());
    const message = frame(BINARY, Buffer.alloc(65536));
    let cutOff = false;
    deaf.socket.on('error', () => { cutOff = true; });
    deaf.socket.on('close', () => { cutOff = true; });
    for (let i = 0; i < 4000 && !cutOff; i++) {
        await Promise.race([deaf.write(message), new Promise((wake) => deaf.socket.once('close', wake))]);
        if (i % 100 === 0) {
            const start = performance.now();
            await other.send(TEXT, 'quick');
            await other.expect(TEXT, 'quick');
            assert.ok(performance.now() - start < 2000, 'the other one waits for nobody');
        }
    }
    assert.ok(cutOff, 'the queue has a bound');
    if (judgesMemory) assert.ok(residentBytes(echo.child.pid) < 256 << 20, 'memory has a bound');
    await other.leave();
    await echo.stop();
});

test('6455 7.4.1: when the program ends, its clients are told 1001', async () => {
    for (const signal of ['SIGTERM', 'SIGINT']) {
        const echo = await Echo.start();
        const clients = await Promise.all([1, 2, 3].map(() => Client.open(echo.port)));
        await clients[0].send(TEXT, 'half', { fin: false });
        const idle = await Raw.open(echo.port);
        const stopped = echo.stop(signal);
        for (const client of clients) await client.expectClose(1001);
        await idle.end();
        idle.destroy();
        await stopped;
    }
});

test('clients that do not answer do not keep the program from ending', async () => {
    const echo = await Echo.start();
    const client = await Client.open(echo.port);
    client.socket.pause();
    const start = performance.now();
    await echo.stop();
    assert.ok(performance.now() - start < 5000);
    client.destroy();
});

test('a port that is taken is said to be', async () => {
    const echo = await Echo.start();
    const second = spawnSync(process.argv[2], ['--port', String(echo.port)], { encoding: 'utf8' });
    assert.equal(second.status, 1);
    assert.match(second.stderr, /cannot listen on port \d+: address already in use/);
    await echo.stop();
});

test('the options are explained, and wrong ones refused', () => {
    const help = spawnSync(process.argv[2], ['--help'], { encoding: 'utf8' });
    assert.equal(help.status, 0);
    assert.match(help.stdout, /--max-message/);
    for (const wrong of [['--port', '70000'], ['--port', 'x'], ['--nonsense'], ['--max-message', '-1']])
        assert.equal(spawnSync(process.argv[2], wrong, { encoding: 'utf8' }).status, 2);
});

test('a client that resets while echoes are on their way takes nobody along', async () => {
    const echo = await Echo.start();
    for (let i = 0; i < 50; i++) {
        const client = await Client.open(echo.port);
        const messages = Buffer.concat(Array.from({ length: 20 }, () => frame(BINARY, Buffer.alloc(50_000))));
        client.socket.pause();
        client.write(messages);
        await new Promise(setImmediate);
        client.reset();
    }
    const other = await Client.open(echo.port);
    await other.send(TEXT, 'alive');
    await other.expect(TEXT, 'alive');
    await other.leave();
    await echo.stop();
});

test('many connections come and go', async () => {
    const echo = await Echo.start();
    for (let round = 0; round < 5; round++) {
        const clients = await Promise.all(Array.from({ length: 100 }, () => Client.open(echo.port)));
        await Promise.all(clients.map(async (client, i) => {
            await client.send(TEXT, `client ${i}`);
            await client.expect(TEXT, `client ${i}`);
            if (i % 3 === 0) await client.leave();
            else client.destroy();
        }));
    }
    const raw = await Raw.open(echo.port);
    raw.write('GET /health-check HTTP/1.1\r\nHost: x\r\n\r\n');
    assert.equal((await response(raw)).status, 200);
    raw.destroy();
    await echo.stop();
});
