// Certificates of clients: who is let in, and what authentication is told.

import { createServer } from 'node:http';
import { once as happens } from 'node:events';
import { certificate, fingerprintOf } from '../support/certificates.mjs';
import { hookAuthentication } from '../authentication/hook.mjs';
import { assert, scenarios } from '../scenarios/stage.mjs';
import { authority, encrypted, folder, get, handshake, refused, server, showing, TRUST } from './stand.mjs';

const client = certificate(folder, 'client', { issuer: authority, subject: '/O=Acme, "Ltd"/CN=b\u00f6' });
const stranger = certificate(folder, 'stranger');
const late = certificate(folder, 'late', { issuer: authority, days: -1 });
const foreign = certificate(folder, 'foreign', { isAuthority: true });
const subject = certificate(folder, 'subject', { issuer: foreign });

/** A webhook that accepts everybody and remembers what it was told. */
const told = [];
const hook = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    told.push(JSON.parse(body).connectionData);
    response.end('"somebody"');
});
hook.listen(0, '127.0.0.1');
await happens(hook, 'listening');

const auth = hookAuthentication(`http://127.0.0.1:${hook.address().port}/`, { requestTimeout: 20000 });
const asking = (clientCertificate) => ({ auth, ...encrypted(server, { ca: authority.pem, clientCertificate }) });

/** Logs in with a certificate; resolves to the connectionData that the webhook got. */
async function login(stage, made, more = {}) {
    told.length = 0;
    await stage.peer('somebody', { tls: { ...TRUST, ...(made ? showing(made) : {}), ...more } });
    assert.equal(told.length, 1);
    return told[0];
}

async function isRefused(stage, made, why) {
    for (const version of ['TLSv1.2', 'TLSv1.3']) {
        const from = stage.server.log.length;
        const outcome = await refused(stage.server.port, { ...(made ? showing(made) : {}), minVersion: version, maxVersion: version });
        assert.notEqual(outcome, 'accepted', version);
        await stage.server.logs(why, { from });
    }
}

try {
    await scenarios('required', asking('required'), [
        ['who is vouched for is let in, and authentication is told', async (stage) => {
            const data = await login(stage, client);
            assert.deepEqual(data.clientCertificate, {
                subject: 'CN=b\u00f6,O=Acme\\, \\"Ltd\\"', issuer: 'CN=authority', fingerprint: fingerprintOf(client), verified: true,
            });
            assert.equal(data.remoteAddress, '127.0.0.1');
        }],
        ['who shows nothing is not', (stage) =>
            isRefused(stage, null, /TLS handshake failed: peer did not return a certificate/)],
        ['who signed the certificate alone is not', (stage) =>
            isRefused(stage, stranger, /TLS handshake failed: certificate verify failed: self-signed certificate/)],
        ['whom another authority knows is not', (stage) =>
            isRefused(stage, subject, /TLS handshake failed: certificate verify failed: unable to /)],
        ['whose certificate has expired is not', (stage) =>
            isRefused(stage, late, /TLS handshake failed: certificate verify failed: certificate has expired/)],
        ['requests of https are asked, too', async (stage) => {
            assert.equal((await get(stage.server.port, '/health-check', showing(client))).status, 200);
            await assert.rejects(get(stage.server.port));
        }],
        ['a resumed connection is known by the certificate of the first', async (stage) => {
            const first = await handshake(stage.server.port, { ...showing(client), maxVersion: 'TLSv1.2' });
            const session = first.getSession();
            first.destroy();
            const data = await login(stage, client, { maxVersion: 'TLSv1.2', session });
            assert.equal(data.clientCertificate.fingerprint, fingerprintOf(client));
            assert.equal(data.clientCertificate.verified, true);
        }],
    ], { tls: { ...TRUST, ...showing(client) } });

    await scenarios('optional', asking('optional'), [
        ['who is vouched for is told of as verified', async (stage) => {
            assert.equal((await login(stage, client)).clientCertificate.verified, true);
        }],
        ['who is not is told of as that', async (stage) => {
            for (const made of [stranger, subject, late]) {
                const { clientCertificate } = await login(stage, made);
                assert.equal(clientCertificate.fingerprint, fingerprintOf(made));
                assert.equal(clientCertificate.verified, false, made.name);
            }
        }],
        ['who shows nothing is let in without', async (stage) => {
            assert.equal((await login(stage, null)).clientCertificate, undefined);
        }],
    ], { tls: TRUST });

    await scenarios('not asked for', { auth, ...encrypted(server) }, [
        ['a certificate is not even seen', async (stage) => {
            assert.equal((await login(stage, client)).clientCertificate, undefined);
        }],
    ], { tls: TRUST });
} finally {
    hook.close();
    hook.closeAllConnections();
}
