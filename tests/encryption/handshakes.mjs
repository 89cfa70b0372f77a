// Handshakes with a real server: versions, ciphers, names, resumption, renegotiation; and requests over https.

import { once as happens } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { assert, scenarios, until } from '../scenarios/stage.mjs';
import { certificate } from '../support/certificates.mjs';
import { authority, encrypted, folder, get, handshake, refused, sClient, server, TRUST } from './stand.mjs';

const OLD = { ciphers: 'DEFAULT:@SECLEVEL=0' };
const only = (version) => ({ minVersion: version, maxVersion: version });
const REQUEST = 'GET /health-check HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

/** A handshake by the ticket of another one; resolves to whether it was resumed. */
async function resumes(stage, version) {
    const { port } = stage.server;
    const first = connectTls({ ...TRUST, port, ...only(version) });
    first.write(REQUEST);
    first.resume();
    const [session] = await happens(first, 'session');
    first.destroy();
    const second = await handshake(port, { ...only(version), session });
    const isReused = second.isSessionReused();
    second.destroy();
    return isReused;
}

await scenarios('handshakes', encrypted(server), [
    ['the log says that it is encrypted, and for whom', (stage) =>
        stage.server.logs(/http connections are encrypted \(https, wss\): CN=server, valid until /)],

    ['TLS 1.2 and 1.3 are spoken', async (stage) => {
        for (const version of ['TLSv1.2', 'TLSv1.3']) {
            const socket = await handshake(stage.server.port, only(version));
            assert.equal(socket.getProtocol(), version);
            assert.equal(socket.authorized, true);
            socket.write(REQUEST);
            await socket.over();
            assert.match(socket.received.toString(), /^HTTP\/1\.1 200 OK\r\n/);
            assert.equal(socket.failure, undefined);
        }
    }],

    ['older versions are refused, and the log says why', async (stage) => {
        const from = stage.server.log.length;
        for (const version of ['TLSv1', 'TLSv1.1'])
            assert.equal(await refused(stage.server.port, { ...only(version), ...OLD }), 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
        await stage.server.logs(/CONNECTION_ERROR \| 127\.0\.0\.1: TLS handshake failed: unsupported protocol/, { from });
    }],

    ['a client that pretends to have fallen back is refused (RFC 7507)', async (stage) => {
        const { output } = await sClient(stage.server.port, ['-tls1_2', '-fallback_scsv']);
        assert.match(output, /inappropriate fallback/);
    }],

    ['a client that expects another name sees that', async (stage) => {
        await assert.rejects(handshake(stage.server.port, { servername: 'other.example' }), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    }],

    ['any name of a server may be asked for, and none', async (stage) => {
        const named = await handshake(stage.server.port, { servername: 'who.example', checkServerIdentity: () => undefined });
        named.destroy();
        const { output } = await sClient(stage.server.port, ['-noservername']);
        assert.match(output, /subject=CN = server/);
    }],

    ['a client that trusts nobody sees an unknown issuer', async (stage) => {
        await assert.rejects(handshake(stage.server.port, { ca: [] }), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
    }],

    ['handshakes are resumed by tickets', async (stage) => {
        assert.equal(await resumes(stage, 'TLSv1.2'), true);
        assert.equal(await resumes(stage, 'TLSv1.3'), true);
    }],

    ['renegotiation is refused', async (stage) => {
        const socket = await handshake(stage.server.port, only('TLSv1.2'));
        const error = await new Promise((done) => {
            socket.renegotiate({}, done);
            socket.once('error', done);
        });
        assert.match(String(error), /no.renegotiation/i);
    }],

    ['neither compression nor early data is offered', async (stage) => {
        const { output } = await sClient(stage.server.port);
        assert.match(output, /Compression: NONE/);
        assert.match(output, /Early data was not sent/);
        assert.doesNotMatch(output, /Max Early Data: [1-9]/);
    }],

    ['https answers as http does', async (stage) => {
        const answer = await get(stage.server.port);
        assert.deepEqual([answer.status, answer.authorized], [200, true]);
        assert.equal((await get(stage.server.port, '/none')).status, 404);
        assert.equal((await get(stage.server.port, '/ready')).status, 200);
    }],

    ['close_notify answers close_notify', async (stage) => {
        const socket = await handshake(stage.server.port);
        socket.end();
        await happens(socket, 'end');
        await socket.over();
        assert.equal(socket.failure, undefined);
    }],
], { tls: TRUST });

await scenarios('with a key of RSA', encrypted(certificate(folder, 'rsa', { issuer: authority, algorithm: 'RSA' })), [
    ['ciphers without forward secrecy or authentication of what is sent are not agreed on', async (stage) => {
        for (const ciphers of ['AES128-SHA', 'AES256-GCM-SHA384', 'ECDHE-RSA-AES128-SHA', 'DHE-RSA-AES128-GCM-SHA256', 'NULL', 'aNULL'])
            assert.notEqual(await refused(stage.server.port, { ...only('TLSv1.2'), ciphers: `${ciphers}:@SECLEVEL=0` }), 'accepted', ciphers);
    }],
    ['those with both are', async (stage) => {
        for (const ciphers of ['ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-RSA-CHACHA20-POLY1305'])
            assert.equal(await refused(stage.server.port, { ...only('TLSv1.2'), ciphers }), 'accepted', ciphers);
    }],
], { tls: TRUST });

await scenarios('the least version and ciphers', encrypted(server, { minVersion: 'TLSv1.3', ciphers: 'TLS_CHACHA20_POLY1305_SHA256' }), [
    ['a version below is refused', async (stage) => {
        assert.equal(await refused(stage.server.port, only('TLSv1.2')), 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
    }],
    ['only the named cipher is spoken', async (stage) => {
        const socket = await handshake(stage.server.port);
        assert.equal(socket.getCipher().name, 'TLS_CHACHA20_POLY1305_SHA256');
        socket.destroy();
        assert.notEqual(await refused(stage.server.port, { ciphers: 'TLS_AES_128_GCM_SHA256' }), 'accepted');
    }],
    ['connections that end leave no memory behind', async (stage) => {
        const before = stage.server.residentKilobytes();
        for (let round = 0; round < 20; round++) {
            const all = await Promise.all(Array.from({ length: 50 }, () => handshake(stage.server.port)));
            for (const socket of all) socket.destroy();
            await Promise.all(all.map((socket) => socket.over()));
        }
        await until(() => stage.server.residentKilobytes() - before < 60000, 'memory to be given back');
    }],
], { tls: TRUST });
