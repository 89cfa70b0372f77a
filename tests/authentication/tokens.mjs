// Logins by JSON web token, signed here by Node.js: keys from a file and from a URL, claims in rules,
// forgeries, and the end of a login.

import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert, scenarios, until } from '../scenarios/stage.mjs';
import { permissions } from '../support/servers.mjs';

const folder = mkdtempSync(join(tmpdir(), 'deepstream-tokens-'));
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const later = generateKeyPairSync('ec', { namedCurve: 'P-521' });
const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' });
const keyFile = join(folder, 'key.pem');
writeFileSync(keyFile, pem);

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const HASHES = { 256: 'sha256', 512: 'sha512' };

/** alg, key -> a token of these claims. */
function token(alg, key, claims, header = {}) {
    const text = `${part({ alg, typ: 'JWT', ...header })}.${part(claims)}`;
    const hash = HASHES[alg.slice(2)];
    if (alg === 'none') return `${text}.`;
    const signature = alg.startsWith('HS') ? createHmac(hash, key).update(text).digest()
        : sign(hash, Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
    return `${text}.${signature.toString('base64url')}`;
}

const soon = (seconds) => Math.floor(Date.now() / 1000) + seconds;
const said = (pattern) => (error) => pattern.test(JSON.stringify(error));
const auth = (options) => [{ type: 'jwt', options }];
const rules = permissions({ event: { 'admins/*': { publish: "user.data.role === 'admin'" } } });

await scenarios('tokens by a key of a file', {
    auth: auth({ publicKey: `fileLoad(${keyFile})`, issuer: 'https://issuer/', clientDataClaim: 'profile', leeway: 0 }), permission: rules,
}, [
    ['a genuine token logs in, with data for the client', async (stage) => {
        const claims = { iss: 'https://issuer/', sub: 'ann', profile: { nick: 'a' } };
        assert.deepEqual(await stage.client().login({ token: token('RS256', rsa.privateKey, claims) }), { nick: 'a' });
        await stage.server.logs(/AUTH_SUCCESSFUL \| ann/);
    }],
    ['rules see the claims', async (stage) => {
        const ann = stage.client(), bob = stage.client();
        await ann.login({ token: token('RS512', rsa.privateKey, { iss: 'https://issuer/', sub: 'ann', role: 'admin' }) });
        await bob.login({ token: token('RS512', rsa.privateKey, { iss: 'https://issuer/', sub: 'bob', role: 'user' }) });
        bob.event.emit('admins/news', 'mine');
        await stage.complains(bob, 'MESSAGE_DENIED');
        ann.event.emit('admins/news', 'hers');
        await ann.record.has('x'); // behind it, so it was not denied
        assert.deepEqual(ann.errors, []);
    }],
    ['forgeries are refused, and the server says no more', async (stage) => {
        const claims = { iss: 'https://issuer/', sub: 'admin' };
        const forgeries = [
            token('none', null, claims), token('HS256', pem, claims), token('ES256', curve.privateKey, claims),
            token('RS256', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, claims),
            token('RS256', rsa.privateKey, claims, { crit: ['b64'], b64: false }), 'x', '', '..',
        ];
        for (const forgery of forgeries) {
            await assert.rejects(stage.client().login({ token: forgery }), said(/invalid token"/), forgery);
        }
    }],
    ['claims have to fit', async (stage) => {
        const login = (claims) => stage.client().login({ token: token('RS256', rsa.privateKey, { iss: 'https://issuer/', sub: 'ann', ...claims }) });
        await assert.rejects(login({ exp: soon(-1) }), said(/it has expired/));
        await assert.rejects(login({ nbf: soon(60) }), said(/it is not valid yet/));
        await assert.rejects(login({ iss: 'https://other/' }), said(/it is from another issuer/));
        await assert.rejects(login({ sub: undefined }), said(/invalid token/));
        await assert.rejects(stage.client().login({ username: 'ann' }), said(/missing authentication parameter: token/));
        await login({ exp: soon(60), nbf: soon(-60) });
    }],
    ['a login ends with its token, others go on', async (stage) => {
        const claims = (sub, more) => ({ iss: 'https://issuer/', sub, ...more });
        const mortal = await stage.peer('mortal', { auth: { token: token('RS256', rsa.privateKey, claims('mortal', { exp: soon(3) })) } });
        const other = await stage.peer('other', { auth: { token: token('RS256', rsa.privateKey, claims('other', { exp: soon(3600) })) } });
        await mortal.closes();
        await stage.server.logs(/closing the connection of mortal: its login has expired/);
        await other.roundTrip();
    }],
]);

let published = [];
let asked = 0;
const issuer = createServer((request, response) => {
    asked++;
    response.end(JSON.stringify({ keys: published }));
});
await new Promise((done) => issuer.listen(0, '127.0.0.1', done));
const jwk = ({ publicKey }, kid, alg) => ({ ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' });
published = [jwk(rsa, 'r', 'RS256'), jwk(curve, 'c', 'ES256')];

await scenarios('tokens by keys of a URL', {
    auth: auth({ jwksUrl: `http://127.0.0.1:${issuer.address().port}/jwks.json`, jwksCooldown: 300, audience: 'us' }),
}, [
    ['keys are fetched at the first login, once for many', async (stage) => {
        await Promise.all(Array.from({ length: 10 }, (_, i) => stage.client().login({
            token: i % 2 ? token('RS256', rsa.privateKey, { sub: 'ann', aud: ['us'] }, { kid: 'r' })
                : token('ES256', curve.privateKey, { sub: 'bob', aud: 'us' }, { kid: 'c' }),
        })));
        assert.equal(asked, 1);
    }],
    ['a key that is new is fetched when a token names it', async (stage) => {
        published = [jwk(later, 'l', 'ES512')];
        const fresh = token('ES512', later.privateKey, { sub: 'ann', aud: 'us' }, { kid: 'l' });
        await until(() => stage.client().login({ token: fresh }).then(() => true, () => false), 'the new key');
        assert.equal(asked, 2);
        await assert.rejects(stage.client().login({ token: token('RS256', rsa.privateKey, { sub: 'ann', aud: 'us' }, { kid: 'r' }) }));
    }],
    ['a source that is gone keeps nobody out who is known', async (stage) => {
        issuer.closeAllConnections?.();
        await new Promise((done) => issuer.close(done));
        await stage.client().login({ token: token('ES512', later.privateKey, { sub: 'ann', aud: 'us' }, { kid: 'l' }) });
    }],
]);
issuer.close();
rmSync(folder, { recursive: true, force: true });
