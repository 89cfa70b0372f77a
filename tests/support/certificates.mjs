// Keys and certificates for tests, made by the program `openssl` in a folder: EC keys, since those are quick.

import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

function openssl(...args) {
    return execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] });
}

const KINDS = { EC: 'ec_paramgen_curve:P-256', RSA: 'rsa_keygen_bits:2048' };

/** Makes NAME.key and NAME.pem in folder. days: of validity, from now; negative ones are over. Without an
 * issuer, which is what this has returned, it is signed by itself. */
export function certificate(folder, name, { issuer, subject = `/CN=${name}`, isAuthority = false, hosts = ['localhost', 'IP:127.0.0.1'], days = 2, passphrase, algorithm = 'EC' } = {}) {
    const at = (extension) => join(folder, `${name}.${extension}`);
    const made = { name, key: at('key'), pem: at('pem'), folder };
    openssl('genpkey', '-algorithm', algorithm, '-pkeyopt', KINDS[algorithm], '-out', made.key,
        ...(passphrase ? ['-aes-128-cbc', '-pass', `pass:${passphrase}`] : []));
    openssl('req', '-new', '-utf8', '-key', made.key, '-subj', subject, '-out', at('csr'),
        ...(passphrase ? ['-passin', `pass:${passphrase}`] : []));
    const names = hosts.map((host) => (host.startsWith('IP:') ? host : `DNS:${host}`)).join(',');
    writeFileSync(at('ext'), isAuthority ? 'basicConstraints=critical,CA:TRUE\n' : `subjectAltName=${names}\n`);
    const signing = issuer ? ['-CA', issuer.pem, '-CAkey', issuer.key, '-CAcreateserial'] : ['-signkey', made.key];
    openssl('x509', '-req', '-in', at('csr'), '-out', made.pem, '-days', String(days), '-extfile', at('ext'), ...signing,
        ...(passphrase ? ['-passin', `pass:${passphrase}`] : []));
    return made;
}

export const textOf = (path) => readFileSync(path, 'utf8');

/** "AB:CD:...", SHA-256. */
export const fingerprintOf = (made) => new X509Certificate(readFileSync(made.pem)).fingerprint256;
