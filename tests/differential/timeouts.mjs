// Connections that are silent, before and after login (protocol.md 3.1 and 3.4, F6): both servers.

import { differential } from './compare.mjs';
import { plainUsers } from '../support/servers.mjs';

const SILENT_MS = 30000;
const users = plainUsers({ ann: { password: 'right' } });

async function accepted(table) {
    const peer = await table.stranger('A');
    peer.send('CONNECTION.CHALLENGE');
    await peer.sees('CONNECTION.ACCEPT');
    return peer;
}

await differential('login timeout', { auth: users, endpoint: { unauthenticatedClientTimeout: 1200 } }, [
    {
        title: 'who says nothing is told that the time to log in is over',
        async play(table) {
            const a = await table.stranger('A');
            await a.closes(SILENT_MS);
        },
    },
    {
        title: 'who was accepted but does not log in is told so too',
        async play(table) {
            await (await accepted(table)).closes(SILENT_MS);
        },
    },
    {
        title: 'who is logged in may stay',
        async play(table) {
            const a = await table.client('A', { auth: { username: 'ann', password: 'right' } });
            const b = await table.stranger('B');
            await b.closes(SILENT_MS);
            await a.roundTrip();
        },
    },
    {
        title: 'a failed login does not stop the clock',
        async play(table) {
            const a = await accepted(table);
            const b = await table.stranger('B');
            a.send('AUTH.REQUEST', { data: '{"username":"ann","password":"wrong"}' });
            await a.sees('AUTH.AUTH_UNSUCCESSFUL');
            await b.closes(SILENT_MS);
            if (table.kind === 'ours') await a.closes(SILENT_MS);
        },
        fault: 'F6', reason: 'the original lets a socket with one failed login idle for ever',
        original: { A: ['CONNECTION.ACCEPT', 'AUTH.AUTH_UNSUCCESSFUL'] },
        ours: { A: ['CONNECTION.ACCEPT', 'AUTH.AUTH_UNSUCCESSFUL', 'CONNECTION.AUTHENTICATION_TIMEOUT', 'closed 1005'] },
    },
]);

await differential('heartbeats', { auth: users, endpoint: { heartbeatInterval: 400, unauthenticatedClientTimeout: false } }, [
    {
        title: 'who is silent for more than two intervals is cut off, also before login',
        async play(table) {
            const silent = await table.stranger('silent');
            const accepted = await table.stranger('accepted');
            accepted.send('CONNECTION.CHALLENGE');
            await Promise.all([silent.closes(SILENT_MS), accepted.closes(SILENT_MS)]);
        },
    },
    {
        title: 'who sends messages stays, while who is silent goes',
        async play(table) {
            const lively = await table.client('lively', { auth: { username: 'ann', password: 'right' } });
            const silent = await table.client('silent', { auth: { username: 'ann', password: 'right' } });
            const pulse = setInterval(() => lively.roundTrip().catch(() => {}), 100);
            await silent.closes(SILENT_MS).finally(() => clearInterval(pulse));
            await lively.roundTrip();
        },
    },
]);
