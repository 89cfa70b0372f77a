// A plugin of one's own answers GET and POST, at once and later, also when nobody waits any more; and as it must not.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { startOurs } from '../support/servers.mjs';

const { values: options } = parseArgs({ options: { server: { type: 'string' }, objects: { type: 'string' } } });

const settings = {
    plugins: { hook: { path: join(options.objects, 'plugin-late-answers.so'), options: {} } },
    connectionEndpoints: [{ type: 'http', options: {} }],
    httpServer: { options: { maxMessageSize: 1000 } },
    shutdownTimeout: 500,
};
const server = await startOurs(settings);

function begin(method, path, body, headers = {}, port = server.port) {
    const sent = request({ port, host: '127.0.0.1', method, path, headers, agent: false });
    sent.on('error', () => {});
    sent.end(body);
    return sent;
}

async function answerOf(sent) {
    const [answer] = await once(sent, 'response');
    let body = '';
    for await (const chunk of answer) body += chunk;
    return { status: answer.statusCode, type: answer.headers['content-type'], body };
}

const ask = (...request) => answerOf(begin(...request));

/** Releases until so many were waiting. */
async function release(count) {
    for (let released = 0; released < count;) released += Number((await ask('GET', '/release')).body);
}

try {
    assert.deepEqual(await ask('POST', '/echo', 'any type'), { status: 200, type: 'text/plain', body: 'any type' });
    assert.equal((await ask('POST', '/echo', gzipSync('packed'), { 'content-encoding': 'gzip' })).body, 'packed');
    assert.equal((await ask('POST', '/echo', 'x'.repeat(1001))).status, 400);
    assert.equal((await ask('GET', '/echo')).status, 404);
    assert.equal((await ask('POST', '/release')).status, 404);
    console.log('ok   a plugin answers POST at once');

    const late = [begin('POST', '/late', 'one'), begin('POST', '/late', 'two'), begin('GET', '/late')].map(answerOf);
    await release(3);
    assert.deepEqual((await Promise.all(late)).map(({ status, body }) => [status, body]), [[202, 'one'], [202, 'two'], [202, '']]);
    console.log('ok   it answers later');

    for (let i = 0; i < 50; i++) {
        const sent = begin('POST', '/late', 'nobody');
        await once(sent, 'finish');
        sent.destroy();
    }
    await release(1);
    assert.equal((await ask('POST', '/echo', 'alive')).body, 'alive');
    console.log('ok   it may answer who has left');

    assert.equal((await ask('GET', '/twice')).body, 'first');
    await server.logs(/PLUGIN_ERROR \| a plugin answered a request over HTTP that is not open/);
    assert.equal((await ask('POST', '/echo', 'alive')).body, 'alive');
    console.log('ok   a second answer is a line in the log and nothing more');

    for (const [what, why] of [['status', 'its status is not from 200 to 599'], ['type', 'its content type is not one line'],
        ['headers', 'its headers are not lines, each with its CRLF']]) {
        assert.equal((await ask('POST', '/unfit', what)).status, 500);
        await server.logs(new RegExp(`PLUGIN_ERROR \\| a plugin's answer over HTTP cannot be sent: ${why}`));
    }
    console.log('ok   an answer that would be another one on the wire is a 500');

    begin('POST', '/late', 'the end');
    for (let waiting = false; !waiting;) waiting = (await ask('POST', '/echo', 'x')).status === 200;
    console.log('ok   what is open at the end does not keep the server from ending');
} finally {
    await server.stop();
}

{
    const misused = await startOurs(settings);
    begin('GET', '/elsewhere', undefined, {}, misused.port);
    assert.equal((await misused.exited).signal, 'SIGABRT');
    assert.match(misused.log, /a plugin called log of its services on a thread that is not the loop's/);
    rmSync(misused.scratch, { recursive: true });
    console.log('ok   a service that is called on another thread ends the process, which says why');
}
