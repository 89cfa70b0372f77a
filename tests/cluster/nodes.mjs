// Three nodes that are a cluster, and scenarios with peers at each of them. With a bus of a connector every
// node is a process of its own; `vertical` is one process, `deepstream cluster`.
//
//     node <file>.mjs --server FILE --bus vertical|nats|redis [--only TEXT]
//
// A scenario is [title, async (cluster) => { ... }]. Its peers are closed behind it. Prints one line for each.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { configurationOf, merged, program, startOurs } from '../support/servers.mjs';
import { Peer } from '../support/wire.mjs';
import { startBus } from './buses.mjs';

export const NODES = 3;
const WAIT_MS = 40000;
const { values: options } = parseArgs({
    options: { server: { type: 'string' }, bus: { type: 'string' }, only: { type: 'string' } }, strict: false, allowPositionals: true,
});
export const busKind = options.bus ?? 'vertical';

/** Times that a test can wait for, and a busy machine can keep. */
const QUICK = {
    clusterRegistry: { options: { keepAliveInterval: 300, activeCheckInterval: 200, nodeInactiveTimeout: 4000 } },
    clusterStates: { options: { reconciliationTimeout: 100 } },
    listen: { shuffleProviders: false, responseTimeout: 20000, rematchInterval: 2000, matchCooldown: 500 },
    rpc: { ackTimeout: 20000, responseTimeout: 30000 },
};

/** For a newcomer: others may be slow to answer on a busy machine. */
export const PATIENT = { clusterStates: { options: { discoveryTimeout: 4000, joinTimeout: 60000 } } };

/** Resolves to what done() gives as soon as that is something. */
export async function until(done, what, milliseconds = WAIT_MS) {
    const deadline = Date.now() + milliseconds;
    for (;;) {
        const result = await done();
        if (result) return result;
        if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
        await new Promise((next) => setTimeout(next, 10));
    }
}

const sizeOf = (log) => Number([...log.matchAll(/The cluster size is now (\d+)/g)].at(-1)?.[1] ?? 1);

/** `deepstream cluster`, seen as its nodes. */
export class OneProcess {
    async start(given) {
        this.scratch = mkdtempSync(join(tmpdir(), 'deepstream-cluster-'));
        await this.launch(given);
    }

    async launch({ port = 0, size = NODES, ...given }) {
        this.log = '';
        const file = join(this.scratch, 'config.json');
        writeFileSync(file, JSON.stringify(merged({ storage: { type: 'none', options: {} } }, configurationOf(port, given))));
        this.child = spawn(program, ['cluster', '-c', file, '--cluster-size', String(size)], { cwd: this.scratch });
        this.exited = new Promise((done) => this.child.on('close', (code, signal) => done({ code, signal })));
        for (const stream of [this.child.stdout, this.child.stderr]) stream.on('data', (text) => { this.log += text; });
        await until(() => [...this.log.matchAll(/Deepstream \S+ is listening/g)].length === size && sizeOf(this.log) === size, `the nodes\n${this.log}`);
        this.nodes = [...this.log.matchAll(/Listening for http connections on \S+:(\d+)/g)].map(([, port]) => ({ port: Number(port) }));
    }

    /** Until a line has been logged so often. */
    logs(pattern, times = 1) {
        return until(() => [...this.log.matchAll(pattern)].length >= times, `${pattern} in\n${this.log}`);
    }

    async kill() {
        this.child.kill('SIGKILL');
        await this.exited;
        this.checkReports();
    }

    /** What a sanitizer has said fails the test, also when the process did not live to its end. */
    checkReports() {
        const at = this.log.search(/Sanitizer|runtime error:/);
        if (at >= 0) throw new Error(`a sanitizer reported\n${this.log.slice(at).slice(0, 6000)}`);
    }

    async stop() {
        this.child.kill('SIGTERM');
        const timer = setTimeout(() => this.child.kill('SIGKILL'), 60000);
        const { code, signal } = await this.exited;
        clearTimeout(timer);
        rmSync(this.scratch, { recursive: true, force: true });
        this.checkReports();
        if (code !== 0) throw new Error(`the cluster ended with ${signal ?? code}\n${this.log.slice(-6000)}`);
    }
}

/** Processes on the bus of a connector. */
class ManyProcesses {
    async start(given) {
        this.bus = await startBus(busKind);
        this.given = merged(given, { clusterNode: this.bus.clusterNode, ...this.bus.shared });
        this.nodes = [];
        for (let i = 0; i < NODES; i++) this.nodes.push(await this.another(`node-${i}`));
        await this.allKnow(NODES);
    }

    another(serverName, given = {}) {
        return startOurs(merged(merged(this.given, { serverName }), given));
    }

    /** Until all that run have counted so many. */
    async allKnow(size) {
        await until(() => this.nodes.every((node) => !node.isRunning || sizeOf(node.log) === size), `a cluster of ${size}`);
    }

    async stop() {
        try {
            for (const node of this.nodes) if (node.isRunning) await node.stop();
        } finally {
            for (const node of this.nodes) if (node.isRunning) await node.kill();
            await this.bus.stop();
        }
    }
}

class Cluster {
    constructor(parts) {
        this.parts = parts;
        this.peers = [];
    }

    get nodes() { return this.parts.nodes; }
    get bus() { return this.parts.bus; }
    allKnow(size) { return this.parts.allKnow(size); }
    another(name, given) { return this.parts.another(name, given); }

    async login(node, name, more = {}) {
        return this.keep(await Peer.login(this.nodes[node].port, { name, ...more }));
    }

    /** Not logged in. */
    async connect(node, name, more = {}) {
        return this.keep(await Peer.connect(this.nodes[node].port, { name, ...more }));
    }

    keep(peer) {
        this.peers.push(peer);
        return peer;
    }

    /** Until an event of the first peer reaches the second, which subscribes to it. */
    async until_heard(from, to, name) {
        await until(async () => {
            from.send('EVENT.EMIT', { name, data: '"probe"' });
            await from.roundTrip();
            await to.roundTrip();
            return to.messages.some((message) => message.kind === 'EVENT.EMIT' && message.name === name);
        }, `${name} to come from ${from.name} to ${to.name}`);
    }

    async closePeers() {
        for (const peer of this.peers.splice(0)) await peer.close();
    }
}

/** Plays all on one cluster; each scenario uses names of its own. */
export async function play(title, scenarios, given = {}) {
    const parts = busKind === 'vertical' ? new OneProcess() : new ManyProcesses();
    let passed = 0, failed = 0;
    try {
        await parts.start(merged(QUICK, given));
        for (const [name, scene] of scenarios) {
            if (options.only && !name.includes(options.only)) continue;
            const cluster = new Cluster(parts);
            try {
                await scene(cluster);
                passed++;
                console.log(`ok      ${title}: ${name}`);
            } catch (error) {
                failed++;
                console.log(`FAILED  ${title}: ${name}\n${error.stack}`);
            } finally {
                await cluster.closePeers();
            }
        }
    } catch (error) {
        failed++;
        console.log(`FAILED  ${title}\n${error.stack}`);
    } finally {
        try {
            await parts.stop();
        } catch (error) {
            failed++;
            console.log(`FAILED  ${title}: the end\n${error.stack}`);
        }
    }
    console.log(`${passed} passed, ${failed} failed`);
    process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}
