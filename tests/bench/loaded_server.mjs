// Servers that are measured: started, loaded by the generator in load/, and stopped.

import { spawn, execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../support/servers.mjs';

const run = promisify(execFile);

const isAccepting = (port) => new Promise((answer) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.on('connect', () => { socket.destroy(); answer(true); });
    socket.on('error', () => answer(false));
});

/** How long a process has been ready to run and had no processor: no time of its own. */
const waitedMs = (pid) => Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;

/** Starts a process and resolves once it accepts connections; `startMs` is how long that took it. */
export async function started(command, args, port, folder) {
    const begin = process.hrtime.bigint();
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'], cwd: folder });
    while (!(await isAccepting(port))) {
        if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}`);
    }
    return { pid: child.pid, port, child, startMs: Number(process.hrtime.bigint() - begin) / 1e6 - waitedMs(child.pid) };
}

/** Our server with the configuration of all benchmarks, and more of it. */
export async function startOurs(build, folder, { httpServer = {}, ...more } = {}) {
    const port = await freePort();
    const config = {
        showLogo: false,
        logLevel: 'ERROR',
        httpServer: { type: 'default', options: { host: '127.0.0.1', port, ...httpServer } },
        connectionEndpoints: [{ type: 'ws-binary', options: { urlPath: '/deepstream', maxQueueBytes: 1 << 30 } }],
        storage: { type: 'none' },
        permission: { type: 'none' },
        ...more,
    };
    const file = join(folder, `config-${port}.json`);
    writeFileSync(file, JSON.stringify(config));
    return started(resolve(build, 'server/deepstream'), ['start', '-c', file], port, folder);
}

export async function stop(server) {
    server.child.kill('SIGKILL');
    if (server.child.exitCode === null && server.child.signalCode === null) await once(server.child, 'exit');
}

/** What the load generator measured; it ends with an error when an answer was wrong. */
export async function load(build, server, scenario, args) {
    const { stdout } = await run(resolve(build, 'tests/bench/load/load'), [scenario, '--port', String(server.port), '--server', String(server.pid), ...args]);
    return JSON.parse(stdout);
}

export const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];
