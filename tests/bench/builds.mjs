// Measures several builds of this server in turns, with the load generator of the first: whether a change has made it
// slower.
//
//     git worktree add ../before COMMIT
//     (cd ../before && cmake --preset release && cmake --build --preset release)
//     node tests/bench/builds.mjs build/release ../before/build/release [--rounds 9] [--seconds 2] [--json]
//
// Prints the processor time of the server per message of each build: the median, and the lowest and highest.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { load, median, startOurs, stop } from './loaded_server.mjs';
import { SCENARIOS } from './server_scenarios.mjs';

const { values: options, positionals: builds } = parseArgs({
    allowPositionals: true,
    options: {
        rounds: { type: 'string', default: '9' },
        seconds: { type: 'string', default: '2' },
        json: { type: 'boolean', default: false },
    },
});
if (builds.length === 0) {
    console.error('usage: node tests/bench/builds.mjs BUILD... [--rounds N] [--seconds S] [--json]');
    process.exit(2);
}
/** What every build knows. */
const connectionEndpoints = [{ type: 'ws-binary', options: { maxQueueBytes: 1 << 30 } }];
const folder = mkdtempSync(join(tmpdir(), 'builds-'));

async function measure(build, scenario) {
    const server = await startOurs(build, folder, { connectionEndpoints });
    try {
        return (await load(builds[0], server, scenario.load, ['--window', String(scenario.window), '--seconds', options.seconds])).cpu_ns;
    } finally {
        await stop(server);
    }
}

const rows = [];
for (const scenario of SCENARIOS.filter(({ rules }) => rules === undefined)) {
    const times = builds.map(() => []);
    for (let round = 0; round < Number(options.rounds); round++)
        for (const [i, build] of builds.entries()) times[i].push(await measure(build, scenario));
    const row = { title: scenario.title, builds: builds.map((build, i) => ({ build, median: median(times[i]), least: Math.min(...times[i]), most: Math.max(...times[i]) })) };
    rows.push(row);
    if (!options.json) console.log(`${row.title}\n${row.builds.map((each) => `    ${each.build}: ${each.median.toFixed()} ns (${each.least.toFixed()} to ${each.most.toFixed()})`).join('\n')}`);
}
if (options.json) console.log(JSON.stringify(rows, null, 4));
rmSync(folder, { recursive: true, force: true });
