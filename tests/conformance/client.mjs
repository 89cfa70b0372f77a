// Starts the echo program, and speaks to it in raw bytes: a client that can break every rule. With --tls all of
// it is encrypted; nothing else differs.

import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import assert from 'node:assert/strict';
import { certificate } from '../support/certificates.mjs';

export const TEXT = 1, BINARY = 2, CONTINUATION = 0, CLOSE = 8, PING = 9, PONG = 10;
const PATIENCE_MS = 15_000;

/** Arguments of the echo program that make it speak TLS. */
function encryption() {
    const folder = mkdtempSync(join(tmpdir(), 'ws-echo-'));
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
    const { key, pem } = certificate(folder, 'localhost');
    return ['--key', key, '--cert', pem];
}

export const isEncrypted = process.argv.includes('--tls');
const ENCRYPTION = isEncrypted ? encryption() : [];

export class Echo {
    static async start(...options) {
        const program = process.argv[2];
        if (!program) throw new Error('usage: node FILE.mjs PATH/TO/ws_echo');
        const child = spawn(program, ['--port', '0', ...ENCRYPTION, ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
        const echo = new Echo();
        echo.child = child;
        echo.exited = once(child, 'exit');
        let printed = '';
        for await (const chunk of child.stdout) {
            printed += chunk;
            const port = /listening on port (\d+)\n/.exec(printed);
            if (port) {
                echo.port = Number(port[1]);
                return echo;
            }
        }
        throw new Error('the echo program ended before it listened');
    }

    // Ends it, and sees that it ended well.
    async stop(signal = 'SIGTERM') {
        this.child.kill(signal);
        const [code, by] = await this.exited;
        assert.deepEqual([code, by], [0, null], 'the echo program must end with 0');
    }
}

export async function late(promise, what) {
    let timer;
    const timeout = new Promise((_, fail) => {
        timer = setTimeout(() => fail(new Error(`waited too long for ${what}`)), PATIENCE_MS);
    });
    try {
        return await Promise.race([promise, timeout]);
    } finally {
        clearTimeout(timer);
    }
}

// A connection: bytes out, bytes in.
export class Raw {
    constructor(socket) {
        this.socket = socket;
        this.bytes = Buffer.alloc(0);
        this.ended = false;
        this.wake = () => {};
        socket.on('data', (chunk) => {
            this.bytes = this.bytes.length === 0 ? chunk : Buffer.concat([this.bytes, chunk]);
            this.wake();
        });
        socket.on('end', () => { this.ended = true; this.wake(); });
        socket.on('close', () => { this.ended = true; this.wake(); });
        socket.on('error', () => { this.ended = true; this.wake(); });
    }

    static async open(port) {
        const tcp = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
        await once(tcp, 'connect');
        if (!isEncrypted) return new Raw(tcp);
        const socket = connectTls({ socket: tcp, allowHalfOpen: true, rejectUnauthorized: false });
        socket.tcp = tcp;
        await once(socket, 'secureConnect');
        return new Raw(socket);
    }

    write(bytes) {
        return new Promise((done) => this.socket.write(bytes, () => done()));
    }

    // In pieces, each in a segment of its own as far as that can be had.
    async chop(bytes, size) {
        for (let i = 0; i < bytes.length; i += size) {
            await this.write(bytes.subarray(i, i + size));
            await new Promise(setImmediate);
        }
    }

    async until(ready, what) {
        for (;;) {
            const result = ready();
            if (result !== undefined) return result;
            if (this.ended) throw new Error(`the connection ended while waiting for ${what}`);
            await late(new Promise((wake) => { this.wake = wake; }), what);
        }
    }

    async end(what = 'the end of the connection') {
        while (!this.ended) await late(new Promise((wake) => { this.wake = wake; }), what);
        return this.bytes;
    }

    take(length) {
        const taken = this.bytes.subarray(0, length);
        this.bytes = this.bytes.subarray(length);
        return taken;
    }

    destroy() {
        this.socket.destroy();
    }

    /** Ends the connection as a crash would. */
    reset() {
        (this.socket.tcp ?? this.socket).resetAndDestroy();
    }
}

// ---- HTTP ----

export async function response(raw, { isHead = false } = {}) {
    const end = await raw.until(() => {
        const at = raw.bytes.indexOf('\r\n\r\n');
        return at < 0 ? undefined : at;
    }, 'the head of an answer');
    const lines = raw.take(end + 4).toString('latin1').split('\r\n');
    const headers = Object.fromEntries(lines.slice(1).filter(Boolean).map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }));
    const length = isHead ? 0 : Number(headers['content-length'] ?? 0);
    await raw.until(() => (raw.bytes.length >= length ? true : undefined), 'the body of an answer');
    return { status: Number(lines[0].split(' ')[1]), line: lines[0], headers, body: raw.take(length).toString() };
}

export const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

export function upgradeHead({ path = '/echo', method = 'GET', version = 'HTTP/1.1', ...changed } = {}) {
    const headers = {
        Host: 'localhost', Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Key': KEY,
        'Sec-WebSocket-Version': '13', ...changed,
    };
    const lines = Object.entries(headers).filter(([, value]) => value !== undefined)
        .flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one}`));
    return [`${method} ${path} ${version}`, ...lines, '', ''].join('\r\n');
}

export function acceptOf(key) {
    return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

// ---- WebSocket ----

// A frame as bytes. `form` forces the width of the length: 7, 16 or 64.
export function frame(opcode, payload = '', { fin = true, rsv = 0, mask = true, form, length } = {}) {
    const data = Buffer.from(payload);
    const announced = length ?? data.length;
    const width = form ?? (announced < 126 ? 7 : announced <= 0xffff ? 16 : 64);
    const head = Buffer.alloc(width === 7 ? 2 : width === 16 ? 4 : 10);
    head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
    head[1] = (mask ? 0x80 : 0) | (width === 7 ? announced : width === 16 ? 126 : 127);
    if (width === 16) head.writeUInt16BE(announced, 2);
    if (width === 64) head.writeBigUInt64BE(BigInt(announced), 2);
    if (!mask) return Buffer.concat([head, data]);
    const key = randomBytes(4), masked = Buffer.from(data);
    for (let i = 0; i < masked.length; i++) masked[i] ^= key[i & 3];
    return Buffer.concat([head, key, masked]);
}

export function closePayload(code, reason = '') {
    const head = Buffer.alloc(2);
    head.writeUInt16BE(code);
    return Buffer.concat([head, Buffer.from(reason)]);
}

export class Client extends Raw {
    static async open(port, headers = {}) {
        const { socket } = await Raw.open(port);
        socket.removeAllListeners();
        const client = new Client(socket);
        client.write(upgradeHead(headers));
        const answer = await response(client);
        assert.equal(answer.status, 101, answer.line);
        client.extensions = answer.headers['sec-websocket-extensions'];
        return client;
    }

    send(opcode, payload, options) {
        return this.write(frame(opcode, payload, options));
    }

    // The next frame of the server, which must be whole and unmasked.
    async next(what = 'a frame') {
        return this.until(() => {
            if (this.bytes.length < 2) return undefined;
            const [first, second] = this.bytes;
            assert.equal(second & 0x80, 0, 'a server must not mask (RFC 6455 5.1)');
            let head = 2, length = second & 0x7f;
            if (length === 126) {
                if (this.bytes.length < 4) return undefined;
                head = 4;
                length = this.bytes.readUInt16BE(2);
                assert.ok(length > 125, 'the shortest form of the length');
            } else if (length === 127) {
                if (this.bytes.length < 10) return undefined;
                head = 10;
                length = Number(this.bytes.readBigUInt64BE(2));
                assert.ok(length > 0xffff, 'the shortest form of the length');
            }
            if (this.bytes.length < head + length) return undefined;
            this.take(head);
            return { fin: first >> 7 === 1, rsv: (first >> 4) & 7, opcode: first & 15, payload: Buffer.from(this.take(length)) };
        }, what);
    }

    async expect(opcode, payload) {
        const got = await this.next(`an echo of ${payload.length} bytes`);
        assert.equal(got.opcode, opcode);
        assert.equal(got.fin, true);
        assert.ok(Buffer.from(payload).equals(got.payload), 'the payload comes back as it was sent');
    }

    // The server says goodbye with this status (undefined: none), and then ends the connection.
    async expectClose(status) {
        const got = await this.next('a close frame');
        assert.equal(got.opcode, CLOSE, `opcode of ${JSON.stringify(got)}`);
        assert.equal(got.payload.length === 0 ? undefined : got.payload.readUInt16BE(0), status);
        const rest = await this.end();
        assert.equal(rest.length, 0, 'nothing follows a close frame');
        this.destroy();
    }

    // A polite end; what proves that the connection was fine to its end.
    async leave() {
        await this.send(CLOSE, closePayload(1000));
        await this.expectClose(1000);
    }
}
