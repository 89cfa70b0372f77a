// Rules that refuse, for single names and lists, and the holes that the server's layers decide
// (behaviour.md 2, valve.md 3, 7 and 9): both servers, side by side.

import { differential } from './compare.mjs';
import { permissions } from '../support/servers.mjs';

const listen = { shuffleProviders: false, responseTimeout: 60000, rematchInterval: 600000 };

const users = {
    ann: { password: 'x', serverData: { role: 'admin' } },
    bob: { password: 'x', serverData: { role: 'guest' } },
    cat: { password: 'x' },
    'undefined': { password: 'x' },
};
const as = (username) => ({ auth: { username, password: 'x' } });

const rules = permissions({
    record: {
        'deny/*': { create: false, write: false, read: false, delete: false, listen: false, notify: false },
        'noread/*': { read: false },
        'nocreate/*': { create: false },
        'nowrite/*': { write: false },
        'nodelete/*': { delete: false },
        'error/*': { read: "_('x').a.b === 1", write: 'data.a.b.c === 1', create: true },
        'flag/$id': { read: 'user.data.flag', write: 'user.data.flag', create: true },
        'number/$id': { read: '0', create: true, write: true },
        'owned/$id': { create: true, write: 'oldData === null || data.owner === user.id', read: true },
        'multi/$id': { create: true, write: false, read: true },
        'auction/$id': { create: true, read: true, write: 'oldData === null || !oldData.offer || data.offer > oldData.offer' },
        'secret/$id': { create: true, read: "user.data.role === 'admin'", write: true, listen: false },
        'lone/$id': { create: true, write: true, read: true, delete: false },
        'loading/$id': { create: true, write: true, read: "_('state') !== null && _('state') !== 'x'" },
        'state': { create: true, write: true, read: true },
        'reference/$id': { read: '_(5) !== null', create: true, write: true },
        'bulk/ok$id': { read: true },
    },
    event: {
        'deny/*': { publish: false, subscribe: false, listen: false },
        'small': { publish: 'data.n < 10' },
        'broken': { publish: 'data.n.m < 10' },
        'match': { publish: "'text'.match(data.pattern)" },
        'search': { publish: 'data.text.match(data.pattern)' },
        'left|right': { subscribe: false },
        'broken2/$x': { publish: 'data.n.m < 10' },
        'flag': { publish: 'user.data.flag', subscribe: 'user.data.flag' },
        'either': { publish: "user.id === 'ann' || data.n > 1" },
        'secret/$id': { subscribe: "user.data.role === 'admin'", listen: false },
    },
    rpc: {
        'deny/*': { provide: false, request: false },
        'small': { request: 'data.n < 10' },
    },
    presence: {
        'deny*': { allow: false },
        'undefined': { allow: true },
    },
});

const send = (topic, action) => (peer, fields) => peer.send(`${topic}.${action}`, fields);
const write = (peer, action, name, version, data, more) =>
    peer.send(`RECORD.${action}`, { name, version, data: data === undefined ? undefined : JSON.stringify(data), ...more });
const read = (peer, name) => peer.send('RECORD.READ', { name });

/** One client, bob unless said otherwise, does steps in order. */
const by = (user) => (title, ...steps) => {
    const more = typeof steps.at(-1) === 'object' ? steps.pop() : {};
    return {
        title,
        async play(table) {
            const a = await table.client('A', as(user));
            for (const step of steps) {
                await step(a, table);
                await table.settle();
            }
        },
        ...more,
    };
};
const bob = by('bob');

const SINGLE = [
    ['EVENT', 'EMIT', { data: '1' }], ['EVENT', 'LISTEN', {}], ['RPC', 'REQUEST', { correlationId: 'c', data: '1' }],
    ['RECORD', 'READ', {}], ['RECORD', 'READ', { correlationId: '1' }], ['RECORD', 'HEAD', {}], ['RECORD', 'DELETE', {}], ['RECORD', 'LISTEN', {}],
    ['RECORD', 'CREATEANDUPDATE', { version: -1, data: '{}' }], ['RECORD', 'CREATEANDUPDATE', { version: -1, data: '{}', isWriteAck: true, correlationId: '1' }],
    ['RECORD', 'CREATEANDPATCH', { version: -1, data: '1', path: 'a', isWriteAck: true, correlationId: '1' }],
];
const LISTS = [
    ['EVENT', 'SUBSCRIBE'], ['RPC', 'PROVIDE'], ['PRESENCE', 'SUBSCRIBE'], ['PRESENCE', 'QUERY'], ['RECORD', 'SUBSCRIBE'], ['RECORD', 'SUBSCRIBEANDHEAD'],
    ['RECORD', 'SUBSCRIBEANDREAD'], ['RECORD', 'SUBSCRIBECREATEANDREAD'], ['RECORD', 'NOTIFY'],
];

await differential('permissions', { permission: rules, listen, auth: [{ type: 'file', options: { users } }] }, [
    ...SINGLE.map(([topic, action, more]) => bob(`${topic}.${action} of a name that is refused${more.isWriteAck ? ', with acknowledgement' : ''}`,
        (a) => a.send(`${topic}.${action}`, { name: 'deny/1', ...more }))),
    ...LISTS.map(([topic, action]) => bob(`${topic}.${action} of one name that is refused`,
        (a) => a.send(`${topic}.${action}`, { names: ['deny/1'], correlationId: '2' }))),
    bob('UPDATE of a record that may not be written', (a) => write(a, 'CREATEANDUPDATE', 'w1', -1, {}),
        (a) => write(a, 'UPDATE', 'nowrite/1', 1, {}, { isWriteAck: true, correlationId: '1' })),
    bob('PATCH of a record that may not be written', (a) => write(a, 'PATCH', 'nowrite/1', 1, 1, { path: 'a' })),
    bob('a record that may be created but not read', (a) => a.send('RECORD.SUBSCRIBECREATEANDREAD', { names: ['noread/1'], correlationId: '1' })),
    bob('a record that may be read but not created, and is missing', (a) => a.send('RECORD.SUBSCRIBECREATEANDREAD', { names: ['nocreate/1', 'fine'], correlationId: '4' })),
    bob('a record that may not be created is opened for reading only', (a) => a.send('RECORD.SUBSCRIBEANDREAD', { names: ['nocreate/1'], correlationId: '4' })),
    bob('an upsert of a record that may not be created', (a) => write(a, 'CREATEANDUPDATE', 'nocreate/2', -1, {}, { isWriteAck: true, correlationId: '1' })),
    bob('an upsert of a record that may not be written', (a) => write(a, 'CREATEANDUPDATE', 'nowrite/2', -1, {}, { isWriteAck: true, correlationId: '1' })),
    bob('a record that may not be deleted', (a) => write(a, 'CREATEANDUPDATE', 'nodelete/1', -1, { a: 1 }), (a) => a.send('RECORD.DELETE', { name: 'nodelete/1' }),
        (a) => read(a, 'nodelete/1')),
    bob('an event whose data a rule allows', (a) => a.send('EVENT.EMIT', { name: 'small', data: '{"n":5}' })),
    bob('an event whose data a rule refuses', (a) => a.send('EVENT.EMIT', { name: 'small', data: '{"n":50}' })),
    bob('an event whose rule fails is an error', (a) => a.send('EVENT.EMIT', { name: 'broken', data: '{"x":1}' })),
    bob('an event whose rule fails is an error, with its id', (a) => a.send('EVENT.EMIT', { name: 'broken', data: '{"x":1}', correlationId: '5' })),
    bob('a call whose data a rule refuses', (a) => a.send('RPC.REQUEST', { name: 'small', correlationId: 'c', data: '{"n":50}' })),
    bob('what needs no rule is free', (a) => {
        a.send('EVENT.UNSUBSCRIBE', { names: ['deny/1'], correlationId: '1' });
        a.send('RECORD.UNSUBSCRIBE', { names: ['deny/1'], correlationId: '2' });
        a.send('RPC.UNPROVIDE', { names: ['deny/1'], correlationId: '3' });
        a.send('PRESENCE.UNSUBSCRIBE', { names: ['deny/1'], correlationId: '4' });
    }),
    bob('each refused name of a list is told, and none is left', (a) => a.send('EVENT.SUBSCRIBE', { names: ['deny/1', 'deny/2', 'deny/3'], correlationId: '3' }), {
        fault: 'B1', reason: 'the original overlooks names whose neighbours were taken out, and subscribes them',
        original: { A: (lines) => lines.at(-1) === 'EVENT.SUBSCRIBE correlationId=3 isAck' },
        ours: { A: [1, 2, 3].map((i) => `EVENT.MESSAGE_DENIED correlationId=3 isError name=deny/${i} originalAction=SUBSCRIBE`) },
    }),
    bob('the last name of a list is refused', (a) => a.send('EVENT.SUBSCRIBE', { names: ['ok/1', 'deny/1'], correlationId: '3' })),

    bob('H1 a rule that gives undefined refuses to read', (a) => read(a, 'flag/1'), {
        fault: 'H1', reason: 'the original takes every result but false for a yes (S6)', original: { A: (lines) => !lines[0].includes('DENIED') },
        ours: { A: ['RECORD.MESSAGE_DENIED isError name=flag/1 originalAction=READ'] },
    }),
    bob('H1 a rule that gives undefined refuses an event', (a) => a.send('EVENT.SUBSCRIBE', { names: ['flag'], correlationId: '1' }), {
        fault: 'H1', reason: 'as above', original: { A: ['EVENT.SUBSCRIBE correlationId=1 isAck'] },
        ours: { A: ['EVENT.MESSAGE_DENIED correlationId=1 isError name=flag originalAction=SUBSCRIBE'] },
    }),
    bob('H2 a rule that gives 0 refuses a list and a single name alike', (a) => write(a, 'CREATEANDUPDATE', 'number/1', -1, { a: 1 }), (a) => {
        read(a, 'number/1');
        a.send('RECORD.SUBSCRIBECREATEANDREAD', { names: ['number/1'], correlationId: '1' });
    }, {
        fault: 'H2', reason: 'the original lets 0 pass at the first check and refuses it at the second',
        original: { A: (lines) => lines.some((line) => line.startsWith('RECORD.READ_RESPONSE')) && lines.some((line) => line.includes('DENIED')) },
        ours: {
            A: ['RECORD.MESSAGE_DENIED isError name=number/1 originalAction=READ', 'RECORD.SUBSCRIBECREATEANDREAD correlationId=1 isAck names=[number/1]',
                'RECORD.MESSAGE_DENIED correlationId=1 isError name=number/1 originalAction=SUBSCRIBECREATEANDREAD'],
        },
    }),
    {
        title: 'H3 the refused name of a list is left out, and no other',
        async play(table) {
            const a = await table.client('A', as('bob'));
            const b = await table.client('B', as('cat'));
            const c = await table.client('C', as('ann'));
            a.send('EVENT.SUBSCRIBE', { names: ['deny/1', 'ok/1', 'ok/2'], correlationId: '1' });
            await table.settle();
            b.send('EVENT.EMIT', { name: 'ok/1', data: '1' });
            b.send('EVENT.EMIT', { name: 'ok/2', data: '2' });
            await table.settle();
            c.send('EVENT.EMIT', { name: 'deny/1', data: '"secret"' });
        },
        fault: 'B1', reason: 'the original takes the last name out of the list instead of the refused one (H3)',
        original: { A: (lines) => !lines.some((line) => line.includes('name=ok/2')) && lines.some((line) => line.includes('name=ok/1')) },
        ours: {
            A: ['EVENT.MESSAGE_DENIED correlationId=1 isError name=deny/1 originalAction=SUBSCRIBE', 'EVENT.SUBSCRIBE correlationId=1 isAck',
                'EVENT.EMIT data=1 name=ok/1', 'EVENT.EMIT data=2 name=ok/2'],
        },
    },
    {
        title: 'H3 a refused record in a list is not subscribed',
        async play(table) {
            const a = await table.client('A', as('bob'));
            const admin = await table.client('admin', as('ann'));
            write(admin, 'CREATEANDUPDATE', 'secret/1', -1, { code: 1 });
            await table.settle();
            a.send('RECORD.SUBSCRIBE', { names: ['secret/1', 'harmless'], correlationId: '1' });
            await table.settle();
            write(admin, 'CREATEANDUPDATE', 'secret/1', -1, { code: 2 });
        },
        fault: 'B1', reason: 'the original subscribes the refused record and drops the allowed one (H3)',
        original: { A: (lines) => lines.some((line) => line.includes('{"code":2}')) },
        ours: { A: ['RECORD.MESSAGE_DENIED correlationId=1 isError name=secret/1 originalAction=SUBSCRIBE', 'RECORD.SUBSCRIBE correlationId=1 isAck'] },
    },
    {
        title: 'H4 an event has one name, not a harmless list beside it',
        async play(table) {
            const a = await table.client('A', as('bob'));
            a.send('EVENT.EMIT', { name: 'deny/1', names: ['harmless'], data: '1' });
        },
        fault: 'H4', reason: 'the original checks the list and emits the name', original: { A: [] },
        ours: { A: ['EVENT.MESSAGE_DENIED isError name=deny/1 originalAction=EMIT'] },
    },
    bob('H4 a record has one name, not a harmless list beside it', (a) => a.send('RECORD.READ', { name: 'secret/1', names: ['harmless'] }), {
        fault: 'H4', reason: 'the original checks the list and reads the name',
        original: { A: ['RECORD.READ_RESPONSE data={"code":2} name=secret/1 version=2'] },
        ours: { A: ['RECORD.MESSAGE_DENIED isError name=secret/1 originalAction=READ'] },
    }),
    bob('H5 a rule whose reference fails has one verdict', (a) => write(a, 'CREATEANDUPDATE', 'reference/1', -1, { a: 1 }), (a) => read(a, 'reference/1'), {
        fault: 'H5', reason: 'the original gives an error and then a yes', original: { A: (lines) => lines.some((line) => line.startsWith('RECORD.READ_RESPONSE')) },
        ours: { A: ['RECORD.MESSAGE_PERMISSION_ERROR isError name=reference/1 originalAction=READ'] },
    }),
    bob('H6 data that is no JSON for a rule that looks at it is an error', (a) => a.send('EVENT.EMIT', { name: 'small', data: '{"n":' }), {
        fault: 'H6', reason: 'the original ends its process', original: 'crashes',
        ours: { A: ['EVENT.MESSAGE_PERMISSION_ERROR isError name=small originalAction=EMIT'] },
    }),
    bob('H7 a list whose rules fail has one verdict for each name', (a) => write(a, 'CREATEANDUPDATE', 'reference/2', -1, {}),
        (a) => a.send('RECORD.SUBSCRIBE', { names: ['reference/1', 'reference/2'], correlationId: '1' }), {
            fault: 'H7', reason: 'the original gives two verdicts for a name and ends its process', original: 'crashes',
            ours: {
                A: ['RECORD.MESSAGE_PERMISSION_ERROR correlationId=1 isError name=reference/1 originalAction=SUBSCRIBE',
                    'RECORD.MESSAGE_PERMISSION_ERROR correlationId=1 isError name=reference/2 originalAction=SUBSCRIBE'],
            },
        }),
    bob('H8 a patch is judged by the record that it makes', async (a, table) => {
        const admin = await table.client('admin', as('ann'));
        write(admin, 'CREATEANDUPDATE', 'owned/1', -1, { owner: 'ann', text: 'hers' });
    }, (a) => write(a, 'CREATEANDPATCH', 'owned/1', -1, { owner: 'bob' }, { path: 'text', isWriteAck: true, correlationId: '1' }), (a) => read(a, 'owned/1'), {
        fault: 'H8', reason: 'the original judges the bare value of the patch (B16)',
        original: { A: (lines) => lines[0].startsWith('RECORD.WRITE_ACKNOWLEDGEMENT') },
        ours: {
            A: ['RECORD.MESSAGE_DENIED correlationId=1 isError isWriteAck name=owned/1 originalAction=CREATEANDPATCH',
                'RECORD.READ_RESPONSE data={"owner":"ann","text":"hers"} name=owned/1 version=1'],
        },
    }),
    bob('H9 an update with a path is judged as the patch that it is', async (a, table) => {
        const admin = await table.client('admin', as('ann'));
        write(admin, 'CREATEANDUPDATE', 'owned/2', -1, { owner: 'ann', text: 'hers' });
    }, (a) => write(a, 'UPDATE', 'owned/2', 2, { owner: 'bob' }, { path: 'text', isWriteAck: true, correlationId: '1' }), (a) => read(a, 'owned/2'), {
        fault: 'H9', reason: 'the original judges it as a full update and applies it as a patch',
        original: { A: (lines) => lines[0].startsWith('RECORD.WRITE_ACKNOWLEDGEMENT') },
        ours: {
            A: ['RECORD.MESSAGE_DENIED correlationId=1 isError isWriteAck name=owned/2 originalAction=UPDATE',
                'RECORD.READ_RESPONSE data={"owner":"ann","text":"hers"} name=owned/2 version=1'],
        },
    }),
    bob('H10 an erasure brings no payload past the rule for writes', async (a, table) => {
        const admin = await table.client('admin', as('ann'));
        write(admin, 'CREATEANDUPDATE', 'owned/3', -1, { owner: 'ann', text: 'hers' });
    }, (a) => write(a, 'ERASE', 'owned/3', 2, 'smuggled', { path: 'text', isWriteAck: true, correlationId: '1' }), (a) => read(a, 'owned/3'), {
        fault: 'H10', reason: 'the original writes the payload of an erasure, and asks no rule',
        original: { A: (lines) => lines[0].startsWith('RECORD.WRITE_ACKNOWLEDGEMENT') && lines[1].includes('smuggled') },
        ours: { A: (lines) => lines[0].startsWith('RECORD.INVALID_MESSAGE_DATA') && lines[1].includes('"text":"hers"') },
    }),
    bob('H11 an acknowledged update makes no record that may not be created',
        (a) => write(a, 'UPDATE', 'nocreate/9', 1, { a: 1 }, { isWriteAck: true, correlationId: '1' }), (a) => read(a, 'nocreate/9'), {
            fault: 'H11', reason: 'the original asks no rule for the creation (B3)',
            original: { A: ['RECORD.WRITE_ACKNOWLEDGEMENT correlationId=1 isWriteAck name=nocreate/9', 'RECORD.READ_RESPONSE data={"a":1} name=nocreate/9 version=1'] },
            ours: { A: (lines) => lines[0].startsWith('RECORD.RECORD_UPDATE_ERROR') && lines[1].startsWith('RECORD.RECORD_NOT_FOUND') },
        }),
    {
        title: 'H20 a listener is not told of names it may not listen to',
        async play(table) {
            const p = await table.client('P', as('bob'));
            const a = await table.client('A', as('ann'));
            p.send('RECORD.LISTEN', { name: '[s]ecret/.*' });
            p.send('EVENT.LISTEN', { name: '.*' });
            await table.settle();
            a.send('RECORD.SUBSCRIBECREATEANDREAD', { names: ['secret/9'], correlationId: '1' });
            a.send('EVENT.SUBSCRIBE', { names: ['secret/9', 'open/9'], correlationId: '2' });
        },
        fault: 'H20', reason: 'the original checks the text of the pattern alone',
        original: { P: (lines) => lines.filter((line) => line.endsWith('subscription=secret/9')).length === 2, A: () => true },
        ours: { P: ['RECORD.LISTEN isAck name="[s]ecret/.*"', 'EVENT.LISTEN isAck name=.*', 'EVENT.SUBSCRIPTION_FOR_PATTERN_FOUND name=.* subscription=open/9'], A: () => true },
    },
    bob('H22 several patches in one message are a write', (a) => write(a, 'CREATEANDUPDATE', 'owned/5', -1, { owner: 'bob' }),
        (a) => write(a, 'PATCH_MULTI', 'owned/5', 2, [{ path: 'owner', data: 'ann' }], { isWriteAck: true, correlationId: '1' }), {
            fault: 'H22', reason: 'the original of this version asks no rule for actions it does not know, and does not know this one',
            original: { A: [] }, ours: { A: ['RECORD.MESSAGE_DENIED correlationId=1 isError isWriteAck name=owned/5 originalAction=PATCH_MULTI'] },
        }),
    bob('H22 an erasure is a deletion', (a) => write(a, 'CREATEANDUPDATE', 'lone/1', -1, { a: 1, b: 2 }),
        (a) => write(a, 'ERASE', 'lone/1', 2, undefined, { path: 'a', isWriteAck: true, correlationId: '1' }), (a) => read(a, 'lone/1'), {
            fault: 'H22', reason: 'the original of this version asks no rule',
            original: { A: ['RECORD.WRITE_ACKNOWLEDGEMENT correlationId=1 isWriteAck name=lone/1', 'RECORD.READ_RESPONSE data={"b":2} name=lone/1 version=2'] },
            ours: {
                A: ['RECORD.MESSAGE_DENIED correlationId=1 isError isWriteAck name=lone/1 originalAction=ERASE', 'RECORD.READ_RESPONSE data={"a":1,"b":2} name=lone/1 version=1'],
            },
        }),
    bob('H22 actions of no list are refused before any rule', (a) => a.send('RECORD.77', { name: 'deny/1', correlationId: '1' }), {
        fault: 'H22', reason: 'the original lets them pass to the handler', original: { A: [] },
        ours: { A: ['PARSER.UNKNOWN_ACTION originalAction=77 originalTOPIC=5'] },
    }),
    bob('H28 of two writes in flight the second is judged on the first', (a) => write(a, 'CREATEANDUPDATE', 'auction/1', -1, { offer: 1 }), (a) => {
        write(a, 'UPDATE', 'auction/1', 2, { offer: 100 }, { isWriteAck: true, correlationId: '1' });
        write(a, 'UPDATE', 'auction/1', 3, { offer: 50 }, { isWriteAck: true, correlationId: '2' });
    }, (a) => read(a, 'auction/1'), {
        fault: 'H28', reason: 'the original judges both on the state before', original: { A: (lines) => lines.at(-1).includes('"offer":50') },
        ours: {
            A: ['RECORD.WRITE_ACKNOWLEDGEMENT correlationId=1 isWriteAck name=auction/1',
                'RECORD.MESSAGE_DENIED correlationId=2 isError isWriteAck name=auction/1 originalAction=UPDATE', 'RECORD.READ_RESPONSE data={"offer":100} name=auction/1 version=2'],
        },
    }),
    bob('B16 a patch that creates is judged by the record that it makes',
        (a) => write(a, 'CREATEANDPATCH', 'owned/77', -1, 'bob', { path: 'owner', isWriteAck: true, correlationId: '1' }),
        (a) => write(a, 'CREATEANDPATCH', 'owned/77', -1, 'text', { path: 'text', isWriteAck: true, correlationId: '2' }), (a) => read(a, 'owned/77'), {
            fault: 'B16', reason: 'the original refuses the second, whose bare value has no owner',
            original: { A: (lines) => lines[1].startsWith('RECORD.MESSAGE') },
            ours: {
                A: ['RECORD.WRITE_ACKNOWLEDGEMENT correlationId=1 isWriteAck name=owned/77', 'RECORD.WRITE_ACKNOWLEDGEMENT correlationId=2 isWriteAck name=owned/77',
                    'RECORD.READ_RESPONSE data={"owner":"bob","text":"text"} name=owned/77 version=2'],
            },
        }),
    bob('H18 match without a pattern matches nothing', (a) => a.send('EVENT.EMIT', { name: 'match', data: '{}' }), {
        fault: 'H18', reason: 'the original matches everything with a pattern that is undefined', original: { A: [] },
        ours: { A: (lines) => lines.length === 1 && /MESSAGE_(DENIED|PERMISSION_ERROR)/.test(lines[0]) },
    }),
    bob('H18 a pattern of a client that would take ages is ended', (a) =>
        a.send('EVENT.EMIT', { name: 'search', data: JSON.stringify({ pattern: '^(a+)+$', text: `${'a'.repeat(22)}!` }) }), {
        fault: 'H18', reason: 'the original tries for as long as it takes', original: { A: [] },
        ours: { A: ['EVENT.MESSAGE_PERMISSION_ERROR isError name=search originalAction=EMIT'] },
    }),
    bob('H19 a path with alternatives is anchored as a whole', (a) => a.send('EVENT.SUBSCRIBE', { names: ['left'], correlationId: '1' }),
        (a) => a.send('EVENT.SUBSCRIBE', { names: ['left-and-more'], correlationId: '2' }), {
            fault: 'H19', reason: 'the original anchors alternatives by half, so that the path holds for longer names',
            original: { A: ['EVENT.MESSAGE_DENIED correlationId=1 isError name=left originalAction=SUBSCRIBE',
                'EVENT.MESSAGE_DENIED correlationId=2 isError name=left-and-more originalAction=SUBSCRIBE'] },
            ours: { A: ['EVENT.MESSAGE_DENIED correlationId=1 isError name=left originalAction=SUBSCRIBE', 'EVENT.SUBSCRIBE correlationId=2 isAck'] },
        }),
    bob('H29 a record whose value is the text of a marker is a record like any other',
        (a) => write(a, 'CREATEANDUPDATE', 'state', -1, { v: 'loading' }), (a) => write(a, 'CREATEANDUPDATE', 'loading/1', -1, { a: 1 }), (a) => read(a, 'loading/1')),
    {
        title: 'H30 a name with line breaks makes no lines in the log',
        async play(table) {
            const a = await table.client('A', as('bob'));
            a.send('EVENT.EMIT', { name: 'broken2/x\nFATAL | forged entry', data: '{"x":1}' });
            await table.settle();
            const forged = /^FATAL \| forged entry/m.test(table.server.log);
            a.lines.push(`the log ${forged ? 'has' : 'has not'} a forged line`);
        },
        fault: 'H30', reason: 'the original writes names to the log as they are',
        original: { A: (lines) => lines.at(-1) === 'the log has a forged line' }, ours: { A: (lines) => lines.at(-1) === 'the log has not a forged line' },
    },
    bob('an event list with an inherited name', (a) => a.send('EVENT.SUBSCRIBE', { names: ['__proto__', 'constructor'], correlationId: '1' })),
]);

await differential('users without a name', { permission: permissions({ event: { members: { subscribe: 'user.isAuthenticated' } } }) }, [
    ...[[{}, 'without a name is not'], [{ username: 'open' }, 'called open is not'], [{ username: 'ann' }, 'with a name is']].map(([auth, what]) => ({
        title: `a user ${what} authenticated`,
        async play(table) {
            (await table.client('A', { auth })).send('EVENT.SUBSCRIBE', { names: ['members'], correlationId: '1' });
        },
    })),
]);

await differential('presence rules', {
    permission: permissions({ presence: { 'undefined': { allow: false }, 'hidden': { allow: false } } }),
}, [
    {
        title: 'H25 presence of all is a matter of the root rule',
        async play(table) {
            const a = await table.client('A');
            a.send('PRESENCE.SUBSCRIBE_ALL');
            a.send('PRESENCE.QUERY_ALL');
        },
        fault: 'H25', reason: 'the original looks for rules about the text undefined',
        original: { A: (lines) => lines.every((line) => line.includes('MESSAGE_DENIED')) && lines.length === 2 },
        ours: { A: ['PRESENCE.SUBSCRIBE_ALL isAck', 'PRESENCE.QUERY_ALL_RESPONSE'] },
    },
    {
        title: 'a hidden user is refused',
        async play(table) {
            const a = await table.client('A');
            a.send('PRESENCE.SUBSCRIBE', { names: ['hidden'], correlationId: '1' });
            a.send('PRESENCE.QUERY', { names: ['hidden'], correlationId: '2' });
        },
    },
]);

await differential('features switched off', { enabledFeatures: { record: false, rpc: false, event: false, presence: false } }, [
    ...[['EVENT', 'SUBSCRIBE', 4, 3], ['RECORD', 'READ', 5, 3], ['RPC', 'REQUEST', 6, 2], ['PRESENCE', 'QUERY_ALL', 7, 2]].map(([topic, action, number, of]) => ({
        title: `${topic} is an unknown topic when it is switched off`,
        async play(table) {
            (await table.client('A')).send(`${topic}.${action}`, { name: 'r', names: ['r'], correlationId: '1' });
        },
        fault: 'F18', reason: 'the original names neither topic nor action',
        original: { A: ['PARSER.UNKNOWN_TOPIC'] }, ours: { A: [`PARSER.UNKNOWN_TOPIC originalAction=${of} originalTOPIC=${number}`] },
    })),
]);

await differential('rules without records', { enabledFeatures: { record: false }, permission: permissions({ event: { e: { publish: "_('a') === null" } } }) }, [
    {
        title: 'B20 rules work when records are switched off',
        async play(table) {
            const a = await table.client('A');
            a.send('EVENT.SUBSCRIBE', { names: ['e'], correlationId: '1' });
            a.send('EVENT.EMIT', { name: 'e', data: '1' });
        },
        fault: 'B20', reason: 'the original ends its process at each check', original: 'crashes',
        ours: { A: ['EVENT.SUBSCRIBE correlationId=1 isAck'] },
    },
]);
