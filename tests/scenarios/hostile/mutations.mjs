// Valid sessions with mistakes thrown in by dice: in the bytes of messages, of frames, of heads. Bounded in time; the
// seed is printed, and with it the same sessions are thrown again.
//
//     node mutations.mjs [--server FILE] [--only TEXT] [--seed NUMBER] [--seconds NUMBER]

import { permissions } from '../../support/servers.mjs';
import { encode } from '../../support/wire.mjs';
import { BINARY, frame } from '../../conformance/client.mjs';
import { connect } from 'node:net';
import { assert, cases, Dice, seconds, seed, upgrade } from './villain.mjs';

const AT_ONCE = 32;
const NAMES = ['a', 'b', 'r/1', 'r/2', 'ruled/1', 'hot/1', 'kept out/1', 'é', ''];
const PATHS = ['a', 'a.b', 'a[0]', 'l[3].x', 'b.c.d', '', 'a..b', '__proto__'];
const VALUES = ['{}', '1', '"x"', '[1,2,3]', '{"a":{"b":[1,2]},"l":[]}', 'null', '{"a":1}', '[{"path":"a","data":2}]', '{'];
const PATTERNS = ['.*', 'r/.*', '(a+)+$', '[ab]', 'ruled/(.*)', '('];
const ACTIONS = {
    EVENT: ['EMIT', 'SUBSCRIBE', 'UNSUBSCRIBE', 'LISTEN', 'UNLISTEN', 'LISTEN_ACCEPT', 'LISTEN_REJECT'],
    RECORD: ['NOTIFY', 'READ', 'HEAD', 'DELETE', 'CREATEANDUPDATE', 'CREATEANDPATCH', 'UPDATE', 'PATCH', 'ERASE', 'PATCH_MULTI', 'SUBSCRIBEANDHEAD', 'SUBSCRIBEANDREAD', 'SUBSCRIBECREATEANDREAD', 'SUBSCRIBE', 'UNSUBSCRIBE', 'LISTEN', 'UNLISTEN', 'LISTEN_ACCEPT', 'LISTEN_REJECT'],
    RPC: ['REQUEST', 'ACCEPT', 'RESPONSE', 'REJECT', 'REQUEST_ERROR', 'PROVIDE', 'UNPROVIDE'],
    PRESENCE: ['QUERY_ALL', 'QUERY', 'SUBSCRIBE', 'UNSUBSCRIBE', 'SUBSCRIBE_ALL', 'UNSUBSCRIBE_ALL'],
};

function validMessage(dice) {
    const topic = dice.pick(Object.keys(ACTIONS)), action = dice.pick(ACTIONS[topic]);
    const isListen = action.includes('LISTEN');
    const fields = { name: isListen ? dice.pick(PATTERNS) : dice.pick(NAMES), correlationId: String(dice.below(5)), data: dice.pick(VALUES) };
    if (!isListen && dice.below(3) > 0) fields.names = Array.from({ length: dice.below(4) }, () => dice.pick(NAMES));
    if (isListen) fields.subscription = dice.pick(NAMES);
    if (topic === 'RECORD') Object.assign(fields, { version: dice.below(6) - 2, path: dice.pick(PATHS), isWriteAck: dice.below(2) === 1 });
    if (topic === 'PRESENCE' || topic === 'RPC') delete fields.subscription;
    for (const field of Object.keys(fields)) if (dice.below(12) === 0) delete fields[field];
    return encode(`${topic}.${action}`, fields);
}

/** Bytes with one to four mistakes: turned, lost, doubled, made up, taken from elsewhere. */
function mistaken(dice, bytes) {
    let result = Buffer.from(bytes);
    for (let n = 1 + dice.below(4); n > 0 && result.length > 0; n--) {
        const at = dice.below(result.length), length = Math.min(1 + dice.below(8), result.length - at);
        const [before, part, after] = [result.subarray(0, at), result.subarray(at, at + length), result.subarray(at + length)];
        switch (dice.below(7)) {
        case 0: result = Buffer.concat([before, Buffer.from(part.map((byte) => byte ^ (1 << dice.below(8)))), after]); break;
        case 1: result = Buffer.concat([before, after]); break;
        case 2: result = Buffer.concat([before, part, part, after]); break;
        case 3: result = Buffer.concat([before, dice.bytes(1 + dice.below(12)), part, after]); break;
        case 4: result = Buffer.concat([before, Buffer.alloc(part.length, dice.pick([0, 0x7f, 0x80, 0xff])), after]); break;
        case 5: result = before; break;
        default: result = Buffer.concat([before, bytes.subarray(dice.below(bytes.length)), after]);
        }
    }
    return result;
}

function sessionBytes(dice) {
    const level = dice.pick(['message', 'message', 'message', 'frame', 'frame', 'head', 'none']);
    const messages = [encode('CONNECTION.CHALLENGE', { url: 'x' }), encode('AUTH.REQUEST', { data: JSON.stringify({ username: `u${dice.below(5)}` }) }),
        ...Array.from({ length: 1 + dice.below(60) }, () => validMessage(dice))];
    if (dice.below(6) === 0) [messages[0], messages[1]] = [messages[1], messages[0]];
    const sent = messages.map((bytes, i) => (level === 'message' && i > 1 && dice.below(4) === 0 ? mistaken(dice, bytes) : bytes));
    const frames = sent.flatMap((bytes) => {
        if (dice.below(10) > 0 || bytes.length < 2) return [frame(BINARY, bytes)];
        const cut = 1 + dice.below(bytes.length - 1);
        return [frame(BINARY, bytes.subarray(0, cut), { fin: false }), frame(9, 'ping'), frame(0, bytes.subarray(cut))];
    });
    // The masks are random bytes of their own: what is mistaken is chosen by dice all the same.
    const stream = Buffer.concat(frames);
    const head = Buffer.from(upgrade(dice.below(8) === 0 ? { 'Sec-WebSocket-Extensions': 'permessage-deflate' } : {}));
    return Buffer.concat([level === 'head' ? mistaken(dice, head) : head, level === 'frame' ? mistaken(dice, stream) : stream]);
}

/** One session: in pieces, read or not, ended in one of the ways that connections end. */
function playSession(port, start) {
    const dice = new Dice(start);
    const bytes = sessionBytes(dice), ending = dice.below(4), reads = dice.below(5) > 0;
    const pieces = [];
    for (let at = 0; at < bytes.length;) {
        const length = dice.below(3) === 0 ? 1 + dice.below(20) : 1 + dice.below(4000);
        pieces.push(bytes.subarray(at, at + length));
        at += length;
    }
    return new Promise((done) => {
        const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
        const timer = setTimeout(() => socket.destroy(), 2000);
        socket.on('error', () => {});
        socket.on('end', () => socket.end());
        socket.on('close', () => { clearTimeout(timer); done(); });
        if (reads) socket.resume();
        const finish = () => {
            if (ending === 0) socket.resetAndDestroy();
            else if (ending === 1) socket.end();
            else setTimeout(() => socket.destroy(), ending === 2 ? 10 : 60);
            if (!reads) socket.resume();
        };
        socket.on('connect', async () => {
            for (const piece of pieces) {
                if (socket.destroyed) return;
                await new Promise((next) => { socket.write(piece, next); });
            }
            finish();
        });
    });
}

async function witness(peers, round) {
    const [a, b] = peers;
    a.forget();
    for (let i = 0; i < 20; i++) b.send('EVENT.EMIT', { name: 'witness', data: `${round * 20 + i}` });
    await a.until(() => a.messages.filter(({ name }) => name === 'witness').length >= 20, 'the events of the other');
    assert.deepEqual(a.messages.filter(({ name }) => name === 'witness').map(({ data }) => Number(data)), Array.from({ length: 20 }, (_, i) => round * 20 + i));
}

async function play(stage, share) {
    const peers = await Promise.all(['witness', 'other witness'].map((name) => stage.peer(name)));
    peers[0].send('EVENT.SUBSCRIBE', { names: ['witness'], correlationId: '0' });
    await peers[0].sees('EVENT.SUBSCRIBE');
    const deadline = Date.now() + seconds * 1000 * share;
    let sessions = 0;
    for (let round = 0; Date.now() < deadline; round++) {
        await Promise.all(Array.from({ length: AT_ONCE }, () => playSession(stage.server.port, seed + sessions++)));
        await witness(peers, round);
    }
    console.log(`     ${sessions} sessions`);
}

console.log(`seed ${seed}`);
const permission = permissions({
    event: { 'ruled/*': { publish: 'data.a !== 1', subscribe: '_("r/1") === null || _("r/1").a !== 1', listen: true } },
    record: { 'ruled/*': { create: true, read: 'oldData === null || oldData.a !== 1', write: 'data.a !== 1 && _("r/2") !== null', delete: 'oldData.l !== 1', listen: true, notify: true } },
});
const record = { storageHotPathPrefixes: ['hot/'], storageExclusionPrefixes: ['kept out/'] };
const listen = { responseTimeout: 30, rematchInterval: 1001 };

await cases('mutations', { permission, record, listen, rpc: { ackTimeout: 30, responseTimeout: 50 }, logLevel: 1, endpoint: { perMessageDeflate: true } }, [
    ['sessions with mistakes, records in memory alone', (stage) => play(stage, 0.5)],
]);
await cases('mutations', { permission, record, listen, rpc: { ackTimeout: 30, responseTimeout: 50 }, logLevel: 1 }, [
    ['sessions with mistakes, records stored', (stage) => play(stage, 0.5)],
], { ours: { storage: { type: 'default', options: { path: 'records.sqlite', synchronous: 'off' } } } });
