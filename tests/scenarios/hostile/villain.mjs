// What the hostile cases begin with: a case is a scenario behind which a fresh client must be served as
// ever; protobuf made by hand, so that it can be wrong; connections that stop in the middle; dice.

import { connect } from 'node:net';
import { parseArgs } from 'node:util';
import { assert, scenarios } from '../stage.mjs';
import { Client, Raw, upgradeHead } from '../../conformance/client.mjs';
import { Peer, TOPICS } from '../../support/wire.mjs';

export const PATH = '/deepstream';
export const LOGIN_NAME = 'villain';

const { values: options } = parseArgs({
    options: { seed: { type: 'string' }, seconds: { type: 'string' } }, strict: false, allowPositionals: true,
});
export const seed = Number(options.seed ?? (Date.now() & 0x7fffffff)) >>> 0;
export const seconds = Number(options.seconds ?? 10);

export { isSanitized } from '../../support/servers.mjs';

export const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** The same numbers for the same seed, below `limit`. */
export class Dice {
    constructor(start) {
        this.state = start >>> 0;
    }

    next() {
        this.state = (this.state + 0x6d2b79f5) >>> 0;
        let x = this.state;
        x = Math.imul(x ^ (x >>> 15), x | 1);
        x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
        return (x ^ (x >>> 14)) >>> 0;
    }

    below(limit) {
        return this.next() % limit;
    }

    pick(list) {
        return list[this.below(list.length)];
    }

    bytes(length) {
        return Buffer.from(Array.from({ length }, () => this.below(256)));
    }
}

// ---- protobuf by hand ----

export function varint(value) {
    let rest = BigInt.asUintN(64, BigInt(value));
    const bytes = [];
    do {
        bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
        rest >>= 7n;
    } while (rest > 0n);
    return Buffer.from(bytes);
}

export const numberField = (number, value) => Buffer.concat([varint(number * 8), varint(value)]);

export function bytesField(number, value) {
    const bytes = Buffer.from(value);
    return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

/** A frame of a topic, by name or number, with the fields as they are. */
export function frameOf(topic, ...fields) {
    const outer = Buffer.concat([numberField(2, typeof topic === 'string' ? TOPICS[topic] : topic), bytesField(3, Buffer.concat(fields))]);
    return Buffer.concat([varint(outer.length), outer]);
}

// ---- connections ----

/** Bytes as they are, from the first one of the connection. */
export async function rawConnection(stage) {
    const raw = await Raw.open(stage.server.port);
    stage.later(() => raw.destroy());
    return raw;
}

/** A WebSocket of frames by hand. */
export async function frameConnection(stage) {
    const client = await Client.open(stage.server.port, { path: PATH });
    stage.later(() => client.destroy());
    return client;
}

export const upgrade = (headers = {}) => upgradeHead({ path: PATH, ...headers });

/** Sends the bytes and ends with a reset, in whatever state the server is. */
export function cutOff(stage, bytes) {
    return new Promise((done) => {
        const socket = connect({ port: stage.server.port, host: '127.0.0.1', noDelay: true });
        socket.on('error', () => {});
        socket.on('close', done);
        socket.resume();
        socket.on('connect', () => socket.write(bytes, () => setImmediate(() => socket.resetAndDestroy())));
    });
}

// ---- cases ----

let fresh = 0;

/** A client that comes now logs in, subscribes, publishes, writes, reads. */
async function stillServes(stage, auth) {
    const { port } = stage.server;
    const name = `fresh/${fresh++}`;
    const [a, b] = await Promise.all(['a', 'b'].map((user) => Peer.login(port, { name: user, auth: auth ?? { username: user } })));
    a.send('EVENT.SUBSCRIBE', { names: [name], correlationId: '0' });
    await a.sees('EVENT.SUBSCRIBE', { isAck: true });
    b.send('EVENT.EMIT', { name, data: '"hello"' });
    assert.equal((await a.sees('EVENT.EMIT', { name })).data, '"hello"');
    b.send('RECORD.CREATEANDUPDATE', { name, version: -1, data: '{"a":1}', isWriteAck: true, correlationId: 'w' });
    await b.sees('RECORD.WRITE_ACKNOWLEDGEMENT', { name });
    a.send('RECORD.READ', { name });
    const { data, version } = await a.sees('RECORD.READ_RESPONSE', { name });
    assert.deepEqual([data, version], ['{"a":1}', 1]);
    b.send('RECORD.DELETE', { name });
    await b.sees('RECORD.DELETE_SUCCESS', { name });
    await Promise.all([a.close(), b.close()]);
}

function withCleanUp(act, auth) {
    return async (stage) => {
        const ends = [];
        stage.later = (end) => ends.push(end);
        try {
            await act(stage);
        } finally {
            for (const end of ends) end();
        }
        await stillServes(stage, auth);
    };
}

/** Scenarios of the villain; `configuration` as of startOurs; `auth`: what a fresh client logs in with;
 *  `ours` as of startOurs. */
export const cases = (feature, configuration, list, { auth, ...more } = {}) =>
    scenarios(`hostile ${feature}`, configuration, list.map(([title, act]) => [title, withCleanUp(act, auth)]), more);

/** A part of the log, as lines that fit. */
export const linesOf = (stage, pattern, from = 0) => stage.server.log.slice(from).split('\n').filter((line) => pattern.test(line));

export { assert };
