// Messages that no client would send: cut short, of unknown topics and actions, with texts that are no UTF-8, with
// too many names, strange names, versions beyond all bounds, JSON too deep, paths that want a lot of memory.
//
//     node messages.mjs [--server FILE] [--only TEXT]

import { permissions } from '../../support/servers.mjs';
import { ACTIONS, actionName, encode, TOPICS } from '../../support/wire.mjs';
import { assert, bytesField, cases, frameOf, isSanitized, linesOf, numberField, pause, varint } from './villain.mjs';

const DEEP = 200000;
const MAX_NAMES = 10000;
const deepList = (depth) => '['.repeat(depth) + ']'.repeat(depth);
const deepMap = (depth) => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth);

/** Fields of texts by topic, as in protocol.md 2.4; names is a list, versions a map. */
const TEXTS = {
    CONNECTION: { data: 2, url: 5, protocolVersion: 6, sdkVersion: 7, sdkType: 8 },
    AUTH: { data: 2 },
    EVENT: { data: 2, correlationId: 3, name: 6, names: 7, subscription: 8 },
    RECORD: { data: 2, correlationId: 3, name: 6, names: 7, pattern: 8, subscription: 9, path: 12 },
    RPC: { data: 2, correlationId: 3, names: 6, name: 7, requestorName: 10, requestorData: 11 },
    PRESENCE: { data: 4, correlationId: 5, name: 8, names: 9 },
};
const NO_UTF8 = ['ff', '80', 'c0af', 'c3', 'e282', 'eda080', 'edbfbf', 'f4908080', 'f8888080808080', '61c32862'].map((hex) => Buffer.from(hex, 'hex'));

const VALID = [
    ['CONNECTION.PING'], ['CONNECTION.CHALLENGE', { url: 'ws://x', protocolVersion: '0.1a', sdkVersion: '7', sdkType: 'js' }],
    ['AUTH.REQUEST', { data: '{"username":"u"}' }],
    ['EVENT.SUBSCRIBE', { names: ['a', 'b'], correlationId: '0' }], ['EVENT.UNSUBSCRIBE', { names: ['a'], correlationId: '1' }],
    ['EVENT.EMIT', { name: 'a', data: '{"x":[1,2,"é"]}' }], ['EVENT.LISTEN', { name: 'a.*' }], ['EVENT.UNLISTEN', { name: 'a.*' }],
    ['EVENT.LISTEN_ACCEPT', { name: 'a.*', subscription: 'a' }],
    ['RECORD.SUBSCRIBECREATEANDREAD', { names: ['r', 's'], correlationId: '0' }], ['RECORD.SUBSCRIBEANDHEAD', { names: ['r'], correlationId: '0' }],
    ['RECORD.SUBSCRIBEANDREAD', { names: ['r'], correlationId: '0' }], ['RECORD.READ', { name: 'r' }], ['RECORD.HEAD', { name: 'r' }],
    ['RECORD.CREATEANDUPDATE', { name: 'r', version: -1, data: '{"a":1}', isWriteAck: true, correlationId: '1' }],
    ['RECORD.CREATEANDPATCH', { name: 'r', version: -1, path: 'a.b[2]', data: '1', isWriteAck: true, correlationId: '1' }],
    ['RECORD.UPDATE', { name: 'r', version: 300, data: '{}' }], ['RECORD.ERASE', { name: 'r', version: 5, path: 'a' }],
    ['RECORD.PATCH_MULTI', { name: 'r', version: 5, data: '[{"path":"a","data":1}]' }],
    ['RECORD.NOTIFY', { names: ['r'], correlationId: '0' }], ['RECORD.DELETE', { name: 'r' }],
    ['RPC.PROVIDE', { names: ['p'], correlationId: '0' }], ['RPC.REQUEST', { name: 'p', correlationId: 'c', data: '1' }],
    ['RPC.RESPONSE', { name: 'p', correlationId: 'c', data: '1' }],
    ['PRESENCE.SUBSCRIBE', { names: ['u'], correlationId: '0' }], ['PRESENCE.QUERY', { names: ['u'], correlationId: '0' }],
    ['PRESENCE.QUERY_ALL'], ['PRESENCE.SUBSCRIBE_ALL'],
];
const FRAMES = VALID.map(([kind, fields]) => encode(kind, fields));

const count = (peer, kind) => peer.messages.filter((message) => message.kind === kind).length;

/** Asks with isWriteAck and gives what answers. */
async function write(peer, kind, fields) {
    const correlationId = `w${peer.writes = (peer.writes ?? 0) + 1}`;
    peer.send(`RECORD.${kind}`, { version: -1, isWriteAck: true, correlationId, ...fields });
    return peer.until(() => peer.messages.find((message) => message.correlationId === correlationId), `an answer to ${kind} ${fields.path?.slice(0, 40)}`, 60000);
}

async function read(peer, name) {
    peer.forget();
    peer.send('RECORD.READ', { name });
    return peer.until(() => peer.messages.find((message) => message.kind.startsWith('RECORD.') && message.name === name), 'the record', 60000);
}

await cases('messages', { logLevel: 0, endpoint: { maxNames: MAX_NAMES } }, [
    ['every truncation of a valid message is refused once, in each state', async (stage) => {
        const cuts = FRAMES.flatMap((bytes) => Array.from({ length: bytes.length }, (_, length) => bytes.subarray(0, length)));
        const peer = await stage.peer('cutter');
        for (const bytes of cuts) peer.sendBytes(bytes);
        await peer.roundTrip();
        assert.equal(count(peer, 'PARSER.UNKNOWN_TOPIC'), cuts.length);
        assert.equal(peer.messages.length, cuts.length);
        const stranger = await stage.stranger('stranger');
        for (const bytes of cuts) stranger.sendBytes(bytes);
        await stranger.frameRoundTrip();
        assert.equal(count(stranger, 'CONNECTION.INVALID_MESSAGE'), cuts.length);
        stranger.forget();
        stranger.send('CONNECTION.CHALLENGE', { url: 'x' });
        for (const bytes of cuts) stranger.sendBytes(bytes);
        await stranger.frameRoundTrip();
        assert.equal(count(stranger, 'AUTH.INVALID_MESSAGE'), cuts.length);
    }],
    ['truncations inside of a whole envelope, and every bit turned', async (stage) => {
        for (const bytes of FRAMES) {
            const peer = await stage.peer('turner');
            const topic = bytes[2], inner = bytes.subarray(5);
            for (let length = 0; length < inner.length; length++) {
                const body = Buffer.concat([numberField(2, topic), bytesField(3, inner.subarray(0, length))]);
                peer.sendBytes(Buffer.concat([varint(body.length), body]));
            }
            await peer.roundTrip();
            for (let bit = 0; bit < bytes.length * 8; bit++) {
                const turned = Buffer.from(bytes);
                turned[bit >> 3] ^= 1 << (bit & 7);
                peer.sendBytes(turned);
            }
            await peer.roundTrip();
            assert.ok(!peer.isClosed, 'nothing of that is a reason to close');
            await peer.close();
        }
    }],
    ['unknown topics and actions of every number', async (stage) => {
        const more = { name: 'n', names: ['n'], data: '1', correlationId: 'c', subscription: 's' };
        for (let topic = 0; topic < 256; topic++) {
            const known = Object.keys(ACTIONS).find((name) => TOPICS[name] === topic);
            const peer = await stage.peer(`topic ${topic}`);
            for (let action = 0; action < 256; action++) {
                if (known) peer.send(`${known}.${action}`, more);
                else peer.sendBytes(frameOf(topic, numberField(1, action), bytesField(6, 'n')));
            }
            await peer.roundTrip();
            if (known === 'CONNECTION') await peer.roundTrip(); // one of the actions was a ping, whose answer ended the first
            assert.ok(!peer.isClosed, `topic ${topic}`);
            const served = ['EVENT', 'RECORD', 'RPC', 'PRESENCE'].includes(known);
            if (!served) {
                const pings = known === 'CONNECTION' ? 1 : 0;
                assert.equal(count(peer, 'PARSER.UNKNOWN_TOPIC') + count(peer, 'PARSER.UNKNOWN_ACTION') + pings, 256, `topic ${topic}: ${peer.messages.length}`);
                assert.ok(count(peer, 'CONNECTION.PONG') <= pings);
            } else {
                const unknown = Array.from({ length: 256 }, (_, action) => action).filter((action) => actionName(known, action) === String(action));
                const refused = peer.messages.filter(({ kind }) => kind === 'PARSER.UNKNOWN_ACTION').map(({ originalAction }) => originalAction);
                for (const action of unknown) assert.ok(refused.includes(action) || action === 0, `${known}.${action}`);
            }
            await peer.close();
        }
        assert.ok(linesOf(stage, /UNKNOWN_ACTION/).length > 0);
    }],
    ['numbers of topics and actions beyond all bounds', async (stage) => {
        const peer = await stage.peer('numbers');
        const huge = [256n, 258n, 65536n + 2n, 2n ** 31n, 2n ** 32n + 4n, 2n ** 63n, 2n ** 64n - 1n];
        for (const number of huge) {
            peer.sendBytes(frameOf('EVENT', numberField(1, number), bytesField(6, 'n')));
            const body = Buffer.concat([numberField(2, number), bytesField(3, numberField(1, 2))]);
            peer.sendBytes(Buffer.concat([varint(body.length), body]));
            peer.sendBytes(Buffer.concat([varint(number), Buffer.from('10041a020802', 'hex')]));
        }
        await peer.roundTrip();
        assert.equal(peer.messages.length, 3 * huge.length, peer.lines.join('\n'));
    }],
    ['wrong UTF-8 in every text of every topic is refused and handed to nobody', async (stage) => {
        const watcher = await stage.peer('watcher');
        watcher.send('EVENT.SUBSCRIBE', { names: ['n'], correlationId: '0' });
        watcher.send('EVENT.LISTEN', { name: '.*' });
        watcher.send('RECORD.LISTEN', { name: '.*' });
        watcher.send('RPC.PROVIDE', { names: ['n'], correlationId: '0' });
        await watcher.roundTrip();
        watcher.forget();
        const peer = await stage.peer('speaker');
        let sent = 0;
        for (const [topic, fields] of Object.entries(TEXTS)) {
            for (const field of Object.values(fields)) {
                for (const action of [2, 3, 5, 10, 16, 18]) {
                    for (const bad of NO_UTF8) {
                        peer.sendBytes(frameOf(topic, numberField(1, action), ...Object.values(fields).filter((other) => other !== field).map((other) => bytesField(other, 'n')), bytesField(field, bad)));
                        sent++;
                    }
                }
            }
        }
        for (const bad of NO_UTF8) {
            peer.sendBytes(frameOf('RECORD', numberField(1, 3), bytesField(6, 'n'), bytesField(14, Buffer.concat([bytesField(1, bad), numberField(2, 1)]))));
            sent++;
        }
        await peer.roundTrip();
        // `pattern` of records is of no use to anybody, so it may be skipped unread.
        const unread = NO_UTF8.length * 6;
        const refused = count(peer, 'PARSER.UNKNOWN_TOPIC');
        assert.ok(refused === sent || refused >= sent - unread, `${refused} of ${sent}`);
        await watcher.roundTrip();
        for (const { name, data, subscription } of watcher.messages) for (const text of [name, data, subscription]) assert.ok(!String(text).includes('\ufffd'), text);
        assert.ok(linesOf(stage, /INVALID_MESSAGE \|.*not UTF-8/).length > 0, 'the log says why');
    }],
    ['names of control characters, NUL, marks of direction, nothing and 900 KB are names like any other', async (stage) => {
        const names = ['\0', 'a\0b', '\n', 'a\r\nFATAL | forged', '\u001b[31m', '\u202eabc', '\u2028', '\ufeff', '\uffff', '\u{10ffff}', ' ', '__proto__', 'constructor', '%_EVERYONE_%', 'x'.repeat(900000)];
        const [a, b] = await Promise.all(['a', 'b'].map((name) => stage.peer(name)));
        const from = stage.server.log.length;
        for (const name of names) {
            a.send('EVENT.SUBSCRIBE', { names: [name], correlationId: '0' });
            await a.sees('EVENT.SUBSCRIBE', { isAck: true });
            a.send('EVENT.SUBSCRIBE', { names: [name], correlationId: '1' });
            await a.sees('EVENT.MULTIPLE_SUBSCRIPTIONS', { name });
            b.send('EVENT.EMIT', { name, data: '1' });
            await a.sees('EVENT.EMIT', { name });
            assert.equal((await write(b, 'CREATEANDUPDATE', { name, data: '{"a":1}' })).kind, 'RECORD.WRITE_ACKNOWLEDGEMENT');
            assert.equal((await read(b, name)).data, '{"a":1}');
            b.send('RECORD.DELETE', { name });
            await b.sees('RECORD.DELETE_SUCCESS', { name });
            a.send('RPC.PROVIDE', { names: [name], correlationId: '0' });
            await a.sees('RPC.PROVIDE', { isAck: true });
            b.send('RPC.REQUEST', { name, correlationId: 'c' });
            const { correlationId } = await a.sees('RPC.REQUEST', { name });
            a.send('RPC.RESPONSE', { name, correlationId, data: '1' });
            await b.sees('RPC.RESPONSE', { name });
            a.forget();
            b.forget();
        }
        const log = stage.server.log.slice(from);
        assert.ok(!/[\x00-\x09\x0b-\x1f\x7f\u202e\u2028\ufeff]/.test(log), 'the log holds no control character');
        assert.ok(!/^FATAL/m.test(log), 'no line of the log was forged');
        assert.ok(log.split('\n').every((line) => line.length < 70000), 'no line of the log is endless');
    }],
    ['lone surrogates in JSON stay what they were', async (stage) => {
        const peer = await stage.peer('surrogate');
        for (const data of ['{"a":"\\ud800"}', '{"a":"\\udc00\\ud800"}', '{"\\ud800":1}']) {
            await write(peer, 'CREATEANDUPDATE', { name: 'surrogate', data });
            await write(peer, 'CREATEANDPATCH', { name: 'surrogate', path: 'b', data: '"\\udfff"' });
            const got = JSON.parse((await read(peer, 'surrogate')).data);
            assert.deepEqual(got, { ...JSON.parse(data), b: '\udfff' });
        }
    }],
    ['versions beyond all bounds', async (stage) => {
        const peer = await stage.peer('versions');
        await write(peer, 'CREATEANDUPDATE', { name: 'v', data: '{"n":1}' });
        const answers = [];
        for (const version of [-2147483648, -2, 0, 1, 3, 1000, 2147483646, 2147483647]) {
            for (const [kind, path] of [['UPDATE'], ['PATCH', 'n'], ['ERASE', 'n']]) answers.push(await write(peer, kind, { name: 'v', version, path, data: kind === 'ERASE' ? undefined : '{"n":2}' }));
        }
        for (const { kind } of answers) assert.match(kind, /^RECORD\.(INVALID_VERSION|VERSION_EXISTS)$/);
        for (const version of [2n ** 32n + 2n, 2n ** 63n, 2n ** 64n - 1n]) {
            peer.sendBytes(frameOf('RECORD', numberField(1, 18), bytesField(2, '{"n":3}'), bytesField(6, 'v'), numberField(13, version)));
        }
        await peer.roundTrip();
        const { version } = await read(peer, 'v');
        assert.ok(version >= 1 && version <= 3, `${version}`);
    }],
    ['ten thousand names in one message are served, one more is refused, in every bulk action', async (stage) => {
        const names = Array.from({ length: MAX_NAMES + 1 }, (_, i) => `bulk/${i}`);
        const bulk = { EVENT: ['SUBSCRIBE', 'UNSUBSCRIBE'], PRESENCE: ['SUBSCRIBE', 'UNSUBSCRIBE', 'QUERY'], RPC: ['PROVIDE', 'UNPROVIDE'],
            RECORD: ['SUBSCRIBE', 'UNSUBSCRIBE', 'SUBSCRIBEANDHEAD', 'UNSUBSCRIBE', 'SUBSCRIBEANDREAD', 'UNSUBSCRIBE', 'SUBSCRIBECREATEANDREAD', 'UNSUBSCRIBE', 'NOTIFY'] };
        const peer = await stage.peer('bulk');
        for (const [topic, actions] of Object.entries(bulk)) {
            for (const [i, action] of actions.entries()) {
                const kind = `${topic}.${action}`, correlationId = String(i);
                const refusal = `${topic}.${topic === 'PRESENCE' ? 'INVALID_PRESENCE_USERS' : 'INVALID_MESSAGE_DATA'}`;
                peer.send(kind, { names, correlationId });
                const { isError, originalAction } = await peer.sees(refusal, { correlationId });
                assert.ok(isError && originalAction === action, kind);
                assert.equal(peer.messages.length, 1, kind);
                peer.forget();
                peer.send(kind, { names: names.slice(1), correlationId });
                const answer = action === 'QUERY' ? await peer.sees('PRESENCE.QUERY_RESPONSE', { correlationId }) : await peer.sees(kind, { correlationId, isAck: true });
                if (action === 'QUERY') assert.equal(Object.keys(JSON.parse(answer.data)).length, MAX_NAMES);
                if (action.endsWith('READ')) await peer.until(() => count(peer, 'RECORD.READ_RESPONSE') === MAX_NAMES, 'all records', 60000);
                if (action.endsWith('HEAD')) await peer.until(() => count(peer, 'RECORD.HEAD_RESPONSE') === MAX_NAMES, 'all heads', 60000);
                assert.equal(count(peer, `${topic}.MULTIPLE_SUBSCRIPTIONS`), 0, kind);
                peer.forget();
            }
        }
        assert.ok(linesOf(stage, /INVALID_MESSAGE \|.*too many names/).length > 0, 'the log says why');
    }],
    ['ten thousand versions in one message, one more, and a name ten thousand times', async (stage) => {
        const peer = await stage.peer('versions');
        const entries = (length) => Array.from({ length }, (_, i) => bytesField(14, Buffer.concat([bytesField(1, `v/${i}`), numberField(2, i)])));
        peer.sendBytes(frameOf('RECORD', numberField(1, 3), bytesField(6, 'none'), ...entries(MAX_NAMES)));
        await peer.sees('RECORD.RECORD_NOT_FOUND');
        peer.sendBytes(frameOf('RECORD', numberField(1, 3), bytesField(6, 'none'), ...entries(MAX_NAMES + 1)));
        await peer.sees('RECORD.INVALID_MESSAGE_DATA', { name: 'none' });
        peer.forget();
        for (const kind of ['EVENT.SUBSCRIBE', 'RECORD.SUBSCRIBECREATEANDREAD', 'RPC.PROVIDE', 'PRESENCE.SUBSCRIBE']) {
            peer.send(kind, { names: Array(MAX_NAMES).fill('same'), correlationId: 's' });
            await peer.until(() => peer.messages.at(-1)?.isAck, `the ack of ${kind}`, 60000);
            peer.forget();
        }
        await peer.roundTrip();
    }],
    ['no names, empty names, names where a name belongs and the reverse', async (stage) => {
        const peer = await stage.peer('none');
        for (const topic of ['EVENT', 'RECORD', 'RPC', 'PRESENCE']) {
            for (const [action, number] of Object.entries(ACTIONS[topic])) {
                if (number === 0 || number > 99) continue;
                for (const fields of [{}, { names: [] }, { names: [''] }, { name: '' }, { name: 'x' }, { names: ['x'] }, { name: '', names: [''], data: '', path: '', version: 0, subscription: '', correlationId: '' }]) {
                    peer.send(`${topic}.${action}`, fields);
                }
            }
        }
        await peer.roundTrip();
        assert.ok(!peer.isClosed);
    }],
    ['fields a thousand times, unknown fields, groups in groups', async (stage) => {
        const peer = await stage.peer('fields');
        const emit = numberField(1, 2), name = bytesField(6, 'f');
        peer.sendBytes(frameOf('EVENT', emit, ...Array(100000).fill(bytesField(6, 'other')), name));
        peer.sendBytes(frameOf('EVENT', emit, name, ...Array.from({ length: 1000 }, (_, i) => numberField(100 + i, i))));
        peer.sendBytes(frameOf('EVENT', emit, name, Buffer.alloc(500000, 0x7b)));
        peer.sendBytes(frameOf('EVENT', emit, name, Buffer.alloc(500000, 0xfb), Buffer.alloc(500000, 0xfc)));
        peer.sendBytes(frameOf('EVENT', emit, bytesField(6, Buffer.alloc(0)), Buffer.from('0000', 'hex')));
        await peer.roundTrip();
        assert.ok(!peer.isClosed);
    }],
]);

await cases('payloads', {
    logLevel: 0,
    permission: permissions({ event: { 'ruled/*': { publish: 'data.a !== 1', subscribe: true } }, record: { 'ruled/*': { create: true, read: true, write: 'data.a !== 1 && oldData !== 1', delete: true } } }),
}, [
    ['JSON that is too deep: written, patched, published under a rule', async (stage) => {
        const [peer, watcher] = await Promise.all(['deep', 'watcher'].map((name) => stage.peer(name)));
        watcher.send('EVENT.SUBSCRIBE', { names: ['ruled/deep', 'free/deep'], correlationId: '0' });
        await watcher.sees('EVENT.SUBSCRIBE');
        for (const deep of [deepList(DEEP), deepMap(DEEP / 2), '['.repeat(DEEP), '{"a":'.repeat(DEEP)]) {
            for (const name of ['deep', 'ruled/deep']) {
                assert.match((await write(peer, 'CREATEANDUPDATE', { name, data: deep })).kind, /INVALID_MESSAGE_DATA|MESSAGE_PERMISSION_ERROR|MESSAGE_DENIED/);
                assert.match((await write(peer, 'CREATEANDPATCH', { name, path: 'a', data: deep })).kind, /INVALID_MESSAGE_DATA|MESSAGE_PERMISSION_ERROR|MESSAGE_DENIED/);
                assert.match((await write(peer, 'PATCH_MULTI', { name, version: 1, data: `[{"path":"a","data":${deep}}]` })).kind, /INVALID|ERROR|DENIED/);
            }
            peer.forget();
            peer.send('EVENT.EMIT', { name: 'ruled/deep', data: deep, correlationId: 'e' });
            assert.match((await peer.until(() => peer.messages.find(({ correlationId }) => correlationId === 'e'), 'a refusal')).kind, /MESSAGE_PERMISSION_ERROR|MESSAGE_DENIED/);
        }
        await watcher.roundTrip();
        assert.equal(count(watcher, 'EVENT.EMIT'), 0);
    }],
    ['JSON at the bound of depth, and one beyond', async (stage) => {
        const peer = await stage.peer('bound');
        for (let depth = 120; depth < 135; depth++) {
            const name = `bound/${depth}`;
            const answer = await write(peer, 'CREATEANDUPDATE', { name, data: deepMap(depth) });
            if (answer.kind === 'RECORD.WRITE_ACKNOWLEDGEMENT') {
                assert.match((await write(peer, 'CREATEANDPATCH', { name, path: Array(depth + 5).fill('a').join('.'), data: '1' })).kind, /ACKNOWLEDGEMENT|INVALID_MESSAGE_DATA/);
                JSON.parse((await read(peer, name)).data);
            } else assert.equal(answer.kind, 'RECORD.INVALID_MESSAGE_DATA');
        }
    }],
    ['what is no JSON is refused wherever it is looked at', async (stage) => {
        const peer = await stage.peer('nojson');
        for (const data of ['', '{', '{"a":1}x', "{'a':1}", '{"a":01}', '{"a":NaN}', 'undefined', '{"a":1e}', '[1,]', '{"a":"\n"}', '\ufeff{}', '1', '"text"', 'null', 'true', '{"a":"\\x"}']) {
            const answer = await write(peer, 'CREATEANDUPDATE', { name: 'nojson', data });
            assert.equal(answer.kind, 'RECORD.INVALID_MESSAGE_DATA', data);
            assert.equal(answer.isError, true);
        }
        for (const data of ['[', '{}', '[]', '[1]', '[{}]', '[{"path":1}]', '[{"path":"a","data":1},{"path":""}]', '[null]']) {
            assert.match((await write(peer, 'PATCH_MULTI', { name: 'nojson', version: 1, data })).kind, /INVALID_MESSAGE_DATA|RECORD_UPDATE_ERROR/, data);
        }
        assert.ok(linesOf(stage, /INVALID_MESSAGE_DATA/).length > 0, 'the log says why');
    }],
    ['paths that are no paths, or want a lot of memory', async (stage) => {
        const peer = await stage.peer('paths');
        const before = stage.server.residentKilobytes();
        await write(peer, 'CREATEANDUPDATE', { name: 'paths', data: '{"a":{"b":null},"l":[1]}' });
        const bad = ['', '.', '..', 'a.', '.a', 'a..b', '[', ']', 'a[', 'a]', 'a[-1]', 'a[x]', 'l[1000000]', 'l[999999999999999999999]', 'l[4294967296]', '[[[[', 'l[0', '__proto__', '__proto__.x',
            'a.__proto__.x', 'constructor.prototype.x', 'a.b.c', `l${'[999999]'.repeat(20)}`, Array(50000).fill('x').join('.'), `l${'[0]'.repeat(50000)}`, 'x'.repeat(100) + '['.repeat(100000)];
        for (const path of bad) {
            const answer = await write(peer, 'CREATEANDPATCH', { name: 'paths', path, data: '1' });
            assert.match(answer.kind, /INVALID_MESSAGE_DATA|ACKNOWLEDGEMENT/, path.slice(0, 50));
        }
        for (const entries of [Array(10000).fill({ path: 'l[999999]', data: 1 }), Array.from({ length: 10000 }, (_, i) => ({ path: `l${i}[999999]`, data: 1 }))]) {
            const answer = await write(peer, 'CREATEANDPATCH', { name: 'paths', path: 'safe', data: '1' });
            const multi = await write(peer, 'PATCH_MULTI', { name: 'paths', version: (answer.version ?? (await read(peer, 'paths')).version) + 1, data: JSON.stringify(entries) });
            assert.match(multi.kind, /INVALID_MESSAGE_DATA|ACKNOWLEDGEMENT|INVALID_VERSION/);
        }
        JSON.parse((await read(peer, 'paths')).data);
        peer.send('RECORD.DELETE', { name: 'paths' });
        await peer.sees('RECORD.DELETE_SUCCESS');
        const grown = stage.server.residentKilobytes() - before;
        console.log(`     ${grown} KiB more than before`);
        assert.ok(isSanitized || grown < 200 * 1024, `${grown} KiB more`);
    }],
    ['a record that grows by a megabyte with each patch is refused at some size, or served', async (stage) => {
        const peer = await stage.peer('growth');
        await write(peer, 'CREATEANDUPDATE', { name: 'growth', data: '{}' });
        for (let i = 0; i < 8; i++) await write(peer, 'CREATEANDPATCH', { name: 'growth', path: `p${i}`, data: `"${'x'.repeat(1000000)}"` });
        const { data } = await read(peer, 'growth');
        JSON.parse(data);
        peer.send('RECORD.DELETE', { name: 'growth' });
        await peer.roundTrip();
    }],
    ['login data that is too deep, too long or nothing of the kind', async (stage) => {
        for (const data of [deepList(DEEP), deepMap(DEEP / 2), '['.repeat(DEEP), '1', 'null', '"x"', '', '{', '{"username":', `{"username":"${'u'.repeat(900000)}`]) {
            const peer = await stage.stranger('login');
            peer.send('CONNECTION.CHALLENGE', { url: 'x' });
            peer.send('AUTH.REQUEST', { data });
            await peer.closes();
            assert.equal(peer.messages.at(-1).kind, 'AUTH.INVALID_MESSAGE_DATA', data.slice(0, 20));
        }
        for (const username of ['u'.repeat(900000), '\0', 'a\nFATAL | forged', '__proto__', 'constructor', '\ud800']) {
            const peer = await stage.stranger('login');
            peer.send('CONNECTION.CHALLENGE', { url: 'x' });
            peer.send('AUTH.REQUEST', { data: JSON.stringify({ username }) });
            await peer.until(() => peer.messages.find(({ kind }) => kind.startsWith('AUTH.')), 'a verdict');
            await peer.close();
        }
        await pause(50);
        assert.ok(!/^FATAL/m.test(stage.server.log));
    }],
]);
