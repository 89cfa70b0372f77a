// The v3 protocol: both servers, side by side. The original speaks it only with its uws HTTP service.
//
// A situation is [title, lines that A says, exception?]; B has subscribed to what is in `common` before. | and + stand
// for the separators. What A and B hear must be equal, but for empty frames (F13) and pings. A listed exception gives
// what each server says to A: { fault, reason, original, ours }; original: 'crashes' when it ends the process.
//
//     node text.mjs [--server FILE] [--only TEXT]

import { parseArgs } from 'node:util';
import { startOriginal, startOurs } from '../support/servers.mjs';
import { Peer } from '../support/wire.mjs';

const { values: options } = parseArgs({ options: { server: { type: 'string' }, only: { type: 'string' } } });

const configuration = {
    connectionEndpoints: [{ type: 'ws-text', options: { urlPath: '/deepstream-v3' } }],
    permission: {
        type: 'config',
        options: {
            maxRuleIterations: 3, cacheEvacuationInterval: 60000,
            permissions: {
                presence: { '*': { allow: true } },
                record: { '*': { create: true, write: true, read: true, delete: true, listen: true, notify: true }, 'no/*': { create: false, write: false, read: false, delete: false } },
                event: { '*': { publish: true, subscribe: true, listen: true }, 'no/*': { publish: false, subscribe: false } },
                rpc: { '*': { provide: true, request: true }, 'no/*': { provide: false, request: false } },
            },
        },
    },
};
const UWS = { httpServer: { type: 'uws', options: { allowAllOrigins: true, healthCheckPath: '/health-check', headers: [], maxMessageSize: 1048576, maxBackpressure: 1 << 30 } } };

const WA = '{"writeSuccess":true}';
const noForm = (ours, reason = 'the original sends an empty frame') => ({ fault: 'F13', reason, original: '', ours });

const SITUATIONS = [
    ['a subscription, an end of it, and both again', 'E|S|e1+E|US|e1+E|US|e1+'],
    ['a second subscription', 'E|S|e2+E|S|e2+'],
    ['events of every type', 'E|EVT|common|Stext+E|EVT|common|N-1.5+E|EVT|common|T+E|EVT|common|F+E|EVT|common|L+E|EVT|common|O{"a":[1]}+E|EVT|common|U+E|EVT|common+'],
    ['listening', 'E|L|p1/.*+E|UL|p1/.*+R|L|p2/.*+R|UL|p2/.*+'],
    ['a record is opened', 'R|CR|r1+R|US|r1+'],
    ['a record that is there is read', 'R|CU|r2|-1|{"a":1}|{}+R|R|r2+R|SN|r2+R|HD|r2+'],
    ['a record that is not there', 'R|SN|none+R|HD|none+'],
    ['writes by version, acknowledged and not', `R|CR|r3+R|U|r3|1|{"a":1}+R|U|r3|2|{"a":2}|${WA}+R|P|r3|3|b|Sx|${WA}+R|P|r3|4|a|U+R|SN|r3+`],
    ['an acknowledged upsert', `R|CU|r4|-1|{"a":1}|${WA}+`],
    ['an acknowledged upsert by path', `R|CU|r5|-1|a.b|N7|${WA}+`],
    ['a version that is taken', `R|CR|r6+R|U|r6|1|{"a":1}+R|U|r6|1|{"b":1}+R|U|r6|1|{"b":1}|${WA}+`],
    ['a version too high', 'R|CR|r7+R|U|r7|9|{"a":1}+', { fault: 'F13', reason: 'the original sends an empty frame', original: 'R|A|S|r7+R|R|r7|0|{}+', ours: 'R|A|S|r7+R|R|r7|0|{}+R|E|INVALID_VERSION|r7+' }],
    ['a subscription without reading', 'R|S|r8+', noForm('R|A|S|r8+')],
    ['a record is deleted', 'R|CR|r9+R|D|r9+'],
    ['B sees what A writes', 'R|U|shared|1|{"a":1}+R|P|shared|2|b|Sx+R|P|shared|3|b|U+'],
    ['a call is answered by who asks', 'P|S|c1+P|REQ|c1|i1|Sx+P|A|REQ|c1|i1+P|RES|c1|i1|N1+'],
    ['a call fails', 'P|S|c2+P|REQ|c2|i2|U+P|A|REQ|c2|i2+P|E|no way|c2|i2+'],
    ['a call that nobody answers', 'P|REQ|c3|i3|Sx+'],
    ['providing ends', 'P|S|c4+P|US|c4+'],
    ['presence of all', 'U|S|S+U|US|US+U|Q|Q+'],
    ['presence of some', 'U|S|1|["x","y"]+U|US|2|["x"]+U|Q|3|["x","B"]+'],
    ['what is denied', 'E|EVT|no/e|Sx+E|S|no/e+R|SN|no/r+R|U|no/r|1|{}+R|D|no/r+P|REQ|no/p|i4|Sx+', {
        fault: 'F13', reason: 'the original lets its invented ids out',
        original: /^E\|E\|MESSAGE_DENIED\|no\/e\|EVT\|[^|+]+\+E\|E\|MESSAGE_DENIED\|no\/e\|S\|[^|+]+\+R\|E\|MESSAGE_DENIED\|no\/r\|SN/,
        ours: 'E|E|MESSAGE_DENIED|no/e|EVT+E|E|MESSAGE_DENIED|no/e|S+R|E|MESSAGE_DENIED|no/r|SN+R|E|MESSAGE_DENIED|no/r|U|1+R|E|MESSAGE_DENIED|no/r|D+P|E|MESSAGE_DENIED|no/p|REQ|i4+',
    }],
    ['a value of an unknown type', 'E|EVT|nobody|Xfoo+', { fault: 'F13', reason: 'the original hands it on as it is', original: '', ours: 'E|E|INVALID_MESSAGE_DATA|nobody+' }],
    ['what is no message', 'Z|S|n+E|XX|n+ab+C|CHR|ws://x+'],
    ['users that are no list', 'U|S|1|oops+', { fault: 'F1', reason: 'the original ends', original: 'crashes', ours: 'U|E|INVALID_PRESENCE_USERS|1+' }],
];

const shown = (peer) => peer.lines.map((line) => (line.startsWith('text ') ? JSON.parse(line.slice(5)) : `<${line}>`)).join('')
    .replaceAll('\x1f', '|').replaceAll('\x1e', '+').replaceAll('C|PI+', '').replaceAll('C|PO+', '');
const say = (peer, text) => peer.sendText(text.replaceAll('|', '\x1f').replaceAll('+', '\x1e'));

/** What was said before has been answered: several pings in turn, as answers may come by way of others. */
async function settle(peers, server) {
    for (let round = 0; round < 6; round++) {
        for (const peer of peers) {
            if (peer.isClosed || !server.isRunning) return;
            const pongs = () => peer.lines.filter((line) => line.includes('C\\u001fPO')).length;
            const before = pongs();
            say(peer, 'C|PI+');
            await peer.until(() => peer.isClosed || pongs() > before, 'PONG');
        }
    }
}

async function login(server, name) {
    const peer = await Peer.connect(server.port, { name, path: '/deepstream-v3' });
    say(peer, `A|REQ|{"username":"${name}"}+`);
    await peer.until(() => shown(peer).includes('A|A'), 'the login');
    return peer;
}

/** What A and B hear in one situation, each sentence of A settled before the next. */
async function play(server, script) {
    const peers = [await login(server, 'A'), await login(server, 'B')];
    const [a, b] = peers;
    say(b, 'E|S|common+R|CR|shared+');
    await settle(peers, server);
    for (const peer of peers) peer.forget();
    for (const sentence of script.split('+').slice(0, -1)) {
        say(a, `${sentence}+`);
        await settle(peers, server);
    }
    const heard = { A: shown(a), B: shown(b) };
    await Promise.all(peers.map((peer) => peer.close()));
    return heard;
}

const fits = (expected, heard) => (expected instanceof RegExp ? expected.test(heard.A) : expected === 'crashes' ? heard.A === '<closed 1006>' : expected === heard.A);

let failed = 0;
let exceptions = 0;
let servers = [await startOriginal({ ...configuration, ...UWS }), await startOurs(configuration)];
const chosen = SITUATIONS.filter(([title]) => !options.only || title.includes(options.only));
for (const [title, script, exception] of chosen) {
    const [original, ours] = await Promise.all(servers.map((server) => play(server, script)));
    const isRight = exception ? fits(exception.original, original) && fits(exception.ours, ours) && (exception.original === 'crashes' || original.B === ours.B) : original.A === ours.A && original.B === ours.B;
    exceptions += exception ? 1 : 0;
    failed += isRight ? 0 : 1;
    console.log(`${isRight ? 'ok  ' : 'FAIL'} ${title}${exception ? ` (${exception.fault}: ${exception.reason})` : ''}`);
    if (!isRight) console.log(`    the original: ${JSON.stringify(original)}\n    ours:         ${JSON.stringify(ours)}`);
    if (exception?.original !== 'crashes') continue;
    await servers[0].exited;
    servers = [await startOriginal({ ...configuration, ...UWS }), servers[1]];
}
await servers[0].stop();
await servers[1].stop();
console.log(`text: ${chosen.length} situations, ${exceptions} listed exceptions, ${failed} failed`);
if (failed > 0) process.exitCode = 1;
