// From the start of the process to its first accepted connection: at most 30 ms with the shipped
// configuration and a storage on disk. The best of several runs counts, without the time that the process
// waited for a processor, since other tests may keep those busy.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../support/servers.mjs';
import { check, report } from './check.mjs';

const MOST_MS = 30;
const RUNS = 40;
const top = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

const accepted = (port) => new Promise((done) => {
    const attempt = () => {
        const socket = connect(port, '127.0.0.1', () => {
            socket.destroy();
            done();
        });
        socket.on('error', () => setTimeout(attempt, 1));
    };
    attempt();
});

async function measure({ launch, folder }) {
    const port = await freePort();
    const start = performance.now();
    const server = launch(['start', '-c', join(top, 'server/conf/config.yml'), '--port', String(port), '--log-level', 'warn',
        '--storage-file', join(folder, 'records.sqlite')]);
    await accepted(port);
    const whole = performance.now() - start;
    const waited = Number(readFileSync(`/proc/${server.pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
    server.signal('SIGTERM');
    await server.exit();
    return { whole, own: whole - waited };
}

await check(`the first connection is accepted within ${MOST_MS} ms`, async (place) => {
    const runs = [];
    while (runs.length < RUNS && !runs.some(({ own }) => own <= MOST_MS)) runs.push(await measure(place));
    const best = (key) => Math.min(...runs.map((run) => run[key])).toFixed(1);
    console.log(`best of ${runs.length}: ${best('own')} ms, ${best('whole')} ms with waiting for a processor`);
    assert.ok(Number(best('own')) <= MOST_MS);
});

report();
