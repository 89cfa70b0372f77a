// The v3 protocol: both servers, side by side, to the byte but for empty frames (F13) and pings. | and + stand for
// the separators. `frames_compare.mjs` says how a situation is written.
//
//     node text.mjs [--server FILE] [--only TEXT]

import { compareFrames, RULES } from './frames_compare.mjs';

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

const speaker = {
    path: '/deepstream-v3',
    configuration: { connectionEndpoints: [{ type: 'ws-text', options: { urlPath: '/deepstream-v3' } }], permission: RULES },
    async login(peer, name) {
        this.say(peer, `A|REQ|{"username":"${name}"}`);
        await peer.until(() => this.heard(peer).includes('A|A'), 'the login');
    },
    prepare: ['E|S|common', 'R|CR|shared'],
    say: (peer, sentence) => peer.sendText(`${sentence}+`.replaceAll('|', '\x1f').replaceAll('+', '\x1e')),
    ping: 'C|PI',
    pongs: (peer) => peer.lines.filter((line) => line.includes('C\\u001fPO')).length,
    heard: (peer) => peer.lines.map((line) => (line.startsWith('text ') ? JSON.parse(line.slice(5)) : `<${line}>`)).join('')
        .replaceAll('\x1f', '|').replaceAll('\x1e', '+').replaceAll('C|PI+', '').replaceAll('C|PO+', ''),
};

await compareFrames('text', speaker, SITUATIONS.map(([title, script, exception]) => [title, script.split('+').slice(0, -1), exception]));
