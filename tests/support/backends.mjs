// Real backends for tests: databases and buses as child processes, each on a free port of 127.0.0.1 with a
// scratch folder; killed, paused and started again at the same port on the same data. Prints nothing.
//
//     const redis = await startRedis({ args: ['--appendonly', 'yes'] });
//     redis.port; await redis.kill(); await redis.again(); await redis.stop();
//
// `stop` also removes the folder. What still runs when the test ends, ends with it.

import { spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './servers.mjs';

const START_MS = 60000;
const STOP_MS = 60000;
const RETRY_MS = 10;
const TRIES = 5;
const RELAUNCH_MS = 200;
const MOST_LAUNCHES = 20;
const MORE_FOLDERS = ['/usr/sbin', '/usr/lib/postgresql/15/bin'];
const ENVIRONMENT = { ...process.env, PATH: [process.env.PATH, ...MORE_FOLDERS].join(delimiter) };

const running = new Set();
process.on('exit', () => {
    for (const backend of running) backend.child.kill('SIGKILL');
    for (const backend of running) rmSync(backend.folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

/** Whether somebody accepts connections there. */
const accepts = (port) => new Promise((done) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('connect', () => { socket.destroy(); done(true); });
    socket.on('error', () => done(false));
});

/** The letter of a process's state in proc(5): T it is stopped, Z only its exit status is left; X when it is gone. */
function stateOf(pid) {
    try {
        return readFileSync(`/proc/${pid}/stat`, 'utf8').match(/^.*\) (.)/s)[1];
    } catch {
        return 'X';
    }
}

/** Waits until the processes are in one of these states. */
async function untilAll(pids, states) {
    while (!pids.every((pid) => states.includes(stateOf(pid)))) await new Promise((next) => setTimeout(next, RETRY_MS));
}

/** Kills the processes that this one has started. Returns their ids. */
async function killChildren(pid) {
    await untilAll([pid], 'TZX'); // it starts no others meanwhile
    if (stateOf(pid) !== 'T') return [];
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
    for (const child of children) process.kill(child, 'SIGKILL');
    return children;
}

/** The ids of a user, for programs that refuse to run as root. */
function idsOf(user) {
    if (user === undefined || process.getuid() !== 0) return {};
    const [uid, gid] = ['-u', '-g'].map((flag) => Number(spawnSync('id', [flag, user], { encoding: 'utf8' }).stdout));
    return { uid, gid };
}

class Backend {
    /** command(port, folder): the words of its command line. ready: as backend.isReady. */
    constructor(name, command, { user, ready, prepare, endSignal = 'SIGTERM' } = {}) {
        Object.assign(this, { name, command, ready, endSignal, ids: idsOf(user), log: '' });
        this.folder = mkdtempSync(join(tmpdir(), `${name}-test-`));
        if (this.ids.uid !== undefined) chownSync(this.folder, this.ids.uid, this.ids.gid);
        prepare?.(this);
    }

    /** Runs a command to its end, with the backend's user and folder. */
    run(program, args) {
        const { status, stdout, stderr, error } = spawnSync(program, args, { ...this.ids, cwd: this.folder, env: ENVIRONMENT, encoding: 'utf8' });
        if (status !== 0) throw new Error(`${program} failed: ${error ?? stdout + stderr}`);
        return stdout;
    }

    /** Another process may have taken the port meanwhile: then another one. */
    async start() {
        for (let tries = 1; ; tries++) {
            this.port = await freePort();
            if (await this.launch()) return this;
            if (tries === TRIES) throw await this.failure('did not start');
        }
    }

    async failure(what) {
        await this.stop();
        return new Error(`${this.name} ${what}\n${this.log.slice(-4000)}`);
    }

    watch(child) {
        this.child = child;
        this.exit = null;
        running.add(this);
        for (const stream of [child.stdout, child.stderr]) {
            stream.setEncoding('utf8');
            stream.on('data', (text) => { this.log += text; });
        }
        child.on('error', (error) => { this.log += `${error}\n`; });
        this.exited = new Promise((done) => child.on('close', (code, signal) => {
            this.exit = { code, signal };
            running.delete(this);
            done(this.exit);
        }));
    }

    get isRunning() {
        return this.exit === null;
    }

    /** Whether it answers: that the port is open, unless the kind of backend can say more. */
    async isReady() {
        return await accepts(this.port) && (this.ready === undefined || this.ready(this));
    }

    /** False when it ended instead. */
    async launch() {
        const [program, ...args] = this.command(this.port, this.folder);
        this.watch(spawn(program, args, { ...this.ids, cwd: this.folder, env: ENVIRONMENT, stdio: ['ignore', 'pipe', 'pipe'] }));
        const deadline = Date.now() + START_MS;
        while (this.isRunning && Date.now() < deadline) {
            if (await this.isReady()) return this.isRunning;
            await new Promise((done) => setTimeout(done, RETRY_MS)); // nothing tells when another process listens
        }
        if (this.isRunning) throw await this.failure('was not ready in time');
        return false;
    }

    signal(name) {
        this.child.kill(name);
    }

    /** SIGKILL, to the processes that it has started too: all at once, as a machine does that loses its power. */
    async kill() {
        if (!this.isRunning) return this.exit;
        this.pause();
        const children = await killChildren(this.child.pid);
        this.signal('SIGKILL');
        await this.exited;
        await untilAll(children, 'ZX');
        return this.exit;
    }

    /** It is asked to end, and does. */
    async end() {
        if (!this.isRunning) return;
        this.resume();
        this.signal(this.endSignal);
        const timer = setTimeout(() => this.signal('SIGKILL'), STOP_MS);
        await this.exited;
        clearTimeout(timer);
    }

    /** After its end: the same once more. */
    async again() {
        // What another one of its port or folder held may not be free at once.
        for (let tries = 1; !(await this.launch()); tries++) {
            if (tries === MOST_LAUNCHES) throw await this.failure('did not start again');
            await new Promise((next) => setTimeout(next, RELAUNCH_MS));
        }
    }

    async restart() {
        await this.end();
        await this.again();
    }

    /** Connected, but silent. */
    pause() {
        this.signal('SIGSTOP');
    }

    resume() {
        this.signal('SIGCONT');
    }

    async stop() {
        if (this.exit !== undefined) await this.end();
        rmSync(this.folder, { recursive: true, force: true });
    }
}

const CLIENT_MS = '5';
const answers = (program, args, pattern) => pattern.test(spawnSync(program, args, { env: ENVIRONMENT, encoding: 'utf8', timeout: 10000 }).stdout ?? '');

/** One of the doubles beside this file: `mongodb` or `elasticsearch`. It forgets when it ends. */
export function startDouble(name, { args = [] } = {}) {
    const file = join(dirname(fileURLToPath(import.meta.url)), `${name}_double.mjs`);
    return new Backend(name, (port) => [process.execPath, file, '--port', `${port}`, ...args]).start();
}

/** args: more options, such as --appendonly yes. password: as `requirepass`. */
export function startRedis({ args = [], password } = {}) {
    const secret = password === undefined ? [] : ['--requirepass', password];
    const login = password === undefined ? [] : ['--no-auth-warning', '-a', password];
    return new Backend('redis', (port, folder) => ['redis-server', '--bind', '127.0.0.1', '--port', `${port}`, '--dir', folder, '--save', '', ...secret, ...args], {
        ready: ({ port }) => answers('redis-cli', [...login, '-p', `${port}`, 'ping'], /PONG/),
    }).start();
}

export function startMemcached({ args = [] } = {}) {
    return new Backend('memcached', (port) => ['memcached', '-u', 'nobody', '-l', '127.0.0.1', '-p', `${port}`, '-U', '0', ...args]).start();
}

/** A cluster of its own, with the user and database `postgres`, who needs no password. */
export function startPostgres({ args = [] } = {}) {
    // A killed one leaves what it had in /dev/shm: its shared memory is in files of its folder.
    const settings = (folder) => ['listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`, 'dynamic_shared_memory_type=mmap'];
    const options = (folder) => settings(folder).flatMap((setting) => ['-c', setting]);
    return new Backend('postgres', (port, folder) => ['postgres', '-D', join(folder, 'data'), '-p', `${port}`, ...options(folder), ...args], {
        user: 'postgres',
        endSignal: 'SIGINT', // after SIGTERM it waits for its clients
        prepare: (backend) => {
            const data = join(backend.folder, 'data');
            if (!existsSync(data)) backend.run('initdb', ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '-N']);
        },
        ready: ({ port }) => answers('pg_isready', ['-h', '127.0.0.1', '-p', `${port}`, '-t', CLIENT_MS], /accepting connections/),
    }).start();
}

export function startNats({ args = [] } = {}) {
    return new Backend('nats', (port) => ['nats-server', '-a', '127.0.0.1', '-p', `${port}`, ...args]).start();
}

/** lines: more lines of its configuration file. */
export function startMosquitto({ lines = ['allow_anonymous true'] } = {}) {
    return new Backend('mosquitto', (port, folder) => {
        const file = join(folder, 'mosquitto.conf');
        writeFileSync(file, [`listener ${port} 127.0.0.1`, ...lines, ''].join('\n'), { mode: 0o644 });
        return ['mosquitto', '-c', file];
    }).start();
}
