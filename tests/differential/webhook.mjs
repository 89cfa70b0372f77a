// Logins by webhook: both servers ask the same one.

import { differential } from './compare.mjs';
import { hookAuthentication, startHook } from '../authentication/hook.mjs';

const hook = await startHook();
let serial = 0;

/** What a client that logs in so sees. */
const logging = (title, name, more = {}) => ({
    title,
    async play(table) {
        const peer = await table.stranger('A');
        peer.send('CONNECTION.CHALLENGE', { url: 'ws://x', protocolVersion: '0.1a', sdkVersion: '7', sdkType: 'test' });
        await peer.sees('CONNECTION.ACCEPT');
        peer.send('AUTH.REQUEST', { data: JSON.stringify({ username: name, password: `${table.kind}${++serial}` }) });
        await peer.until(() => peer.messages.some(({ kind }) => kind.startsWith('AUTH.')), 'an answer');
    },
    ...more,
});

try {
    await differential('webhook', { auth: hookAuthentication(hook.url, { requestTimeout: 500 }) }, [
        logging('an object with data logs in', 'ann'),
        logging('a text logs in', 'bob'),
        logging('an object without data logs in', 'plain'),
        logging('nothing logs in', 'nobody'),
        logging('a text refuses', 'denied'),
        logging('a failing webhook refuses with its text', 'failing'),
        logging('one that is busy is asked again', 'busy once'),
        logging('and again', 'busy twice'),
        logging('until it is enough', 'busy'),
        logging('one that hangs up is given up', 'hanging up'),
        logging('one that is silent is given up', 'silent'),
        logging('an answer without a type is text', 'no type', {
            fault: 'S14', reason: 'the original takes a body without a type for bytes, and for data',
            ours: { A: ['CONNECTION.ACCEPT', 'AUTH.AUTH_SUCCESSFUL'] },
        }),
        logging('isValid of the answer is not looked at', 'invalid', {
            fault: 'S14', reason: 'the original lets a member of the answer overrule its status',
            original: { A: ['CONNECTION.ACCEPT', 'AUTH.AUTH_UNSUCCESSFUL'] },
            ours: { A: ['CONNECTION.ACCEPT', 'AUTH.AUTH_SUCCESSFUL'] },
        }),
    ]);
} finally {
    hook.close();
}
