// A thousand who log in at once do not stop the others: while passwords are hashed, and while a webhook thinks,
// events go on. No time is judged: what counts is that events of others come before the logins are done.

import { pbkdf2Sync } from 'node:crypto';
import { createServer } from 'node:http';
import { hookAuthentication } from './hook.mjs';
import { assert, scenarios } from '../scenarios/stage.mjs';

const LOGINS = 1000, EVENTS = 5, LONG_MS = 240000;

/** Two who are logged in, and an event from one to the other. */
async function witnesses(stage) {
    const auth = { username: 'witness', password: 'right' };
    const sender = await stage.peer('sender', { auth }), reader = await stage.peer('reader', { auth });
    reader.send('EVENT.SUBSCRIBE', { names: ['tick'], correlationId: '1' });
    await reader.sees('EVENT.SUBSCRIBE');
    return async (number) => {
        sender.send('EVENT.EMIT', { name: 'tick', data: `${number}` });
        await reader.sees('EVENT.EMIT', { data: `${number}` }, LONG_MS);
    };
}

/** Connections that have said all but who they are. */
async function crowd(stage) {
    const peers = [];
    for (let i = 0; i < LOGINS; i++) {
        const peer = await stage.stranger(`peer ${i}`);
        peer.send('CONNECTION.CHALLENGE', { url: 'ws://x', protocolVersion: '0.1a', sdkVersion: '7', sdkType: 'test' });
        await peer.sees('CONNECTION.ACCEPT');
        peers.push(peer);
    }
    return peers;
}

/** All of them log in; gives how many have been answered, and a promise of all. */
function logIn(peers) {
    const storm = { answered: 0 };
    for (const peer of peers) peer.send('AUTH.REQUEST', { data: '{"username":"ann","password":"right"}' });
    storm.ends = Promise.all(peers.map(async (peer) => {
        await peer.sees('AUTH.AUTH_SUCCESSFUL', {}, LONG_MS);
        storm.answered++;
    }));
    storm.ends.catch(() => {});
    return storm;
}

const ITERATIONS = 2000, KEY_BYTES = 64, SALT = 'AAAAAAAAAAAAAAAAAAAAAA==';
const password = pbkdf2Sync('right', SALT, ITERATIONS, KEY_BYTES, 'sha512').toString('base64') + SALT;
const users = { ann: { password }, witness: { password } };
const endpoint = { unauthenticatedClientTimeout: LONG_MS };

await scenarios('hashes', {
    endpoint,
    auth: [{ type: 'file', options: { users, hash: 'sha512', iterations: ITERATIONS, keyLength: KEY_BYTES } }],
}, [
    ['events arrive before a thousand passwords are hashed', async (stage) => {
        const event = await witnesses(stage), peers = await crowd(stage);
        const storm = logIn(peers);
        for (let i = 0; i < EVENTS; i++) await event(i);
        assert.ok(storm.answered < LOGINS, `${storm.answered} logins were answered before ${EVENTS} events arrived`);
        await storm.ends;
    }],
]);

let holds = false;
const held = [];
const answer = (response) => response.writeHead(200, { 'content-type': 'text/plain' }).end('somebody');
const hook = createServer((request, response) => {
    request.resume();
    request.on('end', () => (holds ? held.push(response) : answer(response)));
});
await new Promise((done) => hook.listen(0, '127.0.0.1', done));

await scenarios('webhook', {
    endpoint,
    auth: hookAuthentication(`http://127.0.0.1:${hook.address().port}/`, { requestTimeout: LONG_MS }),
}, [
    ['events arrive while a webhook lets a thousand wait, who are then let in', async (stage) => {
        const event = await witnesses(stage), peers = await crowd(stage);
        holds = true;
        const storm = logIn(peers);
        for (let i = 0; i < EVENTS; i++) await event(i);
        assert.equal(storm.answered, 0);
        holds = false;
        for (const response of held.splice(0)) answer(response);
        await storm.ends;
    }],
]);
hook.close();
