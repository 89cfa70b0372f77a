// What joins nodes in these tests: a bus of each kind, started for one test, lost and regained as it wants.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createConnection, createServer } from 'node:net';

const START_MS = 30000;

async function freePort() {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address();
    probe.close();
    await once(probe, 'close');
    return port;
}

function accepts(port) {
    return new Promise((done) => {
        const socket = createConnection({ port, host: '127.0.0.1' });
        socket.on('connect', () => { socket.destroy(); done(true); });
        socket.on('error', () => done(false));
    });
}

/** A server of somebody else, at a port that stays the same when it is started again. */
class Backend {
    constructor(program, argumentsFor) {
        this.program = program;
        this.argumentsFor = argumentsFor;
    }

    async start() {
        this.port ??= await freePort();
        this.child = spawn(this.program, this.argumentsFor(this.port), { stdio: 'ignore' });
        this.exited = new Promise((done) => {
            this.child.on('exit', done);
            this.child.on('error', done);
        });
        const deadline = Date.now() + START_MS;
        while (!(await accepts(this.port))) {
            if (this.child.exitCode !== null || this.child.pid === undefined || Date.now() > deadline) throw new Error(`${this.program} did not start`);
            await new Promise((next) => setTimeout(next, 10));
        }
    }

    async kill() {
        this.child.kill('SIGKILL');
        await this.exited;
    }
}

const backends = {
    nats: () => new Backend('nats-server', (port) => ['-a', '127.0.0.1', '-p', String(port)]),
    redis: () => new Backend('redis-server', (port) => ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no']),
};

const options = {
    nats: (port) => ({ url: `nats://127.0.0.1:${port}` }),
    redis: (port) => ({ host: '127.0.0.1', port }),
};

/** What nodes on this bus can share beside it. */
const shared = { nats: () => ({}), redis: (port) => ({ cache: { name: 'redis', options: options.redis(port) } }) };

/** Of a kind of connector: { clusterNode, shared, kill(), start(), stop() }. */
export async function startBus(kind) {
    const backend = backends[kind]();
    await backend.start();
    return {
        clusterNode: { name: kind, options: options[kind](backend.port) },
        shared: shared[kind](backend.port),
        kill: () => backend.kill(),
        start: () => backend.start(),
        stop: () => backend.kill(),
    };
}
