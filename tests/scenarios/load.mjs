// Much of everything: ten thousand records, large messages, long names.

import { assert, scenarios, until } from './stage.mjs';
import { encode } from '../support/wire.mjs';

const LIMIT = 1048576;

await scenarios('load', {}, [
    ['ten thousand records are written, opened at once, changed and read', async (stage) => {
        const names = Array.from({ length: 10000 }, (_, i) => `many/${i}`);
        const writer = await stage.peer('writer');
        for (const [i, name] of names.entries()) writer.send('RECORD.CREATEANDUPDATE', { name, version: -1, data: `{"i":${i}}`, isWriteAck: true, correlationId: String(i) });
        await writer.until(() => writer.messages.filter(({ kind }) => kind === 'RECORD.WRITE_ACKNOWLEDGEMENT').length === 10000, 'all acknowledgements', 120000);
        const reader = await stage.peer('reader');
        reader.send('RECORD.SUBSCRIBECREATEANDREAD', { names, correlationId: '1' });
        await reader.until(() => reader.messages.length === 10001, 'all records', 120000);
        const read = new Map(reader.messages.slice(1).map(({ name, version, data }) => [name, `${version} ${data}`]));
        for (const [i, name] of names.entries()) assert.equal(read.get(name), `1 {"i":${i}}`);
        reader.forget();
        for (const name of names) writer.send('RECORD.CREATEANDPATCH', { name, version: -1, path: 'i', data: '"new"' });
        await reader.until(() => reader.messages.length === 10000, 'all changes', 120000);
        assert.ok(reader.messages.every(({ kind, version }) => kind === 'RECORD.PATCH' && version === 2));
    }],
    ['the published client opens ten thousand records in one go', async (stage) => {
        const client = await stage.user('client');
        const records = await Promise.all(Array.from({ length: 10000 }, (_, i) => client.record.getRecord(`client/${i}`).whenReady()));
        assert.equal(records.length, 10000);
        assert.ok(records.every((record) => record.version === 0));
        const list = await client.record.getList('client/all').whenReady();
        list.setEntries(records.map(({ name }) => name));
        const other = await stage.user('other');
        await until(async () => (await other.record.snapshot('client/all').catch(() => [])).length === 10000, 'the list');
    }],
    ['a listener among a hundred thousand names keeps nobody waiting', async (stage) => {
        const [subscriber, listener, other] = await Promise.all(['subscriber', 'listener', 'other'].map((name) => stage.peer(name)));
        for (let k = 0; k < 10; k++) {
            const names = Array.from({ length: 10000 }, (_, i) => `crowd/${k}/${i}/of/a/hundred/thousand`);
            subscriber.send('RECORD.SUBSCRIBE', { names, correlationId: String(k) });
            await subscriber.sees('RECORD.SUBSCRIBE', { correlationId: String(k) });
        }
        await Promise.all([listener, other].map((peer) => peer.roundTrip()));
        let served = 0;
        listener.send('RECORD.LISTEN', { name: 'crowd/.*/77.*77/.*thousand$' });
        const acknowledged = listener.sees('RECORD.LISTEN', { isAck: true });
        acknowledged.then(() => { listener.isAcknowledged = true; }, () => {});
        while (!listener.isAcknowledged && served < 1e6) {
            await other.roundTrip();
            served++;
        }
        await acknowledged;
        assert.ok(served > 10, `${served} pings were answered meanwhile`);
        const kinds = listener.messages.map(({ kind }) => kind);
        const found = kinds.slice(0, kinds.indexOf('RECORD.LISTEN')).filter((kind) => kind === 'RECORD.SUBSCRIPTION_FOR_PATTERN_FOUND');
        assert.equal(found.length, 10, 'what is found is told before the acknowledgement');
    }],
    ['a message just below the limit of a mebibyte gets through, as event, record and call', async (stage) => {
        const [a, b] = await Promise.all(['a', 'b'].map((name) => stage.peer(name)));
        b.send('EVENT.SUBSCRIBE', { names: ['big'], correlationId: '1' });
        b.send('RPC.PROVIDE', { names: ['big'], correlationId: '1' });
        await b.sees('RPC.PROVIDE');
        const room = LIMIT - encode('EVENT.EMIT', { name: 'big', data: '' }).length;
        const data = JSON.stringify('x'.repeat(room - 2 - 20));
        a.send('EVENT.EMIT', { name: 'big', data });
        assert.equal((await b.sees('EVENT.EMIT')).data.length, data.length);
        a.send('RPC.REQUEST', { name: 'big', correlationId: 'c', data: data.slice(0, -40) + '"' });
        await b.sees('RPC.REQUEST');
        const value = JSON.stringify({ x: 'y'.repeat(LIMIT - 200) });
        a.send('RECORD.CREATEANDUPDATE', { name: 'big', version: -1, data: value, isWriteAck: true, correlationId: 'w' });
        await a.sees('RECORD.WRITE_ACKNOWLEDGEMENT');
        b.send('RECORD.READ', { name: 'big' });
        assert.equal((await b.sees('RECORD.READ_RESPONSE')).data, value);
    }],
    ['exactly the limit gets through, one byte more ends the connection with 1009', async (stage) => {
        const exact = (bytes) => {
            const empty = encode('EVENT.EMIT', { name: 'n', data: 'x'.repeat(bytes) }).length;
            return encode('EVENT.EMIT', { name: 'n', data: 'x'.repeat(2 * bytes - empty) });
        };
        const a = await stage.peer('a');
        const b = await stage.peer('b');
        b.send('EVENT.SUBSCRIBE', { names: ['n'], correlationId: '1' });
        await b.sees('EVENT.SUBSCRIBE');
        assert.equal(exact(LIMIT).length, LIMIT);
        a.sendBytes(exact(LIMIT));
        await b.sees('EVENT.EMIT');
        a.sendBytes(exact(LIMIT + 1));
        assert.equal(await a.closes(), 1009);
        await stage.server.logs(/MAXIMUM_MESSAGE_SIZE_EXCEEDED|Max payload size exceeded|CONNECTION_ERROR|too large/i);
        await b.roundTrip();
    }],
    ['a megabyte record with the published client', async (stage) => {
        const [a, b] = await Promise.all(['a', 'b'].map((name) => stage.user(name)));
        const value = { text: 'żółć'.repeat(100000), list: Array.from({ length: 2000 }, (_, i) => i) };
        await a.record.setDataWithAck('large', value);
        const record = await b.record.getRecord('large').whenReady();
        assert.deepEqual(record.get(), value);
        await a.record.setDataWithAck('large', 'list[1999]', 'changed');
        await until(() => record.get('list[1999]') === 'changed', 'the change');
    }],
    ['a record grows by patches beyond what one message may be, and is read by pieces of it', async (stage) => {
        const a = await stage.peer('a');
        for (let i = 0; i < 4; i++) a.send('RECORD.CREATEANDPATCH', { name: 'grown', version: -1, path: `p${i}`, data: JSON.stringify('x'.repeat(400000)), isWriteAck: true, correlationId: String(i) });
        await a.until(() => a.messages.length === 4, 'four answers');
        a.send('RECORD.READ', { name: 'grown' });
        await a.roundTrip();
        assert.ok(a.messages.length === 5);
    }],
    ['three hundred subscribers of one event', async (stage) => {
        const peers = await Promise.all(Array.from({ length: 300 }, (_, i) => stage.peer(`s${i}`)));
        for (const peer of peers) peer.send('EVENT.SUBSCRIBE', { names: ['crowd'], correlationId: '1' });
        await Promise.all(peers.map((peer) => peer.sees('EVENT.SUBSCRIBE')));
        const emitter = await stage.peer('emitter');
        for (let i = 0; i < 20; i++) emitter.send('EVENT.EMIT', { name: 'crowd', data: String(i) });
        await Promise.all(peers.map((peer) => peer.until(() => peer.messages.length === 21, 'all events')));
        for (const peer of peers) assert.deepEqual(peer.messages.slice(1).map(({ data }) => Number(data)), Array.from({ length: 20 }, (_, i) => i));
    }],
]);
