// Records: reading, subscribing, deleting, notifying (behaviour.md 5.2 and 5.7): both servers, side by side.

import { differential } from './compare.mjs';

const record = (action) => (peer, name, more) => peer.send(`RECORD.${action}`, { name, ...more });
const bulk = (action) => (peer, names, correlationId) => peer.send(`RECORD.${action}`, { names, correlationId });
const open = bulk('SUBSCRIBECREATEANDREAD');
const openReadOnly = bulk('SUBSCRIBEANDREAD');
const subscribe = bulk('SUBSCRIBE');
const unsubscribe = bulk('UNSUBSCRIBE');
const resync = bulk('SUBSCRIBEANDHEAD');
const notify = bulk('NOTIFY');
const read = record('READ');
const head = record('HEAD');
const remove = record('DELETE');
const set = (peer, name, data, more) =>
    peer.send('RECORD.CREATEANDUPDATE', { name, version: -1, data: JSON.stringify(data), ...more });

/** One client does steps, in order; each may be a function or a list of them that go out at once. */
const alone = (title, ...steps) => {
    const more = typeof steps.at(-1) === 'object' && !Array.isArray(steps.at(-1)) ? steps.pop() : {};
    return {
        title,
        async play(table) {
            const a = await table.client('A');
            for (const step of steps) {
                for (const act of [step].flat()) act(a);
                await table.settle();
            }
        },
        ...more,
    };
};

/** A makes a record, B subscribes to it, then the given happens. */
const watched = (title, name, act, more = {}) => ({
    title,
    async play(table) {
        const a = await table.client('A');
        const b = await table.client('B');
        open(a, [name], '1');
        await table.settle();
        open(b, [name], '1');
        await table.settle();
        await act(a, b, table);
    },
    ...more,
});

const TOLD_TWICE = 'RECORD.MULTIPLE_SUBSCRIPTIONS name=twin originalAction=SUBSCRIBE';
const TWIN_READ = 'RECORD.READ_RESPONSE data={} name=twin version=0';

await differential('records', {}, [
    alone('two missing records are opened', (a) => open(a, ['open/1', 'open/2'], '1')),
    alone('a record is opened again', (a) => open(a, ['again'], '1'), (a) => open(a, ['again'], '2')),
    alone('a record is opened twice in one message', (a) => open(a, ['twin', 'twin'], '1'), {
        fault: 'B2', reason: 'the original creates the record twice at once, then answers; it is one thing after the other',
        original: { A: ['RECORD.SUBSCRIBECREATEANDREAD correlationId=1 isAck names=[twin,twin]', TOLD_TWICE, TWIN_READ, TWIN_READ] },
        ours: { A: ['RECORD.SUBSCRIBECREATEANDREAD correlationId=1 isAck names=[twin,twin]', TWIN_READ, TOLD_TWICE, TWIN_READ] },
    }),
    alone('opening without an id', (a) => open(a, ['noid'])),
    alone('a missing record is opened for reading only, and stays missing',
        (a) => openReadOnly(a, ['missing/1'], '1'), (a) => read(a, 'missing/1'), (a) => head(a, 'missing/1')),
    alone('an existing record is opened for reading only', (a) => set(a, 'there/1', { a: 1 }), (a) => openReadOnly(a, ['there/1'], '2')),
    alone('existing and missing records are opened in one message',
        (a) => set(a, 'mixed/2', { a: 1 }), (a) => open(a, ['mixed/1', 'mixed/2', 'mixed/3'], '2'), { order: 'by name' }),
    alone('a record is read', (a) => set(a, 'read/1', { a: [1, { b: 2 }] }), (a) => read(a, 'read/1', { correlationId: '7' })),
    alone('a missing record is read', (a) => read(a, 'nothing', { correlationId: '7' })),
    alone('the version of a record', (a) => set(a, 'head/1', {}), (a) => set(a, 'head/1', { b: 1 }), (a) => head(a, 'head/1', { correlationId: '7' })),
    alone('the version of a missing record', (a) => head(a, 'nothing', { correlationId: '7' })),
    alone('subscribing alone answers nothing but the acknowledgement', (a) => subscribe(a, ['sub/1', 'sub/2'], '1')),
    alone('subscribing twice', (a) => subscribe(a, ['sub/3'], '1'), (a) => subscribe(a, ['sub/3'], '2')),
    alone('subscribing after opening', (a) => open(a, ['sub/4'], '1'), (a) => subscribe(a, ['sub/4'], '2')),
    alone('unsubscribing', (a) => subscribe(a, ['sub/5'], '1'), (a) => unsubscribe(a, ['sub/5'], 'sub/5'), (a) => subscribe(a, ['sub/5'], '3')),
    alone('unsubscribing what never was', (a) => unsubscribe(a, ['sub/never'], 'sub/never')),
    alone('catching up on a record that is there and one that is not',
        (a) => open(a, ['sync/1'], '1'), (a) => unsubscribe(a, ['sync/1'], 'u'), (a) => resync(a, ['sync/1', 'sync/gone'], '4')),
    alone('catching up on what is subscribed already', (a) => open(a, ['sync/2'], '1'), (a) => resync(a, ['sync/2'], '5')),
    alone('catching up on many', (a) => open(a, ['sync/3', 'sync/4', 'sync/5'], '1'), (a) => unsubscribe(a, ['sync/3', 'sync/4', 'sync/5'], 'u'),
        (a) => resync(a, ['sync/3', 'sync/4', 'sync/5'], '6')),
    alone('catching up on nothing that is there', (a) => resync(a, ['sync/no'], '7')),
    alone('names may be of any letters', (a) => open(a, ['żółć', '日本語/🎉', ' ', 'a b', '../..', '__proto__x'], '1'), (a) => read(a, '日本語/🎉')),
    alone('a hundred records at once', (a) => open(a, Array.from({ length: 100 }, (_, i) => `hundred/${i}`), '1')),
    alone('a name that objects have by inheritance is a name', (a) => open(a, ['constructor', 'toString'], '1'), (a) => head(a, 'constructor'),
        (a) => read(a, 'valueOf')),
    alone('the name __proto__ is a name', (a) => open(a, ['__proto__'], '1'), (a) => read(a, '__proto__')),
    alone('the value loading is a value', (a) => set(a, 'load', { value: 'loading' }), (a) => read(a, 'load')),
    watched('a deleted record is told to the others and unsubscribed', 'delete/1', async (a, b, table) => {
        remove(b, 'delete/1');
        await table.settle();
        set(a, 'delete/1', { again: 1 });
        await table.settle();
        read(b, 'delete/1');
    }),
    alone('deleting a missing record succeeds', (a) => remove(a, 'delete/never')),
    alone('a deleted record is gone', (a) => set(a, 'delete/2', { a: 1 }), (a) => remove(a, 'delete/2'), (a) => [read(a, 'delete/2'), head(a, 'delete/2')]),
    alone('a deleted record begins again at its first version', (a) => set(a, 'delete/3', { a: 1 }), (a) => set(a, 'delete/3', { a: 2 }),
        (a) => remove(a, 'delete/3'), (a) => open(a, ['delete/3'], '1')),
    watched('a deletion is what its name says, not what else its sender put on it', 'delete/4', (a, b) =>
        remove(b, 'delete/4', { correlationId: 'mine', isWriteAck: true, path: 'x', version: 9 }), {
        fault: 'F16', reason: 'the original forwards every field',
        original: {
            A: ['RECORD.SUBSCRIBECREATEANDREAD correlationId=1 isAck names=[delete/4]', 'RECORD.READ_RESPONSE data={} name=delete/4 version=0',
                'RECORD.DELETED correlationId=mine isWriteAck name=delete/4 path=x version=9'],
        },
        ours: {
            A: ['RECORD.SUBSCRIBECREATEANDREAD correlationId=1 isAck names=[delete/4]', 'RECORD.READ_RESPONSE data={} name=delete/4 version=0',
                'RECORD.DELETED name=delete/4'],
        },
    }),
    alone('a notification without subscribers is acknowledged', (a) => notify(a, ['notify/x', 'notify/y'], '1')),
    alone('a notification of no names is acknowledged', (a) => notify(a, [], '1'), {
        fault: 'B13', reason: 'the original never answers a notification of no names',
        original: { A: [] }, ours: { A: ['RECORD.NOTIFY correlationId=1 isAck'] },
    }),
    watched('a record that is gone behind the back of the server is told as deleted', 'notify/1', (a) => notify(a, ['notify/1', 'notify/2'], '9')),
    alone('reading without a name is malformed', (a) => read(a, undefined, { correlationId: '1' }), {
        fault: 'H26', reason: 'the original reads the record undefined',
        original: { A: ['RECORD.RECORD_NOT_FOUND isError originalAction=READ'] },
        ours: { A: ['RECORD.INVALID_MESSAGE_DATA correlationId=1 isError originalAction=READ'] },
    }),
    alone('opening no names is malformed', (a) => open(a, [], '1'), {
        fault: 'H26', reason: 'the original acknowledges a message that names nothing', original: { A: ['RECORD.SUBSCRIBECREATEANDREAD correlationId=1 isAck'] },
        ours: { A: ['RECORD.INVALID_MESSAGE_DATA correlationId=1 isError originalAction=SUBSCRIBECREATEANDREAD'] },
    }),
    ...[['HEAD_BULK', 7], ['DELETE_BULK', 11], ['CREATE', 15], ['SUBSCRIBECREATEANDUPDATE', 24], ['ERROR', 1], ['READ_RESPONSE', 4],
        ['DELETED', 13], ['WRITE_ACKNOWLEDGEMENT', 14], ['VERSION_EXISTS', 102], ['of no list', 99]].map(([what, number]) =>
        alone(`the action ${what} from a client is unknown`, (a) => a.send(`RECORD.${number}`, { name: 'x', names: ['x'], version: 1, data: '{}', correlationId: '1' }), {
            fault: 'B13', reason: 'the original does not answer',
            original: { A: [] }, ours: { A: [`PARSER.UNKNOWN_ACTION originalAction=${number} originalTOPIC=5`] },
        })),
    {
        title: 'who unsubscribed hears of no update',
        async play(table) {
            const a = await table.client('A');
            const b = await table.client('B');
            open(b, ['hear/1', 'hear/2'], '1');
            await table.settle();
            unsubscribe(b, ['hear/1'], 'hear/1');
            await table.settle();
            set(a, 'hear/1', { a: 1 });
            set(a, 'hear/2', { a: 1 });
        },
    },
    {
        title: 'setting and opening back to back keeps what was set',
        async play(table) {
            const a = await table.client('A');
            for (let i = 0; i < 20; i++) {
                set(a, `race/${i}`, { set: i }, { isWriteAck: true, correlationId: String(i) });
                open(a, [`race/${i}`], `open${i}`);
            }
            await table.settle();
            a.forget();
            for (let i = 0; i < 20; i++) read(a, `race/${i}`);
        },
        fault: 'B2', reason: 'the original lets the creation overwrite the acknowledged write',
        original: { A: (lines) => lines.some((line) => line.includes('data={}')) },
        ours: { A: Array.from({ length: 20 }, (_, i) => `RECORD.READ_RESPONSE data={"set":${i}} name=race/${i} version=1`) },
    },
    {
        title: 'opening and setting back to back keeps what was set',
        async play(table) {
            const a = await table.client('A');
            for (let i = 0; i < 20; i++) {
                open(a, [`race/a${i}`], `open${i}`);
                set(a, `race/a${i}`, { set: i }, { isWriteAck: true, correlationId: String(i) });
            }
            await table.settle();
            a.forget();
            for (let i = 0; i < 20; i++) read(a, `race/a${i}`);
        },
    },
    {
        title: 'a list is made, filled, shortened and emptied',
        async play(table) {
            const a = await table.client('A');
            const b = await table.client('B');
            open(a, ['list'], '1');
            await table.settle();
            open(b, ['list'], '1');
            await table.settle();
            const update = (version, data) => a.send('RECORD.UPDATE', { name: 'list', version, data: JSON.stringify(data) });
            update(1, ['r/1']);
            update(2, ['r/1', 'r/2', 'r/3']);
            update(3, ['r/3']);
            update(4, []);
            await table.settle();
            read(b, 'list');
        },
    },
    {
        title: 'two clients open the same missing record at once',
        async play(table) {
            const a = await table.client('A');
            const b = await table.client('B');
            open(a, ['both'], '1');
            open(b, ['both'], '1');
            await table.settle();
            a.send('RECORD.UPDATE', { name: 'both', version: 1, data: '{"a":1}' });
        },
    },
]);
