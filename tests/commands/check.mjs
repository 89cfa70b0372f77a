// What the tests of the command line share: named checks, a scratch folder for each, and the program.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { program } from '../support/servers.mjs';

export { program };

/** --server and --only, and what only some scripts are given. */
export const { values: options } = parseArgs({
    options: {
        server: { type: 'string' }, only: { type: 'string', default: '' },
        objects: { type: 'string' }, build: { type: 'string' }, compiler: { type: 'string' },
        bus: { type: 'string' },
    },
});

let passed = 0;
const failed = [];

/** Runs one check in a folder of its own. act gets {folder, file, run, launch}. */
export async function check(name, act) {
    if (!name.includes(options.only)) return;
    const place = new Place();
    try {
        await act(place);
        passed++;
    } catch (error) {
        failed.push(name);
        console.error(`FAILED: ${name}\n${error.stack ?? error}\n`);
    } finally {
        await place.leave();
    }
}

export function report() {
    console.log(`${passed} passed, ${failed.length} failed`);
    process.exitCode = failed.length === 0 && passed > 0 ? 0 : 1;
}

/** Where a check works. */
class Place {
    constructor() {
        this.folder = mkdtempSync(join(tmpdir(), 'deepstream-commands-'));
        this.children = [];
        for (const name of ['file', 'run', 'launch']) this[name] = this[name].bind(this);
    }

    /** Writes a file of the folder and returns its path. */
    file(name, content) {
        const path = join(this.folder, name);
        writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content, null, 2));
        return path;
    }

    /** Runs the program to its end. */
    run(args, { environment = {}, ...more } = {}) {
        return spawnSync(program, args, {
            cwd: this.folder, encoding: 'utf8', timeout: 30000,
            env: { ...process.env, NO_COLOR: '1', DEEPSTREAM_CONFIG_DIRECTORY: '', ...environment }, ...more,
        });
    }

    /** Starts the program; it is killed when the check ends, if it lives. */
    launch(args, { environment = {}, program: launched = program } = {}) {
        const child = new Launched(spawn(launched, args, {
            cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...environment },
        }));
        this.children.push(child);
        return child;
    }

    async leave() {
        for (const child of this.children) await child.kill();
        rmSync(this.folder, { recursive: true, force: true });
    }
}

/** A program that runs. */
class Launched {
    constructor(child) {
        this.child = child;
        this.pid = child.pid;
        this.log = '';
        this.looks = new Set();
        for (const stream of [child.stdout, child.stderr]) {
            stream.setEncoding('utf8');
            stream.on('data', (text) => {
                this.log += text;
                for (const look of [...this.looks]) look();
            });
        }
        this.ended = new Promise((done) => child.on('close', (code, signal) => {
            this.end = { code, signal };
            for (const look of [...this.looks]) look();
            done(this.end);
        }));
    }

    /** Waits until the log matches. */
    logs(pattern, { times = 1, milliseconds = 20000 } = {}) {
        const all = new RegExp(pattern.source, `${pattern.flags.replace('g', '')}g`);
        return new Promise((done, fail) => {
            const settle = (act, value) => {
                clearTimeout(timer);
                this.looks.delete(look);
                act(value);
            };
            const give = (why) => settle(fail, new Error(`${why} it logged ${pattern}:\n${this.log}`));
            const look = () => {
                const found = [...this.log.matchAll(all)];
                if (found.length >= times) settle(done, found[times - 1]);
                else if (this.end) give('it ended before');
            };
            const timer = setTimeout(() => give('time was up before'), milliseconds);
            this.looks.add(look);
            look();
        });
    }

    signal(name) {
        this.child.kill(name);
    }

    /** Waits for the end, however it comes. */
    async exit(milliseconds = 20000) {
        const late = new Promise((done, fail) => {
            this.timer = setTimeout(() => fail(new Error(`it did not end:\n${this.log}`)), milliseconds);
        });
        try {
            return await Promise.race([this.ended, late]);
        } finally {
            clearTimeout(this.timer);
        }
    }

    async kill() {
        if (this.end) return;
        this.signal('SIGKILL');
        await this.ended;
    }
}

/** The port of a server that was started with port 0. */
export async function portOf(launched, times = 1) {
    const [, port] = await launched.logs(/Listening for http connections on [^\n]*:(\d+)/, { times });
    return Number(port);
}

/** Asserts how a finished program ended. */
export function ended(ran, { status = 0, stdout, stderr } = {}) {
    const said = `status ${ran.status ?? ran.signal}\nstdout: ${ran.stdout}\nstderr: ${ran.stderr}`;
    assert.equal(ran.status, status, said);
    for (const [stream, expected] of Object.entries({ stdout, stderr })) {
        if (expected instanceof RegExp) assert.match(ran[stream], expected, said);
        else if (expected !== undefined) assert.equal(ran[stream], expected, said);
    }
}
