// Plays what clients of a text protocol say against both servers, and compares what they hear. The original speaks
// these protocols only with its uws HTTP service (F7).
//
// A situation is [title, sentences of A, exception?]; B has subscribed to what `speaker.prepare` says before. What A
// and B hear must be equal. A listed exception gives what each server says to A: { fault, reason, original, ours };
// original: 'crashes' when it ends the process, a RegExp where luck is part of it.
//
// A speaker knows the protocol:
//
//     path, configuration   of the endpoint, and what both servers get
//     login(peer, name)     resolves when the peer is logged in
//     prepare               sentences of B
//     say(peer, sentence)
//     ping, pongs(peer)     a sentence that is answered, and how many answers have come
//     heard(peer, kind)     what it was sent, comparable, without those answers; kind: 'original' or 'ours'

import { parseArgs } from 'node:util';
import { startOriginal, startOurs } from '../support/servers.mjs';
import { Peer } from '../support/wire.mjs';

const ROUNDS = 6;
const { values: options } = parseArgs({ options: { server: { type: 'string' }, only: { type: 'string' } } });
/** What makes the original use its uws HTTP service. */
export const UWS = { httpServer: { type: 'uws', options: { allowAllOrigins: true, healthCheckPath: '/health-check', headers: [], maxMessageSize: 1048576, maxBackpressure: 1 << 30 } } };

/** What was said before has been answered: several pings in turn, as answers may come by way of others. */
async function settle(speaker, peers, server) {
    for (let round = 0; round < ROUNDS; round++) {
        for (const peer of peers) {
            if (peer.isClosed || !server.isRunning) continue;
            const before = speaker.pongs(peer);
            speaker.say(peer, speaker.ping);
            await peer.until(() => peer.isClosed || speaker.pongs(peer) > before, 'an answer to a ping');
        }
    }
}

async function login(speaker, server, name) {
    const peer = await Peer.connect(server.port, { name, path: speaker.path });
    await speaker.login(peer, name);
    return peer;
}

/** What A and B hear in one situation, each sentence of A settled before the next. */
async function play(speaker, server, kind, sentences) {
    const peers = [await login(speaker, server, 'A'), await login(speaker, server, 'B')];
    const [a, b] = peers;
    for (const sentence of speaker.prepare) speaker.say(b, sentence);
    await settle(speaker, peers, server);
    for (const peer of peers) peer.forget();
    for (const sentence of sentences) {
        speaker.say(a, sentence);
        await settle(speaker, peers, server);
    }
    const heard = { A: speaker.heard(a, kind), B: speaker.heard(b, kind) };
    await Promise.all(peers.map((peer) => peer.close()));
    return heard;
}

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const isEnd = (heard) => /^<closed 1006>$/.test([heard].flat().join());

function fits(expected, heard) {
    if (expected instanceof RegExp) return expected.test(heard.A);
    return expected === 'crashes' ? isEnd(heard.A) : same(expected, heard.A);
}

function isRight(exception, original, ours) {
    if (!exception) return same(original, ours);
    return fits(exception.original, original) && fits(exception.ours, ours) && (exception.original === 'crashes' || same(original.B, ours.B));
}

/** Runs the situations of one protocol in order, and sets the exit status. */
export async function compareFrames(protocol, speaker, situations) {
    const start = () => startOriginal({ ...speaker.configuration, ...UWS });
    const chosen = situations.filter(([title]) => !options.only || title.includes(options.only));
    let original = await start();
    const ours = await startOurs(speaker.configuration);
    let failed = 0, exceptions = 0;
    for (const [title, sentences, exception] of chosen) {
        const [there, here] = await Promise.all([play(speaker, original, 'original', sentences), play(speaker, ours, 'ours', sentences)]);
        const isGood = isRight(exception, there, here);
        exceptions += exception ? 1 : 0;
        failed += isGood ? 0 : 1;
        console.log(`${isGood ? 'ok  ' : 'FAIL'} ${title}${exception ? ` (${exception.fault}: ${exception.reason})` : ''}`);
        if (!isGood) console.log(`    the original: ${JSON.stringify(there)}\n    ours:         ${JSON.stringify(here)}`);
        if (exception?.original !== 'crashes' || !isGood) continue;
        await original.exited;
        original = await start();
    }
    await original.stop();
    await ours.stop();
    console.log(`${protocol}: ${chosen.length} situations, ${exceptions} listed exceptions, ${failed} failed`);
    if (failed > 0) process.exitCode = 1;
}

/** Rules under which names below no/ are closed. */
export const RULES = {
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
};
