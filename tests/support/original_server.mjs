// Runs @deepstream/server from npm with the configuration that its parent sends, for servers.mjs; the
// parent gets 'ready', or the reason of a crash through standard error. It ends when its parent does.

import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { Deepstream } = require('@deepstream/server/dist/src/deepstream.io.js');

/** A cache or storage whose calls answer as told: 'fail', or late by so many milliseconds. */
function troubled(inner, trouble) {
    const wrapped = Object.create(inner);
    for (const [operation, what] of Object.entries(trouble)) {
        wrapped[operation] = (...given) => {
            const done = given.find((argument) => typeof argument === 'function');
            if (what === 'fail') setImmediate(() => done('told to fail'));
            else setTimeout(() => inner[operation](...given), what);
        };
    }
    return wrapped;
}

function start({ config, trouble }) {
    const server = new Deepstream(config);
    for (const [service, what] of Object.entries(trouble ?? {})) {
        server.set(service, troubled(server.getServices()[service], what));
    }
    server.on('started', () => process.send('ready'));
    server.start();
}

process.on('message', start);
process.on('disconnect', () => process.exit(0));
