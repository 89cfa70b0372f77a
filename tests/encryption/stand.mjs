// What the tests of encryption share: certificates in a folder that goes away, peers of TLS, and `openssl s_client`.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { certificate } from '../support/certificates.mjs';

const WAIT_MS = 30000;

/** A scratch folder, removed at the end of the process. */
export const folder = mkdtempSync(join(tmpdir(), 'deepstream-encryption-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

export const authority = certificate(folder, 'authority', { isAuthority: true });
export const server = certificate(folder, 'server', { issuer: authority });

/** Trusts the authority, as a client should. */
export const TRUST = { ca: readFileSync(authority.pem), host: '127.0.0.1', servername: 'localhost' };

/** What a client of TLS shows of itself. */
export const showing = (made) => ({ key: readFileSync(made.key), cert: readFileSync(made.pem) });

/** Options of a server that encrypts. */
export const encrypted = (made, more = {}, http = {}) =>
    ({ httpServer: { options: { ...http, ssl: { key: made.key, cert: made.pem, ...more } } } });

function late(milliseconds, what) {
    let timer;
    const promise = new Promise((_, fail) => { timer = setTimeout(() => fail(new Error(`waited in vain for ${what}`)), milliseconds); });
    return { promise, clear: () => clearTimeout(timer) };
}

async function inTime(promise, what) {
    const limit = late(WAIT_MS, what);
    try {
        return await Promise.race([promise, limit.promise]);
    } finally {
        limit.clear();
    }
}

/** A connection whose bytes are kept: `received` grows, `over` resolves when it has ended. */
function watched(socket) {
    socket.received = Buffer.alloc(0);
    socket.on('data', (data) => { socket.received = Buffer.concat([socket.received, data]); });
    socket.on('error', (error) => { socket.failure = error; });
    const over = once(socket, 'close').catch(() => {});
    socket.over = () => inTime(over, 'the end of a connection');
    return socket;
}

/** A TLS connection after its handshake; fails as Node's does. */
export async function handshake(port, options = {}) {
    const socket = connectTls({ ...TRUST, port, ...options });
    await inTime(new Promise((done, fail) => {
        socket.once('secureConnect', done);
        socket.once('error', fail);
        socket.once('close', () => fail(new Error('the connection ended')));
    }), 'a handshake');
    return watched(socket);
}

/** How a handshake fails, in TLS 1.3 perhaps only when the first byte is awaited. */
export async function refused(port, options = {}) {
    try {
        const socket = await handshake(port, options);
        socket.write('GET /health-check HTTP/1.1\r\nHost: x\r\n\r\n');
        await socket.over();
        return socket.received.length > 0 ? 'accepted' : socket.failure?.code ?? 'ended';
    } catch (error) {
        return error.code ?? error.message;
    }
}

/** A bare TCP connection. */
export async function tcp(port) {
    const socket = watched(connectTcp({ port, host: '127.0.0.1', noDelay: true }));
    await inTime(once(socket, 'connect'), 'a connection');
    return socket;
}

/** GET of a path: { status, socket, ... } */
export function get(port, path = '/health-check', options = {}) {
    return inTime(new Promise((done, fail) => {
        const ask = request({ ...TRUST, port, path, agent: false, ...options }, (answer) => {
            const { authorized } = answer.socket;
            const peer = answer.socket.getPeerCertificate();
            answer.resume();
            answer.on('end', () => done({ status: answer.statusCode, authorized, peer, protocol: answer.socket.getProtocol?.() }));
        });
        ask.on('error', fail);
        ask.end();
    }), 'an answer');
}

/** The output of `openssl s_client`, which is told `input` and ends. */
export async function sClient(port, args = [], input = 'Q\n') {
    const child = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => { output += text; });
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    const timer = setTimeout(() => child.kill('SIGKILL'), WAIT_MS);
    const [code] = await once(child, 'close');
    clearTimeout(timer);
    return { code, output };
}
