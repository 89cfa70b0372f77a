// The hot path and records that are not stored (behaviour.md 5.6), and a cache and a storage that fail or
// are slow in the original (B4, B5, B6): both servers, side by side.

import { differential } from './compare.mjs';

const open = (peer, names, correlationId) => peer.send('RECORD.SUBSCRIBECREATEANDREAD', { names, correlationId });
const set = (peer, name, data, more) => peer.send('RECORD.CREATEANDUPDATE', { name, version: -1, data: JSON.stringify(data), ...more });
const setPath = (peer, name, path, data, more) =>
    peer.send('RECORD.CREATEANDPATCH', { name, version: -1, path, data: JSON.stringify(data), ...more });
const update = (peer, name, version, data, more) => peer.send('RECORD.UPDATE', { name, version, data: JSON.stringify(data), ...more });
const read = (peer, name) => peer.send('RECORD.READ', { name });
const remove = (peer, name) => peer.send('RECORD.DELETE', { name });
const acked = (correlationId) => ({ isWriteAck: true, correlationId });

/** A and B have the record open. */
const shared = (title, name, act, more = {}) => ({
    title,
    async play(table) {
        const a = await table.client('A');
        const b = await table.client('B');
        open(a, [name], '1');
        await a.sees('RECORD.READ_RESPONSE');
        open(b, [name], '1');
        await b.sees('RECORD.READ_RESPONSE');
        a.forget();
        b.forget();
        await act(a, b, table);
    },
    ...more,
});

await differential('exclusions', { record: { storageExclusionPrefixes: ['mem/'], storageHotPathPrefixes: ['hot/'] } }, [
    shared('a record that is not stored works like any other', 'mem/1', async (a, b, table) => {
        set(a, 'mem/1', { a: 1 }, acked('1'));
        await table.settle();
        setPath(a, 'mem/1', 'b', 2, acked('2'));
        await table.settle();
        read(b, 'mem/1');
        await table.settle();
        remove(a, 'mem/1');
        await table.settle();
        read(b, 'mem/1');
    }),
    shared('an ordinary update of a name of the hot path is an ordinary update', 'hot/1', async (a, b, table) => {
        update(a, 'hot/1', 1, { a: 1 }, acked('1'));
        await table.settle();
        read(b, 'hot/1');
    }),
    shared('a patch on the hot path is refused', 'hot/2', (a) => setPath(a, 'hot/2', 'a', 1), {
        fault: 'F10', reason: 'the original does not say that this is an error',
        original: { A: ['RECORD.INVALID_PATCH_ON_HOTPATH name=hot/2 originalAction=CREATEANDPATCH'] },
        ours: { A: ['RECORD.INVALID_PATCH_ON_HOTPATH isError name=hot/2 originalAction=CREATEANDPATCH'] },
    }),
    shared('an acknowledged patch on the hot path is refused as such', 'hot/3', (a) => setPath(a, 'hot/3', 'a', 1, acked('1')), {
        fault: 'F10', reason: 'the original does not answer the write, whose callback never fires',
        original: { A: ['RECORD.INVALID_PATCH_ON_HOTPATH correlationId=1 name=hot/3 originalAction=CREATEANDPATCH'] },
        ours: { A: ['RECORD.INVALID_PATCH_ON_HOTPATH correlationId=1 isError isWriteAck name=hot/3 originalAction=CREATEANDPATCH'] },
    }),
    shared('a write on the hot path is an update that clients apply', 'hot/4', (a) => set(a, 'hot/4', { a: 1 }, acked('1')), {
        fault: 'F11', reason: 'the original tells subscribers what only the author is to know, and a version they ignore',
        original: {
            A: ['RECORD.WRITE_ACKNOWLEDGEMENT correlationId=1 name=hot/4'],
            B: (lines) => lines.length === 1 && lines[0].includes('isWriteAck') && lines[0].endsWith('version=-1'),
        },
        ours: {
            A: ['RECORD.WRITE_ACKNOWLEDGEMENT correlationId=1 isWriteAck name=hot/4'],
            B: (lines) => lines.length === 1 && lines[0].startsWith('RECORD.UPDATE data={"a":1} isWriteAck=false name=hot/4 version=') && !lines[0].endsWith('version=-1'),
        },
    }),
    {
        title: 'a hot record that nobody has open is written and read',
        async play(table) {
            const a = await table.client('A');
            set(a, 'hot/5', { a: 1 });
            await table.settle();
            read(a, 'hot/5');
        },
        fault: 'F11', reason: 'the original keeps version 0 for ever, which clients that have it take for old news',
        original: { A: ['RECORD.READ_RESPONSE data={"a":1} name=hot/5 version=0'] },
        ours: { A: (lines) => lines.length === 1 && lines[0].startsWith('RECORD.READ_RESPONSE data={"a":1} name=hot/5 version=') },
    },
    {
        title: 'no data on the hot path is malformed',
        async play(table) {
            (await table.client('A')).send('RECORD.CREATEANDUPDATE', { name: 'hot/6', version: -1, data: '5', ...acked('1') });
        },
        fault: 'F10', reason: 'the original stores a record that is a number',
        original: { A: (lines) => lines[0].startsWith('RECORD.WRITE_ACKNOWLEDGEMENT') },
        ours: { A: (lines) => lines[0].startsWith('RECORD.INVALID_MESSAGE_DATA') },
    },
]);
