// Starts the two servers that tests talk to: ours, as the program that was built, and the original, from
// npm, as a child process. Each gets a free port, a scratch folder and a log that is kept. Prints nothing.
//
// Both are described by one configuration object, which is the original's; `ours` holds what only our
// server gets, for example where records are stored.

import { fork, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { request } from 'node:http';
import { request as requestTls } from 'node:https';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const START_MS = 60000;
const STOP_MS = 60000;
const ORIGINAL_TRIES = 5;
/** What a sanitizer keeps of freed memory must not look like memory that the server holds. */
const ENVIRONMENT = { ...process.env, ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:quarantine_size_mb=8:thread_local_quarantine_size_kb=64` };
/** Servers with a list of origins must have this one in it. */
export const GOOD_ORIGIN = 'http://good.example';
const SANITIZER_REPORT = /AddressSanitizer|LeakSanitizer|ThreadSanitizer|UndefinedBehaviorSanitizer|runtime error:/;

const { values: options } = parseArgs({
    options: { server: { type: 'string' } }, strict: false, allowPositionals: true,
});
const top = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** The program under test: --server FILE, or what the release preset builds. */
export const program = resolve(options.server ?? join(top, 'build/release/server/deepstream'));

/** Sanitizers keep what was freed: bounds of memory say little under them. */
export const isSanitized = existsSync(program) && /__[at]san_init/.test(readFileSync(program, 'latin1'));

/** ThreadSanitizer has several times the memory of the program beside it. */
export const isThreadSanitized = isSanitized && readFileSync(program, 'latin1').includes('__tsan_init');

/** A port that was free a moment ago. */
export async function freePort() {
    const listener = createServer();
    await new Promise((done) => listener.listen(0, '127.0.0.1', done));
    const { port } = listener.address();
    await new Promise((done) => listener.close(done));
    return port;
}

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

/** b over a: objects by member, everything else as a whole. */
export function merged(a, b) {
    if (!isObject(a) || !isObject(b)) return b === undefined ? a : b;
    const result = { ...a };
    for (const [key, value] of Object.entries(b)) result[key] = merged(a[key], value);
    return result;
}

const quietEndpoint = (endpoint) => [{ type: 'ws-binary', options: { urlPath: '/deepstream', ...endpoint } }];

/** A whole configuration from what a test cares about; `endpoint` are options of the one endpoint. */
export function configurationOf(port, { endpoint = {}, ...given } = {}) {
    return merged({
        serverName: 'test',
        showLogo: false,
        logLevel: 0,
        logger: { type: 'default', options: { colors: false } },
        connectionEndpoints: quietEndpoint(endpoint),
        httpServer: { type: 'default', options: { host: '127.0.0.1', port } },
        auth: [{ type: 'none', options: {} }],
        permission: { type: 'none', options: {} },
    }, given);
}

/** Rules that allow all but what is given. */
export function permissions(given = {}) {
    const open = {
        presence: { '*': { allow: true } },
        record: { '*': { create: true, write: true, read: true, delete: true, listen: true, notify: true } },
        event: { '*': { publish: true, subscribe: true, listen: true } },
        rpc: { '*': { provide: true, request: true } },
    };
    const all = merged(open, given);
    return { type: 'config', options: { permissions: all, maxRuleIterations: 3, cacheEvacuationInterval: 60000 } };
}

export const plainUsers = (users) => [{ type: 'file', options: { users } }];

/** tls: options of the request when the port is encrypted. */
function healthy(port, tls) {
    return new Promise((done) => {
        const asking = tls ? requestTls : request;
        const ask = asking({ port, host: '127.0.0.1', path: '/health-check', timeout: 2000, headers: { origin: GOOD_ORIGIN }, agent: false, rejectUnauthorized: false, ...tls }, (answer) => {
            answer.resume();
            done(answer.statusCode === 200);
        });
        ask.on('error', () => done(false));
        ask.on('timeout', () => ask.destroy());
        ask.end();
    });
}

class Server {
    constructor(kind, port, config) {
        this.kind = kind;
        this.port = port;
        this.config = config;
        this.log = '';
        this.waiting = new Set();
    }

    watch(child) {
        this.child = child;
        this.pid = child.pid;
        this.exit = null;
        for (const stream of [child.stdout, child.stderr]) {
            stream.setEncoding('utf8');
            stream.on('data', (text) => {
                this.log += text;
                for (const look of [...this.waiting]) look();
            });
        }
        this.exited = new Promise((done) => child.on('close', (code, signal) => {
            this.exit = { code, signal };
            for (const look of [...this.waiting]) look();
            done(this.exit);
        }));
    }

    get isRunning() {
        return this.exit === null;
    }

    /** Waits for text in the log; `from` is a length of the log. */
    async logs(pattern, { from = 0, milliseconds = 20000 } = {}) {
        const found = () => this.log.slice(from).match(pattern);
        return new Promise((done, fail) => {
            const end = (act, value) => {
                clearTimeout(timer);
                this.waiting.delete(look);
                act(value);
            };
            const look = () => {
                const match = found();
                if (match) end(done, match);
                else if (!this.isRunning) end(fail, new Error(`${this.kind} ended before it logged ${pattern}\n${this.tail()}`));
            };
            const timer = setTimeout(() => end(fail, new Error(`${this.kind} did not log ${pattern}\n${this.tail()}`)), milliseconds);
            this.waiting.add(look);
            look();
        });
    }

    tail() {
        return this.log.split('\n').slice(-25).join('\n');
    }

    /** Resident memory in KiB. */
    residentKilobytes() {
        return Number(readFileSync(`/proc/${this.pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]);
    }

    signal(name) {
        this.child.kill(name);
    }

    async kill() {
        this.signal('SIGKILL');
        return this.exited;
    }
}

class OurServer extends Server {
    static async start(given = {}, { ours = {}, folder, args = [], tls, env = {} } = {}) {
        const { port = 0, ...rest } = given;
        const scratch = folder ?? mkdtempSync(join(tmpdir(), 'deepstream-test-'));
        const config = merged(configurationOf(port, rest), merged({ storage: { type: 'none', options: {} } }, ours));
        const server = new OurServer('our server', port, config);
        server.scratch = scratch;
        server.ownsScratch = folder === undefined;
        server.args = args;
        server.env = env; // beside ours
        server.tls = tls; // options of clients, when the server is encrypted
        await server.launch();
        return server;
    }

    async launch() {
        const file = join(this.scratch, 'config.json');
        writeFileSync(file, JSON.stringify(this.config, null, 2));
        this.watch(spawn(program, ['start', '-c', file, ...this.args],
            { cwd: this.scratch, env: { ...ENVIRONMENT, ...this.env }, stdio: ['ignore', 'pipe', 'pipe'] }));
        await this.logs(/Deepstream started/, { milliseconds: START_MS });
        this.port = Number(this.log.match(/Listening for http connections on \S+:(\d+)/)[1]);
        if (!(await healthy(this.port, this.tls))) throw new Error(`our server does not answer\n${this.tail()}`);
    }

    /** The same server again, at the same port, with the same files. */
    async restart() {
        await this.end();
        await this.again();
    }

    /** After its end, however it came: the same server, at the same port, with the same files. */
    async again() {
        const before = this.log;
        this.log = '';
        this.config = merged(this.config, { httpServer: { options: { port: this.port } } });
        await this.launch();
        this.log = before + this.log;
    }

    async end() {
        if (this.isRunning) {
            this.signal('SIGTERM');
            const timer = setTimeout(() => this.signal('SIGKILL'), STOP_MS);
            await this.exited;
            clearTimeout(timer);
        }
        this.checkEnd();
    }

    checkEnd() {
        if (SANITIZER_REPORT.test(this.log)) throw new Error(`a sanitizer reported\n${this.log.slice(this.log.search(SANITIZER_REPORT) - 500).slice(0, 6000)}`);
        const { code, signal } = this.exit;
        if (code !== 0) throw new Error(`our server ended with ${signal ?? code}\n${this.tail()}`);
    }

    /** Stops it and makes sure that it ended well. */
    async stop() {
        try {
            await this.end();
        } finally {
            if (this.ownsScratch) rmSync(this.scratch, { recursive: true, force: true });
        }
    }
}

class OriginalServer extends Server {
    /** It takes no port of the system's choice, so another process may be faster: then once more. */
    static async start(given = {}, more = {}) {
        for (let tries = 1; ; tries++) {
            const server = await OriginalServer.attempt(await freePort(), given, more);
            if (server.isRunning && await healthy(server.port)) return server;
            await server.stop();
            if (tries === ORIGINAL_TRIES || !server.log.includes('EADDRINUSE')) throw new Error(`the original did not start\n${server.tail()}`);
        }
    }

    static async attempt(port, given, { trouble }) {
        const server = new OriginalServer('the original', port, configurationOf(port, given));
        const child = fork(join(dirname(fileURLToPath(import.meta.url)), 'original_server.mjs'), [],
            { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
        server.watch(child);
        const ready = new Promise((done) => child.once('message', done));
        child.send({ config: server.config, trouble });
        const timer = setTimeout(() => server.signal('SIGKILL'), START_MS);
        await Promise.race([ready, server.exited]);
        clearTimeout(timer);
        return server;
    }

    async stop() {
        if (!this.isRunning) return;
        this.signal('SIGKILL');
        await this.exited;
    }
}

export const startOurs = (given, more) => OurServer.start(given, more);
export const startOriginal = (given, more) => OriginalServer.start(given, more);
