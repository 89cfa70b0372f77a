// More than a server can take: a receiver that never reads, a sender that never waits, bad messages without end.
// What others get is counted, not timed.
//
//     node floods.mjs [--server FILE] [--only TEXT]

import { encode } from '../../support/wire.mjs';
import { BINARY, frame } from '../../conformance/client.mjs';
import { assert, cases, frameConnection, isSanitized, linesOf } from './villain.mjs';

const QUEUE_BYTES = 1 << 20;
const KILOBYTE = 1024;

async function follow(peer, names) {
    peer.send('EVENT.SUBSCRIBE', { names, correlationId: '0' });
    await peer.sees('EVENT.SUBSCRIBE', { isAck: true });
    peer.forget();
}

const numbersIn = (peer, name) => peer.messages.filter((message) => message.name === name).map(({ data }) => Number(data.slice(1, data.indexOf(':'))));
const inOrder = (numbers, length) => numbers.length === length && numbers.every((number, i) => number === i);

/** Publishes `length` numbered events, no faster than its own round trips let it. */
async function publish(peer, name, length, padding) {
    for (let i = 0; i < length; i++) {
        peer.send('EVENT.EMIT', { name, data: `"${i}:${padding}"` });
        if (i % 200 === 199) await peer.roundTrip(120000);
    }
    await peer.roundTrip(120000);
}

/** A connection of frames by hand that has logged in. */
async function loggedIn(stage, username) {
    const client = await frameConnection(stage);
    await client.send(BINARY, encode('CONNECTION.CHALLENGE', { url: 'x' }));
    await client.send(BINARY, encode('AUTH.REQUEST', { data: JSON.stringify({ username }) }));
    await client.next();
    await client.next();
    return client;
}

async function late(promise, what, milliseconds) {
    let timer;
    const timeout = new Promise((_, fail) => { timer = setTimeout(() => fail(new Error(`waited too long for ${what}`)), milliseconds); });
    return Promise.race([promise, timeout]).finally(() => clearTimeout(timer));
}

const slow = { endpoint: { maxQueueBytes: QUEUE_BYTES }, logLevel: 1 };

await cases('slow receivers', slow, [
    ['receivers that never read are cut off, memory stays bounded, others get everything in order', async (stage) => {
        const count = 20000, padding = 'x'.repeat(4000), deaf = 10;
        const [sender, ...readers] = await Promise.all(['sender', 'r1', 'r2', 'r3'].map((name) => stage.peer(name)));
        const stuck = await Promise.all(Array.from({ length: deaf }, (_, i) => stage.peer(`stuck${i}`)));
        await Promise.all([...readers, ...stuck].map((peer) => follow(peer, ['news'])));
        for (const peer of stuck) peer.socket._socket.pause();
        const before = stage.server.residentKilobytes();
        let most = before;
        const watch = setInterval(() => { most = Math.max(most, stage.server.residentKilobytes()); }, 20);
        try {
            await publish(sender, 'news', count, padding);
            for (const reader of readers) await reader.until(() => reader.messages.length >= count, 'all events', 120000);
        } finally {
            clearInterval(watch);
        }
        for (const reader of readers) assert.ok(inOrder(numbersIn(reader, 'news'), count), `${reader.name}: every event, in order`);
        const cut = new Set(linesOf(stage, /SLOW_RECEIVER/).flatMap((line) => line.match(/stuck\d+/) ?? []));
        assert.ok(linesOf(stage, /SLOW_RECEIVER/).length === deaf, `${linesOf(stage, /SLOW_RECEIVER/).length} lines, of ${[...cut]}`);
        const bound = (deaf + readers.length + 1) * 2 * (QUEUE_BYTES / KILOBYTE) + 32 * KILOBYTE;
        console.log(`     ${most - before} KiB more at most, of ${bound} and ${Math.round(count * padding.length * deaf / KILOBYTE)} that were sent to them`);
        assert.ok(isSanitized || most - before < bound, `${most - before} KiB more, allowed are ${bound}`);
    }],
    ['a client that asks and never reads the answers', async (stage) => {
        const writer = await stage.peer('writer');
        writer.send('RECORD.CREATEANDUPDATE', { name: 'big', version: -1, data: `{"a":"${'x'.repeat(100000)}"}`, isWriteAck: true, correlationId: 'w' });
        await writer.sees('RECORD.WRITE_ACKNOWLEDGEMENT');
        const before = stage.server.residentKilobytes();
        const from = stage.server.log.length;
        const asker = await loggedIn(stage, 'asker');
        asker.socket.pause();
        const question = Buffer.concat(Array.from({ length: 5000 }, () => frame(BINARY, encode('RECORD.READ', { name: 'big' }))));
        asker.socket.write(question);
        await stage.server.logs(/SLOW_RECEIVER/, { from });
        const grown = stage.server.residentKilobytes() - before;
        assert.ok(isSanitized || grown < 48 * KILOBYTE, `${grown} KiB more`);
    }],
    ['a provider and a listener that never read', async (stage) => {
        const [provider, listener, caller] = await Promise.all(['provider', 'listener', 'caller'].map((name) => stage.peer(name)));
        provider.send('RPC.PROVIDE', { names: ['p'], correlationId: '0' });
        listener.send('RECORD.LISTEN', { name: '.*' });
        await Promise.all([provider, listener].map((peer) => peer.roundTrip()));
        for (const peer of [provider, listener]) peer.socket._socket.pause();
        const before = stage.server.residentKilobytes();
        for (let i = 0; i < 3000; i++) {
            caller.send('RPC.REQUEST', { name: 'p', correlationId: `c${i}`, data: `"${'x'.repeat(3000)}"` });
            caller.send('RECORD.SUBSCRIBE', { names: [`${i}/${'n'.repeat(3000)}`], correlationId: String(i) });
            if (i % 100 === 99) await caller.roundTrip();
        }
        await caller.roundTrip(60000);
        const answered = () => caller.messages.filter(({ kind }) => kind.startsWith('RPC.')).length;
        await caller.until(() => answered() >= 3000, 'an outcome of each call', 60000);
        const grown = stage.server.residentKilobytes() - before;
        assert.ok(isSanitized || grown < 100 * KILOBYTE, `${grown} KiB more`);
    }],
]);

await cases('senders that do not wait', { logLevel: 1 }, [
    ['events of others arrive while a flood goes on, and nothing of the flood is lost', async (stage) => {
        const count = 500000;
        const eventOf = (i) => encode('EVENT.EMIT', { name: 'flood', data: String(1000000 + i) });
        const [a, b] = await Promise.all(['a', 'b'].map((name) => stage.peer(name)));
        await Promise.all([follow(a, ['ping']), follow(b, ['pong'])]);
        const [flooder, sink] = await Promise.all([loggedIn(stage, 'flooder'), loggedIn(stage, 'sink')]);
        await sink.send(BINARY, encode('EVENT.SUBSCRIBE', { names: ['flood'], correlationId: '0' }));
        await sink.next();
        const flood = Buffer.concat(Array.from({ length: count }, (_, i) => frame(BINARY, eventOf(i))));
        const expected = Buffer.concat(Array.from({ length: count }, (_, i) => { const bytes = eventOf(i); return Buffer.concat([Buffer.from([0x82, bytes.length]), bytes]); }));
        const chunks = [];
        let got = 0, exchanges = 0, isOver = false;
        sink.socket.removeAllListeners('data');
        const whole = new Promise((done) => sink.socket.on('data', (chunk) => {
            chunks.push(chunk);
            if ((got += chunk.length) >= expected.length) done();
        }));
        a.watchers.add(() => { for (const { name } of a.messages.splice(0)) if (name === 'ping') a.send('EVENT.EMIT', { name: 'pong', data: '1' }); });
        b.watchers.add(() => { for (const { name } of b.messages.splice(0)) if (name === 'pong' && !isOver) { exchanges++; b.send('EVENT.EMIT', { name: 'ping', data: '1' }); } });
        flooder.socket.write(flood);
        b.send('EVENT.EMIT', { name: 'ping', data: '1' });
        await late(whole, 'the whole flood', 240000);
        isOver = true;
        console.log(`     ${exchanges} exchanges of others meanwhile`);
        assert.ok(Buffer.concat(chunks).equals(expected), 'the flood came whole and in order');
        assert.ok(exchanges >= 10, `${exchanges} exchanges`);
    }],
    ['a flood of writes to one record: every acknowledgement comes, versions have no gaps', async (stage) => {
        const count = 20000;
        const [writer, reader] = await Promise.all(['writer', 'reader'].map((name) => stage.peer(name)));
        reader.send('RECORD.SUBSCRIBECREATEANDREAD', { names: ['flooded'], correlationId: '0' });
        await reader.sees('RECORD.READ_RESPONSE');
        reader.forget();
        for (let i = 0; i < count; i++) writer.send('RECORD.CREATEANDPATCH', { name: 'flooded', version: -1, path: `k${i % 10}`, data: String(i), isWriteAck: true, correlationId: String(i) });
        await writer.until(() => writer.messages.length >= count, 'an answer to each', 120000);
        const acked = writer.messages.filter(({ kind }) => kind === 'RECORD.WRITE_ACKNOWLEDGEMENT').length;
        await writer.roundTrip();
        await reader.roundTrip();
        await reader.until(() => reader.messages.length >= acked, 'each write', 60000);
        assert.equal(acked, count, 'a sender is read no faster than it is served');
        assert.ok(reader.messages.every(({ version }, i) => version === i + 1));
    }],
    ['a flood from fifty clients that go away without waiting', async (stage) => {
        const burst = Buffer.concat([encode('CONNECTION.CHALLENGE', { url: 'x' }), encode('AUTH.REQUEST', { data: '{}' })].map((bytes) => frame(BINARY, bytes)).concat(
            Array.from({ length: 2000 }, (_, i) => frame(BINARY, encode(i % 2 ? 'EVENT.EMIT' : 'RECORD.CREATEANDUPDATE', { name: `burst/${i % 7}`, version: i % 2 ? undefined : -1, data: '{}' })))));
        await Promise.all(Array.from({ length: 50 }, async () => {
            const client = await frameConnection(stage);
            await client.write(burst);
            client.socket.resetAndDestroy();
        }));
    }],
]);

await cases('bad messages without end', { logLevel: 1 }, [
    ['a hundred thousand bad messages are all answered, and the log stays small', async (stage) => {
        const count = 100000;
        const peer = await stage.peer('bad');
        const from = stage.server.log.length;
        const bad = [Buffer.from('ff', 'hex'), encode('EVENT.77', { name: 'x' }), encode('EVENT.SUBSCRIBE', {}), encode('RECORD.UPDATE', { name: 'x', version: 1, data: '{' })];
        const begun = Date.now();
        for (let i = 0; i < count; i += 1000) {
            for (let n = i; n < i + 1000; n++) peer.sendBytes(bad[n % bad.length]);
            await peer.roundTrip(60000);
        }
        await peer.until(() => peer.messages.length >= count, 'an answer to each', 60000);
        const elapsed = Math.ceil((Date.now() - begun) / 1000) + 1;
        const log = stage.server.log.slice(from);
        const lines = log.split('\n').length, bound = elapsed * 100 * (bad.length + 2) + 100;
        console.log(`     ${lines} lines, ${log.length} bytes`);
        assert.ok(lines < bound, `${lines} lines in ${elapsed} s`);
        await stage.server.logs(/more lines of this event were left out/, { from });
    }],
]);
