// Plays scenarios: published clients (`@deepstream/client`) and raw ones against a real process of ours.
// Prints one line per scenario and a summary.
//
//     node <file>.mjs [--server FILE] [--only TEXT] [--given JSON, more of the server's configuration]
//
// A scenario is [title, async (stage) => { ... }]; it throws when something is not as it should be. Its
// clients are closed behind it. The server is asked to end after the last one, and must end well.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { startOurs } from '../support/servers.mjs';
import { Peer } from '../support/wire.mjs';

const require = createRequire(import.meta.url);
const { DeepstreamClient } = require('@deepstream/client');
const connectV3 = require('deepstream.io-client-js');

const WAIT_MS = 30000;
console.warn = console.trace = () => {}; // the client warns of each conflict
const { values: options } = parseArgs({ options: { server: { type: 'string' }, only: { type: 'string' }, given: { type: 'string', default: '{}' } }, strict: false, allowPositionals: true });

export const CLIENT_OPTIONS = {
    subscriptionInterval: 5, reconnectIntervalIncrement: 30, maxReconnectInterval: 200, maxReconnectAttempts: 1000,
    subscriptionTimeout: WAIT_MS, offlineBufferTimeout: 1000, recordDiscardTimeout: 50,
};

/** Endpoints for every kind of client, each with these options. */
export const allEndpoints = (more = {}) => ({
    connectionEndpoints: [
        { type: 'ws-binary', options: { urlPath: '/deepstream', ...more } },
        { type: 'ws-json', options: { urlPath: '/deepstream-json', ...more } },
        { type: 'ws-text', options: { urlPath: '/deepstream-v3', ...more } },
    ],
});

const V3_OPTIONS = {
    silentDeprecation: true, path: '/deepstream-v3', reconnectIntervalIncrement: 30, maxReconnectInterval: 200, maxReconnectAttempts: 1000,
    subscriptionTimeout: WAIT_MS, recordReadAckTimeout: WAIT_MS, recordReadTimeout: WAIT_MS, recordDeleteTimeout: WAIT_MS,
    rpcAckTimeout: WAIT_MS, rpcResponseTimeout: WAIT_MS,
};

/** Resolves to what done() gives as soon as that is something. */
export async function until(done, what, milliseconds = WAIT_MS) {
    const deadline = Date.now() + milliseconds;
    for (;;) {
        const result = await done();
        if (result) return result;
        if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
        await new Promise((next) => setTimeout(next, 5));
    }
}

/** A promise and the function that keeps it, for callbacks of clients. */
export function once(what, milliseconds = WAIT_MS) {
    let keep;
    const promise = new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), milliseconds);
        keep = (...values) => { clearTimeout(timer); resolve(values.length > 1 ? values : values[0]); };
    });
    promise.catch(() => {});
    keep.happens = promise;
    return keep;
}

class Stage {
    constructor(server) {
        this.server = server;
        this.clients = [];
        this.peers = [];
    }

    /** A client of the published library, not logged in. `errors` collects what it complains about. */
    client(more = {}) {
        const { port, tls } = this.server;
        const client = new DeepstreamClient(`${tls ? 'wss' : 'ws'}://127.0.0.1:${port}`, { ...CLIENT_OPTIONS, ...(tls ? { socketOptions: tls } : {}), ...more });
        client.errors = [];
        client.on('error', (message, event, topic) => client.errors.push({ message, event, topic }));
        this.clients.push(client);
        return client;
    }

    /** A logged-in one. */
    async user(name, { password, ...more } = {}) {
        const client = this.client(more);
        client.data = await client.login({ username: name, ...(password ? { password } : {}) });
        return client;
    }

    /** A logged-in client of the published library that speaks JSON. */
    async jsonUser(name, more = {}) {
        return this.user(name, { path: '/deepstream-json', socketOptions: { jsonTransportMode: true }, ...more });
    }

    /** A client of the published library for the v3 protocol, not logged in. */
    v3Client(more = {}) {
        const client = connectV3(`127.0.0.1:${this.server.port}`, { ...V3_OPTIONS, ...more });
        client.errors = [];
        client.on('error', (message, event, topic) => client.errors.push({ message, event, topic }));
        this.clients.push(client);
        return client;
    }

    /** A logged-in one; what it was told at login is in `data`. */
    async v3User(name, { password, ...more } = {}) {
        const client = this.v3Client(more);
        const answer = once(`the login of ${name}`);
        client.login({ username: name, ...(password ? { password } : {}) }, answer);
        const [isAllowed, data] = [].concat(await answer.happens);
        if (!isAllowed) throw new Error(`${name} may not log in: ${data}`);
        client.data = data;
        return client;
    }

    /** A logged-in raw client; options as of Peer.login. */
    async peer(name, more = {}) {
        const peer = await Peer.login(this.server.port, { name, tls: this.server.tls, ...more });
        this.peers.push(peer);
        return peer;
    }

    async stranger(name, more = {}) {
        const peer = await Peer.connect(this.server.port, { name, tls: this.server.tls, ...more });
        this.peers.push(peer);
        return peer;
    }

    /** What a client complained about, as 'TOPIC EVENT' or the like; waits for one that fits. */
    async complains(client, event) {
        return until(() => client.errors.find((error) => String(error.event) === event), `the error ${event}; there is ${JSON.stringify(client.errors)}`);
    }

    async clear() {
        for (const client of this.clients) client.close();
        await Promise.all(this.peers.map((peer) => peer.close()));
        await until(() => this.clients.every((client) => client.getConnectionState() === 'CLOSED'), 'the end of clients', 5000).catch(() => {});
        this.clients = [];
        this.peers = [];
    }
}

async function play(stage, [title, act]) {
    try {
        await act(stage);
        if (!stage.server.isRunning) throw new Error('the server has ended');
        console.log(`ok   ${title}`);
        return 0;
    } catch (error) {
        console.log(`FAIL ${title}\n    ${String(error.stack ?? error).split('\n').slice(0, 8).join('\n    ')}\n    the log of the server ends\n    ${stage.server.tail().split('\n').slice(-8).join('\n    ')}`);
        return 1;
    } finally {
        await stage.clear();
    }
}

/** Runs the scenarios of one file on one server, and sets the exit status. */
export async function scenarios(feature, configuration, list, more = {}) {
    const chosen = list.filter(([title]) => !options.only || title.includes(options.only));
    if (chosen.length === 0) return;
    const stage = new Stage(await startOurs({ ...configuration, ...JSON.parse(options.given) }, more));
    let failed = 0;
    try {
        for (const scenario of chosen) {
            failed += await play(stage, scenario);
            if (!stage.server.isRunning) break;
        }
    } finally {
        try {
            await stage.server.stop();
        } catch (error) {
            failed++;
            console.log(`FAIL ${feature}: ${error.message}`);
        }
    }
    console.log(`${feature}: ${chosen.length} scenarios, ${failed} failed`);
    if (failed > 0) process.exitCode = 1;
}

export { assert };
