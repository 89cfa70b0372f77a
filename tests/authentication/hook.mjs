// A webhook that does what the name in a login says, on a free port of this machine.

import { createServer } from 'node:http';

const JSON_TYPE = { 'content-type': 'application/json' };
const TEXT_TYPE = { 'content-type': 'text/plain' };

const send = (status, headers, body) => (response) => {
    response.writeHead(status, headers);
    response.end(body);
};
const json = (status, value) => send(status, JSON_TYPE, JSON.stringify(value));
const text = (status, value) => send(status, TEXT_TYPE, value);

/** The first times one answer, then another; told apart by the password. */
const counts = new Map();
const after = (times, first, then) => (response, { authData }) => {
    const count = counts.get(authData.password) ?? 0;
    counts.set(authData.password, count + 1);
    (count < times ? first : then)(response);
};

export const BEHAVIOURS = {
    ann: json(200, { id: 'ann', clientData: { colour: 'red' }, serverData: { role: 'admin' } }),
    bob: text(200, 'bob'),
    nobody: send(200, {}, ''),
    plain: json(200, { id: 'plain' }),
    denied: text(403, 'go away'),
    'denied silently': send(401, {}, ''),
    'denied by an object': json(403, { code: 7 }),
    failing: text(500, 'stack trace'),
    busy: text(503, 'later'),
    'busy once': after(1, text(503, 'later'), text(200, 'patient')),
    'busy twice': after(2, text(503, 'later'), text(200, 'patient')),
    'hanging up': (response) => response.socket.destroy(),
    silent: () => {},
    'not JSON': send(200, JSON_TYPE, '{"id": "eve"'),
    'a list': json(200, ['eve']),
    'an object as id': json(200, { id: { a: 1 } }),
    'no type': (response) => {
        response.removeHeader('content-type');
        response.writeHead(200);
        response.end('typeless');
    },
    invalid: json(200, { isValid: false, id: 'invalid' }),
    'a huge answer': send(200, TEXT_TYPE, 'x'.repeat(3 << 20)),
    endless: (response) => {
        response.writeHead(200, TEXT_TYPE);
        const more = () => { while (!response.destroyed && response.write('x'.repeat(65536))); };
        response.on('drain', more);
        response.on('error', () => {});
        more();
    },
    'a control character': text(200, 'eve\r\nAUTH_SUCCESSFUL | root'),
};

/** How often a request is sent on from here: as often as its name says, counted down in the path. */
function redirectsLeft(path, name) {
    const counted = /^\/redirected\/(\d)$/.exec(path);
    return Number((counted ?? /^redirected (\d)$/.exec(name))?.[1] ?? 0);
}

/** Resolves to { url, requests, close }; requests holds { headers, connectionData, authData }. */
export async function startHook({ milliseconds = 0 } = {}) {
    const requests = [];
    const answer = (request, response, body) => {
        const asked = { headers: request.headers, ...JSON.parse(body) };
        const name = asked.authData.username ?? '';
        const left = redirectsLeft(request.url, name);
        if (left > 0) {
            send(307, { location: `/redirected/${left - 1}` }, '')(response);
            return;
        }
        requests.push(asked);
        const act = BEHAVIOURS[name] ?? text(200, name);
        if (milliseconds > 0) setTimeout(() => act(response, asked), milliseconds);
        else act(response, asked);
    };
    const server = createServer((request, response) => {
        const chunks = [];
        request.on('data', (chunk) => chunks.push(chunk));
        request.on('end', () => answer(request, response, Buffer.concat(chunks).toString()));
    });
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address();
    return {
        url: `http://127.0.0.1:${port}/auth`,
        requests,
        close() {
            server.closeAllConnections?.();
            server.close();
        },
    };
}

/** The entry of `auth` that asks it. */
export const hookAuthentication = (url, more = {}) => [{
    type: 'http',
    options: {
        endpointUrl: url, permittedStatusCodes: [200, 201], requestTimeout: 2000, retryStatusCodes: [503],
        retryAttempts: 2, retryInterval: 30, promoteToHeader: ['token'], ...more,
    },
}];
