// What clients of each WebSocket endpoint say, as payloads of frames: the same things in every protocol.

import { ACTIONS, encode, TOPICS } from './wire.mjs';

export const v3 = (text) => text.replaceAll('|', '\x1f').replaceAll('+', '\x1e');

export function json(kind, fields) {
    const [topic, action] = kind.split('.');
    return JSON.stringify({ topic: TOPICS[topic], action: ACTIONS[topic][action], ...fields });
}

const TEXT = 1, BINARY = 2;
const credentials = JSON.stringify({ username: 'x' });

/** Two protocols that differ in their codec alone. */
const like = (path, opcode, say) => ({
    path, opcode, greetings: 0,
    login: [say('CONNECTION.CHALLENGE', { url: 'x' }), say('AUTH.REQUEST', { data: credentials })],
    ping: say('CONNECTION.PING'),
    pong: say('CONNECTION.PONG'),
    subscribe: (name) => say('EVENT.SUBSCRIBE', { names: [name], correlationId: '1' }),
    emit: (name, text) => say('EVENT.EMIT', { name, data: JSON.stringify(text) }),
});

/** By type: how many frames the server greets with, the login, a ping of the protocol and its answer. */
export const DIALECTS = {
    'ws-binary': like('/deepstream', BINARY, encode),
    'ws-json': like('/deepstream-json', TEXT, json),
    'ws-text': {
        path: '/deepstream-v3', opcode: TEXT, greetings: 2,
        login: [v3(`A|REQ|${credentials}+`)],
        ping: v3('C|PI+'),
        pong: v3('C|PO+'),
        subscribe: (name) => v3(`E|S|${name}+`),
        emit: (name, text) => v3(`E|EVT|${name}|S${text}+`),
    },
};

/** Endpoints of all of them, with these options. */
export const dialectEndpoints = (more = {}) => Object.entries(DIALECTS).map(([type, { path: urlPath }]) => ({ type, options: { urlPath, ...more } }));

/** A client by hand (conformance/client.mjs) that has connected, and perhaps logged in. */
export async function openDialect(Client, port, { path, opcode, login, greetings }, isLoggedIn = true) {
    const client = await Client.open(port, { path });
    for (let i = 0; i < greetings; i++) await client.next('a greeting');
    for (const payload of isLoggedIn ? login : []) {
        await client.send(opcode, payload);
        await client.next('an answer');
    }
    return client;
}
