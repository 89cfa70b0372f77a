// How connections begin, log in and fail to (protocol.md 3): both servers, side by side.

import { pbkdf2Sync } from 'node:crypto';
import { differential } from './compare.mjs';
import { GOOD_ORIGIN, plainUsers } from '../support/servers.mjs';

const users = {
    ann: { password: 'right', clientData: { colour: 'red' }, serverData: { role: 'admin' } },
    bob: { password: 'right' },
    nul: { password: 'right', clientData: null },
};

const challenge = (peer) => peer.send('CONNECTION.CHALLENGE',
    { url: 'ws://x', protocolVersion: '0.1a', sdkVersion: '7.0.5', sdkType: 'javascript' });
const login = (peer, data) => peer.send('AUTH.REQUEST', { data: typeof data === 'string' ? data : JSON.stringify(data) });

async function accepted(table, name = 'A') {
    const peer = await table.stranger(name);
    challenge(peer);
    await peer.sees('CONNECTION.ACCEPT');
    return peer;
}

/** A situation in which one client, accepted, sends one thing. */
const afterAccept = (title, send, more = {}) => ({
    title,
    async play(table) {
        send(await accepted(table));
    },
    ...more,
});

const beforeChallenge = (title, send, more = {}) => ({
    title,
    async play(table) {
        send(await table.stranger('A'));
    },
    ...more,
});

await differential('handshake', { auth: plainUsers(users) }, [
    beforeChallenge('a server says nothing before the client does', () => {}),
    beforeChallenge('a challenge is accepted', challenge),
    beforeChallenge('a challenge without any field is accepted', (peer) => peer.send('CONNECTION.CHALLENGE')),
    beforeChallenge('a login before the challenge is an invalid message',
        (peer) => login(peer, { username: 'ann', password: 'right' })),
    beforeChallenge('an event before the challenge is an invalid message', (peer) => peer.send('EVENT.EMIT', { name: 'e' })),
    beforeChallenge('other connection actions before the challenge are not answered', (peer) => {
        for (const action of ['ACCEPT', 'PONG', 'REJECT', 'REDIRECT', 'CLOSING', 'CLOSED', 'ERROR', 'UNKNOWN']) {
            peer.send(`CONNECTION.${action}`);
        }
    }),
    beforeChallenge('garbage before the challenge is an invalid message and the socket stays open', (peer) => {
        peer.sendBytes(Buffer.from('ffffffff', 'hex'));
        peer.sendBytes(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
        peer.sendBytes(Buffer.alloc(0));
        challenge(peer);
    }),
    beforeChallenge('a ping before the challenge is answered', (peer) => peer.send('CONNECTION.PING'), {
        fault: 'F14', reason: 'the original answers no ping before login',
        original: { A: [] }, ours: { A: ['CONNECTION.PONG'] },
    }),
    afterAccept('a ping before the login is answered', (peer) => peer.send('CONNECTION.PING'), {
        fault: 'F14', reason: 'the original answers no ping before login',
        original: { A: ['CONNECTION.ACCEPT'] }, ours: { A: ['CONNECTION.ACCEPT', 'CONNECTION.PONG'] },
    }),
    afterAccept('the right password logs in, with data for the client', (peer) => login(peer, { username: 'ann', password: 'right' })),
    afterAccept('a login without data for the client carries the null of the plugin', (peer) => login(peer, { username: 'bob', password: 'right' })),
    afterAccept('data for the client that is null is sent as null', (peer) => login(peer, { username: 'nul', password: 'right' })),
    afterAccept('a wrong password is refused and may be tried again', (peer) => {
        login(peer, { username: 'ann', password: 'wrong' });
    }),
    {
        title: 'after a wrong password the right one logs in',
        async play(table) {
            const a = await accepted(table);
            login(a, { username: 'ann', password: 'wrong' });
            await a.sees('AUTH.AUTH_UNSUCCESSFUL');
            login(a, { username: 'ann', password: 'right' });
            await a.sees('AUTH.AUTH_SUCCESSFUL');
            a.send('EVENT.SUBSCRIBE', { names: ['e'], correlationId: '1' });
            await a.sees('EVENT.SUBSCRIBE');
        },
    },
    afterAccept('an unknown user is refused', (peer) => login(peer, { username: 'eve', password: 'right' })),
    afterAccept('a login without a password says what is missing', (peer) => login(peer, { username: 'ann' })),
    afterAccept('a login with a number as name says what is missing', (peer) => login(peer, { username: 1, password: 'right' })),
    afterAccept('an array as login data is looked at', (peer) => login(peer, [])),
    {
        title: 'the third failure is one too many and ends the connection',
        async play(table) {
            const a = await accepted(table);
            for (let i = 1; i <= 3; i++) {
                login(a, { username: 'ann', password: `wrong${i}` });
                await a.until(() => a.messages.filter(({ kind }) => kind === 'AUTH.AUTH_UNSUCCESSFUL').length === i, 'refusal');
            }
            await a.closes();
        },
    },
    afterAccept('a second challenge is an invalid message', challenge),
    afterAccept('an event before the login is an invalid message', (peer) => peer.send('EVENT.EMIT', { name: 'e' })),
    afterAccept('garbage before the login is an invalid message', (peer) => peer.sendBytes(Buffer.from('0102', 'hex'))),
    afterAccept('an auth action other than request ends the connection', (peer) => peer.send('AUTH.AUTH_SUCCESSFUL')),
    afterAccept('an unknown auth action ends the connection', (peer) => peer.send('AUTH.77')),
    ...[['a number', '5'], ['a text', '"ann"'], ['null', 'null'], ['false', 'false']].map(([what, text]) =>
        afterAccept(`${what} as login data ends the connection`, (peer) => login(peer, text))),
    afterAccept('no login data at all ends the connection', (peer) => peer.send('AUTH.REQUEST')),
    afterAccept('login data that is not JSON ends the connection, not the server', (peer) => login(peer, '{"username":'), {
        fault: 'F1', reason: 'the original ends its process at JSON that does not parse before login',
        original: 'crashes', ours: { A: ['CONNECTION.ACCEPT', 'AUTH.INVALID_MESSAGE_DATA', 'closed 1005'] },
    }),
    ...['constructor', '__proto__', 'toString', 'hasOwnProperty'].map((name) =>
        afterAccept(`the inherited name ${name} is no user`, (peer) => login(peer, { username: name, password: 'right' }))),
    afterAccept('a text frame is not for this endpoint', (peer) => peer.sendText('C|CHR|ws://x+'), {
        fault: 'F8', reason: 'the original does not say why it ends the connection',
        original: { A: ['CONNECTION.ACCEPT', 'closed 1005'] }, ours: { A: ['CONNECTION.ACCEPT', 'closed 1003'] },
    }),
    {
        title: 'after the login another challenge or login is of an unknown topic',
        async play(table) {
            const a = await table.client('A', { auth: { username: 'ann', password: 'right' } });
            challenge(a);
            login(a, { username: 'ann', password: 'right' });
            a.send('CONNECTION.CLOSING');
            a.send('CONNECTION.ACCEPT');
        },
        fault: 'F18', reason: 'the original names neither topic nor action of what it did not know',
        original: { A: Array(4).fill('PARSER.UNKNOWN_TOPIC') },
        ours: {
            A: [[5, 2], [2, 3], [8, 2], [4, 2]].map(([action, topic]) =>
                `PARSER.UNKNOWN_TOPIC originalAction=${action} originalTOPIC=${topic}`),
        },
    },
    {
        title: 'a pong after the login is of an unknown topic',
        async play(table) {
            const a = await table.client('A', { auth: { username: 'ann', password: 'right' } });
            a.send('CONNECTION.PONG');
        },
        fault: 'F18', reason: 'the original names neither topic nor action of what it did not know',
        original: { A: ['PARSER.UNKNOWN_TOPIC'] }, ours: { A: ['PARSER.UNKNOWN_TOPIC originalAction=3 originalTOPIC=2'] },
    },
    {
        title: 'a ping after the login is answered, as often as it comes',
        async play(table) {
            const a = await table.client('A', { auth: { username: 'ann', password: 'right' } });
            a.send('CONNECTION.PING');
            a.send('CONNECTION.PING');
        },
    },
]);

const SALT = 'GS4SbTQYmoaGwjm2shEobg==';
const hashed = [{
    type: 'file',
    options: {
        hash: 'md5', iterations: 20000, keyLength: 32,
        users: {
            ann: {
                password: pbkdf2Sync('password', SALT, 20000, 32, 'md5').toString('base64') + SALT,
                clientData: { colour: 'red' },
            },
        },
    },
}];

await differential('logins that take their time', { auth: hashed }, [
    {
        title: 'a hashed password logs in',
        async play(table) {
            login(await accepted(table), { username: 'ann', password: 'password' });
        },
    },
    {
        title: 'a wrong one for a hashed password does not',
        async play(table) {
            login(await accepted(table), { username: 'ann', password: 'Password' });
        },
    },
    {
        title: 'two logins at once are one attempt, not two users',
        async play(table) {
            const a = await accepted(table);
            login(a, { username: 'ann', password: 'password' });
            login(a, { username: 'ann', password: 'password' });
            await a.until(() => a.messages.length === 3, 'two answers');
        },
        fault: 'F5', reason: 'the original honours each login of a burst',
        original: {
            A: ['CONNECTION.ACCEPT', 'AUTH.AUTH_SUCCESSFUL data={"colour":"red"}', 'AUTH.AUTH_SUCCESSFUL data={"colour":"red"}'],
        },
        ours: { A: ['CONNECTION.ACCEPT', 'AUTH.INVALID_MESSAGE', 'AUTH.AUTH_SUCCESSFUL data={"colour":"red"}'] },
    },
    {
        title: 'a burst of wrong logins is no way around the limit of attempts',
        async play(table) {
            const a = await accepted(table);
            for (let i = 0; i < 6; i++) login(a, { username: 'ann', password: 'wrong' });
            if (table.kind === 'original') await a.closes();
            else await a.sees('AUTH.AUTH_UNSUCCESSFUL');
        },
        fault: 'F5', reason: 'the original takes on every attempt of a burst, whatever the limit',
        // How many it answers before it hangs up is a matter of 10 ms; that it refuses none is not.
        original: { A: (lines) => lines.includes('AUTH.AUTH_UNSUCCESSFUL') && !lines.includes('AUTH.INVALID_MESSAGE') },
        ours: { A: ['CONNECTION.ACCEPT', ...Array(5).fill('AUTH.INVALID_MESSAGE'), 'AUTH.AUTH_UNSUCCESSFUL'] },
    },
]);

await differential('origins', { httpServer: { options: { allowAllOrigins: false, origins: [GOOD_ORIGIN] } } }, [
    {
        title: 'a page of another origin opens no WebSocket',
        async play(table) {
            const good = await table.client('good', { options: { origin: GOOD_ORIGIN } });
            const outcome = await table.stranger('evil', { options: { origin: 'http://evil.example' } }).then(() => 'let in', () => 'turned away');
            good.lines.push(`another origin is ${outcome}`);
        },
        fault: 'F19', reason: 'the original asks for the origin of other requests alone',
        original: { good: ['another origin is let in'], evil: () => true }, ours: { good: ['another origin is turned away'], evil: () => true },
    },
]);
