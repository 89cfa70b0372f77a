// Measures a fan-out through `deepstream cluster` and through one node, in turns, in one run.
//
//     node tests/bench/cluster.mjs [--build build/release] [--nodes 2] [--seconds 3] [--rounds 5] [--window 100] [--json]
//
// Subscribers of one port are spread over the nodes, so that a part of the deliveries crosses the bus: once for
// each other node, whatever the number of its subscribers. The load generator, which checks every message that
// comes back, is one thread and takes its share of the processors: therefore the time that both take is shown
// beside the rates. Fails when an answer is wrong or a server does not end well, never because of a figure.

import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { freePort } from '../support/servers.mjs';
import { load, median, started } from './loaded_server.mjs';

const { values: options } = parseArgs({
    options: {
        build: { type: 'string', default: 'build/release' },
        nodes: { type: 'string', default: '2' },
        seconds: { type: 'string', default: '3' },
        rounds: { type: 'string', default: '5' },
        window: { type: 'string', default: '100' },
        json: { type: 'boolean', default: false },
    },
});
const program = resolve(options.build, 'server/deepstream');
const folder = mkdtempSync(join(tmpdir(), 'cluster-bench-'));
const WAYS = { one: ['start'], cluster: ['cluster', '--cluster-size', options.nodes] };

/** One run against a fresh server. */
async function measure(command) {
    const port = await freePort();
    const file = join(folder, `config-${port}.json`);
    writeFileSync(file, JSON.stringify({
        showLogo: false,
        logLevel: 'ERROR',
        httpServer: { type: 'default', options: { host: '127.0.0.1', port } },
        connectionEndpoints: [{ type: 'ws-binary', options: { maxQueueBytes: 1 << 30 } }],
        storage: { type: 'none' },
        permission: { type: 'none' },
    }));
    const server = await started(program, [...command, '-c', file], port, folder);
    const ended = once(server.child, 'exit');
    let result;
    try {
        result = await load(options.build, server, 'fanout', ['--window', options.window, '--seconds', options.seconds]);
    } catch (error) {
        server.child.kill('SIGKILL');
        throw error;
    }
    server.child.kill('SIGTERM');
    const [code, signal] = await ended;
    if (code !== 0) throw new Error(`deepstream ${command.join(' ')} ended with ${signal ?? code}`);
    return result;
}

const middle = (results) => Object.fromEntries(['rate', 'cpu_ns', 'load_cpu_ns'].map((key) => [key, median(results.map((result) => result[key]))]));
/** Processors that server and generator keep busy. */
const busy = ({ rate, cpu_ns: server, load_cpu_ns: load }) => ({ server: rate * server / 1e9, load: rate * load / 1e9 });

const results = { one: [], cluster: [] };
try {
    for (let round = 0; round < Number(options.rounds); round++)
        for (const [way, command] of Object.entries(WAYS)) results[way].push(await measure(command));
} finally {
    rmSync(folder, { recursive: true, force: true });
}
const report = { processors: cpus().length, nodes: Number(options.nodes), window: Number(options.window) };
for (const [way, runs] of Object.entries(results)) report[way] = { ...middle(runs), busy: busy(middle(runs)) };
report.rateRatio = report.cluster.rate / report.one.rate;
report.cpuRatio = report.cluster.cpu_ns / report.one.cpu_ns;

if (options.json) {
    console.log(JSON.stringify(report));
} else {
    for (const [way, title] of [['one', 'one node'], ['cluster', `${options.nodes} nodes`]]) {
        const { rate, cpu_ns: server, load_cpu_ns: load, busy: processors } = report[way];
        console.log(`${title}: ${Math.round(rate).toLocaleString('en')} deliveries a second; ${server.toFixed(1)} ns each in the server, ${load.toFixed(1)} in the load generator;`
            + ` ${processors.server.toFixed(2)} and ${processors.load.toFixed(2)} of ${report.processors} processors busy`);
    }
    console.log(`${options.nodes} nodes to one: rate ${report.rateRatio.toFixed(2)}, processor time of a delivery ${report.cpuRatio.toFixed(2)}`);
}
