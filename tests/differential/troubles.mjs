// A cache and a storage that fail or are slow, put into the original: it loses answers and reports success
// (B4, B5). What ours does is shown where its storage can be made to fail: tests/unit/server/handlers/record
// (B4, B5, B6, B12, B17) and tests/faults.
//
//     node troubles.mjs

import assert from 'node:assert/strict';
import { startOriginal } from '../support/servers.mjs';
import { Peer } from '../support/wire.mjs';

const acked = (name, correlationId) => ({ name, version: -1, data: '{"a":1}', isWriteAck: true, correlationId });

/** A client on an original with that trouble; then the original ends. */
async function withTrouble(trouble, act) {
    const server = await startOriginal({}, { trouble });
    try {
        const peer = await Peer.login(server.port, { name: 'A' });
        await act(peer, server);
        await peer.close();
    } finally {
        await server.stop();
    }
}

await withTrouble({ storage: { set: 'fail' } }, async (peer) => {
    peer.send('RECORD.CREATEANDUPDATE', acked('r', '1'));
    await peer.sees('RECORD.WRITE_ACKNOWLEDGEMENT', { correlationId: '1' });
});
console.log('ok   B4 the original acknowledges a write that its storage refused');

await withTrouble({ cache: { get: 'fail' } }, async (peer, server) => {
    peer.send('RECORD.UPDATE', acked('r', '1'));
    await server.logs(/Cache retrieval error|RECORD_LOAD_ERROR|told to fail/);
    for (let i = 0; i < 5; i++) await peer.roundTrip();
    assert.equal(peer.messages.filter(({ correlationId }) => correlationId === '1').length, 0);
});
console.log('ok   B5 the original leaves a write unanswered whose record does not load');
console.log('troubles: 2 faults shown on the original');
