// A node of @deepstream/server 7 with its `uws` HTTP service, on a port given; prints "ready". Started as
// a process of its own by server.mjs.
//
//     node tests/bench/original_server.mjs PORT [PERMISSIONS.json]

import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const { Deepstream } = createRequire(import.meta.url)('@deepstream/server');
const [port, permissions] = process.argv.slice(2);

const server = new Deepstream({
    showLogo: false,
    logLevel: 3,
    httpServer: {
        type: 'uws',
        options: {
            host: '127.0.0.1', port: Number(port), healthCheckPath: '/health-check', allowAllOrigins: true,
            headers: [], maxMessageSize: 1048576,
            maxBackpressure: 1 << 30, // its default drops messages, which no benchmark may count
        },
    },
    connectionEndpoints: [{
        type: 'ws-binary',
        options: { urlPath: '/deepstream', heartbeatInterval: 30000, outgoingBufferTimeout: 0, maxMessageSize: 1048576 },
    }],
    permission: permissions === undefined
        ? { type: 'none' }
        : { type: 'config', options: { permissions: JSON.parse(readFileSync(permissions, 'utf8')), maxRuleIterations: 3, cacheEvacuationInterval: 60000 } },
});
server.on('started', () => console.log('ready'));
server.start();
