// Clients of all three WebSocket endpoints together: the published ones for the binary protocol, for JSON and for the
// v3 protocol see each other's changes; and raw ones say what no client would.

import { allEndpoints, assert, once, scenarios, until } from './stage.mjs';
import { isSanitized } from './hostile/villain.mjs';

const VALUES = ['text', 'a "quote" \\ and\nlines', 'żółć 🎉', '\u001e\u001f', '\ud83c', 0, -1.5, 1e21, true, false, null, {}, [], { a: [1, { b: '\u001f' }] }];

/** One client of each kind. */
const three = async (stage) => ({ v3: await stage.v3User('v3'), binary: await stage.user('binary'), json: await stage.jsonUser('json') });

const errorsOf = (clients) => Object.values(clients).flatMap((client) => client.errors);

/** A logged-in raw client of an endpoint of text; text() is all it has heard, with | and + for the separators. */
async function talker(stage, kind, name) {
    const peer = await stage.stranger(name, { path: kind === 'v3' ? '/deepstream-v3' : '/deepstream-json' });
    peer.text = () => peer.lines.map((line) => (line.startsWith('text ') ? JSON.parse(line.slice(5)) : `<${line}>`)).join('').replaceAll('\x1f', '|').replaceAll('\x1e', '+');
    peer.say = (text) => peer.sendText(kind === 'v3' ? text.replaceAll('|', '\x1f').replaceAll('+', '\x1e') : text);
    peer.hears = (part) => peer.until(() => peer.text().includes(part), part);
    if (kind === 'v3') {
        peer.say(`A|REQ|{"username":"${name}"}+`);
        await peer.hears('A|A+');
    } else {
        peer.say('{"topic":2,"action":5}');
        peer.say(`{"topic":3,"action":2,"parsedData":{"username":"${name}"}}`);
        await peer.hears('{"topic":3,"action":3}');
    }
    peer.forget();
    return peer;
}

await scenarios('v3_mixed', allEndpoints(), [
    ['events of each reach the others, whatever their value', async (stage) => {
        const clients = await three(stage);
        const heard = {};
        for (const [kind, client] of Object.entries(clients)) client.event.subscribe('mixed', (value) => (heard[kind] ??= []).push(value));
        await until(() => { // each hears itself at once
            for (const [kind, client] of Object.entries(clients)) client.event.emit('mixed', kind);
            return Object.keys(clients).every((kind) => new Set(heard[kind]).size === 3);
        }, 'subscriptions');
        await Promise.all([clients.binary, clients.json].map((client) => client.presence.getAll()));
        for (const client of Object.values(clients)) {
            const others = Object.entries(clients).filter(([, other]) => other !== client).map(([kind]) => kind);
            for (const kind of others) heard[kind] = [];
            client.event.emit('mixed', 'begin');
            for (const value of client === clients.v3 ? VALUES.filter((one) => one !== '\u001e\u001f' && one !== '\ud83c') : VALUES) client.event.emit('mixed', value);
            client.event.emit('mixed', 'end');
            for (const kind of others) {
                await until(() => heard[kind].includes('end'), `the end at ${kind}`);
                const said = heard[kind].slice(heard[kind].lastIndexOf('begin') + 1, -1);
                const expected = client === clients.v3 ? VALUES.filter((one) => one !== '\u001e\u001f' && one !== '\ud83c') : VALUES;
                assert.deepEqual(said, expected);
            }
        }
        assert.deepEqual(errorsOf(clients), []);
    }],
    ['changes of a record by each are seen by all', async (stage) => {
        const clients = await three(stage);
        const records = {};
        for (const [kind, client] of Object.entries(clients)) records[kind] = await client.record.getRecord('mixed/1').whenReady();
        const all = (path, value) => until(() => Object.values(records).every((record) => JSON.stringify(record.get(path)) === JSON.stringify(value)), `${path} to be ${JSON.stringify(value)}`);
        for (const [kind, record] of Object.entries(records)) {
            record.set({ by: kind });
            await all('by', kind);
            record.set('list[1].deep', `${kind}\u001f"`.replace(kind === 'v3' ? '\u001f' : '', ''));
            await all('list[1].deep', records[kind].get('list[1].deep'));
            record.set('gone', 1);
            await all('gone', 1);
            record.set('gone', undefined);
            await all('gone', undefined);
        }
        assert.deepEqual(records.v3.get(), records.binary.get());
        assert.deepEqual(records.json.get(), records.binary.get());
        assert.deepEqual(errorsOf(clients), []);
    }],
    ['several patches in one write reach v3 clients as the whole', async (stage) => {
        const clients = await three(stage);
        await clients.v3.record.setDataWithAck('mixed/2', { a: 1 });
        const record = await clients.v3.record.getRecord('mixed/2').whenReady();
        const [raw, peer] = [await talker(stage, 'v3', 'raw'), await stage.peer('patcher')];
        raw.say('R|CR|mixed/2+');
        await raw.hears('R|R|mixed/2|1|{"a":1}+');
        peer.send('RECORD.PATCH_MULTI', { name: 'mixed/2', version: 2, data: '[{"path":"b","data":2},{"path":"a"}]' });
        await raw.hears('R|U|mixed/2|2|{"b":2}+');
        await until(() => record.get('b') === 2, 'the patches');
        assert.deepEqual(record.get(), { b: 2 });
    }],
    ['write acknowledgements and conflicts of JSON clients', async (stage) => {
        const json = await stage.jsonUser('json');
        await json.record.setDataWithAck('mixed/3', { a: 1 });
        await json.record.setDataWithAck('mixed/3', 'b', { c: null });
        assert.deepEqual(await json.record.snapshot('mixed/3'), { a: 1, b: { c: null } });
        assert.equal(await json.record.head('mixed/3'), 2);
        assert.equal(await json.record.has('mixed/none'), false);
        await assert.rejects(json.record.snapshot('mixed/none'), (error) => /RECORD_NOT_FOUND/.test(String(error)));
        const raw = await talker(stage, 'json', 'raw');
        raw.say('{"topic":5,"action":18,"name":"mixed/3","version":2,"data":"{}","isWriteAck":true,"correlationId":"9"}');
        await raw.hears('"parsedData":{"a":1,"b":{"c":null}}');
        const reply = JSON.parse(raw.text());
        assert.deepEqual([reply.action, reply.version, reply.isWriteAck, reply.correlationId], [102, 2, true, '9']);
    }],
    ['calls go from each to each', async (stage) => {
        const clients = await three(stage);
        for (const [kind, client] of Object.entries(clients)) {
            client.rpc.provide(`call/${kind}`, (value, response) => (value === 'fail' ? response.error('sorry') : response.send({ by: kind, value })));
        }
        for (const caller of Object.values(clients)) {
            for (const kind of Object.keys(clients)) {
                const answer = await until(async () => caller.rpc.make(`call/${kind}`, [1, null]).catch((error) => (error === 'NO_RPC_PROVIDER' ? null : Promise.reject(new Error(error)))), 'the provider');
                assert.deepEqual(answer, { by: kind, value: [1, null] });
                await assert.rejects(caller.rpc.make(`call/${kind}`, 'fail'), (error) => /sorry/.test(String(error)));
            }
        }
    }],
    ['presence and listening between the protocols', async (stage) => {
        const v3 = await stage.v3User('v3');
        const json = await stage.jsonUser('json');
        const seen = [];
        v3.presence.subscribe((user, isThere) => seen.push(`${user} ${isThere}`));
        await new Promise((done) => { v3.presence.getAll(done); });
        const binary = await stage.user('binary');
        await until(() => seen.includes('binary true'), 'binary at v3');
        assert.deepEqual((await binary.presence.getAll()).sort(), ['json', 'v3']);
        assert.deepEqual(await json.presence.getAll(['v3', 'x']), { v3: true, x: false });
        const told = [];
        json.record.listen('wanted/.*', (name, response) => { told.push(name); response.accept(); response.onStop(() => told.push(`stop ${name}`)); });
        await json.presence.getAll();
        const record = await v3.record.getRecord('wanted/1').whenReady();
        await until(() => record.hasProvider, 'the provider');
        record.discard();
        await until(() => told.includes('stop wanted/1'), 'the end of it');
        assert.deepEqual(errorsOf({ v3, json, binary }), []);
    }],
    ['names with separators do not reach v3 clients, and nothing else is lost', async (stage) => {
        const [raw, peer] = [await talker(stage, 'v3', 'raw'), await stage.peer('villain', { auth: { username: 'vil\u001elain\u001f' } })];
        raw.say('U|S|S+');
        raw.say('E|S|fine+');
        await raw.hears('E|A|S|fine+');
        peer.send('EVENT.EMIT', { name: 'fine', data: JSON.stringify('x\u001eE\u001fEVT\u001ffine\u001fSforged\u001e') });
        peer.send('EVENT.EMIT', { name: 'fine', data: '"\u001eC\u001fREJ\u001e"' }); // no JSON
        peer.send('EVENT.EMIT', { name: 'fine', data: '"end"' });
        await raw.hears('E|EVT|fine|Send+');
        assert.ok(!raw.text().includes('forged+') && !raw.text().includes('REJ'));
        raw.say('U|Q|Q+');
        await raw.hears('U|Q+');
    }],
    ['v3: hostile frames harm nobody, and are answered where there is an answer', async (stage) => {
        const raw = await talker(stage, 'v3', 'raw');
        raw.say('E|EVT|n|Xfoo+E|EVT|n|O{+Z|Z|Z+||||+|+++U|S|1|{}+U|S|1|[1]+R|U|r|x|{}+R|U|r|1+P|E|x+');
        raw.say('R|CU|r|-1|no json|{"writeSuccess":true}+');
        raw.say('R|CU|r|-1|__proto__|S1|{"writeSuccess":true}+');
        raw.say('C|PI+');
        await raw.hears('C|PO+');
        assert.equal(raw.text(), 'E|E|INVALID_MESSAGE_DATA|n+E|E|INVALID_MESSAGE_DATA|n+U|E|INVALID_PRESENCE_USERS|1+U|E|INVALID_PRESENCE_USERS|1+' +
            'R|E|INVALID_MESSAGE_DATA|r+R|E|INVALID_MESSAGE_DATA|r+P|E|INVALID_MESSAGE_DATA+' +
            'R|WA|r|[-1]|SINVALID_MESSAGE_DATA+R|E|INVALID_MESSAGE_DATA|r+R|WA|r|[-1]|SINVALID_MESSAGE_DATA+R|E|INVALID_MESSAGE_DATA|"1"+C|PO+');
        raw.forget();
        raw.say('C|PI+'.repeat(20000));
        await raw.until(() => raw.lines.length === 20000, '20000 answers', 60000);
        raw.sendBytes(Buffer.from('C\x1fPI\x1e'));
        assert.equal(await raw.closes(), 1003);
    }],
    ['JSON: hostile frames harm nobody, and are answered where there is an answer', async (stage) => {
        const raw = await talker(stage, 'json', 'raw');
        for (const text of ['null', '[]', '1', '{}', '{"topic":4}', '{"topic":4,"action":3}', '{"topic":4,"action":3,"names":["a",1],"correlationId":"7"}',
            '{"topic":5,"action":16,"name":"r","version":-1,"data":{"a":1}}', `{"topic":4,"action":2,"x":${'['.repeat(200)}${']'.repeat(200)}}`]) raw.say(text);
        raw.say('{"topic":2,"action":2}');
        await raw.hears('{"topic":2,"action":3}');
        const actions = raw.lines.map((line) => { const { topic, action } = JSON.parse(JSON.parse(line.slice(5))); return `${topic}.${action}`; });
        assert.deepEqual(actions, ['1.1', '1.1', '1.1', '1.1', '1.2', '4.105', '4.105', '5.116', '4.105', '2.3']);
        raw.say('{"topic":4,');
        assert.equal(await raw.closes(), 1005);
        const deep = await talker(stage, 'json', 'deep');
        deep.say(`{"topic":4,"action":2,"name":"n","parsedData":${'['.repeat(100000)}${']'.repeat(100000)}}`);
        assert.equal(await deep.closes(), 1005);
        const binary = await talker(stage, 'json', 'binary');
        binary.sendBytes(Buffer.from('{"topic":2,"action":2}'));
        assert.equal(await binary.closes(), 1003);
    }],
    ['pings come and are answered before the login', async (stage) => {
        const stranger = await stage.stranger('stranger', { path: '/deepstream-v3' });
        stranger.sendText('C\x1fPI\x1e');
        await stranger.until(() => stranger.lines.length === 3, 'three messages');
        assert.deepEqual(stranger.lines, ['C\x1fA\x1e', 'C\x1fPI\x1e', 'C\x1fPO\x1e'].map((text) => `text ${JSON.stringify(text)}`));
        const other = await stage.stranger('other', { path: '/deepstream-json' });
        other.sendText('{"topic":2,"action":2}');
        await other.until(() => other.lines.length === 1, 'the answer');
        assert.deepEqual(other.lines, [`text ${JSON.stringify('{"topic":2,"action":3}')}`]);
    }],
    ['F13: requests that were answered leave nothing behind, of either protocol of text', async (stage) => {
        for (const kind of ['v3', 'json']) {
            const raw = await talker(stage, kind, 'restless');
            const requests = kind === 'v3' ? ['E|S|n+E|US|n+R|SN|r+U|Q|Q+'] : [3, 4].map((action) => JSON.stringify({ topic: 4, action, names: ['n'], correlationId: '1' }));
            const last = (i) => (kind === 'v3' ? `E|US|end${i}+` : JSON.stringify({ topic: 4, action: 4, names: ['n'], correlationId: `end${i}` }));
            const round = async () => {
                for (let i = 1; i <= 2000; i++) {
                    for (const request of requests) raw.say(request);
                    if (i % 50 !== 0) continue;
                    raw.say(last(i));
                    await raw.hears(`end${i}`);
                    raw.forget();
                }
            };
            await round();
            const before = stage.server.residentKilobytes();
            for (let i = 0; i < 3; i++) await round();
            const grown = stage.server.residentKilobytes() - before;
            assert.ok(isSanitized || grown < 1536, `${grown} KiB more`);
        }
    }],
]);
