// The option `ssl`: wrong ones are refused at their place, at the start and by --check-config.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { certificate, textOf } from '../support/certificates.mjs';
import { check, ended, portOf, report } from '../commands/check.mjs';
import { authority, folder, get, handshake, server } from './stand.mjs';

const FINE = 'the configuration is fine\n';
const other = certificate(folder, 'other', { issuer: authority });
const locked = certificate(folder, 'locked', { issuer: authority, passphrase: 'sesame' });
const expired = certificate(folder, 'expired', { issuer: authority, days: -1 });
const middle = certificate(folder, 'middle', { issuer: authority, isAuthority: true });
const leaf = certificate(folder, 'leaf', { issuer: middle });
const broken = join(folder, 'broken.pem');
writeFileSync(broken, textOf(server.pem).replace(/[A-Za-z]{8}/g, '!!!!!!!!'));

/** A configuration with one member a line, from line 6 on; plain, so that places are easy to say. */
function configuration(ssl) {
    const members = Object.entries(ssl).map(([key, value]) => `      ${key}: ${value}\n`);
    return `storage: {type: none}\nhttpServer:\n  options:\n    port: 0\n    ssl:\n${members.join('')}`;
}

/** Both ways of looking say the same, at the same place. */
function refuses({ run, file }, ssl, message, place) {
    const config = file('config.yml', configuration(ssl));
    const expected = new RegExp(`1\\) ?(?:httpServer of type default: )?${message}[^\\n]*\\n {2}[^\\n]*config\\.yml:${place}\\n`);
    ended(run(['-c', config, '--check-config']), { status: 1, stdout: expected });
    ended(run(['-c', config]), { status: 1, stdout: '', stderr: expected });
}

const CASES = [
    ['a key without certificate', { key: server.key }, 'ssl: `cert` is missing', '6:7'],
    ['a certificate without key', { cert: server.pem }, 'ssl: `key` is missing', '6:7'],
    ['a file that is not there', { key: server.key, cert: '/none/c.pem' }, 'ssl: `cert` cannot be read from /none/c\\.pem: No such file', '7:13'],
    ['a folder in place of a file', { key: server.key, cert: folder }, 'ssl: `cert` cannot be read', '7:13'],
    ['a key in place of the certificate', { key: server.key, cert: server.key }, 'ssl: `cert` holds no certificate', '7:13'],
    ['a broken certificate', { key: server.key, cert: `fileLoad(${broken})` }, 'ssl: `cert` \\([^)]*broken\\.pem\\) holds a broken certificate', '7:13'],
    ['a certificate in place of the key', { key: server.pem, cert: server.pem }, 'ssl: `key` holds no private key', '6:12'],
    ['the key of another certificate', { key: `fileLoad(${other.key})`, cert: server.pem }, 'ssl: `key` \\([^)]*other\\.key\\) does not belong to the certificate', '6:12'],
    ['an encrypted key without passphrase', { key: locked.key, cert: locked.pem }, 'ssl: `passphrase` is missing', '6:7'],
    ['a wrong passphrase', { key: locked.key, cert: locked.pem, passphrase: 'barley' }, 'ssl: `passphrase` does not open the key', '8:19'],
    ['certificates of clients without authority', { key: server.key, cert: server.pem, clientCertificate: 'required' }, 'ssl: `ca` is missing', '6:7'],
    ['an authority that is none', { key: server.key, cert: server.pem, ca: server.key }, 'ssl: `ca` holds no certificate', '8:11'],
    ['ciphers that do not exist', { key: server.key, cert: server.pem, ciphers: 'NONE' }, 'ssl: `ciphers` names no ciphers', '8:16'],
    ['a version that is too old', { key: server.key, cert: server.pem, minVersion: 'TLSv1.1' }, '/httpServer/options/ssl/minVersion must be equal to one of the allowed values: TLSv1\\.2, TLSv1\\.3', '8:19'],
    ['a word that is no choice', { key: server.key, cert: server.pem, clientCertificate: 'maybe' }, '/httpServer/options/ssl/clientCertificate must be equal to one of', '8:26'],
    ['parameters that are none', { key: server.key, cert: server.pem, dhParams: server.pem }, 'ssl: `dhParams` holds no DH parameters', '8:17'],
];

for (const [name, ssl, message, place] of CASES)
    await check(`${name} is refused at its place`, (here) => refuses(here, ssl, message, place));

await check('the option of the MQTT endpoint is checked as well', ({ run, file }) => {
    const config = file('config.yml', `connectionEndpoints:\n  - type: mqtt\n    options:\n      ssl: {key: ${server.key}, cert: ${server.key}}\n`);
    ended(run(['-c', config, '--check-config']), { status: 1, stdout: /ssl: `cert` holds no certificate[^]*config\.yml:4:\d+/ });
});

await check('a member that nobody knows is a warning with advice', ({ run, file }) => {
    const config = file('config.yml', configuration({ key: server.key, cert: server.pem, passfrase: 'x' }));
    ended(run(['-c', config, '--check-config']), { status: 1, stdout: /passfrase is not expected to be here\. Did you mean passphrase\?/ });
});

await check('an expired certificate is a warning, and the server starts', async ({ run, file, launch }) => {
    const config = file('config.yml', configuration({ key: expired.key, cert: expired.pem }));
    ended(run(['-c', config, '--check-config']), { status: 1, stdout: /ssl: the certificate of CN=expired expired at [^\n]*\n {2}[^\n]*config\.yml:7:13/ });
    const running = launch(['-c', config]);
    const port = await portOf(running);
    await running.logs(/ssl: the certificate of CN=expired expired at/);
    await assert.rejects(handshake(port), { code: 'CERT_HAS_EXPIRED' });
});

await check('files may be loaded, named or written into the configuration', async ({ file, launch, run }) => {
    const ways = [
        { key: `fileLoad(${server.key})`, cert: `fileLoad(${server.pem})` },
        { key: `file(${server.key})`, cert: server.pem },
        { key: JSON.stringify(textOf(server.key)), cert: JSON.stringify(textOf(server.pem)) },
    ];
    for (const ssl of ways) {
        const config = file('config.yml', configuration(ssl));
        ended(run(['-c', config, '--check-config']), { stdout: FINE });
        const running = launch(['-c', config]);
        assert.equal((await get(await portOf(running))).status, 200);
        await running.kill();
    }
});

await check('paths begin at the folder of the configuration', ({ run, file }) => {
    file('k.pem', textOf(server.key));
    file('c.pem', textOf(server.pem));
    const config = file('config.yml', configuration({ key: 'k.pem', cert: 'c.pem' }));
    ended(run(['-c', config, '--check-config'], { cwd: '/' }), { stdout: FINE });
});

await check('a key is not shown by --print-config', ({ run, file }) => {
    const config = file('config.yml', configuration({ key: JSON.stringify(textOf(server.key)), cert: server.pem, passphrase: 'sesame' }));
    const ran = run(['-c', config, '--print-config']);
    assert.equal(ran.status, 0);
    assert.doesNotMatch(ran.stdout, /PRIVATE KEY|sesame/);
});

await check('an encrypted key is opened by its passphrase', async ({ file, launch }) => {
    const running = launch(['-c', file('config.yml', configuration({ key: locked.key, cert: locked.pem, passphrase: 'sesame' }))]);
    await handshake(await portOf(running)).then((socket) => socket.destroy());
});

await check('a chain is sent, out of `cert` or completed from `ca`', async ({ file, launch }) => {
    const chain = file('chain.pem', textOf(leaf.pem) + textOf(middle.pem));
    for (const ssl of [{ cert: chain }, { cert: leaf.pem, ca: middle.pem }]) {
        const running = launch(['-c', file('config.yml', configuration({ key: leaf.key, ...ssl }))]);
        assert.equal((await get(await portOf(running))).authorized, true);
        await running.kill();
    }
    const bare = launch(['-c', file('config.yml', configuration({ key: leaf.key, cert: leaf.pem }))]);
    await assert.rejects(handshake(await portOf(bare)), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
});

report();
