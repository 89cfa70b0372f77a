// 20,000 records that only the file has, opened by one client with one message, while another one writes: all arrive.
//
//     node tests/faults/cold_records.mjs --server FILE

import { startOurs } from '../support/servers.mjs';
import { Peer } from '../support/wire.mjs';

const RECORDS = 20000;
const WAIT_MS = 240000;
const names = Array.from({ length: RECORDS }, (_, i) => `cold/${i}`);

const write = (peer, name, data, more = {}) =>
    peer.send('RECORD.CREATEANDUPDATE', { name, version: -1, data: JSON.stringify(data), ...more });

const acknowledged = (peer, correlationId) => peer.sees('RECORD.WRITE_ACKNOWLEDGEMENT', { correlationId }, WAIT_MS);

const node = await startOurs({ serverName: 'cold' }, { ours: { storage: { type: 'default', options: { path: 'cold.sqlite' } } } });
try {
    const writer = await Peer.login(node.port, { name: 'writer' });
    for (const name of names) write(writer, name, { name });
    write(writer, 'last', {}, { isWriteAck: true, correlationId: 'w' });
    await acknowledged(writer, 'w');
    await writer.close();
    await node.end();
    await node.again();

    const busy = await Peer.login(node.port, { name: 'busy' });
    const reader = await Peer.login(node.port, { name: 'reader' });
    const begin = performance.now();
    reader.send('RECORD.SUBSCRIBECREATEANDREAD', { names, correlationId: 'all' });
    for (let i = 0; i < 1000; i++) write(busy, `busy/${i % 10}`, { i }, { isWriteAck: true, correlationId: `b${i}` });
    await reader.until(() => reader.messages.length >= RECORDS + 1, 'all records', WAIT_MS);
    console.log(`all came after ${Math.round(performance.now() - begin)} ms`);
    const wrong = reader.messages.filter((message) => message.kind !== 'RECORD.SUBSCRIBECREATEANDREAD' &&
        (message.kind !== 'RECORD.READ_RESPONSE' || message.version !== 1 || JSON.parse(message.data).name !== message.name));
    const found = new Set(reader.messages.map(({ name }) => name)), missing = names.filter((name) => !found.has(name));
    if (wrong.length > 0) throw new Error(`${wrong.length} are wrong, the first is ${JSON.stringify(wrong[0])}`);
    if (missing.length > 0) throw new Error(`${missing.length} are missing`);
    await acknowledged(busy, 'b999');
    await reader.close();
    await busy.close();
    console.log('ok      all records came as they were written');
} finally {
    await node.stop();
}
