// SIGHUP takes new certificates for new connections. Those that exist stay, and what is broken changes nothing.

import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { certificate } from '../support/certificates.mjs';
import { assert, scenarios, until } from '../scenarios/stage.mjs';
import { authority, encrypted, folder, get, handshake, server, showing, tcp, TRUST } from './stand.mjs';

const next = certificate(folder, 'next', { issuer: authority });
const expired = certificate(folder, 'expired', { issuer: authority, days: -1 });
const client = certificate(folder, 'client', { issuer: authority });
const live = { key: join(folder, 'live.key'), pem: join(folder, 'live.pem') };

function install(made) {
    copyFileSync(made.key, live.key);
    copyFileSync(made.pem, live.pem);
}

async function reload(stage, pattern) {
    const from = stage.server.log.length;
    stage.server.signal('SIGHUP');
    await stage.server.logs(pattern, { from });
    await stage.server.logs(/there are no rules to reload/, { from });
}

const nameOf = async (stage) => (await get(stage.server.port)).peer.subject.CN;

/** Changes the file of the configuration; what is changed belongs to httpServer.options.ssl. */
function rewrite(stage, change) {
    const config = structuredClone(stage.server.config);
    change(config.httpServer.options);
    writeFileSync(join(stage.server.scratch, 'config.json'), JSON.stringify(config));
}

async function story(ways) {
    install(server);
    await scenarios(`certificates ${ways.title}`, encrypted({ key: ways.of(live.key), pem: ways.of(live.pem) }), [
        ['new ones count for new connections, and those that exist go on', async (stage) => {
            const early = await stage.user('early');
            const peer = await stage.peer('peer');
            assert.equal(await nameOf(stage), 'server');
            install(next);
            await reload(stage, /the certificates were reloaded: CN=next, valid until/);
            assert.equal(await nameOf(stage), 'next');
            const late = await stage.user('late');
            const heard = [];
            early.event.subscribe('news', (data) => heard.push(data));
            await peer.roundTrip();
            await until(() => {
                late.event.emit('news', 'hello');
                return heard.includes('hello');
            }, 'an event from a new connection to an old one');
            assert.equal(early.getConnectionState(), 'OPEN');
        }],

        ['broken ones change nothing, and the log says what is wrong', async (stage) => {
            writeFileSync(live.pem, 'nothing');
            await reload(stage, /CONFIG_ERROR \| the certificates were not reloaded, those of before stay: ssl: `cert` .*(holds no certificate|cannot be read).* at \S*config\.json:\d+:\d+/);
            assert.equal(await nameOf(stage), 'next');
            copyFileSync(server.pem, live.pem);
            await reload(stage, /not reloaded.*`key`.* does not belong to the certificate at \S*config\.json:\d+:\d+/);
            assert.equal(await nameOf(stage), 'next');
        }],

        ['an expired one is taken, with a warning', async (stage) => {
            install(expired);
            await reload(stage, /CONFIG_ERROR \| ssl: the certificate of CN=expired expired at/);
            await assert.rejects(get(stage.server.port), { code: 'CERT_HAS_EXPIRED' });
            install(server);
            await reload(stage, /the certificates were reloaded: CN=server/);
            assert.equal(await nameOf(stage), 'server');
        }],

        ['a ticket of before is no way around the new ones', async (stage) => {
            const first = await handshake(stage.server.port, { maxVersion: 'TLSv1.2' });
            const session = first.getSession();
            first.destroy();
            await reload(stage, /the certificates were reloaded/);
            const second = await handshake(stage.server.port, { maxVersion: 'TLSv1.2', session });
            assert.equal(second.isSessionReused(), false);
            second.destroy();
        }],

        ['a handshake that has begun ends with what it began with', async (stage) => {
            const waiting = await tcp(stage.server.port);
            install(next);
            await reload(stage, /CN=next/);
            const socket = await handshake(stage.server.port, { socket: waiting });
            assert.equal(socket.getPeerCertificate().subject.CN, 'server');
            socket.destroy();
        }],

        ['other options of `ssl` count from then on, too', async (stage) => {
            rewrite(stage, ({ ssl }) => Object.assign(ssl, { ca: authority.pem, clientCertificate: 'required' }));
            await reload(stage, /the certificates were reloaded/);
            await assert.rejects(get(stage.server.port));
            assert.equal((await get(stage.server.port, '/health-check', showing(client))).status, 200);
            rewrite(stage, () => {});
            await reload(stage, /the certificates were reloaded/);
            assert.equal((await get(stage.server.port)).status, 200);
        }],

        ['encryption is not switched off while it runs', async (stage) => {
            rewrite(stage, (options) => { delete options.ssl; });
            await reload(stage, /whether httpServer encrypts \(`ssl`\) changes with a restart alone/);
            assert.equal(await nameOf(stage), 'next');
        }],
    ], { tls: TRUST });
}

await story({ title: 'by path', of: (path) => path });
await story({ title: 'by fileLoad', of: (path) => `fileLoad(${path})` });
