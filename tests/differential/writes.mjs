// Writes to records: versions, conflicts, patches, acknowledgements (behaviour.md 5.3 to 5.6): both servers.

import { differential } from './compare.mjs';

const open = (peer, names, correlationId) => peer.send('RECORD.SUBSCRIBECREATEANDREAD', { names, correlationId });
const read = (peer, name) => peer.send('RECORD.READ', { name });
const write = (action) => (peer, name, version, data, more) =>
    peer.send(`RECORD.${action}`, { name, version, data: data === undefined ? undefined : JSON.stringify(data), ...more });
const update = write('UPDATE');
const patchAs = write('PATCH');
const patch = (peer, name, version, path, data, more) => patchAs(peer, name, version, data, { path, ...more });
const erase = (peer, name, version, path, more) => peer.send('RECORD.ERASE', { name, version, path, ...more });
const set = (peer, name, data, more) => write('CREATEANDUPDATE')(peer, name, -1, data, more);
const setPath = (peer, name, path, data, more) => write('CREATEANDPATCH')(peer, name, -1, data, { path, ...more });
const remove = (peer, name) => peer.send('RECORD.DELETE', { name });
const acked = (correlationId) => ({ isWriteAck: true, correlationId });

let count = 0;

/** A and B have a record, R, open at version 1 with the given data; then the given happens. */
function between(title, act, more = {}) {
    const name = `between/${++count}`;
    return {
        title,
        async play(table) {
            table.call(name, 'R');
            const a = await table.client('A');
            const b = await table.client('B');
            open(a, [name], '1');
            await a.sees('RECORD.READ_RESPONSE');
            update(a, name, 1, more.data ?? { a: 1, list: [1, 2, 3], deep: { er: { est: true } } }, acked('first'));
            await a.sees('RECORD.WRITE_ACKNOWLEDGEMENT');
            open(b, [name], '1');
            await b.sees('RECORD.READ_RESPONSE');
            a.forget();
            b.forget();
            await act(a, b, name, table);
            if (more.thenRead === false) return;
            await table.settle();
            read(b, name);
        },
        ...more,
    };
}

/** One client on a record, R, that nobody has made. */
function onMissing(title, act, more = {}) {
    const name = `missing/${++count}`;
    return {
        title,
        async play(table) {
            table.call(name, 'R');
            const a = await table.client('A');
            await act(a, name, table);
            await table.settle();
            read(a, name);
        },
        ...more,
    };
}

const PATHS = ['a', 'new', 'deep.er.est', 'deep.new', 'deep.new.er', 'list[0]', 'list[3]', 'list[5]', 'list.1', 'a.b', 'a[1]', 'new[2]', 'new[1].b',
    'new[0][1]', 'list[0].x.y', ' a ', 'a . b', 'a..b', '.a.', 'deep.er.est.more', 'list[ 1 ]', 'x.0', 'żółć.日本', 'with space.b', 'a-b', '$', '*', '0'];

const WRITE_ERRORS = ['RECORD.VERSION_EXISTS', 'RECORD.INVALID_VERSION', 'RECORD.INVALID_MESSAGE_DATA', 'RECORD.INVALID_PATCH_ON_HOTPATH'];

await differential('writes', {}, [
    between('an update reaches the other', (a, b, name) => update(a, name, 2, { b: 2 })),
    between('an acknowledged update is acknowledged', (a, b, name) => update(a, name, 2, { b: 2 }, acked('w1'))),
    between('an update may be an array', (a, b, name) => update(a, name, 2, ['x', 'y'])),
    between('an update may be empty', (a, b, name) => update(a, name, 2, {})),
    between('updates in a row', (a, b, name) => { for (let i = 2; i < 30; i++) update(a, name, i, { i }, acked(String(i))); }),
    between('updates in turn', async (a, b, name, table) => {
        for (let i = 2; i < 8; i++) {
            update(i % 2 ? a : b, name, i, { i });
            await table.settle();
        }
    }),
    between('an update without a subscription reaches those who have one', async (a, b, name, table) => {
        const c = await table.client('C');
        update(c, name, 2, { c: 1 }, acked('c'));
    }),
    between('a version that is taken is answered with what is there', (a, b, name) => update(b, name, 1, { b: 2 }, acked('late'))),
    between('a version that is taken is answered also without acknowledgement', (a, b, name) => update(b, name, 1, { b: 2 })),
    between('version 0 is taken', (a, b, name) => update(b, name, 0, { b: 2 })),
    between('a patch to a version that is taken', (a, b, name) => patch(b, name, 1, 'a', 5, acked('late'))),
    between('an erasure at a version that is taken', (a, b, name) => erase(b, name, 1, 'a', acked('late')), {
        fault: 'H9', reason: 'the original takes it for a patch, and says so',
        original: { B: (lines) => lines[0].includes('originalAction=PATCH') }, ours: { B: (lines) => lines[0].includes('originalAction=ERASE') },
    }),
    between('two clients write the same version, one wins', async (a, b, name, table) => {
        update(a, name, 2, { from: 'A' }, acked('x1'));
        await a.sees('RECORD.WRITE_ACKNOWLEDGEMENT');
        update(b, name, 2, { from: 'B' }, acked('x2'));
        await b.sees('RECORD.VERSION_EXISTS');
        await table.settle();
        update(b, name, 3, { from: 'B', merged: true }, acked('x3'));
    }),
    between('a burst of two with the same version', (a, b, name) => {
        update(a, name, 2, { n: 1 }, acked('b1'));
        update(a, name, 2, { n: 2 }, acked('b2'));
        update(a, name, 3, { n: 3 }, acked('b3'));
    }, {
        fault: 'B15', reason: 'the original may answer with the value before the write that won',
        original: { A: (lines) => lines.length === 3 },
        ours: {
            A: ['RECORD.WRITE_ACKNOWLEDGEMENT correlationId=b1 isWriteAck name=R',
                'RECORD.VERSION_EXISTS correlationId=b2 data={"n":1} isError isWriteAck name=R originalAction=UPDATE version=2',
                'RECORD.WRITE_ACKNOWLEDGEMENT correlationId=b3 isWriteAck name=R'],
        },
    }),
    between('a forced write takes the next version', (a, b, name) => set(a, name, { forced: 1 })),
    between('a forced write is acknowledged', (a, b, name) => set(a, name, { forced: 1 }, acked('f1'))),
    between('forced writes in a row take version after version', (a, b, name) => { for (let i = 0; i < 10; i++) set(a, name, { i }); }),
    between('a forced patch', (a, b, name) => setPath(a, name, 'deep.er', 7, acked('f2'))),
    between('a forced update by update', (a, b, name) => update(a, name, -1, { forced: 2 })),
    between('a forced patch by patch', (a, b, name) => patch(a, name, -1, 'a', 2)),
    ...PATHS.map((path) => between(`a patch at ${JSON.stringify(path)}`, (a, b, name) => patch(a, name, 2, path, { v: 1 }, acked('p')))),
    ...['a', 'deep.er', 'missing', 'missing.too'].map((path) =>
        between(`an erasure at ${JSON.stringify(path)}`, (a, b, name) => erase(a, name, 2, path, acked('e')))),
    ...[[0, 'zero'], [false, 'false'], ['', 'an empty text'], [null, 'null'], [[], 'an empty array'], [1.5e300, 'a large number'], ['żółć 🎉', 'letters']].map(([value, what]) =>
        between(`a patch with ${what}`, (a, b, name) => patch(a, name, 2, 'a', value))),
    between('a patch without data takes the path away', (a, b, name) => patch(a, name, 2, 'deep')),
    between('a patch of a text to an array element', (a, b, name) => patch(a, name, 2, 'list[1]', 'x')),
    between('a delete while open, then a write', async (a, b, name, table) => {
        remove(a, name);
        await table.settle();
        set(a, name, { again: 1 });
    }),
    onMissing('a forced write makes a record', (a, name) => set(a, name, { a: 1 }, acked('1'))),
    onMissing('a forced write of an array makes a record', (a, name) => set(a, name, ['a'], acked('1'))),
    onMissing('a forced patch makes a record', (a, name) => setPath(a, name, 'a.b', 1, acked('1'))),
    onMissing('creating with version 1 makes a record', (a, name) => write('CREATEANDUPDATE')(a, name, 1, { a: 1 }, acked('1'))),
    onMissing('an update of a missing record', (a, name) => update(a, name, 1, { a: 1 })),
    onMissing('a patch of a missing record', (a, name) => patch(a, name, 1, 'a', 1)),
    onMissing('an acknowledged update does not make a record', (a, name) => update(a, name, 1, { a: 1 }, acked('1')), {
        fault: 'B3', reason: 'the original makes records by updates that want an acknowledgement, without asking who may create (H11)',
        original: { A: ['RECORD.WRITE_ACKNOWLEDGEMENT correlationId=1 isWriteAck name=R',
            'RECORD.READ_RESPONSE data={"a":1} name=R version=1'] },
        ours: { A: ['RECORD.RECORD_UPDATE_ERROR correlationId=1 isError isWriteAck name=R',
            'RECORD.RECORD_NOT_FOUND isError name=R originalAction=READ'] },
    }),
    onMissing('an acknowledged patch does not make a record', (a, name) => patch(a, name, 1, 'a', 1, acked('1')), {
        fault: 'B3', reason: 'as for updates',
        original: { A: ['RECORD.WRITE_ACKNOWLEDGEMENT correlationId=1 isWriteAck name=R',
            'RECORD.READ_RESPONSE data={"a":1} name=R version=1'] },
        ours: { A: ['RECORD.RECORD_UPDATE_ERROR correlationId=1 isError isWriteAck name=R',
            'RECORD.RECORD_NOT_FOUND isError name=R originalAction=READ'] },
    }),
    onMissing('a first write that is not fit leaves nothing behind', async (a, name, table) => {
        update(a, name, 1, 5);
        await table.settle();
        set(a, name, { a: 1 }, acked('2'));
    }, {
        fault: 'B11', reason: 'the original keeps a queue of nothing, in which the next write is lost',
        original: { A: (lines) => lines[1].startsWith('RECORD.RECORD_UPDATE_ERROR') },
        ours: {
            A: ['RECORD.INVALID_MESSAGE_DATA data=5 isError name=R originalAction=UPDATE version=1', 'RECORD.WRITE_ACKNOWLEDGEMENT correlationId=2 isWriteAck name=R',
                'RECORD.READ_RESPONSE data={"a":1} name=R version=1'],
        },
    }),
    between('a version too high is answered with the current one', (a, b, name) => update(a, name, 50, { gap: 1 }, acked('w5'))),
    between('a number as update', (a, b, name) => update(a, name, 2, 5, acked('bad'))),
    between('a text as update', (a, b, name) => update(a, name, 2, 'text')),
    between('null as update', (a, b, name) => update(a, name, 2, null, acked('bad'))),
    between('an update without data', (a, b, name) => update(a, name, 2, undefined, acked('bad'))),
    between('an update that is not JSON', (a, b, name) => a.send('RECORD.UPDATE', { name, version: 2, data: '{"a":', ...acked('bad') }),
        { fault: 'F1', reason: 'the original ends its process at JSON that does not parse', original: 'crashes',
            ours: { A: ['RECORD.INVALID_MESSAGE_DATA correlationId=bad isError isWriteAck name=R originalAction=UPDATE version=2'] } }),
    between('an update without a version', (a, b, name) => update(a, name, undefined, { a: 1 }, acked('nov'))),
    between('a patch without a path replaces', (a, b, name) => patch(a, name, 2, undefined, { whole: 1 }, acked('p'))),
    between('an update with a path patches', (a, b, name) => update(a, name, 2, { part: 1 }, { path: 'deep', ...acked('p') })),
    between('an erasure has no payload', (a, b, name) => erase(a, name, 2, 'a', { data: '"smuggled"', ...acked('e') }),
        {
            fault: 'H10', reason: 'the original writes what an erasure brings',
            original: { A: ['RECORD.WRITE_ACKNOWLEDGEMENT correlationId=e isWriteAck name=R'], B: (lines) => lines[0].includes('data="smuggled"') },
            ours: {
                A: ['RECORD.INVALID_MESSAGE_DATA correlationId=e data="smuggled" isError isWriteAck name=R originalAction=ERASE path=a version=2'],
                B: (lines) => lines.length === 1,
            },
        }),
    between('an erasure without a path', (a, b, name) => erase(a, name, 2, undefined, acked('e')), {
        fault: 'H9', reason: 'the original takes it for an update, and says so',
        original: { A: ['RECORD.INVALID_MESSAGE_DATA correlationId=e isError isWriteAck name=R originalAction=UPDATE version=2'] },
        ours: { A: ['RECORD.INVALID_MESSAGE_DATA correlationId=e isError isWriteAck name=R originalAction=ERASE version=2'] },
    }),
    ...['list[1.5]', 'a[', 'a]', 'a[]', 'a[1', '[0]'].map((path) =>
        between(`a patch at the odd path ${JSON.stringify(path)}`, (a, b, name) => patch(a, name, 2, path, { v: 1 }, acked('p')))),
    ...[['__proto__', 'H23'], ['__proto__.polluted', 'H23'], ['constructor.prototype.x', 'H23'], ['a.__proto__', 'H23'], ['prototype', 'H23'],
        ['list[-1]', 'B14'], ['list[x]', 'B14'], ['list[20000]', 'B14'], ['.', 'B14'], ['...', 'B14'], ['a[1]x', 'B14']].map(([path, fault]) =>
        between(`a patch at the path ${JSON.stringify(path)}, which is none`, (a, b, name) => patch(a, name, 2, path, { v: 1 }, acked('p')), {
            fault, reason: 'the original takes it and loses the value, or worse',
            original: { A: ['RECORD.WRITE_ACKNOWLEDGEMENT correlationId=p isWriteAck name=R'], B: (lines) => lines[0].startsWith('RECORD.PATCH') },
            ours: {
                A: (lines) => lines.length === 1 && lines[0].startsWith('RECORD.INVALID_MESSAGE_DATA correlationId=p data={"v":1} isError isWriteAck name=R originalAction=PATCH path='),
                B: (lines) => lines.length === 1 && lines[0].endsWith('version=1'),
            },
        })),
    between('a patch at the empty path', (a, b, name) => patch(a, name, 2, '', { v: 1 }, acked('p')), {
        fault: 'B14', reason: 'the original replaces the whole value and tells of a patch that clients apply otherwise',
        original: { B: ['RECORD.PATCH data={"v":1} isWriteAck=false name=R path="" version=2', 'RECORD.READ_RESPONSE data={"v":1} name=R version=2'] },
        ours: { B: ['RECORD.UPDATE data={"v":1} isWriteAck=false name=R version=2', 'RECORD.READ_RESPONSE data={"v":1} name=R version=2'] },
    }),
    between('a patch that replaces the value by a text', (a, b, name) => patch(a, name, 2, '', 'text', acked('p')), {
        fault: 'B14', reason: 'the original lets an empty path make a record of anything',
        original: { B: (lines) => lines.at(-1).includes('data="text"'), A: () => true },
        ours: { A: (lines) => lines[0].startsWith('RECORD.INVALID_MESSAGE_DATA'), B: (lines) => lines.length === 1 },
    }),
    between('a patch through null', (a, b, name) => patch(a, name, 2, 'n.x', 1, acked('p')), { data: { n: null }, fault: 'B14', reason: 'the original ends its process', original: 'crashes' }),
    between('several patches in one message', (a, b, name) =>
        a.send('RECORD.PATCH_MULTI', { name, version: 2, data: JSON.stringify([{ path: 'a', data: 5 }, { path: 'deep' }]), ...acked('m') }), {
        fault: '10.1.1', reason: 'the original of this version does not know the action',
        original: { A: [], B: (lines) => lines.length === 1 },
        ours: {
            A: ['RECORD.WRITE_ACKNOWLEDGEMENT correlationId=m isWriteAck name=R'],
            B: ['RECORD.PATCH_MULTI data=[{"data":5,"path":"a"},{"path":"deep"}] isWriteAck=false name=R version=2', 'RECORD.READ_RESPONSE data={"a":5,"list":[1,2,3]} name=R version=2'],
        },
    }),
    between('patches of one message, one of them bad', (a, b, name) =>
        a.send('RECORD.PATCH_MULTI', { name, version: 2, data: JSON.stringify([{ path: 'a', data: 5 }, { path: '__proto__.x', data: 1 }]), ...acked('m') }), {
        fault: '10.1.1', reason: 'as above', original: { A: [], B: (lines) => lines.length === 1 },
        ours: { A: (lines) => lines[0].startsWith('RECORD.INVALID_MESSAGE_DATA correlationId=m '), B: (lines) => lines.length === 1 && lines[0].endsWith('version=1') },
    }),
], [{
    fault: 'F10', reason: 'errors about writes say that they are errors, or clients take them for success',
    better: (message) => (WRITE_ERRORS.includes(message.kind) ? { ...message, isError: true } : message),
}]);
