// ws-json: both servers, side by side. `frames_compare.mjs` says how a situation is written; a sentence is a kind and
// fields, or a frame as it is.
//
// Everywhere: the original's acknowledgements lack isAck (F12), its errors of writes isError (F10), and what it writes may be
// `data` or `parsedData`, with empty lists beside it: a receiver must take both, so payloads are compared as values.
//
//     node json.mjs [--server FILE] [--only TEXT]

import { ACTIONS, actionName, TOPICS } from '../support/wire.mjs';
import { compareFrames, RULES } from './frames_compare.mjs';

const TOPIC_NAMES = Object.fromEntries(Object.entries(TOPICS).map(([name, number]) => [number, name]));
const BARE_ERROR = /^RECORD\.(VERSION_EXISTS|INVALID_VERSION|INVALID_MESSAGE_DATA|INVALID_PATCH_ON_HOTPATH)$/;
const ACKNOWLEDGED = /^(EVENT|RECORD|PRESENCE|RPC)\.(SUBSCRIBE\w*|UNSUBSCRIBE\w*|LISTEN|UNLISTEN|NOTIFY|PROVIDE|UNPROVIDE)$/;

const frame = (kind, fields = {}) => {
    const [topic, action] = kind.split('.');
    return JSON.stringify({ topic: TOPICS[topic] ?? Number(topic), action: ACTIONS[topic]?.[action] ?? Number(action), ...fields });
};
const m = (kind, fields) => ({ kind, fields });
const write = (action, name, version, value, more) => m(`RECORD.${action}`, { name, version, ...(value === undefined ? {} : { data: JSON.stringify(value) }), ...more });
const acked = (correlationId) => ({ isWriteAck: true, correlationId });
const open = (name) => m('RECORD.SUBSCRIBECREATEANDREAD', { names: [name], correlationId: `open ${name}` });

const isEmpty = (value) => value !== null && typeof value === 'object' && Object.keys(value).length === 0;

function payloadOf({ data, parsedData }) {
    if (parsedData !== undefined) return parsedData;
    try {
        return JSON.parse(data);
    } catch {
        return data;
    }
}

/** One line that says it all, whichever of its two forms a payload has. */
function line(text, kind) {
    const { topic, action, data, parsedData, ...fields } = JSON.parse(text);
    const name = `${TOPIC_NAMES[topic] ?? topic}.${actionName(TOPIC_NAMES[topic], action)}`;
    if (kind === 'original' && ACKNOWLEDGED.test(name)) fields.isAck = true; // F12
    if (kind === 'original' && BARE_ERROR.test(name)) fields.isError = true; // F10
    if (data !== undefined || parsedData !== undefined) fields.payload = payloadOf({ data, parsedData });
    const shown = Object.keys(fields).sort().filter((field) => field === 'payload' || !isEmpty(fields[field]))
        .map((field) => `${field}=${JSON.stringify(fields[field])}`);
    return [name, ...shown].join(' ');
}

const speaker = {
    path: '/deepstream-json',
    configuration: { connectionEndpoints: [{ type: 'ws-json', options: { urlPath: '/deepstream-json' } }], permission: RULES },
    async login(peer, name) {
        this.say(peer, m('CONNECTION.CHALLENGE', { url: 'ws://x', protocolVersion: '0.1a', sdkVersion: '7', sdkType: 'test' }));
        await peer.until(() => this.heard(peer).includes('CONNECTION.ACCEPT'), 'the handshake');
        this.say(peer, m('AUTH.REQUEST', { data: JSON.stringify({ username: name }) }));
        await peer.until(() => this.heard(peer).some((each) => each.startsWith('AUTH.AUTH_SUCCESSFUL')), 'the login');
    },
    prepare: [m('EVENT.SUBSCRIBE', { names: ['common'], correlationId: '1' }), open('shared')],
    say: (peer, sentence) => {
        if (Buffer.isBuffer(sentence)) peer.sendBytes(sentence);
        else peer.sendText(typeof sentence === 'string' ? sentence : frame(sentence.kind, sentence.fields));
    },
    ping: m('CONNECTION.PING'),
    pongs: (peer) => peer.lines.filter((each) => each === `text ${JSON.stringify(frame('CONNECTION.PONG'))}`).length,
    heard: (peer, kind = 'ours') => peer.lines.map((each) => (each.startsWith('text ') ? line(JSON.parse(each.slice(5)), kind) : `<${each}>`))
        .filter((each) => each !== 'CONNECTION.PONG'),
};

const OPENED = ['RECORD.SUBSCRIBECREATEANDREAD correlationId="open r8" isAck=true names=["r8"]', 'RECORD.READ_RESPONSE name="r8" payload={} version=0'];

await compareFrames('json', speaker, [
    ['a subscription, an end of it, and both again', [m('EVENT.SUBSCRIBE', { names: ['e1', 'e2'], correlationId: '1' }), m('EVENT.UNSUBSCRIBE', { names: ['e1'], correlationId: '2' }), m('EVENT.UNSUBSCRIBE', { names: ['e1'], correlationId: '3' })]],
    ['a second subscription', [m('EVENT.SUBSCRIBE', { names: ['e3'], correlationId: '1' }), m('EVENT.SUBSCRIBE', { names: ['e3'], correlationId: '2' })]],
    ['events of every type, as a string and as a value', [...['"text"', '-1.5', 'true', 'null', '{"a":[1]}', '""'].map((data) => m('EVENT.EMIT', { name: 'common', data })),
        m('EVENT.EMIT', { name: 'common' }), m('EVENT.EMIT', { name: 'common', parsedData: { b: 2 } })]],
    ['listening', [m('EVENT.LISTEN', { name: 'p1/.*' }), m('EVENT.UNLISTEN', { name: 'p1/.*' }), m('RECORD.LISTEN', { name: 'p2/.*' }), m('RECORD.UNLISTEN', { name: 'p2/.*' })]],
    ['a record is opened and let go', [open('r1'), m('RECORD.UNSUBSCRIBE', { names: ['r1'], correlationId: 'r1' })]],
    ['records are read', [write('CREATEANDUPDATE', 'r2', -1, { a: 1 }), m('RECORD.READ', { name: 'r2' }), m('RECORD.HEAD', { name: 'r2' }), m('RECORD.READ', { name: 'none' }), m('RECORD.HEAD', { name: 'none' }),
        m('RECORD.SUBSCRIBEANDHEAD', { names: ['r2'], correlationId: '4' })]],
    ['writes by version, acknowledged and not', [open('r3'), write('UPDATE', 'r3', 1, { a: 1 }), write('UPDATE', 'r3', 2, { a: 2 }, acked('1')), write('PATCH', 'r3', 3, 'x', { path: 'b', ...acked('2') }),
        write('ERASE', 'r3', 4, undefined, { path: 'a' }), m('RECORD.READ', { name: 'r3' })]],
    ['acknowledged upserts', [write('CREATEANDUPDATE', 'r4', -1, { a: 1 }, acked('1')), write('CREATEANDPATCH', 'r4', -1, 7, { path: 'a', ...acked('2') }), m('RECORD.READ', { name: 'r4' })]],
    ['a version that is taken', [open('r5'), write('UPDATE', 'r5', 1, { a: 1 }), write('UPDATE', 'r5', 1, { b: 1 }, acked('1'))]],
    ['a version too high', [open('r6'), write('UPDATE', 'r6', 9, { a: 1 }, acked('1'))]],
    ['a record is deleted', [open('r7'), m('RECORD.DELETE', { name: 'r7' })]],
    ['B sees what A writes', [write('UPDATE', 'shared', 1, { a: 1 }), write('PATCH', 'shared', 2, 'x', { path: 'b' }), write('ERASE', 'shared', 3, undefined, { path: 'b' })]],
    ['a call is answered by who asks', [m('RPC.PROVIDE', { names: ['c1'], correlationId: '1' }), m('RPC.REQUEST', { name: 'c1', correlationId: 'i1', data: '"x"' }), m('RPC.ACCEPT', { name: 'c1', correlationId: 'i1' }), m('RPC.RESPONSE', { name: 'c1', correlationId: 'i1', data: '1' })]],
    ['a call fails', [m('RPC.PROVIDE', { names: ['c2'], correlationId: '1' }), m('RPC.REQUEST', { name: 'c2', correlationId: 'i2' }), m('RPC.ACCEPT', { name: 'c2', correlationId: 'i2' }), m('RPC.REQUEST_ERROR', { name: 'c2', correlationId: 'i2', data: '"no way"' })]],
    ['a call that nobody answers', [m('RPC.REQUEST', { name: 'c3', correlationId: 'i3', data: '1' })]],
    ['presence', [m('PRESENCE.SUBSCRIBE_ALL'), m('PRESENCE.UNSUBSCRIBE_ALL'), m('PRESENCE.QUERY_ALL'), m('PRESENCE.SUBSCRIBE', { names: ['x'], correlationId: '1' }), m('PRESENCE.QUERY', { names: ['x', 'B'], correlationId: '2' })]],
    ['what is denied', [m('EVENT.EMIT', { name: 'no/e', data: '1' }), m('EVENT.SUBSCRIBE', { names: ['no/e'], correlationId: '1' }), m('RECORD.READ', { name: 'no/r' }), write('UPDATE', 'no/r', 1, {}, acked('2')), m('RPC.REQUEST', { name: 'no/p', correlationId: 'i4' })]],
    ['topics and actions that there are not', [m('99.1'), m('EVENT.77', { name: 'x' }), m('PARSER.1'), m('CLUSTER.1')], {
        fault: 'F18', reason: 'the original does not say which action it was, and nothing of one that there is not',
        original: ['99', '1', '9'].map((topic) => `PARSER.UNKNOWN_TOPIC originalTopic=${topic}`),
        ours: ['TOPIC originalAction=1 originalTopic=99', 'ACTION originalAction=77 originalTopic=4', 'TOPIC originalAction=1 originalTopic=1', 'TOPIC originalAction=1 originalTopic=9'].map((each) => `PARSER.UNKNOWN_${each}`),
    }],
    ['a frame that is no JSON', ['oops'], { fault: 'closing', reason: 'the original drops the connection without a close frame', original: ['<closed 1006>'], ours: ['<closed 1005>'] }],
    ['a frame of bytes', [Buffer.from([1, 2, 3])], { fault: 'F8', reason: 'the original drops the connection without a close frame', original: ['<closed 1006>'], ours: ['<closed 1003>'] }],
    ['null', ['null'], { fault: 'F1', reason: 'the original ends', original: 'crashes', ours: ['PARSER.UNKNOWN_TOPIC'] }],
    ['a number', ['7']],
    ['a list', ['[]']],
    ['a subscription without names', [m('EVENT.SUBSCRIBE', { correlationId: '1' })], { fault: 'F1', reason: 'the original ends', original: 'crashes', ours: ['EVENT.INVALID_MESSAGE_DATA correlationId="1" isError=true originalAction=3'] }],
    ['names that are no list', [m('EVENT.SUBSCRIBE', { names: 'x', correlationId: '1' })], {
        fault: 'F1', reason: 'the original takes each character for a name',
        original: ['EVENT.SUBSCRIBE correlationId="1" isAck=true'], ours: ['EVENT.INVALID_MESSAGE_DATA correlationId="1" isError=true originalAction=3'],
    }],
    ['a write that is no JSON', [open('r8'), m('RECORD.UPDATE', { name: 'r8', version: 1, data: '{oops', ...acked('1') })], {
        fault: 'F10', reason: 'the original does not say what it answers',
        original: [...OPENED, 'RECORD.INVALID_MESSAGE_DATA isError=true payload="{oops"'],
        ours: [...OPENED, 'RECORD.INVALID_MESSAGE_DATA correlationId="1" isError=true isWriteAck=true name="r8" originalAction=18 version=1'],
    }],
    ['a write of a number', [open('r9'), m('RECORD.UPDATE', { name: 'r9', version: 1, data: '7', ...acked('1') })]],
]);
