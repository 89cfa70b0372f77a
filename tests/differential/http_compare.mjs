// Puts the same HTTP requests to both servers, one after the other, and compares status, type and body of
// the answers. Prints one line per request and a summary.
//
//     node http.mjs [--server FILE] [--only TEXT] [--show]
//
// A case is { title, ask(table) }: ask sends requests and returns what came back. What it returns must be
// equal on both servers. A listed exception says so in addition, as in compare.mjs:
//
//     fault, reason       the number of the fault in the reference documents, and what differs
//     original, ours      what is returned there, or a function of it; original: 'crashes'

import { request } from 'node:http';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { merged, startOriginal, startOurs } from '../support/servers.mjs';

const PATIENCE_MS = 30000;
const { values: options } = parseArgs({
    options: { server: { type: 'string' }, only: { type: 'string' }, show: { type: 'boolean' } },
});

/** One request on a connection of its own: { status, type, body }, where JSON is parsed. */
export function ask(port, { method = 'GET', path = '/', headers = {}, body } = {}) {
    return new Promise((done, fail) => {
        const sent = request({ port, host: '127.0.0.1', method, path, headers, agent: false, timeout: PATIENCE_MS }, (answer) => {
            const chunks = [];
            answer.on('data', (chunk) => chunks.push(chunk));
            answer.on('error', fail);
            answer.on('end', () => {
                const text = Buffer.concat(chunks).toString();
                const type = answer.headers['content-type'];
                const isJson = type?.startsWith('application/json') && text !== '';
                done({ status: answer.statusCode, type, body: isJson ? JSON.parse(text) : text, text, headers: answer.headers });
            });
        });
        sent.on('error', fail);
        sent.on('timeout', () => sent.destroy(new Error('waited in vain for an answer')));
        sent.end(body);
    });
}

/** One server's side. */
class Table {
    constructor(kind, server) {
        this.kind = kind;
        this.server = server;
        this.clients = [];
    }

    async ask(more) {
        const { status, type, body } = await ask(this.server.port, more);
        return { status, type, body };
    }

    /** Any JSON to a path. */
    async post(body, { path = '/api', headers = {}, ...more } = {}) {
        return this.ask({ method: 'POST', path, headers: { 'content-type': 'application/json', ...headers }, body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body), ...more });
    }

    /** A batch; what came of its items. */
    async batch(...items) {
        return this.post({ body: items });
    }
}

async function outcomeOf(situation, table) {
    try {
        return await situation.ask(table);
    } catch (error) {
        for (let waited = 0; waited < 2000 && table.server.isRunning; waited += 20) await new Promise((next) => setTimeout(next, 20));
        if (!table.server.isRunning) return 'crashes';
        return `fails: ${error.message}`;
    }
}

const fits = (expected, outcome) => (typeof expected === 'function' ? expected(outcome) : isDeepStrictEqual(expected, outcome));

function problemsOf(situation, [original, ours]) {
    const problems = [];
    const isException = situation.original !== undefined || situation.ours !== undefined;
    if (!isException && !isDeepStrictEqual(original, ours)) problems.push('they differ');
    if (isException && isDeepStrictEqual(original, ours)) problems.push('they do not differ: the exception is out of date');
    if (situation.original !== undefined && !fits(situation.original, original)) problems.push('the original is not as listed');
    if (situation.ours !== undefined && !fits(situation.ours, ours)) problems.push('our server is not as listed');
    if (!isException && typeof ours === 'string') problems.push('our server gave no answer');
    return problems;
}

const shown = (outcome) => JSON.stringify(outcome)?.slice(0, 1200);

/** prepare(server): what both get before the first case; returns how to end it. originals: configuration of the original alone. */
export async function differentialHttp(feature, configuration, cases, { prepare, originals = {} } = {}) {
    const chosen = cases.filter(({ title }) => !options.only || title.includes(options.only));
    const start = async (kind) => {
        const table = new Table(kind, await (kind === 'original' ? startOriginal(merged(configuration, originals)) : startOurs(configuration)));
        table.end = await prepare?.(table.server);
        return table;
    };
    const tables = await Promise.all(['original', 'ours'].map(start));
    let failed = 0;
    try {
        for (const situation of chosen) {
            const outcomes = await Promise.all(tables.map((table) => outcomeOf(situation, table)));
            const problems = problemsOf(situation, outcomes);
            if (problems.length > 0) failed++;
            console.log(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${situation.title}${situation.fault ? ` (${situation.fault}: ${situation.reason})` : ''}`);
            if (problems.length > 0 || options.show) console.log(`    ${problems.join('; ')}\n    original ${shown(outcomes[0])}\n    ours     ${shown(outcomes[1])}`);
            if (!tables[1].server.isRunning) break;
            if (!tables[0].server.isRunning) {
                await tables[0].end?.();
                tables[0] = await start('original');
            }
        }
    } finally {
        for (const table of tables) {
            await table.end?.();
            await table.server.stop().catch((error) => { failed++; console.log(`FAIL ${error.message}`); });
        }
    }
    console.log(`${feature}: ${chosen.length} requests, ${failed} failed`);
    if (failed > 0) process.exitCode = 1;
}
