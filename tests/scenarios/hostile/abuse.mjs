// Features used by who means harm: patterns that backtrack, calls of others, subscriptions, patterns and calls up
// to their bounds, logins without end.
//
//     node abuse.mjs [--server FILE] [--only TEXT]

import { plainUsers } from '../../support/servers.mjs';
import { decode, encode, Peer } from '../../support/wire.mjs';
import { BINARY, CLOSE, frame } from '../../conformance/client.mjs';
import { assert, cases, frameConnection, isSanitized, linesOf, pause } from './villain.mjs';

const SLOW_PATTERNS = ['(a+)+$', '(a|a)*b', '(a|aa)+$', '(.*a){20}b', '^(([a-z])+.)+[A-Z]([a-z])+$', '(a*)*\\1b', '([a-z]*)*!', '(?=(a+))\\1*b', '(?:a?){40}a{40}', '.*.*.*.*.*b', '(x+x+)+y|(a+a+)+b', 'a{0,900}a{0,900}b'];
const SICK_PATTERNS = ['(', ')', '[', '*', '+', '?', 'a{2,1}', '\\', '(?<n>', '(?', '[z-a]', '(?<a>.)(?<a>.)', '\\k<x>', '('.repeat(100000), '('.repeat(50000) + ')'.repeat(50000), '['.repeat(100000), 'a|'.repeat(300000), `${'a{1000}'.repeat(3)}`,
    '(((a{1000}){1000}){1000}){1000}', 'a{99999999999}', '[\\w\\W]'.repeat(100000), '\\1'.repeat(10000), `(${'a?'.repeat(50000)})+`, 'x'.repeat(900000), '(?=' .repeat(20000), '\\u{110000}', '\0', '\\p{L}'.repeat(1000)];

const count = (peer, kind) => peer.messages.filter((message) => message.kind === kind).length;

await cases('abuse', { endpoint: { maxSubscriptions: 500 }, rpc: { maxCalls: 50 }, logLevel: 0 }, [
    ['patterns that backtrack cost a bounded time, and others are served between them', async (stage) => {
        const [villain, victim] = await Promise.all(['villain', 'victim'].map((name) => stage.peer(name)));
        for (const topic of ['EVENT', 'RECORD']) for (const name of SLOW_PATTERNS) villain.send(`${topic}.LISTEN`, { name });
        await villain.roundTrip(120000);
        const names = Array.from({ length: 400 }, (_, i) => `${'a'.repeat(100 + i)}!`);
        for (const topic of ['EVENT', 'RECORD']) {
            for (let i = 0; i < names.length; i += 20) {
                victim.send(`${topic}.SUBSCRIBE`, { names: names.slice(i, i + 20), correlationId: `${i}` });
                await victim.roundTrip(60000);
            }
            assert.equal(count(victim, `${topic}.SUBSCRIBE`), 20);
        }
        await villain.roundTrip(60000);
        assert.ok(linesOf(stage, /LIMIT_EXCEEDED \|.*too costly/).length > 0, 'the log names a pattern that is too costly');
    }],
    ['patterns of all kinds on names that are there already', async (stage) => {
        const [villain, victim] = await Promise.all(['villain', 'victim'].map((name) => stage.peer(name)));
        victim.send('EVENT.SUBSCRIBE', { names: Array.from({ length: 400 }, (_, i) => `${'a'.repeat(60)}${i}!`), correlationId: '0' });
        await victim.sees('EVENT.SUBSCRIBE');
        for (const name of SLOW_PATTERNS) {
            villain.send('EVENT.LISTEN', { name });
            await victim.roundTrip(60000);
        }
        await villain.roundTrip(120000);
    }],
    ['expressions that are none, or too large, are refused or taken, each with an answer', async (stage) => {
        const villain = await stage.peer('villain');
        for (const name of SICK_PATTERNS) {
            villain.forget();
            villain.send('RECORD.LISTEN', { name });
            const { kind } = await villain.until(() => villain.messages.find((message) => message.kind.startsWith('RECORD.') && !message.subscription), `an answer to ${name.slice(0, 30)}`, 60000);
            assert.match(kind, /^RECORD\.(LISTEN|INVALID_LISTEN_REGEX)$/, name.slice(0, 30));
        }
        const victim = await stage.peer('victim');
        victim.send('RECORD.SUBSCRIBE', { names: ['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'], correlationId: '0' });
        await victim.sees('RECORD.SUBSCRIBE', {}, 60000);
    }],
    ['nobody answers, accepts, rejects or fails the calls of others', async (stage) => {
        const [provider, caller, forger] = await Promise.all(['provider', 'caller', 'forger'].map((name) => stage.peer(name)));
        provider.send('RPC.PROVIDE', { names: ['p'], correlationId: '0' });
        await provider.sees('RPC.PROVIDE');
        caller.send('RPC.REQUEST', { name: 'p', correlationId: 'mine', data: '1' });
        const { correlationId } = await provider.sees('RPC.REQUEST');
        forger.send('RPC.REQUEST', { name: 'p', correlationId: 'mine', data: '2' });
        const second = await provider.until(() => provider.messages.filter(({ kind }) => kind === 'RPC.REQUEST')[1], 'the call of the forger');
        assert.notEqual(second.correlationId, correlationId, 'calls of one id do not collide');
        let forged = 0;
        for (const id of [correlationId, 'mine', second.correlationId, '', '0', '1', 'x'.repeat(10000)]) {
            for (const kind of ['ACCEPT', 'RESPONSE', 'REJECT', 'REQUEST_ERROR']) {
                forger.send(`RPC.${kind}`, { name: 'p', correlationId: id, data: '"forged"' });
                caller.send(`RPC.${kind}`, { name: 'p', correlationId: id, data: '"forged"' });
                forged++;
            }
        }
        forger.send('RPC.UNPROVIDE', { names: ['p'], correlationId: '9' });
        await Promise.all([forger.roundTrip(), caller.roundTrip()]);
        assert.equal(count(forger, 'RPC.INVALID_RPC_CORRELATION_ID'), forged);
        assert.equal(count(caller, 'RPC.INVALID_RPC_CORRELATION_ID'), forged);
        caller.send('RPC.REQUEST', { name: 'p', correlationId: 'mine', data: '3' });
        await caller.roundTrip();
        assert.equal(count(provider, 'RPC.REQUEST'), 2, 'an id that is in use is refused');
        caller.forget();
        provider.send('RPC.RESPONSE', { name: 'p', correlationId, data: '"real"' });
        await caller.sees('RPC.RESPONSE', { data: '"real"', correlationId: 'mine' });
        provider.send('RPC.RESPONSE', { name: 'p', correlationId, data: '"twice"' });
        await provider.sees('RPC.INVALID_RPC_CORRELATION_ID');
        await caller.roundTrip();
        assert.equal(caller.messages.length, 1);
    }],
    ['the client says nothing of who calls', async (stage) => {
        const [provider, caller] = await Promise.all(['provider', 'caller'].map((name) => stage.peer(name)));
        provider.send('RPC.PROVIDE', { names: ['p'], correlationId: '0' });
        await provider.sees('RPC.PROVIDE');
        caller.send('RPC.REQUEST', { name: 'p', correlationId: '1', data: '1', requestorName: 'admin', requestorData: '{"role":"admin"}', isAck: true, isError: true });
        const request = await provider.sees('RPC.REQUEST');
        assert.deepEqual([request.requestorName, request.requestorData, request.isAck, request.isError], [undefined, undefined, undefined, undefined]);
    }],
    ['offers that were made to others cannot be accepted', async (stage) => {
        const [listener, subscriber, forger] = await Promise.all(['listener', 'subscriber', 'forger'].map((name) => stage.peer(name)));
        listener.send('RECORD.LISTEN', { name: '^offer/.*' });
        await listener.sees('RECORD.LISTEN');
        subscriber.send('RECORD.SUBSCRIBE', { names: ['offer/1'], correlationId: '0' });
        await listener.sees('RECORD.SUBSCRIPTION_FOR_PATTERN_FOUND');
        for (const action of ['LISTEN_ACCEPT', 'LISTEN_REJECT', 'UNLISTEN']) forger.send(`RECORD.${action}`, { name: '^offer/.*', subscription: 'offer/1' });
        await forger.roundTrip();
        await subscriber.roundTrip();
        assert.equal(count(subscriber, 'RECORD.SUBSCRIPTION_HAS_PROVIDER'), 0);
    }],
    ['open calls of a client are bounded, those of others go on', async (stage) => {
        const [provider, caller, other] = await Promise.all(['provider', 'caller', 'other'].map((name) => stage.peer(name)));
        provider.send('RPC.PROVIDE', { names: ['p'], correlationId: '0' });
        await provider.sees('RPC.PROVIDE');
        for (let i = 0; i < 500; i++) caller.send('RPC.REQUEST', { name: 'p', correlationId: `c${i}` });
        await caller.roundTrip();
        assert.equal(count(caller, 'RPC.NO_RPC_PROVIDER'), 450);
        other.send('RPC.REQUEST', { name: 'p', correlationId: 'o', data: '"o"' });
        const { correlationId } = await provider.sees('RPC.REQUEST', { data: '"o"' });
        provider.send('RPC.RESPONSE', { name: 'p', correlationId });
        await other.sees('RPC.RESPONSE');
        assert.ok(linesOf(stage, /LIMIT_EXCEEDED \|.*calls of caller/).length > 0);
    }],
    ['subscriptions and patterns of a client are bounded, also in one message', async (stage) => {
        const peer = await stage.peer('greedy');
        for (const [topic, action, multiple] of [['EVENT', 'SUBSCRIBE', 'MULTIPLE_SUBSCRIPTIONS'], ['RECORD', 'SUBSCRIBE', 'MULTIPLE_SUBSCRIPTIONS'], ['RPC', 'PROVIDE', 'MULTIPLE_PROVIDERS'], ['PRESENCE', 'SUBSCRIBE', 'MULTIPLE_SUBSCRIPTIONS']]) {
            peer.send(`${topic}.${action}`, { names: Array.from({ length: 600 }, (_, i) => `n${i}`), correlationId: '0' });
            await peer.sees(`${topic}.${action}`, { isAck: true });
            assert.equal(count(peer, `${topic}.${multiple}`), 100, topic);
        }
        peer.send('EVENT.UNSUBSCRIBE', { names: ['n1'], correlationId: '1' });
        peer.send('EVENT.SUBSCRIBE', { names: ['late'], correlationId: '2' });
        await peer.sees('EVENT.SUBSCRIBE', { correlationId: '2', isAck: true });
        assert.equal(count(peer, 'EVENT.MULTIPLE_SUBSCRIPTIONS'), 100, 'room that was made is given');
        for (let i = 0; i < 3000; i++) peer.send('EVENT.LISTEN', { name: `^none/${i}$` });
        await peer.roundTrip(60000);
        assert.ok(linesOf(stage, /LIMIT_EXCEEDED \|.*too many subscriptions of greedy/).length > 0);
        const { port } = stage.server;
        const other = await Peer.login(port, { name: 'other' });
        other.send('EVENT.SUBSCRIBE', { names: Array.from({ length: 500 }, (_, i) => `n${i}`), correlationId: '0' });
        await other.sees('EVENT.SUBSCRIBE', { isAck: true }, 60000);
        assert.equal(count(other, 'EVENT.MULTIPLE_SUBSCRIPTIONS'), 0);
        await other.close();
    }],
    ['subscribing and leaving without end leaves nothing behind', async (stage) => {
        const peer = await stage.peer('restless');
        const round = async () => {
            for (let i = 0; i < 2000; i++) {
                const names = Array.from({ length: 5 }, (_, n) => `restless/${i}/${n}`);
                for (const topic of ['EVENT', 'RECORD', 'PRESENCE']) {
                    peer.send(`${topic}.SUBSCRIBE`, { names, correlationId: '0' });
                    peer.send(`${topic}.UNSUBSCRIBE`, { names, correlationId: '1' });
                }
                peer.send('EVENT.LISTEN', { name: `^${i}$` });
                peer.send('EVENT.UNLISTEN', { name: `^${i}$` });
                if (i % 200 === 199) { await peer.roundTrip(60000); peer.forget(); }
            }
        };
        await round();
        const before = stage.server.residentKilobytes();
        for (let i = 0; i < 3; i++) await round();
        const grown = stage.server.residentKilobytes() - before;
        assert.ok(isSanitized || grown < 8 * 1024, `${grown} KiB more`);
    }],
]);

const ANYBODY = { username: 'a', password: 'pw' };
const USERS = { a: { password: 'pw' }, b: { password: 'pw' }, u: { password: 'pw' } };

/** All frames that come until the connection is closed, decoded. */
async function everything(client) {
    const kinds = [];
    for (;;) {
        const { opcode, payload } = await client.next('a frame or the end').catch(() => ({ opcode: CLOSE }));
        if (opcode === CLOSE) return kinds;
        kinds.push(decode(payload).kind);
    }
}

const login = (username, password) => frame(BINARY, encode('AUTH.REQUEST', { data: JSON.stringify({ username, password }) }));

await cases('logins', { auth: plainUsers(USERS), endpoint: { maxAuthAttempts: 3, unauthenticatedClientTimeout: 20000 }, logLevel: 1 }, [
    ['a client has three attempts, however many it sends in one segment', async (stage) => {
        await Promise.all(Array.from({ length: 200 }, async () => {
            const client = await frameConnection(stage);
            client.write(Buffer.concat([frame(BINARY, encode('CONNECTION.CHALLENGE', { url: 'x' })), ...Array.from({ length: 50 }, (_, i) => login('u', `wrong${i}`)), login('u', 'pw')]));
            const kinds = await everything(client);
            const refused = kinds.filter((kind) => kind === 'AUTH.AUTH_UNSUCCESSFUL').length;
            assert.ok(refused <= 3, `${refused} attempts`);
            assert.ok(!kinds.includes('AUTH.AUTH_SUCCESSFUL') || refused < 3, 'no login after the last attempt');
            client.destroy();
        }));
    }],
    ['attempts one after the other: the third wrong one is the last', async (stage) => {
        const peer = await stage.stranger('guesser');
        peer.send('CONNECTION.CHALLENGE', { url: 'x' });
        for (let i = 1; i <= 3; i++) {
            peer.send('AUTH.REQUEST', { data: JSON.stringify({ username: 'u', password: String(i) }) });
            await peer.until(() => count(peer, 'AUTH.AUTH_UNSUCCESSFUL') === i, 'a refusal');
        }
        await peer.sees('AUTH.TOO_MANY_AUTH_ATTEMPTS');
        peer.send('AUTH.REQUEST', { data: JSON.stringify({ username: 'u', password: 'pw' }) });
        await peer.closes();
        assert.equal(count(peer, 'AUTH.AUTH_SUCCESSFUL'), 0);
        assert.ok(linesOf(stage, /TOO_MANY_AUTH_ATTEMPTS/).length > 0);
    }],
    ['messages before a login are not served, not even those sent right behind a wrong one', async (stage) => {
        const watcher = await Peer.login(stage.server.port, { name: 'watcher', auth: ANYBODY });
        watcher.send('EVENT.SUBSCRIBE', { names: ['secret'], correlationId: '0' });
        await watcher.sees('EVENT.SUBSCRIBE');
        watcher.forget();
        const emit = frame(BINARY, encode('EVENT.EMIT', { name: 'secret', data: '1' }));
        for (let i = 0; i < 50; i++) {
            const client = await frameConnection(stage);
            client.write(Buffer.concat([emit, frame(BINARY, encode('CONNECTION.CHALLENGE', { url: 'x' })), emit, login('u', 'wrong'), emit, emit]));
            await client.next();
            client.destroy();
        }
        await pause(50);
        await watcher.roundTrip();
        assert.equal(watcher.messages.length, 0);
        await watcher.close();
    }],
    ['a login that is sent while another is under way, and messages with it', async (stage) => {
        for (let i = 0; i < 50; i++) {
            const client = await frameConnection(stage);
            client.write(Buffer.concat([frame(BINARY, encode('CONNECTION.CHALLENGE', { url: 'x' })), login('u', 'pw'), login('u', 'pw'), login('b', 'pw'), frame(BINARY, encode('CONNECTION.PING'))]));
            const kinds = [];
            while (!kinds.includes('CONNECTION.PONG')) kinds.push(decode((await client.next()).payload).kind);
            assert.ok(kinds.filter((kind) => kind === 'AUTH.AUTH_SUCCESSFUL').length <= 1, kinds.join());
            client.destroy();
        }
    }],
], { auth: ANYBODY });

// Passwords that cost a lot to check: a user cannot log in with any, and each attempt is paid for in full.
const COSTLY = [{ type: 'file', options: { hash: 'sha512', iterations: 60000, keyLength: 32, users: { u: { password: `${'A'.repeat(43)}=c2FsdHNhbHQ=` } } } }, { type: 'none', options: {} }];

await cases('costly logins', { auth: COSTLY, endpoint: { maxAuthAttempts: 3 }, logLevel: 1 }, [
    ['a flood of logins that are costly to check leaves others alone', async (stage) => {
        const [a, b] = await Promise.all(['a', 'b'].map((name) => stage.peer(name)));
        a.send('EVENT.SUBSCRIBE', { names: ['ping'], correlationId: '0' });
        await a.sees('EVENT.SUBSCRIBE');
        const guessers = await Promise.all(Array.from({ length: 100 }, () => frameConnection(stage)));
        let pending = guessers.length, exchanges = 0;
        const verdicts = Promise.all(guessers.map(async (client) => {
            client.write(Buffer.concat([frame(BINARY, encode('CONNECTION.CHALLENGE', { url: 'x' })), login('u', 'wrong')]));
            await client.next();
            await client.until(() => (client.bytes.length > 0 || client.ended ? true : undefined), 'a verdict').catch(() => {});
            pending--;
        }));
        while (pending > 0) {
            a.forget();
            b.send('EVENT.EMIT', { name: 'ping', data: String(exchanges) });
            await a.sees('EVENT.EMIT', { data: String(exchanges) });
            exchanges++;
        }
        await verdicts;
        console.log(`     ${exchanges} exchanges of others meanwhile`);
        assert.ok(exchanges >= guessers.length, `${exchanges} exchanges`);
        for (const client of guessers.slice(0, 50)) client.socket.resetAndDestroy();
    }],
    ['who leaves while its password is checked leaves nothing behind', async (stage) => {
        for (let i = 0; i < 100; i++) {
            const client = await frameConnection(stage);
            await client.write(Buffer.concat([frame(BINARY, encode('CONNECTION.CHALLENGE', { url: 'x' })), login('u', 'wrong')]));
            client.socket.resetAndDestroy();
        }
    }],
]);
